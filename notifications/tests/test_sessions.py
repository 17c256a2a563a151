"""A socket lasts as long as the session that it was opened with."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.events import credentials_ended
from accounts.models import Session, User
from accounts.services import change_password, deactivate_user, log_out
from accounts.tests.factories import token_of
from notifications import hub, subscribers
from notifications.tests.factories import in_thread, make_stream, socket_at, socket_of


async def test_closes_when_its_session_logs_out_and_leaves_the_others(
    ada: User,
) -> None:
    token = await in_thread(token_of, ada)
    path = f"/ws/notifications/{ada.pk}/"
    authorization = [(b"authorization", f"Bearer {token}".encode())]

    async with socket_at(path, headers=authorization) as ended, socket_of(ada) as other:
        await in_thread(log_out, access_token=token)

        assert await ended.close_code() == 4401
        await in_thread(make_stream, ada, 1)
        assert (await other.hear())["type"] == "order_notification"


async def test_closes_all_when_the_password_changes(ada: User) -> None:
    async with socket_of(ada) as first, socket_of(ada) as second:
        await in_thread(change_password, user=ada, password="another horse")

        assert await first.close_code() == 4401
        assert await second.close_code() == 4401


async def test_closes_when_the_user_is_deactivated(ada: User) -> None:
    async with socket_of(ada) as socket:
        await in_thread(deactivate_user, user=ada)

        assert await socket.close_code() == 4401


async def test_outlives_the_access_token(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.05)

    async with socket_of(ada) as socket:
        later = timezone.now() + timedelta(
            minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES + 1
        )
        with time_machine.travel(later):
            assert await socket.receive_nothing(timeout=0.3)
            await in_thread(make_stream, ada, 1)
            assert (await socket.hear())["type"] == "order_notification"


async def test_finds_an_ended_session_where_its_announcement_was_lost(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.1)
    credentials_ended.disconnect(dispatch_uid="notifications.close_sockets_of")

    try:
        async with socket_of(ada) as socket:
            await in_thread(
                Session.objects.filter(user=ada).update, ended_at=timezone.now()
            )

            assert await socket.close_code() == 4401
    finally:
        subscribers.connect()


async def test_closes_on_staff_who_are_staff_no_longer(
    ada: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.1)

    async with socket_of(staff, of=ada.pk) as of_another, socket_of(staff) as own:
        await in_thread(User.objects.filter(pk=staff.pk).update, is_staff=False)

        assert await of_another.close_code() == 4403
        assert await own.receive_nothing(timeout=0.3)
