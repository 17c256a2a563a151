"""The same call many times at once, and workers beside one another."""

import pytest
from django.test import Client

from integrations.inbound.tests.factories import (
    BODY,
    PATH,
    headers_of,
    make_delivery,
    make_integration,
)
from integrations.inbound.tests.pretend.provider import Handler
from integrations.inbound.working import work_on
from integrations.models import InboundDelivery
from orderchainer.testing.races import Meeting, race

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = 20


@pytest.mark.usefixtures("pretend")
def test_twenty_identical_calls_at_once_store_one_row_for_each_integration() -> None:
    for _ in range(2):
        make_integration()
    headers = headers_of(BODY, x_event_id="e1")

    def call() -> int:
        return (
            Client().post(PATH, BODY, content_type="application/json", headers=headers).status_code
        )

    answers = race(*[call] * CALLS, meeting=Meeting("INSERT", parties=CALLS))

    assert answers == [200] * CALLS
    assert InboundDelivery.objects.count() == 2


@pytest.mark.usefixtures("pretend")
def test_twenty_calls_about_one_event_with_ids_of_their_own_store_one_row() -> None:
    make_integration()

    def call(number: int) -> int:
        headers = headers_of(BODY, x_webhook_id=f"w{number}", x_event_id="e1")
        return (
            Client().post(PATH, BODY, content_type="application/json", headers=headers).status_code
        )

    answers = race(*[lambda number=number: call(number) for number in range(CALLS)])

    assert answers == [200] * CALLS
    assert InboundDelivery.objects.count() == 1


def test_several_workers_handle_a_delivery_once(pretend: Handler) -> None:
    delivery = make_delivery()

    race(*[lambda: work_on(delivery.pk)] * 8, meeting=Meeting("UPDATE", parties=8))

    assert pretend.got == [delivery.pk]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (InboundDelivery.State.DONE, 1)
