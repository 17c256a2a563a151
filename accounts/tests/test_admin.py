"""The back office: what it shows, and that it changes things by the services alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.events import sessions_ended
from accounts.models import Membership, Project, Session, User
from accounts.services import create_project, open_session
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "battery staple"


@pytest.fixture
def admin() -> User:
    """A superuser."""
    return make_user(email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def client(admin: User) -> Client:
    """A browser in which the superuser is signed in."""
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def announced() -> Iterator[list[dict[str, Any]]]:
    """Collect what `sessions_ended` says."""
    heard: list[dict[str, Any]] = []

    def hear(
        sender: object, *, user_id: int, session_ids: list[Any], **_: object
    ) -> None:
        heard.append({"user_id": user_id, "session_ids": session_ids})

    sessions_ended.connect(hear)
    yield heard
    sessions_ended.disconnect(hear)


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


# --- Lists ------------------------------------------------------------------------------------


def add_user() -> None:
    """Add a user with a session."""
    open_session(user=make_user())


@pytest.mark.parametrize(
    ("model", "add"),
    [("user", add_user), ("session", add_user), ("project", make_user)],
)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    client: Client, model: str, add: Callable[[], object]
) -> None:
    counts = []
    for number in (2, 10):
        for _ in range(number):
            add()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page(f"{model}_changelist")).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", ["user", "session", "project"])
def test_lists_are_searched_and_filtered(client: Client, model: str) -> None:
    open_session(user=make_user(email="ada@example.com"))
    open_session(user=make_user(email="bob@example.com"))

    found = client.get(page(f"{model}_changelist"), {"q": "ada@"}).content.decode()

    assert "ada@example.com" in found
    assert "bob@example.com" not in found
    for parameters in (
        {"state": "open"} if model == "session" else {"is_active__exact": "1"},
        {"created_at__gte": "2024-01-01 00:00:00+00:00"},
    ):
        assert client.get(page(f"{model}_changelist"), parameters).status_code == 200


@pytest.mark.parametrize("state", ["open", "expired", "ended"])
def test_sessions_are_filtered_by_state(client: Client, state: str) -> None:
    for email in ("open", "expired", "ended"):
        open_session(user=make_user(email=f"{email}@example.com"))
    moment = timezone.now()
    Session.objects.filter(user__email="expired@example.com").update(expires_at=moment)
    Session.objects.filter(user__email="ended@example.com").update(ended_at=moment)

    found = client.get(page("session_changelist"), {"state": state}).content.decode()

    shown = {
        email
        for email in ("open", "expired", "ended")
        if f"{email}@example.com" in found
    }
    assert shown == {state}


# --- Users ------------------------------------------------------------------------------------


def test_makes_a_user_with_a_project(client: Client) -> None:
    response = client.post(
        page("user_add"),
        {
            "email": "new@example.com",
            "first_name": "New",
            "last_name": "User",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )

    user = User.objects.get(email="new@example.com")
    assert response.status_code == 302
    assert (user.name, user.check_password(PASSWORD)) == ("New User", True)
    assert user.personal_project.memberships.get().role == "owner"


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ADMIN@example.com"},
        {"email": "no e-mail"},
        {"password1": "short", "password2": "short"},
        {"password2": "another password"},
        {"password1": "", "password2": ""},
    ],
)
def test_makes_no_user_of_wrong_input(client: Client, wrong: dict[str, str]) -> None:
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}

    response = client.post(page("user_add"), {**form, **wrong})

    assert response.status_code == 200
    assert User.objects.count() == 1


def change_form(user: User, **changes: object) -> dict[str, object]:
    """Return what a browser posts from the user's form."""
    fields = ("email", "first_name", "last_name", "phone", "address")
    return {**{name: getattr(user, name) for name in fields}, **changes}


def test_changes_a_user(client: Client) -> None:
    user = make_user()

    response = client.post(
        page("user_change", user.pk),
        change_form(user, email="Other@EXAMPLE.com", first_name="Ada", is_staff="on"),
    )

    user.refresh_from_db()
    assert response.status_code == 302
    assert (user.email, user.first_name, user.is_staff) == (
        "Other@example.com",
        "Ada",
        True,
    )


def test_refuses_an_email_that_is_taken(client: Client) -> None:
    user = make_user(email="ada@example.com")

    response = client.post(
        page("user_change", user.pk), change_form(user, email="ADMIN@example.com")
    )

    user.refresh_from_db()
    assert response.status_code == 200
    assert user.email == "ada@example.com"


def test_a_new_password_ends_the_sessions(
    client: Client,
    announced: list[dict[str, Any]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    user = make_user()
    open_session(user=user)
    session = Session.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(
            reverse("admin:auth_user_password_change", args=[user.pk]),
            {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        )

    user.refresh_from_db()
    session.refresh_from_db()
    assert response.status_code == 302
    assert user.check_password(NEW_PASSWORD)
    assert session.end_reason == "password_changed"
    assert announced == [{"user_id": user.pk, "session_ids": [session.pk]}]


def test_an_own_new_password_ends_the_sessions_of_tokens_and_keeps_the_page(
    client: Client, admin: User
) -> None:
    open_session(user=admin)

    response = client.post(
        reverse("admin:password_change"),
        {
            "old_password": PASSWORD,
            "new_password1": NEW_PASSWORD,
            "new_password2": NEW_PASSWORD,
        },
        follow=True,
    )

    assert response.status_code == 200
    assert response.redirect_chain == [(reverse("admin:password_change_done"), 302)]
    assert Session.objects.get().end_reason == "password_changed"


def test_deactivates_and_activates(client: Client) -> None:
    user = make_user()
    open_session(user=user)

    assert "Deactivated: 1." in run(client, "deactivate", "user", user)
    user.refresh_from_db()
    assert (user.is_active, Session.objects.get().end_reason) == (False, "deactivated")

    assert "Activated: 1." in run(client, "activate", "user", user)
    user.refresh_from_db()
    assert (user.is_active, Session.objects.get().ended_at is None) == (True, False)


def test_ends_the_sessions_of_a_user(client: Client) -> None:
    user = make_user()
    open_session(user=user)

    assert "Signed out: 1." in run(client, "end_sessions", "user", user)
    assert Session.objects.get().end_reason == "revoked"


def test_shows_the_refusal_to_deactivate_oneself(client: Client, admin: User) -> None:
    shown = run(client, "deactivate", "user", admin)

    admin.refresh_from_db()
    assert "You cannot deactivate the account that you are signed in with." in shown
    assert admin.is_active


def test_nobody_is_deleted(client: Client) -> None:
    user = make_user()

    assert client.post(page("user_delete", user.pk), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in client.get(page("user_changelist")).content.decode()
    assert User.objects.filter(pk=user.pk).exists()


# --- Staff who are no superusers --------------------------------------------------------------


@pytest.fixture
def clerk() -> Client:
    """A browser in which somebody is signed in who may see and change users, and no more."""
    user = make_user(is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_user", "change_user"])
    )
    client = Client()
    client.force_login(user)
    return client


def test_staff_give_nobody_permissions(clerk: Client) -> None:
    user = make_user()

    clerk.post(
        page("user_change", user.pk),
        change_form(user, first_name="Ada", is_staff="on", is_superuser="on"),
    )

    user.refresh_from_db()
    assert (user.first_name, user.is_staff, user.is_superuser) == ("Ada", False, False)


def test_staff_cannot_touch_a_superuser(clerk: Client, admin: User) -> None:
    password_form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    password = clerk.post(
        reverse("admin:auth_user_password_change", args=[admin.pk]), password_form
    )
    form = clerk.post(page("user_change", admin.pk), change_form(admin, first_name="X"))
    shown = run(clerk, "deactivate", "user", admin)

    admin.refresh_from_db()
    assert (password.status_code, form.status_code) == (403, 403)
    assert "1 left out" in shown
    assert (admin.is_active, admin.first_name, admin.check_password(PASSWORD)) == (
        True,
        "",
        True,
    )


def test_users_who_are_no_staff_see_nothing() -> None:
    client = Client()
    client.force_login(make_user())

    response = client.get(page("user_changelist"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_superusers_alone_write_groups(client: Client) -> None:
    staff = make_user(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__model="group"))
    browser = Client()
    browser.force_login(staff)
    url = reverse("admin:auth_group_add")

    assert browser.post(url, {"name": "Mine"}).status_code == 403
    assert browser.get(reverse("admin:auth_group_changelist")).status_code == 200
    assert client.post(url, {"name": "Clerks"}).status_code == 302
    assert list(Group.objects.values_list("name", flat=True)) == ["Clerks"]


# --- Sessions ---------------------------------------------------------------------------------


def test_ends_a_session_once(client: Client) -> None:
    open_session(user=make_user())
    session = Session.objects.get()

    assert "Ended: 1." in run(client, "end", "session", session)
    assert "Ended: " not in run(client, "end", "session", session)
    session.refresh_from_db()
    assert session.end_reason == "revoked"


def test_a_session_is_looked_at_and_not_written(client: Client) -> None:
    open_session(user=make_user(), ip_address="192.0.2.1", user_agent="curl/8")
    session = Session.objects.get()

    shown = client.get(page("session_change", session.pk)).content.decode()

    assert "192.0.2.1" in shown
    assert "curl/8" in shown
    assert client.get(page("session_add")).status_code == 403
    assert (
        client.post(page("session_delete", session.pk), {"post": "yes"}).status_code
        == 403
    )


# --- Projects ---------------------------------------------------------------------------------


def members_form(project: Project, *rows: dict[str, object]) -> dict[str, object]:
    """Return what a browser posts from the project's form, with these rows of members."""
    form: dict[str, object] = {
        "name": project.name,
        "timezone": project.timezone,
        "is_active": "on",
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": sum("id" in row for row in rows),
    }
    for number, row in enumerate(rows):
        for name, value in row.items():
            form[f"memberships-{number}-{name}"] = value
        form[f"memberships-{number}-project"] = project.pk
    return form


def row_of(member: Membership, **changes: object) -> dict[str, object]:
    """Return the row of a member as it stands, changed."""
    return {"id": member.pk, "user": member.user_id, "role": member.role, **changes}


def roles(project: Project) -> dict[str, str]:
    """Return the members' roles by e-mail."""
    return dict(project.memberships.values_list("user__email", "role"))


def test_makes_a_project_with_its_owner(client: Client) -> None:
    owner = make_user()

    response = client.post(
        page("project_add"),
        {"owner": owner.pk, "name": "Shop", "timezone": "Europe/Berlin"},
    )

    project = Project.objects.get(name="Shop")
    assert response.status_code == 302
    assert (project.timezone, roles(project)) == (
        "Europe/Berlin",
        {owner.email: "owner"},
    )


def test_shows_that_a_time_zone_is_unknown(client: Client) -> None:
    owner = make_user()

    response = client.post(
        page("project_add"),
        {"owner": owner.pk, "name": "Shop", "timezone": "Mars/Base"},
        follow=True,
    )

    assert "This is no time zone" in response.content.decode()
    assert not Project.objects.filter(name="Shop").exists()


@pytest.mark.parametrize("owner", ["", "abc", "999", str(10**30)])
def test_makes_no_project_for_an_owner_that_is_not_there(
    client: Client, owner: str
) -> None:
    response = client.post(
        page("project_add"), {"owner": owner, "name": "Shop", "timezone": "UTC"}
    )

    assert response.status_code == 200
    assert not Project.objects.filter(name="Shop").exists()


@pytest.mark.parametrize("user", ["", "abc", "999", str(10**30)])
def test_takes_no_member_who_is_not_there(client: Client, user: str) -> None:
    project = create_project(owner=make_user(email="ada@example.com"), name="Shop")

    response = client.post(
        page("project_change", project.pk),
        members_form(
            project,
            row_of(project.memberships.get()),
            {"user": user, "role": "owner"},
        ),
    )

    assert response.status_code == 200
    assert roles(project) == {"ada@example.com": "owner"}


def test_keeps_what_was_typed_where_the_service_refuses(client: Client) -> None:
    project = create_project(owner=make_user(), name="Shop")
    form = members_form(project, row_of(project.memberships.get(), role="viewer"))

    response = client.post(
        page("project_change", project.pk), {**form, "name": "Renamed"}
    )

    project.refresh_from_db()
    assert 'value="Renamed"' in response.content.decode()
    assert project.name == "Shop"


def test_adds_changes_exchanges_and_removes_members(client: Client) -> None:
    ada, bob, cleo, dan = (
        make_user(email=f"{n}@example.com") for n in ("ada", "bob", "cleo", "dan")
    )
    project = create_project(owner=ada, name="Shop")
    for user in (bob, cleo):
        Membership.objects.create(project=project, user=user, role="viewer")
    of_ada, of_bob, of_cleo = project.memberships.order_by("pk")

    response = client.post(
        page("project_change", project.pk),
        members_form(
            project,
            row_of(of_ada, role="agent"),
            row_of(of_bob, user=dan.pk, role="owner"),
            row_of(of_cleo, DELETE="on"),
        ),
    )

    assert response.status_code == 302
    assert roles(project) == {"ada@example.com": "agent", "dan@example.com": "owner"}


def test_shows_that_a_project_keeps_an_owner(client: Client) -> None:
    project = create_project(owner=make_user(email="ada@example.com"), name="Shop")

    response = client.post(
        page("project_change", project.pk),
        members_form(project, row_of(project.memberships.get(), role="viewer")),
        follow=True,
    )

    assert "A project keeps at least one owner" in response.content.decode()
    assert roles(project) == {"ada@example.com": "owner"}


def test_a_personal_project_keeps_the_user_whose_it_is(client: Client) -> None:
    ada, bob = make_user(email="ada@example.com"), make_user(email="bob@example.com")
    project = ada.personal_project
    Membership.objects.create(project=project, user=bob, role="owner")

    client.post(
        page("project_change", project.pk),
        members_form(
            project,
            row_of(project.memberships.get(user=ada), DELETE="on"),
            row_of(project.memberships.get(user=bob)),
        ),
    )

    assert roles(project) == {"ada@example.com": "owner", "bob@example.com": "owner"}
