"""Writes integrations as the chain document does, with times in UTC seconds without a zone."""

from django.utils import timezone

from integrations.discord.models import DiscordWebhook, Toggle
from integrations.discord.services import Trial, url_of
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds_without_zone

DELETED: Body = {"message": "Discord integration deleted successfully"}


def integration_body(webhook: DiscordWebhook) -> Body:
    """Write `webhook` as `Integration`. Raises `WebhookUnreadable`."""
    return {
        "id": webhook.pk,
        "user_id": webhook.user_id,
        "webhook": {
            "url": url_of(webhook),
            "username": webhook.username,
            "avatar_url": webhook.avatar_url,
        },
        "notifications": {toggle.value: getattr(webhook, toggle) for toggle in Toggle},
        "is_active": webhook.is_active,
    }


def integration_with_state_body(webhook: DiscordWebhook) -> Body:
    """Write `webhook` as `IntegrationWithState`."""
    body = integration_body(webhook)
    if not webhook.is_active:
        body["disabled_reason"] = webhook.disabled_reason
    if webhook.waits_until and webhook.pause_seconds(timezone.now()):
        body["paused_until"] = seconds_without_zone(webhook.waits_until)
    if webhook.last_delivery_at:
        body["last_delivery"] = {
            "at": seconds_without_zone(webhook.last_delivery_at),
            "status": webhook.last_status,
            "error": webhook.last_error,
        }
    return body


def trial_body(trial: Trial) -> Body:
    """Write `trial` as `TrialResult`."""
    reply = trial.reply
    refused = reply is not None and (reply.code is not None or reply.message)
    return {
        "ok": trial.is_ok,
        "status": reply.status if reply else None,
        "message": trial.summary,
        "discord": {"code": reply.code, "message": reply.message} if reply and refused else None,
    }
