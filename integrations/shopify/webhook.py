"""What Shopify posts to us: which shop it is for, whether it is genuine, and what we do with it.

Every topic of an order carries the whole order, so each is treated alike: the order becomes what
the body says, unless we know something newer. If a topic carries only a part of an order, we ask
the shop for the order.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import QuerySet
from django.utils import timezone

from integrations.contracts import Call, Webhook
from integrations.events import INTEGRATION, EventType
from integrations.inbound.erasing import about_erased_orders, erase_bodies
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.payloads import payload_of
from integrations.services import report_trouble, slice_seconds, stop_runs
from integrations.shopify.bulk import forget_lines
from integrations.shopify.config import shop_named
from integrations.shopify.mapping import Unmappable, admin_link, order_of_payload
from integrations.shopify.mirroring import fetch_and_store, store_or_give_up
from integrations.signatures import hmac_sha256, is_same
from orderchainer.core.outbox import PENDING, Drop, GiveUp, TryAgain
from orders.models import Order
from orders.services import blank_customer, cancel_deleted_order, forget_erased_customers
from orders.stream.models import Event

logger = structlog.get_logger(__name__)

MAX_BODY_BYTES = 3 * 1024 * 1024
BLANKED_AT_ONCE = 500
# A worker then lets go of the delivery, and goes on with the rest at once.
ERASING_SECONDS = 10
# Shopify repeats a call that failed for four hours.
CALLS_ARE_LATE_BY = timedelta(hours=4.5)
LOOKS_AGAIN_SECONDS = 30 * 60
TOPIC, SIGNATURE = "x-shopify-topic", "x-shopify-hmac-sha256"
SHOP, TRIGGERED_AT = "x-shopify-shop-domain", "x-shopify-triggered-at"
WEBHOOK_ID, EVENT_ID = "x-shopify-webhook-id", "x-shopify-event-id"
KEPT_HEADERS = (
    TOPIC,
    SHOP,
    WEBHOOK_ID,
    EVENT_ID,
    TRIGGERED_AT,
    "x-shopify-api-version",
    "x-shopify-name",
)

ORDER_EXAMPLE = {
    "id": 5940139491234,
    "admin_graphql_api_id": "gid://shopify/Order/5940139491234",
    "name": "#1001",
    "email": "ada@example.com",
    "created_at": "2026-11-20T10:30:00-05:00",
    "updated_at": "2026-11-20T10:30:01-05:00",
    "currency": "USD",
    "financial_status": "paid",
    "fulfillment_status": None,
    "current_total_price": "59.98",
    "customer": {"id": 115310627314723950, "first_name": "Ada", "last_name": "Lovelace"},
    "line_items": [
        {
            "id": 866550311766439020,
            "name": "Mug - Blue",
            "sku": "MUG-B",
            "current_quantity": 2,
            "price": "29.99",
        }
    ],
}

UNINSTALLED = (
    "The app was uninstalled in Shopify. Install it again and connect the shop, or disconnect it "
    "here."
)


# --- Before it is stored ----------------------------------------------------------------------


def accounts(call: Call) -> Sequence[str]:
    """Return the shop that the call names. The signature does not cover its name."""
    shop = shop_named(call.headers.get(SHOP, ""))
    return [shop] if shop else []


def verifies(call: Call, secrets: Mapping[str, str]) -> bool:
    """Tell whether the secret signs the body, byte for byte."""
    secret = secrets.get("api_secret", "")
    expected = base64.b64encode(hmac_sha256(secret, call.body)).decode()
    return bool(secret) and is_same(expected, call.headers.get(SIGNATURE, ""))


def topic(call: Call) -> str:
    """Return the topic, such as `orders/create`."""
    return call.headers.get(TOPIC, "").strip().lower()


def keys(call: Call) -> tuple[str, str]:
    """Return two keys of a delivery, because it is unclear which of its ids a repeat shares.

    The first is the delivery's own id. The second is that of the event behind it, which other
    topics and other resources can share.
    """
    webhook_id, event_id = call.headers.get(WEBHOOK_ID, ""), call.headers.get(EVENT_ID, "")
    if not webhook_id:
        webhook_id = hashlib.sha256(topic(call).encode() + b"\n" + call.body).hexdigest()
    second = f"{topic(call)} {event_id} {_resource_id(call.payload)}" if event_id else ""
    return webhook_id, second


def about(call: Call) -> str:
    """Return the id of the order that a call is about, or `customer-` and the id of a customer."""
    told, kind = _object(call.payload), topic(call).partition("/")[0]
    if kind == "customers":
        customer_id = _object(told.get("customer")).get("id") or told.get("id")
        return _about_customer(customer_id)
    of_order = _object(told.get("order_edit")) or told
    order_id = of_order.get("order_id") or (told.get("id") if kind == "orders" else None)
    return str(order_id) if isinstance(order_id, int) and order_id > 0 else ""


def _about_customer(customer_id: object) -> str:
    return f"customer-{customer_id}" if isinstance(customer_id, int) and customer_id else ""


def _resource_id(payload: Any) -> object:
    """Return the id of what the body is about. An order's edit has it one level deeper."""
    told = _object(payload)
    return _object(told.get("order_edit")).get("id") or told.get("id")


# --- Afterwards, in a worker ------------------------------------------------------------------


def handle(delivery: InboundDelivery) -> None:
    """Do what a delivery says. Raises `Drop` for a topic without use, `GiveUp` and `TryAgain`."""
    work = _WORK.get(delivery.topic)
    if work is None:
        raise Drop("Nothing follows from this topic.")
    body = payload_of(delivery)
    if not isinstance(body, dict):
        raise GiveUp("The body is no JSON object.")
    work(delivery.integration, delivery, body)


def _take_over(
    integration: Integration, delivery: InboundDelivery, body: Mapping[str, Any]
) -> None:
    """Store the order in the body. If the body is incomplete, ask the shop for the order."""
    try:
        told = order_of_payload(body, shop=integration.account)
    except Unmappable as exc:
        logger.info("shopify_body_incomplete", delivery=delivery.pk, reason=str(exc))
        fetch_and_store(integration, _order_id(body, "id"))
    else:
        store_or_give_up(integration, told)


def _ask_anew(integration: Integration, delivery: InboundDelivery, body: Mapping[str, Any]) -> None:
    """Ask for the order of a refund or an edit, whose body is not the order."""
    fetch_and_store(integration, _order_id(_object(body.get("order_edit")) or body, "order_id"))


def _cancel_deleted(
    integration: Integration, delivery: InboundDelivery, body: Mapping[str, Any]
) -> None:
    """Cancel the order. If we do not know it, look again as long as a late call can bring it."""
    external_id = str(_order_id(body, "id"))
    # Before we cancel it: an order that is stored meanwhile is not cancelled yet.
    is_known = Order.objects.filter(
        project=integration.project_id, provider=integration.provider, external_id=external_id
    ).exists()
    cancel_deleted_order(
        project=integration.project,
        provider=integration.provider,
        external_id=external_id,
        at=_triggered_at(delivery),
    )
    is_recent = timezone.now() < delivery.asked_at + CALLS_ARE_LATE_BY
    if is_recent and not is_known:
        words = "We do not know the order. A call that is late can still bring it."
        raise TryAgain(words, after_seconds=LOOKS_AGAIN_SECONDS, counts=False)


def _note_uninstalled(
    integration: Integration, delivery: InboundDelivery, body: Mapping[str, Any]
) -> None:
    """Tell people. The secrets stay, because Shopify signs the privacy topics with them later."""
    is_connected = integration.status == Integration.Status.CONNECTED
    if is_connected and _triggered_at(delivery) < integration.status_since:
        raise Drop("The shop was connected again since.")
    report_trouble(integration=integration, reason=UNINSTALLED)


def _note_data_request(
    integration: Integration, delivery: InboundDelivery, body: Mapping[str, Any]
) -> None:
    """A customer asks the shop which data there is. People answer that; we keep the request."""
    logger.warning(
        "shopify_customer_asks_for_data",
        integration=integration.pk,
        delivery=delivery.pk,
        orders=len(_ids_in(body.get("orders_requested"))),
    )


def _blank_one(
    integration: Integration, delivery: InboundDelivery, body: Mapping[str, Any]
) -> None:
    """Blank what we know of a customer who wants to be forgotten, and what is still on its way."""
    customer, named = _object(body.get("customer")), _ids_in(body.get("orders_to_redact"))
    # Before we blank anything: what is stored meanwhile would look as if it had been blanked.
    reason = _can_still_come(integration, delivery, named)
    blanked = blank_customer(
        project=integration.project,
        provider=integration.provider,
        external_ids=named,
        email=str(customer.get("email") or ""),
        phone=str(customer.get("phone") or ""),
        link_prefix=admin_link(integration.account, ""),
    )
    forget_erased_customers(integration.project)
    subjects = [*named, _about_customer(customer.get("id"))]
    # Another request that still waits can name other orders.
    others = integration.deliveries.exclude(topic=delivery.topic, state=PENDING)
    _erase(others.filter(about__in=[each for each in subjects if each]))
    _erase(about_erased_orders().filter(integration=integration))
    logger.info("shopify_customer_blanked", integration=integration.pk, orders=blanked)
    if reason:
        raise TryAgain(reason, after_seconds=LOOKS_AGAIN_SECONDS, counts=False)
    # This call itself names the customer. It comes last, because it cannot be tried again without
    # its body.
    _erase(integration.deliveries.filter(pk=delivery.pk))


def _can_still_come(
    integration: Integration, delivery: InboundDelivery, external_ids: Sequence[str]
) -> str:
    """Say how data of the customer from before can still reach us, or return nothing."""
    known = Order.objects.filter(
        project=integration.project_id,
        provider=integration.provider,
        external_id__in=external_ids,
    )
    unknown = set(external_ids).difference(known.values_list("external_id", flat=True))
    is_recent = timezone.now() < delivery.asked_at + CALLS_ARE_LATE_BY
    calls = integration.deliveries.filter(about__in=unknown, state=PENDING)
    if unknown and (is_recent or calls.exists()):
        return "We do not know all of the orders. A call that is late can still bring them."
    syncs = integration.runs.filter(created_at__lt=delivery.asked_at)
    if syncs.filter(state=PENDING).exists() or _has_a_worker(syncs):
        return "A sync from before is still at work, and can bring the customer's orders."
    return ""


def _has_a_worker(rows: QuerySet[InboundDelivery] | QuerySet[SyncRun]) -> bool:
    """Tell whether a worker may be at one of the rows, also if it was cancelled meanwhile."""
    return rows.filter(claimed_until__gt=timezone.now()).exists()


def _blank_all(
    integration: Integration, delivery: InboundDelivery, body: Mapping[str, Any]
) -> None:
    """Blank all customers of a shop. Shopify asks for it two days after the app was uninstalled."""
    if integration.status != Integration.Status.ERROR:
        raise Drop("The shop is connected again.")
    if let_us_in_since(integration, _triggered_at(delivery)):
        # Somebody replays an old call, while the shop has trouble of another kind.
        raise Drop("The shop was connected again since.")
    # Before the orders, so that neither a call nor a sync brings one back.
    _erase(integration.deliveries.exclude(pk=delivery.pk))
    was_stopped = stop_runs(integration, UNINSTALLED)
    calls = integration.deliveries.exclude(topic__in=DESPITE_PAUSE)
    if was_stopped or _has_a_worker(integration.runs.all()) or _has_a_worker(calls):
        # The worker may be storing orders right now.
        words = "A sync or a call was still at work."
        raise TryAgain(words, after_seconds=slice_seconds(), counts=False)
    forget_lines(integration)
    blanked = 0
    for external_ids in _chunks_of_ids(integration):
        blanked += blank_customer(
            project=integration.project,
            provider=integration.provider,
            external_ids=external_ids,
        )
    forget_erased_customers(integration.project)
    logger.info("shopify_shop_blanked", integration=integration.pk, orders=blanked)


def let_us_in_since(integration: Integration, moment: datetime) -> bool:
    """Tell whether the shop has let us in after that moment."""
    told = Event.objects.filter(
        project_id=integration.project_id,
        subject_kind=INTEGRATION,
        subject_uuid=integration.uuid,
        type=EventType.STATUS_CHANGED,
        data__status=Integration.Status.CONNECTED,
        created_at__gt=moment,
    )
    return told.exists()


def _erase(deliveries: QuerySet[InboundDelivery]) -> None:
    """Erase the bodies of deliveries. Raises `TryAgain` if that takes longer than a worker may."""
    if not erase_bodies(deliveries, seconds=ERASING_SECONDS):
        raise TryAgain("There is more to erase.", after_seconds=0, counts=False)


def _chunks_of_ids(integration: Integration) -> Iterator[list[str]]:
    """Return the ids of the shop's orders. A project can have the orders of several shops."""
    orders = Order.objects.filter(
        project=integration.project_id,
        provider=integration.provider,
        link__startswith=admin_link(integration.account, ""),
    )
    last = 0
    while rows := list(
        orders.filter(pk__gt=last).order_by("pk").values_list("pk", "external_id")[:BLANKED_AT_ONCE]
    ):
        last = rows[-1][0]
        yield [external_id for _, external_id in rows]


_WORK: Mapping[str, Callable[[Integration, InboundDelivery, Mapping[str, Any]], None]] = {
    "orders/create": _take_over,
    "orders/updated": _take_over,
    "orders/paid": _take_over,
    "orders/fulfilled": _take_over,
    "orders/partially_fulfilled": _take_over,
    "orders/cancelled": _take_over,
    "orders/edited": _ask_anew,
    "refunds/create": _ask_anew,
    "orders/delete": _cancel_deleted,
    "app/uninstalled": _note_uninstalled,
    "customers/data_request": _note_data_request,
    "customers/redact": _blank_one,
    "shop/redact": _blank_all,
}


# Topics that people must not miss and that no sync brings later. These are requests about privacy,
# and the news that the app was uninstalled: without it we would not follow `shop/redact`.
DESPITE_PAUSE = frozenset(
    {"app/uninstalled", "customers/data_request", "customers/redact", "shop/redact"}
)


def _order_id(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise GiveUp("The body names no order.")
    return value


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _ids_in(value: object) -> list[str]:
    return [str(each) for each in value if isinstance(each, int)] if isinstance(value, list) else []


def _triggered_at(delivery: InboundDelivery) -> datetime:
    """Return when it happened, or when it came in if Shopify does not say."""
    try:
        moment = datetime.fromisoformat(delivery.headers.get(TRIGGERED_AT, ""))
    except ValueError:
        return delivery.created_at
    now = timezone.now()
    return min(moment, now) if moment.tzinfo else delivery.created_at


WEBHOOK = Webhook(
    max_body_bytes=MAX_BODY_BYTES,
    kept_headers=KEPT_HEADERS,
    accounts=accounts,
    verifies=verifies,
    topic=topic,
    keys=keys,
    about=about,
    handle=handle,
    despite_pause=DESPITE_PAUSE,
    description=(
        "Orders of a shop as they change, from Shopify. `X-Shopify-Hmac-Sha256` is the HMAC-SHA256 "
        "of the raw body with the app's secret, in Base64, and `X-Shopify-Shop-Domain` names the "
        "shop. `X-Shopify-Topic` says what the body is about."
    ),
    examples={"An order": ORDER_EXAMPLE},
)
