"""Whether everybody can use a page."""

from typing import TYPE_CHECKING

from orderchainer.testing.browsers import NARROW, inaccessible, scrolls_sideways, small_targets

if TYPE_CHECKING:
    from playwright.sync_api import Page


def is_usable(page: "Page", width: int) -> None:
    """Fail if somebody could not use the page as it is now."""
    wrong = inaccessible(page) + small_targets(page, at_least=44 if width == NARROW else 24)
    assert wrong == [], f"{page.url}: {wrong}"
    assert not scrolls_sideways(page), page.url
