"""What providers report about our messages, in whatever order, and sending again by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.errors import RoleNotEnough
from accounts.models import Membership, User
from accounts.tests.factories import make_user
from notifications.channels import Accepted, Line, NotDelivered, Outgoing, Report, Uncertain
from notifications.errors import CannotRetry, LineUnusable
from notifications.models import Message, MessageSend, ParkedStatus, StatusReport
from notifications.models.messages import MessageStatus
from notifications.services import receive_report, retry_message
from notifications.tests.pretend import Pretend, pretending, split_at_ten
from notifications.tests.test_sending import lose_lease, send, statuses, work
from notifications.work import reports, sending
from orderchainer.core.outbox import TryAgain
from orderchainer.testing.races import Meeting, race
from orders.stream.models import Event

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SENT, DELIVERED, READ, FAILED = (
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.READ,
    MessageStatus.FAILED,
)


def report(status: MessageStatus, provider_id: str = "id-1", **parts: str) -> Report:
    """Return a report about the first message."""
    return Report(status, AT, provider_id=provider_id, **parts)  # type: ignore[arg-type]


def test_a_status_never_falls_back(agent: User, ours: Line, pretend: Pretend) -> None:
    message = send(agent)
    work()

    seen = []
    for status in (DELIVERED, SENT, READ, DELIVERED, READ):
        receive_report(line=ours, report=report(status))
        message.refresh_from_db()
        seen.append(message.status)

    assert seen == ["delivered", "delivered", "read", "read", "read"]
    assert statuses(message) == ["queued", "sent", "delivered", "read"]
    assert StatusReport.objects.count() == 3


@pytest.mark.parametrize(
    ("reported", "status", "code"),
    [
        ([DELIVERED, FAILED], "delivered", ""),
        ([SENT, FAILED], "failed", "131047"),
        ([SENT, DELIVERED, READ, FAILED], "read", ""),
        ([SENT, SENT], "sent", ""),
    ],
)
def test_the_order_of_reports_does_not_matter(
    agent: User,
    ours: Line,
    pretend: Pretend,
    reported: Sequence[MessageStatus],
    status: str,
    code: str,
) -> None:
    orders = list(permutations(reported))
    messages = [send(agent, f"{number}") for number in range(len(orders))]
    work()

    for message, order in zip(messages, orders, strict=True):
        message.refresh_from_db()
        for each in order:
            failure = {"error_code": "131047", "error": "Too late."} if each == FAILED else {}
            receive_report(line=ours, report=report(each, message.provider_id, **failure))

    # Nobody sees a message that arrived with an error beside it.
    for message in messages:
        message.refresh_from_db()
        assert (message.status, message.error_code) == (status, code)
        assert bool(message.error) == bool(code)
        last = Event.objects.filter(subject_uuid=message.uuid).order_by("pk").last()
        assert last is not None
        assert (last.data["status"], bool(last.data["error"])) == (status, bool(code))


def test_a_late_refusal_is_shown_and_not_tried_again(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)
    work()

    receive_report(
        line=ours, report=report(FAILED, error_code="131047", error="The window is closed.")
    )
    work()

    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "131047")
    assert message.error == "The window is closed."
    assert len(pretend.asked) == 1


def test_a_report_that_is_earlier_than_our_answer_is_kept_and_matched(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)

    def report_first(outgoing: Outgoing) -> Accepted:
        receive_report(line=ours, report=report(DELIVERED, "early"))
        receive_report(line=ours, report=report(DELIVERED, "early"))
        assert ParkedStatus.objects.count() == 1
        return Accepted("early")

    pretend.script = [report_first]
    work()

    message.refresh_from_db()
    assert message.status == "delivered"
    assert not ParkedStatus.objects.exists()
    assert statuses(message) == ["queued", "sent", "delivered"]


def test_an_echo_of_our_own_id_waits_for_the_answer_of_the_call(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)
    echo = Report(DELIVERED, AT, provider_id="wamid.1", message_uuid=message.uuid)

    def hang(outgoing: Outgoing) -> Accepted:
        receive_report(line=ours, report=echo)
        raise SystemExit

    pretend.script = [hang]
    with pytest.raises(SystemExit):
        work()
    message.refresh_from_db()
    assert (message.status, ParkedStatus.objects.count()) == ("queued", 1)
    lose_lease()
    sending.settle_lost()

    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("delivered", "wamid.1")
    assert not ParkedStatus.objects.exists()


def test_a_report_about_a_message_that_waits_for_its_next_try_stops_that(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [TryAgain("500 Internal Server Error", after_seconds=600)]
    message = send(agent)
    untried = send(agent, "next")
    work()
    echo = Report(SENT, AT, provider_id="wamid.1", message_uuid=message.uuid)
    other = Report(SENT, AT, provider_id="wamid.2", message_uuid=untried.uuid)

    receive_report(line=ours, report=echo)
    receive_report(line=ours, report=other)

    message.refresh_from_db()
    assert (message.status, message.provider_id, message.error) == ("sent", "wamid.1", "")
    assert ParkedStatus.objects.get().provider_id == "wamid.2"
    work()
    assert len(pretend.asked) == 2
    untried.refresh_from_db()
    assert untried.status == "sent"


def test_the_sweep_matches_what_a_crash_left_and_forgets_what_nobody_sent(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    reports.park(ours.uuid, report(READ))
    reports.park(ours.uuid, report(READ, "somebody else's"))
    message = send(agent)
    work()
    reports.park(ours.uuid, report(DELIVERED))
    assert Message.objects.get().status == "read"

    reports.sweep_parked()

    assert StatusReport.objects.filter(message=message).count() == 2
    assert ParkedStatus.objects.get().provider_id == "somebody else's"
    assert reports.forget_parked() == 0
    ParkedStatus.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert reports.forget_parked() == 1


def test_another_line_says_nothing_about_our_message(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    stranger = make_user()
    theirs = pretend.add_line(stranger.personal_project)
    message = send(agent)
    work()

    receive_report(line=theirs, report=report(READ))
    receive_report(line=theirs, report=Report(READ, AT, provider_id="x", message_uuid=message.uuid))

    message.refresh_from_db()
    assert message.status == "sent"


def test_a_report_needs_an_id_and_a_providers_status(ours: Line) -> None:
    with pytest.raises(ValueError, match="without an id"):
        receive_report(line=ours, report=report(READ, ""))
    with pytest.raises(ValueError, match="no provider reports queued"):
        receive_report(line=ours, report=report(MessageStatus.QUEUED))


# --- Sending again ----------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [Uncertain("No answer"), NotDelivered("No", code="1")])
def test_a_person_sends_again_and_the_new_id_is_stored(
    agent: User, ours: Line, pretend: Pretend, lost: Exception
) -> None:
    pretend.script = [lost, "new"]
    message = send(agent, "important")
    work()

    again = retry_message(message=message, by=agent)

    assert (again.status, again.error, again.error_code) == ("queued", "", "")
    with pytest.raises(CannotRetry):
        retry_message(message=message, by=agent)
    work()
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", "new")
    assert pretend.texts == ["important", "important"]


def test_a_failed_report_about_an_earlier_attempt_changes_nothing(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = ["old", "new"]
    message = send(agent)
    work()
    receive_report(line=ours, report=report(FAILED, "old", error_code="131026"))
    retry_message(message=message, by=agent)
    work()

    receive_report(line=ours, report=report(FAILED, "old", error_code="131026"))

    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", "new")
    receive_report(line=ours, report=report(FAILED, "new", error_code="131047"))
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "131047")


def test_what_arrived_after_all_is_not_sent_again(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = ["old"]
    message = send(agent)
    work()
    receive_report(line=ours, report=report(FAILED, "old"))
    retry_message(message=message, by=agent)

    receive_report(line=ours, report=report(DELIVERED, "old"))
    work()

    message.refresh_from_db()
    assert message.status == "delivered"
    assert len(pretend.asked) == 1


def test_an_answer_that_comes_after_somebody_sends_again_stops_that(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)

    def slowly(outgoing: Outgoing) -> Accepted:
        lose_lease()
        sending.settle_lost()
        retry_message(message=message, by=agent)
        return Accepted("late")

    pretend.script = [slowly]
    work()

    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", "late")
    assert len(pretend.asked) == 1


def test_what_cannot_be_sent_again_is_refused(agent: User, ours: Line, pretend: Pretend) -> None:
    pretend.script = [NotDelivered("No")]
    failed = send(agent)
    sent = send(agent)
    work()
    viewer = make_user()
    Membership.objects.create(project=agent.personal_project, user=viewer, role="viewer")

    with pytest.raises(CannotRetry):
        retry_message(message=sent, by=agent)
    with pytest.raises(RoleNotEnough):
        retry_message(message=failed, by=viewer)
    pretend.set_trouble("It is paused.")
    with pytest.raises(LineUnusable):
        retry_message(message=failed, by=agent)

    assert MessageSend.objects.count() == 2
    failed.refresh_from_db()
    assert failed.status == "failed"


# --- Races ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_twenty_reports_at_once_while_the_call_is_under_way(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)
    reported = [SENT, DELIVERED, READ, FAILED] * 5

    outcomes = race(
        work,
        *[lambda each=each: receive_report(line=ours, report=report(each)) for each in reported],
    )

    assert [each for each in outcomes if isinstance(each, Exception)] == []
    message.refresh_from_db()
    assert message.status == "read"
    assert not ParkedStatus.objects.exists()
    assert StatusReport.objects.count() == 4
    told = statuses(message)
    assert told[0] == "queued"
    assert told[-1] == "read"
    assert len(told) == len(set(told))


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_do_not_overwrite_each_other(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent)
    work()
    # Without the message's lock, both have derived the status before either writes it.
    meeting = Meeting('UPDATE "notifications_message" SET')

    race(
        lambda: receive_report(line=ours, report=report(READ)),
        lambda: receive_report(line=ours, report=report(DELIVERED)),
        meeting=meeting,
    )

    message.refresh_from_db()
    assert message.status == "read"
    assert not meeting.was_complete


@pytest.mark.django_db(transaction=True)
def test_two_people_who_send_again_at_once_send_it_once(
    agent: User, ours: Line, pretend: Pretend
) -> None:
    pretend.script = [NotDelivered("No")]
    message = send(agent)
    work()

    outcomes = race(*[lambda: retry_message(message=message, by=agent) for _ in range(4)])
    work()

    assert sum(isinstance(each, CannotRetry) for each in outcomes) == 3
    assert len(pretend.asked) == 2


# --- The parts of a long message --------------------------------------------------------------


def begun(agent: User, pretend: Pretend) -> Message:
    """Return a message of four parts; the provider has taken the first one."""
    message = send(agent, "a" * 10 + "b" * 10 + "c" * 10 + "d")
    first, *_ = sending.due_parts()
    sending.send_part(first)
    assert pretend.texts == ["a" * 10]
    return message


def failure(provider_id: str, **parts: Any) -> Report:
    """Return a report that a part did not arrive."""
    return Report(
        MessageStatus.FAILED,
        timezone.now(),
        provider_id,
        error_code="131026",
        error="Not on WhatsApp.",
        **parts,
    )


def states(message: Message) -> list[tuple[int, int, str]]:
    """Return part, round and state of the rows of a message."""
    return list(message.sends.order_by("round", "part").values_list("part", "round", "state"))


def test_when_an_earlier_part_did_not_arrive_the_later_ones_stay_here(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, max_text=10, split=split_at_ten) as pretend:
        line = pretend.add_line(agent.personal_project)
        message = begun(agent, pretend)

        receive_report(line=line, report=failure("id-1"))
        work()

        assert pretend.texts == ["a" * 10]
        message.refresh_from_db()
        assert (message.status, message.error) == ("failed", "Not on WhatsApp.")
        assert [state for *_, state in states(message)] == ["failed", *["dropped"] * 3]
        reasons = set(message.sends.filter(part__gt=1).values_list("last_error", flat=True))
        assert reasons == {"An earlier part of the message was not sent."}

        # A person sends it again, all of it.
        retry_message(message=message, by=agent)
        work()
        assert pretend.texts[1:] == ["a" * 10, "b" * 10, "c" * 10, "d"]
        message.refresh_from_db()
        assert message.status == "sent"


def test_a_part_that_is_under_way_as_an_earlier_one_fails_is_the_last(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, max_text=10, split=split_at_ten) as pretend:
        line = pretend.add_line(agent.personal_project)
        message = begun(agent, pretend)

        def fail_meanwhile(outgoing: Outgoing) -> Accepted:
            receive_report(line=line, report=failure("id-1"))
            return Accepted("id-2")

        pretend.script = [fail_meanwhile]
        work()

        assert pretend.texts == ["a" * 10, "b" * 10]
        assert [state for *_, state in states(message)] == ["failed", "sent", *["dropped"] * 2]
        message.refresh_from_db()
        assert message.status == "failed"


def test_a_part_that_waits_for_its_next_try_is_dropped_when_an_earlier_one_fails(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, max_text=10, split=split_at_ten) as pretend:
        line = pretend.add_line(agent.personal_project)
        message = begun(agent, pretend)

        def fail_meanwhile(outgoing: Outgoing) -> Accepted:
            receive_report(line=line, report=failure("id-1"))
            raise TryAgain("Come back later.", after_seconds=0)

        pretend.script = [fail_meanwhile]
        work()

        assert pretend.texts == ["a" * 10, "b" * 10]
        assert [state for *_, state in states(message)] == ["failed", *["dropped"] * 3]


# --- Reports that find nothing ----------------------------------------------------------------


def park_for_nobody(line: Line, message: Message, number: int = 0) -> None:
    """Park a report that names a message of ours, and an id that none of its parts has."""
    echo = Report(SENT, timezone.now(), f"other-{number}", message_uuid=message.uuid)
    receive_report(line=line, report=echo)


@pytest.mark.slow
def test_reports_that_fit_no_part_are_looked_at_less_and_less_often(
    agent: User, ours: Line, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    write_report = reports.write_report

    def counting(line: Any, report: Report) -> bool:
        nonlocal looks
        looks += 1
        return write_report(line, report)

    with time_machine.travel(AT, tick=False) as clock:
        message = send(agent)
        work()
        park_for_nobody(ours, message)
        monkeypatch.setattr(reports, "write_report", counting)
        for _ in range(24 * 60):
            clock.shift(timedelta(minutes=1))
            reports.sweep_parked()

    assert 5 <= looks <= 15
    assert ParkedStatus.objects.count() == 1


def test_many_reports_that_fit_nothing_hide_no_other(
    agent: User, ours: Line, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MAX_SWEPT", 10)
    message = send(agent)
    work()
    for number in range(30):
        park_for_nobody(ours, message, number)
        reports.park(uuid4(), Report(SENT, timezone.now(), f"somebody-elses-{number}"))
    reports.park(ours.uuid, report(DELIVERED))

    for _ in range(7):
        reports.sweep_parked()

    message.refresh_from_db()
    assert message.status == "delivered"


def test_a_sweep_of_parked_reports_takes_a_fixed_number_of_statements(
    ours: Line, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        reports.sweep_parked()
    for number in range(20):
        reports.park(ours.uuid, report(DELIVERED, f"somebody-elses-{number}"))
    with django_assert_num_queries(3):
        reports.sweep_parked()
    with django_assert_num_queries(1):
        reports.sweep_parked()
