"""Races between changes to users. On PostgreSQL, also what would happen without our guards."""

from collections.abc import Callable

import pytest

from accounts.errors import OwnsProjects
from accounts.models import Membership, OutgoingEmail, User
from accounts.services import (
    change_sign_in,
    create_project,
    delete_user,
    open_session,
    set_member,
    update_user,
)
from accounts.services import users as users_module
from accounts.tests.factories import make_user
from accounts.tests.mailbox import send_due
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)


def move(user: User, email: str) -> Callable[[], User]:
    """Return a function that changes the e-mail."""
    return lambda: change_sign_in(user=user, by=user, email=email)


def names(outcomes: list[object]) -> list[str]:
    """Return the names of the outcomes, sorted."""
    return sorted(type(outcome).__name__ for outcome in outcomes)


# --- One e-mail taken by two ------------------------------------------------------------------


@pytest.mark.services
@on_postgresql
def test_only_one_of_two_users_can_change_to_the_same_email() -> None:
    ada, eve = make_user(), make_user()
    send_due()
    meeting = Meeting.of_all('UPDATE "accounts_user" SET "email"')

    outcomes = race(move(ada, "best@example.com"), move(eve, "BEST@example.com"), meeting=meeting)

    assert meeting.was_complete
    assert names([*outcomes]) == ["EmailInUse", "User"]
    assert User.objects.filter(email__iexact="best@example.com").count() == 1
    # The one who came too late has sent no notice.
    kinds = OutgoingEmail.objects.filter(state="pending").values_list("kind", flat=True)
    assert sorted(kinds) == ["email_changed", "verify_email"]


def test_only_one_of_many_users_can_change_to_the_same_email() -> None:
    outcomes = race(*[move(make_user(), "best@example.com") for _ in range(6)])

    assert names([*outcomes]) == ["EmailInUse"] * 5 + ["User"]


@pytest.mark.services
@on_postgresql
def test_without_the_constraint_one_email_goes_to_two() -> None:
    """The negative control."""
    ada, eve = make_user(), make_user()
    with without_constraint("accounts_user", "user_email_unique_without_case"):
        outcomes = race(
            move(ada, "best@example.com"),
            move(eve, "BEST@example.com"),
            meeting=Meeting.of_all('UPDATE "accounts_user" SET "email"'),
        )

        assert names([*outcomes]) == ["User", "User"]
        User.objects.all().delete()


# --- One user moved twice ---------------------------------------------------------------------


def moved_twice_at_once(user: User) -> list[str]:
    """Change the e-mail of `user` twice at once; return the old addresses that get a notice."""
    race(
        move(user, "first@example.com"),
        move(user, "second@example.com"),
        meeting=Meeting('UPDATE "accounts_user" SET "email"'),
    )
    told = OutgoingEmail.objects.filter(kind="email_changed").order_by("pk")
    return list(told.values_list("recipient", flat=True))


@pytest.mark.services
@on_postgresql
def test_each_old_address_gets_a_notice() -> None:
    user = make_user(email="old@example.com")

    told = moved_twice_at_once(user)

    user.refresh_from_db()
    between = ({"first@example.com", "second@example.com"} - {user.email}).pop()
    assert told == ["old@example.com", between]


@pytest.mark.services
@on_postgresql
def test_without_the_lock_an_old_address_gets_no_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: both take the first address for the old one."""
    user = make_user(email="old@example.com")
    monkeypatch.setattr(users_module, "lock_user", lambda user: User.objects.get(pk=user.pk))

    assert moved_twice_at_once(user) == ["old@example.com", "old@example.com"]


# --- An account deleted while something happens to it -----------------------------------------


@pytest.mark.services
@on_postgresql
def test_an_account_deleted_during_a_change_stays_deleted() -> None:
    user = make_user(email="old@example.com")

    race(
        lambda: delete_user(user=user),
        lambda: update_user(
            user=User.objects.get(pk=user.pk),
            changes={"email": "new@example.com", "first_name": "Ada"},
        ),
        meeting=Meeting('UPDATE "accounts_user"'),
    )

    user.refresh_from_db()
    assert user.deleted_at is not None
    assert (user.email, user.first_name) == (
        f"deleted-{user.uuid}@deleted.invalid",
        "",
    )


@pytest.mark.services
@on_postgresql
def test_a_sign_in_during_the_deletion_gives_no_access() -> None:
    user = make_user()

    race(
        lambda: delete_user(user=user),
        lambda: open_session(user=User.objects.get(pk=user.pk)),
        meeting=Meeting('UPDATE "accounts_user"'),
    )

    assert [session.is_open for session in user.sessions.all()] in ([], [False])


def test_the_last_two_owners_do_not_both_delete_themselves() -> None:
    ada, grace, agent = make_user(), make_user(), make_user()
    shop = create_project(owner=ada, name="Shop")
    set_member(project=shop, user=grace, role=Membership.Role.OWNER)
    set_member(project=shop, user=agent, role=Membership.Role.AGENT)

    outcomes = race(lambda: delete_user(user=ada), lambda: delete_user(user=grace))

    assert sum(isinstance(outcome, OwnsProjects) for outcome in outcomes) == 1
    assert sum(outcome is None for outcome in outcomes) == 1
    assert shop.memberships.filter(role="owner", user__is_active=True).count() == 1
