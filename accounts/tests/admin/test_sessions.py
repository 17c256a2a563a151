"""The pages of sessions: staff filter them by state, view them and end them."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Session
from accounts.services import open_session
from accounts.tests.admin.pages import page, run
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["open", "expired", "ended"])
def test_sessions_are_filtered_by_state(client: Client, state: str) -> None:
    for email in ("open", "expired", "ended"):
        open_session(user=make_user(email=f"{email}@example.com"))
    moment = timezone.now()
    Session.objects.filter(user__email="expired@example.com").update(expires_at=moment)
    Session.objects.filter(user__email="ended@example.com").update(ended_at=moment)

    found = client.get(page("session_changelist"), {"state": state}).content.decode()

    shown = {email for email in ("open", "expired", "ended") if f"{email}@example.com" in found}
    assert shown == {state}


def test_ends_a_session_once(client: Client) -> None:
    open_session(user=make_user())
    session = Session.objects.get()

    assert "Ended: 1." in run(client, "end", "session", session)
    assert "Ended: " not in run(client, "end", "session", session)
    session.refresh_from_db()
    assert session.end_reason == "revoked"


def test_a_session_is_read_only(client: Client) -> None:
    open_session(user=make_user())
    Session.objects.update(ip_address="192.0.2.1", user_agent="curl/8")
    session = Session.objects.get()

    shown = client.get(page("session_change", session.pk)).content.decode()

    assert "192.0.2.1" in shown
    assert "curl/8" in shown
    assert client.get(page("session_add")).status_code == 403
    assert client.post(page("session_delete", session.pk), {"post": "yes"}).status_code == 403


# In real transactions, since the driver's error would break the transaction of the test.
@pytest.mark.django_db(transaction=True)
def test_a_malformed_address_in_the_url_is_never_a_500(client: Client) -> None:
    open_session(user=make_user())
    session = Session.objects.get()

    for found in (
        client.get(page("session_changelist"), {"ip_address": "[]"}, follow=True),
        client.get(page("session_change", session.pk), {"_to_field": ""}),
    ):
        assert found.status_code in (200, 400)
