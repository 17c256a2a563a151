"""The pages of reports, in a browser."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from orderchainer.testing.browsers import (
    NARROW,
    THEMES,
    WIDE,
    Theme,
    Visit,
    inaccessible,
    is_ready,
    scrolls_sideways,
    small_targets,
)

pytestmark = pytest.mark.browser

# Something that the stream tells about a report.
HAPPENS = """() => document.dispatchEvent(
  new CustomEvent("live", { detail: { subject_kind: "report", subject_id: "5f0" } })
)"""


def open_reports(visit: Visit, *, theme: Theme = "light", width: int = WIDE) -> Page:
    """Open the reports of the demo's own project."""
    page = visit.sign_in(theme=theme, width=width)
    page.goto(page.url.replace("/orders", "/reports"))
    return page


def generate(page: Page, kind: str = "Sales") -> None:
    """Have a report made, and open it once it is ready."""
    page.get_by_role("combobox", name="Kind").select_option(kind)
    page.get_by_role("button", name="Generate report").click()
    row = page.get_by_role("row", name=re.compile(f"^{kind}, ")).first
    expect(row).to_contain_text("ready")
    row.get_by_role("link", name=re.compile(f"^{kind}, ")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{kind}, ")


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", THEMES)
def test_everybody_can_use_the_list_and_each_kind_of_report(
    visit: Visit, theme: Theme, width: int
) -> None:
    page = open_reports(visit, theme=theme, width=width)
    reports = page.url
    for kind in ("Sales", "Messages", "Performance"):
        page.goto(reports)
        generate(page, kind)
        for summary in page.get_by_text("Show as table").all():
            summary.click()

        assert inaccessible(page) == [], kind
        assert small_targets(page, at_least=44 if width == NARROW else 24) == [], kind
        assert not scrolls_sideways(page), kind
    page.goto(reports)
    assert inaccessible(page) == []
    assert small_targets(page, at_least=44 if width == NARROW else 24) == []
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", THEMES)
def test_everybody_can_use_the_schedules(visit: Visit, theme: Theme, width: int) -> None:
    page = open_reports(visit, theme=theme, width=width)
    page.get_by_role("link", name="Schedules").click()
    page.get_by_role("link", name="New schedule").click()
    assert inaccessible(page) == []
    assert small_targets(page, at_least=44 if width == NARROW else 24) == []

    page.get_by_role("combobox", name="Frequency").select_option("Monthly")
    page.get_by_role("button", name="Create schedule").click()
    row = page.get_by_role("row", name=re.compile("^Sales, monthly")).last
    expect(row).to_contain_text("on")
    assert inaccessible(page) == []
    assert not scrolls_sideways(page)
    row.get_by_role("button", name="Pause Sales, monthly").click()
    row = page.get_by_role("row", name=re.compile("^Sales, monthly")).last
    expect(row).to_contain_text("paused")
    row.get_by_role("link", name="Delete Sales, monthly").click()
    assert inaccessible(page) == []
    page.get_by_role("button", name="Delete the schedule").click()
    expect(page.get_by_text("is deleted. Its reports stay.")).to_be_visible()


def test_charts_are_named_by_what_they_show_and_read_bar_by_bar(visit: Visit) -> None:
    page = open_reports(visit)
    generate(page)
    days = page.get_by_role("region", name="Days", exact=True)
    finding = days.locator("figcaption").inner_text()
    assert "Most revenue on" in finding

    expect(days.get_by_role("figure", name=finding)).to_be_visible()
    days.get_by_text("Show as table").click()
    table = days.get_by_role("table", name=finding)
    first, last = table.get_by_role("rowheader").first, table.get_by_role("rowheader").last
    chart = days.locator("[data-chart]")
    readout = days.get_by_role("status")
    is_ready(page)
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text(first.inner_text())
    page.keyboard.press("End")
    expect(readout).to_contain_text(last.inner_text())
    words = readout.inner_text()
    page.keyboard.press("ArrowLeft")
    expect(readout).not_to_have_text(words)
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 20)
    expect(readout).to_have_text(words)


def test_a_report_appears_by_itself_on_its_page(visit: Visit) -> None:
    page = open_reports(visit)
    generate(page)
    summary = page.locator(".summary").inner_text()
    # Make the page what it is while a worker builds the report.
    page.locator("#report").evaluate(
        """(part) => {
          part.replaceChildren("The report is being made");
          part.dataset.refreshes = "report-5f0";
        }"""
    )
    page.add_script_tag(url="/static/orderchainer/js/refreshing.js", type="module")

    page.evaluate(HAPPENS)

    expect(page.locator(".summary")).to_have_text(summary)


def test_a_report_that_is_gone_is_not_asked_for_for_ever(visit: Visit) -> None:
    page = open_reports(visit)
    generate(page)
    part = page.locator("#report")
    part.evaluate("(part) => { part.dataset.refreshes = 'report-5f0'; }")
    page.add_script_tag(url="/static/orderchainer/js/refreshing.js", type="module")
    visit.expect_problem("status of 404")
    page.route("**/reports/*", lambda route: route.fulfill(status=404))

    page.evaluate(HAPPENS)

    expect(page.get_by_text("You can no longer see part of this page")).to_be_visible()
    assert part.get_attribute("data-refreshes") is None


def test_whoever_was_signed_out_is_told_once_and_goes_on_later(visit: Visit) -> None:
    page = open_reports(visit)
    generate(page)
    page.clock.install()
    page.reload()
    part = page.locator("#report")
    part.evaluate("(part) => { part.dataset.refreshes = ''; }")
    page.add_script_tag(url="/static/orderchainer/js/refreshing.js", type="module")
    visit.expect_problem("status of 401")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=401)

    page.route("**/reports/*", refuse)
    page.evaluate(HAPPENS)
    page.clock.run_for(500)
    told = page.get_by_text("You were signed out.")
    expect(told).to_be_visible()
    page.evaluate(HAPPENS)
    page.clock.run_for(60_000)
    assert len(asked) == 1
    expect(told).to_have_count(1)

    page.unroute("**/reports/*", refuse)
    with page.expect_response("**/reports/*"):
        page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); }")
        page.clock.run_for(500)


def test_that_time_goes_by_is_no_change(visit: Visit) -> None:
    page = open_reports(visit)
    generate(page)
    page.clock.install()
    page.reload()
    page.locator("#report").evaluate(
        """(part) => {
          part.innerHTML = 'Made <time datetime="2026-11-30T10:00:00Z">1 min ago</time>';
          part.dataset.refreshes = "";
        }"""
    )
    page.add_script_tag(url="/static/orderchainer/js/refreshing.js", type="module")
    announcer = page.locator("#announcer")

    def becomes(moment: str, words: str) -> None:
        body = (
            f'<div id="report" data-refreshes>Made <time datetime="{moment}">{words}</time></div>'
        )
        page.route("**/reports/*", lambda route: route.fulfill(body=body, content_type="text/html"))
        page.evaluate(HAPPENS)
        page.clock.run_for(500)
        expect(page.locator("#report")).to_have_text(f"Made {words}")
        page.clock.run_for(5_000)

    becomes("2026-11-30T10:00:00Z", "2 min ago")
    expect(announcer).to_be_empty()
    becomes("2026-11-30T10:05:00Z", "just now")
    expect(announcer).to_have_text("The page has changed")


def test_another_table_is_downloaded_from_its_form(visit: Visit) -> None:
    page = open_reports(visit)
    generate(page)

    page.get_by_role("combobox", name="Table").select_option("Orders by status")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()

    assert download.value.suggested_filename.endswith("_orders_by_status.csv")
