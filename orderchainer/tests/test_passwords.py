"""How passwords are kept."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    PBKDF2PasswordHasher,
    get_hasher,
)

from accounts.hashers import AT_ONCE
from accounts.models import User
from accounts.services import sign_in
from accounts.tests.factories import PASSWORD, make_user
from orderchainer import settings as deployed

pytestmark = pytest.mark.django_db


def test_passwords_are_hashed_with_argon2(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = deployed.PASSWORD_HASHERS

    user = make_user()

    assert user.password.startswith("argon2$argon2id$")
    assert PASSWORD not in user.password
    assert sign_in(email=user.email, password=PASSWORD)


def test_an_older_hash_becomes_argon2_at_the_next_sign_in(
    settings: LazySettings,
) -> None:
    settings.PASSWORD_HASHERS = deployed.PASSWORD_HASHERS
    user = make_user()
    old = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    User.objects.filter(pk=user.pk).update(password=old)

    assert sign_in(email=user.email, password=PASSWORD)

    user.refresh_from_db()
    assert user.password.startswith("argon2$argon2id$")


@pytest.mark.parametrize("name", ["encode", "verify"])
def test_hashes_only_a_few_passwords_at_a_time(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings, name: str
) -> None:
    settings.PASSWORD_HASHERS = deployed.PASSWORD_HASHERS
    hasher, running, most, lock = get_hasher(), 0, 0, Lock()

    def slowly(*_: object) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return ""

    monkeypatch.setattr(Argon2PasswordHasher, name, slowly)
    with ThreadPoolExecutor(4 * AT_ONCE) as threads:
        list(threads.map(getattr(hasher, name), [PASSWORD] * 24, ["salt"] * 24))

    assert most == AT_ONCE
