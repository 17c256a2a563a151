"""The pages of outgoing e-mails: staff view them, filter them by state, and retry them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingEmail
from accounts.tests.admin.pages import page, run
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _an_empty_outbox(client: Client) -> None:
    """Forget what the registration of the superuser has queued."""
    OutgoingEmail.objects.all().delete()


def make_email(state: str = "failed", **fields: Any) -> OutgoingEmail:
    """Add an e-mail in that state; the recipient's address begins with the state."""
    return OutgoingEmail.objects.create(
        kind=OutgoingEmail.Kind.RESET_PASSWORD,
        recipient=f"{state}@example.com",
        state=state,
        **{
            "attempts": 3,
            "last_error": "550 No such mailbox",
            "data": {"ip_address": "192.0.2.7"},
            "expires_at": timezone.now() + timedelta(hours=1),
            **fields,
        },
    )


def test_an_email_is_read_only(client: Client) -> None:
    email = make_email()

    shown = client.get(page("outgoingemail_change", email.pk)).content.decode()

    for words in ("failed@example.com", "550 No such mailbox", "192.0.2.7"):
        assert words in shown
    assert client.get(page("outgoingemail_add")).status_code == 403
    for name, form in (
        ("outgoingemail_change", {"recipient": "mallory@example.com"}),
        ("outgoingemail_delete", {"post": "yes"}),
    ):
        assert client.post(page(name, email.pk), form).status_code == 403
    email.refresh_from_db()
    assert email.recipient == "failed@example.com"


@pytest.mark.parametrize("state", ["pending", "sent", "failed", "dropped"])
def test_emails_are_filtered_by_state(client: Client, state: str) -> None:
    states = ("pending", "sent", "failed", "dropped")
    for each in states:
        make_email(each)

    found = client.get(page("outgoingemail_changelist"), {"state__exact": state}).content.decode()

    assert [each for each in states if f"{each}@example.com" in found] == [state]


def test_retries_failed_emails_and_leaves_the_others(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    failed, sent = make_email("failed"), make_email("sent")
    late = make_email(expires_at=timezone.now() - timedelta(seconds=1))

    with django_capture_on_commit_callbacks() as nudges:
        shown = run(client, "retry", "outgoingemail", failed, sent, late)

    assert "Due now: 1." in shown
    assert "not retried: 2." in shown
    assert len(nudges) == 1
    found = OutgoingEmail.objects.in_bulk()
    assert [
        (found[email.pk].state, found[email.pk].attempts) for email in (failed, sent, late)
    ] == [("pending", 0), ("sent", 3), ("failed", 3)]


def test_staff_who_may_only_view_cannot_retry() -> None:
    email = make_email()
    clerk = make_user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_outgoingemail"))
    browser = Client()
    browser.force_login(clerk)

    run(browser, "retry", "outgoingemail", email)

    email.refresh_from_db()
    assert (email.state, email.attempts) == ("failed", 3)
