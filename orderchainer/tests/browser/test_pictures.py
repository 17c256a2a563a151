"""Pictures of the pages, for people to look at: `make pictures`. No test compares them."""

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from PIL import Image

from orderchainer.testing.browsers import THEMES, WIDE, Theme, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE = 390
FOR_VISITORS = (
    *("/", "/sign-in", "/sign-up", "/forgot-password", "/gallery"),
    *("/shop/", "/shop/?q=lamp", "/shop/products/1"),
)
FOR_PEOPLE = (
    *("/shop/cart", "/shop/orders"),
    *("/account", "/account/security", "/account/tokens", "/account/preferences"),
    *("/projects/new",),
)
# `own` is the project with the chain, `shop` the one with the products. An order is one of `own`.
IN_PROJECTS = (
    *("own/today", "shop/today"),
    *("own/board", "own/orders", "own/orders/new"),
    *("own/orders/5", "own/orders/5/edit", "own/orders/8"),
    *("own/orders/8/chain", "own/orders/8/chain?view=overview", "own/orders/8/chain?view=list"),
    "own/orders/3/impact?to=failed",
    *("shop/board", "shop/orders", "shop/products", "shop/products/import", "shop/categories"),
    *("shop/inbox", "shop/notifications"),
    *("shop/integrations", "shop/integrations/connect/whatsapp"),
    *("shop/integrations/connect/whatsapp/keys", "shop/rules", "shop/rules/new"),
    "shop/assistant",
    *("shop/reports", "shop/reports/schedules", "shop/reports/schedules/new"),
    *("shop/team", "shop/activity", "shop/settings"),
)
# What the README and `docs/` show, by the names of the files.
IN_DOCUMENTS = {
    "today": "own/today",
    "board": "own/board",
    "order": "own/orders/8",
    "chain": "own/orders/8/chain",
    "products": "shop/products",
    "shop": "/shop/",
}
COLOURS = 128

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        "PICTURES" not in os.environ, reason="PICTURES names no directory for pictures"
    ),
]


def homes_of(page: "Page") -> dict[str, str]:
    """Return the paths of the demo's two projects, which a page of the workspace offers."""
    options = page.get_by_role("combobox", name="Project").locator("option").all()
    return {
        "own" if "@" in option.inner_text() else "shop": f"/app/{option.get_attribute('value')}"
        for option in options
    }


def address(homes: dict[str, str], path: str) -> str:
    """Return the path of a page, which may begin with the name of a project."""
    which, _, rest = path.partition("/")
    return f"{homes[which]}/{rest}" if which else path


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("theme", THEMES)
def test_take_pictures(visit: Visit, theme: Theme, width: int) -> None:
    directory = Path(os.environ["PICTURES"])
    page = visit(FOR_VISITORS[0], theme=theme, width=width)

    def take(path: str) -> None:
        name = path.strip("/").replace("/", "-").replace("?", "-") or "home"
        page.screenshot(path=directory / f"{name}-{theme}-{width}.png", full_page=True)

    for path in FOR_VISITORS:
        page.goto(visit.installation.url + path)
        take(path)
    page = visit.sign_in(theme=theme, width=width)
    homes = homes_of(page)
    for path in (*IN_PROJECTS, *FOR_PEOPLE):
        page.goto(visit.installation.url + address(homes, path))
        take(path)


def test_take_the_pictures_of_the_documents(visit: Visit) -> None:
    directory = settings.BASE_DIR / "docs/pictures"
    page = visit.sign_in()
    homes = homes_of(page)

    for name, path in IN_DOCUMENTS.items():
        page.goto(visit.installation.url + address(homes, path))
        page.wait_for_load_state("networkidle")
        picture = Image.open(BytesIO(page.screenshot()))
        # A few colours are enough, and a quarter of the size.
        picture.convert("RGB").quantize(COLOURS).save(directory / f"{name}.png", optimize=True)
