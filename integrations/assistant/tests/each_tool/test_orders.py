"""What tools say about orders, to whom, and in how many statements."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from time_machine import travel

from accounts.models import Project, User
from accounts.services import create_project
from integrations.assistant.contracts import Asker, ToolError
from integrations.assistant.tests.each_tool.making import order_of
from integrations.assistant.tools import (
    fetch_order_details,
    list_orders,
    order_chain,
    order_statistics,
    propose_move,
)
from orderchainer.core.days import days_up_to_today
from orderchainer.testing.statements import Statements
from orders.figures import summary_of
from orders.models import Order
from orders.services import move_order, waive_dependency
from orders.stream.models import Event
from orders.tests.outside import MUG, NOON, mirror

pytestmark = pytest.mark.django_db
AFTERNOON = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _afternoon() -> Any:
    with travel(AFTERNOON, tick=False):
        yield


def fetch(asker: Asker, order_id: object) -> Any:
    return fetch_order_details.run(asker, {"order_id": order_id})["order"]


def statements_of(work: Callable[[], object]) -> int:
    statements = Statements()
    with connection.execute_wrapper(statements):
        work()
    return len(statements.take())


# --- Finding an order -------------------------------------------------------------------------


def test_shows_all_of_an_order(asker: Asker, shop: Project) -> None:
    order = mirror(shop).order

    assert fetch(asker, "5940139491234") == {
        "name": "#1001",
        "number": order.pk,
        "id": str(order.uuid),
        "title": "#1001",
        "status": "pending",
        "is_waiting": False,
        "customer": {
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "phone": "+15550100",
        },
        "total": "64.88",
        "currency": "EUR",
        "ordered_at": "2026-11-20T11:59+00:00",
        "external_id": "5940139491234",
        "provider": "shopify",
        "items": [{"name": "Mug", "quantity": 2, "price": "29.99", "sku": "MUG-B"}],
        "items_in_all": 1,
        "updated_at": "2026-11-20T15:00+00:00",
        "is_test": False,
        "possible_moves": [
            *("draft", "active", "shipped", "fulfilled", "completed", "failed", "cancelled"),
        ],
        "notes": "Ring twice.",
        "shipping_address": "1 Main Street\nSpringfield",
    }


def names_of(order: Order) -> list[object]:
    return [
        *(str(order.pk), f"#{order.pk}", order.pk, float(order.pk), f" # {order.pk} "),
        *(str(order.uuid), order.uuid.hex, str(order.uuid).upper()),
        *("5940139491234", "#1001", "1001", 1001),
    ]


def test_finds_an_order_by_all_its_names(asker: Asker, shop: Project) -> None:
    order = mirror(shop).order
    Order.objects.filter(pk=order.pk).update(id=order.pk)
    for name in names_of(order):
        assert fetch(asker, name)["id"] == str(order.uuid), name


def test_what_nobody_asked_for_is_ignored(asker: Asker, shop: Project) -> None:
    order = mirror(shop).order
    parameters = {"order_id": order.pk, "project_id": str(uuid4()), "admin": True}
    found = fetch_order_details.run(asker, parameters)
    assert found["order"]["id"] == str(order.uuid)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "order_id is missing."),
        ({"order": "7"}, "order_id is missing."),
        ({"order_id": None}, "order_id is missing."),
        ({"order_id": "  "}, "order_id is missing."),
        ({"order_id": "#"}, "There is no order # here."),
        ({"order_id": ["7"]}, "order_id must be a text."),
        ({"order_id": {"$ne": None}}, "order_id must be a text."),
        ({"order_id": True}, "order_id must be a text."),
        ({"order_id": 7.5}, "order_id must be a text."),
        ({"order_id": float("nan")}, "order_id must be a text."),
        ({"order_id": "x" * 101}, "order_id must have at most 100 characters."),
        ({"order_id": 10**5000}, "order_id must have at most 100 characters."),
        ({"order_id": "7\x00"}, "order_id has characters that no text has."),
        ({"order_id": "\ud800"}, "order_id has characters that no text has."),
        ({"order_id": "99999999999999999999"}, "There is no order 99999999999999999999 here."),
        ({"order_id": "-1"}, "There is no order -1 here."),
        ({"order_id": "' OR 1=1 --"}, "There is no order ' OR 1=1 -- here."),
        ({"order_id": "٣"}, "There is no order ٣ here."),
        ({"order_id": "%"}, "There is no order % here."),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() else "",
)
def test_hostile_parameters_are_refused_with_a_sentence(
    asker: Asker, shop: Project, parameters: dict[str, Any], words: str
) -> None:
    mirror(shop)
    for tool in (fetch_order_details, order_chain, propose_move):
        with pytest.raises(ToolError) as caught:
            tool.run(asker, parameters)
        assert str(caught.value) == words


def test_of_several_orders_with_a_name_the_shops_comes_first(asker: Asker, shop: Project) -> None:
    mirrored = mirror(shop).order
    own = order_of(shop, title="By hand")
    Order.objects.filter(pk=mirrored.pk).update(title=f"#{own.pk}")

    for name in (own.pk, f"#{own.pk}"):
        found = fetch_order_details.run(asker, {"order_id": name})
        assert found["order"]["id"] == str(mirrored.uuid)
        other = {
            "name": f"#{own.pk}",
            "number": own.pk,
            "id": str(own.uuid),
            "title": "By hand",
        }
        assert found["also_called_so"] == [other]
        assert order_chain.run(asker, {"order_id": name})["also_called_so"] == [other]
    assert fetch(asker, str(own.uuid))["title"] == "By hand"


def test_of_several_orders_with_a_name_none_is_moved(asker: Asker, shop: Project) -> None:
    mirrored = mirror(shop).order
    own = order_of(shop, title="By hand")
    Order.objects.filter(pk=mirrored.pk).update(title=f"#{own.pk}")

    with pytest.raises(ToolError) as caught:
        propose_move.run(asker, {"order_id": own.pk, "status": "shipped"})

    assert str(caught.value) == (
        f"Several orders are called {own.pk}. Ask again with the id of one: {mirrored.uuid} is "
        f"#{mirrored.pk} (#{own.pk}), {own.uuid} is #{own.pk} (By hand)."
    )


def test_only_the_shops_own_names_count_as_names(asker: Asker, shop: Project, ada: User) -> None:
    order_of(shop, title="#4711")
    with pytest.raises(ToolError, match="There is no order #4711 here"):
        fetch(asker, "#4711")


def test_a_foreign_order_is_as_if_it_did_not_exist(
    asker: Asker, shop: Project, stranger: Asker
) -> None:
    order = mirror(shop).order
    missing = uuid4()
    for tool in (fetch_order_details, order_chain, propose_move):
        for name in [*names_of(order), str(missing)]:
            with pytest.raises(ToolError) as caught:
                tool.run(stranger, {"order_id": name, "status": "shipped"})
            assert str(caught.value) == f"There is no order {str(_read(name)).strip()} here."


def _read(name: object) -> object:
    return int(name) if isinstance(name, float) else name


def test_another_project_of_the_same_user_is_foreign(asker: Asker, ada: User) -> None:
    own = order_of(create_project(owner=ada, name="Other"))
    with pytest.raises(ToolError, match="There is no order"):
        fetch(asker, own.pk)


def test_long_texts_are_cut(asker: Asker, shop: Project) -> None:
    order = mirror(shop, notes="n" * 5000, customer_name="c" * 255).order
    Order.objects.filter(pk=order.pk).update(title="t" * 255)
    found = fetch(asker, order.uuid.hex)
    assert (len(found["notes"]), len(found["customer"]["name"])) == (300, 100)
    assert found["title"] == "t" * 99 + "…"


def test_shows_a_bounded_number_of_items(asker: Asker, shop: Project) -> None:
    order = mirror(shop, items=[MUG] * 40).order
    found = fetch(asker, order.uuid.hex)
    assert (len(found["items"]), found["items_in_all"]) == (30, 40)


# --- Lists ------------------------------------------------------------------------------------


def test_lists_the_newest_first_and_counts_all(asker: Asker, shop: Project, ada: User) -> None:
    orders = [order_of(shop, title=f"Order {number}") for number in range(12)]
    found = list_orders.run(asker, {})
    assert (found["total"], found["days"], len(found["orders"])) == (12, 30, 10)
    assert [each["number"] for each in found["orders"]] == [
        order.pk for order in reversed(orders[2:])
    ]


def test_narrows_a_list(asker: Asker, shop: Project, ada: User) -> None:
    wood = order_of(shop, title="Wood")
    lamp = order_of(shop, wood, title="Lamp")
    move_order(by=ada, order_id=wood.pk, status="active")

    def found(**parameters: Any) -> list[int]:
        return [each["number"] for each in list_orders.run(asker, parameters)["orders"]]

    assert found(status="active") == [wood.pk]
    assert found(status="ACTIVE ") == [wood.pk]
    assert found(search="lam") == [lamp.pk]
    assert found(search=f"#{lamp.pk}") == [lamp.pk]
    assert found(is_waiting=True) == [lamp.pk]
    assert found(limit="1") == [lamp.pk]
    assert found(limit=2.0, days="7") == [lamp.pk, wood.pk]
    assert found(search="%") == []


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"status": "lost"}, "status must be one of draft, pending,"),
        ({"days": 0}, "days must be a whole number from 1 to 3650."),
        ({"days": 10**400}, "days must be a whole number from 1 to 3650."),
        ({"days": "9" * 5000}, "days must be a whole number from 1 to 3650."),
        ({"days": True}, "days must be a whole number"),
        ({"days": 1.5}, "days must be a whole number"),
        ({"days": float("inf")}, "days must be a whole number"),
        ({"limit": 21}, "limit must be a whole number from 1 to 20."),
        ({"search": "x" * 201}, "search must have at most 200 characters."),
        ({"search": {}}, "search must be a text."),
    ],
    ids=[str(number) for number in range(10)],
)
def test_refuses_a_list_that_cannot_be(
    asker: Asker, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(ToolError) as caught:
        list_orders.run(asker, parameters)
    assert str(caught.value).startswith(words)


def test_lists_nothing_of_others(asker: Asker, shop: Project, stranger: Asker) -> None:
    mirror(shop)
    assert list_orders.run(stranger, {"days": 3650}) == {"total": 0, "days": 3650, "orders": []}
    assert order_statistics.run(stranger, {})["total_orders"] == 0


# --- Chains -----------------------------------------------------------------------------------


def test_says_why_an_order_waits(asker: Asker, shop: Project, ada: User) -> None:
    tree = order_of(shop, title="Tree", notes="Felled on Monday.")
    wood = order_of(shop, tree, title="Wood")
    lamp = order_of(shop, wood, title="Lamp")
    room = order_of(shop, lamp, title="Room")

    assert order_chain.run(asker, {"order_id": f"#{lamp.pk}"}) == {
        "order": {
            "name": f"#{lamp.pk}",
            "number": lamp.pk,
            "id": str(lamp.uuid),
            "title": "Lamp",
            "status": "pending",
        },
        "is_waiting": True,
        "waiting_for": [
            {
                "name": f"#{wood.pk}",
                "number": wood.pk,
                "title": "Wood",
                "status": "pending",
                "since": "2026-11-20T15:00+00:00",
            }
        ],
        "waiting_for_in_all": 1,
        "held_up_by": [
            {
                "name": f"#{tree.pk}",
                "number": tree.pk,
                "title": "Tree",
                "status": "pending",
                "since": "2026-11-20T15:00+00:00",
                "notes": "Felled on Monday.",
            }
        ],
        "held_up_by_in_all": 1,
        "needed_by": [
            {"name": f"#{room.pk}", "number": room.pk, "title": "Room", "status": "pending"}
        ],
    }


def test_says_what_an_order_no_longer_waits_for(asker: Asker, shop: Project, ada: User) -> None:
    wood = order_of(shop, title="Wood")
    lamp = order_of(shop, wood, title="Lamp")
    waive_dependency(by=ada, order_id=lamp.pk, dependency_id=wood.pk, reason="Bought elsewhere")

    found = order_chain.run(asker, {"order_id": lamp.pk})

    assert found["is_waiting"] is False
    assert found["no_longer_waits_for"] == [
        {
            "name": f"#{wood.pk}",
            "number": wood.pk,
            "title": "Wood",
            "status": "pending",
            "reason": "Bought elsewhere",
        }
    ]
    assert "needed_by" not in order_chain.run(asker, {"order_id": wood.pk})


def test_of_another_projects_order_only_its_presence_is_told(
    asker: Asker, shop: Project, ada: User
) -> None:
    elsewhere = create_project(owner=ada, name="Elsewhere")
    secret = order_of(elsewhere, title="Secret wood", notes="Secret notes")
    waived = order_of(elsewhere, title="Secret waiver")
    lamp = order_of(shop, secret, waived, title="Lamp")
    order_of(elsewhere, lamp, title="Secret room")
    waive_dependency(by=ada, order_id=lamp.pk, dependency_id=waived.pk, reason="Secret reason")

    found = order_chain.run(asker, {"order_id": lamp.pk})

    outside = [{"is_outside_this_project": True}]
    assert found["waiting_for"] == found["held_up_by"] == outside
    assert found["no_longer_waits_for"] == outside
    assert "needed_by" not in found
    assert "Secret" not in str(found)
    assert str(secret.uuid) not in str(found)


def test_shows_a_bounded_number_of_blockers(asker: Asker, shop: Project, ada: User) -> None:
    blockers = [order_of(shop, title=f"Wood {number}") for number in range(12)]
    lamp = order_of(shop, *blockers, title="Lamp")
    found = order_chain.run(asker, {"order_id": lamp.pk})
    assert (len(found["waiting_for"]), found["waiting_for_in_all"]) == (8, 12)


# --- Figures ----------------------------------------------------------------------------------


def test_tells_the_same_figures_as_the_statistics(asker: Asker, shop: Project) -> None:
    mirror(shop)
    mirror(shop, external_id="2", title="#1002", status="cancelled")
    mirror(shop, external_id="3", title="#1003", is_test=True)

    found = order_statistics.run(asker, {"days": 7})
    summary = summary_of(shop, days_up_to_today(7, shop.zone))

    assert found == {
        "period_days": 7,
        "first_day": "2026-11-14",
        "last_day": "2026-11-20",
        "total_orders": 3,
        "orders_by_status": {"pending": 2, "cancelled": 1},
        "currency": "EUR",
        "total_revenue": "64.88",
        "average_order_value": "21.63",
        "by_currency": [{"currency": "EUR", "total_orders": 3, "total_revenue": "64.88"}],
    }
    assert found["total_orders"] == summary.total_orders
    assert found["total_revenue"] == str(summary.total_revenue)


# --- Proposals --------------------------------------------------------------------------------


def test_proposes_a_move_and_moves_nothing(asker: Asker, shop: Project, ada: User) -> None:
    order = order_of(shop, title="Lamp")
    before = Event.objects.count()

    found = propose_move.run(asker, {"order_id": order.pk, "status": "shipped"})

    assert found == {
        "order_id": str(order.uuid),
        "name": f"#{order.pk}",
        "number": order.pk,
        "title": "Lamp",
        "status": "shipped",
    }
    order.refresh_from_db()
    assert (order.status, Event.objects.count()) == ("pending", before)


def test_a_move_that_is_not_open_is_not_proposed(asker: Asker, shop: Project, ada: User) -> None:
    wood = order_of(shop, title="Wood")
    lamp = order_of(shop, wood, title="Lamp")

    def refusal(order: Order, status: str) -> str:
        with pytest.raises(ToolError) as caught:
            propose_move.run(asker, {"order_id": order.pk, "status": status})
        return str(caught.value)

    assert refusal(lamp, "shipped") == (
        f"Order #{lamp.pk} is pending and cannot be moved to shipped now. It waits for other "
        "orders; order_chain says which ones. It can be moved to draft, failed, cancelled."
    )
    move_order(by=ada, order_id=wood.pk, status="cancelled")
    assert refusal(wood, "active").endswith("It cannot be moved at all.")
    assert refusal(wood, "").endswith("status is missing.")
    assert refusal(wood, "gone").startswith("status must be one of")


# --- Statements -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 8])
def test_the_number_of_statements_depends_on_nothing(
    asker: Asker, shop: Project, ada: User, size: int
) -> None:
    blockers = [order_of(shop, title=f"Wood {number}") for number in range(size)]
    lamp = order_of(shop, *blockers, title="Lamp")
    for number in range(size):
        order_of(shop, lamp, title=f"Room {number}")
        mirror(shop, external_id=str(number), title=f"#{9000 + number}", items=[MUG] * size)
    name = {"order_id": lamp.pk}

    assert statements_of(lambda: fetch_order_details.run(asker, name)) == 2
    assert statements_of(lambda: list_orders.run(asker, {"days": 3650})) == 1
    assert statements_of(lambda: order_chain.run(asker, name)) == 5
    assert statements_of(lambda: order_statistics.run(asker, {})) == 1
    assert statements_of(lambda: propose_move.run(asker, {**name, "status": "draft"})) == 2


def test_uuids_are_no_numbers(asker: Asker, shop: Project) -> None:
    mirror(shop, external_id=str(NOON.timestamp()))
    with pytest.raises(ToolError):
        fetch(asker, str(UUID(int=1)))
