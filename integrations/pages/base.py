"""What the pages of integrations share."""

from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm
from django.http import HttpResponse
from django.urls import reverse

from accounts.models import Project
from accounts.pages.workspace import WorkspacePage
from integrations.models import Integration
from integrations.pages.shown import integration_address
from integrations.queries import integration_for
from orderchainer.core.errors import DomainError
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.security import NOT_KEPT


class OfIntegrations(WorkspacePage):
    """A page of a project's integrations."""

    # Only a few of them show something that events tell of.
    is_live = False

    @property
    def its_project(self) -> Project:
        """The project that `admit` has found."""
        assert self.project is not None
        return self.project

    def integration(self, *, has_health: bool = False) -> Integration:
        """Return the integration that the path names. Raises `IntegrationNotFound`."""
        return integration_for(
            self.its_project, self.kwargs["integration_id"], has_health=has_health
        )

    def address(self, name: str, **arguments: object) -> str:
        """Return the address of another page of this project."""
        return reverse(name, kwargs={"project_id": self.its_project.uuid, **arguments})

    def own_address(self) -> str:
        """Return the address of the integration that the path names."""
        return integration_address(self.its_project, self.kwargs["integration_id"])

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead back to the integration, or to all of them."""
        if self.project is None:
            return super().way_out(exc)
        if "integration_id" in self.kwargs and exc.code != "integration_not_found":
            return {"label": "Back to the integration", "href": self.own_address()}
        return {"label": "All integrations", "href": self.address("integrations")}


class PastingPage(FormPage):
    """A form into which people paste secrets. The Back button brings an empty one."""

    def show_form(
        self, form: BaseForm, *, status: int = 200, ways: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form. The browser keeps no copy of it, and so not of what is typed."""
        response = super().show_form(form, status=status, ways=ways)
        for header, value in NOT_KEPT.items():
            response.headers[header] = value
        return response
