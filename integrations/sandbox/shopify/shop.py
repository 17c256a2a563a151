"""One shop: its app, its orders, its webhook subscriptions, its rate limit."""

import itertools
import random
import secrets
import string
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.shopify import payloads
from integrations.sandbox.shopify.changes import CHANGES, Moment, Told, new_line
from integrations.sandbox.shopify.orders import Address, Customer, Order
from integrations.sandbox.shopify.records import (
    Bucket,
    BulkOperation,
    Mishap,
    Subscription,
    Token,
)
from integrations.sandbox.shopify.webhooks import Delivery, signature

# An app names receivers for these in its settings. Nobody can subscribe to them by the API.
PRIVACY_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")
KEPT_DELIVERIES = 20_000
TOKEN_SECONDS = 86_399
WITHOUT_ALL_ORDERS = timedelta(days=60)


class Shop:
    """A shop with one app. All methods are called under the emulator's lock.

    `deliver` sends a webhook after some seconds; `clock` tells Unix time.
    """

    def __init__(
        self,
        domain: str,
        *,
        number: int,
        ids: "itertools.count[int]",
        clock: Callable[[], float],
        deliver: Callable[[Delivery, float], None],
        version: str,
        client_id: str = "",
        client_secret: str = "",
        access_token: str = "",
    ) -> None:
        self.domain = domain
        self.number = number
        self.ids = ids
        self.clock = clock
        self._deliver = deliver
        self._random = random.Random(20060101 + number)
        self.version = version
        self.client_id = client_id or self.words(32)
        self.client_secret = client_secret or "shpss_" + self.words(32)
        self.old_secret = ""
        # The token of an app that was made in the shop's admin. It does not expire.
        self.access_token = access_token or "shpat_" + self.words(32)
        self.scopes = ["read_orders"]
        self.currency = "USD"
        self.offset_hours = -5
        self.timezone = "America/New_York"
        self.is_installed = True
        # What the whole shop answers: "", frozen (402), forbidden (403), locked (423), inactive.
        self.trouble = ""
        # How an app sees protected customer data: "approved", "nulls" or "errors".
        self.protected_data = "approved"
        self.deprecated_reason = ""
        # How long after its last change an order appears in searches.
        self.index_lag_seconds = 0.0
        self.allows_http = False
        # Which client secret webhooks are signed with: the new one, or still the old one.
        self.signs_with = "new"
        # Webhooks are made but not sent; the control plane sends them one by one.
        self.holds_webhooks = False
        self.webhook_delay_seconds = 0.0
        self.mishaps: list[Mishap] = []
        self.token_seconds = TOKEN_SECONDS
        self.bucket = Bucket(at=clock())
        self.orders: dict[int, Order] = {}
        self.subscriptions: dict[int, Subscription] = {}
        # A URL that gets every topic, as if subscribed in the app's settings.
        self.listener = ""
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self.bulk_operations: dict[int, BulkOperation] = {}
        # True keeps bulk operations as they are. Otherwise each read moves them one step further.
        self.holds_bulk = False
        self._tokens: dict[str, Token] = {}
        self._order_numbers = itertools.count(1001)
        self._sorted: dict[str, list[tuple[Any, int]]] = {}

    # --- Time, words and ids -------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The time in whole seconds, as Shopify keeps it."""
        return datetime.fromtimestamp(int(self.clock()), UTC)

    def words(self, length: int) -> str:
        """Return a secret of so many hexadecimal digits, the same at each start."""
        return "".join(self._random.choices("0123456789abcdef", k=length))

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    @property
    def id(self) -> int:
        """The shop's own number."""
        return 548_380_009 + self.number

    @property
    def name(self) -> str:
        """A name for people, made from the domain."""
        return string.capwords(self.domain.partition(".")[0].replace("-", " "))

    def skip_order_numbers(self, count: int) -> None:
        """Leave out so many order numbers."""
        self._order_numbers = itertools.count(next(self._order_numbers) + count)

    # --- Access --------------------------------------------------------------------------------

    def issue_token(self) -> Token:
        """Return a new token that ends after a day."""
        text = "shpat_" + secrets.token_hex(16)
        token = Token(text, self.clock() + self.token_seconds)
        self._tokens[text] = token
        return token

    def accepts(self, token: str) -> bool:
        """Tell whether a token is good."""
        if not self.is_installed or not token:
            return False
        if token == self.access_token:
            return True
        known = self._tokens.get(token)
        return known is not None and (known.ends_at is None or self.clock() < known.ends_at)

    def expire_tokens(self) -> None:
        """Let every exchanged token end now."""
        self._tokens.clear()

    def rotate_secret(self, new: str = "") -> str:
        """Give the app a new client secret. The old one is kept to sign with on request."""
        self.old_secret, self.client_secret = (
            self.client_secret,
            new or "shpss_" + secrets.token_hex(16),
        )
        return self.client_secret

    def mishap_for(self, query: str) -> Mishap | None:
        """Return the mishap that the next answer to `query` has, and count it."""
        for mishap in self.mishaps:
            if mishap.match not in query or mishap.times <= 0:
                continue
            if mishap.after > 0:
                mishap.after -= 1
                continue
            mishap.times -= 1
            return mishap
        return None

    def set_scopes(self, scopes: Sequence[str]) -> list[Delivery]:
        """Give the app other scopes, and tell it."""
        told = {
            "id": self.id,
            "previous": self.scopes,
            "current": list(scopes),
            "updated_at": payloads.local(self.now, self.offset_hours),
        }
        self.scopes = list(scopes)
        return self.tell("app/scopes_update", told)

    # --- Orders --------------------------------------------------------------------------------

    def make_order(
        self,
        *,
        id: int | None = None,
        name: str = "",
        lines: Sequence[Mapping[str, Any]] = ({"title": "Mug", "price": "29.99", "sku": "MUG"},),
        customer: Mapping[str, str] | None = None,
        is_guest: bool = False,
        email: str | None = None,
        phone: str | None = None,
        has_address: bool = True,
        currency: str = "",
        presentment_currency: str = "",
        rate: str = "1",
        shipping: str = "0",
        tax: str = "0",
        paid: bool = False,
        test: bool = False,
        source_name: str = "web",
        tags: Sequence[str] = (),
        note: str | None = None,
        created_at: datetime | str | None = None,
        announces: bool = True,
    ) -> Order:
        """Make an order as a customer does, and tell the subscribers.

        A guest has no account. Somebody who buys at the shop's till leaves no address.
        """
        at = self.moment(created_at)
        number = next(self._order_numbers)
        person = None if is_guest else _person(next(self.ids), customer or {})
        email = email or (person.email if person else None)
        address = _address(person, phone) if has_address else None
        order = Order(
            id=next(self.ids) if id is None else id,
            number=number,
            name=name or f"#{number}",
            created_at=at,
            processed_at=at,
            updated_at=at,
            lines=[new_line(self.ids, line) for line in lines],
            currency=currency or self.currency,
            presentment_currency=presentment_currency or currency or self.currency,
            rate=Decimal(rate),
            shipping=Decimal(shipping),
            tax=Decimal(tax),
            email=email,
            phone=phone,
            customer=person,
            shipping_address=address,
            billing_address=address,
            test=test,
            source_name=source_name,
            gateway="bogus" if test else "shopify_payments",
            tags=list(tags),
            note=note,
            token=self.words(32),
        )
        self.orders[order.id] = order
        self._sorted.clear()
        told: list[str | Told] = ["orders/create"]
        if paid:
            told += CHANGES["pay"](order, self._now_here(at))
        if announces:
            self._announce(order, told)
        return order

    def change(
        self,
        order_id: int,
        change: str,
        *,
        at: datetime | str | None = None,
        announces: bool = True,
        **options: Any,
    ) -> list[Delivery]:
        """Change an order and tell the subscribers. Return what was told.

        Raises ValueError if the state of the order forbids it, and KeyError for an unknown order.
        """
        order = self.orders[order_id]
        if change == "delete":
            return self._delete(order, announces=announces)
        if change not in CHANGES:
            raise ValueError(f"no such change: {change}")
        moment = self._now_here(self.moment(at))
        told = CHANGES[change](order, moment, **options)
        order.updated_at = moment.at
        self._sorted.clear()
        return self._announce(order, told) if announces else []

    def _delete(self, order: Order, *, announces: bool) -> list[Delivery]:
        del self.orders[order.id]
        self._sorted.clear()
        told = [Told("orders/delete", payloads.deleted(order))]
        return self._announce(order, told) if announces else []

    def moment(self, at: datetime | str | None) -> datetime:
        """Return `at` in UTC and whole seconds. None means now. Raises ValueError."""
        if at is None:
            return self.now
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        if moment.tzinfo is None:
            raise ValueError("a moment needs its offset")
        return moment.astimezone(UTC).replace(microsecond=0)

    def _now_here(self, at: datetime) -> Moment:
        return Moment(at, self.offset_hours, self.ids)

    def sorted_by(self, key: str) -> list[tuple[Any, int]]:
        """Return (value, id) of every order, sorted by a sort key of GraphQL."""
        if key not in self._sorted:
            value = SORT_KEYS.get(key, SORT_KEYS["ID"])
            self._sorted[key] = sorted((value(each), each.id) for each in self.orders.values())
        return self._sorted[key]

    def shows(self, order: Order) -> bool:
        """Tell whether the app may see an order: older ones need a scope of their own."""
        if "read_all_orders" in self.scopes:
            return True
        return order.created_at > self.now - WITHOUT_ALL_ORDERS

    # --- Webhooks ------------------------------------------------------------------------------

    def _announce(self, order: Order, told: Sequence[str | Told]) -> list[Delivery]:
        snapshot: Mapping[str, Any] = {}
        if any(isinstance(each, str) for each in told):
            snapshot = payloads.order(order, self.offset_hours)
        event_id = self._uuid()
        return [
            delivery
            for each in told
            for delivery in self.tell(
                *((each, snapshot) if isinstance(each, str) else (each.topic, each.payload)),
                event_id=event_id,
            )
        ]

    def tell(self, topic: str, payload: Mapping[str, Any], *, event_id: str = "") -> list[Delivery]:
        """Send a topic to everybody who wants it. If nobody does, keep it without a receiver."""
        event_id = event_id or self._uuid()
        made = [
            self.make_delivery(
                topic,
                _selected(payload, subscription.include_fields),
                event_id=event_id,
                url=subscription.uri,
                name=subscription.name or "",
                subscription_id=subscription.id,
                api_version=subscription.api_version,
            )
            for subscription in self.subscriptions.values()
            if subscription.topic == topic
        ]
        if self.listener or not made:
            made.append(self.make_delivery(topic, payload, event_id=event_id, url=self.listener))
        for delivery in made:
            if delivery.url and not self.holds_webhooks:
                self._deliver(delivery, self.webhook_delay_seconds)
        return made

    def make_delivery(
        self,
        topic: str,
        payload: Mapping[str, Any] | bytes,
        *,
        signed: str = "",
        event_id: str = "",
        webhook_id: str = "",
        url: str = "",
        name: str = "",
        subscription_id: int = 0,
        api_version: str = "",
        shop_domain: str = "",
    ) -> Delivery:
        """Make a webhook and note it, but do not send it.

        `signed` is good, old (with the secret before the last rotation), wrong or none. Without it,
        the shop signs as it does at the moment.
        """
        body = payload if isinstance(payload, bytes) else payloads.encoded(payload)
        delivery = Delivery(
            topic=topic,
            body=body,
            shop=shop_domain or self.domain,
            api_version=api_version or self.version,
            triggered_at=datetime.fromtimestamp(self.clock(), UTC),
            signature=self._signature(body, signed or self._usual_signature),
            webhook_id=webhook_id or self._uuid(),
            event_id=event_id or self._uuid(),
            url=url,
            name=name,
            subscription_id=subscription_id,
        )
        self.deliveries.append(delivery)
        return delivery

    @property
    def _usual_signature(self) -> str:
        return "old" if self.signs_with == "old" and self.old_secret else "good"

    def _signature(self, body: bytes, signed: str) -> str:
        match signed:
            case "good":
                return signature(self.client_secret, body)
            case "old":
                if not self.old_secret:
                    raise ValueError("the secret was never rotated")
                return signature(self.old_secret, body)
            case "wrong":
                return signature(self.client_secret + "x", body)
            case "none":
                return ""
        raise ValueError("signed must be good, old, wrong or none")

    def give_up(self, delivery: Delivery) -> None:
        """Delete the subscription of a delivery whose last retry failed."""
        self.subscriptions.pop(delivery.subscription_id, None)

    # --- The app and the customers -------------------------------------------------------------

    def uninstall(self) -> list[Delivery]:
        """Uninstall the app: its tokens end, a webhook tells it, and its subscriptions are gone."""
        told = self.tell(
            "app/uninstalled",
            {
                "id": self.id,
                "name": self.name,
                "domain": self.domain,
                "myshopify_domain": self.domain,
                "email": f"owner@{self.domain}",
                "plan_name": "basic",
            },
        )
        self.is_installed = False
        self._tokens.clear()
        self.subscriptions.clear()
        return told

    def install(self) -> None:
        """Install the app again."""
        self.is_installed = True

    def tell_privacy(self, topic: str, *, order_ids: Sequence[int] = ()) -> list[Delivery]:
        """Send one of the three privacy topics, about the customer of the given orders."""
        shop = {"shop_id": self.id, "shop_domain": self.domain}
        if topic == "shop/redact":
            return self.tell(topic, shop)
        if topic not in PRIVACY_TOPICS:
            raise ValueError(f"the topic must be one of {', '.join(PRIVACY_TOPICS)}")
        first = self.orders[order_ids[0]] if order_ids else None
        person = first.customer if first else None
        customer = {
            "id": person.id if person else 191_167,
            "email": person.email if person else first.email if first else "john@example.com",
            "phone": person.phone if person else first.phone if first else None,
        }
        if topic == "customers/redact":
            return self.tell(
                topic, {**shop, "customer": customer, "orders_to_redact": list(order_ids)}
            )
        return self.tell(
            topic,
            {
                **shop,
                "orders_requested": list(order_ids),
                "customer": customer,
                "data_request": {"id": 9999},
            },
        )


SORT_KEYS: Mapping[str, Callable[[Order], Any]] = {
    "CREATED_AT": lambda order: int(order.created_at.timestamp()),
    "CUSTOMER_NAME": lambda order: order.customer.display_name if order.customer else "",
    "FINANCIAL_STATUS": lambda order: order.financial_status,
    "FULFILLMENT_STATUS": lambda order: order.fulfillment_status or "",
    "ID": lambda order: order.id,
    "ORDER_NUMBER": lambda order: order.number,
    "PROCESSED_AT": lambda order: int(order.processed_at.timestamp()),
    "TOTAL_PRICE": lambda order: float(order.total),
    "UPDATED_AT": lambda order: int(order.updated_at.timestamp()),
}


def _selected(payload: Mapping[str, Any], fields: Sequence[str]) -> Mapping[str, Any]:
    return {key: payload[key] for key in fields if key in payload} if fields else payload


def _person(id: int, told: Mapping[str, str]) -> Customer:
    unknown = set(told) - {"first_name", "last_name", "email", "phone"}
    if unknown:
        raise ValueError(f"a customer has no {', '.join(sorted(unknown))}")
    return Customer(
        id=id,
        **(told or {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}),
    )


def _address(person: Customer | None, phone: str | None) -> Address:
    return Address(
        first_name=person.first_name if person else "Grace",
        last_name=person.last_name if person else "Hopper",
        address1="1 Analytical Way",
        city="New York",
        zip="10001",
        country="United States",
        country_code="US",
        province="New York",
        province_code="NY",
        phone=phone,
    )
