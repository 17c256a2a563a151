"""Parts of pages for htmx, forms that are refused, and hidden fields that nobody types into."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from orderchainer.core.errors import Conflict, Invalid
from orderchainer.core.web.forms import (
    FormPage,
    IdempotencyKeyField,
    VersionField,
    add_refusal,
)
from orderchainer.core.web.fragments import part_wanted, render_page, wants_fragment

PARTS = ("list", "head")


def request(**headers: str) -> HttpRequest:
    return RequestFactory().get("/", headers=headers)


# --- Parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "is_fragment", "part"),
    [
        ({}, False, None),
        ({"HX-Target": "list"}, False, None),
        ({"HX-Request": "true"}, True, None),
        ({"HX-Request": "true", "HX-Target": "list"}, True, "list"),
        ({"HX-Request": "true", "HX-Target": "other"}, True, None),
        ({"HX-Request": "true", "HX-Target": "list", "HX-Boosted": "true"}, False, None),
        (
            {"HX-Request": "true", "HX-Target": "list", "HX-History-Restore-Request": "true"},
            False,
            None,
        ),
    ],
)
def test_htmx_gets_the_part_that_it_asks_for(
    headers: dict[str, str], is_fragment: bool, part: str | None
) -> None:
    asked = request(**headers)

    assert (wants_fragment(asked), part_wanted(asked, PARTS)) == (is_fragment, part)


def test_a_part_is_rendered_alone_and_kept_apart_by_caches(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "example.html").write_text(
        "<html>{% partialdef list inline %}<ul id=list>{{ word }}</ul>{% endpartialdef %}</html>"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    asked = request(**{"HX-Request": "true", "HX-Target": "list"})
    context = {"word": "<x>"}

    whole = render_page(request(), "example.html", context, parts=PARTS)
    part = render_page(asked, "example.html", context, parts=PARTS, status=409)

    assert whole.content == b"<html><ul id=list>&lt;x&gt;</ul></html>"
    assert (part.status_code, part.content) == (409, b"<ul id=list>&lt;x&gt;</ul>")
    assert whole["Vary"] == part["Vary"] == "HX-Request, HX-Target"


# --- Forms ------------------------------------------------------------------------------------


class ExampleForm(forms.Form):
    """A form with both hidden fields."""

    title = forms.CharField()
    key = IdempotencyKeyField()
    version = VersionField()


class ExamplePage(FormPage):
    """A page that refuses what a test says."""

    template_name = "none"
    refusal: ClassVar[Exception | None] = None
    shown: ClassVar[dict[str, Any]] = {}

    def form(self, **posted: Any) -> ExampleForm:
        return ExampleForm(initial={"version": "7"}, **posted)

    def act(self, form: Any) -> None:
        if self.refusal is not None:
            raise self.refusal

    def show(
        self, context: Mapping[str, Any] | None = None, *, template: str = "", status: int = 200
    ) -> HttpResponse:
        ExamplePage.shown = dict(context or {})
        return HttpResponse(status=status)


def post(**changed: str) -> Any:
    filled_in = {"title": "x", "key": "k", "version": "7", **changed}
    asked = RequestFactory().post("/page?tab=2", filled_in)
    return ExamplePage.as_view()(asked)


def test_each_form_has_a_key_of_its_own_and_the_version_that_it_shows() -> None:
    first, second = (ExampleForm(initial={"version": "7"}) for _ in range(2))

    assert first["key"].initial != second["key"].initial
    assert first["key"].is_hidden
    assert first["version"].is_hidden
    assert first["version"].value() == "7"
    assert not ExampleForm({"key": "other", "version": "8", "title": ""}).changed_data


def test_a_valid_form_is_done_and_leads_back_to_the_page() -> None:
    response = post()

    assert (response.status_code, response["Location"]) == (303, "/page?tab=2")


@pytest.mark.parametrize("changed", [{"title": ""}, {"key": ""}, {"key": "x" * 65}])
def test_a_form_with_a_mistake_is_shown_again(changed: dict[str, str]) -> None:
    assert post(**changed).status_code == 400
    assert list(ExamplePage.shown["form"].errors) == list(changed)
    assert ExamplePage.shown["button"] == "Save"


def test_a_refusal_stands_at_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Invalid({"title": ["Too dull."], "elsewhere": ["Not now."]})
    monkeypatch.setattr(ExamplePage, "refusal", refusal)

    assert post().status_code == 400
    form = ExamplePage.shown["form"]
    assert (form.errors["title"], form.non_field_errors()) == (["Too dull."], ["Not now."])


def test_a_refusal_of_no_field_is_not_for_the_form() -> None:
    with pytest.raises(Invalid):
        add_refusal(ExampleForm(), Invalid({}, "No."))


def test_another_refusal_is_a_page_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExamplePage, "refusal", Conflict("No."))
    monkeypatch.setattr(
        "orderchainer.core.web.page.refusal", lambda _request, exc, _frame: HttpResponse(status=409)
    )

    assert post().status_code == 409
