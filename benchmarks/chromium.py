"""Chromium, signed in to the workspace, with a page that measures itself."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.seeding import PASSWORD, Account

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# A phone on a slow line: the processor is four times slower, and the network has 10 Mbit/s.
SLOWER_BY, LATENCY_MS, BYTES_PER_SECOND = 4, 40, 10_000_000 / 8
WAIT_MS = 15_000
# What happens after the paint, such as opening the socket, is part of a visit.
SETTLE_MS = 1_500

# The page adds these up from its first moment.
OBSERVE = """
window.measured = {shift: 0, blocked: 0, longest: 0, largest: 0, interactions: {}};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) measured.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
new PerformanceObserver((list) => {
  for (const {duration} of list.getEntries()) {
    measured.blocked += Math.max(0, duration - 50);
    measured.longest = Math.max(measured.longest, duration);
  }
}).observe({type: "longtask", buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) measured.largest = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => {
  const {interactions} = measured;
  for (const {interactionId: id, duration} of list.getEntries()) {
    if (id) interactions[id] = Math.max(interactions[id] ?? 0, duration);
  }
}).observe({type: "event", durationThreshold: 16, buffered: true});
"""
READ = """() => ({
  ...measured,
  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
  elements: document.getElementsByTagName("*").length,
})"""


@dataclass(frozen=True)
class Member:
    """A user in a browser. `home` is the address of the project, `account` has its orders."""

    browser: "Browser"
    base: str
    home: str
    account: Account

    @contextmanager
    def signed_in(self) -> Iterator["BrowserContext"]:
        """Yield a profile that is signed in and has nothing in its cache but that page."""
        with self.browser.new_context() as context:
            context.set_default_timeout(WAIT_MS)
            page = context.new_page()
            page.goto(f"{self.base}/sign-in")
            page.get_by_role("textbox", name="E-mail").fill(self.account.user.email)
            page.get_by_role("textbox", name="Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
            state = context.storage_state()
        with self.browser.new_context(storage_state=state) as context:
            context.set_default_timeout(WAIT_MS)
            context.add_init_script(OBSERVE)
            yield context

    def board_in(self, context: "BrowserContext") -> "Page":
        """Open the board in that profile, and wait until it follows the events."""
        page = opened(context, f"{self.home}/board")
        page.get_by_role("status", name="Connection").get_by_text("Live").wait_for()
        return page


@contextmanager
def started() -> Iterator["Browser | None"]:
    """Start the browser of this machine, or yield None if it has no browser."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if not path:
        yield None
        return
    # Chromium's own sandbox does not work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


def opened(context: "BrowserContext", address: str, *, slowed: bool = False) -> "Page":
    """Open a page and wait until it has settled."""
    page = context.new_page()
    if slowed:
        tools = context.new_cdp_session(page)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_BY})
        tools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": LATENCY_MS,
                "downloadThroughput": BYTES_PER_SECOND,
                "uploadThroughput": BYTES_PER_SECOND,
            },
        )
    page.goto(address)
    page.wait_for_timeout(SETTLE_MS)
    return page
