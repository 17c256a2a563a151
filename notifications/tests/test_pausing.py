"""Providers that cannot be reached, or do not answer: lines rest, and nothing is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from notifications import tasks
from notifications.channels import (
    Accepted,
    Line,
    NoConnection,
    NotAnswered,
    NotAsked,
    NotDelivered,
    Outgoing,
    Uncertain,
)
from notifications.models import Attachment, LinePause, Message, MessageSend
from notifications.services import Recipient, fetch_again, receive_message, retry_message
from notifications.tests.factories import incoming
from notifications.tests.pretend import Pretend, pass_time
from notifications.tests.test_files import PDF, receive, root
from notifications.tests.test_sending import send, statuses, work
from notifications.work import fetching, reading, sending
from orderchainer.core.outbox import GiveUp, TryAgain
from orderchainer.testing.races import race

__all__ = ["root"]

pytestmark = pytest.mark.django_db

NOT_REACHED = NoConnection("Pretend could not be reached.")
SILENT = Uncertain("Pretend did not answer within 15 seconds.", timed_out=True)


def send_to_many(agent: User, count: int) -> list[Message]:
    """Queue a message to each of so many people."""
    return [
        send(agent, recipient=Recipient(phone=f"+1650555{number:04}"), content=f"to {number}")
        for number in range(1000, 1000 + count)
    ]


def told() -> list[tuple[str, str]]:
    """Return the status and the error of all messages."""
    rows = Message.objects.filter(direction="outbound").order_by("pk")
    return list(rows.values_list("status", "error"))


# --- Messages ---------------------------------------------------------------------------------


def test_a_long_outage_of_the_network_fails_no_message_and_says_why_it_waits(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [NOT_REACHED] * 60
    message = send(agent)

    for _ in range(60):
        work()
        pass_time()

    assert told() == [("queued", "Pretend could not be reached.")]
    assert len(pretend.asked) == 60
    work()
    assert told() == [("sent", "")]
    assert statuses(message) == ["queued", "sent"]
    assert not LinePause.objects.exists()


def test_what_could_not_go_out_for_a_day_fails(agent: User, ours: Line, pretend: Pretend) -> None:
    pretend.script = [NOT_REACHED]
    send(agent)
    MessageSend.objects.update(asked_at=timezone.now() - timedelta(hours=25))

    work()

    assert told() == [("failed", "Gave up after a day: Pretend could not be reached.")]


@pytest.mark.parametrize(("failure", "lost"), [(NOT_REACHED, 0), (SILENT, 1)])
def test_of_a_whole_backlog_only_one_message_tries_its_luck(
    agent: User, ours: Line, pretend: Pretend, failure: Exception, lost: int
) -> None:
    pretend.script = [failure] * 3
    send_to_many(agent, 12)

    for tried in range(1, 4):
        work()
        assert len(pretend.asked) == tried
        assert [status for status, _ in told()].count("uncertain") == tried * lost
        assert {error for _, error in told()} == {str(failure)}
        pass_time()
    work()

    assert [status for status, _ in told()].count("sent") == 12 - 3 * lost
    assert not LinePause.objects.exists()


def test_the_pauses_grow_up_to_ten_minutes(agent: User, ours: Line, pretend: Pretend) -> None:
    pretend.script = [NOT_REACHED] * 12
    send(agent)
    pauses = []

    for _ in range(12):
        work()
        part = MessageSend.objects.get()
        pauses.append((part.next_attempt_at - timezone.now()).total_seconds())
        assert abs((LinePause.objects.get().until - part.next_attempt_at).total_seconds()) < 1
        pass_time()

    for number, seconds in enumerate(pauses):
        longest = min(5 * 2**number, 600)
        assert longest / 2 - 1 < seconds <= longest


def test_another_line_goes_on(agent: User, ours: Line, pretend: Pretend) -> None:
    elsewhere = pretend.add_line(agent.personal_project)
    pretend.script = [SILENT]
    send(agent, "first", line=ours.uuid)
    send(agent, "second", line=ours.uuid)
    send(agent, "third", line=elsewhere.uuid)

    work()

    assert pretend.texts == ["first", "third"]


def test_any_answer_ends_the_pauses(agent: User, ours: Line, pretend: Pretend) -> None:
    pretend.script = [NOT_REACHED, NotDelivered("No such number", code="7")]
    send_to_many(agent, 3)

    work()
    pass_time()
    work()

    assert [status for status, _ in told()] == ["failed", "sent", "sent"]


BROKEN_OFF = Uncertain("Pretend closed the connection.")
GONE = NotAsked("The file of the message is gone.")


@pytest.mark.parametrize("outcome", [BROKEN_OFF, GONE, ValueError("a defect")])
def test_a_trial_without_an_answer_does_not_let_all_the_others_go(
    agent: User, ours: Line, pretend: Pretend, outcome: Exception
) -> None:
    pretend.script = [SILENT]
    send_to_many(agent, 8)
    work()
    LinePause.objects.update(failures=5)
    pass_time()
    pretend.script = [outcome, *[SILENT] * 8]

    work()

    # If nothing was asked, another call is the trial at once.
    assert len(pretend.asked) == (3 if outcome is GONE else 2)
    assert LinePause.objects.get().failures == (5 if isinstance(outcome, ValueError) else 6)
    pass_time()
    work()
    assert len(pretend.asked) == (4 if outcome is GONE else 3)


@pytest.mark.parametrize(
    ("outcome", "is_over"),
    [
        (NotAnswered("Pretend closed the connection."), False),
        (NotAsked("The token cannot be read."), False),
        (TryAgain("Pretend answered with 503."), True),
        (GiveUp("It is gone."), True),
    ],
)
def test_only_an_answer_ends_the_pauses_of_files(
    ours: Line, pretend: Pretend, outcome: Exception, is_over: bool
) -> None:
    pretend.files = {"1": NOT_REACHED}
    [attachment] = receive(ours, "1")
    fetching.fetch_file(attachment.pk)
    pass_time()
    pretend.files = {"1": outcome}

    fetching.fetch_file(attachment.pk)

    assert LinePause.objects.exists() is not is_over


def test_a_provider_that_only_asks_to_wait_pauses_no_line(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [TryAgain("Too many requests", after_seconds=600, counts=False)]
    send_to_many(agent, 2)

    work()

    assert [status for status, _ in told()] == ["queued", "sent"]


def test_if_the_worker_of_the_trial_dies_another_one_tries(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    def die(outgoing: Outgoing) -> Accepted:
        raise SystemExit

    pretend.script = [NOT_REACHED, die]
    send_to_many(agent, 2)
    work()
    pass_time()
    with pytest.raises(SystemExit):
        work()
    work()
    assert len(pretend.asked) == 2

    pass_time()
    work()

    assert told()[1][0] == "sent"


@pytest.mark.django_db(transaction=True)
def test_after_a_pause_one_of_many_workers_tries(agent: User, ours: Line, pretend: Pretend) -> None:
    send_to_many(agent, 8)
    pretend.script = [SILENT]
    sending.send_part(MessageSend.objects.earliest("pk").pk)
    pass_time()
    pretend.script = [SILENT] * 8
    parts = MessageSend.objects.filter(state="pending").values_list("pk", flat=True)

    race(*[lambda part=part: sending.send_part(part) for part in parts])

    assert len(pretend.asked) == 2
    assert LinePause.objects.get().failures == 2


def test_a_message_that_a_person_sends_again_does_not_wait_for_the_end_of_the_pause(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [SILENT]
    message = send(agent)
    work()
    assert told() == [("uncertain", str(SILENT))]

    retry_message(message=message, by=agent)
    work()

    assert told() == [("sent", "")]
    assert not LinePause.objects.exists()


def test_a_line_that_rests_is_told_nothing_else(agent: User, ours: Line, pretend: Pretend) -> None:
    message = receive_message(line=ours, incoming=incoming("Where is it?"))
    assert message is not None
    Message.objects.update(is_read=True)
    pretend.script = [SILENT]
    send(agent)
    work()

    reading.tell_read(message.pk)
    assert pretend.read == []

    pass_time()
    reading.tell_read(message.pk)
    assert pretend.read == [(ours.uuid, message.provider_id)]
    # The provider has answered.
    assert not LinePause.objects.exists()


def test_old_pauses_are_forgotten(ours: Line, pretend: Pretend) -> None:
    now = timezone.now()
    for call, hours in (("send", 1), ("fetch", 25)):
        until = now - timedelta(hours=hours)
        LinePause.objects.create(line=ours.uuid, call=call, until=until, reason="Silent")

    tasks.forget_reports()

    assert LinePause.objects.get().call == "send"


# --- Files ------------------------------------------------------------------------------------


def test_a_file_survives_an_outage_of_days(ours: Line, pretend: Pretend) -> None:
    pretend.files = {"1": NOT_REACHED, "2": NOT_REACHED}
    first, second = receive(ours, "1", "2")
    for attachment in (first, second):
        Attachment.objects.filter(pk=attachment.pk).update(
            asked_at=timezone.now() - timedelta(days=6)
        )

    for _ in range(60):
        for attachment_id in fetching.due_files():
            fetching.fetch_file(attachment_id)
        pass_time()

    assert set(Attachment.objects.values_list("state", "last_error")) == {
        ("pending", "Pretend could not be reached.")
    }
    pretend.files = {"1": PDF, "2": PDF}
    for attachment_id in fetching.due_files():
        fetching.fetch_file(attachment_id)
    assert set(Attachment.objects.values_list("state", flat=True)) == {"stored"}


def test_a_file_is_asked_for_as_long_as_its_provider_keeps_it(ours: Line, pretend: Pretend) -> None:
    # Each answer is an error: that counts as an attempt.
    pretend.files = {"1": TryAgain("Pretend answered with 503.")}
    [attachment] = receive(ours, "1")
    waited = 0.0

    while attachment.state == "pending":
        fetching.fetch_file(attachment.pk)
        attachment.refresh_from_db()
        waited += max(0, (attachment.next_attempt_at - timezone.now()).total_seconds())
        Attachment.objects.filter(pk=attachment.pk).update(next_attempt_at=timezone.now())

    assert attachment.state == "failed"
    assert waited > timedelta(days=6).total_seconds()


def die(content: bytes) -> None:
    raise SystemExit


def kill_worker(attachment: Attachment) -> None:
    """Fetch a file that kills its worker, and let the lease of that worker end."""
    with pytest.raises(SystemExit):
        fetching.fetch_file(attachment.pk)
    now = timezone.now()
    Attachment.objects.update(next_attempt_at=now, claimed_until=now)


@pytest.mark.parametrize(
    ("before", "attempts"),
    [([], 8), ([NOT_REACHED], 8), ([TryAgain("Pretend answered with 503.")] * 3, 11)],
)
def test_a_file_that_kills_its_worker_is_given_up_soon(
    agent: User,
    ours: Line,
    pretend: Pretend,
    monkeypatch: pytest.MonkeyPatch,
    before: list[Exception],
    attempts: int,
) -> None:
    [attachment] = receive(ours, "1")
    for failure in before:
        pretend.files = {"1": failure}
        fetching.fetch_file(attachment.pk)
        pass_time()
    pretend.files = {"1": PDF}
    monkeypatch.setattr("notifications.files.examine", die)

    for _ in range(8):
        kill_worker(attachment)
    fetching.fetch_file(attachment.pk)

    attachment.refresh_from_db()
    told = f"Gave up after {attempts} attempts: the last was cut off."
    assert (attachment.state, attachment.last_error) == ("failed", told)
    # A person can have it tried as often once more.
    fetch_again(attachment=attachment, by=agent)
    attachment.refresh_from_db()
    assert (attachment.state, attachment.last_error) == ("pending", "")
    for _ in range(8):
        kill_worker(attachment)
    fetching.fetch_file(attachment.pk)
    attachment.refresh_from_db()
    assert attachment.state == "failed"


def test_workers_that_are_stopped_now_and_then_cost_no_file(
    ours: Line, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend.files = {"1": PDF}
    [attachment] = receive(ours, "1")
    with monkeypatch.context() as patch:
        patch.setattr("notifications.files.examine", die)
        for _ in range(7):
            kill_worker(attachment)

    fetching.fetch_file(attachment.pk)

    attachment.refresh_from_db()
    assert attachment.state == "stored"


def test_files_and_messages_rest_apart(agent: User, ours: Line, pretend: Pretend) -> None:
    pretend.files = {"1": NotAnswered("No answer within 15 seconds.", timed_out=True), "2": PDF}
    first, second = receive(ours, "1", "2")
    for attachment in (first, second):
        fetching.fetch_file(attachment.pk)

    # The second one waits, and has lost no attempt by it.
    assert list(Attachment.objects.order_by("pk").values_list("state", "attempts")) == [
        ("pending", 1),
        ("pending", 0),
    ]
    send(agent)
    work()
    assert told() == [("sent", "")]


def test_somebody_can_have_a_file_fetched_at_once(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.files = {"1": NOT_REACHED}
    [attachment] = receive(ours, "1")
    fetching.fetch_file(attachment.pk)
    Attachment.objects.update(state="failed", attempts=50)
    pretend.files = {"1": PDF}

    fetch_again(attachment=attachment, by=agent)

    fetching.fetch_file(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.state, attachment.last_error) == ("stored", "")
    assert not LinePause.objects.exists()
