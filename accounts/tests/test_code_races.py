"""Races for codes and e-mails. On PostgreSQL, also what would happen without our guards."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models import Q

from accounts.errors import (
    InvalidCredentials,
    LinkNotFound,
    ResetCodeInvalid,
    ResetCodeNotFound,
    UsernameTaken,
)
from accounts.mail import outbox
from accounts.models import EmailCode, OutgoingEmail, User
from accounts.services import (
    register_user,
    request_code,
    reset_password,
    reset_password_by_link,
    sign_in,
)
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import code_in, code_sent_to, link_sent_to
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "ada@example.com"
RESET = EmailCode.Purpose.RESET_PASSWORD
NEW_PASSWORDS = ("another horse", "a third horse")


def reset_code() -> str:
    """Return a code that gives Ada, a new user, another password."""
    make_user(email=ADDRESS)
    OutgoingEmail.objects.all().delete()
    request_code(email=ADDRESS, purpose=RESET)
    return code_sent_to(ADDRESS)


def reset(code: str, password: str = NEW_PASSWORDS[0]) -> Callable[[], User]:
    """Return a function that uses a code."""
    return lambda: reset_password(email=ADDRESS, code=code, new_password=password)


def unlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the lock on the user's row wherever a code is made, tried or used."""

    def look(user: User) -> User:
        return User.objects.get(pk=user.pk)

    monkeypatch.setattr("accounts.services.codes.lock_user", look)
    monkeypatch.setattr("accounts.mail.composing.lock_user", look)


def names(outcomes: list[Any]) -> list[str]:
    """Return the names of the outcomes, sorted."""
    return sorted(type(outcome).__name__ for outcome in outcomes)


# --- One code used twice ----------------------------------------------------------------------


def before_use() -> Meeting:
    """Return a meeting right after the check of a code and before its use."""
    return Meeting('DELETE FROM "accounts_emailcode"')


@pytest.mark.services
@on_postgresql
def test_a_code_used_twice_at_once_works_once() -> None:
    code = reset_code()
    meeting = before_use()

    outcomes = race(*(reset(code, each) for each in NEW_PASSWORDS), meeting=meeting)

    assert not meeting.was_complete  # the lock kept one of them out
    assert names(outcomes) == ["ResetCodeNotFound", "User"]
    [winner] = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, User)]
    assert sign_in(email=ADDRESS, password=NEW_PASSWORDS[winner])
    with pytest.raises(InvalidCredentials):
        sign_in(email=ADDRESS, password=NEW_PASSWORDS[1 - winner])


@pytest.mark.services
@on_postgresql
def test_without_the_lock_a_code_works_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    code = reset_code()
    unlock(monkeypatch)
    meeting = before_use()

    outcomes = race(*(reset(code, each) for each in NEW_PASSWORDS), meeting=meeting)

    assert meeting.was_complete
    assert names(outcomes) == ["User", "User"]


def test_a_code_used_many_times_at_once_works_once() -> None:
    code = reset_code()

    outcomes = race(*[reset(code)] * 6)

    assert sum(isinstance(outcome, User) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ResetCodeNotFound) for outcome in outcomes) == 5


def test_a_code_and_its_link_used_at_once_work_once() -> None:
    code = reset_code()
    link = link_sent_to(ADDRESS)

    def follow() -> User:
        return reset_password_by_link(link=link, new_password=NEW_PASSWORDS[1])

    outcomes = race(reset(code), follow)

    assert sum(isinstance(outcome, User) for outcome in outcomes) == 1
    assert sum(
        isinstance(outcome, ResetCodeNotFound | LinkNotFound) for outcome in outcomes
    ) == 1  # fmt: skip


# --- Guesses at once --------------------------------------------------------------------------


def guesses_at(code: str, count: int) -> list[Callable[[], User]]:
    """Return functions that make `count` different wrong guesses."""
    return [reset(f"{(int(code) + n) % 10**6:06}") for n in range(1, count + 1)]


def before_counting(patience_seconds: float = 0.5) -> Meeting:
    """Return a meeting of six guesses after they are found wrong and before they are counted."""
    return Meeting('UPDATE "accounts_emailcode"', parties=6, patience_seconds=patience_seconds)


@pytest.mark.services
@on_postgresql
def test_guesses_at_once_are_counted_one_by_one() -> None:
    code = reset_code()
    meeting = before_counting()

    outcomes = race(*guesses_at(code, 6), meeting=meeting)

    assert not meeting.was_complete
    # Five were compared with the code. The sixth came after the code was dead.
    assert names(outcomes) == ["ResetCodeInvalid"] * 5 + ["ResetCodeNotFound"]
    assert EmailCode.objects.get(purpose=RESET).wrong_tries == 5
    with pytest.raises(ResetCodeNotFound):
        reset(code)()


def test_many_guesses_at_once_kill_the_code() -> None:
    code = reset_code()

    race(*guesses_at(code, 6))

    with pytest.raises(ResetCodeNotFound):
        reset(code)()


@pytest.mark.services
@on_postgresql
def test_without_the_lock_many_guesses_count_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control."""
    code = reset_code()
    unlock(monkeypatch)
    meeting = before_counting(patience_seconds=10)

    outcomes = race(*guesses_at(code, 6), meeting=meeting)

    assert meeting.was_complete
    assert names(outcomes) == ["ResetCodeInvalid"] * 6
    assert EmailCode.objects.get(purpose=RESET).wrong_tries == 1
    reset(code)()


# --- A code replaced while it is used ---------------------------------------------------------


class Interruption:
    """Holds one function at a statement until another one is done, or until a timeout."""

    def __init__(self, fragment: str, patience_seconds: float = 0.5) -> None:
        self.fragment = fragment
        self.patience_seconds = patience_seconds
        self.reached = Event()
        self.over = Event()

    def within(self, work: Callable[[], Any]) -> Callable[[], Any]:
        """Return the function that is held."""

        def stopped() -> Any:
            with connection.execute_wrapper(self._stop):
                return work()

        return stopped

    def meanwhile(self, work: Callable[[], Any]) -> Callable[[], Any]:
        """Return the function that runs meanwhile."""

        def done() -> Any:
            assert self.reached.wait(10)
            try:
                return work()
            finally:
                self.over.set()

        return done

    def _stop(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: Any,
    ) -> Any:
        if self.fragment in sql and not self.reached.is_set():
            self.reached.set()
            self.over.wait(self.patience_seconds)
        return execute(sql, params, many, context)


def use_while_another_is_sent(code: str) -> tuple[Any, Any, str]:
    """Use a code; between the check and the use, let the worker send a newer one.

    Returns both outcomes and the newer code.
    """
    request_code(email=ADDRESS, purpose=RESET)
    email_id = OutgoingEmail.objects.latest("pk").pk
    interruption = Interruption('DELETE FROM "accounts_emailcode"')
    used, sent = race(
        interruption.within(reset(code)),
        interruption.meanwhile(lambda: outbox.send(email_id)),
    )
    return used, sent, code_in(mail.outbox[-1])  # type: ignore[arg-type]


@pytest.mark.services
@on_postgresql
def test_a_code_is_not_replaced_while_it_is_used() -> None:
    used, sent, newer = use_while_another_is_sent(reset_code())

    assert isinstance(used, User)
    assert sent is None
    assert sign_in(email=ADDRESS, password=NEW_PASSWORDS[0])
    # The newer one was sent, so it works.
    assert isinstance(reset(newer, NEW_PASSWORDS[1])(), User)


@pytest.mark.services
@on_postgresql
def test_without_the_lock_the_newer_code_is_used_up_by_the_older(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control."""
    code = reset_code()
    unlock(monkeypatch)

    used, _, newer = use_while_another_is_sent(code)

    assert isinstance(used, User)
    with pytest.raises(ResetCodeNotFound):
        reset(newer, NEW_PASSWORDS[1])()


def test_a_newer_code_sent_at_once_leaves_one_code() -> None:
    code = reset_code()
    request_code(email=ADDRESS, purpose=RESET)
    email_id = OutgoingEmail.objects.latest("pk").pk

    used, sent = race(reset(code), lambda: outbox.send(email_id))

    assert isinstance(used, User | ResetCodeInvalid)
    assert sent is None
    newer = code_in(mail.outbox[-1])  # type: ignore[arg-type]
    assert isinstance(reset(newer, NEW_PASSWORDS[1])(), User)


# --- One e-mail, two workers ------------------------------------------------------------------


def due_email() -> int:
    """Return an e-mail that is due."""
    make_user(email=ADDRESS)
    return OutgoingEmail.objects.get().pk


def before_claiming() -> Meeting:
    """Return a meeting right before a worker claims an e-mail."""
    return Meeting('UPDATE "accounts_outgoingemail"')


def test_two_workers_send_one_email_once() -> None:
    email_id = due_email()

    race(*[lambda: outbox.send(email_id)] * 4, meeting=before_claiming())

    assert len(mail.outbox) == 1
    email = OutgoingEmail.objects.get()
    assert (email.state, email.attempts) == ("sent", 1)


@pytest.mark.services
@on_postgresql
def test_without_the_claim_two_workers_send_one_email_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: a claim that does not check whether another worker was faster."""
    email_id = due_email()
    monkeypatch.setattr("orderchainer.core.outbox.due", lambda now: Q(created_at__lte=now))

    race(*[lambda: outbox.send(email_id)] * 2, meeting=before_claiming())

    assert len(mail.outbox) == 2


# --- One username, two customers --------------------------------------------------------------


def register(email: str, username: str) -> Callable[[], User]:
    """Return a function that registers a user."""
    return lambda: register_user(email=email, password=PASSWORD, username=username)


def two_with_one_username() -> list[User | Exception]:
    """Register two customers with one username, both after the check whether it is free."""
    return race(
        register("ada@example.com", "ada"),
        register("adam@example.com", "ADA"),
        meeting=Meeting('INSERT INTO "accounts_user"'),
    )


@pytest.mark.services
@on_postgresql
def test_one_username_registered_twice_at_once_makes_one_user() -> None:
    assert names(two_with_one_username()) == ["User", UsernameTaken.__name__]
    assert OutgoingEmail.objects.count() == 1


@pytest.mark.services
@on_postgresql
def test_without_the_constraint_one_username_makes_two_users() -> None:
    """The negative control."""
    with without_constraint("accounts_user", "user_username_unique_without_case"):
        assert names(two_with_one_username()) == ["User", "User"]
        OutgoingEmail.objects.all().delete()
        User.objects.all().delete()
