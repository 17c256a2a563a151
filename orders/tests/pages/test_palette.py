"""The command palette: what it finds, for whom, and at what cost."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_project
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from catalog.models import Product
from orders.models import Order
from orders.services import save_view
from orders.tests.pages.scenes import HOSTILE, address, place, text_of

pytestmark = pytest.mark.django_db


def found(team: Team, browser: Client, text: str) -> list[tuple[str, str]]:
    page = text_of(browser.get(address(team, "palette"), {"q": text}))
    assert "<html" not in page
    return [
        (re.sub(r"<svg.*?</svg>", "", words), url)
        for url, words in re.findall(r'<li data-url="([^"]*)">(.*?)</li>', page, re.DOTALL)
    ]


def test_finds_orders_views_products_and_people(team: Team, agent: Client) -> None:
    order = place(team, title="Sails for Anna")
    product = Product.objects.create(project=team.project, name="Sailcloth", sku="SAIL-1", price=1)
    view = save_view(
        project=team.project, by=team.members["agent"], fields={"name": "Sails, late", "query": ""}
    )
    save_view(project=team.project, by=team.owner, fields={"name": "Sails of the owner"})

    assert found(team, agent, "  SAIL ") == [
        (f"#{order.pk} Sails for Anna", address(team, "orders", order.pk)),
        ("Sails, late, view", f"{address(team, 'orders')}?view={view.pk}"),
        ("Sailcloth, SAIL-1", address(team, "products", product.uuid)),
    ]
    manager = team.members["manager"]
    (person,) = found(team, agent, f"manager {manager.email}")
    assert person[1] == address(team, "team")


def test_the_order_with_that_number_comes_first(team: Team, agent: Client) -> None:
    order = place(team)
    for _ in range(6):
        place(team, title=f"Like {order.pk}")

    it = (f"#{order.pk} An order", address(team, "orders", order.pk))
    some = found(team, agent, str(order.pk))
    assert (some[0], len(some)) == (it, 5)
    assert found(team, agent, f"#{order.pk}") == [it]


def test_nothing_of_other_projects_and_no_html(team: Team, agent: Client) -> None:
    owner = make_user()
    other = Team(create_project(owner=owner, name="Other"), {"owner": owner})
    place(other, title="Secret sail")
    place(team, title=HOSTILE)

    assert found(team, agent, "secret") == []
    page = text_of(agent.get(address(team, "palette"), {"q": "<img"}))
    assert "&lt;img src=x" in page
    assert "<img" not in page
    for text in ("", "   ", "\0", "#", "%", "_" * 1000, "9" * 40):
        assert agent.get(address(team, "palette"), {"q": text}).status_code == 200
    assert browser_of(owner).get(address(team, "palette"), {"q": "a"}).status_code == 404


def test_a_search_takes_one_statement_for_each_kind(team: Team, agent: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            agent.get(address(team, "palette"), {"q": "lamp"})
        return len(captured)

    few = statements()
    Order.objects.bulk_create(
        Order(owner=team.owner, project=team.project, title=f"Lamp {number}")
        for number in range(50)
    )
    # The session, the project, and four kinds.
    assert statements() == few == 6


def test_pages_name_the_address_of_the_palette(team: Team, agent: Client) -> None:
    response: Any = agent.get(address(team, "orders"))

    assert f'data-search="{address(team, "palette")}"' in text_of(response)
