"""Discord as a way to tell the members of a project of its conversations.

News of orders goes to Discord through `integrations.discord.subscribers`, in more detail.
"""

from collections.abc import Collection
from typing import Any

from accounts.access import Role
from integrations.discord.bringing import bring, require_no_pause
from integrations.discord.embeds import COLOURS, QUOTE_LENGTH
from integrations.discord.models import DiscordWebhook
from integrations.discord.text import is_visible, quoted
from notifications.channels import CHANNELS
from notifications.models import NewsKind
from notifications.ways import News, Way
from orderchainer.core.moments import milliseconds
from orderchainer.core.outbox import Drop
from orders.lifecycle import Status

EXCERPT_LENGTH = 1000


def reached(user_ids: Collection[int]) -> Collection[int]:
    """Return those of the users who have a webhook that gets messages."""
    webhooks = DiscordWebhook.objects.receiving().filter(user_id__in=user_ids)
    return set(webhooks.values_list("user_id", flat=True))


def is_on_by_default(kind: NewsKind, role: Role) -> bool:
    """Tell owners of orders. Customers' words come on request only: channels have many readers."""
    return kind == NewsKind.ORDERS and role == Role.OWNER


def send(news: News) -> None:
    """Tell one member's channel: one message, and one call at most."""
    webhooks = DiscordWebhook.objects.receiving().with_host().select_related("user")
    webhook = webhooks.filter(user=news.membership.user_id).first()
    if webhook is None:
        raise Drop("The Discord integration was deleted or switched off.")
    require_no_pause(webhook)
    bring(webhook, embed_of(news))


def embed_of(news: News) -> dict[str, Any]:
    """Return the embed that shows news of a conversation. It never names the customer."""
    assert news.conversation is not None
    channel = news.conversation.channel
    label = CHANNELS[channel].label if channel in CHANNELS else channel
    embed: dict[str, Any] = {
        "title": _headline(news, label),
        "color": COLOURS[Status.PENDING],
        "timestamp": milliseconds(news.event.created_at),
        "fields": [_field("Project", news.membership.project.name)],
        # With this id a reader can tell a repeated message from a second event.
        "footer": {"text": f"OrderChainer · event {news.event.event_id}"},
    }
    message = news.message
    if message is not None:
        text = quoted(message.content, EXCERPT_LENGTH)
        embed["description"] = text if is_visible(text) else f"({message.content_type})"
        if message.order is not None:
            embed["fields"].append(_field("Order", f"#{message.order.pk} {message.order.title}"))
    return embed


def _headline(news: News, label: str) -> str:
    if news.message is None:
        return f"A conversation on {label} is assigned to you"
    if news.kind == NewsKind.ASSIGNED:
        return f"A customer wrote on {label}, in a conversation of yours"
    return f"A customer wrote on {label}"


def _field(name: str, value: str) -> dict[str, Any]:
    shown = quoted(value, QUOTE_LENGTH)
    # Discord refuses the whole message for one field that shows nothing.
    return {"name": name, "value": shown if is_visible(shown) else "none", "inline": True}


DISCORD = Way(
    "discord",
    is_on_by_default=is_on_by_default,
    reached=reached,
    sends=frozenset({NewsKind.INBOX, NewsKind.ASSIGNED}),
    send=send,
)
