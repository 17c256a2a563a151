"""The form of a new order: what it creates and what it refuses."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import create_project
from accounts.tests.admin.browsers import TOO_LARGE
from accounts.tests.factories import make_user
from orders.models import Order
from orders.stream.models import Event
from orders.tests.admin.forms import (
    WRONG_FIELDS,
    WRONG_LINES,
    errors_in,
    items_form,
    new_form,
)
from orders.tests.admin.pages import page, typed
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_makes_an_order_for_another_user(client: Client, ada: User, admin: User) -> None:
    planks = make_order(ada)

    response = client.post(
        page("order_add"),
        new_form(
            ada,
            waits_for=[planks.pk],
            **items_form(
                {"name": "Shelf", "sku": "S-1", "unit_price": "12.5", "quantity": 2},
                {"name": "Screw", "unit_price": "0.10", "quantity": 8},
            ),
        ),
    )

    order = Order.objects.latest("pk")
    event = Event.objects.get(order=order)
    assert response.status_code == 302
    assert (order.title, order.owner, order.project) == (
        "Bookshelf",
        ada,
        ada.personal_project,
    )
    assert (f"{order.total_price:.2f}", order.currency, order.provider) == (
        "25.80",
        "EUR",
        "manual",
    )
    assert order.ordered_at.isoformat() == "2024-02-14T12:00:00+00:00"
    assert [(i.name, i.sku, i.quantity) for i in order.items.order_by("pk")] == [
        ("Shelf", "S-1", 2),
        ("Screw", "", 8),
    ]
    assert (event.type, event.actor_id, event.owner_id) == (
        "order_created",
        admin.pk,
        ada.pk,
    )
    assert event.data["dependencies"] == [planks.pk]


def test_makes_an_order_in_a_chosen_project(client: Client, ada: User) -> None:
    shop = create_project(owner=make_user(), name="Shop")

    client.post(page("order_add"), new_form(ada, project=shop.pk))

    assert Order.objects.get().project == shop


def test_a_dependency_is_found_by_typing(client: Client, ada: User) -> None:
    order = make_order(ada, title="Walnut desk")
    make_order(ada, title="Oak chair")

    response = typed(client, "dependencies", "walnut")

    assert response.json()["results"] == [{"id": str(order.pk), "text": f"#{order.pk} Walnut desk"}]


def test_keeps_the_typed_values_if_the_service_refuses(client: Client, ada: User) -> None:
    strangers = make_order(make_user())

    response = client.post(
        page("order_add"),
        new_form(
            ada,
            waits_for=[strangers.pk],
            **items_form({"name": "Shelf", "unit_price": "5", "quantity": 1}),
        ),
    )

    assert errors_in(response) == {
        "waits_for": [f"There is no order #{strangers.pk} that this one could wait for."]
    }
    text = response.content.decode()
    assert 'value="Bookshelf"' in text
    assert 'value="Shelf"' in text
    assert Order.objects.count() == 1


def test_shows_that_a_new_order_cannot_start_while_it_waits(client: Client, ada: User) -> None:
    first = make_order(ada)

    response = client.post(page("order_add"), new_form(ada, status="active", waits_for=[first.pk]))

    assert errors_in(response) == {
        "__all__": [f"A new order cannot be active while it waits for #{first.pk}."]
    }
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *WRONG_FIELDS,
        ("owner", ""),
        ("owner", "999"),
        ("owner", "abc"),
        ("owner", TOO_LARGE),
        ("project", "999"),
        ("project", "abc"),
        ("project", TOO_LARGE),
    ],
)
def test_wrong_input_creates_nothing(client: Client, ada: User, name: str, value: object) -> None:
    response = client.post(page("order_add"), new_form(ada, **{name: value}))

    assert response.status_code == 200
    assert not Order.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("line", WRONG_LINES)
def test_wrong_items_create_nothing(client: Client, ada: User, line: dict[str, object]) -> None:
    response = client.post(page("order_add"), new_form(ada, **items_form(line)))

    assert response.status_code == 200
    assert not Order.objects.exists()


def test_makes_no_order_for_a_deactivated_user(client: Client) -> None:
    gone = make_user(is_active=False)

    response = client.post(page("order_add"), new_form(gone))

    assert list(errors_in(response)) == ["owner"]
