"""How the tests of pages name pages and read what they show."""

import re
from html import unescape
from typing import Any

from django.test import Client

from accounts.tests.projects import Team

HOSTILE = "<img src=x onerror=alert(1)> & \"'{{ 7 }}"


def address(team: Team, *parts: object) -> str:
    """Return the address of a page of the team's project."""
    return "/".join(["/app", str(team.project.uuid), *map(str, parts)])


def text_of(response: Any) -> str:
    """Return the page as HTML, with each run of white space as one space."""
    html: str = response.content.decode()
    return " ".join(html.split())


def names_on(response: Any) -> list[str]:
    """Return the names in the rows of a list, from above."""
    link = r'<th scope="row">(?:(?!</th>).)*?<a [^>]*>([^<]*)</a>'
    return [unescape(each) for each in re.findall(link, text_of(response))]


def fields_on(html: str) -> dict[str, str]:
    """Return what a browser would send if nobody typed anything."""
    main = html.partition('<main id="main"')[2].partition("</main>")[0]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", main):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if 'type="file"' in tag:
            continue
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = unescape(value[1]) if value else "on" * ("checkbox" in tag)
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', main, re.S):
        sent[name] = unescape(text.removeprefix("\n"))
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', main, re.S):
        # Browsers send the first option if none is selected.
        values = re.findall(r'value="([^"]*)" selected', options)
        sent[name] = (values or re.findall(r'value="([^"]*)"', options))[0]
    return sent


def send(client: Client, path: str, **typed: Any) -> Any:
    """Open the form, type something, and send it."""
    sent = fields_on(client.get(path).content.decode())
    return client.post(path, {**sent, **typed})
