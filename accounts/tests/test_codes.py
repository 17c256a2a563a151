"""Codes and links: what they are good for, how often, how long, and for whom."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.conf import LazySettings
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import (
    EmailAlreadyVerified,
    InvalidCredentials,
    LinkExpired,
    LinkNotFound,
    ResetCodeExpired,
    ResetCodeInvalid,
    ResetCodeNotFound,
    UserNotFound,
    VerificationCodeExpired,
    VerificationCodeInvalid,
    VerificationCodeNotFound,
)
from accounts.events import ActivityType
from accounts.models import (
    Activity,
    EmailCode,
    OutgoingEmail,
    Session,
    User,
)
from accounts.services import (
    confirm_email,
    open_session,
    request_code,
    reset_password,
    reset_password_by_link,
    sign_in,
    verify_email,
)
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import (
    code_sent_to,
    emails_to,
    link_in,
    link_sent_to,
    send_due,
)
from orderchainer.core.errors import DomainError, Invalid

pytestmark = pytest.mark.django_db

RESET = EmailCode.Purpose.RESET_PASSWORD
VERIFY = EmailCode.Purpose.VERIFY_EMAIL
NEW_PASSWORD = "another horse"
ADDRESS = "ada@example.com"
A_CODE = timedelta(minutes=15)


def ada(**overrides: bool | datetime) -> User:
    """Return a user whose first e-mail, which asks to confirm the address, has gone out."""
    user = make_user(email=ADDRESS)
    User.objects.filter(pk=user.pk).update(**overrides)
    user.refresh_from_db()
    send_due()
    return user


def reset_code(email: str = ADDRESS) -> str:
    """Ask for a code and return it."""
    request_code(email=email, purpose=RESET)
    return code_sent_to(email)


def other_than(code: str) -> str:
    """Return a code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06}"


def activity_of(type_: ActivityType) -> list[Activity]:
    """Return the records of that type, oldest first."""
    return list(Activity.objects.filter(type=type_).order_by("pk"))


# --- Asking for one ---------------------------------------------------------------------------


def test_a_request_announces_fifteen_minutes_and_stores_no_secret() -> None:
    user = ada()
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False):
        expires_at = request_code(email=f" {ADDRESS.upper()} ", purpose=RESET)

        assert expires_at == timezone.now() + A_CODE
    row = OutgoingEmail.objects.get(kind=RESET)
    assert (row.recipient, row.data) == (ADDRESS, {"ip_address": ""})
    assert not EmailCode.objects.filter(purpose=RESET).exists()
    [record] = activity_of(ActivityType.PASSWORD_RESET_REQUESTED)
    assert record.user_id == user.pk


def test_the_code_is_kept_as_a_digest() -> None:
    ada()

    code = reset_code()

    row = EmailCode.objects.get(purpose=RESET)
    link = link_sent_to(ADDRESS)
    stored = " ".join(str(value) for value in row.__dict__.values())
    assert code not in stored
    assert str(link) not in stored
    assert link.hex not in stored
    assert len(code) == 6


@pytest.mark.parametrize("purpose", [RESET, VERIFY])
def test_an_unknown_address_is_not_found(purpose: EmailCode.Purpose) -> None:
    with pytest.raises(UserNotFound):
        request_code(email="nobody@example.com", purpose=purpose)

    assert not OutgoingEmail.objects.exists()
    assert not Activity.objects.exists()


def test_a_deactivated_user_is_not_found() -> None:
    ada(is_active=False)

    with pytest.raises(UserNotFound):
        request_code(email=ADDRESS, purpose=RESET)
    with pytest.raises(UserNotFound):
        reset_password(email=ADDRESS, code="123456", new_password=NEW_PASSWORD)


def test_refuses_a_code_for_a_verified_address() -> None:
    ada(email_verified_at=timezone.now())

    with pytest.raises(EmailAlreadyVerified):
        request_code(email=ADDRESS, purpose=VERIFY)


def test_with_hiding_a_request_does_the_same_for_every_address(
    settings: LazySettings,
) -> None:
    ada(email_verified_at=timezone.now())
    settings.HIDE_ACCOUNT_EXISTENCE = True
    statements = []

    for purpose in (RESET, VERIFY):
        for address in (ADDRESS, "nobody@example.com"):
            with CaptureQueriesContext(connection) as queries:
                expires_at = request_code(email=address, purpose=purpose)
            assert expires_at - timezone.now() > A_CODE - timedelta(seconds=5)
            statements.append([query["sql"].split(" (")[0] for query in queries])

    record, queued = (f'INSERT INTO "accounts_{table}"' for table in ("activity", "outgoingemail"))
    written = [[sql for sql in each if "SAVEPOINT" not in sql] for each in statements]
    assert written == [[record, queued], [record, queued], [queued], [queued]]


def test_with_hiding_the_worker_finds_out_who_gets_an_email(
    settings: LazySettings,
) -> None:
    ada(email_verified_at=timezone.now())
    settings.HIDE_ACCOUNT_EXISTENCE = True
    for address in ("ADA@example.com", "nobody@example.com"):
        for purpose in (RESET, VERIFY):
            request_code(email=address, purpose=purpose)
    before = len(mail.outbox)

    send_due()

    assert [message.subject for message in mail.outbox[before:]] == ["Choose a new password"]
    assert list(
        OutgoingEmail.objects.filter(state="dropped")
        .order_by("pk")
        .values_list("recipient", "kind", "last_error")
    )[-3:] == [
        ("ADA@example.com", "verify_email", "The address is already verified."),
        ("nobody@example.com", "reset_password", "Nobody has this address."),
        ("nobody@example.com", "verify_email", "Nobody has this address."),
    ]


def test_with_hiding_a_code_goes_to_the_users_own_address(
    settings: LazySettings,
) -> None:
    """The Kelvin sign is equal to a K without regard to case, but may name another domain."""
    make_user(email="ada@kiosk.example")
    send_due()
    settings.HIDE_ACCOUNT_EXISTENCE = True

    request_code(email="ada@\u212aios\u212a.example", purpose=RESET)
    send_due()

    assert [message.to for message in mail.outbox] == [["ada@kiosk.example"]] * 2


@pytest.mark.parametrize("address", [ADDRESS, "nobody@example.com"])
def test_with_hiding_every_refusal_is_the_same(settings: LazySettings, address: str) -> None:
    user = ada(email_verified_at=timezone.now())
    assert not EmailCode.objects.filter(user=user, purpose=RESET).exists()
    settings.HIDE_ACCOUNT_EXISTENCE = True

    with pytest.raises(ResetCodeInvalid):
        reset_password(email=address, code="123456", new_password=NEW_PASSWORD)
    with pytest.raises(VerificationCodeInvalid):
        verify_email(email=address, code="123456")


# --- Choosing a new password ------------------------------------------------------------------


def test_the_code_sets_a_new_password() -> None:
    user = ada()
    open_session(user=user)

    reset_password(email=" ADA@Example.com", code=reset_code(), new_password=NEW_PASSWORD)

    assert sign_in(email=ADDRESS, password=NEW_PASSWORD)
    with pytest.raises(InvalidCredentials):
        sign_in(email=ADDRESS, password=PASSWORD)
    old, new = Session.objects.order_by("created_at")
    assert (old.end_reason, new.ended_at) == ("password_changed", None)
    user.refresh_from_db()
    assert user.email_verified_at is not None  # they have read the e-mail


def test_the_link_sets_a_new_password() -> None:
    ada()
    request_code(email=ADDRESS, purpose=RESET)

    reset_password_by_link(link=link_sent_to(ADDRESS), new_password=NEW_PASSWORD)

    assert sign_in(email=ADDRESS, password=NEW_PASSWORD)
    assert not EmailCode.objects.filter(purpose=RESET).exists()


def test_a_code_works_once() -> None:
    ada()
    code = reset_code()
    link = link_sent_to(ADDRESS)
    reset_password(email=ADDRESS, code=code, new_password=NEW_PASSWORD)

    with pytest.raises(ResetCodeNotFound):
        reset_password(email=ADDRESS, code=code, new_password="a third horse")
    with pytest.raises(LinkNotFound):
        reset_password_by_link(link=link, new_password="a third horse")

    assert sign_in(email=ADDRESS, password=NEW_PASSWORD)


def test_only_the_newest_code_works() -> None:
    ada()
    first = reset_code()
    first_link = link_sent_to(ADDRESS)
    second = reset_code()
    while second == first:  # happens once in a million
        second = reset_code()

    with pytest.raises(ResetCodeInvalid):
        reset_password(email=ADDRESS, code=first, new_password=NEW_PASSWORD)
    with pytest.raises(LinkNotFound):
        reset_password_by_link(link=first_link, new_password=NEW_PASSWORD)
    reset_password(email=ADDRESS, code=second, new_password=NEW_PASSWORD)


def test_a_code_expires() -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        ada()
        code = reset_code()
        clock.shift(A_CODE - timedelta(seconds=1))
        with pytest.raises(Invalid):  # the code was good, the password is not
            reset_password(email=ADDRESS, code=code, new_password=" " * 8)
        clock.shift(timedelta(seconds=1))

        with pytest.raises(ResetCodeExpired):
            reset_password(email=ADDRESS, code=code, new_password=NEW_PASSWORD)
        # A caller who does not know the digits does not learn that a code existed.
        with pytest.raises(ResetCodeInvalid):
            reset_password(email=ADDRESS, code=other_than(code), new_password=NEW_PASSWORD)

    assert sign_in(email=ADDRESS, password=PASSWORD)


def test_a_link_expires_later_than_its_code() -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        user = ada()
        verifying = link_sent_to(ADDRESS)
        request_code(email=ADDRESS, purpose=RESET)
        resetting = link_sent_to(ADDRESS)

        clock.shift(timedelta(hours=1))
        with pytest.raises(LinkExpired):
            reset_password_by_link(link=resetting, new_password=NEW_PASSWORD)
        clock.shift(timedelta(hours=22))
        confirm_email(link=verifying)

    user.refresh_from_db()
    assert user.email_verified_at is not None


def test_five_wrong_tries_kill_the_code_and_not_the_link() -> None:
    user = ada()
    code = reset_code()

    for _ in range(5):
        with pytest.raises(ResetCodeInvalid):
            reset_password(email=ADDRESS, code=other_than(code), new_password=NEW_PASSWORD)
    with pytest.raises(ResetCodeNotFound):
        reset_password(email=ADDRESS, code=code, new_password=NEW_PASSWORD)

    records = activity_of(ActivityType.PASSWORD_RESET_FAILED)
    assert [(record.user_id, record.data["reason"]) for record in records] == [
        *[(user.pk, "invalid_reset_code")] * 5,
        (user.pk, "reset_code_not_found"),
    ]
    assert sign_in(email=ADDRESS, password=PASSWORD)
    reset_password_by_link(link=link_sent_to(ADDRESS), new_password=NEW_PASSWORD)


def test_four_wrong_tries_do_not_kill_the_code() -> None:
    ada()
    code = reset_code()
    for _ in range(4):
        with pytest.raises(ResetCodeInvalid):
            reset_password(email=ADDRESS, code=other_than(code), new_password=NEW_PASSWORD)

    reset_password(email=ADDRESS, code=code, new_password=NEW_PASSWORD)


def test_a_new_code_has_five_new_tries() -> None:
    ada()
    code = reset_code()
    for _ in range(5):
        with pytest.raises(ResetCodeInvalid):
            reset_password(email=ADDRESS, code=other_than(code), new_password=NEW_PASSWORD)

    reset_password(email=ADDRESS, code=reset_code(), new_password=NEW_PASSWORD)


def test_a_refused_password_does_not_use_up_the_code() -> None:
    ada()
    code = reset_code()
    link = link_sent_to(ADDRESS)
    before = Activity.objects.count()

    with pytest.raises(Invalid) as refusal:
        reset_password(email=ADDRESS, code=code, new_password="12345678")
    with pytest.raises(Invalid):
        reset_password_by_link(link=link, new_password="12345678")

    assert list(refusal.value.errors) == ["password"]
    assert Activity.objects.count() == before
    reset_password(email=ADDRESS, code=code, new_password=NEW_PASSWORD)


def test_any_code_is_wrong_before_the_email_is_written() -> None:
    ada()
    with pytest.raises(ResetCodeNotFound):
        reset_password(email=ADDRESS, code="123456", new_password=NEW_PASSWORD)
    request_code(email=ADDRESS, purpose=RESET)

    with pytest.raises(ResetCodeInvalid):
        reset_password(email=ADDRESS, code="123456", new_password=NEW_PASSWORD)


def test_a_code_works_only_for_its_user() -> None:
    ada()
    make_user(email="eve@example.com")
    reset_code("eve@example.com")
    code = reset_code()

    with pytest.raises(ResetCodeInvalid):
        reset_password(
            email="eve@example.com",
            code=code if code != "000000" else "000001",
            new_password=NEW_PASSWORD,
        )


def test_a_code_works_only_for_its_purpose() -> None:
    ada()
    verifying = code_sent_to(ADDRESS)
    link = link_sent_to(ADDRESS)

    with pytest.raises(ResetCodeNotFound):
        reset_password(email=ADDRESS, code=verifying, new_password=NEW_PASSWORD)
    with pytest.raises(LinkNotFound):
        reset_password_by_link(link=link, new_password=NEW_PASSWORD)


def test_a_code_works_only_for_its_address() -> None:
    """A user who has changed the address no longer reads the e-mails to the old one."""
    user = ada()
    code = reset_code()
    link = link_sent_to(ADDRESS)
    User.objects.filter(pk=user.pk).update(email="lovelace@example.com")

    with pytest.raises(ResetCodeNotFound):
        reset_password(email="lovelace@example.com", code=code, new_password=NEW_PASSWORD)
    with pytest.raises(LinkNotFound):
        reset_password_by_link(link=link, new_password=NEW_PASSWORD)


@pytest.mark.parametrize(
    "code", ["", "\x00" * 6, "\ud800" * 6, "١٢٣٤٥٦", "9" * 10_000, " 12345", "-12345"]
)
def test_a_malformed_code_is_a_wrong_code(code: str) -> None:
    ada()
    reset_code()

    with pytest.raises(ResetCodeInvalid):
        reset_password(email=ADDRESS, code=code, new_password=NEW_PASSWORD)

    assert EmailCode.objects.get(purpose=RESET).wrong_tries == 1


def test_a_try_for_an_unknown_address_is_recorded_without_the_address() -> None:
    with pytest.raises(UserNotFound):
        reset_password(email="nobody@example.com", code="123456", new_password=NEW_PASSWORD)

    [record] = activity_of(ActivityType.PASSWORD_RESET_FAILED)
    assert record.user_id is None
    assert record.data["reason"] == "user_not_found"
    assert "nobody" not in str(record.data)


# --- Verifying an e-mail ----------------------------------------------------------------------


def by_code() -> User:
    """Verify with the code."""
    return verify_email(email=ADDRESS.upper(), code=code_sent_to(ADDRESS))


def by_link() -> User:
    """Verify with the link."""
    return confirm_email(link=link_sent_to(ADDRESS))


@pytest.mark.parametrize("verify", [by_code, by_link])
def test_verifies_the_address(verify: Callable[[], User]) -> None:
    user = ada()

    assert verify() == user

    user.refresh_from_db()
    assert user.email_verified_at is not None
    [record] = activity_of(ActivityType.EMAIL_VERIFIED)
    assert record.user_id == user.pk
    assert not EmailCode.objects.exists()


@pytest.mark.parametrize(
    ("again", "refusal"), [(by_code, EmailAlreadyVerified), (by_link, LinkNotFound)]
)
def test_verifies_once(again: Callable[[], User], refusal: type[DomainError]) -> None:
    ada()
    by_link()

    with pytest.raises(refusal):
        again()

    assert len(activity_of(ActivityType.EMAIL_VERIFIED)) == 1


def test_refusals_of_a_verification_code() -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        user = make_user(email=ADDRESS)
        code = code_sent_to(ADDRESS)

        with pytest.raises(VerificationCodeInvalid):
            verify_email(email=ADDRESS, code=other_than(code))
        clock.shift(A_CODE)
        with pytest.raises(VerificationCodeExpired):
            verify_email(email=ADDRESS, code=code)
        EmailCode.objects.all().delete()
        with pytest.raises(VerificationCodeNotFound):
            verify_email(email=ADDRESS, code=code)
        with pytest.raises(UserNotFound):
            verify_email(email="nobody@example.com", code=code)

    user.refresh_from_db()
    assert user.email_verified_at is None


@pytest.mark.parametrize("link", [UUID(int=7), UUID(int=0), UUID(int=2**128 - 1)])
def test_a_link_that_was_never_sent_does_not_work(link: UUID) -> None:
    ada()

    with pytest.raises(LinkNotFound):
        confirm_email(link=link)
    with pytest.raises(LinkNotFound):
        reset_password_by_link(link=link, new_password=NEW_PASSWORD)


def test_a_late_email_has_only_the_link() -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        user = make_user(email=ADDRESS)
        clock.shift(A_CODE)

        [message] = emails_to(ADDRESS)

        assert "Your code" not in str(message.body)
        confirm_email(link=link_sent_to(ADDRESS))
    user.refresh_from_db()
    assert user.email_verified_at is not None


def test_after_many_wrong_guesses_in_a_day_emails_have_only_links() -> None:
    ada()
    start = timezone.now()
    for _ in range(4):
        code = reset_code()
        for _ in range(5):
            with pytest.raises(ResetCodeInvalid):
                reset_password(email=ADDRESS, code=other_than(code), new_password=NEW_PASSWORD)

    request_code(email=ADDRESS, purpose=RESET)
    guessed_at = emails_to(ADDRESS)[-1]
    with time_machine.travel(start + timedelta(days=1, minutes=1), tick=False):
        request_code(email=ADDRESS, purpose=RESET)
        next_day = emails_to(ADDRESS)[-1]

    assert "Your code" not in str(guessed_at.body)
    assert link_in(guessed_at)
    assert "Your code" in str(next_day.body)
