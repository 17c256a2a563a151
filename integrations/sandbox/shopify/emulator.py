"""Shopify's Admin API with its rules, its rate limit and its webhooks.

A shop is told apart by the path: the API of `demo-shop.myshopify.com` is below
`/shopify/demo-shop.myshopify.com/admin/…`, which OrderChainer reaches with
`SHOPIFY_API_BASE=http://HOST/shopify/{shop}`. With a base that names no shop, `/shopify/admin/…`,
it is the first shop.

Control plane, below `/_control/shopify`. A shop's part of it is below `/shops/{domain}`; `-` stands
for the first shop. Times are ISO 8601 with an offset.

    POST   /shops                {"domain", "client_id"?, "client_secret"?, "access_token"?}
    GET    /shops                every shop with its credentials and switches
    POST   /clock                {"advance": seconds}: let time pass for tokens, buckets, orders
    POST   /bucket               {"maximum"?, "restore_rate"?, "level"?}: of every shop
    POST   /costs                {"pages": "reduced" | "linear"}: how much a page of objects costs
    POST   /pace                 {"seconds": 0.001}: how long a second between retries lasts
    POST   /wait                 {"seconds"?: 10}: until no webhook is on its way; says whether
    GET    /                     a page for people

    GET    {shop}                its credentials and switches
    PATCH  {shop}                set switches, see SWITCHES
    POST   {shop}/orders         {"lines"?, "customer"?, "is_guest"?, …}: see `Shop.make_order`
    GET    {shop}/orders         the orders as webhooks show them, oldest first
    POST   {shop}/orders/{id}/{change}  pay, fulfil, cancel …: see `changes.py`; and delete.
                                 {"at"?, "announces"?, …options of the change}
    POST   {shop}/seed           {"count", "days"?, "until"?}: many orders, without webhooks
    POST   {shop}/rotate         {"secret"?}: a new client secret; the old one still signs "old"
    POST   {shop}/expire-tokens  end every exchanged token
    POST   {shop}/uninstall      and `app/uninstalled`; POST {shop}/install puts it back
    POST   {shop}/privacy        {"topic", "order_ids"?}: one of the three privacy topics
    POST   {shop}/listener       {"url"}: send every topic there, as if set in the app's settings
    POST   {shop}/deliver        one webhook, now, once; answers what came back:
                                 {"topic", "order_id"? or "payload"? or "body"? (text) or
                                 "body_base64"?, "signed"?: good, old, wrong, none,
                                 "webhook_id"?, "event_id"?, "shop"?, "url"?, "times"?: 1,
                                 "after_seconds"?: send it later and do not wait for it}
    POST   {shop}/deliver/{webhook id}  send a webhook of the past again as it was
    GET    {shop}/deliveries     what was sent, oldest first, with every attempt
    GET    {shop}/subscriptions  the webhook subscriptions
    DELETE {shop}/subscriptions  delete all of them, as the real service does after failures
    POST   {shop}/bulk           move every open bulk operation one step further

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
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from integrations.sandbox.shopify import payloads
from integrations.sandbox.shopify.answers import BULK_IS_OPEN, Execution, advance_bulk
from integrations.sandbox.shopify.plans import (
    PageWeight,
    Plan,
    Refused,
    cost_of,
    linear,
    plan_for,
    reduced,
    variables_of,
)
from integrations.sandbox.shopify.seeding import seed
from integrations.sandbox.shopify.shop import Bucket, Shop
from integrations.sandbox.shopify.webhooks import Delivery, Sender, send
from integrations.sandbox.wire import Answer, Request, json_answer

PREFIX = "/shopify/"
VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
CANDIDATE = "2027-01"
STABLE = "2026-10"
MAX_QUERY_COST = 1000
# Beyond 2^53, where numbers of JavaScript lose digits. Odd, so that a lost digit shows.
FIRST_ID = 9_940_139_491_234_001
ID_STEP = 65_538
DEMO_SHOP = "demo-shop.myshopify.com"
# Where the service listens that `make run` starts.
WEBHOOKS_OF_THE_SERVICE = "http://127.0.0.1:8000/api/v1/webhooks/shopify"
# The settings of a shop that the control plane may change.
SWITCHES = (
    "allows_http",
    "currency",
    "deprecated_reason",
    "holds_bulk",
    "index_lag_seconds",
    "offset_hours",
    "protected_data",
    "scopes",
    "token_seconds",
    "trouble",
)

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
        self._lock = threading.RLock()
        self.sender = Sender(pace=pace, on_failure=self._give_up)
        self.reset()

    def reset(self) -> None:
        """Forget everything; make the first shops again."""
        with self._lock:
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
        with self._lock:
            self._ahead += seconds

    @property
    def shop(self) -> Shop:
        """The first shop."""
        return next(iter(self.shops.values()))

    def make_shop(self, domain: str, **credentials: str) -> Shop:
        """Make a shop with an app. Raises ValueError if the domain is not one of Shopify's."""
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain} is not like name.myshopify.com")
        with self._lock:
            shop = Shop(
                domain,
                number=len(self.shops) + 1,
                ids=self._ids,
                clock=self.clock,
                deliver=self.sender.put,
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
        with self._lock:
            shop = self.shops.get(delivery.shop)
            if shop is not None:
                shop.give_up(delivery)

    # --- The API -------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """Do what Shopify would do."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return _not_found()
        with self._lock:
            shop = self.shops.get(match["shop"]) if match["shop"] else self.shop
            if shop is None:
                return _not_found()
            base = f"http://{request.headers.get('host', '')}{PREFIX}{shop.domain}"
            rest = match["rest"]
            if rest == "admin/oauth/access_token":
                return _exchange(shop, request)
            if api := _API.fullmatch(rest):
                return self._graphql(shop, request, api["version"], base)
            if bulk := _BULK.fullmatch(rest):
                return _bulk_file(shop, request, int(bulk["id"]))
        return _not_found()

    def _graphql(self, shop: Shop, request: Request, wanted: str, base: str) -> Answer:
        version = served_version(wanted)
        if version is None or request.method != "POST":
            return _not_found()
        headers = {
            "X-Request-Id": str(uuid.uuid4()),
            "X-Shopify-API-Version": version,
            "X-ShopId": str(shop.id),
        }
        if shop.deprecated_reason:
            headers["X-Shopify-API-Deprecated-Reason"] = shop.deprecated_reason
        refusal = _refusal_of(shop, request)
        if refusal:
            return json_answer(refusal[0], {"errors": refusal[1]}, headers)
        try:
            query, variables, name = _told(request)
        except ValueError as exc:
            return json_answer(400, {"errors": {"query": str(exc)}}, headers)
        body = self._executed(shop, plan_for(query, name), variables, version, base)
        return json_answer(200, body, headers)

    def _executed(
        self, shop: Shop, plan: Plan, given: Mapping[str, Any], version: str, base: str
    ) -> dict[str, Any]:
        if shop.trouble == "inactive":
            return _errors([Refused("Shop is inactive", "SHOP_INACTIVE")])
        if plan.errors:
            return _errors(plan.errors)
        try:
            variables = variables_of(plan, given)
        except Refused as exc:
            return _errors([exc])
        requested = cost_of(plan, variables, self.page_weight)
        if requested > MAX_QUERY_COST:
            return _errors([_too_expensive(requested)])
        shop.bucket.refill(self.clock())
        cost: dict[str, Any] = {"requestedQueryCost": requested, "actualQueryCost": None}
        if shop.bucket.level < requested:
            throttled = Refused(
                "Throttled",
                "THROTTLED",
                documentation="https://shopify.dev/api/usage/rate-limits",
            )
            cost["throttleStatus"] = shop.bucket.status()
            return {**_errors([throttled]), "extensions": {"cost": cost}}
        execution = Execution(shop, variables, version, base)
        data = execution.run(plan)
        actual = min(requested, cost_of(plan, variables, self.page_weight, execution.tally))
        shop.bucket.level -= actual
        cost |= {"actualQueryCost": actual, "throttleStatus": shop.bucket.status()}
        extensions: dict[str, Any] = {"cost": cost}
        if execution.searches:
            extensions["search"] = execution.searches
        errors = _errors(execution.errors) if execution.errors else {}
        return {"data": data, **errors, "extensions": extensions}

    # --- The control plane ---------------------------------------------------------------------

    def control(self, method: str, path: str, data: Any) -> Answer | None:
        """Answer the control plane; see the module's docstring."""
        match (method, path.strip("/").split("/")):
            # These two do not hold the lock: they wait for the service, which may call us
            # meanwhile.
            case ("POST", ["wait"]):
                return json_answer(200, self.sender.wait(**data))
            case ("POST", ["shops", domain, "deliver", *rest]):
                shop = self._shop_named(domain)
                past = rest[0] if rest else ""
                made = self._again(shop, past, **data) if past else self.push(shop, **data)
                return json_answer(200, [shown_delivery(each) for each in made])
            case (_, ["shops", domain, *rest]):
                with self._lock:
                    return self._control_shop(self._shop_named(domain), method, rest, data)
        with self._lock:
            return self._control(method, path.strip("/"), data)

    def _shop_named(self, domain: str) -> Shop:
        return self.shop if domain == "-" else self.shops[domain]

    def push(
        self,
        shop: Shop,
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
        with self._lock:
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

    def _again(
        self, shop: Shop, webhook_id: str, *, after_seconds: float | None = None, **changed: Any
    ) -> list[Delivery]:
        with self._lock:
            past = next(one for one in shop.deliveries if one.webhook_id == webhook_id)
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

    def _control(self, method: str, path: str, data: Any) -> Answer | None:
        match (method, path):
            case ("GET", "shops"):
                return json_answer(200, [shown(shop) for shop in self.shops.values()])
            case ("POST", "shops"):
                return json_answer(201, shown(self.make_shop(**data)))
            case ("POST", "clock"):
                self._ahead += float(data["advance"])
            case ("POST", "bucket"):
                for shop in self.shops.values():
                    set_bucket(shop.bucket, **data)
            case ("POST", "costs"):
                self.page_weight = {"reduced": reduced, "linear": linear}[data["pages"]]
            case ("POST", "pace"):
                self.sender.pace = float(data["seconds"])
            case _:
                return None
        return Answer(204)

    def _control_shop(
        self, shop: Shop, method: str, rest: Sequence[str], data: Any
    ) -> Answer | None:
        match (method, rest):
            case ("GET", []):
                return json_answer(200, shown(shop))
            case ("PATCH", []):
                for name, value in data.items():
                    _switch(shop, name, value)
                return json_answer(200, shown(shop))
            case ("POST", ["orders"]):
                order = shop.make_order(**data)
                return json_answer(201, payloads.order(order, shop.offset_hours))
            case ("GET", ["orders"]):
                orders = [payloads.order(one, shop.offset_hours) for one in shop.orders.values()]
                return json_answer(200, orders)
            case ("POST", ["orders", id, change]):
                told = shop.change(int(id), change, **data)
                return json_answer(200, [shown_delivery(each) for each in told])
            case ("POST", ["seed"]):
                return json_answer(201, seed(shop, **data))
            case ("POST", ["rotate"]):
                return json_answer(200, {"secret": shop.rotate_secret(data.get("secret", ""))})
            case ("POST", ["expire-tokens"]):
                shop.expire_tokens()
            case ("POST", ["uninstall"]):
                shop.uninstall()
            case ("POST", ["install"]):
                shop.install()
            case ("POST", ["privacy"]):
                shop.tell_privacy(**data)
            case ("POST", ["listener"]):
                shop.listener = str(data["url"])
            case ("POST", ["bulk"]):
                for operation in shop.bulk_operations.values():
                    if operation.status in BULK_IS_OPEN:
                        advance_bulk(shop, operation)
            case ("GET", ["deliveries"]):
                return json_answer(200, [shown_delivery(each) for each in shop.deliveries])
            case ("GET", ["subscriptions"]):
                return json_answer(200, [vars_of(one) for one in shop.subscriptions.values()])
            case ("DELETE", ["subscriptions"]):
                shop.subscriptions.clear()
            case _:
                return None
        return Answer(204)


# --- The checks of a call ----------------------------------------------------------------------


def served_version(wanted: str) -> str | None:
    """Return the version that serves a request: an expired one falls forward to the oldest."""
    if wanted in (*VERSIONS, CANDIDATE, "unstable"):
        return wanted
    if re.fullmatch(r"20[0-9]{2}-(01|04|07|10)", wanted) and wanted < VERSIONS[0]:
        return VERSIONS[0]
    return None


def _refusal_of(shop: Shop, request: Request) -> tuple[int, str] | None:
    if not shop.accepts(request.headers.get("x-shopify-access-token", "")):
        return (
            401,
            "[API] Invalid API key or access token (unrecognized login or wrong password)",
        )
    match shop.trouble:
        case "frozen":
            return 402, "Unavailable Shop"
        case "forbidden":
            return 403, "[API] This action requires merchant approval for read_orders scope."
        case "locked":
            return 423, "Locked"
    return None


def _told(request: Request) -> tuple[str, Mapping[str, Any], str | None]:
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    if content_type == "application/graphql":
        return request.body.decode(), {}, None
    if content_type != "application/json":
        raise ValueError("Required parameter missing or invalid")
    told = request.json()
    if not isinstance(told, dict) or not isinstance(told.get("query"), str):
        raise ValueError("Required parameter missing or invalid")
    variables = told.get("variables") or {}
    if not isinstance(variables, dict):
        raise ValueError("Variables are invalid")
    return told["query"], variables, told.get("operationName")


def _exchange(shop: Shop, request: Request) -> Answer:
    """Trade the app's credentials for a token that ends after a day."""
    if request.method != "POST":
        return _not_found()
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    told: Mapping[str, Any] = {}
    if content_type == "application/json":
        try:
            told = request.json()
        except ValueError:
            return _oauth_error("invalid_request", "The body is not JSON.")
    elif content_type == "application/x-www-form-urlencoded":
        told = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
    if not isinstance(told, dict) or not told:
        return _oauth_error("invalid_request", "The request is missing its parameters.")
    if told.get("grant_type") != "client_credentials":
        return _oauth_error("unsupported_grant_type", "Use the client credentials grant.")
    if told.get("client_id") != shop.client_id:
        return _oauth_error("application_cannot_be_found", "There is no app with this client id.")
    if told.get("client_secret") != shop.client_secret:
        return _oauth_error("invalid_client", "The client secret is wrong.", status=401)
    if not shop.is_installed:
        return _oauth_error("app_not_installed", "The app is not installed in this shop.")
    token = shop.issue_token()
    return json_answer(
        200,
        {
            "access_token": token.text,
            "scope": ",".join(shop.scopes),
            "expires_in": shop.token_seconds,
        },
    )


def _bulk_file(shop: Shop, request: Request, id: int) -> Answer:
    """Answer the file of a bulk operation. Its address is signed, so no token is asked for."""
    operation = shop.bulk_operations.get(id)
    signature = request.query.get("signature", [""])[0]
    if request.method != "GET" or operation is None or signature != operation.signature:
        return Answer(403, b"<Error><Code>AccessDenied</Code></Error>")
    return Answer(200, operation.file, {"Content-Type": "application/jsonl"})


# --- What Shopify answers ----------------------------------------------------------------------


def _not_found() -> Answer:
    return json_answer(404, {"errors": "Not Found"})


def _oauth_error(error: str, description: str, *, status: int = 400) -> Answer:
    return json_answer(status, {"error": error, "error_description": description})


def _errors(errors: Sequence[Refused]) -> dict[str, Any]:
    return {"errors": [error.entry() for error in errors]}


def _too_expensive(cost: int) -> Refused:
    return Refused(
        f"Query cost is {cost}, which exceeds the single query max cost limit "
        f"({MAX_QUERY_COST}).\n\nSee https://shopify.dev/concepts/about-apis/rate-limits for more "
        "information on how the cost of a query is calculated.",
        "MAX_COST_EXCEEDED",
        cost=cost,
        maxCost=MAX_QUERY_COST,
        documentation="https://shopify.dev/api/usage/limits#rate-limits",
    )


# --- What the control plane shows --------------------------------------------------------------


def _switch(shop: Shop, name: str, value: Any) -> None:
    if name not in SWITCHES:
        raise ValueError(f"a shop has the switches {', '.join(SWITCHES)}")
    setattr(shop, name, value)


def set_bucket(
    bucket: Bucket,
    *,
    maximum: float | None = None,
    restore_rate: float | None = None,
    level: float | None = None,
) -> None:
    """Change a bucket. A new size fills it, unless a level is given."""
    if maximum is not None:
        bucket.maximum = bucket.level = maximum
    if restore_rate is not None:
        bucket.restore_rate = restore_rate
    if level is not None:
        bucket.level = level


def shown(shop: Shop) -> dict[str, Any]:
    """Return a shop for the control plane."""
    return {
        "domain": shop.domain,
        "client_id": shop.client_id,
        "client_secret": shop.client_secret,
        "access_token": shop.access_token,
        "orders": len(shop.orders),
        "is_installed": shop.is_installed,
        "listener": shop.listener,
        **{name: getattr(shop, name) for name in SWITCHES},
    }


def vars_of(subscription: Any) -> dict[str, Any]:
    """Return a subscription for the control plane."""
    return {
        "id": subscription.gid,
        "topic": subscription.topic,
        "uri": subscription.uri,
        "name": subscription.name,
    }


def shown_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery for the control plane."""
    return {
        "topic": delivery.topic,
        "url": delivery.url,
        "state": delivery.state,
        "headers": delivery.headers,
        "body": delivery.body.decode(errors="replace"),
        "attempts": [vars(attempt) for attempt in delivery.attempts],
    }


def shopify_for_people() -> Shopify:
    """Return a Shopify with one shop and some orders, to try the service with.

    Its retries take four minutes instead of four hours.
    """
    return Shopify(seeded_orders=25, listener=WEBHOOKS_OF_THE_SERVICE, pace=1 / 60)
