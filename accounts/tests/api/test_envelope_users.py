"""Who may do what with an account under `/api/user/`, by which token, and at what cost."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Activity, Membership, OutgoingEmail, User
from accounts.scopes import all_scopes
from accounts.services import create_project, deactivate_user, set_member, sign_in
from accounts.tests.factories import (
    PASSWORD,
    client_of,
    client_with,
    make_api_token,
    make_user,
)
from accounts.tests.mailbox import send_due
from accounts.tests.projects import make_team

pytestmark = pytest.mark.django_db


def staff_with(*codenames: str) -> User:
    """Make staff with these permissions of the back office."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def callers() -> dict[str, User]:
    """The user, the others in their project, and users outside of it, staff included."""
    team = make_team()
    callers = {f"project {role}": user for role, user in team.members.items()}
    user = make_user(email="user@example.com")
    set_member(project=team.project, user=user, role=Membership.Role.AGENT)
    return {
        **callers,
        "the user": user,
        "stranger": make_user(),
        "staff": staff_with("view_user"),
        "other staff": staff_with("view_order"),
        "changing clerk": staff_with("change_user"),
        "deleting clerk": staff_with("delete_user"),
        "admin": make_user(is_staff=True, is_superuser=True),
    }


ROLES = [f"project {role}" for role in Membership.Role]


@pytest.mark.parametrize(
    ("caller", "seen", "changed", "deleted"),
    [
        ("anonymous", 401, 401, 401),
        ("stranger", 404, 404, 404),
        *((role, 404, 404, 404) for role in ROLES),
        ("the user", 200, 200, 200),
        ("staff", 200, 403, 403),
        ("other staff", 404, 404, 404),
        ("changing clerk", 200, 200, 403),
        ("deleting clerk", 200, 403, 200),
        ("admin", 200, 200, 200),
    ],
)
def test_each_caller_may_do_what_their_role_allows(
    callers: dict[str, User], caller: str, seen: int, changed: int, deleted: int
) -> None:
    user = callers["the user"]
    client = APIClient() if caller == "anonymous" else client_of(callers[caller])
    path = f"/api/user/{user.uuid}"
    recorded = Activity.objects.filter(user_id=user.pk, type__in=["email_changed", "user_deleted"])
    send_due()

    assert client.get(path).status_code == seen
    assert client.patch(path, {"email": "new@example.com"}).status_code == changed
    user.refresh_from_db()
    assert (user.email == "new@example.com") is (changed == 200)
    assert client.delete(path).status_code == deleted
    user.refresh_from_db()
    assert (user.deleted_at is not None) is (deleted == 200)
    assert recorded.count() == [changed, deleted].count(200)
    if caller in callers:
        actors = set(recorded.values_list("actor_id", flat=True))
        assert actors <= {callers[caller].pk}
    if 200 not in (changed, deleted):
        assert not OutgoingEmail.objects.filter(state="pending").exists()


def test_staff_who_may_only_view_are_told_so(callers: dict[str, User]) -> None:
    response = client_of(callers["staff"]).patch(
        f"/api/user/{callers['the user'].uuid}", {"password": "battery staple"}
    )

    body = response.json()
    del body["timestamp"]
    assert (response.status_code, body) == (
        403,
        {
            "success": False,
            "error": "You may view this account but not change it.",
            "errorCode": "USER_NOT_CHANGEABLE",
        },
    )


@pytest.mark.parametrize("caller", ["staff", "changing clerk", "deleting clerk"])
def test_only_superusers_change_a_superuser(callers: dict[str, User], caller: str) -> None:
    path = f"/api/user/{callers['admin'].uuid}"
    client = client_of(callers[caller])

    assert client.get(path).status_code == 200
    assert client.patch(path, {"password": "battery staple"}).status_code == 403
    assert client.delete(path).status_code == 403
    callers["admin"].refresh_from_db()
    assert callers["admin"].check_password(PASSWORD)


def test_a_deleted_account_is_a_404_for_everybody(
    callers: dict[str, User],
) -> None:
    user = callers["the user"]
    path = f"/api/user/{user.uuid}"
    assert client_of(user).delete(path).status_code == 200

    for caller in ("stranger", "staff", "changing clerk", "admin"):
        client = client_of(callers[caller])
        for response in (
            client.get(path),
            client.patch(path, {"email": "new@example.com"}),
            client.delete(path),
        ):
            assert response.status_code == 404
            assert response.json()["errorCode"] == "USER_NOT_FOUND"


def test_staff_see_a_deactivated_user() -> None:
    user, staff = make_user(), staff_with("change_user")
    deactivate_user(user=user)

    response = client_of(staff).get(f"/api/user/{user.uuid}")

    assert response.json()["data"]["email"] == user.email


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("account:read", 200),
        ("account:write", 200),
        ("orders:write", 403),
        ("projects:write", 403),
    ],
)
def test_an_api_token_is_limited_to_its_scope(scope: str, status: int) -> None:
    user = make_user()
    client = client_with(make_api_token(user, scope)[1])

    response: Any = client.get(f"/api/user/{user.uuid}")

    assert response.status_code == status
    assert status == 200 or response.json()["errorCode"] == "INSUFFICIENT_SCOPE"


@pytest.mark.parametrize("is_superuser", [False, True])
def test_an_api_token_cannot_take_over_its_account(
    is_superuser: bool,
) -> None:
    user = make_user(is_staff=is_superuser, is_superuser=is_superuser)
    client = client_with(make_api_token(user, *all_scopes())[1])
    theirs = make_user() if is_superuser else user

    for path in {f"/api/user/{each.uuid}" for each in (user, theirs)}:
        responses: list[Any] = [
            client.patch(path, {"password": "battery staple"}),
            client.patch(path, {"email": "new@example.com"}),
            client.delete(path),
        ]
        for response in responses:
            assert response.status_code == 403
            assert response.json()["errorCode"] == "SESSION_NEEDED"
    for each in (user, theirs):
        assert sign_in(email=each.email, password=PASSWORD)


def test_a_new_password_ends_the_session_that_set_it() -> None:
    user = make_user()
    client, path = client_of(user), f"/api/user/{user.uuid}"

    assert client.patch(path, {"password": "battery staple"}).status_code == 200

    assert client.get(path).status_code == 401


def test_the_only_owner_is_told_which_projects_prevent_the_deletion() -> None:
    user = make_user()
    shop = create_project(owner=user, name="Shop")
    set_member(project=shop, user=make_user(), role=Membership.Role.AGENT)

    response = client_of(user).delete(f"/api/user/{user.uuid}")

    body = response.json()
    assert (response.status_code, body["errorCode"]) == (409, "OWNS_PROJECTS")
    assert "Shop" in body["error"]


@pytest.mark.parametrize(
    ("body", "error", "code"),
    [
        ({"email": None}, "Email must not be empty", "VALIDATION_FAILED"),
        ({"email": ""}, "Email must not be empty", "VALIDATION_FAILED"),
        ({"email": 5}, "Invalid email address", "VALIDATION_FAILED"),
        ({"email": "a\x00@example.com"}, "Invalid email address", "VALIDATION_FAILED"),
        (
            {"email": "x" * 300 + "@example.com"},
            "Invalid email address",
            "VALIDATION_FAILED",
        ),
        ({"password": ""}, "Password must not be empty", "VALIDATION_FAILED"),
        ({"password": 12345678}, "Password must be a text", "VALIDATION_FAILED"),
        (
            {"password": "short"},
            "This password is too short. It must contain at least 8 characters.",
            "VALIDATION_FAILED",
        ),
        (
            {"password": "user@example.com"},
            "The password is too similar to the email.",
            "VALIDATION_FAILED",
        ),
        ({"is_staff": True}, "There is no field is_staff", "VALIDATION_FAILED"),
        (
            {"email": "new@example.com", "role": "admin"},
            "There is no field role",
            "VALIDATION_FAILED",
        ),
    ],
)
def test_a_wrong_change_is_a_400_that_says_what(
    body: dict[str, Any], error: str, code: str
) -> None:
    user = make_user(email="user@example.com")
    client = client_of(user)

    response = client.patch(f"/api/user/{user.uuid}", body)

    refused = response.json()
    assert (response.status_code, refused["error"], refused["errorCode"]) == (
        400,
        error,
        code,
    )
    user.refresh_from_db()
    assert (user.email, user.is_staff) == ("user@example.com", False)
    assert user.check_password(PASSWORD)


def test_the_body_can_be_sent_back_as_read() -> None:
    user = make_user()
    client, path = client_of(user), f"/api/user/{user.uuid}"
    before = client.get(path).json()["data"]

    response = client.patch(path, before)

    assert response.status_code == 200
    assert response.json()["data"] == before
    assert not OutgoingEmail.objects.filter(kind="email_changed").exists()


def test_reading_takes_one_statement_for_oneself_and_four_for_others() -> None:
    user, staff = make_user(), staff_with("view_user")
    own, others = client_of(user), client_of(staff)

    counts = []
    for client in (own, others):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/api/user/{user.uuid}").status_code == 200
        counts.append(len(queries))
    with CaptureQueriesContext(connection) as queries:
        own.get(f"/api/user/{uuid4()}")

    # Two of the four read the permissions of staff.
    assert [*counts, len(queries)] == [1, 4, 1]
