"""Parts of a back-office page besides its form: tables, labels, links and data."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

MAX_ROWS = 50

Cells = Sequence[str]


@dataclass(frozen=True)
class Panel:
    """A titled table.

    `is_cut`: there are more rows than it shows. `empty`: what to show without rows. `url`: the page
    with all rows.
    """

    title: str
    headers: Sequence[str]
    rows: Sequence[Cells]
    empty: str = ""
    is_cut: bool = False
    url: str = ""

    @property
    def table(self) -> dict[str, Any]:
        """Return the table in the form that the theme's component takes."""
        return {"headers": self.headers, "rows": self.rows}


def panel_of(
    title: str,
    headers: Sequence[str],
    rows: Iterable[Cells],
    empty: str = "",
    *,
    most: int = MAX_ROWS,
    url: str = "",
) -> Panel:
    """Return a panel of the first `most` of `rows`, which says whether there are more."""
    found = list(rows)
    return Panel(title, headers, found[:most], empty, len(found) > most, url)


def label(text: str, colours: Mapping[str, str]) -> SafeString:
    """Return `text` as a coloured label."""
    context = {"text": text, "type": colours.get(text)}
    return mark_safe(
        render_to_string("unfold/helpers/label.html", context)
    )  # the template escapes it


def link(url: str, text: str) -> SafeString:
    """Return a link in the theme's colour."""
    return format_html(
        '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', url, text
    )


def data_of(value: object) -> SafeString:
    """Return a value of a JSON column as indented text."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)
