"""The merchant's pages of products, in a browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    choose_project,
    inaccessible,
    is_ready,
    scrolls_sideways,
    small_targets,
)
from orderchainer.testing.photographs import photograph

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def open_products(visit: Visit, *, width: int = WIDE) -> "Page":
    """Sign in, and open the products of the demo's shop."""
    page = visit.sign_in(width=width)
    choose_project(page, "Aurora Workshop")
    project = "/".join(page.url.split("/")[:5])
    page.goto(f"{project}/products")
    expect(page.get_by_role("link", name="Desk lamp brass")).to_be_visible()
    return page


def is_usable(page: "Page", width: int) -> None:
    """Fail if somebody could not use the page as it is now."""
    assert inaccessible(page) == [], page.url
    assert small_targets(page, at_least=44 if width == NARROW else 24) == [], page.url
    assert not scrolls_sideways(page), page.url


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_pages_of_products(visit: Visit, width: int, tmp_path: Path) -> None:
    visit.expect_problem("status of 400")
    page = open_products(visit, width=width)
    products = page.url
    page.get_by_role("search").get_by_text("Filters").click()
    page.get_by_role("combobox", name="Stock").select_option("In stock")
    page.get_by_role("textbox", name="Price from").fill("100")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("link", name="Remove Price from: 100")).to_be_visible()
    # High enough that nothing lies half under the bar at the bottom, which axe takes for too small.
    page.set_viewport_size({"width": width, "height": 3000})
    is_usable(page, width)

    page.get_by_role("link", name="Arc lamp").click()
    expect(page.get_by_role("region", name="Recent orders")).to_contain_text("No order has")
    expect(page.get_by_role("table", name="Ledger")).to_be_visible()
    is_usable(page, width)

    page.get_by_role("link", name="Edit").click()
    page.get_by_role("textbox", name="Price").fill("19,90")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a number.")
    is_usable(page, width)

    page.goto(products)
    page.get_by_role("link", name="Categories").click()
    expect(page.get_by_role("table", name="Categories")).to_be_visible()
    is_usable(page, width)

    page.goto(products)
    page.get_by_role("link", name="Import").click()
    is_usable(page, width)
    table = tmp_path / "products.csv"
    table.write_text("sku,name,price\nLMP-DESK-BRASS,Lamp,129.00\nNEW-1,,nine\n")
    page.get_by_role("button", name="File").set_input_files(table)
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_role("table", name="Rows")).to_contain_text("A new product needs this.")
    is_usable(page, width)


def test_somebody_creates_a_product_and_adjusts_its_stock_by_keys_alone(visit: Visit) -> None:
    page = visit.sign_in()
    choose_project(page, "Aurora Workshop")
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Products", level=1)).to_be_visible()
    is_ready(page)
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="New product", level=1)).to_be_visible()

    for name, text in (("Name", "Brass hook"), ("SKU", "HOOK-1"), ("Price", "9.50")):
        page.get_by_role("textbox", name=name).focus()
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Brass hook", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Stock")).to_contain_text("Sold out")

    page.get_by_role("textbox", name="Change").focus()
    page.keyboard.type("12")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Box 7")
    page.keyboard.press("Enter")

    ledger = page.get_by_role("table", name="Ledger")
    expect(ledger.get_by_role("row").nth(1)).to_contain_text("+12")
    expect(ledger).to_contain_text("Box 7")
    expect(page.get_by_role("status").filter(has_text="Brass hook: 12 left.")).to_be_visible()


def test_a_picture_is_uploaded_and_shown(visit: Visit, tmp_path: Path) -> None:
    page = open_products(visit)
    page.get_by_role("link", name="Woven rug").click()
    file = tmp_path / "rug.jpg"
    file.write_bytes(photograph())

    page.get_by_role("button", name="File").set_input_files(file)
    page.get_by_role("form", name="Picture").get_by_role("button", name="Replace").click()

    expect(page.get_by_text("The picture is saved.")).to_be_visible()
    picture = page.get_by_role("region", name="Picture").locator("img")
    picture.evaluate("image => image.decode()")
    assert picture.evaluate("image => image.naturalWidth") == 64
