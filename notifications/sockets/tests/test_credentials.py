"""A socket stays open as long as the session or API token that opened it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.events import credentials_ended
from accounts.models import Session, User
from accounts.services import (
    change_password,
    deactivate_user,
    end_session,
    end_sessions,
    log_out,
    open_browser_session,
    revoke_api_token,
)
from accounts.tests.factories import make_api_token, token_of
from accounts.tokens import issue_ticket
from notifications import subscribers
from notifications.sockets import hub
from notifications.sockets.tests.factories import in_thread, make_stream, socket_at, socket_of


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


async def test_outlives_the_access_token(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.05)

    async with socket_of(ada) as socket:
        later = timezone.now() + timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES + 1)
        with time_machine.travel(later):
            assert await socket.receive_nothing(timeout=0.3)
            await in_thread(make_stream, ada, 1)
            assert (await socket.hear())["type"] == "order_notification"


async def test_opens_with_the_ticket_of_a_page_and_closes_when_the_browser_signs_out(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.05)
    session = await in_thread(open_browser_session, user=ada)
    options: dict[str, Any] = {"subprotocols": ["bearer", issue_ticket(session)]}

    async with socket_at(f"/ws/notifications/{ada.pk}/", **options) as socket:
        assert socket.subprotocol == "bearer"
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            assert await socket.receive_nothing(timeout=0.3)
            await in_thread(make_stream, ada, 1)
            assert (await socket.hear())["type"] == "order_notification"
            reason = Session.EndReason.LOGGED_OUT
            await in_thread(end_session, session=session, reason=reason)
            assert await socket.close_code() == 4401


async def test_refuses_a_ticket_after_its_minute(ada: User) -> None:
    ticket = issue_ticket(await in_thread(open_browser_session, user=ada))

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        options: dict[str, Any] = {"subprotocols": ["bearer", ticket]}
        async with socket_at(f"/ws/notifications/{ada.pk}/", **options) as socket:
            assert await socket.close_code() == 4401


async def test_a_recheck_finds_a_session_whose_end_was_not_announced(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.1)
    credentials_ended.disconnect(dispatch_uid="notifications.close_sockets_of")

    try:
        async with socket_of(ada) as socket:
            await in_thread(Session.objects.filter(user=ada).update, ended_at=timezone.now())

            assert await socket.close_code() == 4401
    finally:
        subscribers.connect()


def shown(text: str) -> dict[str, Any]:
    """Return the options of a socket that shows this token."""
    return {"headers": [(b"authorization", f"Bearer {text}".encode())]}


async def test_closes_when_its_api_token_is_revoked_and_leaves_the_others(
    ada: User,
) -> None:
    path = f"/ws/notifications/{ada.pk}/"
    revoked, text = await in_thread(make_api_token, ada)
    _, other_text = await in_thread(make_api_token, ada)

    async with (
        socket_at(path, **shown(text)) as ended,
        socket_at(path, **shown(other_text)) as other,
        socket_of(ada) as of_session,
    ):
        await in_thread(revoke_api_token, user=ada, token_id=revoked.pk)

        assert await ended.close_code() == 4401
        await in_thread(make_stream, ada, 1)
        assert (await other.hear())["type"] == "order_notification"
        assert (await of_session.hear())["type"] == "order_notification"


async def test_closes_sockets_of_api_tokens_when_the_user_is_deactivated(
    ada: User,
) -> None:
    _, text = await in_thread(make_api_token, ada)

    async with socket_at(f"/ws/notifications/{ada.pk}/", **shown(text)) as socket:
        await in_thread(deactivate_user, user=ada)

        assert await socket.close_code() == 4401


async def test_an_api_tokens_socket_outlives_a_new_password_and_a_logout(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.05)
    _, text = await in_thread(make_api_token, ada)

    async with socket_at(f"/ws/notifications/{ada.pk}/", **shown(text)) as socket:
        await in_thread(change_password, user=ada, password="another horse")
        await in_thread(end_sessions, user=ada, reason=Session.EndReason.REVOKED)

        assert await socket.receive_nothing(timeout=0.3)
        await in_thread(make_stream, ada, 1)
        assert (await socket.hear())["type"] == "order_notification"


async def test_closes_when_its_api_token_expires(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.05)
    expires_at = timezone.now() + timedelta(hours=1)
    _, text = await in_thread(make_api_token, ada, expires_at=expires_at)

    async with socket_at(f"/ws/notifications/{ada.pk}/", **shown(text)) as socket:
        assert await socket.receive_nothing(timeout=0.3)
        with time_machine.travel(expires_at):
            assert await socket.close_code() == 4401


async def test_a_recheck_finds_an_api_token_whose_revocation_was_not_announced(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.1)
    credentials_ended.disconnect(dispatch_uid="notifications.close_sockets_of")
    token, text = await in_thread(make_api_token, ada)

    try:
        async with socket_at(f"/ws/notifications/{ada.pk}/", **shown(text)) as socket:
            await in_thread(revoke_api_token, user=ada, token_id=token.pk)

            assert await socket.close_code() == 4401
    finally:
        subscribers.connect()


async def test_closes_when_staff_may_no_longer_view_orders(
    ada: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.1)

    async with socket_of(staff, of=ada.pk) as of_another, socket_of(staff) as own:
        await in_thread(staff.user_permissions.clear)

        assert await of_another.close_code() == 4403
        assert await own.receive_nothing(timeout=0.3)


async def test_closes_when_a_user_is_no_longer_staff(
    ada: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.1)

    async with socket_of(staff, of=ada.pk) as of_another, socket_of(staff) as own:
        await in_thread(User.objects.filter(pk=staff.pk).update, is_staff=False)

        assert await of_another.close_code() == 4403
        assert await own.receive_nothing(timeout=0.3)
