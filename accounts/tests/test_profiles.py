"""Clearing profiles, and finding files that no profile names."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Profile, User
from accounts.services import clear_profile, sweep_avatars, update_profile
from accounts.tasks import sweep_avatars as sweep_avatars_task
from accounts.tests.factories import make_user
from orderchainer.core.pictures import read_picture
from orderchainer.testing.photographs import photograph

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def make_user_with_avatar() -> User:
    """Return a user with a picture and preferences."""
    return update_profile(
        user=make_user(),
        changes={
            "avatar": read_picture(photograph()),
            "preferences": {"theme": "dark"},
        },
    )


def files(directory: Path) -> set[str]:
    """Return the names of the stored files."""
    return {file.name for file in directory.rglob("*") if not file.is_dir()}


def file_of(user: User) -> str:
    """Return the name of the file that the user's profile names."""
    return Path(str(Profile.objects.get(user=user).avatar.name)).name


def age(directory: Path) -> None:
    """Make all files two hours older."""
    for file in directory.rglob("*.*"):
        moment = time.time() - 2 * 60 * 60
        os.utime(file, (moment, moment))


def test_clearing_a_profile_deletes_its_file(tmp_path: Path) -> None:
    user, other = make_user_with_avatar(), make_user_with_avatar()

    with transaction.atomic():
        clear_profile(user)
        assert len(files(tmp_path)) == 2

    profile = Profile.objects.get(user=user)
    assert (profile.avatar.name, profile.preferences) == ("", {})
    assert files(tmp_path) == {file_of(other)}


def test_a_rolled_back_clearing_keeps_the_file(
    tmp_path: Path,
) -> None:
    user = make_user_with_avatar()

    with transaction.atomic():
        clear_profile(user)
        transaction.set_rollback(True)

    assert files(tmp_path) == {file_of(user)}


@pytest.mark.parametrize(
    "sweep", [sweep_avatars, sweep_avatars_task], ids=["the service", "the task"]
)
def test_the_sweep_deletes_files_left_by_a_crash(tmp_path: Path, sweep: Any) -> None:
    user, gone = make_user_with_avatar(), make_user_with_avatar()
    make_user()
    # The process died before its commit, or between the commit and the clean-up after it.
    Profile.objects.filter(user=gone).update(avatar="")
    age(tmp_path)

    sweep()
    sweep()

    assert files(tmp_path) == {file_of(user)}
