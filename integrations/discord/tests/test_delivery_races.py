"""A person retries a message while a worker still waits for Discord's answer, on PostgreSQL."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from integrations.discord.models import DiscordWebhook
from integrations.discord.tests.channel import Channel
from orderchainer.testing.races import on_postgresql, race
from orders.stream import deliveries
from orders.stream.models import EventDelivery
from orders.stream.relay import relay_events
from orders.tests.factories import make_order

pytestmark = [
    pytest.mark.services,
    on_postgresql,
    pytest.mark.django_db(transaction=True),
]


def test_retrying_a_message_that_is_in_flight_sends_one_message(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    make_order(owner)
    [id_] = relay_events().deliveries
    channel.go_wrong(kind="delay", seconds=1)

    def retry() -> object:
        while not channel.calls:
            time.sleep(0.01)
        return deliveries.retry_now([id_]), deliveries.deliver(id_)

    _, retried = race(lambda: deliveries.deliver(id_), retry)

    assert retried == ([], None)
    assert len(channel.messages) == 1
    assert EventDelivery.objects.get().state == "sent"


def test_a_message_whose_worker_died_can_be_retried(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    make_order(owner)
    [id_] = relay_events().deliveries
    assert deliveries._claim(id_) is not None
    assert deliveries.retry_now([id_]) == []

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert deliveries.retry_now([id_]) == [id_]
        deliveries.deliver(id_)

    assert len(channel.messages) == 1
