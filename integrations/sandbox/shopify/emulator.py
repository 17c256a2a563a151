"""Shopify's Admin API with its rules, its rate limit and its webhooks.

A shop is told apart by the path: the API of `demo-shop.myshopify.com` is below
`/shopify/demo-shop.myshopify.com/admin/…`, which OrderChainer reaches with
`SHOPIFY_API_BASE=http://HOST/shopify/{shop}`. With a base that names no shop, `/shopify/admin/…`,
it is the first shop.

`control.py` describes the control plane, and `changes.py` what can be done with an order.

Source of the rules: Shopify's developer documentation, "GraphQL Admin API" 2026-10, "API rate
limits", "Webhooks", "Bulk operations", "Client credentials grant".
"""

import base64
import dataclasses
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.sandbox.shopify import payloads
from integrations.sandbox.shopify.api import STABLE, bulk_file, exchange, graphql, not_found
from integrations.sandbox.shopify.control import control
from integrations.sandbox.shopify.costs import PageWeight, reduced
from integrations.sandbox.shopify.seeding import seed
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.webhooks import Delivery, Sender, send
from integrations.sandbox.wire import Answer, Request

PREFIX = "/shopify/"
# Beyond 2^53, where numbers of JavaScript lose digits. Odd, so that a lost digit shows.
FIRST_ID = 9_940_139_491_234_001
ID_STEP = 65_538
DEMO_SHOP = "demo-shop.myshopify.com"
# Where the service listens that `make run` starts.
WEBHOOKS_OF_THE_SERVICE = "http://127.0.0.1:8000/api/v1/webhooks/shopify"
_PATH = re.compile(r"/shopify/(?:(?P<shop>[^/]+\.[^/]+)/)?(?P<rest>(?:admin|bulk)/.+)")
_API = re.compile(r"admin/api/(?P<version>[^/]+)/graphql\.json")
_BULK = re.compile(r"bulk/(?P<id>[0-9]+)\.jsonl")
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


class Shopify:
    """An emulated Shopify. Ids, secrets and seeded orders are the same at each start."""

    name = "shopify"

    def __init__(
        self,
        *,
        shops: Sequence[str] = (DEMO_SHOP,),
        seeded_orders: int = 0,
        listener: str = "",
        clock: Callable[[], float] = time.time,
        pace: float = 0.001,
    ) -> None:
        self._clock = clock
        self._first_shops = shops
        self._seeded_orders = seeded_orders
        self._listener = listener
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
                shop.listener = self._listener
                seed(shop, self._seeded_orders)

    def clock(self) -> float:
        """Return Unix time, and what the control plane added."""
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

    def serves(self, path: str) -> bool:
        """Tell whether `path` is below `/shopify/`."""
        return path.startswith(PREFIX)

    def introduction(self, host: str) -> Sequence[str]:
        """Tell which setting to use, and what to paste to connect the ready-made shop."""
        shop = self.shop
        config = {
            "api_key": shop.client_id,
            "api_secret": shop.client_secret,
            "shop_url": shop.domain,
        }
        return [
            f"Start OrderChainer with: SHOPIFY_API_BASE=http://{host}/shopify/{{shop}}",
            f"Connect this shop: {json.dumps(config)}",
            f"Make orders in it: http://{host}/_control/shopify/",
        ]

    def _give_up(self, delivery: Delivery) -> None:
        with self.lock:
            shop = self.shops.get(delivery.shop)
            if shop is not None:
                shop.give_up(delivery)

    def _deliver(self, delivery: Delivery, after_seconds: float) -> None:
        self.sender.put(delivery, after_seconds=after_seconds)

    def answer(self, request: Request) -> Answer:
        """Do what Shopify would do."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return not_found()
        with self.lock:
            shop = self.shops.get(match["shop"]) if match["shop"] else self.shop
            if shop is None:
                return not_found()
            if match["rest"] == "admin/oauth/access_token":
                return exchange(shop, request)
            if api := _API.fullmatch(match["rest"]):
                base = f"http://{request.headers.get('host', '')}{PREFIX}{shop.domain}"
                return graphql(shop, request, api["version"], base, self.page_weight)
            if file := _BULK.fullmatch(match["rest"]):
                return bulk_file(shop, request, int(file["id"]))
        return not_found()

    def control(self, method: str, path: str, data: Any) -> Answer | None:
        """Answer the control plane; see `control.py`."""
        return control(self, method, path, data)

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
        """Send a webhook of the past once more. Raises KeyError if there is none."""
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


def shopify_for_people() -> Shopify:
    """Return a Shopify with one shop and some orders, to try the service with.

    Its retries take four minutes instead of four hours.
    """
    return Shopify(seeded_orders=25, listener=WEBHOOKS_OF_THE_SERVICE, pace=1 / 60)
