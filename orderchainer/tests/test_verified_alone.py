"""`REQUIRE_VERIFIED_EMAIL`: users get no tokens on any surface until they verify their e-mail."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Activity, Session, User
from accounts.services import open_session, update_user
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

WORDS = "Verify your email address before you sign in."
# Each surface's sign-in: its path, the name of its e-mail field, and its answer.
DOORS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "chain": (
        "/api/auth/token",
        "username",
        {
            "detail": "Not authorized to perform this action",
            "code": "email_not_verified",
        },
    ),
    "envelope": (
        "/api/auth/login",
        "email",
        {"success": False, "error": WORDS, "errorCode": "EMAIL_NOT_VERIFIED"},
    ),
    "hub": (
        "/api/v1/auth/login",
        "email",
        {"detail": WORDS, "code": "EMAIL_NOT_VERIFIED"},
    ),
    "shop": ("/auth/api/token/", "email", {"error": WORDS}),
}

each_surface = pytest.mark.parametrize("surface", DOORS)


def sign_in(surface: str, user: User, password: str = PASSWORD) -> Any:
    """Sign in on a surface."""
    path, field, _body = DOORS[surface]
    return APIClient().post(path, {field: user.email, "password": password})


@each_surface
def test_unverified_users_get_no_tokens_and_learn_why(surface: str, settings: Settings) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True

    response = sign_in(surface, make_user())

    body = response.json()
    body.pop("timestamp", None)
    assert (response.status_code, body) == (403, DOORS[surface][2])
    assert "WWW-Authenticate" not in response
    assert not Session.objects.exists()
    assert not Activity.objects.filter(type="login_succeeded").exists()


@each_surface
def test_only_a_caller_who_knows_the_password_is_told(surface: str, settings: Settings) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    unverified, verified = make_user(), make_user(email_verified_at=timezone.now())

    answers = [sign_in(surface, user, "wrong horse") for user in (unverified, verified)]

    bodies = [answer.json() for answer in answers]
    for body in bodies:
        body.pop("timestamp", None)
    assert [answer.status_code for answer in answers] == [401, 401]
    assert bodies[0] == bodies[1]


@each_surface
def test_verified_users_get_in(surface: str, settings: Settings) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True

    response = sign_in(surface, make_user(email_verified_at=timezone.now()))

    assert response.status_code == 200
    assert Session.objects.count() == 1


@each_surface
def test_without_the_setting_everybody_gets_in(surface: str) -> None:
    assert sign_in(surface, make_user()).status_code == 200


REFRESHES = {
    "chain": "/api/auth/refresh",
    "hub": "/api/v1/auth/refresh",
    "shop": "/auth/api/token/refresh/",
}


@pytest.mark.parametrize("surface", REFRESHES)
def test_another_address_has_to_be_verified_before_the_session_goes_on(
    surface: str, settings: Settings
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    user = make_user(email_verified_at=timezone.now())
    body = {"refresh": open_session(user=user).refresh}
    update_user(user=user, changes={"email": "moved@example.com"})

    refused = APIClient().post(REFRESHES[surface], body)
    User.objects.update(email_verified_at=timezone.now())
    answered = APIClient().post(REFRESHES[surface], body)

    shown = refused.json()
    shown.pop("timestamp", None)
    assert (refused.status_code, shown) == (403, DOORS[surface][2])
    assert answered.status_code == 200


def test_a_registration_brings_no_tokens(settings: Settings) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True

    response = APIClient().post(
        "/auth/api/register/",
        {
            "email": "user@example.com",
            "username": "testuser",
            "password": PASSWORD,
            "password_confirm": PASSWORD,
        },
    )

    assert response.status_code == 201
    body = response.json()
    assert (body["access"], body["refresh"]) == ("", "")
    assert not Session.objects.exists()
