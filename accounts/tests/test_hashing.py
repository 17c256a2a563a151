"""When new passwords are hashed: outside of transactions, and only for who may choose one."""

from collections.abc import Callable
from typing import ClassVar

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection

from accounts.errors import InvitationNotFound, LinkNotFound, ResetCodeInvalid, UserNotFound
from accounts.models import EmailCode, User
from accounts.services import (
    register_user,
    request_code,
    reset_password,
    reset_password_by_link,
    sign_in,
    sign_up,
    sign_up_browser,
)
from accounts.services.joining import join_anew, join_with_account
from accounts.services.own_account import change_own_account
from accounts.services.users import change_password, change_sign_in
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import code_sent_to, link_sent_to
from accounts.tests.projects import make_invitation, make_team
from orderchainer.core.errors import Invalid

# Real transactions: the tests must have none of their own.
pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "ada@example.com"
NEW_PASSWORD = "another horse"


class WatchfulHasher(MD5PasswordHasher):
    """A cheap hasher that notes for each hash whether a transaction was open."""

    noted: ClassVar[list[bool]] = []

    def encode(self, password: str, salt: str) -> str:
        """Note and hash."""
        self.noted.append(connection.in_atomic_block)
        return super().encode(password, salt)


@pytest.fixture
def within_transaction(settings: LazySettings) -> list[bool]:
    """Whether a transaction was open, for each hash since."""
    settings.PASSWORD_HASHERS = [f"{__name__}.WatchfulHasher"]
    WatchfulHasher.noted.clear()
    return WatchfulHasher.noted


def ask_for_reset() -> None:
    """Let Ada, a new user, ask for another password."""
    make_user(email=ADDRESS)
    request_code(email=ADDRESS, purpose=EmailCode.Purpose.RESET_PASSWORD)


def register() -> Callable[[], object]:
    return lambda: register_user(email=ADDRESS, password=PASSWORD)


def register_and_sign_in() -> Callable[[], object]:
    return lambda: sign_up(email=ADDRESS, password=PASSWORD)


def register_in_a_browser() -> Callable[[], object]:
    return lambda: sign_up_browser(email=ADDRESS, password=PASSWORD)


def create_user() -> Callable[[], object]:
    return lambda: User.objects.create_user(ADDRESS, PASSWORD)


def accept_an_invitation_anew() -> Callable[[], object]:
    make_invitation(make_team(), email=ADDRESS)
    link = link_sent_to(ADDRESS)
    return lambda: join_anew(link=link, password=PASSWORD)


def accept_an_invitation() -> Callable[[], object]:
    make_user(email=ADDRESS)
    make_invitation(make_team(), email=ADDRESS)
    link = link_sent_to(ADDRESS)
    return lambda: join_with_account(link=link, password=PASSWORD)


def reset_with_a_code() -> Callable[[], object]:
    ask_for_reset()
    code = code_sent_to(ADDRESS)
    return lambda: reset_password(email=ADDRESS, code=code, new_password=NEW_PASSWORD)


def reset_with_a_link() -> Callable[[], object]:
    ask_for_reset()
    link = link_sent_to(ADDRESS)
    return lambda: reset_password_by_link(link=link, new_password=NEW_PASSWORD)


def change_the_password() -> Callable[[], object]:
    user = make_user()
    return lambda: change_password(user=user, password=NEW_PASSWORD)


def change_anothers_password() -> Callable[[], object]:
    user, admin = make_user(), make_user(is_staff=True, is_superuser=True)
    return lambda: change_password(user=user, password=NEW_PASSWORD, by=admin)


def change_anothers_sign_in() -> Callable[[], object]:
    user, admin = make_user(), make_user(is_staff=True, is_superuser=True)
    return lambda: change_sign_in(user=user, password=NEW_PASSWORD, by=admin)


def change_the_own_account() -> Callable[[], object]:
    user = make_user()
    return lambda: change_own_account(
        user=user, changes={}, password=NEW_PASSWORD, current_password=PASSWORD
    )


def open_a_session() -> Callable[[], object]:
    user = make_user()
    return lambda: sign_in(email=user.email, password=PASSWORD)


@pytest.mark.parametrize(
    "prepare",
    [
        register,
        register_and_sign_in,
        register_in_a_browser,
        create_user,
        accept_an_invitation_anew,
        accept_an_invitation,
        reset_with_a_code,
        reset_with_a_link,
        change_the_password,
        change_anothers_password,
        change_anothers_sign_in,
        change_the_own_account,
        open_a_session,
    ],
)
def test_no_transaction_is_open_while_a_password_is_hashed(
    prepare: Callable[[], Callable[[], object]], within_transaction: list[bool]
) -> None:
    act = prepare()
    within_transaction.clear()

    act()

    assert within_transaction
    assert not any(within_transaction)


def test_only_a_valid_code_or_link_costs_a_hash(within_transaction: list[bool]) -> None:
    make_invitation(make_team(), email="eve@example.com")
    invitation = link_sent_to("eve@example.com")
    ask_for_reset()
    code, link = code_sent_to(ADDRESS), link_sent_to(ADDRESS)
    within_transaction.clear()

    with pytest.raises(UserNotFound):
        reset_password(email="nobody@example.com", code=code, new_password=NEW_PASSWORD)
    with pytest.raises(ResetCodeInvalid):
        reset_password(email=ADDRESS, code="no code", new_password=NEW_PASSWORD)
    with pytest.raises(LinkNotFound):
        reset_password_by_link(link=invitation, new_password=NEW_PASSWORD)
    with pytest.raises(InvitationNotFound):
        join_anew(link=link, password=NEW_PASSWORD)
    with pytest.raises(Invalid):
        reset_password(email=ADDRESS, code=code, new_password="short")
    with pytest.raises(Invalid):
        reset_password_by_link(link=link, new_password="short")

    assert within_transaction == []
    assert reset_password(email=ADDRESS, code=code, new_password=NEW_PASSWORD)
    assert len(within_transaction) == 1
