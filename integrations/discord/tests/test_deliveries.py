"""Everything that can happen to a message on its way to the channel."""

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
from pytest_django import Settings

from accounts.models import EmailCode, User
from accounts.services import (
    deactivate_user,
    delete_user,
    request_code,
    reset_password,
)
from accounts.tests.factories import client_of, make_user
from accounts.tests.mailbox import code_sent_to
from integrations.discord import services
from integrations.discord.models import DiscordHost, DiscordWebhook
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.deliveries import states, work
from integrations.discord.tests.factories import make_discord_webhook
from integrations.discord.webhook_url import parse_webhook_url
from integrations.sandbox.discord import Bucket
from orderchainer.core.encryption import Undecryptable
from orders.stream.models import EventDelivery
from orders.stream.relay import relay_events
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

State = EventDelivery.State


# --- Discord wants us to wait -----------------------------------------------------------------


def test_after_a_429_we_wait_as_discord_says_and_count_no_attempt(
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

        # The second order's message was not sent either: the whole webhook waits.
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


def test_a_shorter_wait_does_not_shorten_a_longer_one(
    webhook: DiscordWebhook, channel: Channel
) -> None:
    # Two workers called at once, and the answer with the shorter wait came last.
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


def test_a_scope_of_one_webhook_leaves_the_others_alone(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    other = make_user()
    make_discord_webhook(other, channel)
    make_order(owner)
    make_order(other)
    channel.throttle("shared", seconds=600)

    work()

    assert sorted(states()) == [State.PENDING, State.SENT]
    assert not DiscordHost.objects.exists()


@pytest.mark.parametrize("scope", ["global", "cloudflare"])
def test_a_limit_on_everything_pauses_only_its_host(
    owner: User,
    webhook: DiscordWebhook,
    channel: Channel,
    settings: Settings,
    scope: str,
) -> None:
    elsewhere = channel.sandbox.host.replace("127.0.0.1", "localhost")
    settings.DISCORD_WEBHOOK_HOSTS = [channel.sandbox.host, elsewhere]
    other, late = make_user(), make_user()
    address = parse_webhook_url(channel.url.replace("127.0.0.1", "localhost"))
    services.create_discord_webhook(user=other, address=address, fields={})
    channel.throttle(scope, seconds=600)
    make_order(owner)
    work()
    # This one is connected during the pause, and waits as well.
    make_discord_webhook(late, channel)
    make_order(late)
    make_order(other)

    work()

    assert states() == [State.PENDING, State.PENDING, State.SENT]
    assert len(channel.calls) == 2
    assert "paused_until" in client_of(late).get("/api/discord/").json()
    assert "paused_until" not in client_of(other).get("/api/discord/").json()
    assert services.try_discord_webhook(user=late).summary.startswith("Discord asked to wait for")
    assert len(channel.calls) == 2


@pytest.mark.parametrize("scope", ["user", "cloudflare"])
def test_pauses_grow_up_to_an_hour_if_discord_names_no_wait(
    owner: User, webhook: DiscordWebhook, channel: Channel, scope: str
) -> None:
    channel.throttle(scope, times=14)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        make_order(owner)
        pauses = []
        for calls in range(1, 15):
            work()
            assert len(channel.calls) == calls
            pause = _discord_webhook_of(owner).pause_seconds(timezone.now())
            # We make no call before the pause ends.
            clock.shift(pause - 1)
            work()
            assert len(channel.calls) == calls
            clock.shift(1.001)
            pauses.append(pause)
        work()

    assert 2.5 <= pauses[0] <= 5
    assert 10 <= pauses[2] <= 20
    assert all(1800 <= pause <= 3600 for pause in pauses[-3:])
    assert states() == [State.SENT]
    webhook.refresh_from_db()
    assert webhook.throttles == 0
    assert not DiscordHost.objects.filter(throttles__gt=0).exists()


def test_a_host_that_always_names_no_wait_is_still_paused(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    channel.throttle("user", seconds=0, times=1000)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        make_order(owner)
        for _ in range(300):
            work()
            clock.shift(1)

    # Five minutes: with pauses of 0, 2.5 to 5, 5 to 10 … there is room for eight.
    assert len(channel.calls) <= 9


def test_refusals_at_the_same_time_count_as_one(webhook: DiscordWebhook, channel: Channel) -> None:
    address = parse_webhook_url(channel.url)
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(5):
            channel.throttle("cloudflare")
            services.post_to_discord(webhook, address, {"title": "x"})

        (host,) = DiscordHost.objects.all()
        assert host.throttles == 1
        assert host.paused_until is not None
        assert host.paused_until <= timezone.now() + timedelta(seconds=5)


def _discord_webhook_of(user: User) -> DiscordWebhook:
    return DiscordWebhook.objects.with_host().get(user=user)


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


def test_an_answer_about_the_old_url_does_not_disable_the_new_one(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    read_before = DiscordWebhook.objects.get()
    new = channel.discord.make_webhook()
    url = f"http://{channel.sandbox.host}{new.path}"
    client_of(owner).put("/api/discord/", {"webhook": {"url": url}})

    services.switch_off_unusable(read_before, "Discord answered 404.")

    assert DiscordWebhook.objects.get().is_active is True


# --- Refused, unclear, unreachable ------------------------------------------------------------


def test_we_give_up_a_message_that_discord_refuses_and_keep_the_reason(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    # Discord now refuses a name that it accepted before.
    DiscordWebhook.objects.update(username="My Discord")
    make_order(owner)
    work()
    (delivery,) = EventDelivery.objects.all()
    assert (delivery.state, delivery.attempts) == (State.FAILED, 1)
    assert delivery.last_error == (
        'Discord answered 400: Invalid Form Body (username: Username cannot contain "discord").'
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


def test_we_give_up_after_a_bounded_number_of_tries(
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
        EventDelivery.MAX_ATTEMPTS,
    )
    assert delivery.last_error == (
        "Gave up after 10 attempts: Discord could not be reached, or closed the connection."
    )
    assert DiscordWebhook.objects.get().is_active


# --- Ended on the way -------------------------------------------------------------------------


def test_deleting_the_integration_drops_the_queued_messages(
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


def test_deleting_an_account_disconnects_it(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    make_order(owner)
    relay_events()

    delete_user(user=owner)

    work()
    assert not DiscordWebhook.objects.exists()
    assert states() == [State.DROPPED]
    assert channel.messages == []


def test_an_account_that_its_true_owner_claims_is_disconnected(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    request_code(email=owner.email, purpose=EmailCode.Purpose.RESET_PASSWORD)
    reset_password(
        email=owner.email,
        code=code_sent_to(owner.email),
        new_password="another horse",
    )

    make_order(owner)
    relay_events()

    work()
    assert not DiscordWebhook.objects.exists()
    assert channel.messages == []


@pytest.mark.parametrize("how", ["deleted", "switched off", "toggled off", "deactivated"])
def test_a_message_that_is_no_longer_wanted_is_dropped(
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
            client_of(owner).put("/api/discord/", {"notifications": {"order_created": False}})
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
        "The webhook's URL is no longer allowed. Its host must be discord.com."
    )


# --- Keys -------------------------------------------------------------------------------------


def test_a_message_waits_until_a_lost_key_is_back(
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


def test_no_log_line_contains_the_token(
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
    assert channel.token not in "".join(EventDelivery.objects.values_list("last_error", flat=True))
