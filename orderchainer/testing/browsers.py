"""A real browser beside a real service, for tests with the marker `browser`.

    @pytest.mark.browser
    def test_something(visit: Visit) -> None:
        page = visit("/sign-in")
        …

`CHROMIUM` names the browser; otherwise it is the `chromium` of this machine. A test fails if its
page writes an error to the console, breaks the content policy, or asks another origin for
anything. `SLOW_SCRIPTS=1000` lets each script come a second late, as on a slow line.
"""

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

from orderchainer.testing.processes import Installation, embedded

# Every run of the tests reads this module, and Playwright takes half a second to import. So we
# import it where a browser test needs it.
if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

Theme = Literal["light", "dark"]

THEMES: tuple[Theme, ...] = ("light", "dark")
WIDE, NARROW = 1280, 320
# The rules of WCAG 2.2 AA, and what axe recommends besides.
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# The rules that look at colours, which are all that another theme changes.
AXE_ON_COLOURS = ("color-contrast", "link-in-text-block")
ANSWERS_WITHIN_MS = 15_000
NO_BROWSER = "NO BROWSER: install chromium, or let CHROMIUM name one"

_REPORTS_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`Content policy: ${event.violatedDirective} forbids ${event.blockedURI}`);
});
"""


_FAILED = pytest.StashKey[bool]()


def chromium() -> str | None:
    """Return the path of the browser, or None if this machine has none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@dataclass
class Session:
    """What a browser keeps of somebody who has signed in, and the path of their own project."""

    cookies: Sequence[Any]
    home: str


class Visit:
    """Opens pages of the service in a fresh browser profile, and watches them.

    `sessions` holds the session that tests share, once somebody has signed in.
    """

    def __init__(
        self, installation: Installation, context: "BrowserContext", sessions: list[Session]
    ) -> None:
        self.installation = installation
        self.context = context
        self.sessions = sessions
        self.problems: list[str] = []
        # A test that leaves a page at once leaves its socket while it connects.
        self._expected = ["WebSocket is closed before the connection is established"]
        context.set_default_timeout(ANSWERS_WITHIN_MS)
        context.add_init_script(_REPORTS_VIOLATIONS)
        context.on("page", self._watch)
        if delay := os.environ.get("SLOW_SCRIPTS"):
            context.route("**/static/**/*.js", partial(_answer_late, milliseconds=float(delay)))

    def __call__(self, path: str, *, theme: Theme = "light", width: int = WIDE) -> "Page":
        """Open `path` in a new tab."""
        page = self.context.new_page()
        page.set_viewport_size({"width": width, "height": 800})
        # What is moving has other colours and sizes than it will have.
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto(self.installation.url + path)
        return page

    def sign_in(
        self, path: str = "orders", *, theme: Theme = "light", width: int = WIDE, anew: bool = False
    ) -> "Page":
        """Open `path` as the demo account. Without a slash it is a page of its own project.

        Tests share one session. With `anew` a test gets one of its own, which it may end.
        """
        if anew or not self.sessions:
            session = self._open_session()
            if not anew:
                self.sessions.append(session)
        else:
            [session] = self.sessions
            self.context.add_cookies(session.cookies)
        if not path.startswith("/"):
            path = f"{session.home}/{path}"
        return self(path, theme=theme, width=width)

    def _open_session(self) -> Session:
        email, password = self.account()
        page = self("/sign-in?next=/app/")
        page.get_by_role("textbox", name="E-mail").fill(email)
        page.get_by_role("textbox", name="Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        choice = page.get_by_role("combobox", name="Project")
        own = choice.locator("option", has_text=email).get_attribute("value")
        page.close()
        return Session(cookies=self.context.cookies(), home=f"/app/{own}")

    def account(self) -> tuple[str, str]:
        """Return e-mail and password of the demo account, which the first start shows once."""
        output = self.installation.services["serve"].output
        shown = re.search(r"e-mail +(\S+)\n +password +(\S+)", output)
        assert shown, output
        return shown[1], shown[2]

    def expect_problem(self, part: str) -> None:
        """Let the console show errors that contain `part`, such as `status of 409`."""
        self._expected.append(part)

    def unexpected_problems(self) -> list[str]:
        """Return the errors that no test announced."""
        return [
            problem
            for problem in self.problems
            if not any(part in problem for part in self._expected)
        ]

    def _watch(self, page: "Page") -> None:
        def console(message: Any) -> None:
            if message.type in {"error", "warning"}:
                self.problems.append(f"{page.url}: {message.text}")

        def request(sent: Any) -> None:
            here, there = urlsplit(self.installation.url), urlsplit(sent.url)
            if there.scheme in {"http", "https"} and there.netloc != here.netloc:
                self.problems.append(f"{page.url} asks {sent.url}")

        page.on("console", console)
        page.on("request", request)
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))


def _answer_late(route: "Route", *, milliseconds: float) -> None:
    from playwright.sync_api import Error

    # Whoever leaves the page meanwhile asks no longer.
    with suppress(Error):
        route.request.frame.page.wait_for_timeout(milliseconds)
        route.continue_()


def hold_scripts(page: "Page", scripts: str = "*.js") -> Callable[[], None]:
    """Hold back scripts of the next page. Returns what lets them come."""
    held: list[Route] = []
    is_open = False

    def asked(route: "Route") -> None:
        if is_open:
            route.continue_()
        else:
            held.append(route)

    def let_them_come() -> None:
        nonlocal is_open
        is_open = True
        for route in held:
            route.continue_()

    page.route(f"**/static/**/{scripts}", asked)
    return let_them_come


def is_ready(page: "Page") -> None:
    """Wait until all scripts of the page have run.

    A page that was opened by its address is ready. One that was opened by a click need not be: so
    first expect something that only the new page has. What needs a script is hidden until then, so
    nobody has to wait before a click on it.
    """
    page.locator("html[data-ready]").wait_for(state="attached")


def choose_project(page: "Page", name: str) -> None:
    """Go to another project by the choice that stands beside every page."""
    before = page.url
    choice = page.get_by_role("combobox", name="Project")
    if choice.locator("option[selected]").inner_text() == name:
        return
    choice.select_option(name)
    page.wait_for_url(lambda url: url != before)


def inaccessible(page: "Page", *, without: Sequence[str] = ()) -> list[str]:
    """Return what axe objects to on the page as it is now, in both themes, but for some rules."""
    from axe_playwright_python.base import AXE_SCRIPT

    # A page that was opened by a click may still lack its styles.
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    colours = [rule for rule in AXE_ON_COLOURS if rule not in without]
    rules: Mapping[Theme, dict[str, object]] = {
        "dark": {"runOnly": {"type": "rule", "values": colours}},
        "light": {
            "runOnly": {"type": "tag", "values": AXE_TAGS},
            "rules": {rule: {"enabled": False} for rule in without},
        },
    }
    found = []
    for theme, options in rules.items():
        page.emulate_media(color_scheme=theme)
        violations = page.evaluate(
            "(options) => axe.run(options).then(({violations}) => violations)",
            {"resultTypes": ["violations"], **options},
        )
        found += [
            f"{violation['id']} ({theme}): {node['html'][:200]} {node.get('failureSummary', '')}"
            for violation in violations
            for node in violation["nodes"]
        ]
    return found


def scrolls_sideways(page: "Page") -> bool:
    """Tell whether the page is wider than its window."""
    # A page that was opened by a click may still lack its styles.
    page.wait_for_load_state()
    wider: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wider


def small_targets(page: "Page", *, at_least: int) -> list[str]:
    """Return what people can click that is smaller than so many CSS pixels; not links in text."""
    # A page that was opened by a click may still lack its styles.
    page.wait_for_load_state()
    found: Sequence[str] = page.evaluate(
        """(least) => [...document.querySelectorAll(
          'button, select, input, [role="menuitem"], nav a, .button'
        )].filter((element) => {
          const target = element.closest("label") ?? element;
          const box = target.getBoundingClientRect();
          const isShown = element.checkVisibility({visibilityProperty: true}) && box.width > 1;
          return isShown && (box.height < least || box.width < least);
        }).map((element) => element.outerHTML.slice(0, 120))""",
        at_least,
    )
    return list(found)


@pytest.fixture(scope="session")
def browsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running service with the demo in its own database, with DEBUG on."""
    if not chromium():
        pytest.skip(NO_BROWSER)
    with embedded(tmp_path_factory.mktemp("browsed"), DEBUG="on") as installation:
        installation.start("serve")
        installation.wait_until_it_listens("serve")
        yield installation


def _as_long_as_possible(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    # While Playwright runs, no asynchronous test can run in the same process.
    return "session" if config.option.markexpr == "browser" else "module"


@pytest.fixture(scope=_as_long_as_possible)
def browser() -> Iterator["Browser"]:
    """A browser without a window."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=ANSWERS_WITHIN_MS)
    path = chromium()
    if not path:
        pytest.skip(NO_BROWSER)
    # Chromium's own sandbox does not work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="session")
def sessions() -> list[Session]:
    """The session that tests share, once one of them has signed in."""
    return []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test itself failed."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture
def visit(
    browsed: Installation,
    browser: "Browser",
    sessions: list[Session],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Visit]:
    """Open pages; at the end, fail if one of them had a problem. A failure leaves pictures."""
    with browser.new_context(reduced_motion="reduce") as context:
        visiting = Visit(browsed, context, sessions)
        yield visiting
        if request.node.stash.get(_FAILED, True):
            for number, page in enumerate(context.pages):
                page.screenshot(path=tmp_path / f"{number}.png")
    assert visiting.unexpected_problems() == []
