"""A browser at the back office of orders: its pages, its lists and its users."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import make_user

TOO_LARGE = str(10**30)
LISTS = ["order_changelist", "event_changelist", "eventdelivery_changelist"]


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff_who_may(*permissions: str) -> Client:
    """Return a browser of a staff member with these permissions on orders and no others."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return browser_of(user)


def page(name: str, *args: object) -> str:
    return reverse(f"admin:orders_{name}", args=args)


def shown(client: Client, url: str, **query: str) -> str:
    """Return the page at `url` as text."""
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


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
