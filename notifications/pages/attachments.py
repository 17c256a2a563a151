"""The private door to the files of messages, for browsers of members."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import FileResponse

from accounts.access import Operation
from notifications import files
from notifications.access import VIEW_MESSAGES
from notifications.pages.base import OfInbox
from notifications.queries import attachment_for

# Files never change. Signing out clears the cache of the browser.
HEADERS = {
    "Cache-Control": "private, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


class AttachmentPage(OfInbox):
    """A file of a message. A browser shows it only if it is a picture that we have drawn."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> FileResponse:
        """Send the file. Raises `AttachmentNotFound`."""
        served = files.opened(attachment_for(self.its_project, self.kwargs["attachment_id"]))
        return FileResponse(
            served.file,
            as_attachment=not served.is_shown,
            filename=served.filename,
            content_type=served.media_type,
            headers=HEADERS,
        )
