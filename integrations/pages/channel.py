"""Whether the line of a conversation works: a panel on the page of the conversation."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse

from accounts.access import Operation
from accounts.pages.workspace import WorkspacePage
from integrations.lines import integration_of, line_of
from notifications.access import VIEW_MESSAGES
from notifications.queries import conversation_for
from orderchainer.core.outbox import GiveUp
from orderchainer.core.web.fragments import wants_fragment


class ChannelPage(WorkspacePage):
    """The panel, or without JavaScript a page with it. It shows nothing while all is well."""

    template_name = "integrations/channel_page.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_MESSAGES}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say what is wrong with the line, and where it can be mended."""
        assert self.project is not None
        conversation = conversation_for(self.project, self.kwargs["conversation_id"])
        try:
            line = line_of(integration_of(conversation.line))
        except GiveUp:
            name, trouble, url = "The channel", "It is disconnected.", self._address("integrations")
        else:
            name, trouble = line.name, line.trouble
            url = self._address("integration-page", integration_id=line.uuid)
        return self.show(
            {
                "line": conversation.line,
                "panel_url": self.request.path,
                "name": name,
                "trouble": trouble,
                "mending_url": url,
                "conversation_url": self._address(
                    "conversation", conversation_id=conversation.uuid
                ),
            },
            template="integrations/channel.html" if wants_fragment(self.request) else "",
        )

    def _address(self, name: str, **arguments: object) -> str:
        """Return the address of another page; an empty text if there is no such page."""
        assert self.project is not None
        try:
            return reverse(name, kwargs={"project_id": self.project.uuid, **arguments})
        except NoReverseMatch:
            return ""
