"""Browsers at the back office, and what they are shown."""

from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from accounts.tests.factories import make_user

# No column takes a number this large.
TOO_LARGE = str(10**30)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff_who_may(*permissions: str) -> Client:
    """Return a browser of a staff member with these permissions and no others."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return browser_of(user)


def shown(client: Client, url: str, **query: str) -> str:
    """Return the page at `url` as text."""
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()
