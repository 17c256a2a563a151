"""Read what a browser would post from a page of the back office: every field as it was shown."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client

Attributes = list[tuple[str, str | None]]


class _Fields(HTMLParser):
    """The fields of the form with that id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.fields: dict[str, list[str]] = {}
        self._is_inside = False
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attributes: Attributes) -> None:
        has = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._is_inside = has.get("id") == self.form_id
        name = has.get("name", "")
        if not self._is_inside:
            return
        if tag == "input" and name and _is_posted(has):
            is_box = has.get("type") in {"checkbox", "radio"}
            self._add(name, has.get("value", "on" if is_box else ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in has:
            self._add(self._select, has.get("value", ""))
        elif tag == "textarea":
            self._textarea = name
            self._add(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            # A line break right after the tag of a textarea is not part of its text.
            self.fields[self._textarea][-1] += data

    def close(self) -> None:
        super().close()
        for name, texts in self.fields.items():
            self.fields[name] = [text.removeprefix("\n") for text in texts]

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def _is_posted(has: dict[str, str]) -> bool:
    if has.get("type") in {"submit", "button", "file"} or "disabled" in has:
        return False
    return has.get("type") not in {"checkbox", "radio"} or "checked" in has


def fields_in(html: str, form_id: str) -> dict[str, list[str]]:
    """Return the fields of an untouched form, as a browser posts them."""
    parser = _Fields(form_id)
    parser.feed(html)
    parser.close()
    assert parser.fields, f"no form {form_id}"
    return parser.fields


def opened(client: Client, url: str, form_id: str) -> dict[str, list[str]]:
    """Open a page and return what its form would post."""
    response = client.get(url)
    assert response.status_code == 200
    return fields_in(response.content.decode(), form_id)


def typed(fields: dict[str, list[str]], **changes: Any) -> dict[str, Any]:
    """Return the fields with `changes` typed in. None leaves a field out, like an unticked box."""
    posted: dict[str, Any] = {**fields, **changes}
    return {name: value for name, value in posted.items() if value is not None}
