"""Marking orders as shipped: the button on an order's page, and the action of the list."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.admin.browsers import TOO_LARGE, browser_of, shown, staff_who_may
from orders.models import Order
from orders.stream.models import Event
from orders.tests.admin.pages import page, run
from orders.tests.admin.stored import history, statuses
from orders.tests.factories import make_order
from orders.tests.outside import mirror

pytestmark = pytest.mark.django_db


def ship(client: Client, order: Order) -> str:
    response = client.post(page("order_ship", order.pk), follow=True)
    assert response.status_code == 200
    return response.content.decode()


def has_button(client: Client, order: Order) -> bool:
    return page("order_ship", order.pk) in shown(client, page("order_change", order.pk))


@pytest.mark.parametrize("status", ["pending", "active"])
def test_one_click_marks_an_order_as_shipped(
    client: Client, ada: User, admin: User, status: str
) -> None:
    order = make_order(ada, title="Desk", status=status)
    assert has_button(client, order)

    text = ship(client, order)

    assert f"#{order.pk} Desk is shipped." in text
    assert statuses(order) == ["shipped"]
    event = Event.objects.filter(order=order).latest("pk")
    assert (event.type, event.actor_id) == ("order_status_changed", admin.pk)
    assert not has_button(client, order)


def test_an_order_from_a_shop_outside_can_be_shipped_too(client: Client, ada: User) -> None:
    order = mirror(ada.personal_project).order

    ship(client, order)

    assert statuses(order) == ["shipped"]


def test_a_second_click_changes_nothing(client: Client, ada: User) -> None:
    order = make_order(ada)
    ship(client, order)
    before = history(order.pk)

    assert "was shipped already" in ship(client, order)

    assert history(order.pk) == before


@pytest.mark.parametrize("status", ["draft", "shipped", "fulfilled", "failed", "cancelled"])
def test_an_order_that_cannot_be_shipped_has_no_button(
    client: Client, ada: User, status: str
) -> None:
    assert not has_button(client, make_order(ada, status=status))


def test_a_refusal_is_shown_and_changes_nothing(client: Client, ada: User) -> None:
    first = make_order(ada)
    order = make_order(ada, first)
    cancelled = make_order(ada, status="cancelled")
    assert not has_button(client, order)

    text = ship(client, order)
    other = ship(client, cancelled)

    assert f"cannot be shipped while it waits for #{first.pk}" in text
    assert "cancelled" in other
    assert statuses(order, cancelled) == ["pending", "cancelled"]
    assert history(order.pk) == ["order_created"]


def test_the_list_ships_what_it_can_and_names_the_refused(client: Client, ada: User) -> None:
    first = make_order(ada, title="First")
    second = make_order(ada, first, title="Second")
    gone = make_order(ada, title="Gone", status="cancelled")

    listed = shown(client, page("order_changelist"))
    text = run(client, "move_to_shipped", first, second, gone)

    assert "Mark shipped" in listed
    assert statuses(first, second, gone) == ["shipped", "pending", "cancelled"]
    assert f"Moved to shipped: 1 (#{first.pk})." in text
    assert f"#{gone.pk} Gone: " in text


def test_those_who_may_only_look_ship_nothing(ada: User) -> None:
    order = make_order(ada)
    clerk = staff_who_may("view_order")

    assert not has_button(clerk, order)
    assert clerk.post(page("order_ship", order.pk)).status_code == 404
    assert browser_of(ada).post(page("order_ship", order.pk)).status_code == 302
    assert statuses(order) == ["pending"]


def test_an_address_alone_ships_nothing(client: Client, ada: User) -> None:
    order = make_order(ada)

    assert client.get(page("order_ship", order.pk)).status_code == 405
    assert statuses(order) == ["pending"]


@pytest.mark.parametrize("key", ["0", "999", "abc", TOO_LARGE, "%00"])
def test_an_order_that_does_not_exist_is_not_found(client: Client, key: str) -> None:
    assert client.post(f"{reverse('admin:orders_order_changelist')}{key}/ship/").status_code == 404


def test_a_forged_request_ships_nothing(admin: User, ada: User) -> None:
    order = make_order(ada)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)

    assert strict.post(page("order_ship", order.pk)).status_code == 403
    assert statuses(order) == ["pending"]
