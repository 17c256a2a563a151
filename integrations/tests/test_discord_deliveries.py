"""From an order's event to a message in the channel, and everything that can happen on the way."""

import json
import logging
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Membership, User
from accounts.services import deactivate_user, remove_member, set_member
from accounts.tests.factories import client_of, make_user
from integrations import services
from integrations.discord.url import parse_webhook_url
from integrations.models import DiscordWebhook
from integrations.sandbox.discord import Bucket
from integrations.subscribers import wants
from integrations.tests.channel import Channel
from integrations.tests.factories import make_discord_webhook
from orderchainer.encryption import Undecryptable
from orders import deliveries
from orders.models import EventDelivery, OrderEvent
from orders.relay import relay_events
from orders.services import create_order, delete_order, move_order, update_order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

State = EventDelivery.State


@pytest.fixture
def owner() -> User:
    return make_user(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def webhook(owner: User, channel: Channel) -> DiscordWebhook:
    return make_discord_webhook(owner, channel)


def work() -> None:
    """Do what the workers do until nothing is due."""
    relay_events()
    while due := deliveries.due_deliveries():
        for delivery_id in due:
            deliveries.deliver(delivery_id)


def states() -> list[str]:
    """Return the states of all deliveries, oldest event first."""
    rows = EventDelivery.objects.filter(subscriber="discord").order_by("pk")
    return list(rows.values_list("state", flat=True))


def titles(channel: Channel) -> list[str]:
    """Return the headlines in the channel, oldest first."""
    return [message["embeds"][0]["title"] for message in channel.messages]


# --- What is told -----------------------------------------------------------------------------


def test_an_order_is_told_of_as_it_goes(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    first = make_order(owner, title="First Order")
    second = make_order(owner, first, title="Second Order")
    move_order(order_id=first.pk, status="active", by=owner)
    move_order(order_id=first.pk, status="completed", by=owner)
    work()

    # In order per order; two orders may overtake each other.
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
    # The first try of the first event fails: nothing overtakes it.
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


def test_other_peoples_orders_are_not_told(
    webhook: DiscordWebhook, channel: Channel
) -> None:
    make_order(make_user())
    work()
    assert channel.calls == []
    assert states() == []


def test_the_whole_batch_is_asked_for_in_one_query(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        user = make_user()
        make_order(user)
        if number % 2:
            make_discord_webhook(user, channel)
    events = list(OrderEvent.objects.order_by("pk"))
    with django_assert_num_queries(1):
        wanted = list(wants(events))
    assert wanted == events[1::2]


def test_titles_of_orders_that_the_owner_may_not_see_stay_untold(
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


def test_a_failed_dependency_is_told_with_its_blockers(
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


def test_a_deleted_order_is_told_without_a_link(
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


# --- Discord wants us to wait -----------------------------------------------------------------


def test_a_429_waits_what_discord_says_and_costs_no_attempt(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    with time_machine.travel(now, tick=False) as clock:
        make_order(owner)
        make_order(owner)
        body = {"message": "You are being rate limited.", "retry_after": 64.57}
        channel.go_wrong(
            kind="status",
            status=429,
            headers={"Retry-After": "65"},
            body=json.dumps(body),
        )
        work()

        # The second order's message was not even tried: the wait is the whole webhook's.
        assert len(channel.calls) == 1
        first, second = EventDelivery.objects.order_by("pk")
        assert (first.state, first.attempts) == (State.PENDING, 0)
        assert first.next_attempt_at == now + timedelta(seconds=64.57)
        assert first.last_error == "Discord answered 429: You are being rate limited."
        assert (second.attempts, second.next_attempt_at) == (0, first.next_attempt_at)
        webhook.refresh_from_db()
        assert webhook.paused_until == now + timedelta(seconds=64.57)
        assert webhook.is_active

        clock.shift(64)
        work()
        assert len(channel.calls) == 1
        clock.shift(1)
        work()
        assert len(channel.messages) == 2
        assert states() == [State.SENT, State.SENT]


def test_a_global_limit_silences_every_webhook(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    other = make_user()
    make_discord_webhook(other, channel)
    make_order(owner)
    make_order(other)
    channel.go_wrong(kind="html", status=429, headers={"Retry-After": "600"})
    work()
    assert len(channel.calls) == 1
    assert states() == [State.PENDING, State.PENDING]
    with time_machine.travel(timezone.now() + timedelta(seconds=601)):
        work()
    assert states() == [State.SENT, State.SENT]


def test_a_longer_wait_is_not_cut_short(
    webhook: DiscordWebhook, channel: Channel
) -> None:
    # Two workers were calling at once, and the shorter answer came last.
    address = parse_webhook_url(channel.url)
    with time_machine.travel(timezone.now(), tick=False):
        for seconds in ("3600", "1"):
            channel.go_wrong(
                kind="status",
                status=429,
                headers={"Retry-After": seconds},
                body='{"a": 1}',
            )
            services.post_to_discord(webhook, address, {"title": "x"})
        webhook.refresh_from_db()
        assert webhook.pause_seconds(timezone.now()) == 3600


def test_a_burst_over_the_limit_arrives_whole_and_meets_no_429(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    channel.discord.bucket = Bucket(limit=5, seconds=2)
    channel.discord.clock = time.time
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(12):
            make_order(owner)
        sent = []
        for _ in range(3):
            work()
            sent.append(len(channel.messages))
            clock.shift(2)
    assert sent == [5, 10, 12]
    assert len(channel.calls) == 12
    assert set(states()) == {State.SENT}


# --- The webhook is gone ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"code": 10015, "message": "Unknown Webhook"}),
        (401, {"code": 50027, "message": "Invalid Webhook Token"}),
    ],
)
def test_a_lost_webhook_is_switched_off_and_never_called_again(
    owner: User,
    webhook: DiscordWebhook,
    channel: Channel,
    status: int,
    body: dict[str, Any],
) -> None:
    make_order(owner)
    make_order(owner)
    channel.go_wrong(kind="status", status=status, body=json.dumps(body), times=9)
    work()

    assert len(channel.calls) == 1
    assert states() == [State.FAILED, State.DROPPED]
    said = f"Discord answered {status}: {body['message']}."
    assert EventDelivery.objects.earliest("pk").last_error == said
    shown = client_of(owner).get("/api/discord/").json()
    assert shown["is_active"] is False
    assert shown["disabled_reason"] == (
        f"{said} The webhook was deleted in Discord or its URL is wrong."
    )
    assert shown["last_delivery"]["status"] == status

    make_order(owner)
    work()
    assert len(channel.calls) == 1
    assert len(states()) == 2


def test_word_of_the_old_url_does_not_strike_the_new_one(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    read_before = DiscordWebhook.objects.get()
    new = channel.discord.make_webhook()
    url = f"http://{channel.sandbox.host}{new.path}"
    client_of(owner).put("/api/discord/", {"webhook": {"url": url}})

    services.switch_off_unusable(read_before, "Discord answered 404.")

    assert DiscordWebhook.objects.get().is_active is True


# --- Refused, unclear, unreachable ------------------------------------------------------------


def test_a_message_that_discord_refuses_is_given_up_with_its_words(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    # Discord changed its mind about a name that it took before.
    DiscordWebhook.objects.update(username="My Discord")
    make_order(owner)
    work()
    (delivery,) = EventDelivery.objects.all()
    assert (delivery.state, delivery.attempts) == (State.FAILED, 1)
    assert delivery.last_error == (
        "Discord answered 400: Invalid Form Body "
        '(username: Username cannot contain "discord").'
    )
    webhook.refresh_from_db()
    assert webhook.is_active
    assert webhook.last_error == delivery.last_error


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 500}, "Discord answered 500."),
        ({"kind": "html", "status": 502}, "Discord answered 502."),
        ({"kind": "hang"}, "Discord did not answer within 0.2 seconds."),
        (
            {"kind": "close"},
            "Discord could not be reached, or closed the connection.",
        ),
    ],
)
def test_trouble_is_tried_again_later(
    owner: User,
    webhook: DiscordWebhook,
    channel: Channel,
    settings: Settings,
    fault: dict[str, Any],
    error: str,
) -> None:
    settings.DISCORD_WEBHOOK_TIMEOUT = 0.2
    make_order(owner)
    channel.go_wrong(**fault)
    work()
    (delivery,) = EventDelivery.objects.all()
    assert (delivery.state, delivery.attempts) == (State.PENDING, 1)
    assert delivery.last_error == error
    assert delivery.next_attempt_at > timezone.now()
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        work()
    assert states() == [State.SENT]
    assert len(channel.messages) == 1


def test_a_discord_that_never_comes_back_is_given_up_within_bounds(
    owner: User, channel: Channel, settings: Settings
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        settings.DISCORD_WEBHOOK_HOSTS = [host]
        services.create_discord_webhook(
            user=owner,
            address=parse_webhook_url(f"http://{host}{channel.webhook.path}"),
            fields={},
        )
        make_order(owner)
        with time_machine.travel(timezone.now()) as clock:
            for _ in range(20):
                work()
                clock.shift(timedelta(hours=1))
    (delivery,) = EventDelivery.objects.all()
    assert (delivery.state, delivery.attempts) == (
        State.FAILED,
        deliveries.MAX_ATTEMPTS,
    )
    assert delivery.last_error == (
        "Gave up after 10 attempts: Discord could not be reached, or closed the connection."
    )
    assert DiscordWebhook.objects.get().is_active


# --- Ended on the way -------------------------------------------------------------------------


def test_deleting_the_integration_stops_what_is_queued(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    bystander = make_user()
    make_discord_webhook(bystander, channel)
    make_order(owner)
    make_order(bystander)
    relay_events()
    assert states() == [State.PENDING, State.PENDING]

    assert client_of(owner).delete("/api/discord/").status_code == 200

    assert states() == [State.DROPPED, State.PENDING]
    dropped = EventDelivery.objects.earliest("pk")
    assert dropped.last_error == "The Discord integration was deleted."
    work()
    assert len(channel.messages) == 1


@pytest.mark.parametrize(
    "how", ["deleted", "switched off", "toggled off", "deactivated"]
)
def test_what_is_not_wanted_any_more_is_dropped_when_its_turn_comes(
    owner: User, webhook: DiscordWebhook, channel: Channel, how: str
) -> None:
    make_order(owner)
    relay_events()
    match how:
        case "deleted":
            webhook.delete()
        case "switched off":
            client_of(owner).put("/api/discord/", {"is_active": False})
        case "toggled off":
            client_of(owner).put(
                "/api/discord/", {"notifications": {"order_created": False}}
            )
        case "deactivated":
            deactivate_user(user=owner)
    work()
    assert states() == [State.DROPPED]
    assert channel.calls == []


def test_a_host_that_is_no_longer_allowed_is_not_called(
    owner: User, webhook: DiscordWebhook, channel: Channel, settings: Settings
) -> None:
    make_order(owner)
    settings.DISCORD_WEBHOOK_HOSTS = ["discord.com"]
    work()
    assert channel.calls == []
    assert states() == [State.FAILED]
    webhook.refresh_from_db()
    assert webhook.disabled_reason == (
        "The webhook's URL is not allowed any more. Its host must be discord.com."
    )


# --- Keys -------------------------------------------------------------------------------------


def test_a_lost_key_is_waited_for(
    owner: User, webhook: DiscordWebhook, channel: Channel, settings: Settings
) -> None:
    keys = settings.CREDENTIALS_KEYS
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
    make_order(owner)
    work()
    (delivery,) = EventDelivery.objects.all()
    assert delivery.state == State.PENDING
    assert "CREDENTIALS_KEYS" in delivery.last_error
    settings.CREDENTIALS_KEYS = keys
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        work()
    assert states() == [State.SENT]


def test_keys_are_changed_in_three_steps(
    webhook: DiscordWebhook, channel: Channel, settings: Settings
) -> None:
    (old,) = settings.CREDENTIALS_KEYS
    new = Fernet.generate_key().decode()
    settings.CREDENTIALS_KEYS = [new, old]
    call_command("reencrypt_credentials")
    settings.CREDENTIALS_KEYS = [new]
    assert DiscordWebhook.objects.get().url.reveal() == channel.url
    settings.CREDENTIALS_KEYS = [old]
    with pytest.raises(Undecryptable):
        DiscordWebhook.objects.get().url.reveal()
    with pytest.raises(CommandError, match="CREDENTIALS_KEYS"):
        call_command("reencrypt_credentials")


# --- Logs -------------------------------------------------------------------------------------


def test_no_log_of_a_whole_life_holds_the_token(
    owner: User,
    channel: Channel,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DISCORD_WEBHOOK_TIMEOUT = 0.2
    client = client_of(owner)
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "urllib3"):
        client.post("/api/discord/", {"webhook": {"url": channel.url}})
        client.post("/api/discord/", {"webhook": {"url": channel.url}})
        client.put("/api/discord/", {"webhook": {"url": channel.url + "/slack"}})
        client.get("/api/discord/")
        for fault in (
            {"kind": "hang"},
            {"kind": "close"},
            {"kind": "html", "status": 502},
            {
                "kind": "status",
                "status": 400,
                "body": json.dumps({"message": channel.url}),
            },
        ):
            channel.go_wrong(**fault)
            client.post("/api/discord/test")
        make_order(owner)
        make_order(owner)
        work()
        channel.delete()
        make_order(owner)
        work()
        client.delete("/api/discord/")
    assert "discord_answered" in caplog.text
    assert channel.token not in caplog.text
    assert channel.token not in "".join(
        EventDelivery.objects.values_list("last_error", flat=True)
    )
