"""Build reports, one claimed row at a time, over the engine in `orderchainer.core.outbox`."""

from datetime import timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction

from orderchainer.core import outbox
from orderchainer.core.db.snapshots import one_snapshot
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import FAILED, PENDING, GiveUp, Outcome, Settled, TryAgain
from orders.stream.models import Event
from orders.stream.recording import event_about, record
from reports import payloads
from reports.builders import BUILDERS, Built, Question
from reports.events import REPORT, EventType
from reports.models import Report
from reports.work import sending
from reports.work.forgetting import NAMES_CUSTOMERS, forget_customers_in

logger = structlog.get_logger(__name__)

REPORTS = Counter(
    "orderchainer_reports_total",
    "Reports that came to an end, by type and state (ready, failed).",
    ["report_type", "state"],
)

# If a worker dies, another one builds its report after this time.
LEASE = timedelta(seconds=150)
# A builder at work never outlives its lease: each statement begins and ends within these times,
# which leaves ten seconds to write the report.
STATEMENT_SECONDS = 60
LAST_STATEMENT_SECONDS = 80


def build_report(report_id: int) -> float | None:
    """Build a report that is due. Return in how many seconds to try again, if that is soon.

    Does nothing if the report is not due, or another worker has it.
    """
    report = outbox.claim(Report.objects.all(), report_id, lease_for=LEASE)
    if report is None:
        return None
    built: list[Built] = []
    outcome = outbox.attempt(lambda: built.append(_build(report)))
    settled = _settle(report, built, outcome)
    _tell(report, settled)
    return settled.nudge_after_seconds


def due_reports() -> list[int]:
    """Return the ids of reports that are due, the longest waiting first."""
    return outbox.due_ids(Report.objects.all())


def _build(report: Report) -> Built:
    if report.is_worn_out:
        raise GiveUp(f"Gave up after {report.MAX_ATTEMPTS} attempts: the last one was cut off.")
    builder = BUILDERS.get(report.report_type)
    if builder is None:
        raise GiveUp("This type of report does not exist any more.")
    question = Question(report.project, report.period, report.filters)
    try:
        with one_snapshot(
            statement_seconds=STATEMENT_SECONDS, last_begins_within=LAST_STATEMENT_SECONDS
        ):
            return builder.build(question)
    # A connection that the database has ended raises either of them.
    except (OperationalError, InterfaceError) as exc:
        logger.warning("report_interrupted", report=report.pk, error=str(exc))
        raise TryAgain("The database did not answer in time. A shorter period is faster.") from exc
    except Exception as exc:
        # A defect. The row records it, and the usual number of tries applies.
        logger.exception("report_crashed", report=report.pk)
        raise TryAgain(f"Internal error: {type(exc).__name__}") from exc


@transaction.atomic
def _settle(report: Report, built: list[Built], outcome: Outcome) -> Settled:
    """Write the outcome and, if the report has come to its end, everything that follows."""
    # Before the state: a report that is ready has a payload.
    for each in built:
        Report.objects.filter(outbox.own(report)).update(
            summary=each.summary,
            payload=payloads.write(each.payload),
            schema_version=BUILDERS[report.report_type].schema_version,
        )
        if report.report_type == NAMES_CUSTOMERS:
            # What it read may be older than an erasure.
            forget_customers_in(report.project, [report.pk])
    settled = outbox.settle(report, outcome)
    if settled.is_ours and settled.state != PENDING:
        report.refresh_from_db()
        record([_ended(report)])
        sending.queue_emails(report)
    return settled


def _ended(report: Report) -> Event:
    return event_about(
        EventType.READY,
        subject_kind=REPORT,
        subject_uuid=report.uuid,
        project_id=report.project_id,
        by=report.requested_by,
        report_type=report.report_type,
        status=report.word,
        error=report.last_error,
    )


def _tell(report: Report, settled: Settled) -> None:
    """Log and count how it went."""
    about = {"report": report.pk, "report_type": report.report_type}
    if settled.state == PENDING:
        logger.info(
            "report_postponed",
            **about,
            seconds=round(settled.delay_seconds, 1),
            error=settled.error,
        )
        return
    REPORTS.labels(report.report_type, settled.state).inc(settled.is_ours)
    log = logger.warning if settled.state == FAILED else logger.info
    log("report_finished", **about, state=str(settled.state), error=settled.error)
