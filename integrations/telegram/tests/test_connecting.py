"""Connecting a bot: what people paste, what Telegram answers, and where its updates go."""

import io
import traceback
from typing import Any

import pytest
from django.core.checks import run_checks
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.contracts import CheckRefused
from integrations.errors import ConfigRefused
from integrations.failures import Failed, NotConnected
from integrations.models import Errand, Integration
from integrations.sandbox.telegram.network import TOKEN
from integrations.services import (
    change_integration,
    connect_integration,
    disconnect_integration,
)
from integrations.telegram import client
from integrations.telegram.checking import NO_ADDRESS, check
from integrations.telegram.hooking import TAKEN, UPDATES, maintain, receiver
from integrations.telegram.tests.pretend import SECRET, PretendTelegram
from integrations.telegram.troubles import BAD_TOKEN
from integrations.tests.work import work
from integrations.work.schedule import schedule_syncs
from orderchainer.core.logs.secrets import scrub
from orderchainer.core.outbox import GiveUp, TryAgain

# An account of its own, of which the emulator has no bot.
FOREIGN = "99:AAforeign-token-that-nobody-knows-here-00"


def connect(owner: User, **config: Any) -> Integration:
    return connect_integration(
        project=owner.personal_project,
        provider="telegram",
        config={"bot_token": TOKEN, **config},
        by=owner,
    ).integration


def check_by_schedule(integration: Integration) -> None:
    """Let the time of its next sync come, and let workers do what the schedule asks."""
    now = timezone.now()
    Integration.objects.filter(pk=integration.pk).update(next_sync_at=now)
    schedule_syncs()
    assert integration.errands.filter(kind="check", asked_at__gte=now).exists()
    work()
    integration.refresh_from_db()


def test_a_bot_is_connected_and_its_updates_come_here(
    telegram: PretendTelegram, owner: User
) -> None:
    integration = connect(owner)
    work()

    integration.refresh_from_db()
    assert (integration.status, integration.account) == ("connected", "7463218954")
    assert integration.account_name == "@aurora_workshop_bot"
    assert (integration.notes, integration.config) == ([], {})
    secret = integration.reveal()["secret_token"]
    assert len(secret) == 43
    bot = telegram.bot
    assert bot.url == f"http://testserver/api/v1/webhooks/telegram/{integration.uuid}"
    assert (bot.secret_token, bot.allowed_updates) == (secret, frozenset(UPDATES))
    telegram.write()
    assert telegram.answers == [200]


def test_another_secret_is_made_for_each_bot_and_a_given_one_is_kept(
    telegram: PretendTelegram, owner: User
) -> None:
    first, second = connect(owner), connect(make_user(), secret_token="chosen-by-people")

    assert second.reveal()["secret_token"] == "chosen-by-people"
    assert first.reveal()["secret_token"] != second.reveal()["secret_token"]
    # There is never an integration without one.
    for value in (None, ""):
        change_integration(integration=second, config={"secret_token": value})
        second.refresh_from_db()
        assert len(second.reveal()["secret_token"]) == 43


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bot_token", None),
        ("bot_token", ""),
        ("bot_token", "AAHk3VxPq9ZcT1mRw5uYb8sLd0eFjGn2oXi"),
        ("bot_token", "7463218954:short"),
        ("bot_token", f"{TOKEN}/../x"),
        ("bot_token", f"{TOKEN} x"),
        ("secret_token", "short"),
        ("secret_token", "with spaces in it"),
        ("secret_token", "a" * 257),
        ("secret_token", "caf\xe9-caf\xe9-caf\xe9"),
        ("unknown", "x"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(
    telegram: PretendTelegram, owner: User, name: str, value: str | None
) -> None:
    with pytest.raises(ConfigRefused) as refused:
        connect(owner, **{name: value})

    assert list(refused.value.errors) == [name]
    assert not Integration.objects.exists()
    assert telegram.calls() == []


def test_a_token_that_telegram_does_not_know_is_an_error(
    telegram: PretendTelegram, owner: User
) -> None:
    integration = connect(owner, bot_token=FOREIGN)
    work()

    integration.refresh_from_db()
    assert (integration.status, integration.last_error) == ("error", BAD_TOKEN)
    assert telegram.calls("/setWebhook") == []


def test_says_that_telegram_cannot_reach_us(
    telegram: PretendTelegram, integration: Integration, settings: Settings
) -> None:
    bases = {
        "https://shop.example": True,
        "https://shop.example:8443": True,
        "https://shop.example:9000": False,
        "http://shop.example": False,
    }
    settings.TELEGRAM_API_BASE = ""
    for url, is_reached in bases.items():
        settings.PUBLIC_URL = url
        assert bool(receiver(integration)) is is_reached

    settings.TELEGRAM_API_BASE = telegram.base
    settings.PUBLIC_URL = "http://shop.example"
    # The sandbox refuses plain http to other machines, as Telegram does.
    with pytest.raises(CheckRefused, match="An HTTPS URL must be provided"):
        check(integration)


def test_a_note_says_what_keeps_messages_away(
    telegram: PretendTelegram, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram.bot.last_error_date = 1763600000
    telegram.bot.last_error_message = "Wrong response from the webhook: 502"
    (note,) = check(integration).notes
    assert note.endswith("Wrong response from the webhook: 502")

    monkeypatch.setattr("integrations.telegram.checking.receiver", lambda integration: "")
    assert list(check(integration).notes) == [NO_ADDRESS]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html", "status": 502},
        {"kind": "status", "status": 500, "body": '{"ok": false, "error_code": 500}'},
        {"kind": "status", "status": 409, "body": '{"ok": false, "error_code": 409}'},
        {"kind": "truncate"},
        {"kind": "close"},
        {"kind": "html", "status": 200},
        {"kind": "status", "status": 200, "body": '{"ok": true}'},
    ],
    ids=str,
)
def test_what_another_try_may_change_is_tried_again(
    telegram: PretendTelegram, integration: Integration, fault: dict[str, Any]
) -> None:
    telegram.go_wrong(match="getMe", **fault)

    with pytest.raises(TryAgain) as again:
        check(integration)

    assert again.value.counts


def test_waits_as_long_as_telegram_asks(
    telegram: PretendTelegram, integration: Integration, settings: Settings
) -> None:
    body = '{"ok": false, "error_code": 429, "parameters": {"retry_after": 7}}'
    telegram.go_wrong("status", match="getMe", status=429, body=body)
    with pytest.raises(TryAgain) as again:
        check(integration)
    assert (again.value.after_seconds, again.value.counts) == (7.2, False)

    settings.TELEGRAM_TIMEOUT = 0.2
    telegram.go_wrong("hang", match="getMe")
    with pytest.raises(TryAgain) as slow:
        check(integration)
    assert slow.value.timed_out


# --- The webhook ------------------------------------------------------------------------------


def test_the_upkeep_restores_the_webhook_and_only_that(
    telegram: PretendTelegram, integration: Integration
) -> None:
    url = telegram.bot.url
    maintain(integration)
    assert telegram.calls("/setWebhook") == []

    telegram.bot.url, telegram.bot.allowed_updates = "", frozenset({"poll"})
    maintain(integration)
    assert (telegram.bot.url, telegram.bot.secret_token) == (url, SECRET)
    assert telegram.bot.allowed_updates == frozenset(UPDATES)


def test_the_upkeep_finds_out_that_a_token_has_ended(
    telegram: PretendTelegram, integration: Integration
) -> None:
    del telegram.emulator.bots[TOKEN]

    with pytest.raises(GiveUp, match=BAD_TOKEN):
        maintain(integration)

    integration.refresh_from_db()
    assert (integration.status, integration.last_error) == ("error", BAD_TOKEN)


def test_two_projects_with_one_bot_do_not_take_its_messages_from_each_other(
    telegram: PretendTelegram, integration: Integration
) -> None:
    second = connect(make_user())
    work()
    assert telegram.bot.url.endswith(f"/{second.uuid}")

    with pytest.raises(GiveUp, match=TAKEN):
        maintain(integration)

    integration.refresh_from_db()
    assert (integration.status, integration.last_error) == ("error", TAKEN)
    assert telegram.bot.url.endswith(f"/{second.uuid}")
    telegram.write()
    assert (integration.deliveries.count(), second.deliveries.count()) == (0, 1)
    # The schedule checks an integration with an error. That does not take the bot either.
    check_by_schedule(integration)
    assert (integration.status, integration.last_error) == ("error", TAKEN)
    assert telegram.bot.url.endswith(f"/{second.uuid}")
    # When the second lets go of the bot, the first gets it back by itself.
    disconnect_integration(integration=second)
    work()
    assert telegram.bot.url == ""
    maintain(integration)
    integration.refresh_from_db()
    assert (integration.status, integration.last_error) == ("connected", "")
    assert telegram.bot.url.endswith(f"/{integration.uuid}")


def test_a_changed_configuration_takes_the_bot_once(
    telegram: PretendTelegram, integration: Integration
) -> None:
    second = connect(make_user())
    work()
    change_integration(integration=integration, config={"secret_token": "a-newer-one"})
    work()
    integration.refresh_from_db()
    assert integration.status == "connected"
    assert telegram.bot.url.endswith(f"/{integration.uuid}")

    with pytest.raises(GiveUp, match=TAKEN):
        maintain(second)
    check_by_schedule(second)
    assert (second.status, second.last_error) == ("error", TAKEN)
    assert telegram.bot.url.endswith(f"/{integration.uuid}")
    # Once the first has gone, such a check brings the bot back.
    disconnect_integration(integration=integration)
    check_by_schedule(second)
    assert (second.status, second.last_error) == ("connected", "")
    assert telegram.bot.url.endswith(f"/{second.uuid}")


@pytest.mark.parametrize("is_noticed", [True, False])
def test_connecting_again_with_the_same_values_takes_the_bot_back(
    telegram: PretendTelegram, integration: Integration, is_noticed: bool
) -> None:
    second = connect(make_user())
    work()
    if is_noticed:
        with pytest.raises(GiveUp, match=TAKEN):
            maintain(integration)

    assert integration.connected_by is not None
    again = connect(integration.connected_by, secret_token=SECRET)
    work()

    assert again.pk == integration.pk
    again.refresh_from_db()
    assert (again.status, again.last_error) == ("connected", "")
    assert telegram.bot.url.endswith(f"/{integration.uuid}")
    with pytest.raises(GiveUp, match=TAKEN):
        maintain(second)


def test_disconnecting_leaves_the_webhook_of_another_project(
    telegram: PretendTelegram, integration: Integration
) -> None:
    second = connect(make_user())
    work()

    disconnect_integration(integration=integration)
    work()

    assert telegram.bot.url.endswith(f"/{second.uuid}")


def test_disconnecting_ends_the_webhook(
    telegram: PretendTelegram, integration: Integration
) -> None:
    disconnect_integration(integration=integration)
    work()

    assert telegram.bot.url == ""
    assert [each.state for each in Errand.objects.all()] == ["sent"]


# --- The token --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "close"},
        {"kind": "hang"},
        {"kind": "truncate"},
        {"kind": "html", "status": 502},
        {"kind": "status", "status": 404, "body": f'{{"ok": false, "description": "{TOKEN}"}}'},
    ],
    ids=lambda fault: fault["kind"],
)
def test_nothing_that_goes_wrong_shows_the_token(
    telegram: PretendTelegram, settings: Settings, fault: dict[str, Any]
) -> None:
    settings.TELEGRAM_TIMEOUT = 0.2
    telegram.go_wrong(match="getMe", **fault)

    with pytest.raises(Failed) as failed:
        client.get_me(TOKEN)

    assert TOKEN not in repr(failed.value)
    assert TOKEN not in "".join(traceback.format_exception(failed.value))


def test_no_traceback_of_a_refused_connection_shows_the_token(settings: Settings) -> None:
    settings.TELEGRAM_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(NotConnected) as failed:
        client.get_me(TOKEN)

    shown = io.StringIO()
    traceback.print_exception(failed.value, file=shown)
    assert TOKEN not in shown.getvalue()
    assert (failed.value.__cause__, failed.value.__context__) == (None, None)
    assert str(failed.value) == "Telegram could not be reached."


def test_logs_hide_the_token() -> None:
    line = f"GET https://api.telegram.org/bot{TOKEN}/getMe failed"
    assert TOKEN[11:] not in scrub(line)


@pytest.mark.parametrize(
    ("name", "value", "complaints"),
    [
        ("TELEGRAM_API_BASE", "", []),
        ("TELEGRAM_API_BASE", "http://127.0.0.1:8400/telegram", []),
        ("TELEGRAM_API_BASE", "api.telegram.org", ["telegram.E001"]),
        ("TELEGRAM_API_BASE", "https://x.test/?a=b", ["telegram.E001"]),
        ("TELEGRAM_TIMEOUT", 15, []),
        ("TELEGRAM_TIMEOUT", 0, ["telegram.E002"]),
        ("TELEGRAM_TIMEOUT", 16, ["telegram.E002"]),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    settings: Settings, name: str, value: Any, complaints: list[str]
) -> None:
    setattr(settings, name, value)

    found = [message.id for message in run_checks()]

    assert [id_ for id_ in found if id_ and id_.startswith("telegram.")] == complaints


def test_an_edit_that_changes_nothing_is_no_failure(
    telegram: PretendTelegram, integration: Integration
) -> None:
    telegram.write()
    chat, message = client.send(TOKEN, "sendMessage", {"chat_id": 1111, "text": "On its way"})

    client.edit_text(TOKEN, chat, message, "On its way")
    assert telegram.seen() == ["On its way"]
    client.edit_text(TOKEN, chat, message, "Delivered")
    assert telegram.seen() == ["Delivered"]
    with pytest.raises(client.Refused, match="message to edit not found"):
        client.edit_text(TOKEN, chat, "1", "Delivered")
