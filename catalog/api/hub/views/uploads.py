"""The base of views that take files."""

from rest_framework.request import Request

from accounts.api.hub.views.base import ProjectView
from orderchainer.core.http.parsers import MultiPartParser, StrictJSONParser
from orderchainer.core.limits.rates import UPLOAD, Usage, count, user_subject


class UploadView(ProjectView):
    """A view of the catalogue that takes a file in a form, or JSON that says the same without one."""

    area = "catalog"
    parser_classes = (StrictJSONParser, MultiPartParser)

    def count_request(self, request: Request) -> Usage | None:
        """Count what may bring a file under the limit of those, too."""
        usage = super().count_request(request)
        is_upload = request.content_type.lower().startswith("multipart/form-data")
        if request.user.is_authenticated and is_upload:
            return count(UPLOAD, [user_subject(request.user.pk)]) or usage
        return usage
