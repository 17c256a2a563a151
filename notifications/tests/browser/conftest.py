"""A running service that is connected to pretend providers, whose customers a test can play."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from orderchainer.testing.browsers import WIDE, Session, Theme, Visit, chromium
from orderchainer.testing.processes import Installation, embedded, wait_until
from orderchainer.testing.servers import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TIMEOUT_SECONDS = 20
STARTS_WITHIN_SECONDS = 240
SHOP = "Aurora Workshop"


@dataclass
class Sandboxed:
    """A running service with the pretend providers, and the session that the tests share."""

    installation: Installation
    sandbox: str
    sessions: list[Session] = field(default_factory=list)


@dataclass
class Talking:
    """A browser of a member, and the telephones of customers."""

    visit: Visit
    sandbox: str
    shop: str = ""

    def open(self, path: str = "", *, theme: Theme = "light", width: int = WIDE) -> "Page":
        """Sign in, and open the inbox of the demo's shop, or a path below it."""
        page = self.visit.sign_in(theme=theme, width=width)
        options = page.get_by_role("combobox", name="Project").locator("option")
        self.shop = options.get_by_text(SHOP, exact=True).get_attribute("value") or ""
        page.goto(f"{self.visit.installation.url}/app/{self.shop}/inbox{path}")
        return page

    def meet(self, name: str, number: int) -> str:
        """Give a customer a telephone, and return the key by which the network knows them."""
        home = self._post("meet", name=name, number=f"4915550{number:06}")
        before = home.partition(f"<h2>{name}</h2>")[2]
        return before.partition('name="user_id" value="')[2].partition('"')[0]

    def write(self, key: str, *texts: str) -> None:
        """Let the customer write, and wait until the service has the messages."""
        count = "SELECT count(*) FROM notifications_message"
        [(before,)] = self.visit.installation.rows(count)
        for text in texts:
            self._post("write", user_id=key, text=text)
        wait_until(
            lambda: self.visit.installation.rows(count) >= [(before + len(texts),)],
            within_seconds=TIMEOUT_SECONDS,
            what=f"“{texts[-1]}” has arrived",
        )

    def _post(self, what: str, **fields: str) -> str:
        url = f"{self.sandbox}/_control/whatsapp/page/{what}"
        with urlopen(url, urlencode(fields).encode(), timeout=TIMEOUT_SECONDS) as answer:
            read: bytes = answer.read()
        return read.decode()


@pytest.fixture(scope="session")
def sandboxed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    """A running service with the demo and the pretend providers, in its own database."""
    if not chromium():
        pytest.skip("NO BROWSER: install chromium, or let CHROMIUM name one")
    port = free_port()
    variables = {"DEBUG": "on", "SANDBOX": "on", "SANDBOX_PORT": str(port)}
    with embedded(tmp_path_factory.mktemp("talking"), **variables) as installation:
        installation.start("serve")
        started = Sandboxed(installation, f"http://127.0.0.1:{port}")
        # It makes a database, loads the demo, and connects it to each provider.
        wait_until(
            lambda: is_connected(started.sandbox),
            within_seconds=STARTS_WITHIN_SECONDS,
            what="the pretend number is connected",
        )
        installation.wait_until_it_listens("serve")
        yield started


def is_connected(sandbox: str) -> bool:
    """Tell whether the pretend WhatsApp knows where to send what customers write."""
    try:
        with urlopen(f"{sandbox}/_control/whatsapp/", timeout=TIMEOUT_SECONDS) as answer:
            return b"Notifications go to http" in answer.read()
    except OSError:
        return False


@pytest.fixture
def talking(sandboxed: Sandboxed, browser: "Browser") -> Iterator[Talking]:
    """Open pages of the inbox; at the end, fail if one of them had a problem."""
    with browser.new_context(reduced_motion="reduce") as context:
        visit = Visit(sandboxed.installation, context, sandboxed.sessions)
        yield Talking(visit, sandboxed.sandbox)
    assert visit.unexpected_problems() == []
