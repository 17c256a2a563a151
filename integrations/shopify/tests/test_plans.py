"""What an integration's own events tell is found among the many events of its project."""

from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from integrations.models import Integration
from integrations.services import report_health, report_trouble
from integrations.shopify.webhook import let_us_in_since
from orderchainer.testing.effort import pages_read_by, statement_of
from orderchainer.testing.races import on_postgresql
from orders.lifecycle import EventType
from orders.stream.models import ORDER, Event

pytestmark = [pytest.mark.django_db, pytest.mark.services]

MANY = 5000
MOST_PAGES = 20


@on_postgresql
def test_whether_a_shop_let_us_in_since_reads_no_events_of_orders(integration: Integration) -> None:
    before = timezone.now()
    report_trouble(integration=integration, reason="The shop refuses us.")
    integration.refresh_from_db()
    report_health(integration=integration)
    Event.objects.bulk_create(
        Event(
            type=EventType.UPDATED,
            subject_kind=ORDER,
            subject_uuid=uuid4(),
            order_id=number,
            owner_id=number,
            project_id=integration.project_id,
            position=10**9 + number,
        )
        for number in range(MANY)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_event")
    integration.refresh_from_db()

    assert let_us_in_since(integration, before)
    assert not let_us_in_since(integration, timezone.now())
    sql = statement_of(lambda: let_us_in_since(integration, timezone.now()), table="orders_event")
    assert pages_read_by(sql) <= MOST_PAGES
