"""Shopify's Admin API with its rules, its rate limit and its webhooks.

The path says which shop is meant. The API of `demo-shop.myshopify.com` is below
`/shopify/demo-shop.myshopify.com/admin/…`, which OrderChainer reaches with
`SHOPIFY_API_BASE=http://HOST/shopify/{shop}`. A base that names no shop, `/shopify/admin/…`, leads
to the first shop.

`control.py` describes the control plane, and `changes.py` what can be done with an order.

Source of the rules: Shopify's developer documentation, "GraphQL Admin API" 2026-10, "API rate
limits", "Webhooks", "Bulk operations", "Client credentials grant".
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.sandbox.shopify.api import bulk_file, exchange, graphql, not_found
from integrations.sandbox.shopify.control import control
from integrations.sandbox.shopify.shops import Shops
from integrations.sandbox.wire import Answer, Request

PREFIX = "/shopify/"

_PATH = re.compile(r"/shopify/(?:(?P<shop>[^/]+\.[^/]+)/)?(?P<rest>(?:admin|bulk)/.+)")
_API = re.compile(r"admin/api/(?P<version>[^/]+)/graphql\.json")
_BULK = re.compile(r"bulk/(?P<id>[0-9]+)\.jsonl")


class Shopify(Shops):
    """An emulated Shopify. Ids, secrets and seeded orders are the same at each start."""

    name = "shopify"
    label = "Shopify"

    def serves(self, path: str) -> bool:
        """Tell whether `path` is below `/shopify/`."""
        return path.startswith(PREFIX)

    def settings(self, host: str) -> Mapping[str, str]:
        """Tell which settings point OrderChainer here."""
        return {"SHOPIFY_API_BASE": f"http://{host}/shopify/{{shop}}"}

    def introduction(self, host: str) -> Sequence[str]:
        """Tell what to paste to connect the ready-made shop."""
        shop = self.shop
        config = {
            "api_key": shop.client_id,
            "api_secret": shop.client_secret,
            "shop_url": shop.domain,
        }
        return [
            f"Connect this shop: {json.dumps(config)}",
            f"Make orders in it: http://{host}/_control/shopify/",
        ]

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


def shopify_for_people(clock: Callable[[], float] = time.time) -> Shopify:
    """Return a Shopify with one shop and some orders, to try the service with.

    The service may subscribe to webhooks over http on this machine. Retries take four minutes
    instead of four hours.
    """
    return Shopify(seeded_orders=25, currency="EUR", is_for_people=True, clock=clock, pace=1 / 60)
