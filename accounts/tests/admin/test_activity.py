"""The pages of the activity log: staff see all of it, can search it, and cannot change it."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.activity import NOBODY, record_activity
from accounts.events import ActivityType
from accounts.models import Activity, User
from accounts.security import email_digest
from accounts.services import create_project
from accounts.tests.admin.pages import page
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    """A user without any entries in the log."""
    ada = make_user(email="ada@example.com")
    Activity.objects.all().delete()
    return ada


def add(agent: str, **fields: Any) -> Activity:
    """Add an activity by a program of that name."""
    return Activity.objects.create(
        **{"type": ActivityType.PASSWORD_CHANGED, "user_agent": agent, **fields}
    )


def found(client: Client, **parameters: Any) -> list[str]:
    """Return the programs in the rows that the list shows with those parameters."""
    response = client.get(page("activity_changelist"), parameters, follow=True)
    assert response.status_code == 200
    assert not response.redirect_chain, response.redirect_chain
    rows = response.context["cl"].result_list
    return sorted(row.user_agent for row in rows)


def test_staff_see_every_entry(client: Client, ada: User) -> None:
    project = create_project(owner=ada, name="The shop")
    row = add(
        "curl/8.5.0",
        user_id=ada.pk,
        actor_id=ada.pk,
        project_id=project.pk,
        ip_address="192.0.2.7",
        data={"old": "<b>agent</b>"},
    )

    listed = client.get(page("activity_changelist")).content.decode()
    shown = client.get(page("activity_change", row.pk)).content.decode()

    for words in ("Password Changed", "ada@example.com", "The shop", "192.0.2.7"):
        assert words in listed
    for words in ("curl/8.5.0", "&lt;b&gt;agent&lt;/b&gt;", str(row.uuid)):
        assert words in shown


def test_shows_entries_about_deleted_rows(client: Client, ada: User) -> None:
    row = add("x", user_id=10**9, actor_id=10**9, project_id=10**9)

    assert "#1000000000" in client.get(page("activity_changelist")).content.decode()
    assert client.get(page("activity_change", row.pk)).status_code == 200


def test_filters_the_list(client: Client, ada: User) -> None:
    project = create_project(owner=ada, name="The shop")
    Activity.objects.all().delete()
    add("theirs", user_id=ada.pk)
    add("done by them", user_id=10**9, actor_id=ada.pk)
    add("in their project", project_id=project.pk)
    add("failed", type=ActivityType.LOGIN_FAILED)

    assert found(client, type__exact="login_failed") == ["failed"]
    for typed in (ada.pk, ada.uuid, "ADA@example.com", " ada@example.com "):
        assert found(client, user=str(typed)) == ["theirs"]
    for typed in (project.pk, project.uuid, "the sh"):
        assert found(client, project=str(typed)) == ["in their project"]
    for parameter in ("user", "project"):
        for nothing in ("nobody@example.com", "9" * 40, "%", "-1"):
            assert found(client, **{parameter: nothing}) == []
        assert found(client, **{parameter: "\x00"}) == found(client)
    assert found(client, created_at_from="2000-01-01", created_at_to="2000-01-02") == []


def test_searches_by_address_and_by_person(client: Client, ada: User) -> None:
    add("theirs", user_id=ada.pk, ip_address="192.0.2.7")
    add("done by them", actor_id=ada.pk, ip_address="2001:db8::7")
    tried = email_digest("ghost@example.com")
    add("tried", type=ActivityType.LOGIN_FAILED, data={"email_digest": tried})

    assert found(client, q="192.0.2.7") == ["theirs"]
    assert found(client, q="2001:DB8:0::7") == ["done by them"]
    assert found(client, q="ada@") == ["done by them", "theirs"]
    assert found(client, q="Ghost@example.com") == ["tried"]
    assert found(client, q="192.0.2.8") == []
    assert found(client, q="\x00ghost\x00") == found(client)  # no search


def test_the_log_is_read_only_for_staff(client: Client, ada: User) -> None:
    row = add("x", user_id=ada.pk)

    assert client.get(page("activity_add")).status_code == 403
    assert client.post(page("activity_add"), {"type": "user_deleted"}).status_code == 403
    for name, form in (
        ("activity_change", {"type": "user_deleted"}),
        ("activity_delete", {"post": "yes"}),
    ):
        assert client.post(page(name, row.pk), form).status_code == 403
    client.post(
        page("activity_changelist"),
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )
    assert Activity.objects.get(pk=row.pk).type == "password_changed"


def test_staff_without_the_permission_see_nothing(ada: User) -> None:
    clerk = make_user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_user"))
    browser = Client()
    browser.force_login(clerk)
    row = add("x")

    for path in (page("activity_changelist"), page("activity_change", row.pk)):
        assert browser.get(path).status_code == 403


def test_a_try_with_an_unknown_address_has_no_user(client: Client) -> None:
    record_activity(ActivityType.LOGIN_FAILED, user=None, by=NOBODY, email_digest="0" * 16)
    row = Activity.objects.get(type="login_failed")

    shown = client.get(page("activity_change", row.pk)).content.decode()

    assert "0" * 16 in shown
