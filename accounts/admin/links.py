"""Links to the pages of rows that other rows name by their ids only."""

from typing import Literal

from django.urls import reverse
from django.utils.safestring import SafeString

from orderchainer.core.admin.panels import link


def link_to(
    page: Literal["user", "project", "apitoken"], pk: object, words: str | None
) -> SafeString | str:
    """Return a link to a row by its name, or by its id if the row is gone; "-" without an id."""
    if not pk:
        return "-"
    return link(reverse(f"admin:accounts_{page}_change", args=[pk]), words or f"#{pk}")
