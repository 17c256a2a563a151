"""The back office as one site: its sidebar, where orders come first, and its search."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.admin.browsers import TOO_LARGE, staff_who_may
from orders.tests.admin.pages import page

pytestmark = pytest.mark.django_db


def test_the_sidebar_is_grouped_by_app_and_begins_with_orders(client: Client) -> None:
    response = client.get(reverse("admin:index"))

    sidebar = {
        group["title"]: [page["title"] for page in group["items"]]
        for group in response.context["sidebar_navigation"]
    }
    assert list(sidebar) == [
        "Orders",
        "Catalog",
        "Integrations",
        "Notifications",
        "Reports",
        "Accounts",
    ]
    assert sidebar["Orders"] == ["Orders", "Event deliveries", "Events"]
    assert sidebar["Catalog"] == ["Products", "Categories", "Stock movements"]
    assert sidebar["Notifications"] == [
        "Conversations",
        "Contacts",
        "Digests",
        "Messages",
        "Notification preferences",
        "Notification rules",
        "Rule outcomes",
    ]
    assert sidebar["Reports"] == ["API calls", "Report schedules", "Reports"]
    assert sidebar["Accounts"] == [
        *("Users", "API tokens", "Activity", "Groups", "Outgoing emails"),
        *("Projects", "Sessions"),
    ]


def test_staff_who_may_only_add_are_led_to_the_form() -> None:
    clerk = staff_who_may("add_order")

    [group] = clerk.get(reverse("admin:index")).context["sidebar_navigation"]

    assert [it["link"] for it in group["items"]] == [page("order_add")]


@pytest.mark.parametrize("page_number", ["abc", TOO_LARGE, "-1", "0", "2"])
def test_the_search_for_pages_survives_any_page_number(client: Client, page_number: str) -> None:
    response = client.get(reverse("admin:search"), {"s": "orders", "page": page_number})

    assert response.status_code in (200, 404)
