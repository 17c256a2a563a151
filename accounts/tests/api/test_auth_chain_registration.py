"""`/api/auth/register`: the chain and envelope documents' examples, and what they leave open."""

import re
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.api.calls import register
from accounts.tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.mark.parametrize(
    "password",
    ["securepassword", "password123"],
    ids=["the chain document", "the envelope document"],
)
def test_registers_as_both_documents_show(anonymous: APIClient, password: str) -> None:
    response = register(anonymous, email="user@example.com", password=password)

    user = User.objects.get()
    body = response.json()
    moments = [body["data"].pop("createdAt"), body["data"].pop("updatedAt")]
    assert response.status_code == 201
    assert body == {
        "email": "user@example.com",
        "id": user.pk,
        "is_active": True,
        "success": True,
        "data": {"userId": str(user.uuid), "email": "user@example.com"},
        "message": "User created successfully",
    }
    assert all(MOMENT.fullmatch(moment) for moment in moments)


def test_documented_registration_of_a_taken_email(anonymous: APIClient) -> None:
    register(anonymous, email="user@example.com", password="password123")

    response = register(anonymous, email="user@example.com", password="password123")

    body = response.json()
    assert MOMENT.fullmatch(body.pop("timestamp"))
    assert response.status_code == 409
    assert body == {
        "detail": "Resource already exists",
        "code": "user_already_exists",
        "success": False,
        "error": "User with this email already exists",
        "errorCode": "USER_ALREADY_EXISTS",
    }
    assert User.objects.count() == 1


def test_documented_registration_with_a_wrong_email(anonymous: APIClient) -> None:
    response = register(anonymous, email="no e-mail", password="password123")

    body = response.json()
    assert MOMENT.fullmatch(body.pop("timestamp"))
    assert response.status_code == 400
    assert body == {
        "detail": "Invalid request data",
        "code": "invalid",
        "errors": {"email": ["Invalid email address"]},
        "success": False,
        "error": "Invalid email address",
        "errorCode": "VALIDATION_FAILED",
    }
    assert not User.objects.exists()


def test_a_domain_may_have_letters_of_any_language(anonymous: APIClient) -> None:
    response = register(anonymous, email="user@Exämple.com", password=PASSWORD)

    assert response.status_code == 201
    assert response.json()["email"] == "user@exämple.com"


@pytest.mark.parametrize(
    "taken",
    [
        "USER@example.com",
        "user@EXAMPLE.com",
        "  user@example.com\n",
        "User@Example.Com",
    ],
)
def test_an_email_is_taken_in_any_case(anonymous: APIClient, taken: str) -> None:
    register(anonymous, email="user@example.com", password=PASSWORD)

    assert register(anonymous, email=taken, password=PASSWORD).status_code == 409


INVALID = "Invalid email address"


@pytest.mark.parametrize(
    ("email", "message", "code"),
    [
        ("plain", INVALID, "VALIDATION_FAILED"),
        ("two@at@example.com", INVALID, "VALIDATION_FAILED"),
        ("a b@example.com", INVALID, "VALIDATION_FAILED"),
        ("пользователь@example.com", INVALID, "VALIDATION_FAILED"),
        # Letters that a search without regard to case takes for k, i and s.
        ("\N{KELVIN SIGN}@example.com", INVALID, "VALIDATION_FAILED"),
        (
            "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}@example.com",
            INVALID,
            "VALIDATION_FAILED",
        ),
        ("\N{LATIN SMALL LETTER LONG S}@example.com", INVALID, "VALIDATION_FAILED"),
        ("user@example", INVALID, "VALIDATION_FAILED"),
        ("user@example.com\nBcc: x@example.com", INVALID, "VALIDATION_FAILED"),
        (
            f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example.com",
            INVALID,
            "VALIDATION_FAILED",
        ),
        ("a" * 10_000 + "@example.com", INVALID, "VALIDATION_FAILED"),
        ('"a\x0bb"@example.com', INVALID, "VALIDATION_FAILED"),
        ('"a@b"@example.com', INVALID, "VALIDATION_FAILED"),
        ("=?utf-8?q?x?=@example.com", INVALID, "VALIDATION_FAILED"),
        # E-mails to these would go to examples.com, example.com and strasse.example.
        ("user@example\N{LATIN SMALL LETTER LONG S}.com", INVALID, "VALIDATION_FAILED"),
        (
            "user@\N{FULLWIDTH LATIN SMALL LETTER E}xample.com",
            INVALID,
            "VALIDATION_FAILED",
        ),
        ("user@straße.example", INVALID, "VALIDATION_FAILED"),
        # An e-mail to this would go into our own network.
        ("user@[127.0.0.1]", INVALID, "VALIDATION_FAILED"),
        (
            "user\x00@example.com",
            INVALID,
            "VALIDATION_FAILED",
        ),
        (["user@example.com"], INVALID, "VALIDATION_FAILED"),
        ({"$ne": ""}, INVALID, "VALIDATION_FAILED"),
        (True, INVALID, "VALIDATION_FAILED"),
        (12345, INVALID, "VALIDATION_FAILED"),
        ("", "Email is required", "MISSING_REQUIRED_FIELD"),
        ("   ", "Email is required", "MISSING_REQUIRED_FIELD"),
        (None, "Email is required", "MISSING_REQUIRED_FIELD"),
    ],
)
def test_refuses_a_malformed_email(
    anonymous: APIClient, email: object, message: str, code: str
) -> None:
    response = register(anonymous, email=email, password=PASSWORD)

    body = response.json()
    assert response.status_code == 400
    assert body["errors"] == {"email": [message]}
    assert (body["detail"], body["error"], body["errorCode"]) == (
        "Invalid request data",
        message,
        code,
    )
    assert not User.objects.exists()


def test_accepts_an_international_domain(anonymous: APIClient) -> None:
    response = register(anonymous, email="user@BÜCHER.example", password=PASSWORD)

    assert (response.status_code, response.json()["email"]) == (
        201,
        "user@bücher.example",
    )


SHORT = "This password is too short. It must contain at least 8 characters."


@pytest.mark.parametrize(
    ("password", "messages"),
    [
        ("seven77", [SHORT]),
        ("", ["Password is required"]),
        (None, ["Password is required"]),
        ("938475634", ["This password is entirely numeric."]),
        ("1234", [SHORT, "This password is entirely numeric."]),
        ("user@example.com", ["The password is too similar to the email."]),
        (12345678.25, ["Not a valid string."]),
        (["securepassword"], ["Not a valid string."]),
        ("secure\x00password", ["Null characters are not allowed."]),
    ],
)
def test_refuses_a_password(anonymous: APIClient, password: object, messages: list[str]) -> None:
    response = register(anonymous, email="user@example.com", password=password)

    assert response.status_code == 400
    assert response.json()["errors"] == {"password": messages}
    assert not User.objects.exists()


def test_refuses_a_common_password_if_the_setting_says_so(
    anonymous: APIClient, settings: Any
) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"}
    ]

    response = register(anonymous, email="user@example.com", password="password123")

    assert response.json()["errors"] == {"password": ["This password is too common."]}


def test_a_password_keeps_the_spaces_at_its_ends(anonymous: APIClient) -> None:
    register(anonymous, email="user@example.com", password="  spaces around  ")

    def sign_in(password: str) -> int:
        body = {"username": "user@example.com", "password": password}
        status: int = anonymous.post("/api/auth/token", body, format="json").status_code
        return status

    assert (sign_in("spaces around"), sign_in("  spaces around  ")) == (401, 200)


def test_names_everything_that_is_wrong_at_once(anonymous: APIClient) -> None:
    assert register(anonymous, email="no", password="short").json()["errors"] == {
        "email": [INVALID],
        "password": [SHORT],
    }
    assert register(anonymous).json()["errors"] == {
        "email": ["Email is required"],
        "password": ["Password is required"],
    }


def test_a_registration_cannot_set_privileges(anonymous: APIClient) -> None:
    register(
        anonymous,
        email="user@example.com",
        password=PASSWORD,
        is_staff=True,
        is_superuser=True,
        is_active=False,
        id=77,
    )

    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert user.pk != 77


def test_registers_despite_a_bad_token(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer stale")

    assert register(anonymous, email="a@example.com", password=PASSWORD).status_code == 201
