"""Sends the news of orders to Discord."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.events import account_claimed, user_deleted
from accounts.models import User
from integrations.discord import services
from integrations.discord.client import Verdict
from integrations.discord.embeds import LISTED_ORDERS, Related, Subject, embed_of
from integrations.discord.errors import WebhookNotFound
from integrations.discord.models import DiscordWebhook
from integrations.discord.text import name_of
from integrations.discord.webhook_url import (
    NotAWebhook,
    WebhookAddress,
    parse_webhook_url,
)
from orderchainer.core.encryption import Undecryptable
from orders.lifecycle import EventType
from orders.models import Order, OrderDependency
from orders.stream.models import Event
from orders.stream.subscribers import (
    Drop,
    GiveUp,
    Subscriber,
    TryAgain,
    Wanted,
    subscribe,
)


def connect() -> None:
    """Subscribe to events. Disconnect accounts that are deleted or get a new owner."""
    subscribe(Subscriber(services.SUBSCRIBER, wants=wants, deliver=deliver))
    user_deleted.connect(forget)
    account_claimed.connect(forget)


def forget(sender: object, *, user: User, **_: object) -> None:
    """Disconnect `user`, so that the account no longer leads to the old owner's channel."""
    with suppress(WebhookNotFound):
        services.delete_discord_webhook(user=user)


def wants(events: Sequence[Event]) -> Iterable[Wanted]:
    """Pick the events about orders whose owners want to be told of them, in one query.

    The target is the webhook.
    """
    of_orders = [event for event in events if event.is_of_order]
    owners = {event.owner_id for event in of_orders if event.owner_id is not None}
    webhooks = DiscordWebhook.objects.receiving().filter(user_id__in=owners)
    webhook_of = {webhook.user_id: webhook for webhook in webhooks.defer("url")}
    return [
        (event, webhook_of[event.owner_id].target)
        for event in of_orders
        if event.owner_id in webhook_of and webhook_of[event.owner_id].wants(event)
    ]


def deliver(event: Event, target: str) -> None:
    """Tell the owner's channel of `event`: one message, and one call at most.

    What was wanted when the event happened is asked again, since hours may have passed.
    """
    if not event.is_of_order or event.owner_id is None:
        raise Drop("Discord is told of orders only.")
    webhooks = DiscordWebhook.objects.receiving().filter(user_id=event.owner_id)
    webhook = webhooks.with_host().select_related("user").first()
    # It may be another one than the webhook for which the message was meant.
    if webhook is None or target not in ("", webhook.target):
        raise Drop("The Discord integration was deleted or switched off.")
    if not webhook.wants(event):
        raise Drop("The owner does not want to be told of this any more.")
    pause = webhook.pause_seconds(timezone.now())
    if pause:
        raise TryAgain("Discord asked to wait.", after_seconds=pause, counts=False)
    embed = embed_of(event, _subject_of(event, webhook.user))
    reply = services.post_to_discord(webhook, _address_of(webhook), embed)
    match reply.verdict:
        case Verdict.ACCEPTED:
            return
        case Verdict.THROTTLED:
            raise TryAgain(
                reply.summary, after_seconds=reply.wait_seconds, counts=False
            )
        case Verdict.UNCLEAR:
            raise TryAgain(reply.summary, timed_out=reply.timed_out)
        case Verdict.LOST | Verdict.REFUSED:
            raise GiveUp(reply.summary)


def _address_of(webhook: DiscordWebhook) -> WebhookAddress:
    try:
        return parse_webhook_url(webhook.url.reveal())
    except Undecryptable as exc:
        raise TryAgain(str(exc)) from exc
    except NotAWebhook as exc:
        # The URL was allowed when it was stored, so the configuration has changed since.
        reason = f"The webhook's URL is not allowed any more. {exc}"
        services.switch_off_unusable(webhook, reason)
        raise GiveUp(reason) from exc


def _subject_of(event: Event, owner: User) -> Subject:
    name = name_of(owner)
    if event.type == EventType.DELETED or event.order_id is None:
        return Subject(name)
    return Subject(
        name,
        related=_related_to(event, event.order_id, owner),
        link=_link_to(event.order_id, owner),
    )


def _related_to(event: Event, order_id: int, owner: User) -> Related:
    """Return what the order waits for: as the event recorded it, or else as it is now."""
    if event.type == EventType.BLOCKED:
        heading, ids = "Blockers", event.data["blockers"]
    elif "dependencies" in event.data:
        heading, ids = "Dependencies", event.data["dependencies"]
    else:
        edges = OrderDependency.objects.filter(order_id=order_id)
        heading = "Dependencies"
        ids = list(
            edges.order_by("depends_on_id").values_list("depends_on_id", flat=True)
        )
    # An order may wait for one that its owner may not see. Leave out the title of that one.
    visible = Order.objects.visible_to(owner).filter(pk__in=ids[:LISTED_ORDERS])
    return Related(heading, ids, dict(visible.values_list("pk", "title")))


def _link_to(order_id: int, owner: User) -> str:
    """Return a link that the owner can open: for staff in the back office, else in the API."""
    path = (
        reverse("admin:orders_order_change", args=[order_id])
        if owner.is_staff
        else f"/api/orders/{order_id}"
    )
    return f"{settings.PUBLIC_URL}{path}"
