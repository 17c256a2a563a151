"""What the command palette finds in a project, and the people whom it finds."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse

from accounts.access import VIEW_PROJECT, Operation
from accounts.models import Project, User
from accounts.pages.workspace import WorkspacePage
from accounts.queries import members_of
from orderchainer.core.web.palette import FINDERS, MOST_OF_A_KIND, Finder, Found, found_by


class PalettePage(WorkspacePage):
    """What `q` finds, as a part for the palette: orders, products, people and so on."""

    template_name = "workspace/found.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_PROJECT}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what it finds."""
        text = self.request.GET.get("q", "").replace("\0", "")
        found = found_by(text, person=self.person, project=self.project, may=self.may)
        return self.show({"found": found})


def find_members(_person: User, project: Project, text: str) -> Iterator[Found]:
    """Find members by their names and e-mail addresses. Each word has to be in one of them."""
    members = members_of(project).filter(user__is_active=True)
    for word in text.split():
        members = members.filter(
            Q(user__first_name__icontains=word)
            | Q(user__last_name__icontains=word)
            | Q(user__email__icontains=word)
        )
    team = reverse("team", kwargs={"project_id": project.uuid})
    for member in members[:MOST_OF_A_KIND]:
        yield Found(f"{member.user.name or member.user.email}, {member.role}", team, "users")


FINDERS.add("members", Finder("view_members", place=40, find=find_members))
