"""Users and the projects that come with them."""

import pytest

from accounts.models import Membership, User

pytestmark = pytest.mark.django_db


def test_a_new_user_owns_a_personal_project() -> None:
    user = User.objects.create_user("ada@example.com", "correct horse")

    membership = Membership.objects.get(user=user)
    assert membership.role == "owner"
    assert membership.project == user.personal_project


def test_a_new_user_has_one_moment_for_creation_and_change() -> None:
    user = User.objects.create_user("ada@example.com", "correct horse")

    stored = User.objects.get(pk=user.pk)
    assert stored.created_at == stored.updated_at == user.created_at
