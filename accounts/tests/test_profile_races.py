"""Races for profiles and usernames. On PostgreSQL, also what would happen without our guards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.errors import UsernameTaken, UserNotFound
from accounts.models import Profile, User
from accounts.services import delete_user, profiles
from accounts.services.profiles import update_profile
from accounts.services.signing_up import sign_up
from accounts.tests.factories import PASSWORD, make_user
from accounts.tokens import TokenPair
from orderchainer.core.pictures import Picture, read_picture
from orderchainer.testing.photographs import encoded, noise
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)


def names_of(outcomes: list[Any]) -> list[str]:
    """Return the type names of a race's outcomes, sorted."""
    return sorted(type(outcome).__name__ for outcome in outcomes)


# --- One username for two ---------------------------------------------------------------------


def register(number: int, username: str) -> Callable[[], tuple[User, TokenPair | None]]:
    """Return a function that registers another user with that username."""
    return lambda: sign_up(email=f"{number}@example.com", password=PASSWORD, username=username)


def before_insert() -> Meeting:
    """Return a meeting after a username was found free and before it is taken."""
    return Meeting('INSERT INTO "accounts_user"')


@pytest.mark.services
@on_postgresql
def test_one_username_registered_twice_at_once_makes_one_user() -> None:
    meeting = before_insert()

    outcomes = race(register(1, "ada"), register(2, "ADA"), meeting=meeting)

    assert meeting.was_complete
    assert names_of(outcomes) == ["UsernameTaken", "tuple"]
    assert User.objects.count() == 1


def test_many_registrations_of_one_username_make_one_user() -> None:
    outcomes = race(*[register(number, "ada") for number in range(5)])

    assert names_of(outcomes) == ["UsernameTaken"] * 4 + ["tuple"]
    assert User.objects.count() == 1


@pytest.mark.services
@on_postgresql
def test_without_the_constraint_one_username_makes_two_users() -> None:
    """The negative control: asking first whether the username is taken is not enough."""
    with without_constraint("accounts_user", "user_username_unique_without_case"):
        outcomes = race(register(1, "ada"), register(2, "ADA"), meeting=before_insert())

        assert names_of(outcomes) == ["tuple", "tuple"]
        User.objects.all().delete()


@pytest.mark.services
@on_postgresql
def test_only_one_of_two_users_can_change_to_the_same_username() -> None:
    users = [make_user(), make_user()]

    def rename(user: User) -> Callable[[], User]:
        return lambda: update_profile(user=user, changes={"username": "ada"})

    meeting = Meeting.of_all('UPDATE "accounts_user"')
    outcomes = race(*map(rename, users), meeting=meeting)

    assert meeting.was_complete
    assert names_of(outcomes) == ["User", "UsernameTaken"]
    assert isinstance(next(each for each in outcomes if isinstance(each, Exception)), UsernameTaken)
    assert User.objects.filter(username="ada").count() == 1


# --- Two pictures for one ---------------------------------------------------------------------


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    """The directory of the pictures."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture() -> Picture:
    """Return a picture that is different each time."""
    return read_picture(encoded(noise(16, 16), "PNG"))


def show(user: User) -> Callable[[], User]:
    """Return a function that changes the user's picture."""
    new = picture()
    return lambda: update_profile(user=user, changes={"avatar": new})


def files(directory: Path) -> set[str]:
    """Return the names of the stored files."""
    return {file.name for file in directory.rglob("*") if not file.is_dir()}


def kept(user: User) -> set[str]:
    """Return the name of the file that the user's profile names."""
    return {Path(str(Profile.objects.get(user=user).avatar.name)).name}


@pytest.mark.services
@on_postgresql
def test_two_pictures_at_once_leave_one_file(media: Path) -> None:
    user = make_user()
    meeting = Meeting('UPDATE "accounts_profile"')

    outcomes = race(show(user), show(user), meeting=meeting)

    assert not meeting.was_complete  # the lock kept one of them out
    assert names_of(outcomes) == ["User", "User"]
    assert files(media) == kept(user)


def test_many_new_pictures_at_once_leave_one_file(media: Path) -> None:
    user = make_user()

    outcomes = race(*[show(user) for _ in range(5)])

    assert names_of(outcomes) == ["User"] * 5
    assert files(media) == kept(user)


@pytest.mark.services
@on_postgresql
def test_without_the_lock_two_pictures_at_once_leave_an_orphan(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: neither deletes the other's file, because neither knows of it."""
    user = make_user()
    monkeypatch.setattr(profiles, "lock_user", lambda user: User.objects.get(pk=user.pk))
    meeting = Meeting.of_all('UPDATE "accounts_profile"')

    race(show(user), show(user), meeting=meeting)

    assert meeting.was_complete
    assert len(files(media)) == 2
    assert kept(user) < files(media)


def test_a_change_while_the_account_is_deleted_leaves_nothing_behind(
    media: Path,
) -> None:
    user = make_user()
    new = picture()

    def tell() -> User:
        return update_profile(user=user, changes={"first_name": "Ada", "avatar": new})

    outcomes = race(tell, lambda: delete_user(user=user))

    assert names_of(outcomes)[0] == "NoneType"
    assert names_of(outcomes)[1] in {"User", "UserNotFound"}
    assert User.objects.get(pk=user.pk).first_name == ""
    assert Profile.objects.get(user=user).avatar.name == ""
    assert files(media) == set()


def test_refuses_to_change_the_profile_of_a_deleted_account(media: Path) -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(deleted_at="2026-01-01T00:00:00Z")

    with pytest.raises(UserNotFound):
        update_profile(user=user, changes={"first_name": "Ada", "avatar": picture()})

    assert User.objects.get().first_name == ""
    assert files(media) == set()
