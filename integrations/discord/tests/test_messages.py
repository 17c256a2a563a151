"""Which messages arrive in the channel, about which orders, in which order."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, User
from accounts.services import remove_member, set_member
from accounts.tests.factories import make_user
from integrations.discord.models import DiscordWebhook
from integrations.discord.subscribers import wants
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.deliveries import states, work
from integrations.discord.tests.factories import make_discord_webhook
from orders.services import create_order, delete_order, move_order, update_order
from orders.stream.models import Event, EventDelivery
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

State = EventDelivery.State


def titles(channel: Channel) -> list[str]:
    """Return the headlines in the channel, oldest first."""
    return [message["embeds"][0]["title"] for message in channel.messages]


def test_the_channel_follows_an_orders_life(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    first = make_order(owner, title="First Order")
    second = make_order(owner, first, title="Second Order")
    move_order(order_id=first.pk, status="active", by=owner)
    move_order(order_id=first.pk, status="completed", by=owner)
    work()

    # The messages about one order keep their order; those of two orders may mix.
    assert sorted(titles(channel)) == sorted(
        [
            f"Order #{first.pk} created",
            f"Order #{second.pk} created",
            f"Order #{first.pk} is active",
            f"Order #{first.pk} completed",
            f"Order #{second.pk} is ready",
        ]
    )
    assert set(states()) == {State.SENT}
    created = next(
        message["embeds"][0]
        for message in channel.messages
        if message["embeds"][0]["title"] == f"Order #{second.pk} created"
    )
    assert created["url"] == f"http://localhost:8000/api/orders/{second.pk}"
    assert [(one["name"], one["value"]) for one in created["fields"]] == [
        ("Order", f"#{second.pk} Second Order"),
        ("Status", "pending"),
        ("Owner", "Ada Lovelace"),
        ("Dependencies", f"#{first.pk} First Order"),
    ]
    assert all(
        message["allowed_mentions"] == {"parse": []} for message in channel.messages
    )
    webhook.refresh_from_db()
    assert (webhook.last_status, webhook.last_error) == (200, "")


def test_events_of_one_order_keep_their_order(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    order = make_order(owner)
    for status in ("active", "draft", "pending", "active", "completed"):
        move_order(order_id=order.pk, status=status, by=owner)
    # The first try of the first event fails, and no later event overtakes it.
    channel.go_wrong(kind="html", status=503)
    work()
    assert titles(channel) == []
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        work()
    assert titles(channel) == [
        f"Order #{order.pk} {happened}"
        for happened in (
            "created",
            "is active",
            "is a draft again",
            "is pending",
            "is active",
            "completed",
        )
    ]


@pytest.mark.parametrize(
    ("off", "missing"),
    [
        ("order_created", "created"),
        ("order_updated", "updated"),
        ("order_completed", "completed"),
        ("order_failed", "failed"),
    ],
)
def test_each_toggle_silences_its_own_events(
    owner: User, channel: Channel, off: str, missing: str
) -> None:
    make_discord_webhook(owner, channel, **{off: False})
    good, bad = make_order(owner), make_order(owner)
    update_order(order_id=good.pk, by=owner, fields={"title": "Renamed"})
    move_order(order_id=good.pk, status="completed", by=owner)
    move_order(order_id=bad.pk, status="failed", by=owner)
    work()
    told = {title.split(" ", 2)[2] for title in titles(channel)}
    assert told == {"created", "updated", "completed", "failed"} - {missing}


def test_other_peoples_orders_stay_out_of_the_channel(
    webhook: DiscordWebhook, channel: Channel
) -> None:
    make_order(make_user())
    work()
    assert channel.calls == []
    assert states() == []


def test_a_whole_batch_needs_one_query(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        user = make_user()
        make_order(user)
        if number % 2:
            make_discord_webhook(user, channel)
    events = list(Event.objects.order_by("pk"))
    with django_assert_num_queries(1):
        wanted = list(wants(events))
    assert [event for event, _ in wanted] == events[1::2]
    webhooks = DiscordWebhook.objects.order_by("pk")
    assert [target for _, target in wanted] == [str(each.pk) for each in webhooks]


def test_titles_of_orders_that_the_owner_may_not_see_are_left_out(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    boss = make_user()
    project = boss.personal_project
    secret = make_order(boss, title="Secret Project")
    set_member(project=project, user=owner, role=Membership.Role.AGENT)
    order = create_order(
        by=owner, project=project, fields={"title": "x"}, dependencies=[secret.pk]
    )
    remove_member(project=project, user=owner)
    work()
    assert titles(channel) == [f"Order #{order.pk} created"]
    (field,) = [
        one
        for one in channel.messages[-1]["embeds"][0]["fields"]
        if one["name"] == "Dependencies"
    ]
    assert field["value"] == f"#{secret.pk}"
    assert "Secret Project" not in json.dumps(channel.messages)


def test_a_blocked_order_is_shown_with_its_blockers(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    first = make_order(owner, title="First Order")
    second = make_order(owner, first)
    move_order(order_id=first.pk, status="failed", by=owner)
    work()
    blocked = next(
        message["embeds"][0]
        for message in channel.messages
        if message["embeds"][0]["title"] == f"Order #{second.pk} is blocked"
    )
    assert blocked["fields"][3] == {
        "name": "Blockers",
        "value": f"#{first.pk} First Order",
        "inline": False,
    }


def test_a_deleted_order_is_shown_without_a_link(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    order = make_order(owner)
    delete_order(order_id=order.pk, by=owner)
    work()
    assert titles(channel) == [
        f"Order #{order.pk} created",
        f"Order #{order.pk} deleted",
    ]
    assert "url" not in channel.messages[1]["embeds"][0]


def test_hostile_titles_arrive_and_ping_nobody(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    make_order(
        owner, title="@everyone **now** [x](https://evil.test) \u202e" + "😀" * 200
    )
    work()
    (message,) = channel.messages
    assert states() == [State.SENT]
    assert message["allowed_mentions"] == {"parse": []}
    assert message["embeds"][0]["description"].startswith(
        "**\\@everyone \\*\\*now\\*\\* \\[x\\](https\\://evil.test) 😀"
    )
    assert message["embeds"][0]["description"].endswith("😀…**")


def test_staff_are_led_to_the_back_office(channel: Channel) -> None:
    staff = make_user(is_staff=True)
    make_discord_webhook(staff, channel)
    order = make_order(staff)
    work()
    assert channel.messages[0]["embeds"][0]["url"] == (
        f"http://localhost:8000/admin/orders/order/{order.pk}/change/"
    )
