"""What the customers of the year ordered."""

import csv
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import Project, User
from orderchainer.core.days import today_in
from orderchainer.demo.history.drafts import Article, Draft
from orderchainer.demo.history.events import events_of
from orderchainer.demo.shop import CATALOGUE
from orders.models import Order, OrderDependency, OrderItem
from orders.stream.recording import record_past

DAYS = 365
# Orders of an average day at the beginning, and how much more they are a year later.
ORDERS_A_DAY = 6.0
GROWTH = 0.35
# From Monday to Sunday, and from January to December: furniture sells before winter and Christmas.
WEEKDAYS = (1.0, 0.95, 0.95, 1.0, 0.9, 1.2, 1.4)
MONTHS = (0.8, 0.8, 0.9, 0.95, 1.0, 0.85, 0.75, 0.8, 1.0, 1.15, 1.6, 1.8)
# People order in their lunch break, and most of all in the evening.
HOURS = (1, 0, 0, 0, 0, 1, 2, 4, 6, 7, 8, 9, 11, 9, 7, 7, 8, 9, 11, 14, 16, 14, 8, 3)
CHANNELS = (Order.Provider.STOREFRONT, Order.Provider.SHOPIFY, Order.Provider.MANUAL)
CHANNEL_SHARES = (0.55, 0.38, 0.07)
SWISS_SHARE = 0.08
SHIPPING = Decimal("4.90")
# How many of the orders are somebody's first.
NEWCOMERS = 0.4
CHUNK = 1000
FIRST_NAMES = (
    *("Mara", "Jonas", "Elif", "Noor", "Hedi", "Lena", "Paul", "Mia", "Ben", "Clara", "Emil"),
    *("Frieda", "Karl", "Lotte", "Max", "Nele", "Oskar", "Pia", "Ravi", "Sofia", "Theo", "Uma"),
    *("Viktor", "Wanda", "Yara"),
)
LAST_NAMES = (
    *("Lindt", "Weber", "Kaya", "Haddad", "Sommer", "Fischer", "Meier", "Huber", "Keller"),
    *("Brunner", "Vogel", "Winter", "Lang", "Roth", "Frei", "Graf", "Baumann", "Schmid", "Koch"),
    *("Maurer", "Moser", "Peters", "Kuhn", "Arnold", "Ziegler"),
)


def write_orders(drafts: Sequence[Draft], merchant: User) -> None:
    """Store the orders with their items, their dependencies and their events."""
    Order.objects.bulk_create([draft.order for draft in drafts], batch_size=CHUNK)
    OrderItem.objects.bulk_create(
        [
            OrderItem(
                order=draft.order,
                name=article.name,
                sku=article.sku,
                unit_price=article.price_in(draft.order.currency),
                quantity=quantity,
            )
            for draft in drafts
            for article, quantity in draft.items
        ],
        batch_size=CHUNK,
    )
    OrderDependency.objects.bulk_create(
        [
            OrderDependency(order=draft.order, depends_on=each.order)
            for draft in drafts
            for each in draft.waits_for
        ]
    )
    record_past(events_of(drafts, merchant, now=timezone.now()))


def drafts_of(project: Project, merchant: User, chance: random.Random) -> Iterator[Draft]:
    """Yield what customers ordered, the oldest first."""
    articles = _articles()
    for order, items in _bought(project, merchant, articles, chance):
        yield Draft(order, items)


def _articles() -> Sequence[Article]:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["is_active"] == "true"]
    return [Article(row["sku"], row["name"], Decimal(row["price"])) for row in rows]


def _bought(
    project: Project, merchant: User, articles: Sequence[Article], chance: random.Random
) -> Iterator[tuple[Order, Sequence[tuple[Article, int]]]]:
    """Yield unsaved orders with their items, the oldest first."""
    today = today_in(project.zone)
    # The cheaper an article, the more often it sells; a few are loved.
    liking = [chance.uniform(0.3, 3) / float(article.price) ** 0.5 for article in articles]
    known = 0
    number = 1000
    for days_ago in range(DAYS, 0, -1):
        day = today - timedelta(days=days_ago)
        for placed_at in _moments(day, days_ago, project, chance):
            number += 1
            items = [
                (article, 1 if article.price > 60 else chance.choice((1, 1, 1, 2, 2, 4)))
                for article in dict.fromkeys(
                    chance.choices(articles, liking, k=chance.choice((1, 1, 1, 2, 2, 3)))
                )
            ]
            # Some come back often, most never.
            is_new = not known or chance.random() < NEWCOMERS
            name, email = _customer(known if is_new else int(known * chance.random() ** 1.6))
            known += is_new
            order = _order(project, merchant, placed_at, items, chance)
            order.title = f"#{number}"
            order.customer_name, order.customer_email = name, email
            yield order, items


def _customer(number: int) -> tuple[str, str]:
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[number // len(FIRST_NAMES) % len(LAST_NAMES)]
    return f"{first} {last}", f"{first}.{last}.{number}@example.com".lower()


def _moments(
    day: date, days_ago: int, project: Project, chance: random.Random
) -> Sequence[datetime]:
    """Return when the orders of a day were placed."""
    expected = (
        ORDERS_A_DAY
        * WEEKDAYS[day.weekday()]
        * MONTHS[day.month - 1]
        * (1 + GROWTH * (DAYS - days_ago) / DAYS)
    )
    count = max(0, round(chance.gauss(expected, expected**0.5)))
    hours = chance.choices(range(24), HOURS, k=count)
    return sorted(
        datetime.combine(
            day, time(hour, chance.randrange(60), chance.randrange(60)), project.zone
        ).astimezone(UTC)
        for hour in hours
    )


def _order(
    project: Project,
    merchant: User,
    placed_at: datetime,
    items: Sequence[tuple[Article, int]],
    chance: random.Random,
) -> Order:
    currency = "CHF" if chance.random() < SWISS_SHARE else "EUR"
    return Order(
        owner=merchant,
        project=project,
        provider=chance.choices(CHANNELS, CHANNEL_SHARES)[0],
        currency=currency,
        total_price=sum(article.price_in(currency) * count for article, count in items) + SHIPPING,
        ordered_at=placed_at,
    )
