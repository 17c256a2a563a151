"""What is new at the items of the navigation: the numbers beside them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import JsonResponse
from django.http.response import HttpResponseBase

from accounts.access import VIEW_PROJECT, Operation
from accounts.pages.workspace import WorkspacePage
from orderchainer.core.web.navigation import counts_for


class CountsPage(WorkspacePage):
    """A number for each item that counts. A script asks for them, so the answer is JSON."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_PROJECT}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count."""
        return JsonResponse(counts_for(self.person, self.project, may=self.may))
