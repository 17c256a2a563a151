"""The pages of the back office of accounts, their list actions, and what a browser posts."""

from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User

NEW_PASSWORD = "battery staple"


def page(name: str, *args: object) -> str:
    """Return the path of an admin page of this app."""
    return reverse(f"admin:accounts_{name}", args=args)


def run(client: Client, action: str, model: str, *rows: Any) -> str:
    """Run a list action on rows and return the page that follows, with its messages."""
    response = client.post(
        page(f"{model}_changelist"),
        {"action": action, "_selected_action": [row.pk for row in rows]},
        follow=True,
    )
    assert response.status_code == 200
    return response.content.decode()


def change_form(user: User, **changes: object) -> dict[str, object]:
    """Return what a browser posts from the user's form."""
    fields = ("email", "first_name", "last_name", "phone", "address")
    return {**{name: getattr(user, name) for name in fields}, **changes}
