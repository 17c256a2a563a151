"""Two requests at once on PostgreSQL, with our guards and without them."""

from collections.abc import Callable

import pytest
from django.db import connection

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.discord.models import DiscordWebhook, DiscordWebhookQuerySet
from integrations.discord.services import create_discord_webhook, update_discord_webhook
from integrations.discord.webhook_url import parse_webhook_url
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint

pytestmark = [
    pytest.mark.services,
    on_postgresql,
    pytest.mark.django_db(transaction=True),
]

TABLE = "integrations_discordwebhook"


def url(number: int) -> str:
    """Return the URL of one of many webhooks."""
    return f"https://discord.com/api/webhooks/12345678901234567{number}/{'x' * 68}"


# --- A second POST ----------------------------------------------------------------------------


def connect(user: User, number: int) -> Callable[[], DiscordWebhook]:
    """Return the work of connecting `user`."""
    return lambda: create_discord_webhook(
        user=user, address=parse_webhook_url(url(number)), fields={}
    )


def before_insert() -> Meeting:
    """Return the point at which both are about to connect and neither has yet."""
    return Meeting(f'INSERT INTO "{TABLE}"')


def before_the_lock() -> Meeting:
    """Return the point at which both are about to lock their user's row."""
    return Meeting("FOR NO KEY UPDATE")


def test_two_connecting_at_once_make_one_integration() -> None:
    user = make_user()
    meeting = before_the_lock()

    outcomes = race(connect(user, 1), connect(user, 2), meeting=meeting)

    assert meeting.was_complete
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "DiscordWebhook",
        "WebhookExists",
    ]
    assert DiscordWebhook.objects.count() == 1


def test_without_the_unique_key_two_connecting_at_once_make_two() -> None:
    """The negative control: shows the race that the unique key prevents."""
    user = make_user()
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TABLE)
    (name,) = [
        name for name, facts in found.items() if facts["unique"] and facts["columns"] == ["user_id"]
    ]
    with without_constraint(TABLE, name):
        outcomes = race(connect(user, 1), connect(user, 2), meeting=before_insert())

        assert [type(outcome) for outcome in outcomes] == [DiscordWebhook] * 2
        DiscordWebhook.objects.all().delete()


# --- Two new URLs -----------------------------------------------------------------------------


def move(user: User, number: int) -> Callable[[], DiscordWebhook]:
    """Return the work of changing the URL."""
    return lambda: update_discord_webhook(
        user=user, address=parse_webhook_url(url(number)), fields={}
    )


def before_update() -> Meeting:
    """Return the point at which both have read the integration and are about to change it."""
    return Meeting(f'UPDATE "{TABLE}"')


def test_two_new_urls_at_once_are_counted_as_two() -> None:
    user = make_user()
    connect(user, 1)()
    meeting = before_update()

    race(move(user, 2), move(user, 3), meeting=meeting)

    assert not meeting.was_complete  # the lock made one of them wait
    assert DiscordWebhook.objects.get().url_version == 3


def test_without_the_lock_two_new_urls_are_counted_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: an answer about the first URL would disable the second."""
    user = make_user()
    connect(user, 1)()
    monkeypatch.setattr(DiscordWebhookQuerySet, "locked", lambda rows: rows.all())
    meeting = before_update()

    race(move(user, 2), move(user, 3), meeting=meeting)

    assert meeting.was_complete
    assert DiscordWebhook.objects.get().url_version == 2
