"""The list of reports, one report, and its files."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project
from accounts.services import create_project, delete_user
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from orders.models import Order
from orders.services import ItemDraft
from orders.tests.pages.scenes import place
from reports.models import Report, ReportSchedule, ScheduledReport
from reports.services import MAX_GENERATING, request_report
from reports.tests.pages.scenes import HOSTILE, address, html_of, section_of, text_of
from reports.work.building import build_report

pytestmark = pytest.mark.django_db

NOVEMBER = (date(2025, 11, 1), date(2025, 11, 30))
SUNDAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sell(team: Team, day: date, total: str, **fields: Any) -> None:
    made = place(team, status="completed", total_price=Decimal(total), **fields)
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    Order.objects.filter(pk=made.pk).update(ordered_at=at)


def another_project() -> Team:
    """Return a project whose members are others."""
    owner = make_user()
    return Team(create_project(owner=owner, name="Others"), {"owner": owner})


def ask(team: Team, kind: str = "sales", days: tuple[date, date] = NOVEMBER) -> Report:
    return request_report(
        project=team.project,
        by=team.owner,
        report_type=kind,
        start=days[0],
        end=days[1],
        filters={},
    )


def make(team: Team, kind: str = "sales", days: tuple[date, date] = NOVEMBER) -> Report:
    report = ask(team, kind, days)
    build_report(report.pk)
    report.refresh_from_db()
    return report


def post(client: Client, team: Team, **fields: str) -> Any:
    sent = {"report_type": "sales", "range": "7", "key": uuid4().hex, **fields}
    return client.post(address(team, "reports"), sent)


# --- The list ---------------------------------------------------------------------------------


def test_the_newest_report_comes_first_with_its_state_and_who_asked(
    team: Team, viewer: Client
) -> None:
    make(team)
    failed = ask(team, "messages")
    Report.objects.filter(pk=failed.pk).update(state="failed", last_error="It was too much.")

    page = viewer.get(address(team, "reports"))
    rows = re.findall(r'<tr[^>]* id="report-.*?</tr>', html_of(page), re.DOTALL)

    assert ["Messages, 1 Nov 2025 to 30 Nov 2025" in row for row in rows] == [True, False]
    assert "It was too much." in rows[0]
    assert ".xlsx" not in rows[0]
    assert ".xlsx" in rows[1]
    assert "owner" in rows[1]
    # Who only looks has no report made and deletes none.
    assert "New report" not in text_of(page)
    assert "/delete" not in html_of(page)


def test_whoever_asked_for_a_report_is_not_taken_for_a_schedule(team: Team, viewer: Client) -> None:
    report = make(team)
    row = address(team, f"reports/rows?ids={report.uuid}")
    Report.objects.update(requested_by=None)
    assert "no longer known" in html_of(viewer.get(row))

    schedule = ReportSchedule.objects.create(
        project=team.project,
        report_type="sales",
        frequency="monthly",
        next_first=date(2025, 12, 1),
        next_last=date(2025, 12, 31),
    )
    made = ScheduledReport.objects.create(schedule=schedule, report=report, first_day=NOVEMBER[0])
    assert "a schedule" in html_of(viewer.get(row))
    made.delete()
    Report.objects.update(requested_by=team.members["manager"])
    delete_user(user=team.members["manager"])
    assert "a deleted account" in html_of(viewer.get(row))


def test_filters_of_a_report_are_named_and_not_lost(team: Team, agent: Client) -> None:
    report = request_report(
        project=team.project,
        by=team.owner,
        report_type="sales",
        start=NOVEMBER[0],
        end=NOVEMBER[1],
        filters={"provider": ["shopify", "api"], "customer": HOSTILE},
    )

    page = agent.get(address(team, "reports", report.uuid))

    for shown in (page, agent.get(address(team, "reports"))):
        assert "customer: &lt;img src=x" in html_of(shown)
        assert "; provider: shopify, api<" in html_of(shown)
    # The form would make a report without them.
    assert "Other days" not in text_of(page)


def test_tabs_show_one_kind(team: Team, agent: Client) -> None:
    ask(team)
    ask(team, "messages")

    page = agent.get(address(team, "reports?report_type=messages"))

    assert "Messages, 1 Nov" in text_of(page)
    assert "Sales, 1 Nov" not in text_of(page)


def test_a_filter_that_makes_no_sense_is_left_out_with_a_note(team: Team, agent: Client) -> None:
    ask(team)

    page = agent.get(address(team, "reports?report_type=secrets"))

    assert (page.status_code, "“secrets” was left out" in text_of(page)) == (200, True)
    assert "Sales, 1 Nov" in text_of(page)


def test_a_report_is_asked_for_once_however_often_the_form_is_sent(
    team: Team, agent: Client
) -> None:
    first = post(agent, team, key="once")
    again = post(agent, team, key="once")

    assert (first.status_code, again.status_code) == (303, 303)
    assert first["Location"] == address(team, "reports")
    report = Report.objects.get()
    assert (report.report_type, report.requested_by) == ("sales", team.members["agent"])
    assert "generating" in text_of(agent.get(address(team, "reports")))


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", date(2026, 3, 1), date(2026, 3, 1)),
        ("yesterday", date(2026, 2, 28), date(2026, 2, 28)),
        ("7", date(2026, 2, 23), date(2026, 3, 1)),
        ("30", date(2026, 1, 31), date(2026, 3, 1)),
        ("month", date(2026, 3, 1), date(2026, 3, 1)),
        ("last-month", date(2026, 2, 1), date(2026, 2, 28)),
        ("year", date(2026, 1, 1), date(2026, 3, 1)),
        ("last-year", date(2025, 1, 1), date(2025, 12, 31)),
    ],
    ids=["today", "yesterday", "7", "30", "month", "last-month", "year", "last-year"],
)
def test_ranges_are_days_of_the_project(
    team: Team, agent: Client, name: str, first: date, last: date
) -> None:
    with time_machine.travel(SUNDAY, tick=False):
        post(agent, team, range=name)

    period = Report.objects.get().period
    assert (period.first, period.last, period.zone.key) == (first, last, "Europe/Berlin")


def test_people_name_other_days(team: Team, agent: Client) -> None:
    post(agent, team, range="own", start_date="2025-01-01", end_date="2025-01-31")

    period = Report.objects.get().period
    assert (period.first, period.last) == (date(2025, 1, 1), date(2025, 1, 31))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"range": "own"}, "Name the day."),
        (
            {"range": "own", "start_date": "2025-02-01", "end_date": "2025-01-01"},
            "before the start",
        ),
        ({"range": "own", "start_date": "2001-01-01", "end_date": "2025-01-01"}, "at most 5 years"),
        ({"range": "own", "start_date": "yesterday", "end_date": "x"}, "valid date"),
        ({"range": "always"}, "valid choice"),
        ({"report_type": "secrets"}, "valid choice"),
    ],
    ids=["no days", "backwards", "too long", "no dates", "no range", "no kind"],
)
def test_a_form_that_makes_no_sense_says_what_is_wrong(
    team: Team, agent: Client, fields: dict[str, str], words: str
) -> None:
    page = post(agent, team, **fields)

    assert page.status_code == 400
    assert words in text_of(page)
    assert not Report.objects.exists()


@pytest.mark.parametrize("name", ["start_date", "end_date"])
def test_days_beside_another_period_are_not_ignored(team: Team, agent: Client, name: str) -> None:
    page = post(agent, team, range="30", **{name: "2025-01-01"})

    assert page.status_code == 400
    assert "Choose “Other days” for the days below, or leave them empty." in text_of(page)
    assert f'name="{name}" value="2025-01-01"' in html_of(page)
    assert not Report.objects.exists()


def test_too_many_reports_at_once_are_refused(team: Team, agent: Client) -> None:
    for _ in range(MAX_GENERATING):
        ask(team)

    page = post(agent, team)

    assert page.status_code == 409
    assert f"{MAX_GENERATING} reports of this project are being generated" in html_of(page)
    assert Report.objects.count() == MAX_GENERATING


def test_a_link_proposes_the_days_of_another_report(team: Team, agent: Client) -> None:
    report = make(team, "messages")

    link = re.findall(
        r'href="([^"]+range=own[^"]+)#generate"',
        html_of(agent.get(address(team, "reports", report.uuid))),
    )[0]
    page = html_of(agent.get(link.replace("&amp;", "&")))

    assert '<option value="messages" selected>' in page
    assert '<option value="own" selected>' in page
    assert 'value="2025-11-01"' in page
    assert 'value="2025-11-30"' in page


def test_rows_are_read_again_by_their_ids(team: Team, agent: Client) -> None:
    mine, other = ask(team), ask(team)
    stranger = ask(another_project())

    page = agent.get(address(team, f"reports/rows?ids={mine.uuid},{stranger.uuid},nonsense,"))

    assert f'id="report-{mine.uuid}"' in html_of(page)
    assert str(other.uuid) not in html_of(page)
    assert str(stranger.uuid) not in html_of(page)


def test_the_pages_take_as_many_statements_for_many_reports_as_for_one(
    team: Team, agent: Client
) -> None:
    counts: list[list[int]] = []
    for count in (1, 12):
        for _ in range(count):
            one = make(team)
        paths = ("reports", f"reports/{one.uuid}", f"reports/rows?ids={one.uuid}")
        counts.append([])
        for path in paths:
            with CaptureQueriesContext(connection) as statements:
                assert agent.get(address(team, path)).status_code == 200
            counts[-1].append(len(statements))

    assert counts[0] == counts[1]
    assert max(counts[0]) <= 8


# --- One report -------------------------------------------------------------------------------


def test_a_report_shows_its_figures_charts_and_tables(team: Team, viewer: Client) -> None:
    sell(team, date(2025, 11, 3), "100.00")
    sell(team, date(2025, 11, 5), "150.00")
    sell(team, date(2025, 10, 5), "200.00")
    report = make(team)

    page = viewer.get(address(team, "reports", report.uuid))
    html = html_of(page)

    assert "Days in Europe/Berlin" in text_of(page)
    assert "Total revenue €250.00 25% more than in the period before" in text_of(page)
    finding = (
        "Revenue €250.00, 25% more than in the 30 days before. Most revenue on 5 Nov 2025: €150.00."
    )
    assert f'<figcaption id="by_day-finding">{finding}</figcaption>' in html
    assert '<figure class="figure" aria-labelledby="by_day-finding">' in html
    assert f'<caption class="unseen">{finding}</caption>' in html
    table = section_of(page, "by_day")
    assert "3 Nov 2025 1 100.00" in table
    assert "<title>5 Nov 2025: 150.00</title>" in html
    assert "<rect" in html


def test_fewer_orders_are_not_called_less(team: Team, viewer: Client) -> None:
    sell(team, date(2025, 11, 3), "100.00")
    for _ in range(2):
        sell(team, date(2025, 10, 5), "50.00")

    page = text_of(viewer.get(address(team, "reports", make(team).uuid)))

    assert "Total orders 1 50% fewer than in the period before" in page
    assert "Total revenue €100.00 as in the period before" in page


def test_a_report_of_today_is_compared_with_yesterday_until_the_same_time(
    team: Team, viewer: Client
) -> None:
    today, yesterday = date(2026, 3, 1), date(2026, 2, 28)
    with time_machine.travel(SUNDAY, tick=False):
        sell(team, today, "40.00")
        Order.objects.update(ordered_at=SUNDAY - timedelta(hours=1))
        sell(team, yesterday, "300.00")
        Order.objects.filter(total_price=300).update(ordered_at=SUNDAY - timedelta(hours=23))
        sell(team, yesterday, "100.00")
        Order.objects.filter(total_price=100).update(ordered_at=SUNDAY - timedelta(hours=25))
        report = make(team, days=(today, today))

    page = text_of(viewer.get(address(team, "reports", report.uuid)))

    assert "So far, revenue was 60% less than in the same part of the period before." in page
    assert "Total revenue €40.00 60% less than in the same part of the period before" in page
    # A day that is over is compared as ever.
    with time_machine.travel(SUNDAY + timedelta(days=1), tick=False):
        over = make(team, days=(today, today))
    assert "Revenue was 90% less than in the period before." in over.summary


def test_amounts_have_the_decimals_of_their_currency(team: Team, viewer: Client) -> None:
    Project.objects.update(currency="JPY")
    team.project.refresh_from_db()
    for day in (3, 4, 5):
        sell(team, date(2025, 11, day), f"{day}000", currency="JPY")
    sell(team, date(2025, 11, 6), "7.125", currency="KWD")

    page = viewer.get(address(team, "reports", make(team).uuid))

    assert "Total revenue JPY 12,000 " in text_of(page)
    assert "5 Nov 2025 1 5,000 " in section_of(page, "by_day")
    assert "KWD 1 7.125" in section_of(page, "by_currency")
    assert "JPY 3 12,000 4,000" in section_of(page, "by_currency")
    assert "<title>5 Nov 2025: 5,000</title>" in html_of(page)


def test_a_change_too_small_for_a_per_cent_is_a_change(team: Team, viewer: Client) -> None:
    sell(team, date(2025, 11, 3), "100000.00")
    sell(team, date(2025, 10, 5), "100001.00")

    page = text_of(viewer.get(address(team, "reports", make(team).uuid)))

    assert "Revenue was slightly less than in the period before." in page
    assert "Total revenue €100,000.00 slightly less than in the period before" in page
    assert "Revenue €100,000.00, slightly less than in the 30 days before." in page


def test_a_report_of_some_hours_is_compared_with_as_many_hours(team: Team, viewer: Client) -> None:
    for at in ("2025-11-03T12:00+01:00", "2025-11-02T22:00+01:00"):
        made = place(team, status="completed", total_price=Decimal("10.00"))
        Order.objects.filter(pk=made.pk).update(ordered_at=datetime.fromisoformat(at))
    report = request_report(
        project=team.project,
        by=team.owner,
        report_type="sales",
        start=datetime.fromisoformat("2025-11-03T06:00+01:00"),
        end=datetime.fromisoformat("2025-11-05T05:59:59+01:00"),
        filters={},
    )
    build_report(report.pk)

    page = text_of(viewer.get(address(team, "reports", report.uuid)))

    assert "Revenue €10.00, as in the period before." in page


@pytest.mark.parametrize("kind", ["sales", "messages", "performance"])
def test_a_report_about_nothing_says_so(team: Team, viewer: Client, kind: str) -> None:
    report = make(team, kind)

    page = viewer.get(address(team, "reports", report.uuid))

    assert page.status_code == 200
    assert report.summary in text_of(page)
    assert re.search(r"No (revenue|messages|orders done) in this time\.", text_of(page))


def test_a_report_that_is_being_made_waits_for_its_event(team: Team, viewer: Client) -> None:
    report = ask(team)

    page = viewer.get(address(team, "reports", report.uuid))

    assert "The report is being made" in text_of(page)
    assert f'id="report" data-refreshes="report-{report.uuid}"' in html_of(page)
    assert "refreshing.js" in html_of(page)
    build_report(report.pk)
    part = viewer.get(
        address(team, "reports", report.uuid),
        headers={"HX-Request": "true", "HX-Target": "report"},
    )
    assert html_of(part).strip().startswith('<div class="stack report" id="report">')
    assert "Generated no orders." in text_of(part)


def test_a_report_that_failed_says_why(team: Team, agent: Client) -> None:
    report = ask(team)
    Report.objects.filter(pk=report.pk).update(state="failed", last_error="The <b>database</b>.")

    page = agent.get(address(team, "reports", report.uuid))

    assert "The &lt;b&gt;database&lt;/b&gt;." in html_of(page)
    assert "Try again" in text_of(page)


def test_names_of_products_and_customers_are_text(team: Team, viewer: Client) -> None:
    sell(team, date(2025, 11, 3), "10.00", title=HOSTILE, customer_name=HOSTILE)
    place(
        team,
        status="completed",
        title="Goods",
        items=[ItemDraft(name=HOSTILE, quantity=1, unit_price=Decimal("3.00"))],
    )
    Order.objects.update(
        ordered_at=datetime(2025, 11, 3, 12, tzinfo=UTC), customer_email="a@b.test"
    )
    Order.objects.update(customer_name=HOSTILE)
    report = make(team)

    for path in (f"reports/{report.uuid}", f"reports/{report.uuid}.html"):
        html = html_of(viewer.get(address(team, path)))
        assert "<img src=x" not in html
        assert html.count("&lt;img src=x onerror=alert(1)&gt; &amp; &quot;&#x27;{{ 7 }}") >= 2


def test_another_projects_report_is_not_there(team: Team, agent: Client) -> None:
    report = make(another_project())

    for ending in ("", ".csv", ".xlsx", ".html"):
        page = agent.get(address(team, f"reports/{report.uuid}{ending}"))
        assert page.status_code == 404
    assert agent.get(address(team, f"reports/{report.uuid}/delete")).status_code == 404
    assert agent.post(address(team, f"reports/{report.uuid}/delete")).status_code == 303
    assert Report.objects.filter(pk=report.pk).exists()


def test_a_report_is_deleted_after_a_question(team: Team, agent: Client) -> None:
    report = make(team)

    question = agent.get(address(team, f"reports/{report.uuid}/delete"))

    assert "Delete Sales, 1 Nov 2025 to 30 Nov 2025?" in text_of(question)
    assert Report.objects.exists()
    answer = agent.post(address(team, f"reports/{report.uuid}/delete"))

    assert (answer.status_code, answer["Location"]) == (303, address(team, "reports"))
    assert not Report.objects.exists()
    assert "is deleted" in html_of(agent.get(address(team, "reports")))
    # A second click finds it gone.
    again = agent.post(address(team, f"reports/{report.uuid}/delete"))
    assert (again.status_code, again["Location"]) == (303, address(team, "reports"))
    assert "The report is no longer there." in html_of(agent.get(address(team, "reports")))


# --- Files ------------------------------------------------------------------------------------


def test_the_files_show_the_same_figures(team: Team, viewer: Client) -> None:
    sell(team, date(2025, 11, 3), "100.00")
    report = make(team)

    csv = viewer.get(address(team, f"reports/{report.uuid}.csv"))
    workbook = viewer.get(address(team, f"reports/{report.uuid}.xlsx"))
    printed = viewer.get(address(team, f"reports/{report.uuid}.html"))

    assert '"2025-11-03","1","100.00"' in b"".join(csv).decode()
    assert b"".join(workbook).startswith(b"PK")
    assert "sales_2025-11-01_2025-11-30.xlsx" in workbook["Content-Disposition"]
    assert "€100.00" in html_of(printed)
    # It may load nothing.
    assert "default-src 'none'" in printed["Content-Security-Policy"]


def test_csv_has_the_table_that_the_form_names(team: Team, viewer: Client) -> None:
    sell(team, date(2025, 11, 3), "100.00")
    report = make(team)
    path = address(team, f"reports/{report.uuid}.csv")

    named = viewer.get(f"{path}?table=orders_by_status")

    assert '"completed","1"' in b"".join(named).decode()
    assert viewer.get(f"{path}?table=secrets").status_code in {400, 422}


def test_a_report_without_figures_has_no_files(team: Team, viewer: Client) -> None:
    report = ask(team)

    page = viewer.get(address(team, f"reports/{report.uuid}.csv"))

    assert page.status_code == 409
    assert "The report is generating." in html_of(page)
