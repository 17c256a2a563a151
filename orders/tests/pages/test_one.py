"""The page of an order, and moving it."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import create_project
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from orderchainer.core.ids import MAX_ID
from orders import services
from orders.models import Order
from orders.services import (
    ItemDraft,
    create_order,
    delete_order,
    move_order,
    update_order,
    waive_dependency,
)
from orders.tests.factories import make_order
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.django_db


def page_of(team: Team, client: Client, order: Order, query: str = "") -> str:
    response = client.get(f"{address(team, 'orders', order.pk)}{query}")
    assert response.status_code == 200
    return " ".join(text_of(response).split())


def _team_of(owner: User) -> Team:
    return Team(create_project(owner=owner, name="Other"), {"owner": owner})


def move(team: Team, client: Client, order: Order, status: str, **more: str) -> Any:
    body = {"status": status, "version": str(order.version), **more}
    return client.post(address(team, "orders", order.pk, "move"), body)


# --- What it shows ----------------------------------------------------------------------------


def test_the_page_shows_items_customer_and_history(team: Team, agent: Client) -> None:
    item = ItemDraft(name="Oak boards", quantity=3, unit_price=Decimal("129.00"), sku="OAK")
    order = place(team, title="Table", items=[item], customer_name="Anna", notes="Ring twice")

    page = page_of(team, agent, order)

    assert f"<h1>#{order.pk} Table</h1>" in page
    assert f"<title>#{order.pk} Table · OrderChainer</title>" in page
    for text in ("Oak boards", "387.00", "Anna", "Ring twice", "Created", "It waits for nothing."):
        assert text in page


def test_it_says_why_the_order_waits(team: Team, agent: Client) -> None:
    oil = place(team, title="Oil")
    top = place(team, oil, title="Top")
    legs = place(team, title="Legs", status="active")
    table = place(team, top, legs, title="Table", failure_policy="fail", auto_activate=True)

    page = page_of(team, agent, table)

    for order in (oil, top, legs):
        url = address(team, "orders", order.pk)
        assert f'<a href="{url}">#{order.pk} {order.title}</a>' in page
    assert f"#{table.pk} waits for these orders:" in page
    assert "Behind that, the wait begins at this one:" in page
    assert "nobody has started it" in page
    assert "It becomes active by itself" in page
    assert "it fails as well" in page


def test_an_order_that_is_not_for_the_reader_has_no_name(team: Team, agent: Client) -> None:
    elsewhere = make_order(team.owner, title="Private")
    order = place(team, elsewhere)

    page = page_of(team, agent, order)

    assert f"#{elsewhere.pk}, an order that you may not see" in page
    assert "Private" not in page


def test_it_says_what_the_order_no_longer_waits_for(team: Team, agent: Client) -> None:
    awaited = place(team, title="Wax")
    order = place(team, awaited)
    waive_dependency(order_id=order.pk, dependency_id=awaited.pk, reason="Oil does", by=team.owner)

    page = page_of(team, agent, order)

    assert f"It no longer waits for #{awaited.pk} Wax: Oil does" in page
    assert f"No longer waits for #{awaited.pk}: Oil does" in page


def test_an_order_that_has_begun_does_not_say_why_it_waits(team: Team, agent: Client) -> None:
    assert "Why it waits" not in page_of(team, agent, place(team, status="active"))


def test_the_history_says_why_things_happened(team: Team, agent: Client) -> None:
    awaited = place(team)
    order = place(team, awaited, auto_activate=True)
    move_order(order_id=awaited.pk, status="completed", by=team.owner)

    page = page_of(team, agent, order)

    assert f"Created, waits for #{awaited.pk}" in page
    assert f"Moved from pending to active, because #{awaited.pk} is completed" in page


def test_the_history_names_what_was_changed_in_plain_words(team: Team, agent: Client) -> None:
    awaited, order = place(team), place(team)
    services.update_order(
        order_id=order.pk,
        by=team.owner,
        fields={"auto_activate": True, "notes": "By Friday"},
        dependencies=[awaited.pk],
    )

    assert "Changed: whether it starts by itself, what it waits for, notes" in page_of(
        team, agent, order
    )


def test_an_address_keeps_its_lines(team: Team, agent: Client) -> None:
    order = place(team, shipping_address="12 Quay Street\n<Bristol>")

    assert "<dd>12 Quay Street<br>&lt;Bristol&gt;</dd>" in page_of(team, agent, order)


def test_a_long_history_has_pages(team: Team, agent: Client) -> None:
    order = place(team)
    for _ in range(30):
        for status in ("active", "draft"):
            move_order(order_id=order.pk, status=status, by=team.owner)

    page = page_of(team, agent, order)
    assert page.count('<li> <span class="mark"') == 50
    older = page.partition("?before=")[2].partition("#")[0]
    assert "Created" in page_of(team, agent, order, f"?before={older}")
    page_of(team, agent, order, "?before=x")
    page_of(team, agent, order, f"?before={'9' * 19}")


@pytest.mark.parametrize("number", [0, MAX_ID + 1, 10**30])
def test_an_order_that_does_not_exist_is_a_404(team: Team, agent: Client, number: int) -> None:
    for method, path in (("get", ""), ("get", "/moves"), ("post", "/move")):
        send = getattr(agent, method)
        body = {"status": "active", "version": "1"}
        assert send(f"{address(team, 'orders', number)}{path}", body).status_code == 404


def test_orders_of_other_projects_are_404s(team: Team, agent: Client) -> None:
    other = make_order(team.owner)

    for client in (agent, browser_of(team.owner)):
        assert client.get(address(team, "orders", other.pk)).status_code == 404


def test_the_history_of_a_deleted_order_stays(team: Team, agent: Client) -> None:
    deleted = place(team, title=HOSTILE)
    number = deleted.pk
    User.objects.filter(pk=team.owner.pk).update(first_name="Dana", last_name="")
    delete_order(order_id=number, by=team.owner)
    path = address(team, "orders", number)

    answer = agent.get(path)
    part = agent.get(f"{path}?ids={number}", headers={"HX-Request": "true"})

    assert answer.status_code == 410
    page = " ".join(text_of(answer).split())
    assert "Deleted by Dana <time" in page
    assert "Created" in page
    assert "<img src=x" not in page
    # A script that has the page open swaps this in.
    assert part.status_code == 200
    assert f'id="order-{number}"' in text_of(part)
    assert agent.get(f"{path}/edit").status_code == 404
    elsewhere = _team_of(make_user())
    assert browser_of(elsewhere.owner).get(address(elsewhere, "orders", number)).status_code == 404


# --- Short links ------------------------------------------------------------------------------


def test_a_short_link_leads_each_reader_to_their_page(team: Team, agent: Client) -> None:
    customer = make_user()
    bought = create_order(
        by=customer, owner=customer, project=team.project, fields={"title": "Lamp"}
    )
    Order.objects.update(provider=Order.Provider.STOREFRONT)

    def leads(client: Client, order_id: int) -> str:
        response = client.get(f"/o/{order_id}")
        assert response.status_code in {302, 404}
        return str(response.get("Location", "nowhere"))

    viewer, stranger = browser_of(team.members["viewer"]), browser_of(make_user())
    assert leads(viewer, bought.pk) == address(team, "orders", bought.pk)
    assert leads(browser_of(customer), bought.pk) == f"/shop/orders/{bought.pk}"
    assert leads(stranger, bought.pk) == "nowhere"
    assert leads(agent, MAX_ID + 1) == "nowhere"
    assert leads(Client(), bought.pk).startswith("/sign-in?next=%2Fo%2F")


def test_a_short_link_tells_an_owner_who_is_neither_member_nor_customer(team: Team) -> None:
    owner = make_user()
    order = create_order(
        by=owner, owner=owner, project=team.project, fields={"title": HOSTILE, "status": "active"}
    )

    client = browser_of(owner)
    with CaptureQueriesContext(connection) as statements:
        response = client.get(f"/o/{order.pk}")

    assert response.status_code == 200
    page = text_of(response)
    assert f"#{order.pk} &lt;img" in page
    assert "active" in page
    assert "there is no page on which you can follow it" in page
    assert str(team.project.uuid) not in page
    assert len(statements) <= 4


def test_a_short_link_leads_members_to_the_history_of_a_deleted_order(
    team: Team, agent: Client
) -> None:
    number = place(team).pk
    delete_order(order_id=number, by=team.owner)

    with CaptureQueriesContext(connection) as statements:
        response = agent.get(f"/o/{number}")

    assert response["Location"] == address(team, "orders", number)
    assert len(statements) <= 4
    assert browser_of(make_user()).get(f"/o/{number}").status_code == 404


def test_text_of_strangers_stays_text(team: Team, agent: Client) -> None:
    item = ItemDraft(name=HOSTILE, quantity=1, unit_price=Decimal(1), sku=HOSTILE[:60])
    awaited = place(team, title=HOSTILE)
    order = place(
        team,
        awaited,
        items=[item],
        **dict.fromkeys(("title", "customer_name", "notes", "shipping_address"), HOSTILE),
    )

    page = page_of(team, agent, order)

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_page_takes_equally_many_statements_for_every_order(team: Team, agent: Client) -> None:
    alone = place(team)
    awaited = [place(team) for _ in range(30)]
    middle = [place(team, *awaited[:10]), place(team, *awaited[10:])]
    busy = place(team, *middle)
    counts = []
    for order in (alone, busy):
        page_of(team, agent, order)
        with CaptureQueriesContext(connection) as statements:
            page_of(team, agent, order)
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 8


# --- Moving -----------------------------------------------------------------------------------


def test_the_menu_has_the_moves_of_the_lifecycle(team: Team, agent: Client) -> None:
    order = place(team, place(team))

    page = page_of(team, agent, order)

    assert f'aria-label="Move #{order.pk} to"' in page
    assert page.count('role="menuitem" name="status"') == 4 - 1
    assert page.count('role="menuitem" type="button" aria-disabled="true"') == 4


def test_who_may_not_move_orders_has_no_menu(team: Team) -> None:
    assert "Move #" not in page_of(team, browser_of(team.members["viewer"]), place(team))


def test_an_order_whose_status_is_final_has_no_menu(team: Team, agent: Client) -> None:
    order = place(team)
    move_order(order_id=order.pk, status="cancelled", by=team.owner)

    assert "Move #" not in page_of(team, agent, order)


def test_a_form_moves_the_order(team: Team, agent: Client) -> None:
    order = place(team)

    response = move(team, agent, order, "active")

    assert (response.status_code, response["Location"]) == (303, address(team, "orders", order.pk))
    order.refresh_from_db()
    assert order.status == "active"
    back = move(team, agent, order, "shipped", next=address(team, "orders?status=active"))
    assert back["Location"] == address(team, "orders?status=active")
    order.refresh_from_db()
    evil = move(team, agent, order, "fulfilled", next="//evil.example")
    assert evil["Location"] == address(team, "orders", order.pk)


def test_a_blocked_move_is_refused_with_links_to_the_blockers(team: Team, agent: Client) -> None:
    awaited = place(team, title="Legs <b>")
    order = place(team, awaited)

    response = move(team, agent, order, "active")

    assert response.status_code == 409
    page = text_of(response)
    url = address(team, "orders", awaited.pk)
    assert f'<a href="{url}">#{awaited.pk} Legs &lt;b&gt;</a>' in page
    assert f"Back to #{order.pk}" in page
    order.refresh_from_db()
    assert (order.status, order.version) == ("pending", 1)


def test_htmx_gets_the_refusal_as_a_part(team: Team, agent: Client) -> None:
    order = place(team, place(team))

    body = {"status": "active", "version": "1"}
    path = address(team, "orders", order.pk, "move")
    response = agent.post(path, body, headers={"HX-Request": "true"})

    assert response.status_code == 409
    assert "<html" not in text_of(response)
    assert 'role="alert"' in text_of(response)


def test_a_form_that_is_sent_twice_has_moved_the_order(team: Team, agent: Client) -> None:
    order = place(team)

    answers = [move(team, agent, order, "active", version="1") for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    order.refresh_from_db()
    assert (order.status, order.version) == ("active", 2)


def test_a_page_that_was_overtaken_moves_nothing(team: Team, agent: Client) -> None:
    order = place(team)
    move_order(order_id=order.pk, status="active", by=team.owner)

    response = move(team, agent, order, "shipped")

    assert response.status_code == 412
    assert f"Somebody moved #{order.pk} to active 0 s ago, so nothing was done." in text_of(
        response
    )
    order.refresh_from_db()
    assert order.status == "active"


@pytest.mark.parametrize(
    "body", [{}, {"status": "x", "version": "1"}, {"status": "active"}, {"version": "1"}]
)
def test_an_incomplete_form_is_refused(team: Team, agent: Client, body: dict[str, str]) -> None:
    order = place(team)

    response = agent.post(address(team, "orders", order.pk, "move"), body)

    assert response.status_code == 400
    order.refresh_from_db()
    assert order.status == "pending"


def test_a_move_that_the_lifecycle_does_not_have_is_refused(team: Team, agent: Client) -> None:
    assert move(team, agent, place(team, status="draft"), "shipped").status_code == 409
    assert browser_of(make_user()).get(address(team, "orders")).status_code == 404


# --- Scripts that move ------------------------------------------------------------------------

SCRIPT = {"HX-Request": "true"}


def move_by_script(team: Team, client: Client, order: Order, status: str, **more: str) -> Any:
    body = {"status": status, "version": str(order.version), **more}
    return client.post(address(team, "orders", order.pk, "move"), body, headers=SCRIPT)


@pytest.mark.parametrize(
    ("status", "wanted", "undo"),
    [
        ("draft", "pending", "pending"),
        ("pending", "draft", "draft"),
        ("active", "draft", "draft"),
        ("pending", "failed", "failed"),
        ("pending", "active", ""),
        ("active", "shipped", ""),
    ],
)
def test_the_way_back_is_offered_where_it_is_open(
    team: Team, agent: Client, status: str, wanted: str, undo: str
) -> None:
    order = place(team, status=status)

    response = move_by_script(team, agent, order, wanted)

    page = text_of(response)
    assert f">#{order.pk} is {wanted} now.</p>" in page
    assert ("Undo" in page) == bool(undo)
    if undo:
        assert f'name="status" value="{status}">Undo' in page
        order.refresh_from_db()
        assert f'name="version" value="{order.version}"' in page
        move_by_script(team, agent, order, status)
        order.refresh_from_db()
        assert order.status == status


def test_an_order_that_waits_does_not_go_back_to_active(team: Team, agent: Client) -> None:
    order = place(team, place(team), status="draft")
    Order.objects.filter(pk=order.pk).update(status="active")

    page = text_of(move_by_script(team, agent, order, "draft"))

    assert "is draft now" in page
    assert "Undo" not in page


def test_a_move_that_is_tried_again_with_its_key_is_made_once(team: Team, agent: Client) -> None:
    order = place(team)
    answers = [move_by_script(team, agent, order, "draft", key="k1") for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    assert text_of(answers[0]) == text_of(answers[1])
    order.refresh_from_db()
    assert (order.status, order.version) == ("draft", 2)
    reused = move_by_script(team, agent, order, "pending", key="k1")
    assert reused.status_code == 409
    order.refresh_from_db()
    assert order.status == "draft"


def test_a_refused_script_gets_the_open_moves_as_buttons(team: Team, agent: Client) -> None:
    awaited = place(team, title="Legs")
    order = place(team, awaited)

    response = move_by_script(team, agent, order, "active")

    assert response.status_code == 409
    page = text_of(response)
    assert f">#{awaited.pk} Legs</a>" in page
    for status in ("draft", "failed", "cancelled"):
        assert f'name="status" value="{status}"' in page
    assert 'value="shipped"' not in page


def test_a_refusal_of_an_order_that_is_deleted_just_then_offers_no_moves(
    team: Team, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(team, status="draft")

    def refuse_and_delete(*, order_id: int, **asked: Any) -> None:
        try:
            update_order(order_id=order_id, **asked)
        finally:
            delete_order(order_id=order_id, by=team.owner)

    monkeypatch.setattr(services, "update_order", refuse_and_delete)

    response = move_by_script(team, agent, order, "shipped")

    assert response.status_code == 409
    assert 'name="status"' not in text_of(response)


def test_who_was_faster_is_named(team: Team, agent: Client) -> None:
    order = place(team)
    dana = team.members["manager"]
    dana.first_name = "Dana"
    dana.save()
    move_order(order_id=order.pk, status="shipped", by=dana)

    response = move_by_script(team, agent, order, "active")

    assert response.status_code == 412
    assert re.search(rf"Dana moved #{order.pk} to shipped \d+ s ago, so", text_of(response))


# --- Moves that ask first ---------------------------------------------------------------------


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_move_without_a_way_back_asks_first(team: Team, agent: Client, status: str) -> None:
    item = ItemDraft(name="Oak boards", quantity=3, unit_price=Decimal("129.00"))
    order = place(team, title="Legs", items=[item])
    waiting = place(team, order, title=HOSTILE, auto_activate=True)

    asked = move(team, agent, order, status, next=address(team, "board"))

    assert asked.status_code == 303
    order.refresh_from_db()
    assert order.status == "pending"
    page = " ".join(text_of(agent.get(asked["Location"])).split())
    assert f"<h1>Move #{order.pk} Legs to {status}?</h1>" in page
    assert f"There is no way back from {status}." in page
    words = "1 order becomes active by itself" if status == "completed" else "1 order is blocked"
    assert words in page
    assert f"#{waiting.pk} &lt;img src=x" in page
    assert "<img src=x" not in page
    done = move(team, agent, order, status, sure="on", next=address(team, "board"))
    assert done["Location"] == address(team, "board")
    order.refresh_from_db()
    assert order.status == status


def test_a_script_gets_the_question_as_a_dialog(team: Team, agent: Client) -> None:
    order = place(team)
    path = f"{address(team, 'orders', order.pk, 'moves')}?to=cancelled"

    page = text_of(agent.get(path, headers=SCRIPT))

    assert "<html" not in page
    assert '<dialog class="dialog" id="asking"' in page
    assert "No other order is affected." in page
    assert f'name="version" value="{order.version}"' in page


def test_the_moves_have_a_page_and_a_menu(team: Team, agent: Client) -> None:
    order = place(team, place(team))
    path = address(team, "orders", order.pk, "moves")

    page = text_of(agent.get(path, {"next": address(team, "board")}))
    assert 'name="status" value="draft"' in page
    assert f'name="next" value="{address(team, "board")}"' in page
    evil = text_of(agent.get(path, {"next": "//evil.example"}))
    assert 'name="next" value="//evil' not in evil
    door = agent.get(f"{address(team, 'orders/moves')}?order={order.pk}&next=/app/")
    assert door["Location"] == f"{path}?next=%2Fapp%2F"
    for nothing in ("", "x", "9" * 30):
        lost = agent.get(f"{address(team, 'orders/moves')}?order={nothing}")
        assert lost["Location"] == address(team, "board")
    menu = text_of(agent.get(path, headers=SCRIPT))
    assert f'aria-label="Move #{order.pk} to"' in menu
    assert "<html" not in menu
    assert agent.get(path, {"to": "fulfilled"}).status_code == 200
    done = place(team, status="active")
    move_order(order_id=done.pk, status="completed", by=team.owner)
    assert "no way back" in text_of(agent.get(address(team, "orders", done.pk, "moves")))
    refused = agent.get(address(team, "orders", done.pk, "moves"), {"to": "draft"})
    assert refused.status_code == 409
