"""Today: what somebody should look at first."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import OPERATIONS, Operation
from accounts.pages.workspace import WorkspacePage
from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from catalog.models import Product
from catalog.tests.factories import make_product
from integrations import providers
from integrations.models import Integration
from integrations.models.integrations import sealed
from integrations.tests.pretend import provider
from integrations.tests.pretend.shop import Shop
from notifications.channels import Person
from notifications.models import Conversation
from notifications.services import change_conversation, receive_message, set_blocked
from notifications.tests.factories import incoming, make_line
from orders.models import Order
from orders.tests.pages.scenes import place
from reports.pages.figures import compared
from reports.sales_today import sales_today
from reports.tests.pages.scenes import HOSTILE, address, html_of, section_of, text_of

pytestmark = pytest.mark.django_db

SUNDAY = datetime(2026, 11, 29, 15, 30, tzinfo=UTC)


def write_as(team: Team, name: str, number: str, count: int = 1) -> Conversation:
    """Have a customer write."""
    line = make_line(team.project)
    person = Person(provider_id=f"US.{number}", number=number, name=name)
    for text in range(count):
        message = receive_message(line=line, incoming=incoming(f"Hello {text}", person=person))
    assert message
    return message.conversation


def a_lot_of_everything(team: Team, count: int) -> None:
    """Put `count` more things into each section."""
    before = Order.objects.count()
    failed = place(team, status="failed", title="Broken")
    open_order = place(team, status="active", title="In work")
    for number in range(count):
        place(team, failed, title=f"Stuck {number}")
        place(team, open_order, title=f"Patient {number}")
        place(team, title=f"Fresh {number}")
        make_product(team.project, stock=1, name=f"Rare {number}", sku=f"R{before}-{number}")
        write_as(team, f"Customer {number}", f"4915112345{number:03}")
        Integration.objects.create(
            project=team.project,
            provider="shopify",
            account=f"shop-{before}-{number}",
            status="error",
            last_error="The token was revoked.",
            secrets=sealed({}),
        )


def test_a_phone_has_four_pages_in_reach_and_the_others_behind_more(team: Team) -> None:
    page = html_of(browser_of(team.owner).get(address(team, "today")))
    navigation = page.partition('class="navigation"')[2].partition("</ul>")[0]
    more = page.partition('aria-label="More pages"')[2].partition("</ul>")[0]

    in_bar = re.findall(r"<li>.*?<span>(.+?)</span>", navigation, re.DOTALL)

    assert in_bar == ["Today", "Orders", "Inbox", "Products"]
    assert navigation.count('class="rest"') == more.count("<li>")
    assert ">Board<" in navigation
    assert "Board</a>" in more


def test_each_kind_shows_the_first_five_and_how_many_there_are(team: Team, agent: Client) -> None:
    a_lot_of_everything(team, 7)

    page = agent.get(address(team, "today"))

    for heading, entry, all_of_them in (
        ("blocked", "Stuck", "All 7 blocked orders"),
        ("ready", "Fresh", "All 7 ready orders"),
        ("waits", "Patient", "All 7 waiting orders"),
        ("unread", "Customer", "All 7 unread conversations"),
        ("stock", "Rare", "All 7 products to reorder"),
        ("integrations", "Shopify shop-", "All 7 integrations"),
    ):
        section = section_of(page, heading)
        assert section.count(f"{entry} " if not entry.endswith("-") else entry) == 5, heading
        assert all_of_them in section
        assert " 7 " in section
    assert "blocked by #" in section_of(page, "blocked")
    assert "The token was revoked." in section_of(page, "integrations")


def test_what_is_longest_so_comes_first(team: Team, agent: Client) -> None:
    for days in (2, 9, 4):
        made = place(team, title=f"Since {days} days")
        Order.objects.filter(pk=made.pk).update(
            status_changed_at=timezone.now() - timedelta(days=days)
        )

    section = section_of(agent.get(address(team, "today")), "ready")

    assert re.findall(r"Since (\d) days", section) == ["9", "4", "2"]
    assert "9 d" in section


@pytest.mark.parametrize("heading", ["blocked", "ready", "waits"])
def test_the_links_lead_to_lists_of_exactly_these_orders(
    team: Team, agent: Client, heading: str
) -> None:
    a_lot_of_everything(team, 2)
    place(team, status="draft", title="A draft is ready too")

    html = html_of(agent.get(address(team, "today")))
    (link, total) = re.findall(rf'href="([^"]+chain={heading})">(?:All )?(\d+) ', html)[0]
    rows = re.findall(r'id="order-\d+"', html_of(agent.get(link)))

    assert len(rows) == int(total)


def test_the_link_of_low_stock_leads_to_exactly_these_products(team: Team, agent: Client) -> None:
    make_product(team.project, stock=5, name="Nearly gone", sku="A")
    make_product(team.project, stock=0, name="Gone", sku="B")
    make_product(team.project, stock=6, name="Enough", sku="C")
    hidden = make_product(team.project, stock=0, name="Not for sale", sku="D")
    Product.objects.filter(pk=hidden.pk).update(is_active=False)

    page = agent.get(address(team, "today"))
    section = section_of(page, "stock")
    link = re.findall(r'href="([^"]+stock_max[^"]+)"', html_of(page))[0].replace("&amp;", "&")

    assert section.index("Gone Sold out") < section.index("Nearly gone Low: 5 left")
    assert "2 products to reorder" in section
    listed = text_of(agent.get(link))
    assert ("Gone" in listed, "Enough" in listed, "Not for sale Not" in listed) == (
        True,
        False,
        False,
    )


def test_read_and_blocked_conversations_are_left_out(team: Team, agent: Client) -> None:
    kept = write_as(team, "Ada", "491511234567", count=2)
    read = write_as(team, "Bo", "491511234568")
    Conversation.objects.filter(pk=read.pk).update(unread=0)
    closed = write_as(team, "Di", "491511234570")
    change_conversation(conversation=closed, by=team.owner, changes={"status": "closed"})
    blocked = write_as(team, "Cy", "491511234569")
    set_blocked(contact=blocked.contact, is_blocked=True, by=team.owner)

    page = agent.get(address(team, "today"))
    section = section_of(page, "unread")

    assert kept.unread == 2
    assert f'href="{address(team, "inbox", kept.uuid)}"' in html_of(page)
    (link,) = re.findall(r'href="([^"]+unread=true[^"]*)"', html_of(page))
    inbox = html_of(agent.get(link.replace("&amp;", "&")))
    found = [f"<bdi>{name}</bdi>" in inbox for name in ("Ada", "Bo", "Cy", "Di")]
    # A closed conversation with an unread message is on both pages.
    assert found == [True, False, False, True]
    assert re.search(r'aria-current="\w+">\s*Unread', inbox)
    assert "2 unread conversations" in section
    assert "Ada 2 messages" in section
    assert ("Bo" in section, "Cy" in section) == (False, False)


def test_without_anything_to_do_the_page_says_what_comes_next(team: Team, agent: Client) -> None:
    page = agent.get(address(team, "today"))

    assert "All clear" in text_of(page)
    assert 'href="' + address(team, "orders/new") in html_of(page)
    # Only managers add products.
    assert "Add a product" not in text_of(page)


def test_it_offers_to_connect_each_provider_that_brings_orders(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = browser_of(team.owner)
    page = text_of(owner.get(address(team, "today")))
    assert "Connect Shopify" in page
    assert "Connect Telegram" not in page
    known = provider.PROVIDER
    monkeypatch.setattr(providers, "PROVIDERS", ["integrations.tests.pretend"])
    monkeypatch.setattr(provider, "PROVIDER", replace(known, connector=Shop().connector()))

    page = html_of(owner.get(address(team, "today")))

    assert f'href="{address(team, "integrations/connect/pretend")}"' in page
    assert "Connect Pretend" in page
    assert "Shopify" not in page


def test_who_only_looks_is_offered_nothing_to_create(team: Team, viewer: Client) -> None:
    page = viewer.get(address(team, "today"))

    assert page.status_code == 200
    assert "All clear" in text_of(page)
    assert "orders/new" not in html_of(page)


def test_nobody_sees_what_their_role_does_not_show(
    team: Team, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_lot_of_everything(team, 1)
    allowed = {"view_project", "view_catalog"}

    def may(_self: WorkspacePage, operation: Operation | str) -> bool:
        asked = OPERATIONS[operation] if isinstance(operation, str) else operation
        return asked.name in allowed

    monkeypatch.setattr(WorkspacePage, "may", may)
    page = agent.get(address(team, "today"))

    assert section_of(page, "stock")
    for heading in ("sales", "blocked", "ready", "waits", "unread", "integrations"):
        assert not section_of(page, heading), heading
    assert "everything is read" not in text_of(page)


def test_names_of_strangers_are_text(team: Team, agent: Client) -> None:
    place(team, title=HOSTILE, customer_name=HOSTILE)
    make_product(team.project, stock=0, name=HOSTILE)
    write_as(team, HOSTILE, "491511234567")

    html = html_of(agent.get(address(team, "today")))

    assert "<img src=x" not in html
    assert html.count("&lt;img src=x") >= 4


def test_sales_are_compared_with_the_same_weekday_at_the_same_time(
    team: Team, agent: Client
) -> None:
    def sell(at: datetime, total: str, currency: str = "EUR") -> None:
        made = place(team, status="completed", total_price=Decimal(total), currency=currency)
        Order.objects.filter(pk=made.pk).update(ordered_at=at)

    with time_machine.travel(SUNDAY, tick=False):
        sell(SUNDAY - timedelta(hours=1), "60.00")
        sell(SUNDAY - timedelta(hours=2), "48.00")
        sell(SUNDAY - timedelta(days=7, hours=1), "100.00")
        # Later that day, the day before, and in another currency.
        sell(SUNDAY - timedelta(days=7) + timedelta(hours=1), "900.00")
        sell(SUNDAY - timedelta(days=1), "900.00")
        sell(SUNDAY - timedelta(days=7, hours=2), "7.00", "CHF")
        section = section_of(agent.get(address(team, "today")), "sales")

    assert "Sunday, Europe/Berlin" in section
    assert "Orders 2 as many as last Sunday by this time" in section
    assert "Revenue 108.00 EUR 8% more than 100.00 EUR last Sunday by this time" in section
    assert "Revenue 0.00 CHF 7.00 CHF last Sunday by this time" in section


@pytest.mark.parametrize(
    ("now", "counted", "left_out"),
    [
        # Europe's clocks went forward on 29 March 2026, and back on 25 October.
        ("2026-03-29T12:00+02:00", "2026-03-22T11:30+01:00", "2026-03-22T12:30+01:00"),
        ("2026-04-05T12:00+02:00", "2026-03-29T11:30+02:00", "2026-03-29T12:30+02:00"),
        ("2026-10-25T12:00+01:00", "2026-10-18T11:30+02:00", "2026-10-18T12:30+02:00"),
        ("2026-11-01T12:00+01:00", "2026-10-25T11:30+01:00", "2026-10-25T12:30+01:00"),
        # Of a day that ends by now, nothing of the next one counts.
        ("2026-11-01T00:00+01:00", "2026-10-25T00:00+02:00", "2026-10-24T23:30+02:00"),
        ("2026-11-01T23:59:59+01:00", "2026-10-25T23:30+01:00", "2026-10-26T00:00+01:00"),
    ],
    ids=["forward today", "forward then", "back today", "back then", "midnight", "last second"],
)
def test_the_same_time_is_what_the_clocks_show(
    team: Team, now: str, counted: str, left_out: str
) -> None:
    for at in (counted, left_out):
        made = place(team, status="completed", total_price=Decimal("5.00"))
        Order.objects.filter(pk=made.pk).update(ordered_at=datetime.fromisoformat(at))

    with time_machine.travel(datetime.fromisoformat(now), tick=False):
        sales = sales_today(team.project)

    assert (sales.now.total_orders, sales.then.total_orders) == (0, 1)


@pytest.mark.parametrize(
    ("now", "then", "currency", "words"),
    [
        (3, 2, "", "50% more than 2 last Sunday"),
        (1, 3, "", "66.7% fewer than 3 last Sunday"),
        (100_001, 100_000, "", "slightly more than 100,000 last Sunday"),
        (0, 0, "", "none last Sunday"),
        (5, 0, "", "none last Sunday"),
        (0, 5, "", "5 last Sunday"),
        (Decimal(1500), Decimal(1000), "JPY", "50% more than 1,000\u00a0JPY last Sunday"),
        (Decimal("1.5"), Decimal("3.000"), "KWD", "50% less than 3.000\u00a0KWD last Sunday"),
        (Decimal(0), Decimal(0), "EUR", "nothing last Sunday"),
    ],
    ids=[
        *("more", "fewer", "slightly", "neither", "the first", "the last"),
        *("yen", "dinars", "no revenue"),
    ],
)
def test_a_figure_says_in_words_how_it_compares(
    now: int | Decimal, then: int | Decimal, currency: str, words: str
) -> None:
    figure = compared("Sold", now, then, when="last Sunday", currency=currency)

    assert figure.against == words


def test_the_page_takes_as_many_statements_for_many_things_as_for_few(
    team: Team, agent: Client
) -> None:
    counts = []
    for count in (1, 6):
        a_lot_of_everything(team, count)
        with CaptureQueriesContext(connection) as statements:
            assert agent.get(address(team, "today")).status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 10


def test_a_script_gets_the_part_that_changes(team: Team, agent: Client) -> None:
    place(team, title="Fresh")

    part = agent.get(address(team, "today"), headers={"HX-Request": "true", "HX-Target": "today"})

    assert html_of(part).strip().startswith('<div class="stack" id="today" data-refreshes>')
    assert "Fresh" in text_of(part)
    assert "<html" not in html_of(part)


def test_a_project_opens_at_today(team: Team, viewer: Client) -> None:
    response = viewer.get(address(team, ""))

    assert response["Location"] == address(team, "today")
