"""The page of a chain: why an order waits, the map and the list."""

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from orderchainer.core.ids import MAX_ID
from orders.folding import MAX_DRAWN
from orders.models import Order, OrderDependency
from orders.services import assign_order, move_order, waive_dependency
from orders.tests.factories import make_order
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.django_db


def chain_of(team: Team, client: Client, order: Order, query: str = "") -> str:
    response = client.get(f"{address(team, 'orders', order.pk, 'chain')}{query}")
    assert response.status_code == 200
    return " ".join(text_of(response).split())


def nodes_on(page: str) -> list[str]:
    """Return the names of what the map draws."""
    return re.findall(r'<a (?:href="[^"]*"|role="img") aria-label="([^"]*)"', page)


def table(team: Team) -> dict[str, Order]:
    """A table: the top and the oil hold up the finish, which holds up the delivery."""
    top = place(team, title="Top", status="active")
    oil = place(team, title="Oil")
    finish = place(team, top, oil, title="Finish")
    deliver = place(team, finish, title="Deliver", auto_activate=True)
    return {"top": top, "oil": oil, "finish": finish, "deliver": deliver}


def many(team: Team, count: int, edges: Sequence[tuple[int, int]], **fields: Any) -> list[Order]:
    """Create many orders at once; each edge leads from an order to one that it waits for."""
    orders = Order.objects.bulk_create(
        Order(owner=team.owner, project=team.project, title=f"Link {number}", **fields)
        for number in range(count)
    )
    OrderDependency.objects.bulk_create(
        OrderDependency(order=orders[order], depends_on=orders[dependency])
        for order, dependency in edges
    )
    return orders


# --- Why it waits -----------------------------------------------------------------------------


def test_it_says_where_the_wait_begins_and_what_can_be_done(team: Team, agent: Client) -> None:
    made = table(team)
    assign_order(order_id=made["top"].pk, assignee=team.members["agent"], by=team.owner)
    move_order(order_id=made["oil"].pk, status="failed", by=team.owner)

    page = chain_of(team, agent, made["deliver"])

    top, oil, finish, deliver = (made[name].pk for name in ("top", "oil", "finish", "deliver"))
    url = address(team, "orders")
    assert f'waits for <a href="{url}/{finish}">#{finish} Finish</a>' in page
    assert "It comes down to 2 orders:" in page
    assert "agent@example.com" in page
    assert f"#{finish} keeps waiting until somebody acts" in page
    assert f"No date yet: #{oil} is in the way" in page
    assert f"Then #{deliver} becomes active by itself." in page
    assert f'value="completed">Complete #{top}</button>' in page
    assert f'value="pending">Try #{oil} again</button>' in page
    assert f'href="{url}/{oil}/impact?to=cancelled">Cancel #{oil} …</a>' in page
    assert f'href="{url}/{finish}#why">Let #{finish} go on without it …</a>' in page


def test_its_buttons_move_orders_and_come_back(team: Team, agent: Client) -> None:
    made = table(team)
    page = chain_of(team, agent, made["deliver"], "?view=list&show=critical")
    form = page.partition(f'action="{address(team, "orders", made["top"].pk, "move")}">')[2]
    fields = dict(
        re.findall(r'name="(version|next)" value="([^"]*)"', form.partition("</form>")[0])
    )

    response = agent.post(
        address(team, "orders", made["top"].pk, "move"),
        {
            "status": "completed",
            "sure": "1",
            **fields,
            "next": fields["next"].replace("&amp;", "&"),
        },
    )

    assert response.status_code == 303
    back = address(team, "orders", made["deliver"].pk, "chain?view=list&show=critical")
    assert response["Location"] == back
    assert "It comes down to one order:" in chain_of(team, agent, made["deliver"])


def test_who_may_not_move_orders_reads_only(team: Team) -> None:
    made = table(team)
    move_order(order_id=made["oil"].pk, status="failed", by=team.owner)

    page = chain_of(team, browser_of(team.members["viewer"]), made["deliver"])

    assert "It comes down to 2 orders:" in page
    for button in ("Complete #", "Try #", "Cancel #", "go on without"):
        assert button not in page


@pytest.mark.parametrize(
    ("status", "words"),
    [("pending", "Waits for nothing"), ("active", "Nothing holds it up any more")],
)
def test_an_order_that_waits_for_nothing_says_so(
    team: Team, agent: Client, status: str, words: str
) -> None:
    order = place(team, status=status)
    place(team, order)

    page = chain_of(team, agent, order)

    assert words in page
    assert "1 order of this chain depends on it." in page


def test_an_order_alone_leads_to_its_form(team: Team, agent: Client) -> None:
    order = place(team)
    edit = f'href="{address(team, "orders", order.pk, "edit")}">Add a dependency'

    assert "nothing waits for it" in chain_of(team, agent, order)
    assert edit in chain_of(team, agent, order)
    assert edit not in chain_of(team, browser_of(team.members["viewer"]), order)


def test_an_order_of_somebody_else_has_no_name(team: Team, agent: Client) -> None:
    elsewhere = make_order(team.owner, title="Private")
    order = place(team, elsewhere)

    page = chain_of(team, agent, order)

    assert "Private" not in page
    hidden = f"#{elsewhere.pk}, an order that you may not see"
    assert f'<a role="img" aria-label="{hidden}, pending, ready' in page
    # The owner sees it, but it is not in this project.
    page = chain_of(team, browser_of(team.owner), order)
    assert f'<a role="img" aria-label="#{elsewhere.pk} Private' in page
    response = browser_of(team.owner).get(address(team, "orders", elsewhere.pk, "chain"))
    assert response.status_code == 404


@pytest.mark.parametrize("number", [0, MAX_ID + 1, 10**30])
def test_the_chain_of_no_order_is_a_404(team: Team, agent: Client, number: int) -> None:
    assert agent.get(address(team, "orders", number, "chain")).status_code == 404


def test_titles_of_strangers_stay_text(team: Team, agent: Client) -> None:
    order = place(team, place(team, title=HOSTILE), title=HOSTILE)

    for view in ("map", "list"):
        page = chain_of(team, agent, order, f"?view={view}")
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


# --- The map and the list ---------------------------------------------------------------------


def test_the_map_and_the_list_have_the_same_links(team: Team, agent: Client) -> None:
    made = table(team)
    move_order(order_id=made["oil"].pk, status="failed", by=team.owner)
    waive_dependency(
        order_id=made["finish"].pk, dependency_id=made["oil"].pk, reason="enough", by=team.owner
    )
    top, oil, finish, deliver = (made[name].pk for name in ("top", "oil", "finish", "deliver"))

    page = chain_of(team, agent, made["deliver"])

    assert f'role="group" aria-label="Chain of #{deliver}"' in page
    expected = {
        f"#{top} Top, active, the wait begins here, critical path, 1 of 3",
        f"#{oil} Oil, failed",
        f"#{finish} Finish, pending, waits for 1, critical path, 2 of 3",
        f"#{deliver} Deliver, pending, waits for 1, the order you are looking at,"
        " critical path, 3 of 3",
    }
    assert set(nodes_on(page)) == expected
    assert f'data-start="node-{oil}" data-end="node-{finish}" class="chain-line waived"' in page
    assert (
        f'data-start="node-{top}" data-end="node-{finish}" class="chain-line critical way' in page
    )
    listed = chain_of(team, agent, made["deliver"], "?view=list")
    assert 'aria-label="Chain in order"' in listed
    assert set(re.findall(r'aria-label="(#[^"]*)"', listed)) == expected


def test_a_blocked_order_names_what_went_wrong(team: Team, agent: Client) -> None:
    made = table(team)
    move_order(order_id=made["oil"].pk, status="failed", by=team.owner)

    names = nodes_on(chain_of(team, agent, made["deliver"]))

    blocked = f"#{made['finish'].pk} Finish, pending, blocked by #{made['oil'].pk}"
    assert any(name.startswith(blocked) for name in names)


def test_a_phone_gets_the_list_first(team: Team, agent: Client) -> None:
    url = address(team, "orders", table(team)["deliver"].pk, "chain")
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Mobile Safari/537.36"}

    assert "Chain in order" in text_of(agent.get(url, headers=phone))
    assert "chain-svg" in text_of(agent.get(f"{url}?view=map", headers=phone))
    assert "chain-svg" in text_of(agent.get(url))


@pytest.mark.parametrize(
    "query",
    [
        "?view=x&show=x&to=x&depth=x&open=x",
        f"?depth={'9' * 30}&open={'9' * 30},-1,,{MAX_ID},{2**63}",
        "?show=impact&to=draft&depth=-1",
        "?view=list&show=impact&to=cancelled&depth=0",
    ],
)
def test_addresses_that_make_no_sense_show_the_chain(team: Team, agent: Client, query: str) -> None:
    page = chain_of(team, agent, table(team)["deliver"], query)

    assert "It comes down to 2 orders:" in page


def test_a_fold_opens_by_its_link_and_the_depth_by_another(team: Team, agent: Client) -> None:
    orders = many(team, 600, [(i, i - 1) for i in range(1, 600)], status="pending")
    Order.objects.filter(pk__in=[each.pk for each in orders[:100]]).update(status="completed")
    focus = orders[400]

    page = chain_of(team, agent, focus)

    assert "100 done orders, show" in nodes_on(page)
    url = re.search(r'<a href="([^"]*)" aria-label="100 done orders, show"', page)
    assert url
    opened = chain_of(team, agent, focus, url[1].replace("&amp;", "&"))
    assert "88 done orders, show" in nodes_on(opened)
    assert f"#{orders[99].pk} Link 99, completed" in nodes_on(opened)


def test_the_map_shows_what_a_failure_would_bring(team: Team, agent: Client) -> None:
    made = table(team)
    fails = place(team, made["top"], title="Fails too", failure_policy="fail")

    page = chain_of(team, agent, made["top"], "?show=impact&to=failed")

    names = nodes_on(page)
    assert f"#{made['finish'].pk} Finish, pending, waits for 2, would be held up" in [
        name.replace(", critical path, 2 of 3", "") for name in names
    ]
    assert any(name.startswith(f"#{fails.pk} ") and "would fail too" in name for name in names)
    done = place(team, made["top"], status="cancelled")
    refused = chain_of(team, agent, done, "?show=impact&to=failed")
    assert "cannot move from cancelled to failed" in refused


def test_the_overview_has_a_place_for_every_order(team: Team, agent: Client) -> None:
    made = table(team)
    move_order(order_id=made["oil"].pk, status="failed", by=team.owner)

    chain = agent.get(address(team, "orders", made["deliver"].pk, "chain/overview")).json()

    top, oil, finish, deliver = (made[name].pk for name in ("top", "oil", "finish", "deliver"))
    assert set(chain["ids"]) == {top, oil, finish, deliver}
    assert chain["ids"][chain["focus"]] == deliver
    at = {pk: i for i, pk in enumerate(chain["ids"])}
    ends = zip(chain["lines"][::2], chain["lines"][1::2], strict=True)
    assert set(ends) == {(at[top], at[finish]), (at[oil], at[finish]), (at[finish], at[deliver])}
    assert chain["levels"] == sorted(chain["levels"]) == [0, 0, 1, 2]
    assert chain["size"] == [3, 2]
    assert chain["words"][chain["statuses"][at[oil]]] == ["failed", "red"]
    elsewhere = make_order(team.owner)
    for number in (elsewhere.pk, 0, MAX_ID + 1):
        url = address(team, "orders", number, "chain/overview")
        assert browser_of(team.owner).get(url).status_code == 404
    page = chain_of(team, agent, made["deliver"], "?view=overview")
    assert 'aria-label="Overview of 4 orders"' in page
    assert "Chain in order" in page


# --- Large chains -----------------------------------------------------------------------------


def shapes(count: int) -> dict[str, list[tuple[int, int]]]:
    chance = random.Random(7)
    diamonds = [(i, j) for k in range(0, count - 3, 3) for i, j in _diamond(k)]
    return {
        "line": [(i, i - 1) for i in range(1, count)],
        "fan": [(count - 1, i) for i in range(count - 1)],
        "diamonds": diamonds,
        "random": [
            (i, j)
            for i in range(1, count)
            for j in chance.sample(range(max(0, i - 40), i), min(i, chance.randrange(1, 3)))
        ],
    }


def _diamond(at: int) -> list[tuple[int, int]]:
    return [(at + 1, at), (at + 2, at), (at + 3, at + 1), (at + 3, at + 2)]


@pytest.mark.parametrize(
    "count", [pytest.param(400, id="400"), pytest.param(5_000, id="5000", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("shape", ["line", "fan", "diamonds", "random"])
def test_a_long_chain_is_drawn_with_few_nodes_and_statements(
    team: Team, agent: Client, shape: str, count: int
) -> None:
    alone = place(team)
    orders = many(team, count, shapes(count)[shape], status="pending")
    focus = orders[count - 1 if shape == "fan" else count // 2]
    statements = {}
    for order in (alone, focus):
        chain_of(team, agent, order)
        with CaptureQueriesContext(connection) as captured:
            page = chain_of(team, agent, order)
        statements[order.pk] = len(captured)

    assert 3 <= len(nodes_on(page)) <= MAX_DRAWN
    assert any(name.startswith(f"#{focus.pk} ") for name in nodes_on(page))
    assert statements[alone.pk] == statements[focus.pk] <= 8
