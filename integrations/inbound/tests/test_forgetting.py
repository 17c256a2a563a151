"""Old deliveries are deleted, in small batches."""

from datetime import timedelta

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
        make_delivery(integration, created_at=now - age)

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
