"""Sends the news of orders to Discord."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.access import staff_may
from accounts.events import account_claimed, user_deleted
from accounts.models import Membership, User
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
from orders.access import VIEW_ORDERS
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
    """Pick the events about orders for each person who wants to be told of them, in two queries.

    These are the owner of the order and the owners of its project. The target is their webhook, so
    a person who is both hears of an event once.
    """
    of_orders = [event for event in events if event.is_of_order]
    told = _told_of(of_orders)
    user_ids = {user_id for each in told.values() for user_id in each}
    webhooks = DiscordWebhook.objects.receiving().filter(user_id__in=user_ids)
    webhook_of = {webhook.user_id: webhook for webhook in webhooks.defer("url")}
    return [
        (event, webhook_of[user_id].target)
        for event in of_orders
        for user_id in sorted(told[event.event_id] & webhook_of.keys())
        if webhook_of[user_id].wants(event)
    ]


def _told_of(events: Sequence[Event]) -> Mapping[UUID, set[int]]:
    """Return who may be told of each event, in one query."""
    owners_of: dict[int, set[int]] = {}
    owners = _ownerships().filter(
        project_id__in={event.project_id for event in events},
        user__discord_webhook__isnull=False,
    )
    for project_id, user_id in owners.values_list("project_id", "user_id"):
        owners_of.setdefault(project_id, set()).add(user_id)
    return {
        event.event_id: owners_of.get(event.project_id, set())
        | ({event.owner_id} if event.owner_id is not None else set())
        for event in events
    }


def _ownerships() -> QuerySet[Membership]:
    return Membership.objects.filter(role=Membership.Role.OWNER, project__is_active=True)


def deliver(event: Event, target: str) -> None:
    """Tell one person's channel of `event`: one message, and one call at most.

    Checks again whether the person wants the event and may still be told of it, since hours may
    have passed.
    """
    if not event.is_of_order:
        raise Drop("Discord is told of orders only.")
    if not target:
        # Picking recipients failed, so the delivery names no webhook.
        _deliver_to_each(event)
        return
    webhooks = DiscordWebhook.objects.receiving().with_host().select_related("user")
    webhook = webhooks.filter(pk=target).first()
    if webhook is None:
        raise Drop("The Discord integration was deleted or switched off.")
    _tell(webhook, event)


def _deliver_to_each(event: Event) -> None:
    """Tell everybody who wants it. If one fails, all are told again."""
    targets = [target for _event, target in wants([event])]
    if not targets:
        raise Drop("Nobody wants to be told of this.")
    failures: list[TryAgain] = []
    for target in targets:
        try:
            deliver(event, target)
        except TryAgain as failure:
            failures.append(failure)
        except (Drop, GiveUp):
            continue
    if failures:
        raise failures[0]


def _tell(webhook: DiscordWebhook, event: Event) -> None:
    reader = webhook.user
    if not _may_hear(reader, event):
        raise Drop("They no longer own the project of this order.")
    if not webhook.wants(event):
        raise Drop("The owner does not want to be told of this any more.")
    pause = webhook.pause_seconds(timezone.now())
    if pause:
        raise TryAgain("Discord asked to wait.", after_seconds=pause, counts=False)
    embed = embed_of(event, _subject_of(event, reader))
    reply = services.post_to_discord(webhook, _address_of(webhook), embed)
    match reply.verdict:
        case Verdict.ACCEPTED:
            return
        case Verdict.THROTTLED:
            raise TryAgain(reply.summary, after_seconds=reply.wait_seconds, counts=False)
        case Verdict.UNCLEAR:
            raise TryAgain(reply.summary, timed_out=reply.timed_out)
        case Verdict.LOST | Verdict.REFUSED:
            raise GiveUp(reply.summary)


def _may_hear(user: User, event: Event) -> bool:
    if user.pk == event.owner_id:
        return True
    return _ownerships().filter(project_id=event.project_id, user=user).exists()


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


def _subject_of(event: Event, reader: User) -> Subject:
    owner = _owner_as_shown_to(reader, event)
    if event.type == EventType.DELETED or event.order_id is None:
        return Subject(owner)
    return Subject(
        owner,
        related=_related_to(event, event.order_id, reader),
        link=_link_to(event.order_id, reader),
    )


def _owner_as_shown_to(reader: User, event: Event) -> str:
    """Return the owner's name to the owner, and to others only a number.

    A channel has many readers.
    """
    if event.owner_id is None:
        return ""
    return name_of(reader) if event.owner_id == reader.pk else f"user #{event.owner_id}"


def _related_to(event: Event, order_id: int, reader: User) -> Related:
    """Return what the order waits for: as the event recorded it, or else as it is now."""
    if event.type == EventType.BLOCKED:
        heading, ids = "Blockers", event.data["blockers"]
    elif "dependencies" in event.data:
        heading, ids = "Dependencies", event.data["dependencies"]
    else:
        edges = OrderDependency.objects.filter(order_id=order_id)
        heading = "Dependencies"
        ids = list(edges.order_by("depends_on_id").values_list("depends_on_id", flat=True))
    # An order may wait for one that the reader may not see. Leave out the title of that one.
    visible = Order.objects.visible_to(reader).filter(pk__in=ids[:LISTED_ORDERS])
    return Related(heading, ids, dict(visible.values_list("pk", "title")))


def _link_to(order_id: int, reader: User) -> str:
    """Return a link that the reader can open: for staff who view orders, into the back office."""
    path = (
        reverse("admin:orders_order_change", args=[order_id])
        if staff_may(reader, VIEW_ORDERS)
        else f"/api/orders/{order_id}"
    )
    return f"{settings.PUBLIC_URL}{path}"
