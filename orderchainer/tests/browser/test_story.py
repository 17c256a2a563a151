"""One story through the whole product, in a browser: from an order to the report that counts it.

A merchant connects a shop and a phone number. An order arrives, waits for another one, its customer
asks for it, it is released and shipped, and the customer is told. Then the same customer buys in
the merchant's own shop and follows that order. The shop, the phone and the model are the sandbox.

Pages that show what happens are never opened again in between: everything comes by itself.
"""

import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from orderchainer.testing.browsers import ANSWERS_WITHIN_MS, Visit, is_ready
from orderchainer.testing.processes import (
    PRODUCTION,
    Installation,
    RedisServer,
    collected_static_files,
    embedded,
    migrated_postgresql,
    production,
    redis_server,
    wait_until,
)
from orderchainer.testing.servers import (
    START_SECONDS,
    environment_in,
    free_port,
    needs_services,
    running,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.browser

# On a machine with much other work.
PATIENCE_SECONDS = 60
CUSTOMER, PHONE = "Kwame Lovelace", "+12125550000"
ADDRESS = "12 Quay Street\nBristol BS1 4DJ"
TOLD = "Hello {customer_name}, {order_title} is on its way. {link}"


# --- Where it takes place ---------------------------------------------------------------------


@dataclass
class Stage:
    """A running service, and the address of the sandbox."""

    installation: Installation
    sandbox: str

    def ask(self, path: str) -> list[Mapping[str, str]]:
        """Read a list of the sandbox's control plane."""
        answer = requests.get(f"{self.sandbox}/_control/{path}", timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        found: list[Mapping[str, str]] = answer.json()
        return found

    def manage(self, *command: str) -> None:
        """Run a command of `manage.py`, as an operator does."""
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=environment_in(self.installation.directory, **self.installation.variables),
            check=True,
            capture_output=True,
            timeout=START_SECONDS,
        )


def own_address() -> dict[str, str]:
    """Return variables for a service that is reached at an address of this run."""
    port = free_port()
    return {"PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}


@contextmanager
def embedded_stage(directory: Path) -> Iterator[Stage]:
    """Everything in one process, on SQLite, as `SANDBOX=on make run` starts it."""
    port = str(free_port())
    variables = {"DEBUG": "on", "SANDBOX": "on", "SANDBOX_PORT": port, **own_address()}
    with embedded(directory, **variables) as installation:
        installation.start("serve")
        installation.wait_until_it_listens("serve")
        yield Stage(installation, f"http://127.0.0.1:{port}")


@contextmanager
def production_stage(directory: Path) -> Iterator[Stage]:
    """The processes of production, with collected static files, and the sandbox beside them."""
    port = free_port()
    with (
        running(
            *("-m", "integrations.sandbox", "--port", str(port)), directory=directory / "sandbox"
        ) as sandbox,
        migrated_postgresql() as database_url,
        redis_server(directory) as redis,
    ):
        wait_until(
            lambda: "Start OrderChainer with: " in sandbox.output,
            within_seconds=START_SECONDS,
            what="the sandbox says which settings lead to it",
        )
        printed = sandbox.output.partition("Start OrderChainer with: ")[2].partition("\n")[0]
        variables = dict(setting.split("=", 1) for setting in shlex.split(printed))
        with production(
            directory,
            database_url=database_url,
            redis_url=redis.url,
            **own_address(),
            **variables,
            **collected_static_files(directory / "static"),
        ) as installation:
            installation.start(*PRODUCTION)
            installation.wait_until_it_listens("web")
            installation.services["web"].wait_for("/readyz")
            wait_until(
                lambda: all(
                    " ready." in service.output
                    for name, service in installation.services.items()
                    if "worker" in PRODUCTION[name]
                ),
                within_seconds=START_SECONDS,
                what="all workers are ready",
            )
            yield Stage(installation, f"http://127.0.0.1:{port}")


STAGES: Mapping[str, Callable[[Path], AbstractContextManager[Stage]]] = {
    "embedded": embedded_stage,
    "production": production_stage,
}


@pytest.fixture(
    params=[
        "embedded",
        pytest.param(
            "production",
            marks=[
                pytest.mark.services,
                needs_services,
                pytest.mark.skipif(
                    not RedisServer.is_installed(),
                    reason="needs redis-server, to start its own",
                ),
            ],
        ),
    ]
)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """An installation in each of the two modes."""
    with STAGES[request.param](tmp_path) as started:
        yield started


# --- Who takes part ---------------------------------------------------------------------------


class Person(Visit):
    """Somebody with a browser profile of their own, who is as patient as a busy machine needs."""

    def __init__(self, installation: Installation, context: "BrowserContext") -> None:
        super().__init__(installation, context, [])
        context.set_default_timeout(PATIENCE_SECONDS * 1000)

    def sign_up(self, path: str, first_name: str, last_name: str) -> Page:
        """Make an account, and go on to `path`."""
        page = self(f"/sign-up?next={path}")
        page.get_by_role("textbox", name="First name").fill(first_name)
        page.get_by_role("textbox", name="Last name").fill(last_name)
        page.get_by_role("textbox", name="E-mail").fill(f"{first_name.lower()}@example.com")
        page.get_by_role("textbox", name="Password").fill(secrets.token_urlsafe(12))
        page.get_by_role("button", name="Sign up").click()
        page.wait_for_url(lambda url: "/sign-up" not in url)
        return page


class Merchant(Person):
    """Somebody who sells, in a project of their own."""

    home = ""

    def open(self, path: str) -> Page:
        """Open a page of the project in another tab."""
        page = self(f"{self.home}/{path}")
        page.set_viewport_size({"width": 2000, "height": 1000})
        return page

    def watch(self, path: str) -> Page:
        """Open a page that follows what happens, and that must not be opened again."""
        page = self.open(path)
        is_live(page)
        return page


class Outside:
    """The pages of the pretend shop and of the pretend WhatsApp."""

    def __init__(self, stage: Stage, context: "BrowserContext") -> None:
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.shop, self.telephone = context.new_page(), context.new_page()
        self.shop.goto(f"{stage.sandbox}/_control/shopify/")
        self.telephone.goto(f"{stage.sandbox}/_control/whatsapp/")

    def order_two_mugs(self) -> str:
        """Order in the shop, and pay later. Return the shop's name of the order: `#1026`."""
        orders = self.shop.get_by_role("row")
        before = orders.count()
        self.shop.get_by_role("combobox", name="Product").select_option("Mug")
        self.shop.get_by_role("spinbutton", name="Quantity").fill("2")
        self.shop.get_by_role("textbox", name="Name").fill(CUSTOMER)
        self.shop.get_by_role("textbox", name="Phone").fill(PHONE)
        self.shop.get_by_role("checkbox", name="paid").uncheck()
        self.shop.get_by_role("button", name="Order", exact=True).click()
        expect(orders).to_have_count(before + 1)
        return orders.nth(1).locator("strong").inner_text()

    @property
    def chat(self) -> Locator:
        """What the customer's telephone shows. It looks for news by itself."""
        return self.telephone.frame_locator("iframe").first.locator(".chat")

    def got(self, text: str) -> Locator:
        """Return what the customer has got that contains this text."""
        return self.chat.locator(".ours", has_text=text)

    def write(self, text: str) -> None:
        """Write to the merchant."""
        self.telephone.get_by_role("textbox", name="Message").fill(text)
        self.telephone.get_by_role("button", name="Send", exact=True).click()

    def read(self) -> None:
        """Read what has arrived."""
        self.telephone.get_by_role("button", name="Read all").click()


@pytest.fixture
def _patience() -> Iterator[None]:
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    yield
    expect.set_options(timeout=ANSWERS_WITHIN_MS)


# --- What they do -----------------------------------------------------------------------------


def is_live(page: Page) -> None:
    """Wait until the page follows the events, and mark it so that a reload would be seen."""
    expect(page.get_by_role("status", name="Connection")).to_have_text("Live")
    is_ready(page)
    page.evaluate("window.isTheSame = true")


def was_never_reloaded(page: Page) -> bool:
    """Tell whether it is the page that `is_live` has seen."""
    is_the_same: bool = page.evaluate("window.isTheSame === true")
    return is_the_same


def fill(page: Page, **texts: str) -> None:
    """Fill in text boxes, by their names with underscores for spaces."""
    for name, text in texts.items():
        page.get_by_role("textbox", name=name.replace("_", " ")).fill(text)


def today() -> date:
    """Return the day in the merchant's time zone."""
    return datetime.now(UTC).date()


def connect(merchant: Merchant, provider: str, **keys: str) -> None:
    """Connect an account at a provider, and wait until it has taken the keys."""
    page = merchant.open("integrations")
    page.get_by_role("link", name=f"Connect {provider}").click()
    page.get_by_role("link", name="Continue").click()
    fill(page, **keys)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_role("list", name="Checks")).to_contain_text("Keys accepted")
    page.close()


def connect_everything(merchant: Merchant, stage: Stage) -> None:
    """Connect the pretend shop and the pretend number, and wait until both know where we are."""
    [shop] = stage.ask("shopify/shops")
    connect(
        merchant,
        "Shopify",
        Address_of_the_shop=shop["domain"],
        Client_ID=shop["client_id"],
        Client_secret=shop["client_secret"],
    )
    [number] = stage.ask("whatsapp/numbers")
    connect(
        merchant,
        "WhatsApp",
        Access_token=number["access_token"],
        Phone_number_ID=number["id"],
        App_secret=number["app_secret"],
        Verify_token=number["verify_token"],
        WhatsApp_Business_Account_ID=number["waba_id"],
    )
    wait_until(
        lambda: (
            "orders/create" in str(stage.ask(f"shopify/shops/{shop['domain']}/subscriptions"))
            and "/api/v1/webhooks/whatsapp" in str(stage.ask("whatsapp/numbers"))
        ),
        within_seconds=PATIENCE_SECONDS,
        what="shop and number know the address of our webhooks",
    )


def write_rule(merchant: Merchant) -> None:
    """Have customers told over WhatsApp when their order is shipped."""
    page = merchant.open("rules/new")
    page.get_by_role("combobox", name="When").select_option("An order becomes shipped")
    page.get_by_role("combobox", name="Channel").select_option("WhatsApp")
    page.get_by_role("textbox", name="Text").fill(TOLD)
    page.get_by_role("button", name="Create rule").click()
    expect(page.get_by_role("table", name="Rules")).to_contain_text("An order becomes shipped")
    page.close()


def create_order(merchant: Merchant, title: str) -> str:
    """Create an order, and return its number."""
    page = merchant.open("orders/new")
    fill(page, Title=title)
    page.get_by_role("button", name="Create order").last.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(title)
    found = re.match(r"#(\d+) ", heading.inner_text())
    page.close()
    assert found
    return found[1]


def column(board: Page, status: str) -> Locator:
    return board.get_by_role("region", name=status, exact=True)


def card(board: Page, title: str, status: str) -> Locator:
    """Return the card of an order in the column of a status."""
    cards = column(board, status).get_by_role("listitem")
    return cards.filter(has=board.get_by_role("link", name=title))


def move(board: Page, title: str, before: str, after: str, *, warned: str = "") -> None:
    """Move an order on the board by its menu, and wait until the server has done it.

    `warned` is what the page says of the move before it asks whether to go on, if it asks.
    """
    moved = card(board, title, before)
    moved.get_by_role("button", name="Move").click()
    board.get_by_role("menuitem", name=after, exact=True).click()
    if warned:
        dialog = board.get_by_role("dialog", name=f"{title} to {after}?")
        expect(dialog).to_contain_text(warned)
        dialog.get_by_role("button", name=f"Move to {after}").click()
    expect(moved).to_have_count(0)
    messages = board.get_by_role("region", name="Messages")
    expect(messages).to_contain_text(re.compile(rf"is {after} now\."))


def let_it_wait(merchant: Merchant, order: str, title: str) -> None:
    """Let an order wait for another one, and start by itself afterwards."""
    page = merchant.open(f"orders/{order}/edit")
    page.get_by_role("textbox", name="Waits for").fill(title)
    page.get_by_role("option", name=title).click()
    page.get_by_role("checkbox", name="Start by itself").check()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("region", name="Why it waits")).to_contain_text(title)
    page.close()


def answer_with_a_suggestion(page: Page) -> Locator:
    """Have the assistant suggest an answer, send it, and return it in the log."""
    page.get_by_role("button", name="Suggest a reply").click()
    suggestion = page.get_by_role("textbox", name="Suggestion")
    expect(suggestion).to_have_value(re.compile(r"\w"))
    text = suggestion.input_value()
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value(text)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    return page.get_by_role("log").get_by_role("listitem").filter(has_text=text.split("\n")[0])


def sell_teapots(merchant: Merchant, stage: Stage) -> None:
    """Put a product on sale in the shop of the service."""
    page = merchant.open("products/new")
    fill(page, Name="Teapot", SKU="TEA-POT", Price="39.00")
    page.get_by_role("spinbutton", name="Stock").fill("5")
    page.get_by_role("button", name="Create product").last.click()
    expect(page.get_by_role("heading", name="Teapot", level=1)).to_be_visible()
    page.close()
    stage.manage("storefront", merchant.home.rpartition("/")[2])


def buy_a_teapot(customer: Person) -> Page:
    """Buy it as a customer, and follow the order."""
    page = customer.sign_up("/shop/%3Fq=Teapot", "Kwame", "Lovelace")
    page.get_by_role("link", name="Teapot", exact=True).click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Check out").click()
    fill(page, Address=ADDRESS, Phone=PHONE)
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url(re.compile(r"/shop/orders/\d+$"))
    is_live(page)
    return page


def is_at(page: Page, step: str) -> None:
    """Wait until an order that its customer follows has reached a step."""
    steps = page.get_by_role("list", name="Order progress").get_by_role("listitem")
    expect(steps.filter(has_text=step)).to_have_attribute("aria-current", "step")


def sales_since(merchant: Merchant, day: date) -> Page:
    """Have the sales since a day reported, and open the report once it is ready."""
    page = merchant.watch("reports")
    page.get_by_role("combobox", name="Kind").select_option("Sales")
    page.get_by_role("combobox", name="Period").select_option("Other days")
    page.get_by_label("First day").fill(day.isoformat())
    page.get_by_label("Last day").fill(today().isoformat())
    page.get_by_role("button", name="Generate report").click()
    row = page.get_by_role("row", name=re.compile("^Sales, ")).first
    expect(row).to_contain_text("ready")
    row.get_by_role("link", name=re.compile("^Sales, ")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sales, ")
    return page


# --- The story --------------------------------------------------------------------------------


@pytest.mark.usefixtures("_patience")
def test_an_order_from_the_shop_to_the_report(
    stage: Stage, browser: "Browser", tmp_path: Path
) -> None:
    with (
        browser.new_context() as of_merchant,
        browser.new_context() as of_customer,
        browser.new_context() as of_sandbox,
    ):
        merchant = Merchant(stage.installation, of_merchant)
        customer = Person(stage.installation, of_customer)
        try:
            tell(merchant, customer, Outside(stage, of_sandbox), stage)
        except BaseException:
            pages = [*of_merchant.pages, *of_customer.pages, *of_sandbox.pages]
            for number, page in enumerate(pages):
                page.screenshot(path=tmp_path / f"{number}.png")
            raise
        assert merchant.unexpected_problems() == []
        assert customer.unexpected_problems() == []


def tell(merchant: Merchant, customer: Person, outside: Outside, stage: Stage) -> None:
    began_on = today()

    # A merchant begins.
    start = merchant.sign_up("/projects/new", "Mira", "Sand")
    fill(start, Name="Mugs and more")
    start.get_by_role("combobox", name="Currency").select_option("EUR")
    start.get_by_role("button", name="Create project").click()
    start.wait_for_url("**/team")
    merchant.home = start.url.removeprefix(stage.installation.url).removesuffix("/team")
    start.close()
    connect_everything(merchant, stage)
    write_rule(merchant)
    board = merchant.watch("board")
    inbox = merchant.watch("inbox")

    # An order arrives.
    title = outside.order_two_mugs()
    arrived = card(board, title, "pending")
    expect(arrived).to_contain_text(CUSTOMER)
    expect(arrived).to_contain_text("29.80 EUR")
    expect(arrived).to_contain_text("ready")
    found = re.match(r"#(\d+) ", arrived.get_by_role("link").inner_text())
    assert found
    order = found[1]

    # It has to wait for another one, and says why.
    glazing = create_order(merchant, "Glaze the mugs")
    expect(card(board, "Glaze the mugs", "pending")).to_be_visible()
    let_it_wait(merchant, order, "Glaze the mugs")
    expect(arrived).to_contain_text(f"waits for #{glazing}")

    # Its customer asks.
    outside.write(f"Where is {title}?")
    news = inbox.get_by_role("link", name="New messages in 1 conversation")
    expect(inbox.get_by_text("No conversations yet")).to_be_hidden()
    news.click()
    inbox.get_by_role("link", name=CUSTOMER).click()
    log = inbox.get_by_role("log", name=f"Conversation with {CUSTOMER}")
    expect(log).to_contain_text(f"Where is {title}?")
    is_live(inbox)
    outside.write("I am moving on Friday.")
    expect(log).to_contain_text("I am moving on Friday.")

    # Somebody answers with the help of the assistant, and sees how far the answer gets.
    answer = answer_with_a_suggestion(inbox)
    expect(answer.get_by_text("delivered", exact=True)).to_be_visible()
    outside.read()
    expect(answer.get_by_text("read", exact=True)).to_be_visible()

    # The other order is done, so this one starts.
    warning = "1 order becomes active by itself"
    move(board, "Glaze the mugs", "pending", "completed", warned=warning)
    expect(card(board, title, "active")).to_be_visible()

    # It is shipped, and the customer is told.
    move(board, title, "active", "shipped")
    told = f"Hello {CUSTOMER}, {title} is on its way."
    expect(outside.got(told)).to_have_count(1)
    expect(log).to_contain_text(told)

    # The customer also buys in the merchant's own shop, is told, and follows the order.
    sell_teapots(merchant, stage)
    following = buy_a_teapot(customer)
    is_at(following, "Received")
    move(board, "Teapot", "pending", "shipped")
    is_at(following, "Shipped")
    bought = following.url.rpartition("/")[2]
    link = f"{stage.installation.url}/o/{bought}"
    expect(outside.got(f"Teapot is on its way. {link}")).to_have_count(1)
    linked = customer(f"/o/{bought}")
    assert linked.url == following.url
    is_at(linked, "Shipped")
    move(board, "Teapot", "shipped", "fulfilled")
    is_at(following, "Delivered")

    # The report counts both.
    report = sales_since(merchant, began_on)
    expect(report.get_by_role("main")).to_contain_text("3 orders with €68.80 in total revenue")

    # Nobody was told twice, and every page that showed something was there all the time.
    outcomes = merchant.open("rules").get_by_role("table", name="Outcomes")
    expect(outcomes.get_by_role("rowheader")).to_have_count(2)
    expect(outside.got("is on its way")).to_have_count(2)
    assert [was_never_reloaded(page) for page in (board, inbox, following)] == [True] * 3
