"""Old deliveries are deleted, in small batches."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from integrations.inbound.forgetting import forget_old_deliveries
from integrations.inbound.tests.factories import make_delivery, make_integration
from integrations.models import InboundDelivery
from orderchainer.testing.statements import Statements

pytestmark = pytest.mark.django_db


def test_deliveries_are_kept_for_as_long_as_the_setting_says(settings: Settings) -> None:
    settings.INBOUND_RETENTION_DAYS = 7
    integration = make_integration()
    now = timezone.now()
    ages = [timedelta(days=days) for days in (0, 6, 8, 9, 10, 40)]
    for age in ages:
        make_delivery(integration, created_at=now - age, state="done")

    statements = Statements()
    with connection.execute_wrapper(statements):
        assert forget_old_deliveries(batch=3) == 4
    assert forget_old_deliveries(batch=3) == 0

    left = InboundDelivery.objects.order_by("-created_at").values_list("created_at", flat=True)
    assert list(left) == [now - age for age in ages[:2]]
    sent = statements.take()
    assert len([sql for sql in sent if sql.startswith("DELETE")]) == 2
    # It reads keys and no bodies.
    assert not any('"body"' in sql for sql in sent)


def test_a_delivery_that_is_not_over_stays_until_it_is(settings: Settings) -> None:
    """A request to forget a customer may wait longer than deliveries are kept."""
    settings.INBOUND_RETENTION_DAYS = 1
    integration = make_integration()
    old = timezone.now() - timedelta(days=3)
    waits, ended = (
        make_delivery(integration, topic="customers/redact", created_at=old, state=state)
        for state in ("pending", "done")
    )

    assert forget_old_deliveries() == 1

    assert list(InboundDelivery.objects.all()) == [waits]
    InboundDelivery.objects.update(state=ended.state)
    assert forget_old_deliveries() == 1


def test_a_delivery_that_somebody_replays_meanwhile_is_not_deleted(settings: Settings) -> None:
    settings.INBOUND_RETENTION_DAYS = 1
    row = make_delivery(created_at=timezone.now() - timedelta(days=3), state="done")

    def replay(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("DELETE"):
            InboundDelivery.objects.filter(pk=row.pk).update(state="pending")
        return execute(sql, *rest)

    with connection.execute_wrapper(replay):
        forget_old_deliveries()

    assert InboundDelivery.objects.filter(pk=row.pk).exists()
