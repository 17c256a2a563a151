"""A report as CSV, as a workbook and as a page."""

import csv
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import ApiToken, Project, User
from accounts.services import create_project
from accounts.tests.factories import make_api_token
from integrations.assistant.models import AssistantCall
from orderchainer.core.days import Period
from orders.models import Order, OrderItem
from reports.exports import Document, write_page
from reports.models import Report
from reports.payloads import write
from reports.usage.counting import Key
from reports.usage.counting import store as count_calls

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2025, 2, 1, 10, 0, tzinfo=UTC)
FORMULA = '=HYPERLINK("http://evil.example","x")'
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

Asked = Callable[..., Report]


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def store(now: None, ada: User) -> Project:
    return create_project(owner=ada, name="Ada <b>& Sons</b>")


@pytest.fixture
def generate(store: Project, client: APIClient, worker: None) -> Asked:
    """Return a function that has a report of the store generated."""

    def generated(**asked: Any) -> Report:
        body = {
            "report_type": "sales",
            "start_date": "2025-01-01",
            "end_date": "2025-01-31",
            **asked,
        }
        answer = client.post(f"/api/v1/reports/{store.uuid}/generate", body)
        assert answer.json()["status"] == "ready", answer.json()
        return Report.objects.get(uuid=answer.json()["id"])

    return generated


def sell(store: Project, total: str, *, day: int = 1, **fields: Any) -> Order:
    """Store an order of January that earns `total`, with one item."""
    order = Order.objects.create(
        owner=store.memberships.get().user,
        project=store,
        title="An order",
        total_price=Decimal(total),
        ordered_at=datetime(2025, 1, day, 12, 0, tzinfo=UTC),
        **fields,
    )
    OrderItem.objects.create(order=order, name=FORMULA, quantity=1, unit_price=Decimal(total))
    return order


def path(report: Report, ending: str) -> str:
    return f"/api/v1/reports/{report.project.uuid}/{report.uuid}{ending}"


def content_of(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def csv_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content_of(response).decode("utf-8-sig"))))


def sheets_of(content: bytes) -> dict[str, list[list[str]]]:
    """Read a workbook: the cells of each sheet as they are written in the file."""
    with zipfile.ZipFile(BytesIO(content)) as book:
        names = [
            sheet.attrib["name"]
            for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{SHEET}sheet")
        ]
        return {
            name: [
                ["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")]
                for row in ElementTree.fromstring(
                    book.read(f"xl/worksheets/sheet{number}.xml")
                ).iter(f"{SHEET}row")
            ]
            for number, name in enumerate(names, start=1)
        }


# --- CSV --------------------------------------------------------------------------------------


def test_the_days_are_exported_to_the_cent(
    store: Project, client: APIClient, generate: Asked
) -> None:
    sell(store, "0.10")
    sell(store, "0.20")
    report = generate()

    response = client.get(path(report, ".csv"))
    rows = csv_of(response)

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert (
        response["Content-Disposition"]
        == 'attachment; filename="sales_2025-01-01_2025-01-31_by_day.csv"'
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert len(rows) == 31
    assert rows[0] == {
        "date": "2025-01-01",
        "total_orders": "2",
        "total_revenue": "0.30",
        "average_orders_7_days": str(report.figures["by_day"][0]["average_orders_7_days"]),
        "average_revenue_7_days": str(report.figures["by_day"][0]["average_revenue_7_days"]),
        "currency": "USD",
    }


def test_days_add_up_to_the_reports_total(
    store: Project, client: APIClient, generate: Asked
) -> None:
    for day in range(1, 32):
        sell(store, f"{day}.99", day=day)
    report = generate()

    rows = csv_of(client.get(path(report, ".csv")))

    assert sum(Decimal(row["total_revenue"]) for row in rows) == report.figures["total_revenue"]
    assert sum(int(row["total_orders"]) for row in rows) == report.figures["total_orders"] == 31


@pytest.mark.parametrize("report_type", ["sales", "messages", "performance"])
def test_every_table_of_every_type_can_be_exported(
    store: Project, client: APIClient, generate: Asked, report_type: str
) -> None:
    sell(store, "1.00")
    report = generate(report_type=report_type)
    refused = client.get(path(report, ".csv"), {"table": "nothing"})
    names = refused.json()["errors"]["table"][0].removeprefix("Must be one of ").rstrip(".")

    assert refused.status_code == 422
    for name in names.split(", "):
        response = client.get(path(report, ".csv"), {"table": name})
        assert f'_{name}.csv"' in response["Content-Disposition"]
        csv_of(response)
    assert names.startswith("summary, by_day")


def test_the_summary_has_each_figure_that_stands_alone(
    store: Project, client: APIClient, generate: Asked
) -> None:
    sell(store, "12.50")
    report = generate()

    rows = csv_of(client.get(path(report, ".csv"), {"table": "summary"}))

    figures = {row["figure"]: row["value"] for row in rows}
    assert figures["total_orders"] == "1"
    assert figures["total_revenue"] == "12.50"
    assert figures["customers.total"] == str(report.figures["customers"]["total"])


def test_a_formula_stays_text_in_every_file(
    store: Project, client: APIClient, generate: Asked
) -> None:
    sell(store, "1.00")
    report = generate()

    (row,) = csv_of(client.get(path(report, ".csv"), {"table": "top_products"}))
    content = content_of(client.get(path(report, ".xlsx")))
    page = client.get(path(report, ".html")).content.decode()

    assert row["name"] == f"'{FORMULA}"
    assert sheets_of(content)["Best products"][1][0] == FORMULA
    with zipfile.ZipFile(BytesIO(content)) as book:
        sheets = [book.read(name) for name in book.namelist() if "worksheets/sheet" in name]
        assert not any(b"<f>" in sheet or b"<hyperlink" in sheet for sheet in sheets)
        assert any(b't="inlineStr"' in sheet for sheet in sheets)
    assert '=HYPERLINK("' not in page
    assert "=HYPERLINK(&quot;" in page


def test_a_falling_figure_is_a_number_and_no_formula(
    store: Project, client: APIClient, generate: Asked
) -> None:
    order = sell(store, "10.00")
    Order.objects.filter(pk=order.pk).update(ordered_at=NOW - timedelta(days=40))
    report = generate()

    rows = csv_of(client.get(path(report, ".csv"), {"table": "trend"}))

    changes = {row["figure"]: row["change"] for row in rows}
    assert changes["total_revenue"] == "-10.00"


# --- Workbook ---------------------------------------------------------------------------------


def test_the_workbook_has_a_sheet_for_each_table(
    store: Project, client: APIClient, generate: Asked
) -> None:
    sell(store, "1234.56")
    report = generate()

    response = client.get(path(report, ".xlsx"))
    sheets = sheets_of(content_of(response))

    assert response["Content-Type"] == (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    assert (
        response["Content-Disposition"] == 'attachment; filename="sales_2025-01-01_2025-01-31.xlsx"'
    )
    assert response["X-Content-Type-Options"] == "nosniff"
    assert list(sheets)[:2] == ["Summary", "Days"]
    assert sheets["Days"][0][:3] == ["Day", "Orders", "Revenue (USD)"]
    assert sheets["Days"][1][1:3] == ["1", "1234.56"]
    assert len(sheets["Days"]) == 32


def test_the_same_report_gives_the_same_workbook(
    store: Project, client: APIClient, generate: Asked
) -> None:
    sell(store, "1.00")
    report = generate()

    first = sheets_of(content_of(client.get(path(report, ".xlsx"))))

    assert first == sheets_of(content_of(client.get(path(report, ".xlsx"))))


@pytest.mark.parametrize(
    ("amount", "kept_as"),
    [("9999999999999.99", "number"), ("99999999999999.99", "text")],
)
def test_an_amount_with_more_digits_than_a_spreadsheet_keeps_is_text(
    store: Project, client: APIClient, generate: Asked, amount: str, kept_as: str
) -> None:
    report = generate()
    payload = {**report.figures, "total_revenue": Decimal(amount)}
    Report.objects.filter(pk=report.pk).update(payload=write(payload))

    content = content_of(client.get(path(report, ".xlsx")))

    row = next(row for row in sheets_of(content)["Summary"] if row[0] == "total_revenue")
    assert row[1] == amount
    with zipfile.ZipFile(BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert (f"<v>{amount}</v>" in sheet) == (kept_as == "number")


# --- Page -------------------------------------------------------------------------------------


def test_the_page_has_charts_and_their_numbers_and_loads_nothing(
    store: Project, client: APIClient, generate: Asked
) -> None:
    sell(store, "1234.50", customer_name="<script>alert(1)</script>")
    report = generate()

    response = client.get(path(report, ".html"))
    page = response.content.decode()

    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response["Content-Security-Policy"] == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        f"style-src 'sha256-{digest}'"
    )
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "<script" not in page
    assert "Ada &lt;b&gt;&amp; Sons&lt;/b&gt;" in page
    assert page.count("<svg") >= 3
    assert "<title>1 Jan 2025: 1,234.50</title>" in page
    assert '<td class="number">1,234.50</td>' in page
    assert not any(word in page for word in ('src="', "url(", "<link", "@import", ' style="'))


@pytest.mark.parametrize("report_type", ["sales", "messages", "performance"])
def test_a_page_without_anything_to_show_is_no_error(
    client: APIClient, generate: Asked, report_type: str
) -> None:
    page = client.get(path(generate(report_type=report_type), ".html")).content.decode()

    assert "NaN" not in page
    assert "None" not in page


def test_the_page_of_a_year_adds_its_days_up_to_months(
    store: Project, client: APIClient, generate: Asked
) -> None:
    for day in range(1, 32):
        sell(store, f"{day}.01", day=day)
    report = generate(start_date="2024-03-01", end_date="2025-02-28")

    page = client.get(path(report, ".html")).content.decode()

    assert "<title>Jan 2025: 496.31</title>" in page
    assert page.count(">Jan 2025</th>") == 1
    assert "2 Jan 2025" not in page


# --- Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".html"])
@pytest.mark.parametrize("accept", ["text/csv", "application/json", "*/*", "x/y"])
def test_a_report_that_is_not_ready_is_refused_in_json(
    store: Project, client: APIClient, ending: str, accept: str
) -> None:
    body = {"report_type": "sales", "start_date": "2025-01-01", "end_date": "2025-01-31"}
    asked = client.post(f"/api/v1/reports/{store.uuid}/generate", body).json()
    report = Report.objects.get(uuid=asked["id"])

    response = client.get(path(report, ending), HTTP_ACCEPT=accept)

    assert response.status_code == 409
    assert response["Content-Type"] == "application/json"
    assert response.json()["detail"] == (
        "The report is generating. Only a report that is ready can be exported."
    )


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".html"])
def test_an_unknown_report_is_not_found(store: Project, client: APIClient, ending: str) -> None:
    response = client.get(f"/api/v1/reports/{store.uuid}/x{ending}")

    assert (response.status_code, response.json()["detail"]) == (404, "Report not found")


def test_the_page_says_what_bars_show_and_leaves_out_empty_columns(
    store: Project, client: APIClient, generate: Asked
) -> None:
    sell(store, "10.00", customer_name="Bob", customer_email="bob@example.com")

    page = client.get(path(generate(), ".html")).content.decode()

    found = "Most revenue on 1 Jan 2025: $10.00."
    assert f"{found} <small>Revenue (USD)</small></figcaption>" in page
    assert ">E-mail</th>" in page
    assert ">Phone</th>" not in page


# --- statistics -------------------------------------------------------------------------------


def statistics(store: Project, ending: str, what: str = "orders", **asked: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/api/v1/{what}/{store.uuid}/stats/summary{ending}?{query}"


SALE: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    day=st.integers(1, 31),
    total=st.decimals(0, 10**6, places=2).map(str),
    currency=st.sampled_from(["USD", "USD", "EUR", "JPY"]),
    status=st.sampled_from(["pending", "fulfilled", "cancelled", "draft"]),
    provider=st.sampled_from(["api", "storefront", "shopify"]),
    is_test=st.sampled_from([False, False, True]),
)


@pytest.mark.slow
@given(sales=st.lists(SALE, max_size=12))
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_statistics_reports_and_exports_of_both_agree(
    store: Project, client: APIClient, generate: Asked, sales: list[dict[str, Any]]
) -> None:
    """Statistics of 32 days, from the 1st of January to the 1st of February."""
    Order.objects.all().delete()
    for sale in sales:
        sell(store, sale.pop("total"), day=sale.pop("day"), **sale)
    shown = client.get(statistics(store, "", days=32)).json()
    report = generate(end_date="2025-02-01")

    summary = {
        row["figure"]: row["value"]
        for row in csv_of(client.get(statistics(store, ".csv", days=32, table="summary")))
    }
    for name in ("total_orders", "total_revenue", "average_order_value"):
        assert Decimal(summary[name]) == Decimal(str(shown[name])) == report.figures[name]
    for table in ("by_day", "orders_by_status", "by_currency", "by_provider"):
        of_statistics = csv_of(client.get(statistics(store, ".csv", days=32, table=table)))
        assert of_statistics == csv_of(client.get(f"{path(report, '.csv')}?table={table}"))
    days = csv_of(client.get(statistics(store, ".csv", days=32)))
    assert sum(int(day["total_orders"]) for day in days) == shown["total_orders"]
    assert sum(Decimal(day["total_revenue"]) for day in days) == Decimal(summary["total_revenue"])
    sheets = sheets_of(content_of(client.get(statistics(store, ".xlsx", days=32))))
    sheets_of_report = sheets_of(content_of(client.get(path(report, ".xlsx"))))
    for sheet in ("Days", "Orders by status", "Currencies", "Channels"):
        assert sheets[sheet] == sheets_of_report[sheet]


def test_statistics_of_messages_are_those_of_a_report(
    store: Project, client: APIClient, generate: Asked
) -> None:
    report = generate(report_type="messages", end_date="2025-02-01")

    for table in ("summary", "by_day", "by_provider", "by_status", "by_agent"):
        url = statistics(store, ".csv", "messages", days=32, table=table)
        assert csv_of(client.get(url)) == csv_of(
            client.get(f"{path(report, '.csv')}?table={table}")
        )


@pytest.mark.parametrize("what", ["orders", "messages"])
def test_statistics_are_files_and_a_page(store: Project, client: APIClient, what: str) -> None:
    sell(store, "10.00", day=31)

    table = client.get(statistics(store, ".csv", what, days=7))
    book = client.get(statistics(store, ".xlsx", what, days=7))
    page = client.get(statistics(store, ".html", what, days=7))

    assert f'filename="{what}_2025-01-26_2025-02-01_by_day.csv"' in table["Content-Disposition"]
    assert len(csv_of(table)) == 7
    assert f'filename="{what}_2025-01-26_2025-02-01.xlsx"' in book["Content-Disposition"]
    assert len(sheets_of(content_of(book))["Days"]) == 8
    assert "Ada &lt;b&gt;&amp; Sons&lt;/b&gt;" in page.content.decode()
    assert "Statistics, made 1 Feb 2025, 10:00 UTC" in page.content.decode()


def test_statistics_refuse_days_and_tables_that_do_not_exist(
    store: Project, client: APIClient
) -> None:
    assert client.get(statistics(store, ".csv", days=0)).status_code == 422
    refused = client.get(statistics(store, ".csv", table="top_products"))

    assert refused.status_code == 422
    assert "Must be one of summary, by_day, orders_by_status" in str(refused.json())


@pytest.mark.parametrize("what", ["orders", "messages"])
def test_statistics_take_as_many_statements_whatever_there_is(
    store: Project, client: APIClient, what: str
) -> None:
    counts = []
    for size in (2, 20):
        for number in range(size):
            sell(store, "1.00", day=1 + number, currency="USD" if number % 2 else "EUR")
        with CaptureQueriesContext(connection) as statements:
            content_of(client.get(statistics(store, ".xlsx", what, days=40)))
        counts.append(len(statements))

    assert counts[0] == counts[1]


# --- pages ------------------------------------------------------------------------------------


def test_a_page_has_one_table_of_durations_and_no_chart_of_two_bars() -> None:
    spread = {"count": 4, "average": Decimal("14400.0"), "p50": Decimal("9000.0"), "p90": None}
    nothing = {"count": 0, "average": None, "p50": None, "p90": None}
    page = write_page(
        Document(
            tables="performance",
            title="Performance report",
            project_name="My Store",
            period=Period(NOW.date(), NOW.date(), ZoneInfo("UTC")),
            payload={
                "lead_time_seconds": spread,
                "waiting_seconds": nothing,
                "blocked_by": {"failed": 2, "cancelled": 1},
                "chains": {"length": {"p90": Decimal("3.0")}, "longest": 4},
            },
            summary="",
            made_at=NOW,
            source="Statistics",
        )
    )

    assert page.count("How long it took") == 1
    assert "From placed to done" in page
    assert "4 hours" in page
    assert "2.5 hours" in page
    assert "Waiting for other orders" not in page
    assert "What blocked orders" in page
    assert "<svg" not in page
    assert "Orders in 90% of them, at most" in page
    assert "Orders in the longest" in page


# --- usage ------------------------------------------------------------------------------------


def usage_path(project: Project, ending: str, table: str = "by_day") -> str:
    return f"/api/v1/reports/{project.uuid}/usage{ending}?days=3&table={table}"


def assistant_path(project: Project, ending: str, table: str = "by_day") -> str:
    return f"/api/v1/assistant/usage/{project.uuid}{ending}?days=3&table={table}"


def test_usage_is_exported_as_it_is_shown(store: Project, client: APIClient, ada: User) -> None:
    today = datetime(2025, 2, 1, tzinfo=UTC).date()
    token, _ = make_api_token(ada, "orders:read")
    ApiToken.objects.filter(pk=token.pk).update(name="=Warehouse")
    count_calls(
        {
            Key(today, store.pk, ada.pk, "", "hub"): 4,
            Key(today - timedelta(days=1), store.pk, ada.pk, token.pk.hex, "chain"): 3,
            Key(today - timedelta(days=3), store.pk, ada.pk, "", "hub"): 9,
        }
    )
    shown = client.get(usage_path(store, "")).json()

    def rows(table: str) -> list[dict[str, str]]:
        return csv_of(client.get(usage_path(store, ".csv", table)))

    summary = {row["figure"]: row["value"] for row in rows("summary")}
    assert summary["total_calls"] == str(shown["total_calls"]) == "7"
    assert [(row["date"], int(row["calls"])) for row in rows("by_day")] == [
        (day["date"], day["calls"]) for day in shown["by_day"]
    ]
    assert {row["surface"]: int(row["count"]) for row in rows("by_surface")} == shown["by_surface"]
    assert [row["calls"] for row in rows("by_user")] == ["7"]
    assert [row["name"] for row in rows("by_token")] == ["'=Warehouse"]
    book = sheets_of(content_of(client.get(usage_path(store, ".xlsx"))))
    assert book["Days"][-1][1] == "4"
    assert book["API tokens"][1][0] == "=Warehouse"
    page = client.get(usage_path(store, ".html")).content.decode()
    assert "7 calls by 1 user." in page


def test_usage_of_the_assistant_is_exported_as_it_is_shown(
    store: Project, client: APIClient
) -> None:
    moment = datetime(2025, 2, 1, 9, tzinfo=UTC)
    for kind, tokens, cost, at in [
        ("query", 100, "0.000125", moment),
        ("query", 300, "0.25", moment - timedelta(days=1)),
        ("reply", 50, None, moment),
        ("query", 900, "9.00", moment - timedelta(days=3)),
    ]:
        make_call(store, kind=kind, tokens=tokens, cost=cost, at=at)
    shown = client.get(assistant_path(store, "")).json()

    def rows(table: str) -> list[dict[str, str]]:
        return csv_of(client.get(assistant_path(store, "/summary.csv", table)))

    summary = {row["figure"]: row["value"] for row in rows("summary")}
    for name in (
        *("total_api_calls", "total_tokens_used", "total_cost_usd"),
        *("average_cost_per_call", "calls_of_unknown_cost"),
    ):
        assert Decimal(summary[name]) == Decimal(str(shown[name]))
        if name != "average_cost_per_call":
            assert Decimal(summary[name]) == sum(Decimal(day[name]) for day in rows("by_day"))
    assert [row["date"] for row in rows("by_day")] == ["2025-01-30", "2025-01-31", "2025-02-01"]
    for table, word in (("by_model", "model"), ("by_kind", "kind")):
        assert [(row[word], int(row["total_api_calls"])) for row in rows(table)] == [
            (each[word], each["total_api_calls"]) for each in shown[table]
        ]
    book = sheets_of(content_of(client.get(assistant_path(store, "/summary.xlsx"))))
    assert book["Kinds of calls"][0][:2] == ["Kind", "Calls"]
    page = client.get(assistant_path(store, "/summary.html")).content.decode()
    assert "3 calls of models, 450 tokens." in page
    assert "$0.250125" in page


def make_call(
    project: Project, *, kind: str, tokens: int, cost: str | None, at: datetime
) -> AssistantCall:
    """Store a call of a model that has ended."""
    return AssistantCall.objects.create(
        project=project,
        kind=kind,
        outcome=AssistantCall.Outcome.ANSWERED,
        provider="gemini",
        model_asked="gemini-flash",
        model="gemini-flash",
        total_tokens=tokens,
        cost=None if cost is None else Decimal(cost),
        known_cost=Decimal(cost or 0),
        created_at=at,
    )
