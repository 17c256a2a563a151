"""The profiles of users."""

from contextlib import nullcontext
from typing import Any, TypedDict

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import UsernameTaken, UserNotFound
from accounts.locks import lock_user
from accounts.models import Profile, User
from accounts.services.json_objects import object_problem
from accounts.services.registration import username_is_taken, username_problems
from orderchainer.core.errors import Invalid
from orderchainer.core.pictures import Picture, delete_after_commit, stored, sweep

AVATARS = "avatars"
# How somebody likes the pages.
_APPEARANCE = ("theme", "density", "has_single_keys")


class UserChanges(TypedDict, total=False):
    """The fields on the user's own row."""

    first_name: str
    last_name: str
    username: str
    phone: str
    address: str


class ProfileChanges(UserChanges, total=False):
    """All fields of a profile that users can change."""

    # Replaces all preferences.
    preferences: dict[str, Any]
    # None removes the picture.
    avatar: Picture | None


def update_profile(*, user: User, changes: ProfileChanges) -> User:
    """Change the given fields, all or nothing; return the changed user and profile.

    Setting an equal value is no change. We write a new avatar's file before we commit the row that
    names it, and delete the old file after that. Opens its own transaction, so do not call it
    within another. Raises `Invalid` (under `username`, `preferences`), `UsernameTaken`, and
    `UserNotFound` for a deleted account.
    """
    if "username" in changes:
        name = User.normalize_username(changes["username"].strip())
        changes = {**changes, "username": name}
    if errors := _problems(changes):
        raise Invalid(errors)
    picture = changes.get("avatar")
    try:
        with (
            stored(picture, AVATARS) if picture else nullcontext("") as avatar,
            transaction.atomic(durable=True),
        ):
            return _update(user, changes, avatar)
    except IntegrityError as exc:
        if username_is_taken(changes.get("username", "")):
            raise UsernameTaken from exc
        raise


def _problems(changes: ProfileChanges) -> dict[str, list[str]]:
    errors = {}
    if problems := username_problems(changes.get("username", "")):
        errors["username"] = problems
    if problem := object_problem(changes.get("preferences", {})):
        errors["preferences"] = [problem]
    return errors


def _update(caller: User, changes: ProfileChanges, avatar: str) -> User:
    # When two new avatars come at once, one request must see the other's file to delete it. The
    # lock also prevents changes while the account is deleted.
    user = lock_user(caller)
    if user is None:
        raise UserNotFound
    own: dict[str, Any] = {
        name: value for name, value in changes.items() if name in UserChanges.__optional_keys__
    }
    changed = [name for name, value in own.items() if getattr(user, name) != value]
    if changed:
        for name in changed:
            setattr(user, name, own[name])
        user.save(update_fields=[*changed, "updated_at"])
    profile = Profile.objects.get(user=user)
    user.profile = profile
    shown = []
    if changes.get("preferences", profile.preferences) != profile.preferences:
        profile.preferences = changes["preferences"]
        shown.append("preferences")
    if "avatar" in changes and (avatar or profile.avatar.name):
        delete_after_commit(profile.avatar.name)
        profile.avatar.name = avatar
        shown.append("avatar")
    if shown:
        profile.save(update_fields=[*shown, "updated_at"])
    return user


def choose_appearance(
    *,
    user: User,
    theme: str | None = None,
    density: str | None = None,
    has_single_keys: bool | None = None,
) -> None:
    """Keep how `user` likes the pages; None leaves a choice as it is.

    Raises `Invalid` under `theme` and `density` for words that are no choice.
    """
    chosen = {"theme": theme, "density": density, "has_single_keys": has_single_keys}
    changes = {name: value for name, value in chosen.items() if value is not None}
    known = {"theme": Profile.Theme.values, "density": Profile.Density.values}
    errors = {
        name: [f"Must be one of {', '.join(words)}."]
        for name, words in known.items()
        if name in changes and changes[name] not in words
    }
    if errors:
        raise Invalid(errors)
    if changes:
        Profile.objects.filter(user=user).update(**changes, updated_at=timezone.now())


@transaction.atomic
def clear_profile(user: User) -> None:
    """Delete the avatar and the preferences of a user whose row is locked."""
    profile = Profile.objects.get(user=user)
    delete_after_commit(profile.avatar.name)
    profile.avatar.name = ""
    profile.preferences = {}
    fresh = Profile()
    for name in _APPEARANCE:
        setattr(profile, name, getattr(fresh, name))
    profile.save(update_fields=["avatar", "preferences", *_APPEARANCE, "updated_at"])


def sweep_avatars() -> int:
    """Delete the files that no profile names, left by crashes; return how many."""
    names = Profile.objects.exclude(avatar="").values_list("avatar", flat=True)
    return sweep(AVATARS, in_use=names.iterator())
