"""The settings of a project, its deletion, and new projects."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.forms import BaseForm
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts import services
from accounts.access import CHANGE_PROJECT, DELETE_PROJECT, Operation
from accounts.models import Project
from accounts.pages.base import AccountPage
from accounts.pages.forms import DeleteProjectForm, NewProjectForm, ProjectForm
from accounts.pages.workspace import WorkspacePage, shown_projects
from accounts.project_settings import SHOWN
from orderchainer.core.errors import DomainError, Invalid, Stale
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther

FIELDS = ("name", "description", "timezone", "currency")


class SettingsPage(WorkspacePage):
    """A page about the project itself. No event is about it."""

    is_live = False

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead those who may change the settings back to them."""
        if self.project is None or not self.may(CHANGE_PROJECT):
            return super().way_out(exc)
        return {"label": "Back to the settings", "href": self._settings()}

    def _settings(self) -> str:
        return reverse("project-settings", kwargs={"project_id": self.kwargs["project_id"]})


class ProjectSettingsPage(SettingsPage, FormPage):
    """Name, time zone, currency, and the settings that apps have registered."""

    template_name = "accounts/project/settings.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": CHANGE_PROJECT, "POST": CHANGE_PROJECT}

    def form(self, **posted: Any) -> ProjectForm:
        assert self.project is not None
        return ProjectForm(initial=_values_of(self.project), **posted)

    def act(self, form: Any) -> HttpResponseBase | None:
        """Save what was typed. If the project has changed meanwhile, show both."""
        assert self.project is not None
        # What the page showed is in the form, so these are the fields in which somebody typed.
        typed = {name: form.cleaned_data[name] for name in form.changed_data if name != "version"}

        def is_as_shown(project: Project) -> None:
            if version_of(project) != form.cleaned_data["version"]:
                raise Stale

        try:
            services.update_project(
                project=self.project,
                changes=self._changes(typed),
                by=self.person,
                precondition=is_as_shown,
            )
        except Stale:
            self.project.refresh_from_db()
            # A form that is sent twice finds everything as it asks for.
            if not _has(self.project, typed):
                return self._show_overtaken(form, typed)
        except Invalid as exc:
            if problems := exc.errors.get("settings"):
                raise Invalid({"": problems}) from exc
            raise
        messages.success(self.request, "The settings are saved.")
        return None

    def beside(self, form: BaseForm) -> dict[str, Any]:
        assert self.project is not None
        return {
            "button": self.button,
            "may_delete": self.may(DELETE_PROJECT) and self.project.personal_owner_id is None,
            "is_personal": self.project.personal_owner_id is not None,
            "is_storefront": self.project.is_storefront,
        }

    def _changes(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        assert self.project is not None
        changes = {name: value for name, value in typed.items() if name in FIELDS}
        if own := {name: _stored(typed[name]) for name in typed if name in SHOWN}:
            # The precondition holds, so nobody has changed the others since we read them.
            changes["settings"] = {**self.project.settings, **own}
        return changes

    def _show_overtaken(self, form: ProjectForm, typed: Mapping[str, Any]) -> HttpResponseBase:
        """Show the form again: typed values stay, with the current ones beside them."""
        assert self.project is not None
        current = _values_of(self.project)
        data = self.request.POST.copy()
        for name, value in current.items():
            text = "" if value is None else str(value)
            data[form.add_initial_prefix(name)] = text
            if name not in typed:
                data[name] = text
        renewed = ProjectForm(initial=current, data=data)
        renewed.add_error(
            None,
            "Somebody has changed the project since you opened this page, so nothing is saved yet. "
            "Compare the values, and save again.",
        )
        for name, value in typed.items():
            if current[name] != value:
                renewed.add_error(name, f"It is now “{current[name]}”.")
        return self.show_form(renewed, status=412)


class ProjectDeletePage(SettingsPage, FormPage):
    """Delete the project, after a look at what that means."""

    template_name = "accounts/project/delete.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": DELETE_PROJECT, "POST": DELETE_PROJECT}
    button = "Delete the project"

    def form(self, **posted: Any) -> DeleteProjectForm:
        assert self.project is not None
        return DeleteProjectForm(project_name=self.project.name, **posted)

    def act(self, form: Any) -> None:
        assert self.project is not None
        services.delete_project(project=self.project, by=self.person)
        messages.success(self.request, f"{self.project.name} is deleted.")

    def done(self) -> str:
        return reverse("workspace")

    def beside(self, form: BaseForm) -> dict[str, Any]:
        return {"button": self.button, "settings_url": self._settings()}


class NewProjectPage(AccountPage, FormPage):
    """A new project, which belongs to the person who creates it."""

    template_name = "accounts/project/new.html"
    button = "Create project"

    def form(self, **posted: Any) -> NewProjectForm:
        return NewProjectForm(**posted)

    def act(self, form: Any) -> HttpResponseBase:
        """Create it once, however often the form is sent, and go there."""
        asked = {name: form.cleaned_data[name] for name in FIELDS}
        answer = services.answer_once(
            user=self.person,
            key=form.cleaned_data["key"],
            fingerprint=services.fingerprint_of({"new project": asked}),
            work=lambda: str(services.create_project(owner=self.person, **asked).uuid),
        )
        messages.success(self.request, f"{asked['name']} is created.")
        return SeeOther(reverse("team", kwargs={"project_id": answer.value}))

    def frame(self) -> Mapping[str, Any]:
        """Return the frame with the way back to the projects."""
        projects = SimpleLazyObject(lambda: shown_projects(self.person))
        return {**super().frame(), "projects": projects}


def version_of(project: Project) -> str:
    """Return what changes whenever the project does."""
    return str(int(project.updated_at.timestamp() * 1_000_000))


def _values_of(project: Project) -> dict[str, Any]:
    """Return what the form of the settings shows."""
    return {
        **{name: getattr(project, name) for name in FIELDS},
        **{name: project.settings.get(name) for name in SHOWN},
        "version": version_of(project),
    }


def _has(project: Project, typed: Mapping[str, Any]) -> bool:
    """Tell whether the project has these values."""
    current = _values_of(project)
    return all(
        current[name] == (_stored(value) if name in SHOWN else value)
        for name, value in typed.items()
    )


def _stored(value: Any) -> Any:
    """Return a value as JSON keeps it: amounts are texts, so that nothing is lost."""
    return value if value is None or isinstance(value, bool) else str(value)
