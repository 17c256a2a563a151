"""Every form and endpoint refuses a password over 1,024 characters without hashing it."""

from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from rest_framework.test import APIClient

from accounts.errors import InvalidCredentials
from accounts.models import EmailCode, User
from accounts.services import sign_in
from accounts.services.codes import request_code
from accounts.services.joining import join_with_account
from accounts.tests.factories import PASSWORD, client_of, make_user
from accounts.tests.mailbox import code_sent_to
from accounts.tests.projects import make_invitation, make_team

pytestmark = pytest.mark.django_db

LONGEST = "aB3 " * 256
TOO_LONG = f"{LONGEST}x"
WORDS = "This password is too long. It may have at most 1024 characters."
EMAIL = "ada@example.com"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed."""
    passwords: list[str] = []
    encode = MD5PasswordHasher.encode

    def noting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        passwords.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noting)
    return passwords


REGISTRATIONS = [
    ("/api/auth/register", {}),
    ("/api/v1/auth/register", {}),
    ("/auth/api/register/", {"password_confirm": TOO_LONG}),
]


@pytest.mark.parametrize(("path", "more"), REGISTRATIONS)
def test_a_registration_is_refused(hashed: list[str], path: str, more: dict[str, str]) -> None:
    response = APIClient().post(path, {"email": EMAIL, "password": TOO_LONG, **more})

    assert response.status_code in {400, 422}
    assert WORDS in response.content.decode()
    assert not User.objects.exists()
    assert hashed == []


def test_the_longest_password_works() -> None:
    APIClient().post("/api/auth/register", {"email": EMAIL, "password": LONGEST})

    assert sign_in(email=EMAIL, password=LONGEST)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/auth/token", "username"),
        ("/api/auth/login", "email"),
        ("/api/v1/auth/login", "email"),
        ("/auth/api/token/", "email"),
    ],
)
def test_a_login_is_refused_like_a_wrong_password(
    hashed: list[str], path: str, name: str, email: str
) -> None:
    make_user(email=EMAIL)
    hashed.clear()
    wrong = APIClient().post(path, {name: email, "password": "a wrong one"})
    of_the_wrong = len(hashed)

    response = APIClient().post(path, {name: email, "password": TOO_LONG})

    assert response.status_code == wrong.status_code == 401
    assert _words(response) == _words(wrong)
    assert TOO_LONG not in hashed
    assert len(hashed) == 2 * of_the_wrong == 2


def _words(response: Any) -> dict[str, Any]:
    body = response.json()
    return {name: body[name] for name in body if name != "timestamp"}


def test_a_reset_is_refused_and_spends_no_code(hashed: list[str]) -> None:
    make_user(email=EMAIL)
    request_code(email=EMAIL, purpose=EmailCode.Purpose.RESET_PASSWORD)
    right = code_sent_to(EMAIL)
    row = EmailCode.objects.get(purpose=EmailCode.Purpose.RESET_PASSWORD)
    hashed.clear()

    for password in (TOO_LONG, "short", "12345678", " " * 9):
        for code in (right, "wrong-code"):
            response = APIClient().post(
                "/api/auth/reset-password",
                {"email": EMAIL, "code": code, "newPassword": password},
            )

            assert response.status_code == 400
            assert response.json()["errorCode"] == "VALIDATION_FAILED"
    kept = EmailCode.objects.get(pk=row.pk)
    assert (kept.wrong_tries, kept.code_digest) == (0, row.code_digest)
    assert hashed == []


def test_a_short_password_is_refused_before_its_user_is_looked_for() -> None:
    response = APIClient().post(
        "/api/auth/reset-password",
        {"email": "nobody@example.com", "code": "123456", "newPassword": "short"},
    )
    staff = make_user(is_staff=True, is_superuser=True)
    changed = client_of(staff).patch("/api/user/nobody", {"password": "short"})

    for answer in (response, changed):
        assert answer.status_code == 400
        assert answer.json()["errorCode"] == "VALIDATION_FAILED"


def test_a_change_is_refused(hashed: list[str]) -> None:
    user = make_user(email=EMAIL)
    client = client_of(user)
    hashed.clear()

    envelope = client.patch(f"/api/user/{user.uuid}", {"password": TOO_LONG})
    hub = client.patch("/api/v1/auth/me", {"password": TOO_LONG, "current_password": PASSWORD})
    wrong = client.patch(
        "/api/v1/auth/me",
        {"password": "another good one", "current_password": TOO_LONG},
    )

    assert (envelope.status_code, hub.status_code, wrong.status_code) == (400, 422, 422)
    assert WORDS in envelope.content.decode()
    assert WORDS in hub.content.decode()
    assert list(wrong.json()["errors"]) == ["current_password"]
    assert TOO_LONG not in hashed


def test_an_invitation_is_not_accepted(hashed: list[str]) -> None:
    make_user(email="grace@example.com")
    _, link = make_invitation(make_team())
    hashed.clear()

    with pytest.raises(InvalidCredentials):
        join_with_account(link=link, password=TOO_LONG)

    assert TOO_LONG not in hashed


def test_the_back_office_refuses_it(hashed: list[str]) -> None:
    admin = make_user(email=EMAIL, is_staff=True, is_superuser=True)
    other = make_user()
    client = Client()
    sign_in_page = client.post("/admin/login/", {"username": EMAIL, "password": TOO_LONG})
    client.force_login(admin)
    twice = {"password1": TOO_LONG, "password2": TOO_LONG}
    pages = [
        client.post("/admin/accounts/user/add/", {"email": "new@example.com", **twice}),
        client.post(f"/admin/accounts/user/{other.pk}/password/", twice),
        client.post(
            "/admin/password_change/",
            {
                "old_password": TOO_LONG,
                "new_password1": TOO_LONG,
                "new_password2": TOO_LONG,
            },
        ),
    ]

    assert sign_in_page.status_code == 200
    assert [page.status_code for page in pages] == [200] * 3
    assert all("too long" in page.content.decode() for page in pages)
    assert TOO_LONG not in hashed
    assert User.objects.count() == 2
