"""The pages behind the links in our e-mails."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
import time_machine
from django.conf import LazySettings
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.errors import InvalidCredentials
from accounts.models import (
    Activity,
    EmailCode,
    Invitation,
    Membership,
    OutgoingEmail,
    Project,
    User,
)
from accounts.services import create_project, invite, request_code, sign_in
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import link_sent_to, send_due

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.com"
NEW_PASSWORD = "another horse"
CHOSEN = {"password": NEW_PASSWORD, "repeated": NEW_PASSWORD}


def confirming() -> str:
    """Return the path of a page that confirms Ada's address."""
    make_user(email=ADDRESS)
    return f"/confirm-email/{link_sent_to(ADDRESS)}"


def resetting() -> str:
    """Return the path of a page that gives Ada a new password."""
    make_user(email=ADDRESS)
    request_code(email=ADDRESS, purpose=EmailCode.Purpose.RESET_PASSWORD)
    return f"/reset-password/{link_sent_to(ADDRESS)}"


def inviting() -> str:
    """Return the path of a page that invites Ada, who may have an account."""
    owner = make_user(email="bob@example.com")
    User.objects.filter(pk=owner.pk).update(
        first_name="Bob", last_name="<Moss>", email_verified_at=timezone.now()
    )
    project = create_project(owner=owner, name="Tea & Cake")
    invite(project=project, email=ADDRESS, role=Membership.Role.AGENT, by=owner)
    return f"/invitations/{link_sent_to(ADDRESS)}"


Page = Callable[[], str]
PAGES: list[Page] = [confirming, resetting, inviting]


def expect_page(response: "Response", status: int, *words: str) -> None:
    """Check what a reader sees."""
    text = response.content.decode()
    assert response.status_code == status, text
    for each in words:
        assert each in text


def state_of_everything() -> list[object]:
    """Return all rows that a page could change."""
    tables: tuple[type[Model], ...] = (
        User,
        EmailCode,
        Invitation,
        Membership,
        Activity,
        OutgoingEmail,
    )
    return [list(table._default_manager.order_by("pk").values()) for table in tables]


# --- All of them ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_opening_a_page_changes_nothing(page: Page, client: Client) -> None:
    """Mail scanners open every link before its reader does."""
    path = page()
    send_due()
    before = state_of_everything()

    for _ in range(3):
        expect_page(client.get(path), 200, '<form method="post"')
        assert client.head(path).status_code == 200
        assert client.options(path).status_code == 200

    assert state_of_everything() == before


@pytest.mark.parametrize("page", PAGES)
def test_the_page_does_not_reveal_its_link(page: Page, client: Client) -> None:
    response = client.get(page())

    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert not response.cookies
    assert b"<script" not in response.content
    assert b"http" not in response.content.replace(b"https://evil", b"")


@pytest.mark.parametrize("page", PAGES)
def test_both_spellings_answer(page: Page, client: Client) -> None:
    path = page()

    assert client.get(f"{path}/").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_needs_no_cookie(page: Page) -> None:
    """A browser that forbids the Referer sends `Origin: null`, which a CSRF check would refuse."""
    client = Client(enforce_csrf_checks=True)

    response = client.post(page(), CHOSEN, headers={"Origin": "null"})

    assert response.status_code == 302, response.content


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("confirm-email", "Confirmation link not found or already used"),
        ("reset-password", "Password link not found or already used"),
        ("invitations", "Invitation not found"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_explains_a_link_that_does_not_work(
    start: str, words: str, method: str, client: Client
) -> None:
    response = getattr(client, method)(f"/{start}/{uuid4()}", CHOSEN)

    expect_page(response, 404, "This did not work", words, "A link works once")
    assert response["Cache-Control"] == "no-store"
    assert not Activity.objects.exists()


@pytest.mark.parametrize("start", ["confirm-email", "reset-password", "invitations"])
@pytest.mark.parametrize(
    "link", ["", "1", "%00", "../admin", "g" * 36, "0" * 32, f"{UUID(int=7)}x"]
)
def test_a_malformed_link_is_a_404(start: str, link: str, client: Client) -> None:
    assert client.get(f"/{start}/{link}").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_refuses_other_methods(page: Page, client: Client) -> None:
    path = page()

    assert client.put(path).status_code == 405
    assert client.delete(path).status_code == 405


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (confirming, "Confirmation link has expired"),
        (resetting, "Password link has expired"),
        (inviting, "expired"),
    ],
)
def test_tells_a_late_reader_that_the_link_expired(page: Page, words: str, client: Client) -> None:
    path = page()

    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        expect_page(client.get(path), 410, words)
        expect_page(client.post(path, CHOSEN), 410, words)


@pytest.mark.parametrize("page", PAGES)
def test_too_many_attempts_have_to_wait(page: Page, settings: LazySettings) -> None:
    path = page()
    settings.RATE_LIMIT_AUTH = "2/h"
    client = Client(REMOTE_ADDR="198.51.100.77")
    for _ in range(2):
        client.post(f"/{path.split('/')[1]}/{uuid4()}", CHOSEN)

    response = client.post(path, CHOSEN)

    expect_page(response, 429, "Too many requests. Try again in")
    assert int(response["Retry-After"]) > 0
    assert response["X-RateLimit-Remaining"] == "0"
    # Opening the page is counted separately.
    assert client.get(path).status_code == 200


# --- Confirming an address --------------------------------------------------------------------


def test_confirms_the_address_once(client: Client) -> None:
    path = confirming()
    expect_page(client.get(path), 200, f"Is <strong>{ADDRESS}</strong> your address")

    response = client.post(path)

    assert (response.status_code, response["Location"]) == (302, "/confirm-email/done")
    expect_page(client.get("/confirm-email/done"), 200, "Your address is confirmed")
    assert User.objects.get(email=ADDRESS).email_verified_at is not None
    expect_page(client.post(path), 404, "not found or already used")


# --- Choosing a password ----------------------------------------------------------------------


def test_sets_a_new_password_once(client: Client) -> None:
    path = resetting()
    expect_page(client.get(path), 200, f"the account of <strong>{ADDRESS}</strong>")

    response = client.post(path, CHOSEN)

    assert (response.status_code, response["Location"]) == (302, "/reset-password/done")
    words = ("Your password has been changed", 'href="/sign-in"')
    expect_page(client.get("/reset-password/done/"), 200, *words)
    assert sign_in(email=ADDRESS, password=NEW_PASSWORD)
    expect_page(client.post(path, CHOSEN), 404, "This did not work")


@pytest.mark.parametrize(
    ("filled_in", "words"),
    [
        ({}, "This field is required."),
        ({"password": NEW_PASSWORD}, "This field is required."),
        ({**CHOSEN, "repeated": "another house"}, "The two passwords differ."),
        ({"password": "short", "repeated": "short"}, "This password is too short."),
        ({"password": " " * 9, "repeated": " " * 9}, "This password is blank."),
        ({"password": "a\x00" * 8, "repeated": "a\x00" * 8}, "Null characters"),
        ({"password": "ada@example", "repeated": "ada@example"}, "too similar"),
    ],
)
def test_a_refused_password_leaves_the_link(
    filled_in: dict[str, str], words: str, client: Client
) -> None:
    path = resetting()

    response = client.post(path, filled_in)

    expect_page(response, 400, words)
    assert b"value=" not in response.content  # nothing typed comes back
    assert sign_in(email=ADDRESS, password=PASSWORD)
    assert client.post(path, CHOSEN).status_code == 302


def test_a_deactivated_user_gets_no_page(client: Client) -> None:
    path = resetting()
    User.objects.update(is_active=False)

    assert client.get(path).status_code == 404
    assert client.post(path, CHOSEN).status_code == 404


# --- Accepting an invitation ------------------------------------------------------------------


def test_a_person_without_an_account_signs_up_and_joins(client: Client) -> None:
    path = inviting()
    expect_page(
        client.get(path),
        200,
        "<strong>Bob &lt;Moss&gt;</strong> invites you",
        "<strong>Tea &amp; Cake</strong> as <strong>agent</strong>",
        "Sign up and join",
    )

    response = client.post(path, {"first_name": "Ada", "last_name": "King", **CHOSEN})

    assert (response.status_code, response["Location"]) == (302, "/invitations/done")
    words = ("You have joined the project", 'href="/app/"')
    expect_page(client.get("/invitations/done"), 200, *words)
    ada = User.objects.get(email=ADDRESS)
    assert (ada.name, ada.email_verified_at is not None) == ("Ada King", True)
    assert Membership.objects.get(user=ada, project__name="Tea & Cake").role == "agent"
    assert sign_in(email=ADDRESS, password=NEW_PASSWORD)
    # Nothing is left to confirm.
    send_due()
    assert OutgoingEmail.objects.get(kind="verify_email", recipient=ADDRESS).state == ("dropped")
    expect_page(client.post(path, {"password": NEW_PASSWORD}), 404)


def test_a_person_with_an_account_enters_the_password_and_joins(client: Client) -> None:
    ada = make_user(email=ADDRESS)
    path = inviting()
    expect_page(client.get(path), 200, f"your account, <strong>{ADDRESS}</strong>")

    wrong = client.post(path, {"password": "wrong horse"})
    right = client.post(path, {"password": PASSWORD})

    expect_page(wrong, 400, "This is not your password.")
    assert right.status_code == 302
    assert Project.objects.get(name="Tea & Cake").members.contains(ada)
    ada.refresh_from_db()
    assert ada.email_verified_at is not None


def test_a_refused_sign_up_creates_no_user(client: Client) -> None:
    path = inviting()

    response = client.post(path, {"password": "12345678", "repeated": "12345678"})

    expect_page(response, 400, "This password is entirely numeric.")
    assert not User.objects.filter(email=ADDRESS).exists()
    with pytest.raises(InvalidCredentials):
        sign_in(email=ADDRESS, password="12345678")


def test_tells_a_person_who_has_signed_up_meanwhile(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(email=ADDRESS)
    path = inviting()
    monkeypatch.setattr("accounts.pages.links.has_account", lambda invitation: False)

    expect_page(client.post(path, CHOSEN), 400, "You have an account now. Reload this page.")
    assert not Membership.objects.filter(user__email=ADDRESS, project__name="Tea & Cake").exists()


def test_tells_a_person_who_is_already_a_member(client: Client) -> None:
    ada = make_user(email=ADDRESS)
    path = inviting()
    project = Project.objects.get(name="Tea & Cake")
    Membership.objects.create(project=project, user=ada, role="viewer")

    response = client.post(path, {"password": PASSWORD})

    expect_page(response, 409, "already a member of the project")
    assert b"A link works once" not in response.content


def test_a_deactivated_user_cannot_join(client: Client) -> None:
    make_user(email=ADDRESS, is_active=False)
    path = inviting()

    expect_page(client.post(path, {"password": PASSWORD}), 400, "This is not your password.")
    assert Membership.objects.filter(project__name="Tea & Cake").count() == 1


def test_guesses_at_a_password_are_counted_as_sign_ins(
    client: Client, settings: LazySettings
) -> None:
    """The link must not be a way around the limit on sign-ins."""
    make_user(email=ADDRESS)
    path = inviting()
    settings.RATE_LIMIT_AUTH = "2/h"
    for number in range(2):
        client.post(path, {"password": "wrong"}, REMOTE_ADDR=f"198.51.100.{number}")

    response = client.post(path, {"password": PASSWORD}, REMOTE_ADDR="198.51.100.9")

    expect_page(response, 429)
