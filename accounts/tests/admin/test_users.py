"""The pages of users: the services make and change them, and nobody is deleted."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.events import credentials_ended
from accounts.models import Session, User
from accounts.services import open_session
from accounts.tests.admin.pages import NEW_PASSWORD, change_form, page, run
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def announced() -> Iterator[list[dict[str, Any]]]:
    """Collect what `credentials_ended` says."""
    heard: list[dict[str, Any]] = []

    def hear(
        sender: object, *, user_id: int, credential_ids: list[Any], **_: object
    ) -> None:
        heard.append({"user_id": user_id, "credential_ids": credential_ids})

    credentials_ended.connect(hear)
    yield heard
    credentials_ended.disconnect(hear)


def test_makes_a_user_with_a_project(client: Client) -> None:
    response = client.post(
        page("user_add"),
        {
            "email": "new@example.com",
            "first_name": "New",
            "last_name": "User",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )

    user = User.objects.get(email="new@example.com")
    assert response.status_code == 302
    assert (user.name, user.check_password(PASSWORD)) == ("New User", True)
    assert user.personal_project.memberships.get().role == "owner"


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ADMIN@example.com"},
        {"email": "no e-mail"},
        {"password1": "short", "password2": "short"},
        {"password2": "another password"},
        {"password1": "", "password2": ""},
    ],
)
def test_makes_no_user_of_wrong_input(client: Client, wrong: dict[str, str]) -> None:
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}

    response = client.post(page("user_add"), {**form, **wrong})

    assert response.status_code == 200
    assert User.objects.count() == 1


def test_changes_a_user(client: Client) -> None:
    user = make_user()

    response = client.post(
        page("user_change", user.pk),
        change_form(user, email="Other@EXAMPLE.com", first_name="Ada", is_staff="on"),
    )

    user.refresh_from_db()
    assert response.status_code == 302
    assert (user.email, user.first_name, user.is_staff) == (
        "Other@example.com",
        "Ada",
        True,
    )


def test_refuses_an_email_that_is_taken(client: Client) -> None:
    user = make_user(email="ada@example.com")

    response = client.post(
        page("user_change", user.pk), change_form(user, email="ADMIN@example.com")
    )

    user.refresh_from_db()
    assert response.status_code == 200
    assert user.email == "ada@example.com"


def test_a_new_password_ends_the_sessions(
    client: Client,
    announced: list[dict[str, Any]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    user = make_user()
    open_session(user=user)
    session = Session.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(
            reverse("admin:auth_user_password_change", args=[user.pk]),
            {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        )

    user.refresh_from_db()
    session.refresh_from_db()
    assert response.status_code == 302
    assert user.check_password(NEW_PASSWORD)
    assert session.end_reason == "password_changed"
    assert announced == [{"user_id": user.pk, "credential_ids": [session.pk]}]


def test_an_own_new_password_ends_the_sessions_of_tokens_and_keeps_the_page(
    client: Client, admin: User
) -> None:
    open_session(user=admin)

    response = client.post(
        reverse("admin:password_change"),
        {
            "old_password": PASSWORD,
            "new_password1": NEW_PASSWORD,
            "new_password2": NEW_PASSWORD,
        },
        follow=True,
    )

    assert response.status_code == 200
    assert response.redirect_chain == [(reverse("admin:password_change_done"), 302)]
    assert Session.objects.get().end_reason == "password_changed"


def test_deactivates_and_activates(client: Client) -> None:
    user = make_user()
    open_session(user=user)

    assert "Deactivated: 1." in run(client, "deactivate", "user", user)
    user.refresh_from_db()
    assert (user.is_active, Session.objects.get().end_reason) == (False, "deactivated")

    assert "Activated: 1." in run(client, "activate", "user", user)
    user.refresh_from_db()
    assert (user.is_active, Session.objects.get().ended_at is None) == (True, False)


def test_ends_the_sessions_of_a_user(client: Client) -> None:
    user = make_user()
    open_session(user=user)

    assert "Signed out: 1." in run(client, "end_sessions", "user", user)
    assert Session.objects.get().end_reason == "revoked"


def test_shows_the_refusal_to_deactivate_oneself(client: Client, admin: User) -> None:
    shown = run(client, "deactivate", "user", admin)

    admin.refresh_from_db()
    assert "You cannot deactivate the account that you are signed in with." in shown
    assert admin.is_active


def test_nobody_is_deleted(client: Client) -> None:
    user = make_user()

    assert client.post(page("user_delete", user.pk), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in client.get(page("user_changelist")).content.decode()
    assert User.objects.filter(pk=user.pk).exists()
