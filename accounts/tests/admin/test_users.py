"""The pages of users: the services make, change and delete them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.events import credentials_ended
from accounts.models import Activity, Membership, OutgoingEmail, Session, User
from accounts.services import create_project, open_session
from accounts.tests.admin.pages import NEW_PASSWORD, change_form, page, run
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def announced() -> Iterator[list[dict[str, Any]]]:
    """Collect what `credentials_ended` says."""
    heard: list[dict[str, Any]] = []

    def hear(sender: object, *, user_id: int, credential_ids: list[Any], **_: object) -> None:
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
def test_refuses_wrong_input_for_a_new_user(client: Client, wrong: dict[str, str]) -> None:
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


def test_changing_ones_own_password_ends_token_sessions_but_not_the_admin_session(
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


def test_ends_the_sign_ins_of_staff_to_the_admin(client: Client, admin: User) -> None:
    users = [make_user(is_staff=True) for _ in range(2)]
    browsers = []
    for user in users:
        browsers.append(Client())
        browsers[-1].force_login(user)
    Activity.objects.all().delete()

    run(client, "end_sessions", "user", users[0])

    index = reverse("admin:index")
    answers = [browser.get(index).status_code for browser in (*browsers, client)]
    assert answers == [302, 200, 200]
    row = Activity.objects.get()
    assert (row.type, row.user_id, row.actor_id, row.data) == (
        "session_ended",
        users[0].pk,
        admin.pk,
        {"reason": "revoked", "door": "admin"},
    )


def test_shows_the_refusal_to_deactivate_oneself(client: Client, admin: User) -> None:
    shown = run(client, "deactivate", "user", admin)

    admin.refresh_from_db()
    assert "You cannot deactivate the account that you are signed in with." in shown
    assert admin.is_active


# --- E-mails ----------------------------------------------------------------------------------


def activity_of(user: User) -> list[tuple[str, int | None]]:
    """Return what was recorded of the user, and who did it, the oldest first."""
    return list(
        Activity.objects.filter(user_id=user.pk).order_by("pk").values_list("type", "actor_id")
    )


def test_marks_an_email_as_verified_once(client: Client, admin: User) -> None:
    user = make_user()
    Activity.objects.all().delete()

    assert "Verified: 1." in run(client, "verify_email", "user", user)
    assert "Verified: 1." not in run(client, "verify_email", "user", user)

    user.refresh_from_db()
    assert user.email_verified_at is not None
    assert activity_of(user) == [("email_verified", admin.pk)]


@pytest.mark.parametrize(
    ("action", "kind", "recorded"),
    [
        ("send_verification", "verify_email", []),
        ("send_reset", "reset_password", ["password_reset_requested"]),
    ],
)
def test_sends_a_verification_or_reset_email(
    client: Client, admin: User, action: str, kind: str, recorded: list[str]
) -> None:
    user = make_user()
    OutgoingEmail.objects.all().delete()
    Activity.objects.all().delete()

    assert "On its way: 1." in run(client, action, "user", user)

    email = OutgoingEmail.objects.get()
    assert (email.kind, email.recipient) == (kind, user.email)
    assert activity_of(user) == [(type_, admin.pk) for type_ in recorded]


def test_refuses_to_send_emails_that_would_be_useless(client: Client) -> None:
    verified = make_user(email_verified_at=timezone.now())
    inactive = make_user(is_active=False)
    OutgoingEmail.objects.all().delete()

    shown = run(client, "send_verification", "user", verified, inactive)

    assert "Email is already verified" in shown
    assert "This user is deactivated. Activate them first." in shown
    assert "On its way" not in shown
    assert not OutgoingEmail.objects.exists()


@pytest.mark.parametrize("state", ["verified", "unverified"])
def test_users_are_filtered_by_whether_their_email_is_verified(client: Client, state: str) -> None:
    make_user(email="unverified@example.com")
    make_user(email="verified@example.com", email_verified_at=timezone.now())

    found = client.get(page("user_changelist"), {"email": state}).content.decode()

    shown = {each for each in ("verified", "unverified") if f">{each}@example.com<" in found}
    assert shown == {state}


# --- Deleted users ----------------------------------------------------------------------------


def test_deleted_users_are_hidden_unless_they_are_asked_for(client: Client) -> None:
    make_user(email="here@example.com")
    make_user(email="gone@example.com", deleted_at=timezone.now())
    path = page("user_changelist")

    usual = client.get(path).content.decode()
    asked = client.get(path, {"account": "deleted"}).content.decode()

    assert ("here@example.com" in usual, "gone@example.com" in usual) == (True, False)
    assert ("here@example.com" in asked, "gone@example.com" in asked) == (False, True)


def test_a_deleted_user_is_read_only(client: Client) -> None:
    user = make_user(deleted_at=timezone.now(), is_active=False)
    url = page("user_change", user.pk)
    password = reverse("admin:auth_user_password_change", args=[user.pk])
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    assert client.get(url).status_code == 200
    assert client.post(url, change_form(user, first_name="X")).status_code == 403
    assert client.post(password, new).status_code == 403
    # The list shows them only with a filter, and there the actions refuse them.
    shown = client.post(
        f"{page('user_changelist')}?account=deleted",
        {"action": "activate", "_selected_action": [user.pk]},
        follow=True,
    ).content.decode()

    user.refresh_from_db()
    assert "User not found" in shown
    assert (user.is_active, user.first_name) == (False, "")
    assert user.check_password(PASSWORD)


def test_deleted_users_cannot_be_picked(client: Client) -> None:
    here = make_user(email="here@example.com")
    make_user(email="heretofore@example.com", deleted_at=timezone.now())

    answer = client.get(
        reverse("admin:autocomplete"),
        {
            "app_label": "accounts",
            "model_name": "membership",
            "field_name": "user",
            "term": "here",
        },
    )

    assert [row["id"] for row in answer.json()["results"]] == [str(here.pk)]


def test_deletes_an_account_after_asking(client: Client, admin: User) -> None:
    user = make_user(email="ada@example.com", first_name="Ada")
    client.post(page("user_change", user.pk), change_form(user, first_name="Adah"))
    own_project = user.personal_project
    LogEntry.objects.create(
        user=admin,
        content_type=ContentType.objects.get_for_model(own_project),
        object_id=str(own_project.pk),
        object_repr=str(own_project),
        action_flag=CHANGE,
    )
    url = page("user_delete", user.pk)

    question = client.get(url).content.decode()
    assert "Delete the account of ada@example.com?" in question
    assert "Their orders stay" in question
    answer = client.post(url, {"post": "yes"})

    user.refresh_from_db()
    assert answer.status_code == 302
    assert user.deleted_at is not None
    assert (user.email, user.first_name) == (
        f"deleted-{user.uuid}@deleted.invalid",
        "",
    )
    assert activity_of(user)[-1] == ("user_deleted", admin.pk)
    # The admin's history shows the old e-mail neither for the user nor for their project.
    entries = LogEntry.objects.values_list("object_repr", flat=True)
    assert list(entries) == [user.email] * 3


def test_shows_why_an_account_cannot_be_deleted(client: Client) -> None:
    owner = make_user(email="ada@example.com")
    project = create_project(owner=owner, name="The shop")
    Membership.objects.create(project=project, user=make_user(), role="agent")

    shown = client.post(
        page("user_delete", owner.pk), {"post": "yes"}, follow=True
    ).content.decode()

    owner.refresh_from_db()
    assert "You are the only owner of The shop." in shown
    assert (owner.deleted_at, owner.email) == (None, "ada@example.com")


def test_refuses_bulk_deletion_and_deleting_oneself(client: Client, admin: User) -> None:
    user = make_user()

    assert "delete_selected" not in client.get(page("user_changelist")).content.decode()
    client.post(
        page("user_changelist"),
        {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"},
    )
    refused = client.post(page("user_delete", admin.pk), {"post": "yes"})

    assert refused.status_code == 403
    assert User.objects.filter(deleted_at=None).count() == 2


def test_a_deleted_account_is_not_deleted_again(client: Client) -> None:
    user = make_user(deleted_at=timezone.now())

    assert client.post(page("user_delete", user.pk), {"post": "yes"}).status_code == 403


# --- Links to a user's rows -------------------------------------------------------------------


def test_a_user_is_found_by_the_id_that_the_surfaces_show(client: Client) -> None:
    user = make_user(email="ada@example.com")
    make_user(email="bob@example.com")

    found = client.get(page("user_changelist"), {"q": str(user.uuid)}).content.decode()

    assert ("ada@example.com" in found, "bob@example.com" in found) == (True, False)


def test_a_users_page_links_to_their_rows(client: Client) -> None:
    user = make_user()
    open_session(user=user)
    open_session(user=make_user())
    shown = client.get(page("user_change", user.pk)).content.decode()

    for name, query in (
        ("activity", f"user={user.pk}"),
        ("session", f"user__id__exact={user.pk}"),
        ("apitoken", f"user__id__exact={user.pk}"),
    ):
        link = f"{page(f'{name}_changelist')}?{query}"
        assert f'href="{link}"' in shown
        listed = client.get(link)
        assert listed.status_code == 200
        rows = listed.context["cl"].result_list
        assert {row.user_id for row in rows} <= {user.pk}


def test_a_change_of_permissions_is_recorded(client: Client, admin: User) -> None:
    user = make_user()
    group = Group.objects.create(name="Clerks")
    Activity.objects.all().delete()

    client.post(page("user_change", user.pk), change_form(user, groups=[group.pk]))

    (row,) = Activity.objects.filter(type="privileges_changed")
    assert (row.user_id, row.actor_id) == (user.pk, admin.pk)
    assert row.data == {"groups": ["Clerks"], "permissions": []}
