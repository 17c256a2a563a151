"""All shops of the emulated Shopify, what they share, and webhooks on request."""

import base64
import dataclasses
import itertools
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from integrations.sandbox.shopify import payloads
from integrations.sandbox.shopify.api import STABLE
from integrations.sandbox.shopify.costs import PageWeight, reduced
from integrations.sandbox.shopify.seeding import seed
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.webhooks import Delivery, Sender, send

# Beyond 2^53, where numbers of JavaScript lose digits. Odd, so that a lost digit shows.
FIRST_ID = 9_940_139_491_234_001
ID_STEP = 65_538
# The start of 2025, as a Unix time. The numbers of people's orders skip one for each hour since
# then.
FIRST_HOUR = 1_735_689_600
DEMO_SHOP = "demo-shop.myshopify.com"

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


class Shops:
    """Every shop, with one clock and one rate of costs. All of it is used under `lock`."""

    def __init__(
        self,
        *,
        shops: Sequence[str] = (DEMO_SHOP,),
        seeded_orders: int = 0,
        currency: str = "USD",
        is_for_people: bool = False,
        clock: Callable[[], float] = time.time,
        pace: float = 0.001,
    ) -> None:
        self._clock = clock
        self._first_shops = shops
        self._seeded_orders = seeded_orders
        self._currency = currency
        self._is_for_people = is_for_people
        self.lock = threading.RLock()
        self.sender = Sender(pace=pace, on_failure=self._give_up)
        self.reset()

    def reset(self) -> None:
        """Forget everything; make the first shops again."""
        with self.lock:
            self.sender.clear()
            self._ahead = 0.0
            self.page_weight: PageWeight = reduced
            self._ids = itertools.count(FIRST_ID, ID_STEP)
            self.shops: dict[str, Shop] = {}
            for domain in self._first_shops:
                shop = self.make_shop(domain)
                shop.currency = self._currency
                if self._is_for_people:
                    self._open_for_people(shop)
                else:
                    seed(shop, self._seeded_orders)

    def _open_for_people(self, shop: Shop) -> None:
        """Seed a shop for people. The service keeps its orders, although the shop forgets them.

        A restart forgets the orders that people made. The shop must not use their ids again, and
        its seeded orders should look the same for at least a week.
        """
        monday = shop.now - timedelta(days=shop.now.weekday())
        midnight = monday.replace(hour=0, minute=0, second=0)
        seed(shop, self._seeded_orders, until=midnight)
        self._ids = itertools.count(FIRST_ID + ID_STEP * int(self.clock()), ID_STEP)
        shop.ids = self._ids
        shop.skip_order_numbers(int(shop.now.timestamp() - FIRST_HOUR) // 3600)
        shop.allows_http = True

    def clock(self) -> float:
        """Return the Unix time, plus what the control plane added."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self.lock:
            self._ahead += seconds

    @property
    def shop(self) -> Shop:
        """The first shop."""
        return next(iter(self.shops.values()))

    def make_shop(self, domain: str, **credentials: str) -> Shop:
        """Make a shop with an app. Raises ValueError if the domain is not one of Shopify's."""
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain} is not like name.myshopify.com")
        with self.lock:
            shop = Shop(
                domain,
                number=len(self.shops) + 1,
                ids=self._ids,
                clock=self.clock,
                deliver=self._deliver,
                version=STABLE,
                **credentials,
            )
            self.shops[domain] = shop
            return shop

    def _give_up(self, delivery: Delivery) -> None:
        with self.lock:
            shop = self.shops.get(delivery.shop)
            if shop is not None:
                shop.give_up(delivery)

    def _deliver(self, delivery: Delivery, after_seconds: float) -> None:
        self.sender.put(delivery, after_seconds=after_seconds)

    def shop_named(self, domain: str) -> Shop:
        """Return a shop; `-` is the first one. Raises KeyError."""
        return self.shop if domain == "-" else self.shops[domain]

    # --- Webhooks on request -------------------------------------------------------------------

    def push(
        self,
        shop: Shop,
        /,
        *,
        topic: str,
        order_id: int | None = None,
        payload: Mapping[str, Any] | None = None,
        body: str | None = None,
        body_base64: str = "",
        times: int = 1,
        after_seconds: float | None = None,
        **more: Any,
    ) -> list[Delivery]:
        """Send one webhook, once for each of `times`, with the same ids; see `make_delivery`.

        The payload is that of the order as it is now, or whatever is given.
        """
        with self.lock:
            if order_id is not None:
                payload = payloads.order(shop.orders[order_id], shop.offset_hours)
            raw = base64.b64decode(body_base64) if body is None else body.encode()
            more.setdefault("url", shop.listener)
            first = shop.make_delivery(topic, raw if payload is None else payload, **more)
            ids = {"webhook_id": first.webhook_id, "event_id": first.event_id}
            made = [
                first,
                *(
                    shop.make_delivery(topic, first.body, **{**more, **ids})
                    for _ in range(times - 1)
                ),
            ]
        return self._sent(made, after_seconds)

    def again(
        self, shop: Shop, past_id: str, /, *, after_seconds: float | None = None, **changed: Any
    ) -> list[Delivery]:
        """Send an earlier webhook once more. Raises KeyError if no webhook has that id."""
        with self.lock:
            past = {one.webhook_id: one for one in shop.deliveries}[past_id]
            again = dataclasses.replace(past, attempts=[], **changed)
            again.url = again.url or shop.listener
            shop.deliveries.append(again)
        return self._sent([again], after_seconds)

    def _sent(self, made: list[Delivery], after_seconds: float | None) -> list[Delivery]:
        for delivery in made:
            delivery.most_attempts = 1
            if after_seconds is not None:
                self.sender.put(delivery, after_seconds=after_seconds)
            elif delivery.url:
                send(delivery)
        return made
