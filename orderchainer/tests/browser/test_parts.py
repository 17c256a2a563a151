"""All parts of the workspace in a browser: accessible in both themes, wide and narrow."""

import pytest
from playwright.sync_api import Locator, Page, expect

from orderchainer.testing.browsers import (
    NARROW,
    WIDE,
    Visit,
    inaccessible,
    scrolls_sideways,
    small_targets,
)

pytestmark = pytest.mark.browser

WIDTHS = (WIDE, NARROW)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["/gallery", "/gallery?card"])
def test_everybody_can_use_every_part(visit: Visit, path: str, width: int) -> None:
    page = visit(path, width=width)

    assert inaccessible(page) == []
    assert not scrolls_sideways(page)
    assert small_targets(page, at_least=24) == []


def test_targets_are_large_on_phones(visit: Visit) -> None:
    page = visit("/gallery", width=390)

    assert small_targets(page, at_least=44) == []


def open_menu(page: Page) -> None:
    page.get_by_role("button", name="View").click()
    expect(page.get_by_role("menu", name="View")).to_be_visible()


def open_dialog(page: Page) -> None:
    page.get_by_role("button", name="Create order").click()
    expect(page.get_by_role("dialog", name="What happens if #3 fails")).to_be_visible()


def results(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Results").get_by_role("option")


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(results(page).filter(has_text="Inbox")).to_be_visible()


def open_help(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("opening", [open_menu, open_dialog, open_palette, open_help])
def test_everybody_can_use_what_opens(visit: Visit, opening: object, width: int) -> None:
    page = visit("/gallery", width=width)

    assert callable(opening)
    opening(page)

    # axe takes what lies under a menu for its neighbours.
    assert inaccessible(page, without=["target-size"]) == []
    assert small_targets(page, at_least=24) == []


def test_the_skip_link_leads_to_the_content(visit: Visit) -> None:
    page = visit("/gallery")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("path", ["/gallery", "/gallery?card"])
def test_the_page_works_without_scripts(visit: Visit, path: str) -> None:
    with visit.context.browser.new_context(java_script_enabled=False) as context:  # type: ignore[union-attr]
        page = context.new_page()
        page.goto(visit.installation.url + path)

        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator(".needs-script:visible").count() == 0


# --- Menus and dialogs ------------------------------------------------------------------------


def test_a_menu_is_walked_by_keys(visit: Visit) -> None:
    page = visit("/gallery")
    button = page.get_by_role("button", name="View")

    button.focus()
    page.keyboard.press("Enter")
    items = page.get_by_role("menu", name="View").get_by_role("menuitem")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(items.last).to_be_focused()
    page.keyboard.press("b")
    expect(items.nth(0)).to_be_focused()
    page.keyboard.press("Escape")

    expect(items.nth(0)).to_be_hidden()
    expect(button).to_be_focused()


def test_a_dialog_gives_the_focus_back(visit: Visit) -> None:
    page = visit("/gallery")
    button = page.get_by_role("button", name="Create order")

    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="What happens if #3 fails")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()


# --- Keys -------------------------------------------------------------------------------------


def test_keys_walk_a_list_and_select(visit: Visit) -> None:
    page = visit("/gallery")

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="#2 Finish the surface")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="#1 Sew the sails")).to_be_focused()
    page.keyboard.press("x")

    expect(page.get_by_role("checkbox", name="Select #1")).to_be_checked()


def test_two_keys_go_to_a_page(visit: Visit) -> None:
    page = visit("/gallery")

    page.keyboard.press("g")
    page.keyboard.press("i")

    page.wait_for_url("**/gallery?page=Inbox")


def test_slash_goes_to_the_search_where_keys_are_letters(visit: Visit) -> None:
    page = visit("/gallery")
    search = page.get_by_role("searchbox", name="Search orders")

    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("c?jx")

    expect(search).to_have_value("c?jx")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_single_keys_can_be_switched_off(visit: Visit) -> None:
    page = visit("/gallery")
    page.evaluate("document.documentElement.dataset.keys = 'off'")

    for key in ("c", "?", "j", "/"):
        page.keyboard.press(key)

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("body")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Command palette")).to_be_visible()


def test_the_palette_finds_pages(visit: Visit) -> None:
    page = visit("/gallery")

    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search or jump to")
    expect(box).to_be_focused()
    page.keyboard.type("repo")
    expect(results(page)).to_have_text(["Reportsg r"])
    page.keyboard.press("Enter")

    page.wait_for_url("**/gallery?page=Reports")


def test_the_palette_says_when_it_finds_nothing(visit: Visit) -> None:
    page = visit("/gallery")

    page.keyboard.press("Control+k")
    expect(results(page).first).to_be_visible()
    page.keyboard.type("zzz")

    expect(page.get_by_text("Nothing found.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Command palette")).to_be_visible()


# --- Small things -----------------------------------------------------------------------------


def test_another_project_is_chosen_by_enter_and_not_by_arrows(visit: Visit) -> None:
    page = visit("/gallery")
    projects = page.get_by_role("combobox", name="Project")

    projects.focus()
    page.keyboard.press("ArrowDown")
    assert page.url.endswith("/gallery")
    page.keyboard.press("Enter")

    page.wait_for_url("**/gallery?other")


@pytest.mark.parametrize("by_pointer", [False, True])
def test_whoever_leaves_a_select_has_only_looked(visit: Visit, by_pointer: bool) -> None:
    page = visit("/gallery")
    projects = page.get_by_role("combobox", name="Project")
    before = projects.input_value()
    projects.focus()
    page.keyboard.press("ArrowDown")
    expect(projects).not_to_have_value(before)

    if by_pointer:
        projects.dispatch_event("pointerdown")
    else:
        page.keyboard.press("Tab")

    expect(projects).to_have_value(before)
    assert page.url.endswith("/gallery")
    projects.select_option(index=1)
    page.wait_for_url("**/gallery?other")


OPENING = [
    ("Linux x86_64", {"key": "F4"}),
    ("Linux x86_64", {"key": "ArrowDown", "altKey": True}),
    ("MacIntel", {"key": "ArrowUp"}),
]


@pytest.mark.parametrize(("platform", "pressed"), OPENING)
def test_what_is_chosen_in_a_list_that_a_key_opened_counts(
    visit: Visit, platform: str, pressed: dict[str, object]
) -> None:
    page = visit("/gallery")
    page.evaluate(
        """(value) => {
          Object.defineProperty(Navigator.prototype, "platform", { get: () => value });
        }""",
        platform,
    )
    projects = page.get_by_role("combobox", name="Project")
    projects.focus()
    projects.dispatch_event("keydown", {**pressed, "bubbles": True})

    projects.select_option(index=1)

    page.wait_for_url("**/gallery?other")


def test_a_button_copies(visit: Visit) -> None:
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit("/gallery")

    page.get_by_role("button", name="Copy").click()

    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "wh_0815"


def test_moments_stay_true(visit: Visit) -> None:
    page = visit.context.new_page()
    page.clock.install()
    page.goto(f"{visit.installation.url}/gallery")
    changed = page.locator("#order-1 time")
    expect(changed).to_have_text("7 min ago")

    page.clock.run_for(60 * 60 * 1000)

    expect(changed).to_have_text("1 h ago")


def test_a_page_takes_few_requests(visit: Visit) -> None:
    page = visit.context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("#")[0]))

    page.goto(f"{visit.installation.url}/gallery")
    page.wait_for_load_state("networkidle")

    # The icon of the tab is also the one on the page.
    assert len(set(asked)) <= 14


def test_a_page_does_not_move_while_it_loads(visit: Visit) -> None:
    page = visit.context.new_page()
    page.add_init_script("""
      new PerformanceObserver((list) => {
        for (const {value} of list.getEntries()) {
          const so_far = Number(document.documentElement.dataset.moved ?? 0);
          document.documentElement.dataset.moved = so_far + value;
        }
      }).observe({type: "layout-shift", buffered: true});
    """)

    page.goto(f"{visit.installation.url}/gallery")
    page.wait_for_load_state("networkidle")

    moved = page.evaluate("Number(document.documentElement.dataset.moved ?? 0)")
    assert moved <= 0.02


def test_a_message_stays_while_the_pointer_is_on_it(visit: Visit) -> None:
    page = visit.context.new_page()
    page.clock.install()
    page.goto(f"{visit.installation.url}/gallery")
    page.evaluate("import('/static/orderchainer/js/announce.js').then((m) => m.toast('Saved'))")
    message = page.locator("#toasts .toast", has_text="Saved")
    message.hover()

    page.clock.run_for(9_000)
    expect(message).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.run_for(9_000)

    expect(message).to_have_count(0)


def test_a_message_is_told_in_the_open_dialog_and_outlives_it(visit: Visit) -> None:
    page = visit("/gallery")
    open_dialog(page)
    dialog = page.get_by_role("dialog", name="What happens if #3 fails")

    page.evaluate(
        "import('/static/orderchainer/js/announce.js')"
        ".then((m) => m.toast('It was lost', {kind: 'danger'}))"
    )

    message = dialog.get_by_role("alert")
    expect(message).to_contain_text("It was lost")
    assert inaccessible(page) == []
    dialog.get_by_role("button", name="Keep it").click()
    message = page.get_by_role("region", name="Messages").get_by_role("alert")
    expect(message).to_contain_text("It was lost")
    message.get_by_role("button", name="Close").click()
    expect(message).to_have_count(0)


def test_announcements_do_not_follow_each_other_too_fast(visit: Visit) -> None:
    page = visit.context.new_page()
    page.clock.install()
    page.goto(f"{visit.installation.url}/gallery")
    said = page.locator("#announcer")

    page.evaluate("""import('/static/orderchainer/js/announce.js').then(({announce}) => {
      for (const text of ["1 change", "2 changes", "3 changes"]) announce(text);
    })""")

    expect(said).to_have_text("1 change")
    page.clock.run_for(5_100)
    expect(said).to_have_text("3 changes")


def test_a_general_announcement_gives_way_to_one_that_says_more(visit: Visit) -> None:
    page = visit.context.new_page()
    page.clock.install()
    page.goto(f"{visit.installation.url}/gallery")
    said = page.locator("#announcer")

    page.evaluate("""import('/static/orderchainer/js/announce.js').then(({announce, GENERAL}) => {
      announce("1 change", GENERAL);
      announce("Inbox, 3 unread");
      announce("2 changes", GENERAL);
    })""")
    page.clock.run_for(3_100)

    expect(said).to_have_text("Inbox, 3 unread")
    page.clock.run_for(60_000)
    expect(said).to_have_text("Inbox, 3 unread")


@pytest.mark.parametrize("width", [WIDE, 390])
def test_the_focus_is_never_hidden(visit: Visit, width: int) -> None:
    page = visit("/gallery", width=width)
    hidden = []

    for _ in range(120):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => {
          const element = document.activeElement;
          if (element === document.body) return null;
          const box = (element.closest("label") ?? element).getBoundingClientRect();
          const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
          const isSeen = top && (element.contains(top) || top.contains(element));
          return isSeen ? "" : element.outerHTML.slice(0, 100);
        }""")
        if found is None:
            break
        hidden += [found] if found else []

    assert hidden == []
