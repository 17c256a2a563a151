"""How passwords are kept."""

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

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
