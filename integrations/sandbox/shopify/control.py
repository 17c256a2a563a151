"""The control plane of the emulated Shopify, below `/_control/shopify`.

The part of one shop is below `/shops/{domain}`, which the list calls {shop}. The domain `-` means
the first shop. Times are ISO 8601 with an offset.

    GET    /                     a page for people
    POST   /shops                {"domain", "client_id"?, "client_secret"?, "access_token"?}
    GET    /shops                every shop with its credentials and switches
    POST   /clock                {"advance": seconds}: let time pass for tokens, buckets, orders
    POST   /bucket               {"maximum"?, "restore_rate"?, "level"?}: of every shop
    POST   /costs                {"pages": "reduced" | "linear"}: how much a page of objects costs
    POST   /pace                 {"seconds": 0.001}: how long one second of a retry's wait takes
    POST   /wait                 {"seconds"?: 10}: wait until no webhook is on its way; says if so

    GET    {shop}                its credentials and switches
    PATCH  {shop}                set switches, see SWITCHES
    POST   {shop}/orders         {"lines"?, "customer"?, "is_guest"?, …}: see `Shop.make_order`
    GET    {shop}/orders         the orders as webhooks show them, oldest first
    POST   {shop}/orders/{id}/{change}  pay, fulfil, cancel …: see `changes.py`; and delete.
                                 {"at"?, "announces"?, …options of the change}
    POST   {shop}/seed           {"count", "days"?, "until"?}: many orders, without webhooks
    POST   {shop}/rotate         {"secret"?}: a new client secret; the old one still signs "old"
    POST   {shop}/expire-tokens  end every exchanged token
    POST   {shop}/uninstall      uninstall the app, and send `app/uninstalled`
    POST   {shop}/install        install it again
    POST   {shop}/privacy        {"topic", "order_ids"?}: one of the three privacy topics
    POST   {shop}/mishaps        {"code", "message"?, "times"?, "after"?, "match"?, "cost"?,
                                 "with_data"?}: errors in GraphQL answers, see `Mishap`
    DELETE {shop}/mishaps        no more of them
    POST   {shop}/bulk           move every open bulk operation one step on, or end it:
                                 {"error_code"?: "TIMEOUT"}

    POST   {shop}/listener       {"url"}: send every topic there, as if set in the app's settings
    POST   {shop}/deliver        one webhook, now, once; answers what came back:
                                 {"topic", "order_id"? or "payload"? or "body"? (text) or
                                 "body_base64"?, "signed"?: good, old, wrong, none,
                                 "webhook_id"?, "event_id"?, "shop_domain"?, "url"?,
                                 "times"?: 1,
                                 "after_seconds"?: send it later and do not wait for it}
    POST   {shop}/deliver/{webhook id}  send a webhook of the past again, as it was:
                                 {"webhook_id"?, "event_id"?, "url"?, "after_seconds"?}
    GET    {shop}/deliveries     what was sent, oldest first, with every attempt
    GET    {shop}/subscriptions  the webhook subscriptions
    DELETE {shop}/subscriptions  delete all of them, as the real service does after failures
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.sandbox.shopify import bulk, page, payloads
from integrations.sandbox.shopify.api import STABLE
from integrations.sandbox.shopify.costs import linear, reduced
from integrations.sandbox.shopify.executing import Execution
from integrations.sandbox.shopify.fields import RESOLVERS
from integrations.sandbox.shopify.records import Bucket, Mishap, Subscription
from integrations.sandbox.shopify.seeding import seed
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.shops import Shops
from integrations.sandbox.shopify.webhooks import Delivery
from integrations.sandbox.wire import Answer, json_answer


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_one_of(*known: str) -> Callable[[Any], bool]:
    return lambda value: value in known


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


# What may be set on a shop, and which values it may have; `Shop` says what each means.
SWITCHES: Mapping[str, Callable[[Any], bool]] = {
    "allows_http": _is_flag,
    "currency": _is_text,
    "deprecated_reason": _is_text,
    "holds_bulk": _is_flag,
    "holds_webhooks": _is_flag,
    "index_lag_seconds": _is_number,
    "offset_hours": _is_number,
    "protected_data": _is_one_of("approved", "nulls", "errors"),
    "scopes": _is_texts,
    "signs_with": _is_one_of("new", "old"),
    "token_seconds": _is_number,
    "trouble": _is_one_of("", "frozen", "forbidden", "locked", "inactive"),
    "webhook_delay_seconds": _is_number,
}


def control(shops: Shops, method: str, path: str, data: Any) -> Answer | None:
    """Answer one request, or return None if there is nothing at that path."""
    parts = path.strip("/").split("/")
    match (method, parts):
        # These two do not hold the lock: they wait for the service, which may call us meanwhile.
        case ("POST", ["wait"]):
            return json_answer(200, shops.sender.wait(**data))
        case ("POST", ["shops", domain, "deliver", *rest]):
            shop = shops.shop_named(domain)
            past = rest[0] if rest else ""
            made = shops.again(shop, past, **data) if past else shops.push(shop, **data)
            return json_answer(200, [_shown_delivery(each) for each in made])
    with shops.lock:
        match parts:
            case [""]:
                return page.answer(shops.shop, method, [], data)
            case ["shops", domain, "page", *rest]:
                return page.answer(shops.shop_named(domain), method, rest, data)
            case ["shops", domain, *rest]:
                return _of_shop(shops.shop_named(domain), method, rest, data)
        return _of_all(shops, method, parts, data)


def _of_all(shops: Shops, method: str, parts: Sequence[str], data: Any) -> Answer | None:
    match (method, parts):
        case ("GET", ["shops"]):
            return json_answer(200, [_shown(shop) for shop in shops.shops.values()])
        case ("POST", ["shops"]):
            return json_answer(201, _shown(shops.make_shop(**data)))
        case ("POST", ["clock"]):
            shops.advance(float(data["advance"]))
        case ("POST", ["bucket"]):
            for shop in shops.shops.values():
                _set_bucket(shop.bucket, **data)
        case ("POST", ["costs"]):
            shops.page_weight = {"reduced": reduced, "linear": linear}[data["pages"]]
        case ("POST", ["pace"]):
            shops.sender.pace = float(data["seconds"])
        case _:
            return None
    return Answer(204)


def _of_shop(shop: Shop, method: str, rest: Sequence[str], data: Any) -> Answer | None:
    match (method, rest):
        case ("GET", []):
            return json_answer(200, _shown(shop))
        case ("PATCH", []):
            for name, value in data.items():
                _switch(shop, name, value)
            return json_answer(200, _shown(shop))
        case ("POST", ["orders"]):
            order = shop.make_order(**data)
            return json_answer(201, payloads.order(order, shop.offset_hours))
        case ("GET", ["orders"]):
            orders = [payloads.order(one, shop.offset_hours) for one in shop.orders.values()]
            return json_answer(200, orders)
        case ("POST", ["orders", id, change]):
            told = shop.change(int(id), change, **data)
            return json_answer(200, [_shown_delivery(each) for each in told])
        case ("POST", ["seed"]):
            return json_answer(201, seed(shop, **data))
        case ("POST", ["rotate"]):
            return json_answer(200, {"secret": shop.rotate_secret(data.get("secret", ""))})
        case ("POST", ["mishaps"]):
            shop.mishaps.append(Mishap(**data))
        case ("DELETE", ["mishaps"]):
            shop.mishaps.clear()
        case ("POST", ["bulk"]):
            _move_bulk(shop, **data)
        case _:
            return _of_app(shop, method, rest, data)
    return Answer(204)


def _of_app(shop: Shop, method: str, rest: Sequence[str], data: Any) -> Answer | None:
    match (method, rest):
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
        case ("GET", ["deliveries"]):
            return json_answer(200, [_shown_delivery(each) for each in shop.deliveries])
        case ("GET", ["subscriptions"]):
            return json_answer(200, list(map(_shown_subscription, shop.subscriptions.values())))
        case ("DELETE", ["subscriptions"]):
            shop.subscriptions.clear()
        case _:
            return None
    return Answer(204)


def _switch(shop: Shop, name: str, value: Any) -> None:
    if name not in SWITCHES:
        raise ValueError(f"a shop has the switches {', '.join(SWITCHES)}")
    if not SWITCHES[name](value):
        raise ValueError(f"{name} cannot be {value!r}")
    if name == "scopes":
        shop.set_scopes(value)
    else:
        setattr(shop, name, value)


def _set_bucket(
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


def _move_bulk(shop: Shop, *, error_code: str = "") -> None:
    for operation in list(shop.bulk_operations.values()):
        if operation.status not in bulk.OPEN:
            continue
        if error_code:
            bulk.fail(shop, operation, error_code)
        else:
            bulk.advance(operation, Execution(shop, RESOLVERS, {}, STABLE, ""))


def _shown(shop: Shop) -> dict[str, Any]:
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


def _shown_subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.gid,
        "topic": subscription.topic,
        "uri": subscription.uri,
        "name": subscription.name,
        "include_fields": subscription.include_fields,
    }


def _shown_delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "topic": delivery.topic,
        "url": delivery.url,
        "state": delivery.state,
        "headers": delivery.headers,
        "body": delivery.body.decode(errors="replace"),
        "attempts": [vars(attempt) for attempt in delivery.attempts],
    }
