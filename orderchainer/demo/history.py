"""A year of orders and conversations for the demo, so that reports have something to tell.

The rows are made up, the same for everybody but for the dates, and written in bulk: no event
records them, and nobody is told of them. They are in a project of their own.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Project, User
from accounts.services import create_project
from notifications.models import Contact, ContactAddress, Conversation, Message
from notifications.models.messages import ContentType, Direction, MessageStatus
from orderchainer.core.days import today_in
from orderchainer.demo.shop import CATALOGUE
from orders.lifecycle import Status
from orders.models import Order, OrderItem

NAME = "Aurora Workshop, a year"
DAYS = 365
SEED = 20
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
# A franc is worth about so many euros; prices in Switzerland are round.
FRANCS = Decimal("0.95")
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
QUESTIONS = (
    "Hello, when will my order arrive?",
    "Can I still change the address?",
    "Is the oak oiled or lacquered?",
    "One of the legs has a scratch. What can we do?",
    "Do you deliver to the third floor?",
)
ANSWERS = (
    "Hello! It leaves our workshop tomorrow and is with you in two or three days.",
    "Of course. I have changed it for you.",
    "It is oiled. You can refresh it with any hardwax oil.",
    "I am sorry. We send you a new one today, and you need not send the old one back.",
    "Yes, the carrier brings it up to your door.",
)


@dataclass(frozen=True)
class Article:
    """A product of the demo's catalogue."""

    sku: str
    name: str
    price: Decimal


@transaction.atomic
def load_history(merchant: User) -> int:
    """Make a project with a year of orders, up to yesterday; return how many it has.

    If the project is there already, nothing changes.
    """
    known = Project.objects.filter(
        name=NAME, memberships__user=merchant, memberships__role=Membership.Role.OWNER
    ).first()
    if known is not None:
        return known.orders.count()
    project = create_project(
        owner=merchant,
        name=NAME,
        description="A year of made-up orders, to try reports with.",
        timezone="Europe/Berlin",
        currency="EUR",
    )
    # Nobody's secrets depend on these numbers; they only must come out the same each time.
    chance = random.Random(SEED)
    orders = _write_orders(project, merchant, chance)
    _write_conversations(project, merchant, orders, chance)
    return len(orders)


# --- Orders -----------------------------------------------------------------------------------


def _write_orders(project: Project, merchant: User, chance: random.Random) -> Sequence[Order]:
    articles = _articles()
    drafts = list(_drafts(project, merchant, articles, chance))
    orders = Order.objects.bulk_create([order for order, _ in drafts], batch_size=CHUNK)
    OrderItem.objects.bulk_create(
        [
            OrderItem(
                order=order,
                name=article.name,
                sku=article.sku,
                unit_price=_price(article, order.currency),
                quantity=quantity,
            )
            for order, (_, items) in zip(orders, drafts, strict=True)
            for article, quantity in items
        ],
        batch_size=CHUNK,
    )
    return orders


def _articles() -> Sequence[Article]:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["is_active"] == "true"]
    return [Article(row["sku"], row["name"], Decimal(row["price"])) for row in rows]


def _drafts(
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
    status, changed_at = _fate(placed_at, chance)
    is_done = status in {Status.FULFILLED, Status.COMPLETED}
    return Order(
        owner=merchant,
        project=project,
        provider=chance.choices(CHANNELS, CHANNEL_SHARES)[0],
        status=status,
        currency=currency,
        total_price=sum(_price(article, currency) * count for article, count in items)
        + Decimal("4.90"),
        ordered_at=placed_at,
        created_at=placed_at,
        status_changed_at=changed_at,
        updated_at=changed_at,
        fulfilled_at=changed_at if is_done else None,
    )


def _fate(placed_at: datetime, chance: random.Random) -> tuple[Status, datetime]:
    """Return what became of an order by now, and when."""
    roll, now = chance.random(), timezone.now()
    if roll < 0.045:
        return Status.CANCELLED, min(now, placed_at + timedelta(hours=chance.uniform(0.2, 30)))
    if roll < 0.055:
        return Status.FAILED, min(now, placed_at + timedelta(hours=chance.uniform(1, 60)))
    packed = placed_at + timedelta(hours=chance.uniform(4, 40))
    arrived = packed + timedelta(hours=chance.gammavariate(4, 11))
    if arrived <= now:
        return chance.choice((Status.COMPLETED, Status.COMPLETED, Status.FULFILLED)), arrived
    if packed <= now:
        return Status.SHIPPED, packed
    return Status.PENDING, placed_at


def _price(article: Article, currency: str) -> Decimal:
    if currency == "EUR":
        return article.price
    return Decimal(round(article.price * FRANCS)).quantize(Decimal("0.01"))


# --- Conversations ----------------------------------------------------------------------------


def _write_conversations(
    project: Project, merchant: User, orders: Sequence[Order], chance: random.Random
) -> None:
    """Let about one customer in six ask something. Nobody was connected when they did."""
    wanting = [
        (order, order.ordered_at + timedelta(hours=chance.uniform(1, 60)))
        for order in orders
        if chance.random() < 0.16
    ]
    asking = [order for order, moment in wanting if moment <= timezone.now()]
    asked_at = [moment for _, moment in wanting if moment <= timezone.now()]
    line = uuid5(NAMESPACE_URL, f"{project.uuid}/whatsapp")
    contacts = Contact.objects.bulk_create(
        [
            Contact(project=project, name=order.customer_name, created_at=order.ordered_at)
            for order in asking
        ]
    )
    addresses = ContactAddress.objects.bulk_create(
        [
            ContactAddress(
                contact=contact, channel="whatsapp", line=line, provider_id=f"demo.{number}"
            )
            for number, contact in enumerate(contacts)
        ]
    )
    conversations = Conversation.objects.bulk_create(
        [
            Conversation(
                project=project,
                contact=contact,
                address=address,
                channel="whatsapp",
                line=line,
                last_activity_at=moment,
                created_at=moment,
            )
            for contact, address, moment in zip(contacts, addresses, asked_at, strict=True)
        ]
    )
    Message.objects.bulk_create(
        [
            message
            for order, conversation, moment in zip(asking, conversations, asked_at, strict=True)
            for message in _talk(order, conversation, moment, merchant, chance)
        ],
        batch_size=CHUNK,
    )


def _talk(
    order: Order,
    conversation: Conversation,
    asked_at: datetime,
    merchant: User,
    chance: random.Random,
) -> Iterator[Message]:
    """Yield a question, and usually the answer."""
    topic = chance.randrange(len(QUESTIONS))
    answered_at = asked_at + timedelta(minutes=chance.lognormvariate(3.6, 1.1))
    is_answered = chance.random() < 0.94 and answered_at <= timezone.now()

    def message(direction: Direction, content: str, at: datetime, **fields: object) -> Message:
        return Message(
            project=order.project,
            conversation=conversation,
            address=conversation.address,
            direction=direction,
            channel="whatsapp",
            line=conversation.line,
            content_type=ContentType.TEXT,
            content=content,
            order=order,
            written_at=at,
            created_at=at,
            **fields,
        )

    yield message(
        Direction.INBOUND,
        QUESTIONS[topic],
        asked_at,
        status=MessageStatus.RECEIVED,
        is_read=is_answered,
        read_at=answered_at if is_answered else None,
    )
    if is_answered:
        yield message(
            Direction.OUTBOUND,
            ANSWERS[topic],
            answered_at,
            status=chance.choice((MessageStatus.DELIVERED, MessageStatus.READ)),
            author=merchant,
            ai_generated=chance.random() < 0.3,
        )
