"""The orders of a customer in the shop: the list, the progress, the history, and cancelling."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront
from orders.models import Order
from orders.pages.purchases import PAGE_SIZE
from orders.services import create_order, move_order, take_order, update_order
from orders.services.items import StockItemDraft
from orders.tests.shopping import buy, seller_of, stock_of

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)> & \"'{{ 7 }}"


@pytest.fixture
def shop() -> Project:
    return make_storefront(name="The Lamp Shop")


@pytest.fixture
def customer() -> User:
    return make_user()


@pytest.fixture
def browser(customer: User) -> Client:
    return browser_of(customer)


@pytest.fixture
def lamp(shop: Project) -> Product:
    return make_product(shop, name="Desk lamp")


def page_of(order: Order) -> str:
    return f"/shop/orders/{order.pk}"


def text_of(response: Any) -> str:
    assert response.status_code == 200, response
    html: str = response.content.decode()
    return html


def steps_in(html: str) -> list[tuple[str, str]]:
    listed = re.search(r'aria-label="Order progress">(.*?)</ol>', html, re.DOTALL)
    assert listed
    return re.findall(r'<li class="(\w+)".*?class="words">([^<]+)', listed[1], re.DOTALL)


def story_in(html: str) -> list[str]:
    listed = re.search(r'aria-label="History">(.*?)</ol>', html, re.DOTALL)
    assert listed
    return re.findall(r"<p>(.+?)</p>", listed[1])


def move(order: Order, *statuses: str) -> None:
    for status in statuses:
        move_order(order_id=order.pk, status=status, by=seller_of(order))


def test_an_order_shows_how_far_it_is(customer: User, browser: Client, lamp: Product) -> None:
    order = buy(customer, {lamp: 2}, shipping_address="12 Quay Street", notes="Ring twice")
    move(order, "active", "shipped")

    html = text_of(browser.get(page_of(order)))

    assert steps_in(html) == [
        ("past", "Received"),
        ("past", "Being prepared"),
        ("current", "Shipped"),
        ("coming", "Delivered"),
    ]
    assert story_in(html) == [
        "The order is on its way to you",
        "The order is being prepared",
        "The order was placed",
    ]
    assert all(words in html for words in ("12 Quay Street", "Ring twice", "Quantity 2"))
    assert f'href="/shop/products/{lamp.pk}">Desk lamp</a>' in html
    assert f'data-live="ws://localhost:8000/ws/notifications/{customer.pk}/"' in html or (
        f"/ws/notifications/{customer.pk}/" in html
    )
    # Too late to cancel.
    assert "/cancel" not in html


@pytest.mark.parametrize(
    ("status", "steps"),
    [
        ("completed", "past Received, past Being prepared, past Shipped, current Delivered"),
        ("failed", "past Received, ended Stopped"),
    ],
)
def test_an_order_can_skip_steps_or_stop(
    status: str, steps: str, customer: User, browser: Client, lamp: Product
) -> None:
    order = buy(customer, {lamp: 1})
    move(order, status)

    html = text_of(browser.get(page_of(order)))

    assert ", ".join(" ".join(step) for step in steps_in(html)) == steps


def test_the_history_keeps_to_itself_what_concerns_the_shop(
    customer: User, browser: Client, lamp: Product
) -> None:
    order = buy(customer, {lamp: 1})
    seller = seller_of(order)
    User.objects.filter(pk=seller.pk).update(first_name="Mallory", last_name="Merchant")
    update_order(order_id=order.pk, by=seller, fields={"title": "Internal name"})
    update_order(order_id=order.pk, by=seller, fields={"shipping_address": "Elsewhere 7"})

    html = text_of(browser.get(page_of(order)))

    assert story_in(html) == ["Changed: the address", "The order was placed"]
    assert "The Lamp Shop ·" in html
    assert "You ·" in html
    assert "Mallory" not in html


def test_a_customer_cancels_until_the_order_is_shipped(
    customer: User, browser: Client, lamp: Product
) -> None:
    order = buy(customer, {lamp: 3})
    cancel = f"{page_of(order)}/cancel"

    assert cancel in text_of(browser.get(page_of(order)))
    assert "Cancel the order</button>" in text_of(browser.get(cancel))
    assert Order.objects.get().status == "pending"
    for _ in range(2):
        # Sent twice.
        assert browser.post(cancel)["Location"] == page_of(order)
    assert (Order.objects.get().status, stock_of(lamp)) == ("cancelled", [10])
    assert steps_in(text_of(browser.get(page_of(order)))) == [
        ("past", "Received"),
        ("ended", "Cancelled"),
    ]
    assert browser.get(cancel).status_code == 403


def test_it_is_too_late_to_cancel_what_is_on_its_way(
    customer: User, browser: Client, lamp: Product
) -> None:
    order = buy(customer, {lamp: 3})
    move(order, "shipped")

    for response in (
        browser.get(f"{page_of(order)}/cancel"),
        browser.post(f"{page_of(order)}/cancel"),
    ):
        assert response.status_code == 409
        assert "Back to your order" in response.content.decode()
    assert Order.objects.get().status == "shipped"


def test_the_list_shows_what_somebody_has_bought(
    shop: Project, customer: User, browser: Client, lamp: Product
) -> None:
    first = buy(customer, {lamp: 1})
    taken = take_order(
        by=seller_of(first),
        customer=customer,
        items=[StockItemDraft(product_id=lamp.pk, quantity=1)],
        fields={},
    )
    own = create_order(by=customer, fields={"title": "Not bought"})
    other = buy(make_user(), {lamp: 1})

    html = text_of(browser.get("/shop/orders"))

    assert re.findall(r'id="order-(\d+)"', html) == [str(taken.pk), str(first.pk)]
    assert browser.get(page_of(taken)).status_code == 200
    for hidden in (own, other):
        assert browser.get(page_of(hidden)).status_code == 404


def test_whoever_took_an_order_on_the_phone_has_not_bought_it(shop: Project, lamp: Product) -> None:
    seller = shop.members.earliest("pk")
    items = [StockItemDraft(product_id=lamp.pk, quantity=1)]
    taken = take_order(by=seller, customer=None, items=items, fields={"customer_name": "Grace"})

    browser = browser_of(seller)

    assert "Grace" not in text_of(browser.get("/shop/orders"))
    assert browser.get(page_of(taken)).status_code == 404


def test_older_orders_are_behind_a_link(customer: User, browser: Client, lamp: Product) -> None:
    orders = [buy(customer, {lamp: 1}, title="x") for _ in range(2)]
    Order.objects.bulk_create(
        Order(owner=customer, project=orders[0].project, title="Lamp", provider="storefront")
        for _ in range(PAGE_SIZE)
    )

    first = text_of(browser.get("/shop/orders"))
    before = re.search(r'href="\?before=(\d+)"', first)
    assert before
    second = text_of(browser.get("/shop/orders", {"before": before[1]}))

    assert re.findall(r'id="order-(\d+)"', second) == [str(each.pk) for each in reversed(orders)]
    assert "No older orders" in text_of(browser.get("/shop/orders", {"before": "1"}))
    assert 'id="order-' in text_of(browser.get("/shop/orders", {"before": "x" * 40}))


def test_names_of_strangers_are_text(shop: Project, customer: User, browser: Client) -> None:
    order = buy(
        customer, {make_product(shop, name=HOSTILE): 1}, shipping_address=HOSTILE, notes=HOSTILE
    )

    for path in ("/shop/orders", page_of(order), f"{page_of(order)}/cancel"):
        html = text_of(browser.get(path))
        assert "<img src=x" not in html
        assert "&lt;img src=x" in html


def test_nobody_learns_of_anothers_order(
    client: Client, customer: User, browser: Client, lamp: Product
) -> None:
    order = buy(make_user(), {lamp: 1})
    seller = browser_of(seller_of(order))

    for path in (page_of(order), f"{page_of(order)}/cancel", f"/shop/orders/{10**30}"):
        assert browser.get(path).status_code == 404
        # The shop looks at it in the workspace.
        assert seller.get(path).status_code == 404
        assert client.get(path)["Location"].startswith("/sign-in?next=")
    for somebody, status in ((browser, 404), (seller, 404), (client, 401)):
        assert somebody.post(f"{page_of(order)}/cancel").status_code == status
    browser.handler.enforce_csrf_checks = True
    assert browser.post(f"{page_of(buy(customer, {lamp: 1}))}/cancel").status_code == 403
    assert set(Order.objects.values_list("status", flat=True)) == {"pending"}


@pytest.mark.parametrize("count", [1, 6])
def test_the_pages_take_few_statements(
    count: int, shop: Project, customer: User, browser: Client
) -> None:
    for _ in range(count):
        order = buy(customer, {make_product(shop): 1 for _ in range(count)})

    for path, most in (("/shop/orders", 5), (page_of(order), 9)):
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200
        assert len(queries) <= most, [each["sql"] for each in queries]
