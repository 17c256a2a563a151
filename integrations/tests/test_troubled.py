"""Which integrations need somebody: what their provider says, their syncs and their webhooks."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tests.projects import Team
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.models.integrations import sealed
from integrations.queries import WATCHED_FOR, WATCHED_WEBHOOKS, troubled_integrations

pytestmark = pytest.mark.django_db


def make(team: Team, account: str, **fields: Any) -> Integration:
    return Integration.objects.create(
        project=team.project,
        provider="shopify",
        account=account,
        secrets=sealed({}),
        **{"status": "connected", **fields},
    )


def sync(integration: Integration, state: str, error: str = "") -> None:
    ended = None if state == SyncRun.State.QUEUED else timezone.now()
    SyncRun.objects.create(
        integration=integration,
        trigger="schedule",
        state=state,
        finished_at=ended,
        last_error=error,
    )


def webhooks(integration: Integration, state: str, count: int, *, days_ago: int = 0) -> None:
    start = InboundDelivery.objects.count()
    made = InboundDelivery.objects.bulk_create(
        InboundDelivery(integration=integration, state=state, key=f"{start + n}", body=b"{}")
        for n in range(count)
    )
    at = timezone.now() - timedelta(days=days_ago)
    InboundDelivery.objects.filter(pk__in=[each.pk for each in made]).update(created_at=at)


def troubled(team: Team) -> list[tuple[str, str, int]]:
    rows, total = troubled_integrations(team.project, limit=50)
    assert total == len(rows)
    return [(row.account, row.failed_sync, row.failed_webhooks) for row in rows]  # type: ignore[attr-defined]  # annotated


def test_those_that_work_are_left_out(team: Team) -> None:
    fine = make(team, "fine")
    sync(fine, "failed", "Long ago.")
    sync(fine, "done")
    webhooks(fine, "done", 3)
    make(team, "paused", is_paused=True, status="error")
    make(team, "new", status="connecting")

    assert troubled(team) == []


def test_one_that_the_provider_refuses_is_trouble(team: Team) -> None:
    make(team, "refused", status="error", last_error="The token was revoked.")

    assert troubled(team) == [("refused", "", 0)]


def test_the_newest_sync_that_has_ended_decides(team: Team) -> None:
    shop = make(team, "shop")
    sync(shop, "done")
    sync(shop, "failed", "Shopify did not answer.")
    # Nobody knows yet how this one ends.
    sync(shop, "pending")

    assert troubled(team) == [("shop", "Shopify did not answer.", 0)]


def test_webhooks_that_failed_lately_are_counted(team: Team) -> None:
    shop, old = make(team, "shop"), make(team, "old")
    webhooks(shop, "done", 5)
    webhooks(shop, "failed", 2)
    webhooks(old, "failed", 2, days_ago=WATCHED_FOR.days + 1)

    assert troubled(team) == [("shop", "", 2)]


def test_only_the_newest_webhooks_are_read(team: Team) -> None:
    shop = make(team, "shop")
    webhooks(shop, "failed", 3)
    webhooks(shop, "done", WATCHED_WEBHOOKS - 1)

    assert troubled(team) == [("shop", "", 1)]


def test_the_list_is_bounded_and_the_count_is_not(team: Team) -> None:
    for number in range(4):
        make(team, f"shop-{number}", status="error")

    rows, total = troubled_integrations(team.project, limit=2)

    assert ([row.account for row in rows], total) == (["shop-0", "shop-1"], 4)
