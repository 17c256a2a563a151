"""Schedules: each period gets one report, in the project's days, and its recipients hear of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.access import Role
from accounts.mail.tasks import send_email
from accounts.models import OutgoingEmail, Project, User
from accounts.services import create_project, remove_member, set_member
from accounts.tests.factories import make_user
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.deliveries import work
from integrations.discord.tests.factories import make_discord_webhook
from orderchainer.celery import app
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.stream.models import EventDelivery
from orders.stream.relay import relay_events
from reports.builders import BUILDERS, Builder, Built, Question
from reports.links import PATH, token_for
from reports.models import Report, ReportSchedule, ScheduledReport
from reports.services import ScheduleFields, change_schedule, create_schedule, delete_report
from reports.services.requesting import MAX_GENERATING, request_report
from reports.subscribers import SUBSCRIBER
from reports.work import building, scheduling
from reports.work.scheduling import (
    MAX_MISSED,
    MAX_RETRIES,
    RETRY_AFTER,
    make_next,
    run_schedules,
)

NOW = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def ada(db: None) -> User:
    return make_user(email="ada@example.com", email_verified_at=NOW)


@pytest.fixture
def store(ada: User) -> Project:
    return create_project(owner=ada, name="My Store")


def at(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def scheduled(
    store: Project, moment: datetime = NOW, *, zone: str = "UTC", **fields: Any
) -> ReportSchedule:
    """Return a schedule of sales that was made at `moment`; daily unless told otherwise."""
    Project.objects.filter(pk=store.pk).update(timezone=zone)
    store.timezone = zone
    wanted: ScheduleFields = {"report_type": "sales", "frequency": "daily", **fields}  # type: ignore[typeddict-item]
    with at(moment):
        return create_schedule(
            project=store, by=store.memberships.get(role="owner").user, fields=wanted
        )


def run_at(moment: datetime) -> int:
    with at(moment):
        return run_schedules()


def days_made(schedule: ReportSchedule) -> list[date]:
    return list(schedule.made.order_by("pk").values_list("first_day", flat=True))


def build_all() -> None:
    for report in Report.objects.filter(state="pending").order_by("pk"):
        building.build_report(report.pk)


# --- Each period once -------------------------------------------------------------------------


def test_a_day_gets_its_report_once_it_has_ended(store: Project) -> None:
    schedule = scheduled(store)

    assert run_at(datetime(2025, 1, 15, 23, 59, 59, tzinfo=UTC)) == 0
    assert run_at(datetime(2025, 1, 16, tzinfo=UTC)) == 1
    assert run_at(datetime(2025, 1, 16, tzinfo=UTC)) == 0

    report = Report.objects.get()
    assert (report.start_at, report.end_at) == (
        datetime(2025, 1, 15, tzinfo=UTC),
        datetime(2025, 1, 16, tzinfo=UTC),
    )
    assert report.requested_by is None
    assert days_made(schedule) == [date(2025, 1, 15)]


@pytest.mark.parametrize(
    ("frequency", "due", "first", "last"),
    [
        ("weekly", datetime(2025, 1, 20, tzinfo=UTC), date(2025, 1, 13), date(2025, 1, 19)),
        ("monthly", datetime(2025, 2, 1, tzinfo=UTC), date(2025, 1, 1), date(2025, 1, 31)),
    ],
)
def test_weeks_and_months_get_theirs_when_they_have_ended(
    store: Project, frequency: str, due: datetime, first: date, last: date
) -> None:
    scheduled(store, frequency=frequency)

    assert run_at(due - timedelta(seconds=1)) == 0
    assert run_at(due) == 1

    period = Report.objects.get().period
    assert (period.first, period.last) == (first, last)


def test_a_downtime_of_three_days_is_made_up_for(store: Project) -> None:
    schedule = scheduled(store)

    assert run_at(NOW + timedelta(days=3)) == 3

    assert days_made(schedule) == [date(2025, 1, 15), date(2025, 1, 16), date(2025, 1, 17)]
    assert Report.objects.count() == 3


def test_after_a_long_downtime_only_the_newest_periods_get_reports(store: Project) -> None:
    schedule = scheduled(store)
    back = NOW + timedelta(days=100)

    while run_at(back):
        build_all()

    newest = back.date() - timedelta(days=1)
    assert days_made(schedule) == [newest - timedelta(days=n) for n in reversed(range(MAX_MISSED))]


def test_a_report_that_is_deleted_is_not_made_again(store: Project, ada: User) -> None:
    scheduled(store)
    run_at(NOW + timedelta(days=1))
    delete_report(report=Report.objects.get(), by=ada)

    assert run_at(NOW + timedelta(days=1)) == 0
    assert not Report.objects.exists()


def test_a_worker_that_dies_before_the_commit_has_done_nothing(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = scheduled(store)

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(ReportSchedule, "begin", die)
        with pytest.raises(SystemExit):
            run_at(NOW + timedelta(days=1))

    assert not Report.objects.exists()
    assert run_at(NOW + timedelta(days=1)) == 1
    assert days_made(schedule) == [date(2025, 1, 15)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [2, 4])
def test_beats_at_the_same_moment_make_one_report(store: Project, count: int) -> None:
    schedule = scheduled(store)

    with at(NOW + timedelta(days=1)):
        outcomes = race(*[lambda: make_next(schedule.pk)] * count)

    assert sorted(outcomes, key=str) == [*[False] * (count - 1), True]
    assert Report.objects.count() == ScheduledReport.objects.count() == 1


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_constraint_refuses_the_second_report(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both pass every check, and the database keeps one."""
    schedule = scheduled(store)
    monkeypatch.setattr(scheduling, "lock_project", lambda project: project)
    meeting = Meeting.of_all('INSERT INTO "reports_scheduledreport"')
    monkeypatch.setattr("reports.services.requesting.lock_project", lambda project: project)

    with at(NOW + timedelta(days=1)):
        outcomes = race(*[lambda: make_next(schedule.pk)] * 2, meeting=meeting)

    assert meeting.was_complete
    assert sum(outcome is True for outcome in outcomes) == 1
    assert ScheduledReport.objects.count() == 1


# --- The project's days -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23.0),
        ("America/New_York", date(2026, 11, 1), 25.0),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Santiago", date(2026, 9, 6), 23.0),
        ("Africa/Cairo", date(2026, 4, 24), 23.0),
        ("Asia/Beirut", date(2026, 3, 29), 23.0),
        ("America/Havana", date(2026, 3, 8), 23.0),
    ],
)
def test_days_at_a_clock_change_get_one_report_each(
    store: Project, zone: str, day: date, hours: float
) -> None:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    schedule = scheduled(store, moment, zone=zone)

    for hour in range(24 * 4):
        run_at(moment + timedelta(hours=hour))
        build_all()

    made = days_made(schedule)
    assert day in made
    assert made == [made[0] + timedelta(days=n) for n in range(len(made))]
    report = Report.objects.get(scheduled__first_day=day)
    assert report.end_at - report.start_at == timedelta(hours=hours)
    ends = list(Report.objects.order_by("start_at").values_list("start_at", "end_at"))
    assert all(end == start for (_, end), (start, _) in pairwise(ends))


def test_a_day_that_a_zone_skipped_gets_no_report(store: Project) -> None:
    """Samoa went from the 29th of December 2011 to the 31st."""
    schedule = scheduled(store, datetime(2011, 12, 29, 20, tzinfo=UTC), zone="Pacific/Apia")

    while run_at(datetime(2012, 1, 1, 12, tzinfo=UTC)):
        pass

    assert days_made(schedule) == [date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)]


def test_a_project_that_moves_keeps_every_date_once(store: Project) -> None:
    schedule = scheduled(store, zone="Pacific/Kiritimati")
    first = schedule.next_first
    for number, zone in enumerate(["Pacific/Niue", "Pacific/Kiritimati", "UTC"], start=1):
        Project.objects.filter(pk=store.pk).update(timezone=zone)
        for hour in range(0, 48, 6):
            run_at(NOW + timedelta(days=2 * number, hours=hour))
            build_all()

    made = days_made(schedule)
    assert made == [first + timedelta(days=n) for n in range(len(made))]
    assert len(made) >= 6


# --- What keeps a schedule from making reports ------------------------------------------------


def test_a_project_with_too_many_reports_at_work_gets_the_rest_later(store: Project) -> None:
    schedule = scheduled(store)

    assert run_at(NOW + timedelta(days=MAX_MISSED)) == MAX_GENERATING
    schedule.refresh_from_db()
    assert "are being generated" in schedule.last_error
    build_all()
    assert run_at(NOW + timedelta(days=MAX_MISSED)) == MAX_MISSED - MAX_GENERATING

    schedule.refresh_from_db()
    assert schedule.last_error == ""
    assert len(days_made(schedule)) == MAX_MISSED


def test_a_schedule_that_was_off_starts_with_the_day_of_now(store: Project, ada: User) -> None:
    schedule = scheduled(store)
    with at(NOW):
        change_schedule(schedule=schedule, by=ada, fields={"is_active": False})
    later = NOW + timedelta(days=5)
    assert run_at(later) == 0

    with at(later):
        change_schedule(schedule=schedule, by=ada, fields={"is_active": True})

    assert run_at(later) == 0
    assert run_at(later + timedelta(days=1)) == 1
    assert days_made(schedule) == [later.date()]


def test_a_closed_project_gets_no_reports(store: Project) -> None:
    scheduled(store)
    Project.objects.filter(pk=store.pk).update(is_active=False)

    assert run_at(NOW + timedelta(days=1)) == 0


def test_looking_for_due_schedules_takes_one_statement(
    store: Project, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        scheduled(store)

    with at(NOW), django_assert_num_queries(1):
        assert scheduling.due_schedules() == []


# --- Who hears of it --------------------------------------------------------------------------


def made_for(
    store: Project,
    recipients: Sequence[User],
    **fields: Any,
) -> Report:
    """Return a report of a schedule with these recipients, built, with its e-mails sent."""
    scheduled(store, recipients=[user.uuid for user in recipients], **fields)
    with at(NOW + timedelta(days=1)):
        run_schedules()
        build_all()
    return Report.objects.get()


def send_all() -> None:
    for email in OutgoingEmail.objects.filter(kind="report_ready").order_by("pk"):
        send_email(email.pk)


def bob_of(store: Project, **fields: Any) -> User:
    bob = make_user(**{"email": "bob@example.com", "email_verified_at": NOW, **fields})
    owner = store.memberships.get(role="owner").user
    set_member(project=store, user=bob, role=Role.VIEWER, by=owner)
    return bob


def test_recipients_get_the_summary_and_a_link_that_opens_the_page(
    store: Project, ada: User
) -> None:
    bob = bob_of(store)
    report = made_for(store, [ada, bob])

    with at(NOW + timedelta(days=1)):
        send_all()
        letter = mail.outbox[-1]
        link = next(line for line in str(letter.body).splitlines() if "/report-pages/" in line)
        page = Client().get(link.partition("//")[2].partition("/")[2].join(["/", ""]))

    assert sorted(letter.to for letter in mail.outbox) == [
        ["ada@example.com"],
        ["bob@example.com"],
    ]
    assert letter.subject == "Sales report, 15 January 2025"
    assert report.summary in letter.body
    assert page.status_code == 200
    assert page["Cache-Control"] == "private, no-store"
    assert report.summary in page.content.decode()


def test_a_link_stops_working_for_those_who_left_and_after_thirty_days(
    store: Project, ada: User
) -> None:
    bob = bob_of(store)
    report = made_for(store, [])
    with at(NOW):
        adas, bobs = token_for(report, ada), token_for(report, bob)
    remove_member(project=store, user=bob, by=ada)

    with at(NOW + timedelta(days=30)):
        assert Client().get(f"{PATH}{adas}").status_code == 200
        assert Client().get(f"{PATH}{bobs}").status_code == 404
        assert Client().get(f"{PATH}{adas}x").status_code == 404
    with at(NOW + timedelta(days=30, seconds=2)):
        gone = Client().get(f"{PATH}{adas}")
    assert gone.status_code == 404
    assert "This link no longer works." in gone.content.decode()


def test_those_who_left_get_nothing(store: Project, ada: User) -> None:
    bob = bob_of(store)
    report = made_for(store, [bob], channels=["email"])
    # The e-mail waits already when Bob leaves.
    assert OutgoingEmail.objects.filter(kind="report_ready").count() == 1
    remove_member(project=store, user=bob, by=ada)

    with at(NOW + timedelta(days=1)):
        send_all()
    with at(NOW + timedelta(days=2)):
        run_schedules()
        build_all()

    assert mail.outbox == []
    assert Report.objects.exclude(pk=report.pk).get().state == "ready"
    assert OutgoingEmail.objects.filter(kind="report_ready").count() == 1


def test_an_address_that_is_not_confirmed_gets_nothing(store: Project) -> None:
    bob = bob_of(store, email_verified_at=None)

    made_for(store, [bob])

    assert not OutgoingEmail.objects.filter(kind="report_ready").exists()


def test_a_report_that_failed_is_told_by_its_schedule(
    store: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = scheduled(store)
    run_at(NOW + timedelta(days=1))
    Report.objects.update(report_type="gone")

    with at(NOW + timedelta(days=1)):
        build_all()

    schedule.refresh_from_db()
    assert schedule.last_error == (
        "The report from 2025-01-15 failed: This type of report does not exist any more."
    )
    assert not OutgoingEmail.objects.filter(kind="report_ready").exists()


# --- Trying again -----------------------------------------------------------------------------


@pytest.fixture
def failed(store: Project, monkeypatch: pytest.MonkeyPatch) -> ReportSchedule:
    """A schedule whose first report has failed, because its builder is broken."""
    schedule = scheduled(store)
    monkeypatch.setattr("reports.work.building.BUILDERS", {**BUILDERS, "sales": broken_builder()})
    with at(NOW + timedelta(days=1)):
        run_schedules()
        fail_all()
    return schedule


def broken_builder() -> Builder:
    def build(question: Question) -> Built:
        raise ZeroDivisionError

    return Builder(**{**vars(BUILDERS["sales"]), "build": build})


def fail_all() -> None:
    """Try every report until it is given up."""
    for _ in range(Report.MAX_ATTEMPTS):
        Report.objects.filter(state="pending").update(next_attempt_at=timezone.now())
        build_all()


def retry_at(moment: datetime) -> int:
    with at(moment):
        return scheduling.retry_failed()


FAILED_AT = NOW + timedelta(days=1)


def test_a_report_that_failed_is_built_again_after_an_hour(
    failed: ReportSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert retry_at(FAILED_AT + timedelta(minutes=59)) == 0
    assert retry_at(FAILED_AT + timedelta(hours=1)) == 1
    assert retry_at(FAILED_AT + timedelta(hours=1)) == 0
    failed.refresh_from_db()
    assert "ZeroDivisionError" in failed.last_error

    monkeypatch.setattr("reports.work.building.BUILDERS", BUILDERS)
    with at(FAILED_AT + timedelta(hours=1)):
        build_all()

    report = Report.objects.get()
    assert (report.state, report.last_error) == ("ready", "")
    assert OutgoingEmail.objects.filter(kind="report_ready").count() == 1
    failed.refresh_from_db()
    assert failed.last_error == ""
    assert retry_at(FAILED_AT + timedelta(days=1)) == 0


def test_a_report_that_always_fails_is_built_again_three_times(failed: ReportSchedule) -> None:
    moment = FAILED_AT
    for _ in range(MAX_RETRIES):
        moment += RETRY_AFTER
        assert retry_at(moment) == 1
        with at(moment):
            fail_all()

    assert retry_at(moment + timedelta(days=1)) == 0
    assert Report.objects.get().state == "failed"
    assert not OutgoingEmail.objects.filter(kind="report_ready").exists()


def test_nobody_tries_again_for_a_schedule_that_is_off_or_a_report_that_is_deleted(
    failed: ReportSchedule, ada: User
) -> None:
    later = FAILED_AT + timedelta(hours=1)
    ReportSchedule.objects.update(is_active=False)
    assert retry_at(later) == 0

    ReportSchedule.objects.update(is_active=True)
    delete_report(report=Report.objects.get(), by=ada)
    assert retry_at(later) == 0


def test_a_busy_project_tries_again_later(failed: ReportSchedule, store: Project) -> None:
    later = FAILED_AT + timedelta(hours=1)
    with at(later):
        for _ in range(MAX_GENERATING):
            request_report(
                project=store,
                by=None,
                report_type="sales",
                start=NOW.date(),
                end=NOW.date(),
                filters={},
            )
    assert retry_at(later) == 0

    Report.objects.filter(state="pending").delete()
    assert retry_at(later) == 1


@pytest.mark.django_db(transaction=True)
def test_beats_at_the_same_moment_try_again_once(failed: ReportSchedule) -> None:
    with at(FAILED_AT + timedelta(hours=1)):
        outcomes = race(*[scheduling.retry_failed] * 3)

    assert sorted(outcomes, key=str) == [0, 0, 1]
    assert ScheduledReport.objects.get().retries == 1


# --- Discord ----------------------------------------------------------------------------------


def test_discord_tells_each_recipient_with_a_channel_once(
    store: Project, ada: User, channel: Channel
) -> None:
    bob = bob_of(store)
    make_discord_webhook(ada, channel)

    report = made_for(store, [ada, bob], channels=["discord"])
    with at(NOW + timedelta(days=1)):
        work()
        work()

    (embed,) = [message["embeds"][0] for message in channel.messages]
    assert embed["title"] == "Sales report"
    assert embed["description"] == report.summary
    assert [field["value"] for field in embed["fields"]] == ["My Store", "2025-01-15, UTC"]
    assert not OutgoingEmail.objects.filter(kind="report_ready").exists()


def test_discord_tells_nobody_who_left_meanwhile(
    store: Project, ada: User, channel: Channel
) -> None:
    bob = bob_of(store)
    make_discord_webhook(bob, channel)
    made_for(store, [bob], channels=["discord"])
    with at(NOW + timedelta(days=1)):
        relay_events()
    remove_member(project=store, user=bob, by=ada)

    with at(NOW + timedelta(days=1)):
        work()

    assert channel.messages == []
    delivery = EventDelivery.objects.get(subscriber=SUBSCRIBER)
    assert (delivery.state, delivery.target) == ("dropped", str(bob.pk))


def test_a_worker_knows_the_task_that_beat_sends() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert "reports.run_schedules" in names & app.tasks.keys()
