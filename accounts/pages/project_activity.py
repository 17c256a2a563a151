"""The activity of a project: who changed it, its members and its invitations."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.http.response import HttpResponseBase

from accounts.access import VIEW_ACTIVITY, Operation
from accounts.models import Activity
from accounts.pages.wording import project_words_of
from accounts.pages.workspace import WorkspacePage
from accounts.queries import Person, activity_in, is_told_where, people_in

ENTRIES_ON_A_PAGE = 50


class ProjectActivityPage(WorkspacePage):
    """What happened in the project, newest first. Activity is no event, so the page is not live."""

    template_name = "accounts/project/activity.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ACTIVITY}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show one page of it. A page number that does not exist shows the nearest one."""
        assert self.project is not None
        pages = Paginator(activity_in(self.project), ENTRIES_ON_A_PAGE)
        page = pages.get_page(self.request.GET.get("page"))
        people = people_in(page.object_list, viewer=self.person, project=self.project)
        entries = [self._entry(activity, people) for activity in page.object_list]
        return self.show({"page": page, "entries": entries})

    def _entry(self, activity: Activity, people: Mapping[int, Person]) -> dict[str, Any]:
        words = project_words_of(
            activity,
            actor=_name_of(activity.actor_id, people) or "The system",
            member=_name_of(activity.user_id, people),
        )
        where = activity.ip_address if is_told_where(activity, viewer=self.person) else None
        return {
            "icon": words.icon,
            "hue": words.hue,
            "text": words.text,
            "by": f"from {where}" if where else "",
            "at": activity.created_at,
        }


def _name_of(key: int | None, people: Mapping[int, Person]) -> str:
    """Return the name of a person, and an empty text for nobody."""
    if key is None:
        return ""
    person = people.get(key)
    return (person and (person.name or person.email)) or "A former member"
