"""The pages of API tokens: staff find, view and revoke them, but never see their text."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.errors import TokenRefused
from accounts.models import Activity, ApiToken, User
from accounts.queries import api_token_of
from accounts.services import create_api_token, revoke_api_token
from accounts.tests.admin.pages import page, run
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


def make_token(name: str = "Script") -> tuple[ApiToken, str]:
    """Make a token of a new user."""
    return create_api_token(user=make_user(), name=name, scopes=["orders:read"])


def test_shows_only_the_beginning_of_a_token(client: Client) -> None:
    token, text = make_token()

    for path in (
        page("apitoken_changelist"),
        page("apitoken_change", token.pk),
    ):
        shown = client.get(path).content.decode()

        assert f"oc_{token.prefix}_…" in shown
        assert "orders:read" in shown
        assert text not in shown
        assert text.rpartition("_")[2] not in shown
        assert token.digest not in shown


@pytest.mark.parametrize("state", ["open", "expired", "revoked"])
def test_tokens_are_filtered_by_state(client: Client, state: str) -> None:
    make_token("The open one")
    expired, _ = make_token("The expired one")
    ApiToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    revoked, _ = make_token("The revoked one")
    revoke_api_token(user=revoked.user, token_id=revoked.pk)

    found = client.get(page("apitoken_changelist"), {"state": state}).content.decode()

    shown = [name for name in ("open", "expired", "revoked") if f"The {name} one" in found]
    assert shown == [state]


def test_a_leaked_token_is_found_by_its_beginning(client: Client) -> None:
    token, _ = make_token("Leaked")
    make_token("Other")

    for term in (f"oc_{token.prefix}_…", f"oc_{token.prefix}", token.user.email):
        found = client.get(page("apitoken_changelist"), {"q": term}).content.decode()

        assert "Leaked" in found
        assert "Other" not in found


def test_revokes_a_token_once_and_records_who_did_it(client: Client, admin: User) -> None:
    token, text = make_token()

    assert "Revoked: 1." in run(client, "revoke", "apitoken", token)
    assert "Revoked: 1." not in run(client, "revoke", "apitoken", token)

    with pytest.raises(TokenRefused):
        api_token_of(text)
    (row,) = Activity.objects.filter(type="api_token_revoked")
    assert (row.user_id, row.actor_id) == (token.user_id, admin.pk)
    assert row.data == {"token_id": str(token.pk)}


def test_staff_cannot_add_or_change_tokens(client: Client) -> None:
    token, _ = make_token()

    assert client.get(page("apitoken_add")).status_code == 403
    for name, form in (
        ("apitoken_change", {"name": "Mine", "scopes": "[]"}),
        ("apitoken_delete", {"post": "yes"}),
    ):
        assert client.post(page(name, token.pk), form).status_code == 403
    assert ApiToken.objects.get().name == "Script"


def test_staff_who_may_only_view_cannot_revoke() -> None:
    token, text = make_token()
    clerk = make_user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_apitoken"))
    browser = Client()
    browser.force_login(clerk)

    run(browser, "revoke", "apitoken", token)

    assert api_token_of(text) == token
