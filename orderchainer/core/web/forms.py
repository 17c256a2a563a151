"""Forms on pages. A form checks shape only; the service's refusal appears in it by itself, and what
somebody typed stays.

They work without JavaScript. `workspace/parts/form.html` shows a form: a summary of what is wrong
that links to each field, and each field with its own errors.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from orderchainer.core.errors import Conflict, DomainError, Invalid, Stale
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.web.page import Page, SeeOther


class IdempotencyKeyField(forms.CharField):
    """A hidden key that is new for each form that we show.

    A form that is sent twice has the same key, so that the service does the work once.
    """

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(max_length=64, initial=lambda: uuid4().hex)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return False: nobody types it."""
        return False


class VersionField(forms.CharField):
    """The hidden version of what the form shows, so that nobody overwrites an unseen change."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(max_length=64)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return False: nobody types it."""
        return False


def add_refusal(form: forms.BaseForm, exc: Invalid) -> None:
    """Show a service's refusal in the form, each part at its field. Raises it if it names none."""
    if not exc.errors:
        raise exc
    for name, messages in exc.errors.items():
        field = name if name in form.fields else None
        form.add_error(field, messages)


class FormPage(Page, ABC):
    """A page with one form.

    Subclasses make the form and do what a valid one asks for. `done` is the address to go to after
    that; `act` may return another answer.
    """

    button: ClassVar[str] = "Save"

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form."""
        return self.show_form(self.form())

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Do what the form asks for, or show what is wrong with it."""
        form = self.form(data=self.request.POST, files=self.request.FILES)
        if form.is_valid():
            try:
                return self.act(form) or SeeOther(self.done())
            except Invalid as exc:
                add_refusal(form, exc)
            except (Conflict, Stale) as exc:
                return self.show_refused(form, exc)
        # A `Versioned` form says itself that somebody else has saved the row meanwhile.
        is_overtaken = getattr(form, "is_overtaken", False)
        return self.show_form(form, status=412 if is_overtaken else 400)

    def show_refused(self, form: forms.BaseForm, exc: DomainError) -> HttpResponse:
        """Show the form with the refusal above it.

        What somebody typed is worth more than a page that only says why.
        """
        problem = problem_of(exc)
        assert problem is not None, "every domain error means something"
        form.add_error(None, exc.page_message)
        ways = {"way_out": self.way_out(exc), **self.explain(exc)}
        return self.show_form(form, status=problem.status, ways=ways)

    def show_form(
        self, form: forms.BaseForm, *, status: int = 200, ways: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page with this form. `ways` is where a refusal leads."""
        context = {"form": form, "button": self.button, **(ways or {}), **self.beside(form)}
        return self.show(context, status=status)

    @abstractmethod
    def form(self, **posted: Any) -> forms.BaseForm:
        """Return the form: filled in with what was posted, or with what is there now."""

    @abstractmethod
    def act(self, form: Any) -> HttpResponseBase | None:
        """Do what a valid form asks for. A refusal as `Invalid` is shown in the form."""

    def done(self) -> str:
        """Return where to go afterwards: this page again."""
        return self.request.get_full_path()

    def beside(self, form: forms.BaseForm) -> dict[str, Any]:
        """Return what the page shows beside the form."""
        return {}
