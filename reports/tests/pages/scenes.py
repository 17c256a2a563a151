"""How to read what pages of reports show."""

import re
from typing import Any

from django.utils.html import strip_tags

from accounts.tests.projects import Team

HOSTILE = "<img src=x onerror=alert(1)> & \"'{{ 7 }}"


def address(team: Team, *parts: object) -> str:
    """Return the address of a page of the team's project."""
    return "/".join(["/app", str(team.project.uuid), *map(str, parts)])


def html_of(response: Any) -> str:
    """Return the page as HTML."""
    html: str = response.content.decode()
    return html


def text_of(response: Any) -> str:
    """Return what people read in the middle of the page, in one line."""
    main = html_of(response).partition("<main")[2].partition("</main>")[0] or html_of(response)
    return " ".join(strip_tags(re.sub(r"<(?=/?(p|dd|dt|td|th|li|h\d))", " <", main)).split())


def section_of(response: Any, heading: str) -> str:
    """Return what people read in the section with this heading; empty without one."""
    for section in html_of(response).split("<section")[1:]:
        found = section.partition("</section>")[0]
        if re.search(rf'<h2 id="{heading}"', found):
            return " ".join(strip_tags(re.sub("<", " <", f"<{found}")).split())
    return ""
