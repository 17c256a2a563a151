"""Orders by phone: staff pick the customer and the products, and the service does the rest."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Project, User
from accounts.tests.admin.browsers import TOO_LARGE, shown, staff_who_may
from accounts.tests.factories import make_user
from catalog.models import Product, StockMovement
from catalog.tests.factories import make_product, make_storefront
from orders.models import Order
from orders.stream.models import Event
from orders.tests.admin.pages import page

pytestmark = pytest.mark.django_db

URL = "/admin/orders/order/by-phone/"


@pytest.fixture
def shop() -> Project:
    """The project that the storefront sells for."""
    return make_storefront()


@pytest.fixture
def lamp(shop: Project) -> Product:
    """Ten lamps."""
    return make_product(shop, name="Tall lamp", sku="TALL-1", stock=10, price="24.50")


def call(*lines: tuple[object, object], **fields: object) -> dict[str, object]:
    """Return what a browser posts from the page."""
    form: dict[str, object] = {
        "once": uuid4(),
        "lines-TOTAL_FORMS": len(lines),
        "lines-INITIAL_FORMS": 0,
    }
    for number, (product, quantity) in enumerate(lines):
        form[f"lines-{number}-product"] = product
        form[f"lines-{number}-quantity"] = quantity
    return {**form, **fields}


def pick(client: Client, model: str, field: str, term: str) -> Any:
    query = {"app_label": "orders", "model_name": model, "field_name": field, "term": term}
    return client.get(reverse("admin:autocomplete"), query).json()["results"]


def test_an_order_for_an_account_takes_price_and_address_from_where_they_are(
    client: Client, admin: User, shop: Project, lamp: Product
) -> None:
    grace = make_user(
        email="grace@example.com", first_name="Grace", phone="+431234", address="1 Main St"
    )
    bulb = make_product(shop, name="Bulb", stock=5, price="3.00")

    response = client.post(
        URL, call((lamp.pk, 2), (bulb.pk, 1), customer=grace.pk, notes="Ring twice"), follow=True
    )

    order = Order.objects.get()
    assert response.redirect_chain == [(page("order_change", order.pk), 302)]
    assert (order.owner, order.project, order.provider, order.status) == (
        *(grace, shop, "manual", "pending"),
    )
    assert f"{order.total_price:.2f}" == "52.00"
    assert order.currency == lamp.currency
    assert (order.customer_name, order.customer_email, order.customer_phone, order.notes) == (
        *("Grace", "grace@example.com", "+431234", "Ring twice"),
    )
    assert [(it.name, it.quantity, it.product) for it in order.items.order_by("pk")] == [
        ("Tall lamp", 2, lamp),
        ("Bulb", 1, bulb),
    ]
    lamp.refresh_from_db()
    assert lamp.stock == 8
    assert Event.objects.get().actor_id == admin.pk
    assert f"Taken: {order}, 52.00 {order.currency}." in response.content.decode()


def test_a_caller_without_an_account_is_typed_in(
    client: Client, admin: User, lamp: Product
) -> None:
    client.post(
        URL,
        call((lamp.pk, 1), customer_name="Ada", customer_phone="+43 1 234", shipping_address="X"),
    )

    order = Order.objects.get()
    assert (order.owner, order.customer_name, order.customer_phone, order.shipping_address) == (
        *(admin, "Ada", "+43 1 234", "X"),
    )


def test_what_is_typed_wins_over_the_account(client: Client, lamp: Product) -> None:
    grace = make_user(email="grace@example.com", first_name="Grace")

    client.post(URL, call((lamp.pk, 1), customer=grace.pk, customer_name="Her brother"))

    order = Order.objects.get()
    assert (order.customer_name, order.customer_email) == ("Her brother", "grace@example.com")


def test_a_product_is_found_by_typing_with_its_price_and_stock(
    client: Client, shop: Project, lamp: Product
) -> None:
    make_product(shop, name="Old lamp", is_active=False)

    found = pick(client, "orderitem", "product", "lamp")

    assert found == [
        {"id": str(lamp.pk), "text": f"Tall lamp (TALL-1) · 24.50 {lamp.currency} · 10 in stock"}
    ]


def test_a_customer_is_found_by_name_and_number(client: Client) -> None:
    grace = make_user(email="g@example.com", first_name="Grace", phone="+431234")

    for term in ("grace", "1234"):
        assert pick(client, "order", "owner", term) == [
            {"id": str(grace.pk), "text": "g@example.com · Grace · +431234"}
        ]


def test_a_form_that_is_sent_twice_makes_one_order(client: Client, lamp: Product) -> None:
    form = call((lamp.pk, 2))

    first = client.post(URL, form)
    second = client.post(URL, form)

    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1
    lamp.refresh_from_db()
    assert lamp.stock == 8


def test_too_little_stock_is_refused_and_everything_typed_stays(
    client: Client, shop: Project, lamp: Product
) -> None:
    grace = make_user(email="grace@example.com")

    response = client.post(
        URL, call((lamp.pk, 11), customer=grace.pk, customer_name="Grace", notes="Ring")
    )

    text = response.content.decode()
    assert response.status_code == 200
    assert "Not enough in stock" in text
    assert 'value="Grace"' in text
    assert 'value="11"' in text
    assert "Tall lamp" in text
    assert "grace@example.com" in text
    assert not Order.objects.exists()
    assert StockMovement.objects.count() == 1


def test_products_of_two_projects_are_refused(client: Client, lamp: Product) -> None:
    other = make_product(make_user().personal_project, name="Chair")

    response = client.post(URL, call((lamp.pk, 1), (other.pk, 1)))

    assert "This project has no product" in response.content.decode()
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "lines", [[], [("", 1)], [("", 3)], [("999", 1)], [("abc", 1)], [(TOO_LARGE, 1)]]
)
def test_without_a_known_product_there_is_no_order(
    client: Client, shop: Project, lines: list[tuple[object, object]]
) -> None:
    response = client.post(URL, call(*lines))

    assert response.status_code == 200
    assert not Order.objects.exists()


@pytest.mark.parametrize("quantity", ["", "0", "-1", "1.5", "many", TOO_LARGE])
def test_a_quantity_is_a_whole_positive_number(
    client: Client, lamp: Product, quantity: str
) -> None:
    response = client.post(URL, call((lamp.pk, quantity)))

    assert response.status_code == 200
    assert response.context["lines"].errors[0].keys() == {"quantity"}
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("customer", "999"), ("customer", "abc"), ("customer", TOO_LARGE), ("once", "")],
        *[("once", "x"), ("customer_email", "no e-mail"), ("customer_name", "x" * 256)],
        *[("customer_name", "a\x00b"), ("lines-TOTAL_FORMS", "abc")],
        *[("lines-TOTAL_FORMS", TOO_LARGE), ("lines-TOTAL_FORMS", "101")],
    ],
)
def test_wrong_input_makes_no_order(client: Client, lamp: Product, name: str, value: str) -> None:
    response = client.post(URL, call((lamp.pk, 1), **{name: value}))

    assert response.status_code == 200
    assert not Order.objects.exists()


def test_only_those_who_may_add_orders_take_them(lamp: Product) -> None:
    clerk = staff_who_may("view_order")

    assert clerk.get(URL).status_code == 403
    assert clerk.post(URL, call((lamp.pk, 1))).status_code == 403
    assert URL not in shown(clerk, page("order_changelist"))
    assert not Order.objects.exists()

    adder = staff_who_may("add_order", "view_order")
    assert adder.post(URL, call((lamp.pk, 1))).status_code == 302
    assert URL in shown(adder, page("order_changelist"))


def test_taking_an_order_takes_as_many_queries_for_many_products_as_for_few(
    client: Client, shop: Project
) -> None:
    client.post(URL, call((make_product(shop).pk, 1)))  # Django now knows what the log needs
    counts = []
    for number in (2, 10):
        lines = [(make_product(shop, stock=5).pk, 1) for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            assert client.post(URL, call(*lines)).status_code == 302
        counts.append(len(queries) - number)  # each picked product is looked up once by the form

    assert counts[0] == counts[1]
