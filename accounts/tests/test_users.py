"""What happens when a user changes the e-mail, password or name, and who gets a notice."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import (
    EmailInUse,
    EmailTaken,
    LinkNotFound,
    ResetCodeNotFound,
    UsernameTaken,
    UserNotFound,
    UserNotYours,
)
from accounts.models import Activity, EmailCode, OutgoingEmail, User
from accounts.queries import user_for, user_for_change
from accounts.services import (
    activate_user,
    change_password,
    change_sign_in,
    delete_user,
    open_session,
    register_user,
    request_code,
    reset_password,
    reset_password_by_link,
    update_user,
    verify_email,
)
from accounts.tests.factories import PASSWORD, make_api_token, make_user
from accounts.tests.mailbox import code_sent_to, emails_to, link_sent_to, send_due
from orderchainer.core.errors import DomainError, Invalid
from orderchainer.core.limits.rates import LimitExceeded

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "battery staple"


def verified(**fields: object) -> User:
    """Make a user who has proven that their e-mail is theirs."""
    return make_user(email_verified_at=timezone.now(), **fields)  # type: ignore[arg-type]


def activity_of(user: User) -> list[tuple[str, int | None]]:
    """Return the activity about the user after the registration, and who did it."""
    rows = Activity.objects.filter(user_id=user.pk).order_by("pk")
    return list(rows.exclude(type="user_registered").values_list("type", "actor_id"))


def subjects_to(address: str) -> list[str]:
    """Return the subjects of the e-mails to an address."""
    return [str(message.subject) for message in emails_to(address)]


# --- Another e-mail ---------------------------------------------------------------------------


def test_a_new_email_must_be_verified_and_the_old_address_gets_a_notice() -> None:
    user = verified(email="old@example.com")
    send_due()

    update_user(user=user, changes={"email": " new@EXAMPLE.com "})

    user.refresh_from_db()
    assert (user.email, user.email_verified_at) == ("new@example.com", None)
    assert subjects_to("new@example.com") == ["Confirm your e-mail address"]
    assert subjects_to("old@example.com")[-1] == "Your e-mail address was changed"
    assert activity_of(user) == [("email_changed", user.pk)]
    verify_email(email="new@example.com", code=code_sent_to("new@example.com"))
    user.refresh_from_db()
    assert user.email_verified_at is not None


@pytest.mark.parametrize("same", ["Ada@Example.com", "ADA@example.com", "ada@example.com"])
def test_another_spelling_is_not_a_new_email(same: str) -> None:
    user = verified(email="ada@example.com")
    send_due()

    update_user(user=user, changes={"email": same})

    user.refresh_from_db()
    assert user.email == User.objects.normalize_email(same)
    assert user.email_verified_at is not None
    assert not OutgoingEmail.objects.filter(state="pending").exists()
    assert activity_of(user) == []


def test_codes_and_links_sent_to_the_old_address_stop_working() -> None:
    user = verified(email="old@example.com")
    request_code(email=user.email, purpose=EmailCode.Purpose.RESET_PASSWORD)
    code, link = code_sent_to("old@example.com"), link_sent_to("old@example.com")

    update_user(user=user, changes={"email": "new@example.com"})

    with pytest.raises(LinkNotFound):
        reset_password_by_link(link=link, new_password=NEW_PASSWORD)
    with pytest.raises(ResetCodeNotFound):
        reset_password(email="new@example.com", code=code, new_password=NEW_PASSWORD)
    with pytest.raises(UserNotFound):
        reset_password(email="old@example.com", code=code, new_password=NEW_PASSWORD)


def test_a_queued_code_for_the_old_address_is_not_sent() -> None:
    user = make_user(email="old@example.com")

    update_user(user=user, changes={"email": "new@example.com"})

    assert subjects_to("old@example.com") == ["Your e-mail address was changed"]


def test_a_personal_project_is_renamed_unless_it_has_a_chosen_name() -> None:
    unnamed, named = make_user(email="ada@example.com"), make_user()
    named.personal_project.name = "My shop"
    named.personal_project.save()

    update_user(user=unnamed, changes={"email": "grace@example.com"})
    update_user(user=named, changes={"email": "hopper@example.com"})

    for user, name in ((unnamed, "grace@example.com"), (named, "My shop")):
        user.personal_project.refresh_from_db()
        assert user.personal_project.name == name


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"email": "TAKEN@example.com"}, EmailTaken),
        ({"username": "Taken"}, UsernameTaken),
        ({"email": "nobody"}, Invalid),
        ({"username": "a b"}, Invalid),
        ({"email": "free@example.com", "username": "TAKEN"}, UsernameTaken),
    ],
)
def test_a_refused_change_changes_nothing_and_sends_nothing(
    changes: dict[str, str], error: type[DomainError]
) -> None:
    make_user(email="taken@example.com", username="taken")
    user = verified(email="ada@example.com", username="ada")
    send_due()

    with pytest.raises(error):
        update_user(user=user, changes={"first_name": "Ada", **changes})

    user.refresh_from_db()
    assert (user.email, user.username, user.first_name) == (
        "ada@example.com",
        "ada",
        "",
    )
    assert user.email_verified_at is not None
    assert not OutgoingEmail.objects.filter(state="pending").exists()
    assert activity_of(user) == []


def test_changes_to_one_address_are_limited(settings: Settings) -> None:
    settings.RATE_LIMIT_CODES = "2/h"
    victim = f"victim-{uuid4().hex}@example.com"
    for number in range(3):
        user = make_user()
        if number < 2:
            update_user(user=user, changes={"email": victim})
            update_user(user=user, changes={"email": f"{uuid4().hex}@example.com"})
        else:
            with pytest.raises(LimitExceeded):
                update_user(user=user, changes={"email": victim})
            user.refresh_from_db()
            assert user.email != victim


def test_changes_by_one_user_are_limited(settings: Settings) -> None:
    settings.RATE_LIMIT_CODES = "3/h"
    user, staff = make_user(), make_user(is_staff=True)

    for _ in range(3):
        update_user(user=user, changes={"email": f"{uuid4().hex}@example.com"})
    with pytest.raises(LimitExceeded):
        update_user(user=user, changes={"email": f"{uuid4().hex}@example.com"})

    update_user(user=user, changes={"email": f"{uuid4().hex}@example.com"}, by=staff)


def test_repeated_sign_ups_with_one_address_are_limited(settings: Settings) -> None:
    settings.RATE_LIMIT_CODES = "2/h"
    victim = f"victim-{uuid4().hex}@example.com"
    for _ in range(2):
        delete_user(user=register_user(email=victim, password=PASSWORD))

    with pytest.raises(LimitExceeded):
        register_user(email=victim.upper(), password=PASSWORD)

    assert register_user(email=victim, password=PASSWORD, by=make_user(is_staff=True))


def test_changes_of_the_password_are_limited(
    settings: Settings,
) -> None:
    settings.RATE_LIMIT_CODES = "2/h"
    victim = f"victim-{uuid4().hex}@example.com"
    user = make_user(email=victim)
    for number in range(2):
        change_sign_in(user=user, by=user, password=f"battery staple {number}")

    with pytest.raises(LimitExceeded):
        change_sign_in(user=user, by=user, password="battery staple 3")

    request_code(email=victim, purpose=EmailCode.Purpose.RESET_PASSWORD)
    reset_password(email=victim, code=code_sent_to(victim), new_password="the rightful user's")


def test_finds_the_change_when_a_form_has_already_set_the_field() -> None:
    user = verified(email="old@example.com")
    send_due()
    user.email = "new@example.com"  # as Django's forms do

    update_user(user=user, changes={"email": "new@example.com"})

    user.refresh_from_db()
    assert user.email_verified_at is None
    assert subjects_to("old@example.com")[-1] == "Your e-mail address was changed"


def test_privileges_are_recorded_where_they_change() -> None:
    user, admin = make_user(), make_user(is_staff=True, is_superuser=True)

    update_user(user=user, changes={"is_staff": True, "is_superuser": False}, by=admin)

    (row,) = Activity.objects.filter(type="privileges_changed")
    assert (row.user_id, row.actor_id, row.data) == (
        user.pk,
        admin.pk,
        {"is_staff": True},
    )


def test_refuses_fields_that_have_a_separate_service() -> None:
    with pytest.raises(TypeError, match="is_active"):
        update_user(user=make_user(), changes={"is_active": False})


# --- Another password -------------------------------------------------------------------------


def test_a_new_password_ends_sessions_and_sends_a_notice() -> None:
    user = make_user(email="ada@example.com")
    open_session(user=user)
    token, _text = make_api_token(user)

    change_password(user=user, password=NEW_PASSWORD)

    user.refresh_from_db()
    token.refresh_from_db()
    session = user.sessions.get()
    assert user.check_password(NEW_PASSWORD)
    assert session.end_reason == "password_changed"
    assert token.revoked_at is None
    assert subjects_to("ada@example.com")[-1] == "Your password was changed"
    assert ("password_changed", user.pk) in activity_of(user)


def test_a_reset_code_stops_working_with_a_new_password() -> None:
    user = make_user(email="ada@example.com")
    request_code(email=user.email, purpose=EmailCode.Purpose.RESET_PASSWORD)
    link = link_sent_to("ada@example.com")

    change_password(user=user, password=NEW_PASSWORD)

    with pytest.raises(LinkNotFound):
        reset_password_by_link(link=link, new_password="a thief's")


def test_a_refused_password_changes_nothing_and_sends_nothing() -> None:
    user = make_user(email="ada@example.com")
    send_due()
    open_session(user=user)

    with pytest.raises(Invalid) as refusal:
        change_password(user=user, password="short")

    user.refresh_from_db()
    assert list(refusal.value.errors) == ["password"]
    assert user.check_password(PASSWORD)
    assert user.sessions.get().ended_at is None
    assert not OutgoingEmail.objects.filter(state="pending").exists()


# --- Both at once -----------------------------------------------------------------------------


def test_notices_of_both_changes_go_to_the_old_address() -> None:
    user, admin = verified(email="old@example.com"), make_user()
    send_due()

    changed = change_sign_in(user=user, by=admin, email="new@example.com", password=NEW_PASSWORD)

    user.refresh_from_db()
    assert changed == user
    assert (changed.email, changed.updated_at) == ("new@example.com", user.updated_at)
    assert user.check_password(NEW_PASSWORD)
    assert subjects_to("old@example.com")[-2:] == [
        "Your password was changed",
        "Your e-mail address was changed",
    ]
    assert subjects_to("new@example.com") == ["Confirm your e-mail address"]
    assert activity_of(user) == [
        ("password_changed", admin.pk),
        ("email_changed", admin.pk),
    ]


def test_a_new_email_does_not_stop_the_notice_of_a_new_password() -> None:
    user = make_user(email="old@example.com")

    change_password(user=user, password=NEW_PASSWORD)
    update_user(user=user, changes={"email": "thief@example.com"})

    assert "Your password was changed" in subjects_to("old@example.com")


def test_both_are_changed_or_neither() -> None:
    make_user(email="taken@example.com")
    user = verified(email="ada@example.com")
    send_due()

    with pytest.raises(EmailInUse):
        change_sign_in(user=user, by=user, email="taken@example.com", password=NEW_PASSWORD)
    with pytest.raises(Invalid) as refusal:
        change_sign_in(user=user, by=user, email="nobody", password="short")

    user.refresh_from_db()
    assert list(refusal.value.errors) == ["email", "password"]
    assert user.email == "ada@example.com"
    assert user.check_password(PASSWORD)
    assert not OutgoingEmail.objects.filter(state="pending").exists()


def test_a_password_must_not_be_like_the_new_email() -> None:
    user = make_user(email="ada@example.com")

    with pytest.raises(Invalid) as refusal:
        change_sign_in(
            user=user,
            by=user,
            email="correct.horse@example.com",
            password="correct.horse",
        )

    assert list(refusal.value.errors) == ["password"]


# --- Accounts that are gone -------------------------------------------------------------------

Work = Callable[[User], Any]


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(
            lambda user: change_password(user=user, password=NEW_PASSWORD),
            id="change_password",
        ),
        pytest.param(
            lambda user: change_sign_in(user=user, by=user, email="new@example.com"),
            id="change_sign_in",
        ),
        pytest.param(
            lambda user: update_user(user=user, changes={"first_name": "Ada"}),
            id="update_user",
        ),
        pytest.param(lambda user: activate_user(user=user), id="activate_user"),
        pytest.param(lambda user: delete_user(user=user), id="delete_user"),
    ],
)
def test_an_account_that_was_deleted_meanwhile_is_not_changed(work: Work) -> None:
    user = make_user()
    read_before = User.objects.get(pk=user.pk)
    delete_user(user=user)
    before = User.objects.values().get(pk=user.pk)

    with pytest.raises(UserNotFound):
        work(read_before)

    assert User.objects.values().get(pk=user.pk) == before


# --- Which users a caller finds ---------------------------------------------------------------


def staff_with(*codenames: str, is_staff: bool = True) -> User:
    """Make staff with these permissions of the back office."""
    user = make_user(is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


def test_users_find_themselves_and_staff_find_everybody() -> None:
    ada, eve, staff = make_user(), make_user(), staff_with("view_user")

    assert user_for(ada, ada.uuid) == ada
    assert user_for(staff, str(ada.uuid)) == ada
    for wrong in (ada.uuid, uuid4(), str(ada.pk), "", "\x00"):
        with pytest.raises(UserNotFound):
            user_for(eve, wrong)
    delete_user(user=ada)
    with pytest.raises(UserNotFound):
        user_for(staff, ada.uuid)


def test_changing_others_needs_the_permission_of_the_back_office() -> None:
    permission = "accounts.change_user"
    ada, looker, clerk = make_user(), staff_with("view_user"), staff_with("change_user")
    admin = make_user(is_staff=True, is_superuser=True)
    # The permissions are those of the back office: they count only for staff.
    guest = staff_with("change_user", is_staff=False)

    def find(caller: User, user: User) -> User:
        return user_for_change(caller, user.uuid, permission=permission)

    assert find(ada, ada) == find(clerk, ada) == find(admin, ada) == ada
    assert find(looker, looker) == looker
    for caller, user in ((looker, ada), (looker, admin), (clerk, admin)):
        with pytest.raises(UserNotYours):
            find(caller, user)
    for caller in (guest, staff_with("view_order")):
        with pytest.raises(UserNotFound):
            find(caller, ada)
