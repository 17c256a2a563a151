"""A browser at the back office of orders: its pages, its lists and its users."""

from typing import Any

from django.test import Client
from django.urls import reverse

LISTS = ["order_changelist", "event_changelist", "eventdelivery_changelist"]


def page(name: str, *args: object) -> str:
    return reverse(f"admin:orders_{name}", args=args)


def run(client: Client, action: str, *rows: Any, model: str = "order", **more: str) -> str:
    """Run a list action on rows and return the page that follows, with its messages."""
    response = client.post(
        page(f"{model}_changelist"),
        {"action": action, "_selected_action": [row.pk for row in rows], **more},
        follow=True,
    )
    assert response.status_code == 200
    return response.content.decode()


def typed(client: Client, field: str, term: str) -> Any:
    """Type `term` into an autocomplete field, and return the answer."""
    query = {"app_label": "orders", "model_name": "order", "field_name": field}
    return client.get(reverse("admin:autocomplete"), {**query, "term": term})
