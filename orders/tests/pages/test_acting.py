"""What people do about an order that waits: try again, let go, take away, and undo."""

from typing import Any

import pytest
from django.test import Client

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from orders.models import Order
from orders.services import assign_order, move_order
from orders.tests.factories import make_order
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.django_db


def send(team: Team, client: Client, order: Order, door: str, **fields: object) -> Any:
    body = {"version": str(order.version), **{name: str(each) for name, each in fields.items()}}
    return client.post(address(team, "orders", order.pk, door), body)


def page_of(team: Team, client: Client, order: Order) -> str:
    return " ".join(text_of(client.get(address(team, "orders", order.pk))).split())


def awaited(order: Order) -> list[int]:
    return sorted(order.dependencies.values_list("pk", flat=True))


@pytest.fixture
def failed(team: Team) -> Order:
    failed = place(team, title="Wax")
    return move_order(order_id=failed.pk, status="failed", by=team.owner)


def test_under_each_blocker_stands_what_can_be_done(
    team: Team, agent: Client, failed: Order
) -> None:
    started = place(team, title="Legs", status="active")
    elsewhere = make_order(team.owner, title="Private")
    order = place(team, failed, started, elsewhere)
    assign_order(order_id=started.pk, assignee=team.members["manager"], by=team.owner)

    page = page_of(team, agent, order)

    assert f"Try #{failed.pk} again" in page
    assert f"Complete #{started.pk}" in page
    assert ", manager@example.com" in page
    assert page.count("Remove the dependency") == 3
    assert f"Complete #{elsewhere.pk}" not in page
    assert f"Start #{elsewhere.pk}" not in page
    viewer = page_of(team, browser_of(team.members["viewer"]), order)
    for words in ("Try #", "Complete #", "Let go", "Remove the dependency", 'method="post"'):
        assert words not in viewer.partition('<main id="main"')[2].partition("</main>")[0]


def test_an_order_that_nothing_holds_up_has_a_button_to_get_on(team: Team, agent: Client) -> None:
    free, held = place(team), place(team, place(team))

    assert f"Start #{free.pk}" in page_of(team, agent, free)
    assert f"Start #{held.pk}" not in page_of(team, agent, held)


def test_an_order_goes_on_without_another_one(team: Team, agent: Client, failed: Order) -> None:
    order = place(team, failed)

    answers = [
        send(team, agent, order, "waive", dependency=failed.pk, reason=HOSTILE) for _ in range(2)
    ]

    assert [each.status_code for each in answers] == [303, 303]
    assert order.dependency_edges.get().waiver_reason == HOSTILE.strip()
    assert Order.objects.get(pk=order.pk).version == 2
    page = page_of(team, agent, order)
    assert f"#{order.pk} no longer waits for #{failed.pk}." in page
    assert "<img src=x" not in page
    assert "Undo" not in page


@pytest.mark.parametrize("reason", ["", " ", "x" * 501])
def test_letting_go_needs_a_reason(team: Team, agent: Client, failed: Order, reason: str) -> None:
    order = place(team, failed)

    response = send(team, agent, order, "waive", dependency=failed.pk, reason=reason)

    assert response.status_code == 400
    assert not order.dependency_edges.get().waived_at


def test_a_dependency_is_taken_away_and_comes_back(team: Team, agent: Client) -> None:
    first, second = place(team), place(team)
    order = place(team, first, second)

    answers = [send(team, agent, order, "dependency", dependency=first.pk) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert awaited(order) == [second.pk]
    page = page_of(team, agent, order)
    undo = page.partition('<div class="toast"')[2].partition("</form>")[0]
    assert f'action="{address(team, "orders", order.pk, "dependency")}"' in undo
    order.refresh_from_db()
    send(team, agent, order, "dependency", dependency=first.pk, wait="on")
    assert awaited(order) == [first.pk, second.pk]


@pytest.mark.parametrize("door", ["waive", "dependency"])
def test_whoever_was_overtaken_changes_nothing(team: Team, agent: Client, door: str) -> None:
    other = place(team)
    order = place(team, other)
    move_order(order_id=order.pk, status="draft", by=team.owner)

    response = send(team, agent, order, door, dependency=other.pk, reason="Not needed.")

    assert response.status_code == 412
    assert awaited(order) == [other.pk]
    assert not order.dependency_edges.get().waived_at


@pytest.mark.parametrize("dependency", ["", "0", "x", str(2**63)])
@pytest.mark.parametrize("door", ["waive", "dependency"])
def test_what_is_no_number_is_refused(
    team: Team, agent: Client, door: str, dependency: str
) -> None:
    order = place(team, place(team))

    assert send(team, agent, order, door, dependency=dependency).status_code == 400
    assert Order.objects.get(pk=order.pk).version == 1


def test_undo_cannot_close_a_cycle(team: Team, agent: Client) -> None:
    first = place(team)
    second = place(team, first)

    response = send(team, agent, first, "dependency", dependency=second.pk, wait="on")

    assert response.status_code == 400
    assert awaited(first) == []


def test_an_older_part_of_the_history_is_read_again_with_its_page(
    team: Team, agent: Client
) -> None:
    order = place(team)

    page = text_of(agent.get(address(team, "orders", order.pk) + "?before=99999999"))

    assert f'data-source="{address(team, "orders", order.pk)}?before=99999999"' in page
