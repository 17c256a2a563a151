"""Two changes to one's own account at the same time."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password

from accounts.errors import UserNotFound, WrongPassword
from accounts.models import User
from accounts.services import change_own_account, own_account
from accounts.services.deleting import delete_user
from accounts.services.users import change_sign_in
from accounts.tests.factories import PASSWORD, make_user
from orderchainer.testing.races import race

pytestmark = pytest.mark.django_db(transaction=True)


def choose(user: User, password: str) -> Callable[[], User]:
    """Return a function that sets a new password, as a request does that was just authenticated."""
    read = User.objects.get(pk=user.pk)
    return lambda: change_own_account(
        user=read, changes={}, password=password, current_password=PASSWORD
    )


def test_a_current_password_works_for_one_change() -> None:
    """If a thief and the user change it at once, the later one no longer has the right password."""
    user = make_user()

    outcomes = race(choose(user, "another horse"), choose(user, "a third horse"))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "User",
        "WrongPassword",
    ]
    [changed] = [outcome for outcome in outcomes if isinstance(outcome, User)]
    user.refresh_from_db()
    assert user.password == changed.password


def test_without_the_second_check_it_works_for_two_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control."""

    def trusting(*, shown_hash: str, **kwargs: Any) -> User:
        return change_sign_in(**kwargs)

    monkeypatch.setattr(own_account, "change_sign_in", trusting)
    user = make_user()

    outcomes = race(choose(user, "another horse"), choose(user, "a third horse"))

    assert [type(outcome) for outcome in outcomes] == [User, User]


def test_refuses_a_change_with_a_replaced_password() -> None:
    user = make_user(email="user@example.com")
    late = User.objects.get(pk=user.pk)
    change_own_account(user=user, changes={}, password="another horse", current_password=PASSWORD)

    with pytest.raises(WrongPassword):
        change_own_account(
            user=late,
            changes={"email": "thief@example.com", "first_name": "Eve"},
            current_password=PASSWORD,
        )

    user.refresh_from_db()
    assert (user.email, user.first_name) == ("user@example.com", "")
    assert check_password("another horse", user.password)


@pytest.mark.parametrize("changes", [{"first_name": "Eve"}, {"email": "eve@example.com"}])
def test_refuses_a_change_of_a_deleted_account(changes: dict[str, str]) -> None:
    user = make_user()
    late = User.objects.get(pk=user.pk)
    delete_user(user=user)

    with pytest.raises(UserNotFound):
        change_own_account(user=late, changes=changes, current_password=PASSWORD)

    user.refresh_from_db()
    assert user.first_name == ""
    assert user.email.endswith("@deleted.invalid")
