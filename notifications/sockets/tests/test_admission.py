"""Who gets a socket, and with which credentials."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.scopes import all_scopes
from accounts.services import deactivate_user, log_out, revoke_api_token
from accounts.tests.factories import make_api_token, make_staff, make_user, token_of
from notifications.sockets.tests.factories import (
    Socket,
    in_thread,
    make_stream,
    socket_at,
    socket_of,
)


def header(token: str, scheme: str = "Bearer") -> dict[str, Any]:
    return {"headers": [(b"authorization", f"{scheme} {token}".encode())]}


def protocols(token: str, scheme: str = "bearer") -> dict[str, Any]:
    return {"subprotocols": [scheme, token]}


async def assert_hears_own_events(socket: Socket, user: User) -> None:
    [position] = await in_thread(make_stream, user, 1)
    assert (await socket.hear())["position"] == position


@pytest.mark.parametrize("slash", ["/", ""], ids=["with slash", "without"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_admits_the_bearer_of_a_header(ada: User, slash: str, scheme: str) -> None:
    token = await in_thread(token_of, ada)

    async with socket_at(f"/ws/notifications/{ada.pk}{slash}", **header(token, scheme)) as socket:
        assert socket.subprotocol is None
        await assert_hears_own_events(socket, ada)


async def test_admits_a_token_in_the_query(ada: User) -> None:
    token = await in_thread(token_of, ada)

    async with socket_at(f"/ws/notifications/{ada.pk}/?token={token}") as socket:
        await assert_hears_own_events(socket, ada)


async def test_admits_a_token_among_the_subprotocols_and_answers_bearer(
    ada: User,
) -> None:
    token = await in_thread(token_of, ada)

    async with socket_at(f"/ws/notifications/{ada.pk}/", **protocols(token)) as socket:
        assert socket.subprotocol == "bearer"
        await assert_hears_own_events(socket, ada)


BY = ["header", "query", "subprotocol"]


def showing(text: str, by: str) -> tuple[str, dict[str, Any]]:
    """Return a query and socket options that show this token by header, query or subprotocol."""
    if by == "query":
        return f"?token={text}", {}
    return "", header(text) if by == "header" else protocols(text)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("scope", ["orders:read", "orders:write"])
async def test_admits_an_api_token_that_may_read_orders(ada: User, by: str, scope: str) -> None:
    token, text = await in_thread(make_api_token, ada, scope)
    query, options = showing(text, by)

    async with socket_at(f"/ws/notifications/{ada.pk}/{query}", **options) as socket:
        await assert_hears_own_events(socket, ada)

    await in_thread(token.refresh_from_db)
    assert token.last_used_at is not None


@pytest.mark.parametrize("by", BY)
async def test_refuses_an_api_token_that_may_read_anything_but_orders(ada: User, by: str) -> None:
    others = [scope for scope in all_scopes() if not scope.startswith("orders:")]
    _, text = await in_thread(make_api_token, ada, *others)
    query, options = showing(text, by)

    async with socket_at(f"/ws/notifications/{ada.pk}/{query}", **options) as socket:
        assert await socket.close_code() == 4403


async def test_an_api_token_opens_no_feed_of_another(ada: User, bob: User) -> None:
    _, text = await in_thread(make_api_token, ada)

    async with socket_at(f"/ws/notifications/{bob.pk}/", **header(text)) as socket:
        assert await socket.close_code() == 4403


async def test_a_staff_members_api_token_opens_the_feed_of_anyone(ada: User, staff: User) -> None:
    _, text = await in_thread(make_api_token, staff)

    async with socket_at(f"/ws/notifications/{ada.pk}/", **header(text)) as socket:
        await assert_hears_own_events(socket, ada)


async def test_refuses_api_tokens_that_open_nothing(ada: User, bob: User) -> None:
    revoked, revoked_text = await in_thread(make_api_token, ada)
    await in_thread(revoke_api_token, user=ada, token_id=revoked.pk)
    token, expired = await in_thread(make_api_token, ada)
    await in_thread(ApiToken.objects.filter(pk=token.pk).update, expires_at=timezone.now())
    _, of_the_deactivated = await in_thread(make_api_token, bob)
    await in_thread(deactivate_user, user=bob)
    _, good = await in_thread(make_api_token, ada)
    spoilt = good[:-1] + ("a" if good[-1] != "a" else "b")

    for text in (revoked_text, expired, of_the_deactivated, spoilt, good + "\x00"):
        async with socket_at(f"/ws/notifications/{ada.pk}/", **header(text)) as socket:
            assert await socket.close_code() == 4401


async def test_admits_staff_to_the_feed_of_anyone(ada: User, staff: User) -> None:
    async with socket_of(staff, of=ada.pk) as socket:
        await assert_hears_own_events(socket, ada)


async def test_refuses_staff_who_may_not_view_orders(ada: User) -> None:
    clerk = await in_thread(make_staff, "view_user", "change_product")

    async with socket_of(clerk, of=ada.pk) as socket:
        assert await socket.close_code() == 4403


async def test_admits_superusers_to_the_feed_of_anyone(ada: User) -> None:
    admin = await in_thread(make_user, is_staff=True, is_superuser=True)

    async with socket_of(admin, of=ada.pk) as socket:
        await assert_hears_own_events(socket, ada)


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        header("garbage"),
        header(""),
        header("YWRhOnB3", "Basic"),
        protocols("garbage"),
        {"subprotocols": ["bearer"]},
        {"headers": [(b"authorization", b"\xff\x00")]},
    ],
    ids=["none", "garbage", "empty", "basic", "subprotocol", "no subprotocol", "bytes"],
)
async def test_refuses_a_header_without_a_valid_token(
    ada: User, credentials: dict[str, Any]
) -> None:
    async with socket_at(f"/ws/notifications/{ada.pk}/", **credentials) as socket:
        assert await socket.close_code() == 4401


@pytest.mark.parametrize("query", ["?token=", "?token=%00", "?token=a.b.c", "?%ff"])
async def test_refuses_a_query_without_a_valid_token(ada: User, query: str) -> None:
    async with socket_at(f"/ws/notifications/{ada.pk}/{query}") as socket:
        assert await socket.close_code() == 4401


async def test_answers_the_subprotocol_to_a_browser_that_it_refuses(ada: User) -> None:
    async with socket_at(f"/ws/notifications/{ada.pk}/", **protocols("garbage")) as socket:
        assert socket.subprotocol == "bearer"
        assert await socket.close_code() == 4401


async def test_refuses_an_expired_token(ada: User) -> None:
    token = await in_thread(token_of, ada)
    later = timezone.now() + timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES, seconds=1)

    with time_machine.travel(later):
        async with socket_at(f"/ws/notifications/{ada.pk}/", **header(token)) as socket:
            assert await socket.close_code() == 4401


async def test_refuses_the_token_of_a_session_that_has_ended(ada: User) -> None:
    token = await in_thread(token_of, ada)
    await in_thread(log_out, access_token=token)

    async with socket_at(f"/ws/notifications/{ada.pk}/", **header(token)) as socket:
        assert await socket.close_code() == 4401


async def test_refuses_the_feed_of_another(ada: User, bob: User) -> None:
    async with socket_of(ada, of=bob.pk) as socket:
        assert await socket.close_code() == 4403


@pytest.mark.parametrize("id_in_path", ["0", "-1", "abc", "9" * 30, "%00", "1.0", "\uff19"])
async def test_a_stranger_learns_nothing_about_other_ids(ada: User, id_in_path: str) -> None:
    token = await in_thread(token_of, ada)

    async with socket_at(f"/ws/notifications/{id_in_path}/", **header(token)) as socket:
        assert await socket.close_code() == 4403


@pytest.mark.parametrize("id_in_path", ["0", "-1", "abc", "9" * 19, "9" * 30, "%00", "999999"])
async def test_staff_hear_that_an_id_does_not_exist(staff: User, id_in_path: str) -> None:
    token = await in_thread(token_of, staff)

    async with socket_at(f"/ws/notifications/{id_in_path}/", **header(token)) as socket:
        assert await socket.close_code() == 4404


@pytest.mark.parametrize("path", ["/ws/", "/ws/notifications/", "/", "/ws/notifications/1/2"])
async def test_closes_sockets_at_unknown_paths(path: str) -> None:
    async with socket_at(path) as socket:
        assert await socket.close_code() == 4404
