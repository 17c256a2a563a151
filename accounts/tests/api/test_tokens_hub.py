"""`/api/v1/auth/tokens`: tokens for programs, and what each gives access to."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.scopes import AREAS, all_scopes
from accounts.services import deactivate_user, revoke_api_token
from accounts.services.api_tokens import MAX_API_TOKENS
from accounts.tests.factories import (
    client_of,
    client_with,
    make_api_token,
    make_user,
)

pytestmark = pytest.mark.django_db

TOKENS = "/api/v1/auth/tokens"
MOMENT = "2025-01-12T10:00:00Z"
NEW = {"name": "Nightly export", "scopes": ["orders:read"]}
SCOPE_PROBLEM = [f"Must be one or more of {', '.join(all_scopes())}."]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the time; `clock.shift` moves it on."""
    with time_machine.travel(MOMENT, tick=False) as clock:
        yield clock


def create(client: APIClient, **changes: Any) -> Any:
    """Ask for a token."""
    return client.post(TOKENS, {**NEW, **changes}, format="json")


# --- Making one -------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
def test_creates_a_token_and_shows_it_once(slash: str) -> None:
    client = client_of(make_user())

    response = client.post(
        TOKENS + slash, {**NEW, "expires_at": "2026-01-12T10:00:00Z"}, format="json"
    )

    row = ApiToken.objects.get()
    body = response.json()
    text = body.pop("token")
    listed = {
        "id": str(row.pk),
        "name": "Nightly export",
        "prefix": f"oc_{row.prefix}",
        "scopes": ["orders:read"],
        "created_at": MOMENT,
        "expires_at": "2026-01-12T10:00:00Z",
        "last_used_at": None,
    }
    assert (response.status_code, body) == (201, listed)
    assert re.fullmatch(r"oc_[A-Za-z0-9]{10}_[A-Za-z0-9]{40}", text)
    assert text.startswith(listed["prefix"])
    assert (response["Cache-Control"], response["Pragma"]) == ("no-store", "no-cache")
    assert client.get(TOKENS).json() == [listed]
    assert text.rpartition("_")[2] not in client.get(TOKENS).content.decode()
    assert row.digest not in client.get(TOKENS).content.decode()


@pytest.mark.parametrize("value", [None, "left out"])
def test_a_token_need_not_expire(value: str | None) -> None:
    changes = {} if value else {"expires_at": None}

    response = create(client_of(make_user()), **changes)

    assert response.status_code == 201
    assert response.json()["expires_at"] is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2025-06-01T12:00:00+02:00", "2025-06-01T10:00:00Z"),
        ("2025-06-01T12:00:00", "2025-06-01T12:00:00Z"),
        ("2025-06-01 12:00:00.999999Z", "2025-06-01T12:00:00Z"),
    ],
)
def test_an_expiry_is_read_with_its_zone(written: str, meant: str) -> None:
    response = create(client_of(make_user()), expires_at=written)

    assert response.json()["expires_at"] == meant


FORMAT = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": "  "}, {"name": ["This field may not be blank."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": 5}, {"name": ["Not a valid string."]}),
        ({"name": "a\x00"}, {"name": ["Null characters are not allowed."]}),
        (
            {"name": "x" * 101},
            {"name": ["Ensure this field has no more than 100 characters."]},
        ),
        ({"scopes": []}, {"scopes": SCOPE_PROBLEM}),
        ({"scopes": ["orders:admin"]}, {"scopes": SCOPE_PROBLEM}),
        ({"scopes": ["*"]}, {"scopes": SCOPE_PROBLEM}),
        ({"scopes": ["orders:read", "\x00"]}, {"scopes": SCOPE_PROBLEM}),
        ({"scopes": "orders:read"}, {"scopes": ["Must be a list of scopes."]}),
        ({"scopes": {"orders:read": 1}}, {"scopes": ["Must be a list of scopes."]}),
        ({"scopes": ["orders:read", 5]}, {"scopes": ["Must be a list of scopes."]}),
        ({"scopes": [["orders:read"]]}, {"scopes": ["Must be a list of scopes."]}),
        ({"scopes": None}, {"scopes": ["This field may not be null."]}),
        ({"expires_at": MOMENT}, {"expires_at": ["Must be in the future."]}),
        (
            {"expires_at": "1970-01-01T00:00:00Z"},
            {"expires_at": ["Must be in the future."]},
        ),
        (
            {"expires_at": "9999-12-31T23:59:59Z"},
            {
                "expires_at": [
                    "Must be within ten years. Leave it out for a token that does not expire."
                ]
            },
        ),
        (
            {"expires_at": "9999-12-31T23:59:59-14:00"},
            {"expires_at": ["Datetime value out of range."]},
        ),
        ({"expires_at": "tomorrow"}, {"expires_at": [FORMAT]}),
        ({"expires_at": 1767225600}, {"expires_at": [FORMAT]}),
        ({"expires_at": ""}, {"expires_at": [FORMAT]}),
        ({"token": "oc_mine"}, {"token": ["There is no such field."]}),
        ({"user": 1}, {"user": ["There is no such field."]}),
    ],
)
def test_refuses_invalid_fields_of_a_token_and_says_why(
    changes: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    response = create(client_of(make_user()), **changes)

    assert (response.status_code, response.json()) == (
        422,
        {
            "detail": "The input is not valid.",
            "code": "VALIDATION_ERROR",
            "timestamp": MOMENT,
            "errors": errors,
        },
    )
    assert not ApiToken.objects.exists()


def test_refuses_too_many_tokens() -> None:
    user = make_user()
    ApiToken.objects.bulk_create(
        ApiToken(user=user, name="A program", prefix=str(number), digest="0")
        for number in range(MAX_API_TOKENS)
    )

    response = create(client_of(user))

    assert (response.status_code, response.json()) == (
        409,
        {
            "detail": "You have 100 API tokens, which is the maximum. Revoke one first.",
            "code": "TOO_MANY_API_TOKENS",
            "timestamp": MOMENT,
        },
    )
    assert ApiToken.objects.count() == MAX_API_TOKENS


# --- Listing and revoking ---------------------------------------------------------------------


def test_lists_the_callers_unrevoked_tokens_newest_first(
    clock: time_machine.Traveller,
) -> None:
    user = make_user()
    soon = datetime.now(UTC) + timedelta(seconds=30)
    make_api_token(user, name="expires", expires_at=soon)
    clock.shift(timedelta(minutes=1))
    make_api_token(user, name="goes on")
    revoked, _ = make_api_token(user, name="revoked")
    revoke_api_token(user=user, token_id=revoked.pk)
    make_api_token(make_user(), name="another's")

    response = client_of(user).get(TOKENS)

    assert [token["name"] for token in response.json()] == ["goes on", "expires"]
    assert response["X-Total-Count"] == "2"


def test_pages_in_a_constant_number_of_statements() -> None:
    counts = []
    for number in (2, 6):
        user = make_user()
        client = client_of(user)
        for _ in range(number):
            make_api_token(user)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"{TOKENS}?page_size=1")
        counts.append(len(queries))
        assert (len(response.json()), response["X-Total-Count"]) == (1, str(number))

    assert counts == [3, 3]  # the caller, the page, the total


def test_a_revoked_token_stops_working() -> None:
    user = make_user()
    client = client_of(user)
    body = create(client).json()
    program = client_with(body["token"])
    assert program.get("/api/orders/").status_code == 200

    response = client.delete(f"{TOKENS}/{body['id'].upper()}/")

    assert (response.status_code, response.content) == (204, b"")
    assert program.get("/api/orders/").status_code == 401
    assert client.delete(f"{TOKENS}/{body['id']}").status_code == 404
    assert client.get(TOKENS).json() == []


@pytest.mark.parametrize("whose", ["another's", "nobody's", "no id"])
def test_does_not_find_the_tokens_of_others(whose: str) -> None:
    token, _ = make_api_token(make_user())
    token_id = {
        "another's": str(token.pk),
        "nobody's": str(uuid4()),
        "no id": token.prefix,
    }[whose]

    response = client_of(make_user()).delete(f"{TOKENS}/{token_id}")

    assert (response.status_code, response.json()) == (
        404,
        {
            "detail": "API token not found",
            "code": "API_TOKEN_NOT_FOUND",
            "timestamp": MOMENT,
        },
    )
    token.refresh_from_db()
    assert token.is_open


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", TOKENS),
        ("post", TOKENS),
        ("delete", f"{TOKENS}/0d3f6a0e-7c7e-4a7e-8a43-5f0f6c1f9b52"),
        ("get", "/api/v1/auth/sessions"),
        ("delete", "/api/v1/auth/sessions"),
        ("delete", "/api/v1/auth/sessions/0d3f6a0e-7c7e-4a7e-8a43-5f0f6c1f9b52"),
    ],
)
def test_an_api_token_cannot_manage_tokens_or_sessions(method: str, path: str) -> None:
    user = make_user()
    program = client_with(make_api_token(user, *all_scopes())[1])

    response = getattr(program, method)(path, NEW if method == "post" else None)

    assert (response.status_code, response.json()) == (
        403,
        {
            "detail": "An API token cannot do this: sign in with e-mail and password for it.",
            "code": "SESSION_NEEDED",
            "timestamp": MOMENT,
        },
    )
    assert ApiToken.objects.count() == 1


# --- What a token opens -----------------------------------------------------------------------


def bad_tokens() -> dict[str, str]:
    """Return texts of tokens that do not work."""
    expired, revoked, locked_out = make_user(), make_user(), make_user()
    _, expired_text = make_api_token(expired, expires_at=datetime.now(UTC) + timedelta(seconds=1))
    token, revoked_text = make_api_token(revoked)
    revoke_api_token(user=revoked, token_id=token.pk)
    _, locked_out_text = make_api_token(locked_out)
    deactivate_user(user=User.objects.get(pk=locked_out.pk))
    _, good = make_api_token(make_user())
    return {
        "expired": expired_text,
        "revoked": revoked_text,
        "of a deactivated user": locked_out_text,
        "another secret": good[:-1] + ("a" if good[-1] != "a" else "b"),
        "unknown": "oc_0123456789_" + "a" * 40,
        "the start alone": "oc_",
    }


def test_all_bad_tokens_get_the_same_answer(clock: time_machine.Traveller) -> None:
    texts = bad_tokens()
    clock.shift(timedelta(seconds=1))

    answers = {name: client_with(text).get("/api/v1/auth/me") for name, text in texts.items()}

    assert {name: response.status_code for name, response in answers.items()} == (
        dict.fromkeys(texts, 401)
    )
    assert {str(response.json()) for response in answers.values()} == {
        str(
            {
                "detail": "Could not validate credentials",
                "code": "UNAUTHENTICATED",
                "timestamp": "2025-01-12T10:00:01Z",
            }
        )
    }


NOWHERE = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"
# For each area: a path to read, and a change that is refused only because its body is wrong.
DOORS = {
    "account": ("/api/v1/auth/me", ("patch", "/api/v1/auth/me", {"phone": 5}, 422)),
    "projects": ("/api/v1/projects", ("post", "/api/v1/projects", {"name": 5}, 422)),
    "cart": ("/api/cart/", ("post", "/api/cart/items/", {"product_id": 0}, 400)),
    # The project does not exist, and only callers who get in are told so.
    "catalog": (
        f"/api/v1/products/{NOWHERE}",
        ("post", f"/api/v1/products/{NOWHERE}", {"name": "Lamp"}, 404),
    ),
    "orders": ("/api/orders/", ("post", "/api/orders/", {"title": ""}, 400)),
    "integrations": (
        f"/api/v1/integrations/{NOWHERE}",
        ("post", f"/api/v1/integrations/{NOWHERE}/connect", {"provider": "shopify"}, 404),
    ),
    "discord": ("/api/discord/", ("post", "/api/discord/", {"webhook": 5}, 400)),
    "assistant": (
        f"/api/v1/assistant/usage/{NOWHERE}",
        (
            "post",
            "/api/v1/assistant/query",
            {"project_id": NOWHERE, "message": "Hello?"},
            404,
        ),
    ),
    "messages": (
        f"/api/v1/messages/{NOWHERE}/inbox",
        ("patch", f"/api/v1/messages/{NOWHERE}/contacts/{NOWHERE}", {"name": "Ada"}, 404),
    ),
    "reports": (
        f"/api/v1/reports/{NOWHERE}",
        ("post", f"/api/v1/reports/{NOWHERE}/generate", {"report_type": "sales"}, 404),
    ),
}


@pytest.mark.parametrize("scope", all_scopes())
def test_a_scope_covers_only_its_area(scope: str) -> None:
    program = client_with(make_api_token(make_user(), scope)[1])
    area, _, right = scope.partition(":")

    for name, (readable, (method, path, body, good)) in DOORS.items():
        read = program.get(readable)
        written = getattr(program, method)(path, body, format="json")

        assert (read.status_code != 403) == (name == area), name
        assert (written.status_code == good) == (scope == f"{name}:write"), name
        if name != area:
            assert lacks_scope(read, f"{name}:read")
        if name != area or right == "read":
            assert lacks_scope(written, f"{name}:write")


def lacks_scope(response: Any, scope: str) -> bool:
    """Tell whether the answer names the missing scope: by its code, or in words if it has none."""
    body = response.json()
    words = f"This needs an API token with the scope {scope}."
    told = body["code"].lower() if "code" in body else body["error"]
    return response.status_code == 403 and told in {"insufficient_scope", words}


def test_the_table_covers_each_area() -> None:
    assert DOORS.keys() == AREAS.keys()


def test_a_refusal_names_the_missing_scope() -> None:
    program = client_with(make_api_token(make_user(), "orders:write")[1])

    response = program.patch("/api/v1/auth/me", {"phone": "1"}, format="json")

    assert (response.status_code, response.json()) == (
        403,
        {
            "detail": "This needs an API token with the scope account:write.",
            "code": "INSUFFICIENT_SCOPE",
            "timestamp": MOMENT,
        },
    )


def test_a_token_never_has_more_rights_than_its_user() -> None:
    ada, bob = make_user(), make_user()
    order = client_of(ada).post("/api/orders/", {"title": "Ada's"}, format="json")

    program = client_with(make_api_token(bob, *all_scopes())[1])

    assert program.get(f"/api/orders/{order.json()['id']}").status_code == 404


# --- When it was used -------------------------------------------------------------------------


def statements(program: APIClient, path: str = "/api/v1/auth/me") -> list[str]:
    """Return the statements of a GET, each by its first word."""
    with CaptureQueriesContext(connection) as queries:
        program.get(path)
    return [query["sql"].split()[0] for query in queries]


def test_the_last_use_is_shown_and_stored_once_a_minute(
    clock: time_machine.Traveller,
) -> None:
    user = make_user()
    _, text = make_api_token(user, "account:read")
    program, client = client_with(text), client_of(user)

    first = statements(program)
    clock.shift(timedelta(seconds=59))
    soon_after = [statements(program) for _ in range(3)]
    noted_at = client.get(TOKENS).json()[0]["last_used_at"]
    clock.shift(timedelta(seconds=1))
    later = statements(program)

    assert first == ["SELECT", "UPDATE"]
    assert soon_after == [["SELECT"]] * 3
    assert noted_at == MOMENT
    assert later == ["SELECT", "UPDATE"]
    assert client.get(TOKENS).json()[0]["last_used_at"] == "2025-01-12T10:01:00Z"


def test_a_refused_scope_counts_as_a_use_but_a_refused_token_does_not() -> None:
    user = make_user()
    _, text = make_api_token(user, "discord:read")
    client_with(text[:-1] + "-").get("/api/v1/auth/me")
    assert ApiToken.objects.get().last_used_at is None

    assert client_with(text).get("/api/v1/auth/me").status_code == 403
    assert ApiToken.objects.get().last_used_at is not None
