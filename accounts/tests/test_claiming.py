"""The first password reset by e-mail closes every way into the account that was set up before."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.errors import TokenRefused
from accounts.models import EmailCode, Invitation, Membership, Project, Session, User
from accounts.queries import credential_of
from accounts.services import (
    confirm_email,
    create_api_token,
    create_project,
    invite,
    refresh_session,
    request_code,
    reset_password,
    reset_password_by_link,
    set_member,
    sign_in,
    update_user,
)
from accounts.tests.factories import PASSWORD, make_api_token, make_user
from accounts.tests.mailbox import code_sent_to, link_sent_to, send_due
from accounts.tokens import TokenPair
from orderchainer.core.errors import DomainError

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.com"
RESET = EmailCode.Purpose.RESET_PASSWORD
NEW_PASSWORD = "another horse"
Reset = Callable[[str], None]


def by_code(address: str) -> None:
    reset_password(email=address, code=code_sent_to(address), new_password=NEW_PASSWORD)


def by_link(address: str) -> None:
    reset_password_by_link(link=link_sent_to(address), new_password=NEW_PASSWORD)


def by_api(address: str) -> None:
    response = APIClient().post(
        "/api/auth/reset-password",
        {
            "email": address,
            "code": code_sent_to(address),
            "newPassword": NEW_PASSWORD,
        },
    )
    assert response.status_code == 200


def on_page(address: str) -> None:
    response = Client().post(
        f"/reset-password/{link_sent_to(address)}",
        {"password": NEW_PASSWORD, "repeated": NEW_PASSWORD},
    )
    assert response.status_code == 302


RESETS = pytest.mark.parametrize("reset", [by_code, by_link, by_api, on_page])


@dataclass(frozen=True)
class Before:
    """The ways in that a stranger set up in an account with another person's address."""

    user: User
    tokens: TokenPair
    api_token: str
    elsewhere: Project
    to_personal: Invitation
    to_elsewhere: Invitation
    received: Invitation

    def ways_in(self) -> set[str]:
        """Return the ways in that still work."""
        personal = self.user.personal_project
        open_ones = set(Invitation.objects.open())
        ways = {
            "session": not refused(lambda: credential_of(self.tokens.access)),
            "refresh": not refused(lambda: refresh_session(refresh_token=self.tokens.refresh)),
            "password": not refused(lambda: sign_in(email=ADDRESS, password=PASSWORD)),
            "api token": not refused(lambda: credential_of(self.api_token)),
            "invitation to personal": self.to_personal in open_ones,
            "invitation to elsewhere": self.to_elsewhere in open_ones,
            "invitation received": self.received in open_ones,
            "member": personal.memberships.exclude(user=self.user).exists(),
        }
        return {way for way, works in ways.items() if works}


def refused(work: Callable[[], object]) -> bool:
    try:
        work()
    except DomainError:
        return True
    return False


def set_up(user: User) -> Before:
    elsewhere = create_project(owner=user, name="Elsewhere")
    set_member(project=user.personal_project, user=make_user(), role=Membership.Role.MANAGER)
    inviter = make_user()

    def invited(project: Project, email: str, by: User) -> Invitation:
        return invite(project=project, email=email, role=Membership.Role.VIEWER, by=by)

    return Before(
        user=user,
        tokens=sign_in(email=ADDRESS, password=PASSWORD),
        api_token=make_api_token(user)[1],
        elsewhere=elsewhere,
        to_personal=invited(user.personal_project, "eve@example.com", user),
        to_elsewhere=invited(elsewhere, "eve@example.com", user),
        received=invited(inviter.personal_project, ADDRESS, inviter),
    )


@pytest.fixture(params=["unconfirmed", "confirmed by a link"])
def before(request: pytest.FixtureRequest) -> Before:
    user = make_user(email=ADDRESS)
    send_due()
    if request.param != "unconfirmed":
        confirm_email(link=link_sent_to(ADDRESS))
    user.refresh_from_db()
    return set_up(user)


def ask(address: str = ADDRESS) -> None:
    request_code(email=address, purpose=RESET)
    send_due()


@RESETS
def test_the_first_reset_removes_everything_but_received_invitations(
    before: Before, reset: Reset
) -> None:
    ask()

    reset(ADDRESS)

    assert before.ways_in() == {"invitation received"}
    assert Session.objects.filter(user=before.user, ended_at=None).count() == 0


@RESETS
def test_a_second_reset_ends_only_sessions_and_the_password(reset: Reset) -> None:
    user = make_user(email=ADDRESS)
    ask()
    reset_password(email=ADDRESS, code=code_sent_to(ADDRESS), new_password=PASSWORD)
    user.refresh_from_db()
    before = set_up(user)
    ask()

    reset(ADDRESS)

    assert before.ways_in() == {
        "api token",
        "invitation to personal",
        "invitation to elsewhere",
        "invitation received",
        "member",
    }


def test_with_a_new_address_the_account_can_be_claimed_again(before: Before) -> None:
    ask()
    by_code(ADDRESS)
    before.user.refresh_from_db()
    update_user(user=before.user, changes={"email": "grace@example.com"})
    _token, text = make_api_token(before.user)
    ask("grace@example.com")

    by_code("grace@example.com")

    with pytest.raises(TokenRefused):
        credential_of(text)


def test_another_spelling_of_the_address_does_not_allow_a_new_claim(
    before: Before,
) -> None:
    ask()
    by_code(ADDRESS)
    before.user.refresh_from_db()
    update_user(user=before.user, changes={"email": "Ada@example.com"})
    _token, text = make_api_token(before.user)
    ask()

    by_code("Ada@example.com")

    assert credential_of(text).user == before.user


def test_a_request_from_before_the_claim_creates_no_access_after_it(
    before: Before,
) -> None:
    """It was authenticated before the claim, and got the lock on the user's row after it."""
    stale = User.objects.get(pk=before.user.pk)
    ask()
    by_code(ADDRESS)

    with pytest.raises(TokenRefused):
        create_api_token(user=stale, name="Late", scopes=["orders:read"])
    with pytest.raises(TokenRefused):
        invite(
            project=stale.personal_project,
            email="mallory@example.com",
            role=Membership.Role.OWNER,
            by=stale,
        )

    assert before.ways_in() == {"invitation received"}
