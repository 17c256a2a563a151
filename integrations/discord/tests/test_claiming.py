"""When the true owner claims an account, it is disconnected from the previous user's channel."""

import pytest
from django.utils import timezone

from accounts.errors import TokenRefused
from accounts.models import EmailCode, User
from accounts.services import request_code, reset_password
from accounts.tests.factories import make_user
from accounts.tests.mailbox import code_sent_to, send_due
from integrations.discord.models import DiscordWebhook
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.factories import make_discord_webhook

pytestmark = pytest.mark.django_db


def reset(user: User) -> None:
    request_code(email=user.email, purpose=EmailCode.Purpose.RESET_PASSWORD)
    send_due()
    reset_password(email=user.email, code=code_sent_to(user.email), new_password="another horse")


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_the_first_reset_disconnects_the_channel(channel: Channel, is_confirmed: bool) -> None:
    user = make_user()
    if is_confirmed:
        User.objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
    make_discord_webhook(user, channel)

    reset(user)

    assert not DiscordWebhook.objects.exists()


def test_a_second_reset_leaves_the_channel(channel: Channel) -> None:
    user = make_user()
    reset(user)
    user.refresh_from_db()
    make_discord_webhook(user, channel)

    reset(user)

    assert DiscordWebhook.objects.filter(user=user).exists()


def test_a_request_from_before_the_claim_connects_nothing_after_it(
    channel: Channel,
) -> None:
    user = make_user()
    reset(user)

    with pytest.raises(TokenRefused):
        make_discord_webhook(user, channel)

    assert not DiscordWebhook.objects.exists()
