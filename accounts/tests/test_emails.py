"""Outgoing e-mails: how we claim, send and retry them, and when we drop them."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings, settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.mail import outbox
from accounts.mail.composing import compose
from accounts.mail.failures import is_permanent, told
from accounts.models import (
    EmailCode,
    Invitation,
    OutgoingEmail,
    Project,
    User,
)
from accounts.services import (
    queue_email,
    register_user,
    request_code,
    retry_emails,
)
from accounts.tasks import send_email, sweep_emails
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import emails_to, send_due
from accounts.tests.smtp import MailServer, mail_server
from orderchainer.celery import app
from orderchainer.core.outbox import claim

pytestmark = pytest.mark.django_db

Kind = OutgoingEmail.Kind
ADDRESS = "ada@example.com"


@pytest.fixture
def server(settings: LazySettings) -> Iterator[MailServer]:
    """Send through a mail server of this test."""
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = running.port
        yield running


def due_email(kind: Kind = Kind.PASSWORD_CHANGED) -> OutgoingEmail:
    """Return the only e-mail that is due to a new user with that address."""
    make_user(email=ADDRESS)
    OutgoingEmail.objects.all().delete()
    return queue_email(kind=kind, recipient=ADDRESS)


# --- Asking -----------------------------------------------------------------------------------


def test_a_rollback_removes_the_email_too(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as nudges, transaction.atomic():
        queue_email(kind=Kind.PASSWORD_CHANGED, recipient=ADDRESS)
        transaction.set_rollback(True)

    assert not nudges
    assert not OutgoingEmail.objects.exists()


def test_a_worker_is_woken_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as nudges:
        queue_email(kind=Kind.PASSWORD_CHANGED, recipient=ADDRESS)

    assert len(nudges) == 1


def test_registering_queues_an_email_that_confirms_the_address() -> None:
    register_user(email="Ada@Example.com", password=PASSWORD)

    email = OutgoingEmail.objects.get()
    assert (email.kind, email.recipient) == (Kind.VERIFY_EMAIL, "Ada@example.com")
    assert email.expires_at - email.created_at == timedelta(days=1)


# --- Sending ----------------------------------------------------------------------------------


def test_sends_through_a_mail_server(server: MailServer) -> None:
    due_email()

    send_due()

    email = OutgoingEmail.objects.get()
    assert (email.state, email.attempts, email.last_error) == ("sent", 1, "")
    assert email.finished_at is not None
    [taken] = server.taken
    assert (taken["To"], taken["Subject"], taken["Auto-Submitted"]) == (
        ADDRESS,
        "Your password was changed",
        "auto-generated",
    )
    assert [part.get_content_type() for part in taken.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_a_sent_email_is_not_sent_again(server: MailServer) -> None:
    email = due_email()
    outbox.send(email.pk)

    assert outbox.send(email.pk) is None

    assert len(server.taken) == 1


def test_an_email_that_another_worker_sends_is_skipped(server: MailServer) -> None:
    email = due_email()
    claimed_until = timezone.now() + timedelta(seconds=60)
    OutgoingEmail.objects.update(next_attempt_at=claimed_until)

    assert outbox.due_emails() == []
    assert outbox.send(email.pk) is None

    assert not server.taken


def test_another_worker_takes_over_from_a_dead_one(server: MailServer) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        email = due_email(Kind.RESET_PASSWORD)
        # It claimed the e-mail and made a code, and died before sending it.
        claimed = claim(OutgoingEmail.objects.all(), email.pk)
        assert claimed is not None
        compose(claimed)
        digest = EmailCode.objects.get().code_digest
        clock.shift(timedelta(seconds=59))
        assert outbox.due_emails() == []
        clock.shift(timedelta(seconds=1))

        send_due()

    email.refresh_from_db()
    assert (email.state, email.attempts) == ("sent", 2)
    assert len(server.taken) == 1
    assert EmailCode.objects.get().code_digest != digest


def test_a_worker_that_comes_back_too_late_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    email = due_email()

    def stall(self: EmailMultiAlternatives) -> None:
        # Meanwhile the lease ended, and another worker's attempt failed for good.
        OutgoingEmail.objects.update(
            state="failed", next_attempt_at=timezone.now(), last_error="550 no"
        )

    monkeypatch.setattr(EmailMultiAlternatives, "send", stall)
    outbox.send(email.pk)

    email.refresh_from_db()
    assert (email.state, email.last_error) == ("failed", "550 no")


# --- When it does not work --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "answer", "error"),
    [
        ("RCPT", "450 4.2.1 try later", "SMTPRecipientsRefused: "),
        ("MAIL", "550 5.7.1 who are you", "SMTPSenderRefused: (550, "),
        (".", "451 4.3.0 busy", "SMTPDataError: (451, "),
        ("EHLO", "421 4.3.2 going down", "SMTPHeloError: (421, "),
    ],
)
def test_retries_temporary_failures(
    server: MailServer, command: str, answer: str, error: str
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        email = due_email()
        server.answers[command] = answer
        if command == "EHLO":
            server.answers["HELO"] = answer

        seconds = outbox.send(email.pk)

        email.refresh_from_db()
        assert (email.state, email.attempts) == ("pending", 1)
        assert email.last_error.startswith(error)
        assert seconds is not None
        assert 5 <= seconds <= 10
        assert email.next_attempt_at == timezone.now() + timedelta(seconds=seconds)

        server.answers.clear()
        clock.shift(timedelta(seconds=10))
        send_due()

    email.refresh_from_db()
    assert (email.state, email.attempts, email.last_error) == ("sent", 2, "")


@pytest.mark.parametrize(
    ("command", "answer"),
    [("RCPT", "550 5.1.1 no such user"), (".", "554 5.7.1 this is spam")],
)
def test_gives_up_after_a_permanent_refusal(server: MailServer, command: str, answer: str) -> None:
    email = due_email()
    server.answers[command] = answer

    assert outbox.send(email.pk) is None

    email.refresh_from_db()
    assert (email.state, email.attempts) == ("failed", 1)
    assert answer[4:] in email.last_error


def test_a_server_that_hangs_costs_the_timeout(server: MailServer, settings: LazySettings) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    email = due_email()
    server.talking.clear()

    assert outbox.send(email.pk) is not None

    email.refresh_from_db()
    assert email.state == "pending"
    assert email.last_error.endswith("timed out")


def test_a_missing_server_is_tried_again(settings: LazySettings) -> None:
    with mail_server() as gone:
        pass
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", gone.port
    email = due_email()

    outbox.send(email.pk)

    email.refresh_from_db()
    assert email.state == "pending"
    assert email.last_error.startswith("ConnectionRefusedError: ")


def test_a_code_quoted_by_the_server_is_not_stored(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers["."] = "554 5.7.1 I do not like: {data}"
    make_user(email=ADDRESS)
    caplog.set_level(logging.DEBUG)

    send_due()

    email = OutgoingEmail.objects.get()
    assert email.state == "failed"
    assert "Your code: [redacted]" in email.last_error
    assert "/confirm-email/[redacted]" in email.last_error
    assert ADDRESS not in caplog.text
    assert "I do not like" not in caplog.text


def test_a_defect_is_logged_and_the_email_stays_pending(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    email = due_email()

    def fail(self: EmailMultiAlternatives) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(EmailMultiAlternatives, "send", fail)
    outbox.send(email.pk)

    email.refresh_from_db()
    assert (email.state, email.last_error) == ("pending", "ValueError: a defect")
    assert "email_crashed" in caplog.text


def test_pauses_double_up_to_an_hour() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        longest = [max(OutgoingEmail.delay_seconds(n) for _ in range(200)) for n in (1, 2, 6)]
        late = [OutgoingEmail.delay_seconds(40) for _ in range(200)]

    assert longest == pytest.approx([10, 20, 320], rel=0.1)
    assert 1800 <= min(late) < max(late) <= 3600


def test_an_expired_email_is_dropped() -> None:
    email = due_email()
    with time_machine.travel(email.expires_at, tick=False):
        send_due()

    email.refresh_from_db()
    assert (email.state, email.last_error) == ("dropped", "Too late.")
    assert not mail.outbox


def test_an_email_that_could_not_be_sent_in_time_has_failed(server: MailServer) -> None:
    email = due_email()
    server.answers["RCPT"] = "450 4.2.1 try later"
    send_due()
    with time_machine.travel(email.expires_at, tick=False):
        send_due()

    email.refresh_from_db()
    assert email.state == "failed"
    assert email.last_error.startswith("Too late. SMTPRecipientsRefused: ")


def test_an_email_that_kills_every_worker_is_given_up(server: MailServer) -> None:
    email = due_email()
    OutgoingEmail.objects.update(attempts=OutgoingEmail.MAX_ATTEMPTS, last_error="Killed")

    send_due()

    email.refresh_from_db()
    assert (email.state, email.last_error) == ("failed", "Gave up. Killed")
    assert not server.taken


def test_an_email_that_is_being_sent_cannot_be_retried(server: MailServer) -> None:
    email = due_email()
    assert claim(OutgoingEmail.objects.all(), email.pk) is not None

    assert retry_emails([email.pk]) == 0
    assert outbox.due_emails() == []

    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        # Its worker died: the lease is over.
        assert retry_emails([email.pk]) == 1


def test_a_failed_email_can_be_retried(server: MailServer) -> None:
    email = due_email()
    server.answers["RCPT"] = "550 5.1.1 no such user"
    send_due()
    server.answers.clear()

    assert retry_emails([email.pk, 10**9]) == 1
    send_due()

    email.refresh_from_db()
    assert (email.state, email.attempts, email.last_error) == ("sent", 1, "")
    assert retry_emails([email.pk]) == 0


# --- Waking workers ---------------------------------------------------------------------------


def nudge_sent_by(work: Callable[[], None]) -> dict[str, Any]:
    """Call `work`; return the headers of the message that it sent to the workers for e-mails."""
    with app.connection_for_write() as connection:
        queue = connection.SimpleQueue(settings.EMAILS_QUEUE)
        queue.clear()
        work()
        headers: dict[str, Any] = queue.get(timeout=1).headers
    return headers


def test_the_sweep_nudges_due_emails() -> None:
    email = due_email()

    headers = nudge_sent_by(sweep_emails)

    lifetime = datetime.fromisoformat(headers["expires"]) - timezone.now()
    assert (headers["task"], headers["argsrepr"]) == (
        "accounts.send_email",
        f"({email.pk},)",
    )
    # The next sweep comes before that.
    assert timedelta(seconds=9) < lifetime <= timedelta(seconds=10)


def test_before_a_short_pause_the_worker_schedules_the_retry_itself(server: MailServer) -> None:
    email = due_email()
    server.answers["RCPT"] = "450 4.2.1 try later"

    headers = nudge_sent_by(lambda: send_email(email.pk))

    pause = datetime.fromisoformat(headers["eta"]) - timezone.now()
    assert timedelta(seconds=4) < pause <= timedelta(seconds=10)


# --- No longer wanted -------------------------------------------------------------------------


@pytest.mark.parametrize("undone", ["revoked_at", "accepted_at", "expires_at"])
def test_an_invitation_that_is_not_open_is_not_sent(undone: str) -> None:
    project = Project.objects.create(name="Tea")
    invitation = Invitation.objects.create(
        project=project,
        email=ADDRESS,
        role="agent",
        expires_at=timezone.now() + timedelta(days=7),
    )
    queue_email(
        kind=Kind.INVITATION,
        recipient=ADDRESS,
        data={"invitation_id": str(invitation.pk)},
        lifetime=timedelta(days=7),
    )
    Invitation.objects.update(**{undone: timezone.now()})

    assert emails_to(ADDRESS) == []
    assert OutgoingEmail.objects.get().state == "dropped"


@pytest.mark.parametrize("kind", [Kind.RESET_PASSWORD, Kind.PASSWORD_CHANGED])
def test_a_deactivated_user_gets_no_email(kind: Kind) -> None:
    email = due_email(kind)
    User.objects.update(is_active=False)

    assert emails_to(ADDRESS) == []

    email.refresh_from_db()
    assert (email.state, email.last_error) == ("dropped", "The account is not active.")


def test_an_older_request_never_replaces_a_newer_code() -> None:
    make_user(email=ADDRESS)
    OutgoingEmail.objects.all().delete()
    for _ in range(2):
        request_code(email=ADDRESS, purpose=EmailCode.Purpose.RESET_PASSWORD)
    older, newer = OutgoingEmail.objects.order_by("pk")

    outbox.send(newer.pk)
    outbox.send(older.pk)

    older.refresh_from_db()
    assert (older.state, older.last_error) == (
        "dropped",
        "A later e-mail carries a newer code.",
    )
    assert len(mail.outbox) == 1


# --- Sorting failures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exc", "permanent"),
    [
        (SMTPRecipientsRefused({ADDRESS: (550, b"no")}), True),
        (SMTPRecipientsRefused({ADDRESS: (450, b"later")}), False),
        (SMTPRecipientsRefused({}), False),
        (SMTPDataError(554, b"spam"), True),
        (SMTPDataError(452, b"full"), False),
        # These are faults on our side, which staff can mend in time.
        (SMTPSenderRefused(550, b"unknown", "a@b.c"), False),
        (SMTPAuthenticationError(535, b"wrong password"), False),
        (SMTPConnectError(554, b"not you"), False),
        (SMTPServerDisconnected("gone"), False),
        (TimeoutError("timed out"), False),
        (ConnectionResetError(104, "reset"), False),
        (ValueError("a defect"), False),
    ],
)
def test_tells_temporary_from_permanent_failures(exc: Exception, permanent: bool) -> None:
    assert is_permanent(exc) is permanent


def test_an_error_is_stored_in_one_line_without_secrets() -> None:
    error = SMTPDataError(554, b"no\r\n 123456 in http://x/reset/abc")

    words = told(error, hiding=["123456", "abc"])

    assert words == ("SMTPDataError: (554, b'no\\r\\n [redacted] in http://x/reset/[redacted]')")


def test_the_notice_of_a_new_password_says_that_api_tokens_stay_valid() -> None:
    make_user(email=ADDRESS)
    queue_email(kind=Kind.PASSWORD_CHANGED, recipient=ADDRESS)

    message = emails_to(ADDRESS)[-1]

    html, _ = message.alternatives[0]
    for body in (str(message.body), str(html)):
        assert "API tokens keep working" in " ".join(body.split())
