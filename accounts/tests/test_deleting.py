"""Deleting an account: what is removed, what stays, and what prevents it."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import OwnsProjects
from accounts.events import user_deleted
from accounts.models import (
    Activity,
    EmailCode,
    IdempotencyRecord,
    Invitation,
    Membership,
    User,
)
from accounts.services import (
    answer_once,
    create_project,
    deactivate_user,
    delete_user,
    open_session,
    register_user,
    request_code,
    revoke_api_tokens,
    set_member,
    update_profile,
)
from accounts.tests.factories import PASSWORD, make_api_token, make_user
from accounts.tests.mailbox import send_due
from accounts.tests.projects import make_invitation, make_team
from orderchainer.core.pictures import read_picture
from orderchainer.testing.photographs import photograph

pytestmark = pytest.mark.django_db

PERSON = {
    "username": "lovelace",
    "first_name": "Augusta",
    "last_name": "Lovelace",
    "phone": "+44 1815",
    "address": "12 St James's Square",
}


@pytest.fixture
def ada() -> User:
    """A user with everything that an account can have."""
    user = make_user(email="ada@example.com", email_verified_at=timezone.now(), **PERSON)
    user.groups.add(Group.objects.create(name="Analysts"))
    user.user_permissions.add(Permission.objects.all()[0])
    return user


def test_removes_all_personal_data_from_the_row(ada: User) -> None:
    delete_user(user=ada)

    row = User.objects.values().get(pk=ada.pk)
    assert row == {
        **row,
        "uuid": ada.uuid,
        "email": f"deleted-{ada.uuid}@deleted.invalid",
        **dict.fromkeys(PERSON, ""),
        "is_active": False,
        "is_staff": False,
        "is_superuser": False,
        "email_verified_at": None,
        "created_at": ada.created_at,
    }
    assert row["deleted_at"] is not None
    gone = User.objects.get(pk=ada.pk)
    assert not gone.has_usable_password()
    assert not gone.groups.exists()
    assert not gone.user_permissions.exists()


def test_no_table_of_accounts_names_the_person(ada: User) -> None:
    team = make_team()
    make_invitation(team, email="ADA@example.com")
    answer_once(user=ada, key="k", fingerprint="f", work=lambda: "ada@example.com")
    send_due()
    request_code(email=ada.email, purpose=EmailCode.Purpose.RESET_PASSWORD)
    send_due()

    delete_user(user=ada)

    words = [*PERSON.values(), "ada@example.com"]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            # The daily flush deletes e-mails that were sent to them.
            if table.startswith("accounts_") and table != "accounts_outgoingemail":
                cursor.execute(f'SELECT * FROM "{table}"')
                text = str(cursor.fetchall()).lower()
                assert [word for word in words if word.lower() in text] == [], table
    assert not EmailCode.objects.filter(user=ada).exists()
    assert not IdempotencyRecord.objects.exists()
    assert not Invitation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deletes_the_profile_and_its_picture(ada: User, tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path
    update_profile(
        user=ada,
        changes={
            "avatar": read_picture(photograph()),
            "preferences": {"theme": "dark"},
        },
    )

    delete_user(user=ada)

    ada.profile.refresh_from_db()
    assert (ada.profile.avatar.name, ada.profile.preferences) == ("", {})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_no_sign_in_or_token_works_afterwards(ada: User) -> None:
    open_session(user=ada)
    token, _text = make_api_token(ada)

    delete_user(user=ada)

    token.refresh_from_db()
    assert ada.sessions.get().end_reason == "deleted"
    assert token.revoked_at is not None
    assert authenticate(username="ada@example.com", password=PASSWORD) is None


def test_forgets_the_names_of_api_tokens(ada: User) -> None:
    make_api_token(ada, name="Ada's phone")
    revoke_api_tokens(user=ada)
    make_api_token(ada, name="Ada's laptop")

    delete_user(user=ada)

    assert set(ada.api_tokens.values_list("name", flat=True)) == {"deleted"}


def test_email_and_username_are_free_again(ada: User) -> None:
    delete_user(user=ada)

    again = register_user(email="ADA@example.com", password=PASSWORD, username="Lovelace")

    assert again.pk != ada.pk
    delete_user(user=again)
    assert User.objects.filter(deleted_at=None).count() == 0


def test_the_activity_names_who_did_it(ada: User) -> None:
    staff = make_user(is_staff=True, is_superuser=True)

    delete_user(user=ada, by=staff)

    row = Activity.objects.get(type="user_deleted")
    assert (row.user_id, row.actor_id, row.data) == (ada.pk, staff.pk, {})


def test_switches_the_personal_project_off_and_removes_its_name(ada: User) -> None:
    project = ada.personal_project
    project.name, project.description = "Ada's shop", "By Ada"
    project.settings = {"owner": "Ada"}
    project.save()

    delete_user(user=ada)

    project.refresh_from_db()
    assert (project.is_active, project.description, project.settings) == (
        False,
        "",
        {},
    )
    assert project.name == f"deleted-{ada.uuid}@deleted.invalid"


# --- Projects ---------------------------------------------------------------------------------


def test_leaves_shared_projects_and_switches_off_the_others(
    ada: User,
) -> None:
    team = make_team()
    set_member(project=team.project, user=ada, role=Membership.Role.MANAGER)
    alone = create_project(owner=ada, name="Alone")

    delete_user(user=ada)

    alone.refresh_from_db()
    team.project.refresh_from_db()
    assert (alone.is_active, team.project.is_active) == (False, True)
    assert not Membership.objects.filter(user=ada).exists()


def test_refuses_to_delete_the_only_owner_of_a_shared_project(ada: User) -> None:
    shop = create_project(owner=ada, name="Shop")
    grace = make_user()
    set_member(project=shop, user=grace, role=Membership.Role.AGENT)
    open_session(user=ada)

    with pytest.raises(OwnsProjects, match="Shop") as refusal:
        delete_user(user=ada)

    ada.refresh_from_db()
    assert refusal.value.data == {"projects": ["Shop"]}
    assert (ada.email, ada.is_active, ada.deleted_at) == ("ada@example.com", True, None)
    assert ada.sessions.get().ended_at is None
    assert not Activity.objects.filter(type="user_deleted").exists()

    set_member(project=shop, user=grace, role=Membership.Role.OWNER)
    delete_user(user=ada)
    shop.refresh_from_db()
    assert shop.is_active


def test_a_deactivated_owner_does_not_count_as_another_owner(ada: User) -> None:
    shop, grace = create_project(owner=ada, name="Shop"), make_user()
    set_member(project=shop, user=grace, role=Membership.Role.OWNER)
    deactivate_user(user=grace)

    with pytest.raises(OwnsProjects):
        delete_user(user=ada)


# --- Other apps -------------------------------------------------------------------------------


def test_a_failing_receiver_prevents_the_deletion(ada: User) -> None:
    def fail(sender: object, **_: Any) -> None:
        raise RuntimeError

    user_deleted.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            delete_user(user=ada)
    finally:
        user_deleted.disconnect(fail)

    ada.refresh_from_db()
    assert (ada.email, ada.deleted_at) == ("ada@example.com", None)
