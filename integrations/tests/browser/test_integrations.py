"""The pages of integrations, in a browser beside a service with the sandbox."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from integrations.tests.browser.usable import is_usable
from orderchainer.testing.browsers import NARROW, THEMES, WIDE, Theme, Visit, inaccessible, is_ready
from orderchainer.testing.processes import Installation

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser


def open_integrations(
    visit: Visit, project: str = "", *, theme: Theme = "light", width: int = WIDE
) -> "Page":
    """Sign in, and open the integrations of a project, or of the demo's own."""
    page = visit.sign_in(theme=theme, width=width)
    if project:
        page.get_by_role("combobox", name="Project").select_option(project)
        page.wait_for_url(lambda url: "/orders" not in url)
    place = page.url.split("/app/")[1].split("/")[0]
    page.goto(f"{visit.installation.url}/app/{place}/integrations")
    expect(page.get_by_role("heading", name="Integrations", level=1)).to_be_visible()
    return page


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", THEMES)
def test_everybody_can_use_the_pages(visit: Visit, theme: Theme, width: int) -> None:
    visit.expect_problem("status of 400")
    page = open_integrations(visit, "Aurora Workshop", theme=theme, width=width)
    # High enough that nothing lies half under the bar at the bottom, which axe takes for too small.
    page.set_viewport_size({"width": width, "height": 3000})
    everything = page.url
    shops = page.get_by_role("list", name="Shopify")
    expect(shops.get_by_role("listitem")).to_contain_text("Connected")
    is_usable(page, width)

    page.goto(f"{everything}/connect/whatsapp")
    is_usable(page, width)
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("textbox", name="Phone number ID").fill("nonsense")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("alert")).to_contain_text("Must be the id that Meta shows")
    is_usable(page, width)

    page.goto(everything)
    page.get_by_role("link", name="demo-shop.myshopify.com").click()
    expect(page.get_by_role("region", name="Health")).to_contain_text("Synced")
    is_usable(page, width)
    one = page.url
    for part in ("test", "edit", "disconnect", "deliveries"):
        page.goto(f"{one}/{part}")
        is_usable(page, width)


def test_a_shop_is_connected_by_keys_alone_and_tested_while_one_looks(visit: Visit) -> None:
    page = open_integrations(visit)
    page.get_by_role("link", name="Connect Shopify").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Connect Shopify", level=1)).to_be_visible()
    page.get_by_role("link", name="Continue").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Address of the shop")).to_have_value(
        "demo-shop.myshopify.com"
    )
    page.get_by_role("textbox", name="Address of the shop").focus()
    page.keyboard.press("Enter")

    checks = page.get_by_role("list", name="Checks")
    expect(checks).to_contain_text("Keys accepted")
    expect(checks).to_contain_text("25 orders found")
    expect(checks).to_contain_text("No webhook has come yet")

    # Somebody orders in the pretend shop, and the page says so by itself.
    sandbox = f"http://127.0.0.1:{visit.installation.variables['SANDBOX_PORT']}"
    made = page.request.post(f"{sandbox}/_control/shopify/shops/-/orders", data={})
    assert made.ok, made.text()
    expect(checks).to_contain_text("Webhook reached us")

    page.get_by_role("link", name="Open the integration").click()
    expect(page.get_by_role("region", name="Webhooks")).to_contain_text("done")


def test_a_webhook_is_looked_at_and_replayed(visit: Visit) -> None:
    page = open_integrations(visit, "Aurora Workshop")
    sandbox = f"http://127.0.0.1:{visit.installation.variables['SANDBOX_PORT']}"
    page.request.post(f"{sandbox}/_control/shopify/shops/-/orders", data={})
    page.get_by_role("link", name="demo-shop.myshopify.com").click()
    row = page.get_by_role("region", name="Webhooks").get_by_role("row").filter(has_text="done")
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("status").filter(has_text="The sync is queued.")).to_be_visible()
    expect(row.first).to_be_visible()

    row.first.get_by_role("link").click()
    expect(page.get_by_role("region", name="Body").last).to_contain_text("admin_graphql_api_id")
    assert inaccessible(page) == []
    page.get_by_role("button", name="Replay").click()

    expect(page.get_by_text("The webhook will be processed again.")).to_be_visible()
    expect(page.locator("#delivery")).to_contain_text("done")
    expect(page.locator("#delivery")).to_contain_text("1 attempt")


def refused_while_it_waits(
    visit: Visit, status: int, headers: dict[str, str] | None = None
) -> tuple["Page", list[str]]:
    """Open the page of a test that is not over, and refuse what it asks from then on.

    Return the page, which was refused once, and the addresses that it has asked for.
    """
    page = open_integrations(visit, "Aurora Workshop")
    page.get_by_role("link", name="demo-shop.myshopify.com").click()
    expect(page.get_by_role("region", name="Health")).to_be_visible()
    page.clock.install()
    page.goto(f"{page.url}/test")
    is_ready(page)
    visit.expect_problem(f"status of {status}")
    asked: list[str] = []

    def refuse(route: "Route") -> None:
        if "hx-request" not in route.request.headers:
            return route.fallback()
        asked.append(route.request.url)
        return route.fulfill(status=status, headers=headers)

    page.route(page.url, refuse)
    page.locator("#checks").evaluate("(part) => { part.dataset.unsettled = ''; }")
    with page.expect_response(lambda answer: answer.status == status):
        page.clock.run_for(16_000)
    return page, asked


def test_a_page_that_waits_heeds_when_to_come_back_and_rests_while_it_is_hidden(
    visit: Visit,
) -> None:
    page, asked = refused_while_it_waits(visit, 429, {"Retry-After": "60"})
    before = len(asked)
    page.clock.run_for(50_000)
    assert len(asked) == before

    hide(page, is_hidden=True)
    page.clock.run_for(60_000)
    assert len(asked) == before
    with page.expect_response(lambda answer: answer.status == 429):
        hide(page, is_hidden=False)
        page.clock.run_for(1_000)


def test_a_page_that_waits_says_once_that_its_reader_was_signed_out_and_goes_on_later(
    visit: Visit,
) -> None:
    page, asked = refused_while_it_waits(visit, 401)
    told = page.get_by_text("You were signed out.")
    expect(told).to_be_visible()
    page.clock.run_for(60_000)
    assert len(asked) == 1

    page.unroute(page.url)
    with page.expect_response(page.url):
        hide(page, is_hidden=False)
        page.clock.run_for(1_000)
    expect(told).to_have_count(0)


def hide(page: "Page", *, is_hidden: bool) -> None:
    """Let the page believe that its tab is hidden, or shown again."""
    page.evaluate(
        """(isHidden) => {
            Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


@pytest.mark.parametrize("width", [NARROW, 360])
def test_a_page_that_connects_covers_no_button(visit: Visit, width: int) -> None:
    # Nobody answers when the page asks for its ticket.
    visit.context.route("**/app/live-ticket", lambda route: None)
    page = open_integrations(visit, "Aurora Workshop", width=width)
    expect(page.get_by_role("status", name="Connection")).to_have_text("Connecting")

    page.set_viewport_size({"width": width, "height": 3000})

    is_usable(page, width)


def test_the_address_is_copied(visit: Visit) -> None:
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = open_integrations(visit, "Aurora Workshop")
    page.get_by_role("link", name="demo-shop.myshopify.com").click()

    page.get_by_role("button", name="Copy the address").click()

    expect(page.locator("[data-copy][data-done]")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("/api/v1/webhooks/shopify")


def test_an_account_is_connected_without_scripts(
    played: Installation, browser: "Browser", tmp_path: Path
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        visit = Visit(played, context, [])
        page = visit.sign_in()
        place = page.url.split("/app/")[1].split("/")[0]
        page.goto(f"{played.url}/app/{place}/integrations")
        page.get_by_role("link", name="Connect Telegram").click()
        page.get_by_role("link", name="Continue").click()
        page.get_by_role("button", name="Connect").click()
        expect(page.get_by_role("heading", name="Test Telegram")).to_be_visible()

        # Until a worker has asked, a link reads the page again.
        for _ in range(100):
            if page.get_by_text("Keys accepted").count():
                break
            page.get_by_role("link", name="Look again").click()
        expect(page.get_by_role("list", name="Checks")).to_contain_text("@aurora_workshop_bot")

        page.get_by_role("link", name="Open the integration").click()
        page.get_by_role("link", name="Disconnect").click()
        page.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_text("is disconnected.")).to_be_visible()
