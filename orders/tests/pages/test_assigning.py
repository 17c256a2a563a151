"""Who cares for an order, on pages."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from orders.models import Order
from orders.services import assign_order
from orders.tests.pages.scenes import HOSTILE, address, numbers_on, place, text_of

pytestmark = pytest.mark.django_db


def assign(team: Team, client: Client, order: Order, **fields: str) -> Any:
    path = address(team, "orders", order.pk, "assign")
    return client.post(path, {"assignee": "", "was": "", **fields})


def id_of(user: User) -> str:
    return str(user.uuid)


def now(order: Order) -> User | None:
    return Order.objects.get(pk=order.pk).assignee


def test_the_form_assigns_and_history_row_and_card_say_so(team: Team, agent: Client) -> None:
    order = place(team)
    manager = team.members["manager"]
    User.objects.filter(pk=manager.pk).update(first_name=HOSTILE[:30])
    page = text_of(agent.get(address(team, "orders", order.pk)))
    assert f'<option value="{id_of(manager)}">' in page
    assert id_of(team.members["viewer"]) not in page

    response = assign(team, agent, order, assignee=id_of(manager))

    assert (response.status_code, response["Location"]) == (303, address(team, "orders", order.pk))
    assert now(order) == manager
    for path in (response["Location"], address(team, "orders"), address(team, "board")):
        page = text_of(agent.get(path))
        assert "&lt;img src=x" in page
        assert "<img src=x" not in page
    assert "Assigned to &lt;img" in text_of(agent.get(response["Location"]))
    assert "Assigned to agent@example.com" not in page

    back = address(team, "board?search=An")
    assert assign(team, agent, order, was=id_of(manager), next=back)["Location"] == back
    assert now(order) is None
    assert "Assigned to nobody" in text_of(agent.get(address(team, "orders", order.pk)))


def test_a_button_takes_the_order(team: Team, agent: Client) -> None:
    order = place(team)
    path = address(team, "orders", order.pk)
    assert "Assign to me" in text_of(agent.get(path))

    assign(team, agent, order, me="on")

    assert now(order) == team.members["agent"]
    assert "Assign to me" not in text_of(agent.get(path))
    viewer = text_of(browser_of(team.members["viewer"]).get(path))
    assert "<p>agent@example.com</p>" in viewer
    assert "/assign" not in viewer


def test_a_form_that_is_sent_twice_finds_the_order_assigned(team: Team, agent: Client) -> None:
    order = place(team)

    answers = [assign(team, agent, order, me="on") for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert Order.objects.get(pk=order.pk).version == 2


def test_nobody_takes_an_order_from_somebody_whom_they_have_not_seen(
    team: Team, agent: Client
) -> None:
    order = place(team)
    assign_order(order_id=order.pk, assignee=team.members["manager"], by=team.owner)

    response = assign(team, agent, order, me="on")

    assert response.status_code == 412
    assert "has been assigned to manager@example.com" in text_of(response)
    assert now(order) == team.members["manager"]


@pytest.mark.parametrize("who", ["viewer", "stranger", "x", "9" * 64, "\x00"])
def test_others_than_handlers_are_refused(team: Team, agent: Client, who: str) -> None:
    order = place(team)
    stranger = make_user(email="stranger@example.com")
    ids = {"viewer": id_of(team.members["viewer"]), "stranger": id_of(stranger)}

    response = assign(team, agent, order, assignee=ids.get(who, who))

    assert response.status_code == 400
    assert now(order) is None
    assert stranger.email not in text_of(response)


def test_the_list_filters_by_assignee(team: Team, agent: Client) -> None:
    mine, theirs, free = place(team), place(team), place(team)
    assign_order(order_id=mine.pk, assignee=team.members["agent"], by=team.owner)
    assign_order(order_id=theirs.pk, assignee=team.owner, by=team.owner)

    def found(value: str, path: str = "orders") -> list[int]:
        return numbers_on(agent.get(address(team, path), {"assignee": value}))

    assert found("me") == [mine.pk]
    assert found(id_of(team.owner)) == [theirs.pk]
    assert found("none") == [free.pk]
    assert found("me", "board") == [mine.pk]
    page = text_of(agent.get(address(team, "orders"), {"assignee": id_of(team.owner)}))
    assert "Assigned to: owner@example.com" in page
    wrong = agent.get(address(team, "orders"), {"assignee": "x"})
    assert len(numbers_on(wrong)) == 3
    assert "“x” was left out" in text_of(wrong)
