"""Deleting one order or several: the service decides, and the page says what prevents it."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.admin.browsers import shown
from orders.models import Order
from orders.services import ItemDraft, update_order
from orders.stream.models import Event
from orders.tests.admin.pages import page, run
from orders.tests.admin.stored import history
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_deletes_an_order_by_the_service(client: Client, ada: User, admin: User) -> None:
    order = make_order(ada, title="Goes", items=[ItemDraft("Shelf", Decimal(10), 2)])

    asked = shown(client, page("order_delete", order.pk))
    response = client.post(page("order_delete", order.pk), {"post": "yes"})

    assert "Goes" in asked
    assert response.status_code == 302
    assert not Order.objects.exists()
    assert history(order.pk) == ["order_created", "order_deleted"]
    assert Event.objects.latest("pk").actor_id == admin.pk


def test_the_confirmation_says_what_prevents_deleting(client: Client, ada: User) -> None:
    first = make_order(ada)
    make_order(ada, first, title="Still needs it")

    text = shown(client, page("order_delete", first.pk))

    assert f"Still needs it waits for #{first.pk}" in text
    assert 'name="post"' not in text


def test_dependents_that_no_longer_wait_prevent_nothing(client: Client, ada: User) -> None:
    first = make_order(ada, status="completed")
    ended = make_order(ada, first, status="completed")

    asked = shown(client, page("order_delete", first.pk))
    client.post(page("order_delete", first.pk), {"post": "yes"})

    assert 'name="post"' in asked
    assert list(Order.objects.all()) == [ended]


def test_an_order_that_others_wait_for_stays(client: Client, ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = client.post(page("order_delete", first.pk), {"post": "yes"}, follow=True)

    assert response.redirect_chain == [(page("order_change", first.pk), 302)]
    assert (
        f"Order #{first.pk} cannot be deleted: #{second.pk} waits for it."
        in response.content.decode()
    )
    assert history(first.pk) == ["order_created"]


def test_deletes_a_chain_from_its_end_and_leaves_what_is_needed(client: Client, ada: User) -> None:
    needed = make_order(ada, title="Needed")
    kept = make_order(ada, needed, title="Kept")
    last = make_order(ada)
    middle = make_order(ada, last)
    update_order(order_id=last.pk, by=ada, fields={}, dependencies=[needed.pk])

    asked = run(client, "delete_selected", needed, last, middle)
    text = run(client, "delete_selected", needed, last, middle, post="yes")

    assert "Are you sure" in asked
    assert "Deleted: 2." in text
    assert f"Order #{needed.pk} cannot be deleted: #{kept.pk} waits for it." in text
    assert set(Order.objects.all()) == {needed, kept}
    assert history(middle.pk) == ["order_created", "order_deleted"]
