"""The live connection of a page, against a socket that the test plays."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from orderchainer.testing.browsers import ANSWERS_WITHIN_MS, Visit

pytestmark = pytest.mark.browser

SOON_MS = 400


class Server:
    """What the page talks to: tickets, the socket, and the parts that it asks for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[WebSocketRoute] = []
        self.asked: list[str] = []
        self.sent: list[str] = []
        self.ticket_status = 200
        self.parts = ""
        page.route("**/app/live-ticket", self._ticket)
        page.route("**/gallery/rows?*", self._rows)
        page.route_web_socket("**/ws/projects/0/*", self._opened)

    def _ticket(self, route: Route) -> None:
        route.fulfill(status=self.ticket_status, json={"ticket": "t", "expires_in": 60})

    def _rows(self, route: Route) -> None:
        self.asked.append(route.request.url.partition("?")[2])
        route.fulfill(body=f"<table><tbody>{self.parts}</tbody></table>", content_type="text/html")

    def _opened(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self.sent.append(str(text)))

    @property
    def socket(self) -> WebSocketRoute:
        return self.sockets[-1]

    def tell(self, *orders: int, position: int = 58) -> None:
        for number in orders:
            self.socket.send(
                f'{{"type": "order_updated", "order_id": {number}, "position": {position}}}'
            )

    def stop_time(self) -> None:
        """Let the page's time go on only when the test says so."""
        self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1000 + 1)

    def tell_at_once(self, *orders: int, position: int = 58) -> None:
        """Tell of changes while the page's time stands still, and wait until it has heard them."""
        self.page.evaluate(
            """document.addEventListener("live", ({detail}) => {
              document.body.dataset.heard = detail.order_id;
            })"""
        )
        self.stop_time()
        self.tell(*orders, position=position)
        expect(self.page.locator("body")).to_have_attribute("data-heard", str(orders[-1]))

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until the page has done something that only the server sees."""
        deadline = time.monotonic() + ANSWERS_WITHIN_MS / 1000
        while not holds():
            assert time.monotonic() < deadline
            # Meanwhile Playwright hands over what has arrived.
            self.page.wait_for_timeout(10)


@pytest.fixture
def page(visit: Visit) -> Page:
    """A page that is not opened yet."""
    page = visit.context.new_page()
    page.clock.install()
    return page


@pytest.fixture
def server(page: Page, visit: Visit) -> Server:
    server = Server(page)
    page.goto(f"{visit.installation.url}/gallery?live")
    return server


def connection(page: Page) -> Locator:
    return page.get_by_role("status", name="Connection")


def row(number: int, title: str) -> str:
    return (
        f'<tr id="order-{number}" data-row data-part><td><label class="check"><input '
        f'type="checkbox" aria-label="Select #{number}" data-select></label></td>'
        f'<th scope="row"><a href="?">#{number} {title}</a></th>'
        '<td colspan="4"></td></tr>'
    )


def is_live(page: Page) -> None:
    expect(connection(page)).to_have_text("Live")


def test_the_page_follows_from_the_position_at_which_it_was_rendered(
    page: Page, server: Server
) -> None:
    is_live(page)

    assert server.socket.url.endswith("/ws/projects/0/?after=57")


def test_what_changed_is_asked_for_once_and_swapped(page: Page, server: Server) -> None:
    is_live(page)
    server.parts = row(1, "Sew the mainsail") + row(3, "Hardwax oil, again")

    server.tell_at_once(1, 3, 1, 3, 99)
    page.clock.run_for(SOON_MS)

    expect(page.get_by_role("link", name="#1 Sew the mainsail")).to_be_visible()
    expect(page.get_by_role("link", name="#3 Hardwax oil, again")).to_be_visible()
    assert server.asked == ["ids=1,3"]


def test_changes_that_follow_each_other_are_asked_for_together(page: Page, server: Server) -> None:
    is_live(page)
    server.tell_at_once(1)
    page.clock.run_for(30)
    server.tell(2)
    expect(page.locator("body")).to_have_attribute("data-heard", "2")

    page.clock.run_for(30)
    assert server.asked == []
    page.clock.run_for(50)

    server.wait_until(lambda: server.asked == ["ids=1,2"])


def test_a_change_after_a_quiet_time_is_asked_for_at_once(page: Page, server: Server) -> None:
    is_live(page)
    held: list[Route] = []
    page.route("**/gallery/rows?*", lambda route: held.append(route))
    server.tell_at_once(1)
    page.clock.run_for(50)
    server.wait_until(lambda: len(held) == 1)
    # The slower the server answers, the longer the page collects what follows at once.
    page.clock.run_for(500)
    with page.expect_response("**/gallery/rows?*"):
        held[0].fulfill(body="", content_type="text/html")
    expect(page.locator("#order-1")).to_have_count(0)
    server.tell_at_once(2, position=59)
    page.clock.run_for(500)
    assert len(held) == 1
    page.clock.run_for(1500)
    server.wait_until(lambda: len(held) == 2)
    with page.expect_response("**/gallery/rows?*"):
        held[1].fulfill(body="", content_type="text/html")
    expect(page.locator("#order-2")).to_have_count(0)

    page.clock.run_for(10_000)
    server.tell_at_once(3, position=60)
    page.clock.run_for(50)

    server.wait_until(lambda: len(held) == 3)


def test_what_is_gone_disappears(page: Page, server: Server) -> None:
    is_live(page)

    server.tell(4)
    page.clock.run_for(SOON_MS)

    expect(page.locator("#order-4")).to_have_count(0)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_parts_that_are_gone_are_not_asked_for_again(
    status: int, page: Page, server: Server, visit: Visit
) -> None:
    visit.expect_problem(f"status of {status}")
    is_live(page)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=status)

    page.route("**/gallery/rows?*", refuse)
    server.tell(1)
    page.clock.run_for(SOON_MS)
    expect(page.get_by_role("alert").last).to_contain_text(
        "You can no longer see part of this page"
    )

    server.tell(2)
    page.clock.run_for(60_000)

    assert len(asked) == 1
    expect(page.get_by_role("link", name="#1 Sew the sails")).to_be_visible()


def test_focus_selection_and_typed_text_stay(page: Page, server: Server) -> None:
    is_live(page)
    server.parts = row(1, "Sew the mainsail") + row(2, "Polish")
    page.get_by_role("checkbox", name="Select #1").check()
    page.get_by_role("searchbox", name="Search orders").fill("sails")
    link = page.get_by_role("link", name="#2 ")
    link.focus()

    server.tell(1, 2)
    page.clock.run_for(SOON_MS)

    expect(page.get_by_role("link", name="#2 Polish")).to_be_focused()
    expect(page.get_by_role("checkbox", name="Select #1")).to_be_checked()
    expect(page.get_by_role("searchbox", name="Search orders")).to_have_value("sails")


def test_a_part_in_which_one_types_waits(page: Page, server: Server) -> None:
    is_live(page)
    server.parts = row(1, "Sew the mainsail")
    page.get_by_role("checkbox", name="Select #1").focus()

    server.tell(1)
    page.clock.run_for(SOON_MS)
    expect(page.locator("#order-1")).to_have_attribute("data-late", "")
    page.get_by_role("searchbox", name="Search orders").focus()
    page.clock.run_for(SOON_MS)
    page.clock.run_for(SOON_MS)

    expect(page.get_by_role("link", name="#1 Sew the mainsail")).to_be_visible()
    expect(page.locator("#order-1")).not_to_have_attribute("data-late", "")


def test_a_broken_connection_resumes_where_it_was(page: Page, server: Server) -> None:
    is_live(page)
    server.tell(1, position=63)
    page.clock.run_for(SOON_MS)

    server.socket.close(code=1012)
    expect(connection(page)).to_have_text("Reconnecting")
    page.clock.run_for(1000)

    is_live(page)
    assert server.socket.url.endswith("?after=63")


def test_a_silent_connection_is_given_up(page: Page, server: Server) -> None:
    is_live(page)
    server.stop_time()

    page.clock.run_for(26_000)
    server.wait_until(lambda: server.sent == ['{"type": "ping"}'])
    page.clock.run_for(8_100)
    expect(connection(page)).to_have_text("Reconnecting")


def test_an_answered_ping_keeps_the_connection(page: Page, server: Server) -> None:
    is_live(page)
    server.stop_time()

    page.clock.run_for(26_000)
    server.wait_until(lambda: server.sent == ['{"type": "ping"}'])
    # The page gets the answer before its time goes on.
    server.socket.send('{"type": "pong", "position": 70}')
    page.clock.run_for(9_000)

    is_live(page)
    assert len(server.sockets) == 1


def test_a_page_says_that_it_connects(page: Page, visit: Visit) -> None:
    server = Server(page)
    held: list[Route] = []
    page.route("**/app/live-ticket", lambda route: held.append(route))

    with page.expect_request("**/app/live-ticket"):
        page.goto(f"{visit.installation.url}/gallery?live")
    expect(connection(page)).to_have_text("Connecting")
    held[0].fulfill(json={"ticket": "t", "expires_in": 60})

    is_live(page)
    assert len(server.sockets) == 1


def test_a_socket_that_neither_opens_nor_closes_is_given_up(page: Page, visit: Visit) -> None:
    Server(page)
    page.add_init_script("window.WebSocket = class extends EventTarget { close() {} };")
    with page.expect_response("**/app/live-ticket"):
        page.goto(f"{visit.installation.url}/gallery?live")
    expect(connection(page)).to_have_text("Connecting")

    page.wait_for_timeout(100)
    page.clock.run_for(8_100)

    expect(connection(page)).to_have_text("Reconnecting")


def test_a_ticket_that_is_too_old_is_replaced(page: Page, server: Server) -> None:
    is_live(page)

    server.socket.close(code=4401)
    expect(connection(page)).to_have_text("Reconnecting")
    page.clock.run_for(1000)

    is_live(page)
    assert len(server.sockets) == 2


@pytest.mark.parametrize("code", [4403, 4404])
def test_a_project_that_is_lost_is_said(page: Page, server: Server, code: int) -> None:
    is_live(page)

    server.socket.close(code=code)

    expect(page.get_by_role("alert").last).to_contain_text("not yours any more")
    expect(connection(page)).to_have_text("Signed out")


def test_people_who_were_signed_out_keep_what_they_typed(
    page: Page, server: Server, visit: Visit
) -> None:
    visit.expect_problem("status of 401")
    is_live(page)
    page.get_by_role("searchbox", name="Search orders").fill("sails")

    server.ticket_status = 401
    server.socket.close(code=4401)
    page.clock.run_for(1000)

    alert = page.get_by_role("alert").last
    expect(alert).to_contain_text("You were signed out. What you typed is still here.")
    expect(alert.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search orders")).to_have_value("sails")


def test_losing_the_network_is_said(page: Page, server: Server, visit: Visit) -> None:
    is_live(page)

    visit.context.set_offline(True)
    expect(connection(page)).to_have_text("Offline")
    visit.context.set_offline(False)

    is_live(page)


def test_a_hidden_page_leaves_and_comes_back(page: Page, server: Server) -> None:
    is_live(page)

    def hide(hidden: Any) -> None:
        page.evaluate(
            """(hidden) => {
              Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
              document.dispatchEvent(new Event("visibilitychange"));
            }""",
            hidden,
        )

    hide(True)
    page.clock.run_for(61_000)
    hide(False)

    server.wait_until(lambda: len(server.sockets) == 2)
    is_live(page)


def page_anew(page: Page, *, after: int, title: str) -> None:
    """Let the page be another one when it is read again."""
    html = page.content().replace("Sew the sails", title)
    html = html.replace('data-after="57"', f'data-after="{after}"')
    page.route("**/gallery?live", lambda route: route.fulfill(body=html, content_type="text/html"))


def test_after_too_long_an_absence_the_page_is_read_anew(page: Page, server: Server) -> None:
    is_live(page)
    page_anew(page, after=900, title="Sew the mainsail")
    page.get_by_role("searchbox", name="Search orders").fill("sails")

    server.socket.close(code=4400)
    expect(page.get_by_role("link", name="#1 Sew the mainsail")).to_be_visible()
    page.clock.run_for(1000)

    is_live(page)
    assert server.socket.url.endswith("?after=900")
    expect(page.get_by_role("searchbox", name="Search orders")).to_have_value("sails")


def test_very_many_changes_read_the_page_anew(page: Page, server: Server) -> None:
    is_live(page)
    page_anew(page, after=300, title="Sew the mainsail")

    server.tell_at_once(*range(1, 150), position=300)
    page.clock.run_for(SOON_MS)

    expect(page.get_by_role("link", name="#1 Sew the mainsail")).to_be_visible()
    assert server.asked == []


def test_what_the_page_had_when_it_was_read_anew_is_not_asked_for(
    page: Page, server: Server
) -> None:
    is_live(page)
    page_anew(page, after=300, title="Sew the mainsail")
    server.tell_at_once(*range(1, 150), position=200)
    page.clock.run_for(SOON_MS)
    expect(page.get_by_role("link", name="#1 Sew the mainsail")).to_be_visible()

    server.tell_at_once(1, 2, position=300)
    page.clock.run_for(SOON_MS)
    server.parts = row(3, "Wax the frame")
    server.tell_at_once(3, position=301)
    page.clock.run_for(SOON_MS)

    expect(page.get_by_role("link", name="#3 Wax the frame")).to_be_visible()
    assert server.asked == ["ids=3"]


def test_a_page_goes_on_once_somebody_has_signed_in_in_another_tab(
    page: Page, server: Server, visit: Visit
) -> None:
    visit.expect_problem("status of 401")
    is_live(page)
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=401)

    page.route("**/gallery/rows?*", refuse)
    server.ticket_status = 401
    server.tell(1)
    page.clock.run_for(SOON_MS)
    server.socket.close(code=4401)
    page.clock.run_for(1000)
    told = page.get_by_text("You were signed out.")
    expect(told).to_be_visible()
    expect(connection(page)).to_have_text("Signed out")
    page.clock.run_for(60_000)
    assert len(asked) == 1

    page.unroute("**/gallery/rows?*", refuse)
    server.parts = row(1, "Sew the mainsail")
    server.ticket_status = 200
    page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); }")
    page.clock.run_for(SOON_MS)

    is_live(page)
    expect(page.get_by_role("link", name="#1 Sew the mainsail")).to_be_visible()
    expect(told).to_have_count(0)


def test_a_token_that_another_tab_replaced_is_read_anew(
    page: Page, server: Server, visit: Visit
) -> None:
    visit.expect_problem("status of 403")
    is_live(page)
    server.ticket_status = 403
    server.socket.close(code=1012)
    page.clock.run_for(1000)
    expect(connection(page)).to_have_text("Reconnecting")

    server.ticket_status = 200
    page.clock.run_for(5000)

    is_live(page)
    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    fields = page.locator("[name=csrfmiddlewaretoken]")
    assert {each.input_value() for each in fields.all()} == {token}


@pytest.mark.parametrize("status", [403, 404])
def test_a_page_that_is_no_longer_there_is_not_asked_for_again(
    status: int, page: Page, server: Server, visit: Visit
) -> None:
    visit.expect_problem(f"status of {status}")
    is_live(page)
    page.route("**/gallery?live", lambda route: route.fulfill(status=status))

    server.socket.close(code=4400)

    expect(page.get_by_role("alert").last).to_contain_text("not there for you any more")
    page.clock.run_for(60_000)
    assert len(server.sockets) == 1


def test_reading_the_page_anew_never_shows_the_page_for_signing_in(
    page: Page, server: Server, visit: Visit
) -> None:
    is_live(page)
    page.get_by_role("searchbox", name="Search orders").fill("sails")
    page.route(
        "**/gallery?live",
        lambda route: route.fulfill(status=302, headers={"Location": "/sign-in"}),
    )

    server.socket.close(code=4400)

    expect(page.get_by_role("alert").last).to_contain_text("You were signed out.")
    expect(page.get_by_role("searchbox", name="Search orders")).to_have_value("sails")
