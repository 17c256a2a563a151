"""A shop in the sandbox's Shopify, for tests."""

from collections.abc import Mapping
from typing import Any

import orjson

from accounts.models import User
from integrations.models import Integration, SyncRun
from integrations.models.integrations import sealed
from integrations.sandbox.faults import Fault
from integrations.sandbox.server import Sandbox
from integrations.sandbox.shopify import Shop, Shopify
from integrations.sandbox.shopify.orders import Order as ShopOrder
from integrations.sandbox.wire import Request

TOKEN_PATH, API_PATH = "/oauth/", "/graphql.json"


class PretendShop:
    """One shop of the sandbox, and what it was asked."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        (shopify,) = sandbox.emulators
        assert isinstance(shopify, Shopify)
        self.shopify = shopify

    @property
    def shop(self) -> Shop:
        """The emulator's own shop."""
        return self.shopify.shop

    @property
    def domain(self) -> str:
        """The shop's domain."""
        return self.shop.domain

    @property
    def base(self) -> str:
        """What `SHOPIFY_API_BASE` must be."""
        return f"http://{self.sandbox.host}/shopify/{{shop}}"

    @property
    def credentials(self) -> dict[str, str]:
        """What people paste to connect the shop."""
        return {"api_key": self.shop.client_id, "api_secret": self.shop.client_secret}

    def calls(self, match: str = "") -> list[Request]:
        """Every request so far whose path contains `match`, oldest first."""
        return [each for each in self.sandbox.requests if match in each.path]

    def queries(self, name: str = "") -> list[Mapping[str, Any]]:
        """The GraphQL requests so far whose operation has that name, oldest first."""
        asked = [orjson.loads(call.body) for call in self.calls(API_PATH)]
        return [each for each in asked if f" {name}" in each["query"]]

    def go_wrong(self, kind: Any, *, match: str = API_PATH, **fault: Any) -> None:
        """Have the next request go wrong; see `integrations.sandbox.faults`."""
        self.sandbox.faults.add(Fault(kind=kind, match=match, **fault))

    def answer(self, data: Any, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        """Have the next GraphQL request answered with this JSON."""
        body = orjson.dumps(data).decode()
        self.go_wrong("status", status=200, body=body, headers=headers or {}, **more)

    def order(self, **more: Any) -> ShopOrder:
        """Make an order in the shop, of which no webhook tells."""
        return self.shop.make_order(announces=False, **more)

    def change(self, order: ShopOrder, change: str, **more: Any) -> None:
        """Change an order in the shop, of which no webhook tells."""
        self.shop.change(order.id, change, announces=False, **more)

    def set_bucket(self, *, level: float, restore_rate: float = 100) -> None:
        """Set how much the app may ask for right now."""
        self.shop.bucket.level = level
        self.shop.bucket.restore_rate = restore_rate


def make_integration(shop: PretendShop, owner: User, **overrides: Any) -> Integration:
    """Return an integration that connects `shop` to the personal project of `owner`."""
    secrets = overrides.pop("secrets", shop.credentials)
    return Integration.objects.create(
        **{
            "project": owner.personal_project,
            "provider": "shopify",
            "account": shop.domain,
            "status": Integration.Status.CONNECTED,
            "config": {"shop_url": shop.domain},
            "secrets": sealed(secrets),
            "connected_by": owner,
            **overrides,
        }
    )


def make_run(integration: Integration, **fields: Any) -> SyncRun:
    """Return a new run of the integration."""
    return SyncRun.objects.create(integration=integration, trigger="person", **fields)
