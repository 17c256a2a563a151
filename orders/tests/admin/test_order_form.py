"""The form of an existing order: it changes and refuses what the service does."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.admin.browsers import TOO_LARGE, browser_of, shown
from accounts.tests.admin.forms import fields_in, opened, typed
from accounts.tests.factories import make_user
from orderchainer.core.admin.overtaken import OVERTAKEN
from orders.models import Order
from orders.services import ItemDraft, update_order
from orders.services.fields import OF_SOURCE
from orders.stream.models import Event
from orders.tests.admin.forms import WRONG_FIELDS, change, errors_in, items_form
from orders.tests.admin.pages import page
from orders.tests.admin.stored import history, statuses
from orders.tests.factories import make_order
from orders.tests.outside import mirror

pytestmark = pytest.mark.django_db


def test_changes_an_order_in_one_go(client: Client, ada: User, admin: User) -> None:
    first, second = make_order(ada), make_order(ada)
    order = make_order(ada, first)

    response = change(
        client, order, title="New", status="draft", waits_for=[second.pk], notes="Soon"
    )

    order.refresh_from_db()
    assert response.status_code == 302
    assert (order.title, order.status, order.notes, order.version) == (
        "New",
        "draft",
        "Soon",
        2,
    )
    assert list(order.dependencies.all()) == [second]
    assert history(order.pk) == [
        "order_created",
        "order_updated",
        "order_status_changed",
    ]
    updated = Event.objects.get(order=order, type="order_updated")
    assert updated.actor_id == admin.pk
    assert updated.data["changes"] == {
        "title": {"from": "An order", "to": "New"},
        "notes": {"from": "", "to": "Soon"},
        "dependencies": {"from": [first.pk], "to": [second.pk]},
    }


def test_saving_an_unchanged_page_is_no_change_and_no_event(client: Client, ada: User) -> None:
    order = make_order(
        ada,
        make_order(ada),
        description=" Two\nlines, \n",
        notes="Three\n\nlines",
        total_price=Decimal("9.90"),
        auto_activate=True,
        items=[],
    )

    response = change(client, order)

    order.refresh_from_db()
    assert response.status_code == 302
    assert order.version == 1
    assert history(order.pk) == ["order_created"]


def test_completing_an_order_frees_what_waits_for_it(client: Client, ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, auto_activate=True)

    change(client, first, status="completed")

    assert statuses(first, second) == ["completed", "active"]


def test_adds_changes_and_removes_items(client: Client, ada: User) -> None:
    order = make_order(
        ada,
        items=[ItemDraft("Shelf", Decimal(10), 2), ItemDraft("Screw", Decimal(1), 10)],
    )
    shelf, screw = order.items.order_by("pk")
    there = {"sku": "", "order": order.pk}
    lines = items_form(
        {"id": shelf.pk, "name": "Shelf", "unit_price": "12", "quantity": 2, **there},
        {
            "id": screw.pk,
            "name": "Screw",
            "unit_price": "1",
            "quantity": 10,
            "DELETE": "on",
            **there,
        },
        {"name": "Glue", "unit_price": "3.5", "quantity": 1, "order": order.pk},
    )

    response = change(client, order, **lines)

    order.refresh_from_db()
    assert response.status_code == 302
    assert [(i.name, f"{i.unit_price:.2f}") for i in order.items.order_by("pk")] == [
        ("Shelf", "12.00"),
        ("Glue", "3.50"),
    ]
    assert f"{order.total_price:.2f}" == "27.50"
    assert history(order.pk) == ["order_created", "order_updated"]


def test_a_line_that_names_another_orders_item_leaves_that_alone(client: Client, ada: User) -> None:
    theirs = make_order(ada, items=[ItemDraft("Shelf", Decimal(10), 2)])
    order = make_order(ada)
    line = {"id": theirs.items.get().pk, "order": theirs.pk, "name": "Mine"}

    change(client, order, **items_form({**line, "unit_price": "1", "quantity": 1}))

    assert theirs.items.get().name == "Shelf"


def test_a_total_that_the_items_decide_cannot_be_typed_into(client: Client, ada: User) -> None:
    order = make_order(ada, items=[ItemDraft("Shelf", Decimal(10), 2)])

    form = opened(client, page("order_change", order.pk), "order_form").keys()
    response = change(client, order, total_price="5.00", notes="Ring twice")

    assert "currency" in form
    assert "total_price" not in form
    assert response.status_code == 302
    order.refresh_from_db()
    assert (f"{order.total_price:.2f}", order.notes) == ("20.00", "Ring twice")


def test_a_total_without_items_can_be_typed(client: Client, ada: User) -> None:
    order = make_order(ada)

    change(client, order, total_price="5.00")

    order.refresh_from_db()
    assert f"{order.total_price:.2f}" == "5.00"


def test_offers_the_open_moves_and_no_others(client: Client, ada: User) -> None:
    order = make_order(ada, status="shipped")

    response = client.get(page("order_change", order.pk))

    form = response.context["adminform"].form
    assert [value for value, _ in form.fields["status"].widget.choices] == [
        "shipped",
        "fulfilled",
        "completed",
        "failed",
        "cancelled",
    ]


def test_the_refusal_of_a_move_names_the_open_moves(client: Client, ada: User) -> None:
    order = make_order(ada, status="fulfilled")

    response = change(client, order, status="draft", title="Changed as well")

    assert errors_in(response) == {
        "__all__": [
            f"Order #{order.pk} cannot move from fulfilled to draft. Open moves: completed."
        ]
    }
    assert 'value="Changed as well"' in response.content.decode()
    order.refresh_from_db()
    assert (order.title, order.status, order.version) == ("An order", "fulfilled", 1)
    assert history(order.pk) == ["order_created"]


def test_the_refusal_of_a_blocked_move_names_what_blocks_it(client: Client, ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = change(client, second, status="active")

    assert errors_in(response) == {
        "__all__": [f"Order #{second.pk} cannot be active while it waits for #{first.pk}."]
    }
    assert statuses(second) == ["pending"]


def test_a_cycle_is_refused_at_the_dependencies_and_named(client: Client, ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = change(client, first, waits_for=[second.pk], title="Changed as well")

    assert errors_in(response) == {
        "waits_for": [
            f"These orders would wait for one another: #{first.pk} → #{second.pk} → #{first.pk}."
        ]
    }
    first.refresh_from_db()
    assert first.title == "An order"
    assert not first.dependencies.exists()


@pytest.mark.parametrize("version", ["1", "", "abc", TOO_LARGE, "\x00"])
def test_a_stale_page_overwrites_nothing(client: Client, ada: User, version: str) -> None:
    order = make_order(ada)
    form = opened(client, page("order_change", order.pk), "order_form")
    update_order(order_id=order.pk, by=ada, fields={"title": "Meanwhile"})

    response = client.post(
        page("order_change", order.pk), typed(form, version=version, title="Mine")
    )

    errors = errors_in(response)
    assert errors.pop("version", None) == (
        ["Null characters are not allowed."] if version == "\x00" else None
    )
    assert errors == {"__all__": [OVERTAKEN], "title": ["Now: Meanwhile."]}
    order.refresh_from_db()
    assert (order.title, order.version) == ("Meanwhile", 2)


def test_the_second_of_two_editors_sees_what_the_first_changed_in_an_order(
    client: Client, ada: User
) -> None:
    first, order = make_order(ada, title="First"), make_order(ada)
    other = browser_of(make_user(is_staff=True, is_superuser=True))
    url = page("order_change", order.pk)
    one, two = opened(client, url, "order_form"), opened(other, url, "order_form")
    client.post(url, typed(one, title="Theirs", status="active", ordered_at_0="2024-02-14"))
    Order.objects.filter(pk=order.pk).update(auto_activate=True)

    response = other.post(
        url, typed(two, title="Mine", notes="Typed for long", waits_for=[first.pk])
    )

    errors = errors_in(response)
    assert errors.pop("ordered_at")[0].startswith("Now: ")
    assert errors == {
        "__all__": [OVERTAKEN],
        "title": ["Now: Theirs."],
        "status": ["Changed in the meantime: this is the current value."],
        "waits_for": ["Now: nothing."],
        "auto_activate": ["Changed in the meantime: this is the current value."],
    }
    again = fields_in(response.content.decode(), "order_form")
    assert (again["title"], again["notes"]) == (["Mine"], ["Typed for long"])
    assert (again["status"], again["auto_activate"]) == (["active"], ["on"])
    order.refresh_from_db()
    assert (order.title, order.status, order.notes) == ("Theirs", "active", "")
    # The user has now seen both values, so saving again works.
    response = other.post(url, typed(again, waits_for=None))
    order.refresh_from_db()
    assert response.status_code == 302
    assert (order.title, order.notes) == ("Mine", "Typed for long")
    assert (order.status, order.auto_activate) == ("active", True)


def test_items_that_others_have_replaced_are_shown_as_they_are_now(
    client: Client, ada: User
) -> None:
    order = make_order(ada, items=[ItemDraft("Shelf", Decimal(10), 2)])
    url = page("order_change", order.pk)
    form = opened(client, url, "order_form")
    update_order(
        order_id=order.pk,
        by=ada,
        fields={},
        items=[ItemDraft("Their walnut shelf", Decimal(15), 1)],
    )

    response = client.post(url, typed(form, **{"items-0-quantity": "3"}))

    text = response.content.decode()
    assert response.status_code == 200
    assert OVERTAKEN in text
    assert "Items as they are now" in text
    assert "Their walnut shelf" in text
    assert [item.name for item in order.items.all()] == ["Their walnut shelf"]


def test_neither_owner_nor_project_is_changed(client: Client, ada: User) -> None:
    order, other = make_order(ada), make_user()

    change(client, order, owner=other.pk, project=other.personal_project.pk)

    order.refresh_from_db()
    assert (order.owner, order.project) == (ada, ada.personal_project)


# A few of them are enough, since both pages use the same form.
@pytest.mark.parametrize(("name", "value"), WRONG_FIELDS[::4])
def test_changes_nothing_by_wrong_input(
    client: Client, ada: User, name: str, value: object
) -> None:
    # The total of an order with items cannot be typed into.
    items = [] if name == "total_price" else [ItemDraft("Shelf", Decimal(10), 2)]
    order = make_order(ada, items=items)

    response = change(client, order, **{name: value, "notes": "Changed as well"})

    assert response.status_code == 200
    order.refresh_from_db()
    assert (order.version, order.notes) == (1, "")
    assert history(order.pk) == ["order_created"]


def test_changes_nothing_by_an_empty_post(client: Client, ada: User) -> None:
    order = make_order(ada)

    assert client.post(page("order_change", order.pk), {}).status_code == 200
    order.refresh_from_db()
    assert order.version == 1


def test_what_the_source_of_an_order_decides_cannot_be_typed_into(
    client: Client, ada: User
) -> None:
    order = mirror(ada.personal_project, total=Decimal("64.8851")).order

    form = opened(client, page("order_change", order.pk), "order_form").keys()
    text = shown(client, page("order_change", order.pk))

    assert {"title", "notes", "status", "failure_policy", "phone_number"} <= form
    assert not form & {*OF_SOURCE, "ordered_at_0", "items-0-name", "items-0-quantity"}
    assert "64.8851" in text
    assert all(words in text for words in ("29.99", "MUG-B", "Ada Lovelace"))
    # A forged form changes none of it either.
    response = change(
        client, order, title="For the fair", total_price="1.00", customer_name="Grace"
    )
    now = Order.objects.get(pk=order.pk)
    assert response.status_code == 302
    assert (now.title, now.version) == ("For the fair", order.version + 1)
    assert (now.total_price, now.customer_name) == (Decimal("64.8851"), "Ada Lovelace")
    assert now.items.get().quantity == 2


def test_a_line_cannot_be_added_to_an_order_from_outside(client: Client, ada: User) -> None:
    order = mirror(ada.personal_project).order
    line = {"name": "Shelf", "unit_price": "1", "quantity": 1}

    change(client, order, **items_form(line))

    assert [item.name for item in order.items.all()] == ["Mug"]
    assert history(order.pk) == ["order_created"]
