"""A board of a project of its own, and what somebody else does to its orders."""

from uuid import uuid4

from playwright.sync_api import Locator, Page, expect


class Board:
    """The board of a new project, so that other tests keep their orders in sight."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.project = page.url.partition("/app/")[0]
        fields = {
            "description": "",
            "name": "A shop with a board",
            "currency": "USD",
            "timezone": "UTC",
        }
        self.project = self.send("projects/new", key=uuid4().hex, **fields).partition("/team")[0]

    def send(self, path: str, **form: str) -> str:
        """Send a form of the workspace, as another tab would; return where it led to."""
        token = self.page.locator('meta[name="csrf-token"]').get_attribute("content")
        response = self.page.request.post(
            f"{self.project}/{path}",
            form={"csrfmiddlewaretoken": token or "", **form},
            headers={"Referer": self.project},
        )
        assert response.ok, response.url
        return response.url

    def create(self, title: str, **form: str) -> int:
        """Create an order, and return its number."""
        fixed = {"failure_policy": "hold", "currency": "USD", "key": uuid4().hex}
        url = self.send("orders/new", title=title, **{"status": "pending", **fixed, **form})
        return int(url.rpartition("/")[2])

    def move(self, number: int, status: str, version: int = 1) -> None:
        """Move an order, as somebody else would."""
        self.send(f"orders/{number}/move", status=status, version=str(version), sure="on")

    def open(self, query: str = "") -> None:
        self.page.goto(f"{self.project}/board{query}")
        expect(self.page.get_by_role("status", name="Connection")).to_have_text("Live")

    def column(self, status: str) -> Locator:
        return self.page.get_by_role("region", name=status, exact=True)

    def card(self, number: int, status: str = "") -> Locator:
        within = self.column(status) if status else self.page
        return within.locator(f"#order-{number}")

    def drag(self, card: Locator, status: str, *, drop: bool = True) -> None:
        """Drag a card with the mouse over another column, and drop it there."""
        mouse = self.page.mouse
        card.hover()
        expect(card).to_have_attribute("draggable", "true")
        box, column = card.bounding_box(), self.column(status).bounding_box()
        assert box
        assert column
        mouse.move(box["x"] + 20, box["y"] + box["height"] - 8)
        mouse.down()
        mouse.move(box["x"] + 60, box["y"] + 30, steps=3)
        mouse.move(column["x"] + 60, column["y"] + 60, steps=5)
        if drop:
            mouse.up()
