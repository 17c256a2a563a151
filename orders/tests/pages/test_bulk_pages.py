"""The bar of list and board: what it sends, what it asks first, and what is said afterwards."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from orders.bulk import asking
from orders.models import BulkChange, Order
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.django_db


def send(team: Team, browser: Client, *orders: Order, **more: str) -> Any:
    """Send the form of the bar, with the versions of the orders as the page shows them."""
    sent = {
        "action": "move",
        "status": "active",
        "key": "k1",
        "next": address(team, "orders?status=pending"),
        "order": [f"{order.pk}-{order.version}" for order in orders],
        **more,
    }
    return browser.post(address(team, "orders/bulk"), sent)


def confirmed_on(page: str) -> str:
    """Return what the question sends back if it is answered."""
    found = re.search(r'name="confirmed" value="([^"]+)"', page)
    assert found
    return found[1]


def ticked_on(page: str) -> list[int]:
    return [
        int(number) for number in re.findall(r'name="order" value="(\d+)-\d+"[^>]* checked', page)
    ]


def statuses() -> list[str]:
    return list(Order.objects.order_by("pk").values_list("status", flat=True))


def test_the_result_says_what_was_refused_and_the_selection_stays(
    team: Team, agent: Client
) -> None:
    blocker, free = place(team), place(team)
    blocked = place(team, blocker, title=HOSTILE)

    answer = send(team, agent, free, blocked)
    page = text_of(agent.get(answer["Location"]))

    bulk = BulkChange.objects.get()
    assert answer["Location"] == f"{address(team, 'orders')}?status=pending&bulk={bulk.pk}"
    assert "1 moved, 1 refused" in page
    assert f"Order #{blocked.pk} cannot be active while it waits for #{blocker.pk}." in page
    # The one that moved no longer matches.
    assert ticked_on(page) == [blocked.pk]
    assert "<img src=x" not in page
    # The next form is another one.
    assert 'name="key" value="k1"' not in page
    assert "1 moved, 1 refused" not in text_of(browser_of(team.owner).get(answer["Location"]))


def test_the_board_selects_as_the_list_does(team: Team, agent: Client) -> None:
    blocker, free = place(team), place(team)
    blocked = place(team, blocker)
    Order.objects.bulk_create(
        Order(owner=team.owner, project=team.project, title="Lamp", status="completed")
        for _ in range(3)
    )
    board = address(team, "board?search=o")

    page = text_of(agent.get(board))
    assert page.count("data-select>") == 3
    assert f'name="next" value="{board}"' in page
    # Also those that stand in folded columns.
    assert 'data-total="6"' not in page
    assert 'data-total="6"' in text_of(agent.get(address(team, "board")))
    answer = send(team, agent, free, blocked, next=board)
    page = text_of(agent.get(answer["Location"]))

    assert "1 moved, 1 refused" in page
    assert ticked_on(page) == [blocked.pk, free.pk]
    # Where a move without a script leads to forgets the result.
    assert page.count(f'name="next" value="{board}"') == 2


def test_a_form_that_is_sent_twice_moves_once(team: Team, agent: Client) -> None:
    order = place(team)

    first, again = send(team, agent, order), send(team, agent, order)

    assert first["Location"] == again["Location"]
    assert BulkChange.objects.count() == 1
    assert send(team, agent, order, status="shipped").status_code == 409


def test_an_order_that_has_changed_since_is_refused(team: Team, agent: Client) -> None:
    order = place(team)
    Order.objects.update(version=5)

    page = text_of(agent.get(send(team, agent, order)["Location"]))

    assert "0 moved, 1 refused" in page
    assert "Somebody has changed order" in page
    assert statuses() == ["pending"]


def test_all_that_match_are_moved_after_a_question(team: Team, agent: Client) -> None:
    place(team, title="Sail"), place(team, title="Sail"), place(team, title="Mast")
    wanted = {"all": "on", "query": "search=sail"}

    question = send(team, agent, **wanted)
    assert question.status_code == 200
    assert "Move 2 orders to active?" in text_of(question)
    assert 'name="query" value="search=sail"' in text_of(question)
    assert statuses() == ["pending"] * 3
    confirmed = confirmed_on(text_of(question))
    answer = send(team, agent, **wanted, confirmed=confirmed)
    # They match no more, but it is the same request.
    again = send(team, agent, **wanted, confirmed=confirmed)

    assert statuses() == ["active", "active", "pending"]
    assert again["Location"] == answer["Location"]


def test_an_assignment_does_not_ask_about_the_status_beside_it(team: Team, agent: Client) -> None:
    order = place(team)
    who = str(team.members["manager"].uuid)

    answer = send(team, agent, order, action="assign", assignee=who, status="cancelled")

    assert answer.status_code == 303
    order.refresh_from_db()
    assert (order.assignee, order.status) == (team.members["manager"], "pending")


def test_if_other_orders_match_meanwhile_the_page_asks_again(team: Team, agent: Client) -> None:
    place(team, title="Sail")
    wanted = {"all": "on", "query": "search=sail", "status": "cancelled"}
    first = confirmed_on(text_of(send(team, agent, **wanted)))
    place(team, title="Sail")

    question = text_of(send(team, agent, **wanted, confirmed=first))

    assert "Move 2 orders to cancelled?" in question
    assert "1 matched when you were asked before, and 2 match now." in question
    assert statuses() == ["pending"] * 2
    assert send(team, agent, **wanted, confirmed=confirmed_on(question)).status_code == 303
    assert statuses() == ["cancelled"] * 2


def test_as_many_other_orders_are_not_moved_either(team: Team, agent: Client) -> None:
    sold = place(team, title="Sail")
    wanted = {"all": "on", "query": "search=sail", "status": "cancelled"}
    first = confirmed_on(text_of(send(team, agent, **wanted)))
    Order.objects.filter(pk=sold.pk).update(title="Mast")
    place(team, title="Sail")

    question = text_of(send(team, agent, **wanted, confirmed=first))

    assert "Move 1 order to cancelled?" in question
    assert "Other orders match now than when you were asked before." in question
    assert statuses() == ["pending"] * 2
    assert send(team, agent, **wanted, confirmed=confirmed_on(question)).status_code == 303
    assert statuses() == ["pending", "cancelled"]


@pytest.mark.parametrize("forged", ["1", "x", "1-", "-", "9" * 99])
def test_a_forged_confirmation_is_none(team: Team, agent: Client, forged: str) -> None:
    order = place(team)

    assert send(team, agent, order, status="cancelled", confirmed=forged).status_code == 200
    assert statuses() == ["pending"]


def test_a_filter_that_nobody_understands_selects_nothing(team: Team, agent: Client) -> None:
    place(team)

    answer = send(team, agent, all="on", query="status=asleep", confirmed="1")

    assert answer.status_code == 400
    assert "“asleep” was left out" in text_of(answer)
    assert statuses() == ["pending"]


def test_a_move_without_a_way_back_is_asked_first(team: Team, agent: Client) -> None:
    order = place(team)

    question = text_of(send(team, agent, order, status="cancelled"))
    assert "Move 1 order to cancelled?" in question
    assert "There is no way back" in question
    assert f'name="order" value="{order.pk}-1"' in question
    assert statuses() == ["pending"]
    send(team, agent, order, status="cancelled", confirmed=confirmed_on(question))

    assert statuses() == ["cancelled"]


def test_orders_are_assigned(team: Team, agent: Client) -> None:
    order = place(team)
    manager = team.members["manager"]

    page = text_of(agent.get(address(team, "orders")))
    assert f'<option value="{manager.uuid}">' in page
    assert f'<option value="{team.members["viewer"].uuid}">' not in page
    send(team, agent, order, action="assign", assignee=str(manager.uuid))

    order.refresh_from_db()
    assert order.assignee == manager
    refused = send(team, agent, order, action="assign", assignee="x", key="k2")
    assert refused.status_code == 400
    send(team, agent, order, action="assign", assignee="none", key="k3")
    order.refresh_from_db()
    assert order.assignee is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "burn"},
        {"status": "asleep"},
        {"key": ""},
        {"order": "x"},
        {"order": "9" * 19},
        {"order": "1-x"},
        {"order": "1-"},
        {"order": []},
        {"next": "https://evil.example/", "order": []},
    ],
    ids=str,
)
def test_a_form_that_makes_no_sense_is_refused(team: Team, agent: Client, wrong: Any) -> None:
    order = place(team)

    assert send(team, agent, order, **wrong).status_code == 400
    assert statuses() == ["pending"]


def test_a_large_change_says_how_far_it_is(
    team: Team, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_AT_ONCE", 0)
    orders = [place(team), place(team)]

    page = text_of(agent.get(send(team, agent, *orders)["Location"]))
    bulk = BulkChange.objects.get()
    result = address(team, "orders/bulk", bulk.pk)
    assert f'hx-get="{result}"' in page
    assert "2 to go." in page
    BulkChange.objects.update(state="done", position=2, changed=2)

    part = text_of(agent.get(result, headers={"HX-Request": "true"}))
    assert "2 moved" in part
    assert "hx-get" not in part
    assert "<html" not in part
    assert "moved" not in text_of(browser_of(team.owner).get(result))


@pytest.mark.parametrize("layout", ["orders", "board"])
def test_who_may_not_move_orders_cannot_select_any(team: Team, layout: str) -> None:
    place(team)
    page = text_of(browser_of(team.members["viewer"]).get(address(team, layout)))

    assert "data-select" not in page
    assert "Move #" not in page
    assert 'aria-label="Bulk actions"' not in page


def test_the_list_takes_the_same_statements_for_one_order_and_for_many(
    team: Team, agent: Client
) -> None:
    place(team)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as statements:
            agent.get(address(team, "orders?status=pending"))
        return len(statements)

    few = count()
    Order.objects.bulk_create(
        Order(owner=team.owner, project=team.project, title=f"Lamp {number}")
        for number in range(60)
    )
    assert count() == few <= 8
