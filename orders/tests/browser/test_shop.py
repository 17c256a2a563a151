"""The shop, in a browser: from the catalogue to an order that one follows."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    choose_project,
    inaccessible,
    scrolls_sideways,
    small_targets,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ADDRESS = "Ada Lovelace\n12 Quay Street\nBristol BS1 4DJ"


def order_something(page: "Page", shop: str, product: str = "Tea towels") -> None:
    """Buy a product with pointer and keys. The page is signed in, and is at the order then."""
    page.goto(f"{shop}/shop/?q={product}")
    page.get_by_role("link", name=product, exact=True).click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Check out").click()
    page.get_by_role("textbox", name="Address").fill(ADDRESS)
    page.get_by_role("textbox", name="Phone").fill("+44 117 496 0000")
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url(re.compile(r"/shop/orders/\d+$"))


def reach(page: "Page", role: str, name: str) -> None:
    """Press Tab until the focus is there."""
    wanted = page.get_by_role(role, name=name)  # type: ignore[arg-type]  # any role
    for _ in range(120):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"The keyboard does not reach {role} {name}")


def test_somebody_buys_by_keys_alone(visit: Visit) -> None:
    email, password = visit.account()
    page = visit("/shop/")

    reach(page, "searchbox", "Search products")
    page.keyboard.type("mug")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=mug**")
    reach(page, "link", "Mug sage")
    page.keyboard.press("Enter")
    page.wait_for_url("**/products/**")
    reach(page, "spinbutton", "Quantity")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2")
    reach(page, "button", "Add to cart")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in**")
    reach(page, "textbox", "E-mail")
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    # Back at the product, with the quantity that was typed.
    page.wait_for_url("**/products/**quantity=2")
    reach(page, "button", "Add to cart")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cart")
    expect(page.get_by_role("link", name="Cart, 2 items")).to_be_visible()
    reach(page, "link", "Check out")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout")
    reach(page, "textbox", "Address")
    page.keyboard.type(ADDRESS)
    reach(page, "textbox", "Phone")
    page.keyboard.type("+44 117 496 0000")
    reach(page, "button", "Place order")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"/shop/orders/\d+$"))
    progress = page.get_by_role("list", name="Order progress")
    expect(progress.get_by_role("listitem").filter(has_text="Received")).to_have_attribute(
        "aria-current", "step"
    )
    expect(page.get_by_role("main")).to_contain_text("12 Quay Street")


def test_somebody_buys_and_cancels_without_scripts(visit: Visit) -> None:
    email, password = visit.account()
    shop = visit.installation.url
    with visit.context.browser.new_context(java_script_enabled=False) as context:  # type: ignore[union-attr]
        page = context.new_page()
        page.goto(f"{shop}/shop/cart")
        page.get_by_role("textbox", name="E-mail").fill(email)
        page.get_by_role("textbox", name="Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("Your cart is empty")).to_be_visible()
        order_something(page, shop, "Bistro table")

        page.get_by_role("link", name="Cancel the order").click()
        page.get_by_role("button", name="Cancel the order").click()

        progress = page.get_by_role("list", name="Order progress")
        expect(progress.get_by_role("listitem").filter(has_text="Cancelled")).to_be_visible()


def test_an_order_moves_on_by_itself(visit: Visit) -> None:
    page = visit.sign_in("/shop/")
    order_something(page, visit.installation.url)
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")
    number = page.url.rpartition("/")[2]
    seller = visit("/app/")
    # The shop is one of the projects of the demo account.
    choose_project(seller, "Aurora Workshop")
    seller.goto(seller.url.replace("/today", "/orders"))
    seller.get_by_role("link", name=f"#{number} Tea towels").click()

    seller.get_by_role("button", name=f"Move #{number}").click()
    seller.get_by_role("menuitem", name="shipped").click()

    progress = page.get_by_role("list", name="Order progress")
    expect(progress.get_by_role("listitem").filter(has_text="Shipped")).to_have_attribute(
        "aria-current", "step"
    )
    expect(page.get_by_role("list", name="History")).to_contain_text("on its way to you")
    expect(page.get_by_role("link", name="Cancel the order")).to_be_hidden()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everybody_can_use_the_shop(visit: Visit, width: int) -> None:
    visit.expect_problem("status of 400")
    shop = visit.installation.url

    def look(page: "Page") -> None:
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert inaccessible(page) == [], page.url
        assert small_targets(page, at_least=44 if width == NARROW else 24) == [], page.url
        assert not scrolls_sideways(page), page.url

    page = visit("/shop/", width=width)
    look(page)
    if width == NARROW:
        page.get_by_role("button", name="Filter and sort").click()
        expect(page.get_by_role("combobox", name="Sort by")).to_be_visible()
        look(page)
    for path in (
        "/shop/?q=lamp&in_stock=true&price_min=x",
        "/shop/?q=unheard-of",
        "/shop/products/7",
    ):
        page.goto(shop + path)
        look(page)

    page = visit.sign_in("/shop/products/14", width=width)
    page.get_by_role("spinbutton", name="Quantity").evaluate("field => { field.max = 9999 }")
    page.get_by_role("spinbutton", name="Quantity").fill("999")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("alert")).to_contain_text("left.")
    look(page)
    page.get_by_role("spinbutton", name="Quantity").fill("1")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Check out").click()
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("alert")).to_contain_text("This field is required.")
    look(page)
    page.get_by_role("textbox", name="Address").fill(ADDRESS)
    page.get_by_role("textbox", name="Phone").fill("+44 117 496 0000")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("list", name="Order progress")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Cancel the order").click()
    expect(page.get_by_role("button", name="Cancel the order")).to_be_visible()
    look(page)
    for path in ("/shop/orders", "/shop/cart", "/shop/orders/999999"):
        if path.endswith("999999"):
            visit.expect_problem("status of 404")
        page.goto(shop + path)
        look(page)
