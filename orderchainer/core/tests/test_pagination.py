"""Pages of bare lists: the parameters, and the links to other pages."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from orderchainer.core.errors import Invalid
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.windows import PageWindow


def asking(query: str) -> HttpRequest:
    """Return a request for a list with that query."""
    return RequestFactory().get(f"/things?{query}")


@pytest.mark.parametrize(
    ("query", "skip", "limit"),
    [
        ("", 0, 50),
        ("page=1", 0, 50),
        ("page=3", 100, 50),
        ("page_size=200", 0, 200),
        ("page=4&page_size=10", 30, 10),
        ("page=2147483647&page_size=200", 429496729200, 200),
    ],
)
def test_a_page_is_a_window(query: str, skip: int, limit: int) -> None:
    assert page_window_of(asking(query)) == PageWindow(skip, limit)


@pytest.mark.parametrize(
    "value", ["0", "-1", "1.5", "two", "\u0661", "2147483648", "9" * 5000, "1%00"]
)
def test_refuses_a_malformed_page(value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        page_window_of(asking(f"page={value}"))

    assert refusal.value.errors == {"page": ["Must be a whole number from 1 to 2147483647."]}


def test_names_every_bound_that_is_broken() -> None:
    with pytest.raises(Invalid) as refusal:
        page_window_of(asking("page=0&page_size=201"))

    assert refusal.value.errors == {
        "page": ["Must be a whole number from 1 to 2147483647."],
        "page_size": ["Must be a whole number from 1 to 200."],
    }


def test_links_lead_from_page_to_page_and_keep_the_rest_of_the_query() -> None:
    request = asking("days=30&page=2&page_size=10")

    response = bare_list(request, [], total=25, window=page_window_of(request))

    assert response["X-Total-Count"] == "25"
    address = "http://testserver/things?days=30"
    assert response["Link"] == (
        f'<{address}&page=3&page_size=10>; rel="next", <{address}&page=1&page_size=10>; rel="prev"'
    )


def test_a_list_on_one_page_has_no_links() -> None:
    request = asking("")

    response = bare_list(request, ["row"], total=1, window=page_window_of(request))

    assert response.data == ["row"]
    assert response["X-Total-Count"] == "1"
    assert "Link" not in response
