"""Today: what somebody should look at first, and what was sold so far."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import VIEW_PROJECT, Operation
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.pages.shown import product_address, shown_stock
from catalog.queries.inventory import LOW_STOCK, low_in_stock
from integrations.access import MANAGE_INTEGRATIONS, VIEW_INTEGRATIONS
from integrations.models import Integration
from integrations.providers import bringing_orders, label_of
from integrations.queries import WATCHED_WEBHOOKS, troubled_integrations
from notifications.access import VIEW_MESSAGES
from notifications.queries import unread_conversations
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.lifecycle import ChainState
from orders.pages.shown import shown_card
from orders.queries import waiting_in_project
from reports.pages.base import OfReports
from reports.pages.figures import Figure, compared
from reports.sales_today import SalesToday, sales_today
from reports.wording import counted

# How many of each kind the page shows.
MAX_SHOWN = 5


@dataclass(frozen=True)
class Entry:
    """One thing to look at. `url` is empty if it has no page; `since` is when it got so."""

    text: str
    url: str
    note: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Section:
    """Things to look at of one kind: the first of them, and how many there are.

    `url` leads to the list of them all, and is empty if there is none. `quiet` is what the page
    says if there is nothing.
    """

    name: str
    title: str
    icon: str
    hue: str
    total: int
    entries: Sequence[Entry]
    url: str
    all_words: str
    quiet: str


# What the chain says, in the sequence in which people should look: title, how a link to all of
# them ends, and what to say if there are none.
_CHAIN = {
    ChainState.BLOCKED: ("Blocked", "octagon-alert", "red", "blocked", "nothing is blocked"),
    ChainState.READY: ("Ready to start", "circle-check", "green", "ready", "nothing is ready"),
    ChainState.WAITS: ("Waiting longest", "hourglass", "amber", "waiting", "nothing waits"),
}


class TodayPage(OfReports):
    """What needs somebody now."""

    template_name = "reports/today.html"
    parts = ("today",)
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_PROJECT}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, or for a script only what can change."""
        sections = list(self._sections())
        sales = sales_today(self.its_project) if self.may(VIEW_ORDERS) else None
        return self.show(
            {
                "sections": [each for each in sections if each.total],
                "quiet": [each.quiet for each in sections if not each.total],
                "next_steps": [] if any(each.total for each in sections) else self._next_steps(),
                "figures": list(_figures_of(sales)) if sales else [],
                "weekday": sales.weekday if sales else "",
                "may_handle": self.may(HANDLE_ORDERS),
            }
        )

    def _sections(self) -> Iterator[Section]:
        if self.may(VIEW_ORDERS):
            yield from self._orders()
        if self.may(VIEW_MESSAGES):
            yield self._conversations()
        if self.may(VIEW_CATALOG):
            yield self._stock()
        if self.may(VIEW_INTEGRATIONS):
            yield self._integrations()

    def _orders(self) -> Iterator[Section]:
        found = waiting_in_project(self.its_project, limit=MAX_SHOWN)
        for state, (title, icon, hue, word, quiet) in _CHAIN.items():
            cards = [shown_card(self.its_project, card) for card in found[state].cards]
            yield Section(
                name=state.value,
                title=title,
                icon=icon,
                hue=hue,
                total=found[state].total,
                entries=[
                    Entry(
                        str(card),
                        card.url,
                        card.customer if state == ChainState.READY else card.reason,
                        card.since,
                    )
                    for card in cards
                ],
                url=f"{self.address('orders')}?chain={state.value}",
                all_words=f"{word} {_orders_in(found[state].total)}",
                quiet=quiet,
            )

    def _conversations(self) -> Section:
        rows, total = unread_conversations(self.its_project, limit=MAX_SHOWN)
        return Section(
            name="unread",
            title="Unread",
            icon="message-square",
            hue="blue",
            total=total,
            entries=[
                Entry(
                    _name_of(row),
                    self.address("conversation", conversation_id=row["uuid"]),
                    f"{counted(row['unread'], 'message')}, {label_of(row['channel'])}",
                    row["last_activity_at"],
                )
                for row in rows
            ],
            url=f"{self.address('inbox')}?unread=true&ordering=waiting",
            all_words="unread conversation" if total == 1 else "unread conversations",
            quiet="everything is read",
        )

    def _stock(self) -> Section:
        products, total = low_in_stock(self.its_project, limit=MAX_SHOWN)
        return Section(
            name="stock",
            title="Low stock",
            icon="tag",
            hue="amber",
            total=total,
            entries=[
                Entry(
                    product.name,
                    product_address(self.its_project, product.uuid),
                    shown_stock(product.stock).words,
                )
                for product in products
            ],
            url=f"{self.address('products')}?is_active=true&stock_max={LOW_STOCK}",
            all_words="product to reorder" if total == 1 else "products to reorder",
            quiet="there is enough in stock",
        )

    def _integrations(self) -> Section:
        rows, total = troubled_integrations(self.its_project, limit=MAX_SHOWN)
        return Section(
            name="integrations",
            title="Not working",
            icon="plug",
            hue="red",
            total=total,
            entries=[
                Entry(
                    f"{label_of(row.provider)} {row.account_name or row.account}",
                    self.address("integration-page", integration_id=row.uuid),
                    _trouble_of(row),
                )
                for row in rows
            ],
            url=self.address("integrations"),
            all_words="integration" if total == 1 else "integrations",
            quiet="integrations work",
        )

    def _next_steps(self) -> list[tuple[str, str]]:
        """Return what people can do who have nothing to look at."""
        steps = [
            *(
                (
                    MANAGE_INTEGRATIONS,
                    f"Connect {label_of(provider)}",
                    self.address("integration-connect", provider=provider),
                )
                for provider in bringing_orders()
            ),
            (MANAGE_CATALOG, "Add a product", self.address("product-new")),
            (HANDLE_ORDERS, "Create an order", self.address("order-new")),
        ]
        return [(words, url) for operation, words, url in steps if self.may(operation)]


def _orders_in(total: int) -> str:
    return "order" if total == 1 else "orders"


def _name_of(row: Mapping[str, Any]) -> str:
    """Return what is known of the contact of a conversation."""
    known = row["contact_name"] or row["contact_username"] or row["contact_phone"]
    return str(known or row["contact_number"] or "Somebody")


def _trouble_of(integration: Integration) -> str:
    """Say what is wrong, the worst first."""
    if integration.status == Integration.Status.ERROR:
        return integration.last_error or "It does not work."
    if error := integration.failed_sync:  # type: ignore[attr-defined]  # annotated
        return f"The last sync failed: {error}"
    failed = integration.failed_webhooks  # type: ignore[attr-defined]  # annotated
    return f"{failed} of the last {WATCHED_WEBHOOKS} webhooks failed"


def _figures_of(sales: SalesToday) -> Iterator[Figure]:
    """Yield the orders, and the revenue in each currency that occurs."""
    when = f"last {sales.weekday} by this time"
    yield compared("Orders", sales.now.total_orders, sales.then.total_orders, when=when)
    currencies = {sales.now.currency, *sales.now.by_currency, *sales.then.by_currency}
    for currency in sorted(currencies, key=lambda each: (each != sales.now.currency, each)):
        now, then = (
            each.by_currency[currency].total_revenue if currency in each.by_currency else Decimal(0)
            for each in (sales.now, sales.then)
        )
        yield compared("Revenue", now, then, currency=currency, when=when)
