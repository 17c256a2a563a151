"""The back office as one site: its sidebar, where orders come first, and its search."""

import pytest
from django.test import Client
from django.urls import reverse

from orders.tests.admin.pages import TOO_LARGE

pytestmark = pytest.mark.django_db


def test_the_sidebar_stands_by_app_and_begins_with_orders(client: Client) -> None:
    response = client.get(reverse("admin:index"))

    sidebar = {
        group["title"]: [page["title"] for page in group["items"]]
        for group in response.context["sidebar_navigation"]
    }
    assert next(iter(sidebar)) == "Orders"
    assert sidebar["Orders"] == ["Orders", "Event deliveries", "Order events"]
    assert sidebar["Accounts"] == ["Users", "Groups", "Projects", "Sessions"]


@pytest.mark.parametrize("page_number", ["abc", TOO_LARGE, "-1", "0", "2"])
def test_the_search_for_pages_survives_any_page_number(
    client: Client, page_number: str
) -> None:
    response = client.get(reverse("admin:search"), {"s": "orders", "page": page_number})

    assert response.status_code in (200, 404)
