"""A board for each test that asks for one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from orderchainer.testing.browsers import Visit

# Every run of the tests reads this module, and Playwright takes half a second to import.
if TYPE_CHECKING:
    from orders.tests.browser.boards import Board


@pytest.fixture
def board(visit: Visit) -> Iterator["Board"]:
    """The board of a new project, wide enough for all columns."""
    from orders.tests.browser.boards import Board

    page = visit.sign_in()
    page.set_viewport_size({"width": 2000, "height": 900})
    page.wait_for_url("**/orders")
    yield Board(page)
    page.unroute_all(behavior="ignoreErrors")
