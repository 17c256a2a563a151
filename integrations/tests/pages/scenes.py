"""How the tests of pages name pages, and the work that they show."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.tests.projects import Team
from catalog.tests.pages.scenes import address, fields_on, send, text_of
from integrations.models import InboundDelivery, Integration, SyncRun

__all__ = ["HOSTILE", "address", "at", "fields_on", "make_delivery", "make_run", "send", "text_of"]

HOSTILE = "<img src=x onerror=alert(1)> & \"'{{ 7 }}"


def at(team: Team, integration: Integration, *parts: object) -> str:
    """Return the address of a page of an integration."""
    return address(team, "integrations", integration.uuid, *parts)


def make_delivery(integration: Integration, **fields: Any) -> InboundDelivery:
    """Store a delivery that was worked on."""
    number = InboundDelivery.objects.count()
    given = {
        "topic": "orders/create",
        "key": f"delivery-{number}",
        "body": b'{"id": 1001}',
        "headers": {"x-shopify-topic": "orders/create"},
        "state": InboundDelivery.State.DONE,
        "attempts": 1,
        "finished_at": timezone.now(),
        **fields,
    }
    return InboundDelivery.objects.create(integration=integration, **given)


def make_run(integration: Integration, *, days_ago: int = 0, **fields: Any) -> SyncRun:
    """Store a sync that is over."""
    at_ = timezone.now() - timedelta(days=days_ago)
    given = {
        "trigger": SyncRun.Trigger.SCHEDULE,
        "state": SyncRun.State.DONE,
        "created_at": at_,
        "started_at": at_,
        "finished_at": at_,
        **fields,
    }
    return SyncRun.objects.create(integration=integration, **given)
