"""Sends the news of orders to Discord."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from accounts.access import staff_may
from accounts.events import account_claimed, user_deleted
from accounts.models import Membership, User
from integrations.discord import services
from integrations.discord.bringing import bring, require_no_pause
from integrations.discord.embeds import (
    ASIDES,
    LISTED_ORDERS,
    Related,
    Source,
    Subject,
    embed_of,
    source_name,
)
from integrations.discord.errors import WebhookNotFound
from integrations.discord.models import DiscordWebhook
from integrations.discord.team import DISCORD
from integrations.discord.text import name_of
from notifications.models import NewsKind
from notifications.services.preferences import choices_of
from orders.access import VIEW_ORDERS
from orders.lifecycle import EventType
from orders.links import short_link
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


# An order that we first hear of this long after it was placed is not news. The first sync of a shop
# brings the orders of two months, and a channel takes thirty messages a minute.
NEWS_FOR = timedelta(days=1)


def wants(events: Sequence[Event]) -> Iterable[Wanted]:
    """Pick the events about orders for each person who wants to be told of them, in four queries.

    These are the owner of the order and the members of its project who hear of orders in Discord;
    of a mirrored order only the latter, because its owner only stands for the shop that it comes
    from. The target is their webhook, so a person who is both hears of an event once.
    """
    of_orders = [event for event in events if event.is_of_order]
    # Often nobody has a webhook. Django takes longer to compile the queries below than to ask.
    if not of_orders or not DiscordWebhook.objects.receiving().exists():
        return []
    members = choices_of(_members_among(of_orders), NewsKind.ORDERS, DISCORD)
    owners = {event.owner_id for event in of_orders if event.owner_id is not None}
    hearing = {user_id for (_, user_id), is_on in members.items() if is_on}
    webhooks = DiscordWebhook.objects.receiving().filter(user_id__in=owners | hearing)
    webhook_of = {webhook.user_id: webhook for webhook in webhooks.defer("url")}
    if not webhook_of:
        return []
    placed_at = _mirrored_among(of_orders)
    return [
        (event, webhook_of[user_id].target)
        for event in of_orders
        if not (_is_aside(event) or _is_history(event, placed_at))
        for user_id in sorted(_told_of(event, members, placed_at) & webhook_of.keys())
        if webhook_of[user_id].wants(event)
    ]


def _members_among(events: Sequence[Event]) -> QuerySet[Membership]:
    """Return the members of the events' projects who have a webhook."""
    return _memberships().filter(
        project_id__in={event.project_id for event in events},
        user__discord_webhook__isnull=False,
    )


def _mirrored_among(events: Sequence[Event]) -> Mapping[int, datetime]:
    """Return when each mirrored order among the events was placed, by its id, in one query."""
    orders = Order.objects.filter(
        pk__in={event.order_id for event in events}, source_updated_at__isnull=False
    )
    return dict(orders.values_list("pk", "ordered_at"))


def _is_aside(event: Event) -> bool:
    return (
        event.type == EventType.UPDATED
        and "source" in event.data.get("cause", {})
        and ASIDES.issuperset(event.data["changes"])
    )


def _is_history(event: Event, placed_at: Mapping[int, datetime]) -> bool:
    """Whether the event brings us an order that was placed long ago at its source."""
    placed = placed_at.get(event.order_id or 0)
    return (
        event.type == EventType.CREATED
        and placed is not None
        and event.created_at - placed > NEWS_FOR
    )


def _told_of(
    event: Event, members: Mapping[tuple[int, int], bool], placed_at: Mapping[int, datetime]
) -> set[int]:
    """Return who hears of an event; `members` has the choices by project and user."""
    told = {
        user_id
        for (project_id, user_id), is_on in members.items()
        if is_on and project_id == event.project_id
    }
    if event.owner_id is None or event.order_id in placed_at:
        return told
    # A member who does not want to hear of the project's orders does not hear of their own either.
    is_silent = members.get((event.project_id, event.owner_id)) is False
    return told if is_silent else told | {event.owner_id}


def _memberships() -> QuerySet[Membership]:
    return Membership.objects.filter(project__is_active=True)


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
    order = Order.objects.filter(pk=event.order_id or 0).first()
    if not _may_hear(reader, event, order):
        raise Drop("They may not, or do not want to, hear of this project's orders any more.")
    if not webhook.wants(event):
        raise Drop("The owner does not want to be told of this any more.")
    require_no_pause(webhook)
    bring(webhook, embed_of(event, _subject_of(event, reader, order)))


def _may_hear(user: User, event: Event, order: Order | None) -> bool:
    members = _memberships().filter(project_id=event.project_id, user=user)
    is_on = choices_of(members, NewsKind.ORDERS, DISCORD).get((event.project_id, user.pk))
    is_mirrored = order is not None and order.is_mirrored
    if user.pk == event.owner_id and not is_mirrored:
        return is_on is not False
    return bool(is_on)


def _subject_of(event: Event, reader: User, order: Order | None) -> Subject:
    owner = _owner_as_shown_to(reader, event)
    if event.type == EventType.DELETED or event.order_id is None:
        return Subject(owner)
    return Subject(
        owner,
        source=_source_of(order) if order and order.is_mirrored else None,
        related=_related_to(event, event.order_id, reader),
        link=_link_to(order, reader) if order else "",
    )


def _source_of(order: Order) -> Source:
    return Source(name=source_name(order.provider), title=order.source_title, is_test=order.is_test)


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


def _link_to(order: Order, reader: User) -> str:
    """Return a link that the reader can open.

    A mirrored order is shown where it comes from: its reader owns the project, and so knows the
    shop. All others lead staff who view orders into the back office, and everybody else to their
    own page of the order.
    """
    if order.is_mirrored and order.link:
        return order.link
    if staff_may(reader, VIEW_ORDERS):
        path = reverse("admin:orders_order_change", args=[order.pk])
        return f"{settings.PUBLIC_URL}{path}"
    return short_link(order.pk)
