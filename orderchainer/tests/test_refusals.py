"""Every endpoint of every surface refuses every bad caller, in exactly the right words.

The table of endpoints is in `endpoints.py`, the callers are in `callers.py`. A refused request
changes nothing. The rightful caller gets in: otherwise a refusal would prove nothing.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import resolve
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from accounts.scopes import all_scopes
from orderchainer.core.http.surfaces import surface_of
from orderchainer.core.http.views import SurfaceView
from orderchainer.testing.routes import every_route
from orderchainer.testing.statements import Statements
from orderchainer.tests.callers import DISCORD, MISSING, World
from orderchainer.tests.endpoints import ENDPOINTS, PUBLIC, SESSION, Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """One world for all cases. Each case is rolled back, and at the end everything is."""
    with (
        django_db_blocker.unblock(),
        override_settings(DISCORD_WEBHOOK_HOSTS=[DISCORD], DISCORD_API_BASE=""),
        transaction.atomic(),
    ):
        yield World()
        transaction.set_rollback(True)


# --- What each surface says -------------------------------------------------------------------

SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

NOT_VALIDATED = "Could not validate credentials"
DETAILS = {
    401: NOT_VALIDATED,
    403: "Not authorized to perform this action",
    404: "Resource not found",
}


def chain(status: int, code: str, message: str) -> dict[str, Any]:
    """The document has one text for each status. A 403 for an API token also has a code."""
    body = {"detail": DETAILS[status]}
    return {**body, "code": code} if status == 403 else body


def orders(status: int, code: str, message: str) -> dict[str, Any]:
    """Both documents claim the path, so the shop's words stand beside the chain's."""
    return {**chain(status, code, message), "error": message}


def hub(status: int, code: str, message: str) -> dict[str, Any]:
    return {"detail": message, "code": code.upper(), "timestamp": SECONDS}


def envelope(status: int, code: str, message: str) -> dict[str, Any]:
    if code == "missing_authorization":
        return {
            "success": False,
            "error": "Missing authorization",
            "errorCode": "UNAUTHORIZED",
            "message": "Authorization header is required. Format: Authorization: Bearer <token>",
            "timestamp": MILLISECONDS,
        }
    if code == "unauthenticated":
        code = "UNAUTHORIZED"
    return {
        "success": False,
        "error": message,
        "errorCode": code.upper(),
        "timestamp": MILLISECONDS,
    }


def shop(status: int, code: str, message: str) -> dict[str, Any]:
    return {"error": message}


SAYS: dict[str, Callable[[int, str, str], dict[str, Any]]] = {
    "chain": chain,
    "chain_and_shop": orders,
    "hub": hub,
    "envelope": envelope,
    "shop": shop,
}


def assert_refused(
    response: HttpResponse, endpoint: Endpoint, status: int, code: str, message: str
) -> None:
    """Check the status and the whole body, and that a 401 names the scheme to use."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    assert response.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    body = response.json()  # type: ignore[attr-defined]
    expected = SAYS[endpoint.surface](status, code, message)
    moment = expected.get("timestamp")
    if isinstance(moment, re.Pattern):
        assert moment.fullmatch(body["timestamp"])
        expected["timestamp"] = body["timestamp"]
    assert body == expected


# --- Calling an endpoint ----------------------------------------------------------------------


# We record the use of a token even if the request is refused.
NOTE_OF_USE = 'UPDATE "accounts_apitoken" SET "last_used_at"'


def knock(world: World, endpoint: Endpoint, **headers: Any) -> Any:
    """Call the endpoint with its valid body."""
    path = endpoint.path.format(**world.ids)
    if endpoint.body is None:
        return world.client.generic(endpoint.method, path, **headers)
    body = json.dumps(filled_in(endpoint.body, world))
    return world.client.generic(
        endpoint.method, path, body, content_type="application/json", **headers
    )


def filled_in(body: Mapping[str, Any], world: World) -> dict[str, Any]:
    """Replace names in braces by ids."""
    return {
        name: value.format(**world.ids) if isinstance(value, str) else value
        for name, value in body.items()
    }


def knock_with(world: World, endpoint: Endpoint, token: str) -> Any:
    """Call the endpoint with a bearer token."""
    return knock(world, endpoint, HTTP_AUTHORIZATION=f"Bearer {token}")


@contextmanager
def nothing_written() -> Iterator[None]:
    """Check that no statement in the block changes a row, not even one that is rolled back."""
    statements = Statements()
    with connection.execute_wrapper(statements):
        yield
    assert [sql for sql in statements.changes if not sql.startswith(NOTE_OF_USE)] == []


@contextmanager
def case(name: str) -> Iterator[None]:
    """Name the case in the failure of a test that loops over its cases."""
    try:
        yield
    except AssertionError as exc:
        exc.add_note(f"The case is: {name}")
        raise


def each(
    wanted: Callable[[Endpoint], bool] = lambda endpoint: endpoint.needs != PUBLIC,
) -> pytest.MarkDecorator:
    """Run a test for each endpoint that `wanted` selects, by default each that is not public."""
    return pytest.mark.parametrize(
        "endpoint", [endpoint for endpoint in ENDPOINTS if wanted(endpoint)], ids=str
    )


# The last row of each surface, by its name.
ONE_OF_EACH_SURFACE = {each.surface: each for each in ENDPOINTS if each.needs != PUBLIC}


# --- The table --------------------------------------------------------------------------------


def test_every_endpoint_has_its_row(world: World) -> None:
    rows = [
        (endpoint.method, resolve(endpoint.path.format(**world.ids)).route)
        for endpoint in ENDPOINTS
    ]

    assert sorted(rows) == sorted(served())


def served() -> Iterator[tuple[str, str]]:
    """Return the method and route of every view of a surface."""
    for route, pattern in every_route():
        view = getattr(pattern.callback, "cls", None)
        if view is None or not issubclass(view, APIView):
            continue
        assert issubclass(view, SurfaceView), f"{route}: {view} is no SurfaceView"
        methods = getattr(pattern.callback, "actions", None) or [
            name for name in view.http_method_names if hasattr(view, name)
        ]
        for method in methods:
            if method not in {"head", "options"}:
                yield method.upper(), route


@each(lambda endpoint: True)
def test_a_row_agrees_with_its_view(endpoint: Endpoint, world: World) -> None:
    path = endpoint.path.format(**world.ids)
    view = resolve(path).func.cls  # type: ignore[attr-defined]
    surface = surface_of(path)

    assert surface is not None
    assert surface.name == endpoint.surface
    if endpoint.needs == PUBLIC:
        assert view.permission_classes == (AllowAny,)
    elif endpoint.needs == SESSION:
        assert view.area is None or endpoint.method in view.session_methods
    else:
        assert endpoint.needs in all_scopes()
        assert view.area == endpoint.needs.partition(":")[0]
        also_read = {f"{area}:read" for area in view.also_reads}
        assert also_read == ({endpoint.also_needs} if endpoint.also_needs else set())


@each()
def test_its_owner_gets_in(endpoint: Endpoint, world: World) -> None:
    response = knock_with(world, endpoint, world.session)

    assert response.status_code == endpoint.status, response.content


@pytest.mark.parametrize("surface", ONE_OF_EACH_SURFACE)
def test_the_scheme_may_be_written_in_any_case(surface: str, world: World) -> None:
    endpoint = ONE_OF_EACH_SURFACE[surface]

    response = knock(world, endpoint, HTTP_AUTHORIZATION=f"bEARER  {world.session}")

    assert response.status_code == endpoint.status, response.content


# --- Callers without a valid token ------------------------------------------------------------


# These loop over the callers: a case of its own for each of them and each endpoint takes pytest
# twice as long as the request.
@each()
def test_a_request_without_a_token_is_told_to_send_one(endpoint: Endpoint, world: World) -> None:
    cases = {**MISSING, "the cookie of the pages": {"HTTP_COOKIE": world.cookie}}
    for shown, headers in cases.items():
        with case(shown), nothing_written(), override_settings(PUBLIC_CATALOG=False):
            response = knock(world, endpoint, **headers)

            assert_refused(response, endpoint, 401, "missing_authorization", NOT_VALIDATED)


# One of each kind: what is no token, the token of a session, an API token.
BAD_TOKENS = ("garbage", "a token of an ended session", "a revoked API token")


@each()
def test_a_bad_token_gets_the_same_401_everywhere(endpoint: Endpoint, world: World) -> None:
    for wrong in BAD_TOKENS:
        with case(wrong), nothing_written():
            response = knock_with(world, endpoint, world.unbelievable[wrong])

            assert_refused(response, endpoint, 401, "unauthenticated", NOT_VALIDATED)


@pytest.mark.parametrize("surface", ONE_OF_EACH_SURFACE)
def test_a_bad_token_gets_the_same_401_whatever_is_wrong_with_it(
    surface: str, world: World
) -> None:
    endpoint = ONE_OF_EACH_SURFACE[surface]
    for wrong, token in world.unbelievable.items():
        with case(wrong), nothing_written():
            response = knock_with(world, endpoint, token)

            assert_refused(response, endpoint, 401, "unauthenticated", NOT_VALIDATED)


@each()
def test_options_needs_a_token_too(endpoint: Endpoint, world: World) -> None:
    with override_settings(PUBLIC_CATALOG=False):
        response = world.client.options(endpoint.path.format(**world.ids))

    assert_refused(response, endpoint, 401, "missing_authorization", NOT_VALIDATED)


@each(lambda endpoint: endpoint.is_open)
@pytest.mark.parametrize("shown", MISSING)
def test_the_catalogue_shows_everybody_what_it_shows_a_stranger(
    shown: str, endpoint: Endpoint, world: World
) -> None:
    with nothing_written(), override_settings(PUBLIC_CATALOG=True):
        response = knock(world, endpoint, **MISSING[shown])
        to_a_stranger = knock_with(world, endpoint, world.strangers_session)

    assert (response.status_code, to_a_stranger.status_code) == (200, 200)
    assert response.json() == to_a_stranger.json()


@each(lambda endpoint: endpoint.needs == PUBLIC)
@pytest.mark.parametrize("token", ["garbage", "an expired access token", "an unsigned token"])
def test_a_public_endpoint_ignores_tokens(token: str, endpoint: Endpoint, world: World) -> None:
    with nothing_written(), time_machine.travel(timezone.now(), tick=False):
        without = knock(world, endpoint)
        response = knock_with(world, endpoint, world.unbelievable[token])

    assert 400 <= without.status_code < 500
    assert (response.status_code, response.json()) == (
        without.status_code,
        without.json(),
    )


# --- API tokens -------------------------------------------------------------------------------


def needs_scope(endpoint: Endpoint) -> bool:
    return endpoint.needs not in {PUBLIC, SESSION}


@each(needs_scope)
def test_an_api_token_with_only_what_it_needs_gets_in(endpoint: Endpoint, world: World) -> None:
    token = world.with_scope[endpoint.needs]
    if endpoint.also_needs:
        refused = knock_with(world, endpoint, token)
        assert_lacks_scope(refused, endpoint, endpoint.also_needs)
        token = world.with_both[endpoint.needs, endpoint.also_needs]

    response = knock_with(world, endpoint, token)

    assert response.status_code == endpoint.status, response.content


@each(needs_scope)
def test_an_api_token_without_that_scope_is_told_which_it_lacks(
    endpoint: Endpoint, world: World
) -> None:
    area = endpoint.needs.partition(":")[0]

    with nothing_written():
        response = knock_with(world, endpoint, world.without_area[area])

    assert_lacks_scope(response, endpoint)


@each(lambda endpoint: endpoint.needs.endswith(":write"))
def test_an_api_token_that_may_only_read_cannot_write(endpoint: Endpoint, world: World) -> None:
    area = endpoint.needs.partition(":")[0]

    with nothing_written():
        response = knock_with(world, endpoint, world.reading_only[area])

    assert_lacks_scope(response, endpoint)


def assert_lacks_scope(response: HttpResponse, endpoint: Endpoint, scope: str = "") -> None:
    words = f"This needs an API token with the scope {scope or endpoint.needs}."
    assert_refused(response, endpoint, 403, "insufficient_scope", words)


@each(lambda endpoint: endpoint.needs == SESSION)
def test_an_api_token_cannot_manage_sign_ins(endpoint: Endpoint, world: World) -> None:
    with nothing_written():
        response = knock_with(world, endpoint, world.with_all_scopes)

    assert_refused(
        response,
        endpoint,
        403,
        "session_needed",
        "An API token cannot do this: sign in with e-mail and password for it.",
    )


# --- Strangers --------------------------------------------------------------------------------


@each(lambda endpoint: endpoint.hidden is not None)
def test_a_stranger_does_not_learn_that_the_thing_exists(endpoint: Endpoint, world: World) -> None:
    assert endpoint.hidden is not None
    tokens = [world.strangers_session]
    if endpoint.needs != SESSION:
        tokens.append(world.strangers_api_token)

    for token in tokens:
        with nothing_written():
            response = knock_with(world, endpoint, token)

        assert_refused(response, endpoint, 404, endpoint.hidden.code, endpoint.hidden.message)
