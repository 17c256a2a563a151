"""The table of every endpoint: what a caller needs, and what a stranger gets.

`test_refusals.py` calls each of them as every kind of bad caller. A view without a row fails
`test_every_endpoint_has_its_row`: when you add a view, write here who gets in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Instead of a scope.
PUBLIC = "public"  # works without a token
SESSION = "session"  # needs a signed-in person: API tokens are refused


@dataclass(frozen=True)
class NotFound:
    """A surface's answer for things that do not exist or that this caller may not see."""

    message: str
    code: str


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. In `path` and `body`, names in braces stand for `World.ids`."""

    surface: str
    method: str
    path: str
    needs: str
    # The status that the rightful caller gets for the valid `body`.
    status: int = 200
    body: Mapping[str, Any] | None = None
    # For a thing with an owner: what everybody else gets.
    hidden: NotFound | None = None
    # It needs no token while PUBLIC_CATALOG is on. A bad token is still refused.
    is_open: bool = False
    # The scope of another area that it needs as well, since its answer shows data of that area.
    also_needs: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


ORDER = NotFound("Order not found", "order_not_found")
DISCORD = NotFound("You have no Discord integration.", "discord_integration_not_found")
PROJECT = NotFound("Project not found", "project_not_found")
USER = NotFound("User not found", "user_not_found")
SIGN_IN = NotFound("Session not found", "session_not_found")
API_TOKEN = NotFound("API token not found", "api_token_not_found")
# The configuration of the shop that `World` has connected.
SHOP_CONFIG = {
    "api_key": "your-api-key",
    "api_secret": "your-api-secret",
    "shop_url": "yourstore.myshopify.com",
}
CART_ITEM = NotFound("Cart item not found", "cart_item_not_found")

CHAIN = [
    Endpoint("union", "POST", "/api/auth/register", PUBLIC),
    Endpoint("chain", "POST", "/api/auth/token", PUBLIC),
    Endpoint("chain", "POST", "/api/auth/refresh", PUBLIC),
    Endpoint("chain", "POST", "/api/auth/logout", PUBLIC),
    Endpoint("chain_and_shop", "GET", "/api/orders/", "orders:read"),
    Endpoint("chain_and_shop", "POST", "/api/orders/", "orders:write", 201, {"title": "New"}),
    Endpoint("chain_and_shop", "GET", "/api/orders/{order}", "orders:read", hidden=ORDER),
    Endpoint(
        "chain_and_shop", "PUT", "/api/orders/{order}", "orders:write",
        body={"title": "Other"}, hidden=ORDER,
    ),
    Endpoint(
        "chain_and_shop", "PATCH", "/api/orders/{order}", "orders:write",
        body={"title": "Other"}, hidden=ORDER,
    ),
    Endpoint("chain_and_shop", "DELETE", "/api/orders/{order}", "orders:write", hidden=ORDER),
    Endpoint("chain_and_shop", "GET", "/api/orders/{order}/chain", "orders:read", hidden=ORDER),
    Endpoint(
        "chain_and_shop", "GET", "/api/orders/{order}/blockers", "orders:read", hidden=ORDER
    ),
    Endpoint("chain_and_shop", "GET", "/api/orders/{order}/events", "orders:read", hidden=ORDER),
    Endpoint(
        "chain_and_shop", "POST", "/api/orders/{waiting_order}/waive", "orders:write",
        body={"dependency": "{awaited_order}", "reason": "Not needed."}, hidden=ORDER,
    ),
    # Each user has one integration, so the path cannot name another user's.
    Endpoint("chain", "GET", "/api/discord/", "discord:read", hidden=DISCORD),
    Endpoint(
        "chain", "PUT", "/api/discord/", "discord:write",
        body={"webhook": {"username": "Other"}}, hidden=DISCORD,
    ),
    Endpoint(
        "chain", "PATCH", "/api/discord/", "discord:write",
        body={"webhook": {"username": "Other"}}, hidden=DISCORD,
    ),
    Endpoint("chain", "DELETE", "/api/discord/", "discord:write", hidden=DISCORD),
    Endpoint("chain", "POST", "/api/discord/test", "discord:write", hidden=DISCORD),
    Endpoint(
        # A second one is a conflict, which only callers who get in learn.
        "chain", "POST", "/api/discord/", "discord:write", 409,
        {"webhook": {"url": "http://127.0.0.1:9/api/webhooks/2/another"}},
    ),
]  # fmt: skip

HUB = [
    # Providers call these. The signature decides, so each call here is a stranger's.
    Endpoint("hub", "POST", "/api/v1/webhooks/shopify", PUBLIC),
    Endpoint("hub", "POST", "/api/v1/webhooks/whatsapp", PUBLIC),
    Endpoint("hub", "GET", "/api/v1/webhooks/whatsapp", PUBLIC),
    Endpoint("hub", "POST", "/api/v1/webhooks/telegram", PUBLIC),
    Endpoint("hub", "POST", "/api/v1/webhooks/telegram/{project}", PUBLIC),
    Endpoint("hub", "POST", "/api/v1/auth/register", PUBLIC),
    Endpoint("hub", "POST", "/api/v1/auth/login", PUBLIC),
    Endpoint("hub", "POST", "/api/v1/auth/refresh", PUBLIC),
    Endpoint("hub", "POST", "/api/v1/auth/logout", PUBLIC),
    Endpoint("hub", "GET", "/api/v1/auth/me", "account:read"),
    Endpoint("hub", "PATCH", "/api/v1/auth/me", "account:write", body={"name": "Ada"}),
    Endpoint("hub", "GET", "/api/v1/auth/activity", "account:read"),
    Endpoint("hub", "GET", "/api/v1/auth/sessions", SESSION),
    Endpoint("hub", "DELETE", "/api/v1/auth/sessions", SESSION, 204),
    Endpoint(
        "hub", "DELETE", "/api/v1/auth/sessions/{session}", SESSION, 204, hidden=SIGN_IN
    ),
    Endpoint("hub", "GET", "/api/v1/auth/tokens", SESSION),
    Endpoint(
        "hub", "POST", "/api/v1/auth/tokens", SESSION, 201,
        {"name": "CI", "scopes": ["orders:read"]},
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/auth/tokens/{api_token}", SESSION, 204,
        hidden=API_TOKEN,
    ),
    Endpoint("hub", "GET", "/api/v1/projects", "projects:read"),
    Endpoint("hub", "POST", "/api/v1/projects", "projects:write", 201, {"name": "New"}),
    Endpoint(
        "hub", "GET", "/api/v1/projects/{project}", "projects:read", hidden=PROJECT
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/projects/{project}", "projects:write",
        body={"name": "Other"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/projects/{project}", "projects:write", 204,
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/projects/{project}/activity", "projects:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/projects/{project}/members", "projects:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/projects/{project}/members/{member}",
        "projects:write", body={"role": "viewer"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/projects/{project}/members/{member}",
        "projects:write", 204, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/projects/{project}/invitations", "projects:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/projects/{project}/invitations", "projects:write", 201,
        {"email": "grace@example.com", "role": "agent"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/projects/{project}/invitations/{invitation}",
        "projects:write", 204, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/products/{project}", "catalog:read", hidden=PROJECT
    ),
    Endpoint(
        "hub", "POST", "/api/v1/products/{project}", "catalog:write", 201,
        {"sku": "NEW-1", "name": "New", "price": "1.00"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/products/{project}/{shared_product}", "catalog:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/products/{project}/{shared_product}",
        "catalog:write", body={"name": "Other"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PUT", "/api/v1/products/{project}/{shared_product}/image",
        "catalog:write", body={"image": None}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/products/{project}/{shared_product}/image",
        "catalog:write", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/products/{project}/{shared_product}/stock",
        "catalog:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/products/{project}/{shared_product}/stock",
        "catalog:write", 201, {"change": 5}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/products/{project}/import", "catalog:write",
        body={"csv": "sku,name,price\nNEW-1,New,1.00"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/products/{project}/export", "catalog:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/categories/{project}", "catalog:read", hidden=PROJECT
    ),
    Endpoint(
        "hub", "POST", "/api/v1/categories/{project}", "catalog:write", 201,
        {"name": "New"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/categories/{project}/{shared_category}",
        "catalog:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/categories/{project}/{shared_category}",
        "catalog:write", body={"name": "Other"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/categories/{project}/{shared_category}",
        "catalog:write", 204, hidden=PROJECT,
    ),
    Endpoint("hub", "GET", "/api/v1/orders/{project}", "orders:read", hidden=PROJECT),
    Endpoint(
        "hub", "POST", "/api/v1/orders/{project}", "orders:write", 201, {"title": "New"},
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/orders/{project}/stats/summary", "orders:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/orders/{project}/stats/summary.csv", "orders:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/orders/{project}/stats/summary.xlsx", "orders:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/orders/{project}/stats/summary.html", "orders:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/orders/{project}/{shared_order}", "orders:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/orders/{project}/{shared_order}", "orders:write",
        body={"title": "Other"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/orders/{project}/{shared_order}", "orders:write", 204,
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/orders/{project}/{shared_order}/chain", "orders:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/orders/{project}/{shared_order}/blockers", "orders:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/orders/{project}/{shared_order}/events", "orders:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/orders/{project}/{shared_waiting_order}/waive",
        "orders:write",
        body={"dependency": "{shared_awaited_order}", "reason": "Not needed."},
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/integrations/{project}/connect", "integrations:write", 200,
        {"provider": "shopify", "config": SHOP_CONFIG}, hidden=PROJECT,
    ),
    Endpoint("hub", "GET", "/api/v1/integrations/{project}", "integrations:read", hidden=PROJECT),
    Endpoint(
        "hub", "GET", "/api/v1/integrations/{project}/providers", "integrations:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/integrations/{project}/{integration}", "integrations:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/integrations/{project}/{integration}", "integrations:write",
        body={"is_paused": True}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/integrations/{project}/{integration}", "integrations:write",
        204, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/integrations/{project}/{integration}/sync",
        "integrations:write", 202, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/integrations/{project}/{integration}/test",
        "integrations:write", 202, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/integrations/{project}/{integration}/runs", "integrations:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/integrations/{project}/{integration}/runs/{run}",
        "integrations:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/integrations/{project}/{integration}/deliveries",
        "integrations:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST",
        "/api/v1/integrations/{project}/{integration}/deliveries/{delivery}/replay",
        "integrations:write", 202, hidden=PROJECT,
    ),
    # Without a key for a model, callers who get in are told that.
    Endpoint(
        "hub", "POST", "/api/v1/assistant/query", "assistant:write", 503,
        {"project_id": "{project}", "message": "Hello?"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/assistant/generate-reply", "assistant:write", 503,
        {"project_id": "{project}", "customer_message": "Hello?"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/assistant/analyze-sentiment", "assistant:write", 503,
        {"project_id": "{project}", "message": "Hello?"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/assistant/usage/{project}", "assistant:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/reports/{project}/generate", "reports:write", 201,
        {"report_type": "sales", "start_date": "2025-01-01", "end_date": "2025-01-31"},
        hidden=PROJECT,
    ),
    Endpoint("hub", "GET", "/api/v1/reports/{project}", "reports:read", hidden=PROJECT),
    Endpoint("hub", "GET", "/api/v1/reports/{project}/usage", "reports:read", hidden=PROJECT),
    Endpoint(
        "hub", "GET", "/api/v1/reports/{project}/usage.csv", "reports:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/reports/{project}/usage.xlsx", "reports:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/reports/{project}/usage.html", "reports:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/assistant/usage/{project}/summary.csv", "assistant:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/assistant/usage/{project}/summary.xlsx", "assistant:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/assistant/usage/{project}/summary.html", "assistant:read",
        hidden=PROJECT,
    ),
    Endpoint("hub", "GET", "/api/v1/auth/usage", "account:read"),
    Endpoint("hub", "GET", "/api/v1/reports/{project}/{report}", "reports:read", hidden=PROJECT),
    Endpoint("hub", "GET", "/api/v1/reports/{project}/schedules", "reports:read", hidden=PROJECT),
    Endpoint(
        "hub", "POST", "/api/v1/reports/{project}/schedules", "reports:write", 201,
        {"report_type": "sales", "frequency": "weekly"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/reports/{project}/schedules/{report_schedule}", "reports:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/reports/{project}/schedules/{report_schedule}", "reports:write",
        body={"is_active": False}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/reports/{project}/schedules/{report_schedule}", "reports:write",
        204, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/reports/{project}/{ready_report}.csv", "reports:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/reports/{project}/{ready_report}.xlsx", "reports:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/reports/{project}/{ready_report}.html", "reports:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/reports/{project}/{report}", "reports:write", 204,
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/projects/{project}/notifications", "projects:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/projects/{project}/notifications", "projects:write",
        body={"inbox": {"email": True}}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/messages/{project}/send", "messages:write", 201,
        {"recipient": {"phone": "+16505551234"}, "content": "Hello", "provider": "stand_in"},
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/messages/{project}/conversations/{conversation}",
        "messages:write", body={"status": "closed"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/messages/{project}/conversations/{conversation}/read",
        "messages:write", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/messages/{project}/contacts/{contact}", "messages:write",
        body={"name": "Grace"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/messages/{project}/contacts/{contact}/merge", "messages:write",
        body={"contact_id": "{other_contact}"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/attachments/{attachment}", "messages:read",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/messages/{project}/attachments/{failed_attachment}/fetch",
        "messages:write", 202, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/messages/{project}/{message}", "messages:write",
        body={"order_id": None}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/messages/{project}/{message}/read", "messages:write",
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/messages/{project}/{failed_message}/retry", "messages:write", 202,
        hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/messages/{project}/rules", "messages:write", 201,
        {"occasion": "order_received", "content": "Thank you!"}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/messages/{project}/rules/preview", "messages:write",
        body={
            "occasion": "order_received", "content": "Thank you!", "order_id": "{shared_order}",
        },
        hidden=PROJECT, also_needs="orders:read",
    ),
    Endpoint(
        "hub", "PATCH", "/api/v1/messages/{project}/rules/{rule}", "messages:write",
        body={"is_active": False}, hidden=PROJECT,
    ),
    Endpoint(
        "hub", "POST", "/api/v1/messages/{project}/rules/{rule}/preview", "messages:write",
        body={"order_id": "{shared_order}"}, hidden=PROJECT, also_needs="orders:read",
    ),
    Endpoint(
        "hub", "DELETE", "/api/v1/messages/{project}/rules/{rule}", "messages:write", 204,
        hidden=PROJECT,
    ),
    Endpoint("hub", "GET", "/api/v1/messages/{project}/rules", "messages:read", hidden=PROJECT),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/rules/outcomes", "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/rules/{rule}", "messages:read", hidden=PROJECT,
    ),
    Endpoint("hub", "GET", "/api/v1/messages/{project}/inbox", "messages:read", hidden=PROJECT),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/conversation/{shared_order}",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/stats/summary",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/stats/summary.csv",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/stats/summary.xlsx",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/stats/summary.html",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/conversations",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/conversations/{conversation}",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/conversations/{conversation}/messages",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/contacts",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/contacts/{contact}",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        "hub", "GET", "/api/v1/messages/{project}/{message}",
        "messages:read", hidden=PROJECT,
    ),
    Endpoint(
        # A caller with the link may know that the invitation exists, even if they cannot accept it.
        "hub", "POST", "/api/v1/invitations/accept", "projects:write",
        body={"token": "{invitation_link}"},
    ),
]  # fmt: skip

ENVELOPE = [
    Endpoint("envelope", "POST", "/api/auth/login", PUBLIC),
    Endpoint("envelope", "POST", "/api/auth/forgot-password", PUBLIC),
    Endpoint("envelope", "POST", "/api/auth/send-reset-code", PUBLIC),
    Endpoint("envelope", "POST", "/api/auth/reset-password", PUBLIC),
    Endpoint("envelope", "POST", "/api/auth/verify-email", PUBLIC),
    Endpoint("envelope", "POST", "/api/auth/resend-verification-code", PUBLIC),
    Endpoint("envelope", "POST", "/api/auth/register-confirmation", PUBLIC),
    Endpoint("envelope", "POST", "/api/auth/resend-confirmation-email", PUBLIC),
    Endpoint("envelope", "GET", "/api/user/{user}", "account:read", hidden=USER),
    Endpoint(
        "envelope", "PATCH", "/api/user/{user}", SESSION,
        body={"email": "ada@example.com"}, hidden=USER,
    ),
    Endpoint("envelope", "DELETE", "/api/user/{user}", SESSION, hidden=USER),
    Endpoint("envelope", "GET", "/api/order", "orders:read"),
    Endpoint(
        "envelope", "POST", "/api/order", "orders:write", 201,
        {"title": "New", "price": "1.00", "link": "https://example.com/", "status": "draft"},
    ),
    Endpoint("envelope", "GET", "/api/order/{order_uuid}", "orders:read", hidden=ORDER),
    Endpoint(
        "envelope", "PATCH", "/api/order/{order_uuid}", "orders:write",
        body={"title": "Other"}, hidden=ORDER,
    ),
    Endpoint(
        "envelope", "DELETE", "/api/order/{order_uuid}", "orders:write", hidden=ORDER
    ),
]  # fmt: skip

SHOP = [
    Endpoint("shop", "POST", "/auth/api/register/", PUBLIC),
    Endpoint("shop", "POST", "/auth/api/token/", PUBLIC),
    Endpoint("shop", "POST", "/auth/api/token/refresh/", PUBLIC),
    Endpoint("shop", "POST", "/auth/api/logout/", PUBLIC),
    Endpoint("shop", "GET", "/auth/api/profile/", "account:read"),
    Endpoint(
        "shop", "PATCH", "/auth/api/profile/", "account:write",
        body={"first_name": "Ada"},
    ),
    # Everybody sees what is for sale.
    Endpoint("shop", "GET", "/api/products/", "catalog:read", is_open=True),
    Endpoint("shop", "GET", "/api/products/{product}/", "catalog:read", is_open=True),
    Endpoint("shop", "GET", "/api/categories/", "catalog:read", is_open=True),
    # Each user has one cart, so the path cannot name another user's.
    Endpoint("shop", "GET", "/api/cart/", "cart:read"),
    Endpoint("shop", "DELETE", "/api/cart/", "cart:write"),
    Endpoint(
        "shop", "POST", "/api/cart/items/", "cart:write", 201,
        {"product_id": "{product}", "quantity": 2},
    ),
    Endpoint(
        "shop", "PATCH", "/api/cart/items/{cart_item}/", "cart:write",
        body={"quantity": 2}, hidden=CART_ITEM,
    ),
    Endpoint(
        "shop", "DELETE", "/api/cart/items/{cart_item}/", "cart:write",
        hidden=CART_ITEM,
    ),
]  # fmt: skip

ENDPOINTS = [*CHAIN, *HUB, *ENVELOPE, *SHOP]
