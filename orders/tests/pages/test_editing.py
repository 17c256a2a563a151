"""The forms that create and change orders."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from orders.models import Order
from orders.services import ItemDraft, update_order
from orders.tests.factories import make_order
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.django_db


def fields_on(html: str) -> dict[str, str]:
    """Return what a browser would send if nobody typed anything."""
    main = html.partition('<main id="main"')[2].partition("</main>")[0]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", main):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent[name[1]] = unescape(value[1]) if value else "on" * ("checkbox" in tag)
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', main, re.S):
        sent[name] = unescape(text.removeprefix("\n"))
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', main, re.S):
        # Browsers send the first option if none is selected.
        values = re.findall(r'value="([^"]*)" selected', options)
        sent[name] = (values or re.findall(r'value="([^"]*)"', options))[0]
    return sent


def send(client: Client, path: str, **typed: str) -> Any:
    """Open the form, type something, and send it."""
    sent = fields_on(text_of(client.get(path)))
    return client.post(path, {**sent, **typed})


# --- New orders -------------------------------------------------------------------------------


def test_a_form_creates_an_order(team: Team, agent: Client) -> None:
    awaited = place(team)

    response = send(
        agent,
        address(team, "orders/new"),
        title="Table",
        waits_for=f"#{awaited.pk}",
        customer_name="Anna",
        item_1_name="Oak",
        item_1_quantity="3",
        item_1_price="129",
        item_2_name="Oil",
        item_2_price="1.50",
    )

    order = Order.objects.latest("pk")
    assert response.status_code == 303, text_of(response)
    assert response["Location"] == address(team, "orders", order.pk)
    assert (order.title, order.status, order.provider) == ("Table", "pending", "manual")
    assert (order.owner, order.customer_name) == (team.members["agent"], "Anna")
    assert order.total_price == Decimal("388.50")
    assert list(order.dependencies.all()) == [awaited]
    assert [(item.name, item.quantity) for item in order.items.order_by("pk")] == [
        ("Oak", 3),
        ("Oil", 1),
    ]
    assert f"Order #{order.pk} is created." in text_of(agent.get(response["Location"]))


def test_sending_the_form_twice_creates_one_order(team: Team, agent: Client) -> None:
    path = address(team, "orders/new")
    sent = {**fields_on(text_of(agent.get(path))), "title": "Table"}

    first, second = agent.post(path, sent), agent.post(path, sent)

    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1
    assert agent.post(path, {**sent, "title": "Chair"}).status_code == 409
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Give the order a title"),
        ({"title": "T", "waits_for": "#999999"}, "There is no order #999999"),
        ({"title": "T", "waits_for": "legs"}, "“legs” is not the number of an order."),
        ({"title": "T", "waits_for": "9" * 30}, "is not the number of an order."),
        ({"title": "T", "link": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"title": "T", "total_price": "1_000"}, "Enter a number."),
        ({"title": "T", "currency": "XXY"}, "XXY"),
        ({"title": "T", "item_1_price": "5"}, "This field is required."),
        ({"title": "T", "item_1_name": "A"}, "This field is required."),
        ({"title": "T", "status": "shipped"}, "Select a valid choice."),
        ({"title": "x" * 256}, "at most 255 characters"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_typed(
    team: Team, agent: Client, typed: dict[str, str], words: str
) -> None:
    response = send(agent, address(team, "orders/new"), notes=HOSTILE, **typed)

    page = text_of(response)
    assert response.status_code == 400
    assert words in unescape(page)
    assert 'id="error-summary"' in page
    assert fields_on(page)["notes"] == HOSTILE
    assert "<img src=x" not in page
    assert not Order.objects.exists()


def test_a_new_order_that_waits_cannot_be_active(team: Team, agent: Client) -> None:
    awaited = place(team)

    response = send(
        agent, address(team, "orders/new"), title="T", status="active", waits_for=str(awaited.pk)
    )

    assert response.status_code == 409
    # What was typed is still there.
    assert fields_on(text_of(response))["title"] == "T"
    assert Order.objects.count() == 1


def test_orders_of_others_cannot_be_awaited(team: Team, agent: Client) -> None:
    other = make_order(team.members["viewer"], title="Private")

    response = send(agent, address(team, "orders/new"), title="T", waits_for=str(other.pk))

    assert response.status_code == 400
    assert "Private" not in text_of(response)


# --- Changing orders --------------------------------------------------------------------------


def test_a_form_changes_only_what_was_typed(team: Team, agent: Client) -> None:
    first, second = place(team), place(team)
    order = place(team, first, title=HOSTILE, notes="Ring\ntwice", auto_activate=True)

    path = address(team, "orders", order.pk, "edit")
    response = send(agent, path, title="New", waits_for=f"{second.pk} #{first.pk}")

    assert (response.status_code, response["Location"]) == (303, path.removesuffix("/edit"))
    order.refresh_from_db()
    assert order.title == "New"
    assert set(order.dependencies.all()) == {first, second}
    event = order.events.filter(type="order_updated").get()
    assert set(event.data["changes"]) == {"title", "dependencies"}


def test_an_untouched_form_changes_nothing(team: Team, agent: Client) -> None:
    order = place(team, place(team), notes="Ring\ntwice", total_price=Decimal("12.50"))

    assert send(agent, address(team, "orders", order.pk, "edit")).status_code == 303

    order.refresh_from_db()
    assert order.version == 1


def test_amounts_have_the_decimals_of_their_currency(team: Team, agent: Client) -> None:
    item = ItemDraft(name="Tea", quantity=1, unit_price=Decimal(1000))
    yen = place(team, currency="JPY", items=[item])
    euro = place(team, currency="EUR", total_price=Decimal("12.5"))

    page = text_of(agent.get(address(team, "orders", yen.pk, "edit")))
    assert 'name="total_price" value="1000"' in page
    assert 'name="item_1_price" value="1000"' in page
    page = text_of(agent.get(address(team, "orders", euro.pk, "edit")))
    assert 'name="total_price" value="12.50"' in page
    assert send(agent, address(team, "orders", yen.pk, "edit")).status_code == 303
    yen.refresh_from_db()
    assert yen.version == 1


def test_a_page_that_was_overtaken_shows_both_values(team: Team, agent: Client) -> None:
    order = place(team, title="Old", notes="Old")
    path = address(team, "orders", order.pk, "edit")
    sent = {**fields_on(text_of(agent.get(path))), "title": "Mine"}
    update_order(order_id=order.pk, by=team.owner, fields={"title": "Theirs", "notes": "New"})

    response = agent.post(path, sent)

    page = text_of(response)
    assert response.status_code == 412
    assert "This has changed since you read it" in page
    assert "Now: Theirs." in page
    assert fields_on(page)["title"] == "Mine"
    assert fields_on(page)["notes"] == "New"
    order.refresh_from_db()
    assert order.title == "Theirs"
    # The page has the present version now, so sending it again is a choice.
    assert agent.post(path, fields_on(page)).status_code == 303
    order.refresh_from_db()
    assert (order.title, order.notes) == ("Mine", "New")


def test_a_change_between_reading_and_locking_is_not_overwritten(
    team: Team, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = place(team, title="Old")
    path = address(team, "orders", order.pk, "edit")
    sent = {**fields_on(text_of(agent.get(path))), "title": "Mine"}

    def slowly(**asked: Any) -> Order:
        monkeypatch.undo()
        update_order(order_id=order.pk, by=team.owner, fields={"title": "Theirs"})
        return update_order(**asked)

    monkeypatch.setattr("orders.pages.editing.services.update_order", slowly)
    response = agent.post(path, sent)

    assert response.status_code == 412
    assert "Now: Theirs." in text_of(response)
    order.refresh_from_db()
    assert order.title == "Theirs"


def test_a_cycle_is_refused_at_its_field(team: Team, agent: Client) -> None:
    first = place(team)
    second = place(team, first)

    response = send(agent, address(team, "orders", first.pk, "edit"), waits_for=f"#{second.pk}")

    assert response.status_code == 400
    way = f"#{first.pk} waits for #{second.pk} waits for #{first.pk}"
    assert f"That would be a circle: {way}." in text_of(response)


def test_the_buttons_are_there_for_those_who_may(team: Team) -> None:
    order = place(team)
    for role, there in (("agent", True), ("viewer", False)):
        client = browser_of(team.members[role])
        assert ("Create order" in text_of(client.get(address(team, "orders")))) is there
        assert ("/edit" in text_of(client.get(address(team, "orders", order.pk)))) is there


def test_the_forms_take_few_statements(team: Team, agent: Client) -> None:
    order = place(team, place(team), place(team))
    for path in ("orders/new", f"orders/{order.pk}/edit"):
        agent.get(address(team, path))
        with CaptureQueriesContext(connection) as statements:
            agent.get(address(team, path))
        assert len(statements) <= 10
