"""What the pages of reports share."""

from django.urls import reverse

from accounts.models import Project
from accounts.pages.workspace import WorkspacePage


class OfReports(WorkspacePage):
    """A page of a project that adds up what its apps know."""

    @property
    def its_project(self) -> Project:
        """The project that `admit` has found."""
        assert self.project is not None
        return self.project

    def address(self, name: str, **arguments: object) -> str:
        """Return the address of another page of this project."""
        return reverse(name, kwargs={"project_id": self.its_project.uuid, **arguments})
