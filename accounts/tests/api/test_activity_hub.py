"""`GET /api/v1/auth/activity` and `…/projects/{project_id}/activity`: who may read what."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.activity import NOBODY, record_activity
from accounts.events import ActivityType
from accounts.models import Activity, Membership, Project, User
from accounts.services import create_project
from accounts.services.api_tokens import create_api_token
from accounts.tests.factories import PASSWORD, client_of, make_staff, make_user

pytestmark = pytest.mark.django_db

OWN = "/api/v1/auth/activity"
MOMENT = datetime(2025, 1, 12, 10, tzinfo=UTC)


def in_project(project: Project) -> str:
    """Return the path of a project's activity."""
    return f"/api/v1/projects/{project.uuid}/activity"


def person(user: User, *, email: bool) -> dict[str, Any]:
    """Return a person as the API writes them, with or without their e-mail."""
    shown = {"id": str(user.uuid), "name": user.name}
    return {**shown, "email": user.email if email else None}


def join(project: Project, role: str, **fields: Any) -> User:
    """Add a member."""
    user = make_user(**fields)
    Membership.objects.create(project=project, user=user, role=role)
    return user


def types(response: Any) -> list[str]:
    """Return the types in the answer, in order."""
    assert response.status_code == 200, response.content
    return [row["type"] for row in response.json()]


# --- The caller's own activity ----------------------------------------------------------------


def test_a_user_reads_where_they_signed_in_from() -> None:
    user = make_user(first_name="Ada", last_name="Lovelace")
    Activity.objects.all().delete()
    with time_machine.travel(MOMENT, tick=False):
        tokens = APIClient().post(
            "/api/auth/token",
            {"username": user.email, "password": PASSWORD},
            REMOTE_ADDR="192.0.2.7",
            HTTP_USER_AGENT="curl/8.5.0",
        )
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.json()['access_token']}")
        response = client.get(OWN)

    row = Activity.objects.get()
    assert response.status_code == 200
    assert response["X-Total-Count"] == "1"
    assert response.json() == [
        {
            "id": str(row.uuid),
            "type": "login_succeeded",
            "created_at": "2025-01-12T10:00:00Z",
            "user": person(user, email=True),
            "actor": person(user, email=True),
            "project_id": None,
            "ip_address": "192.0.2.7",
            "user_agent": "curl/8.5.0",
            "data": {"session_id": str(user.sessions.get().pk)},
        }
    ]


def test_a_user_reads_where_failed_sign_ins_came_from() -> None:
    user = make_user()
    client = client_of(user)
    APIClient().post(
        "/api/auth/token",
        {"username": user.email.upper(), "password": "wrong horse"},
        REMOTE_ADDR="203.0.113.9",
        HTTP_USER_AGENT="sqlmap",
    )

    row = client.get(OWN, {"type": "login_failed"}).json()[0]

    assert (row["user"], row["actor"]) == (person(user, email=True), None)
    assert (row["ip_address"], row["user_agent"]) == ("203.0.113.9", "sqlmap")
    assert row["data"] == {}  # the digest is for staff


def test_a_user_reads_who_changed_their_role_but_not_from_where() -> None:
    manager = make_user(first_name="Ada")
    project = create_project(owner=manager, name="Shop")
    user = join(project, "agent")
    record_activity(
        ActivityType.MEMBER_ROLE_CHANGED,
        user=user,
        by=manager,
        project_id=project.pk,
        role="agent",
    )
    row = Activity.objects.filter(type="member_role_changed").values("pk")
    assert row.count() == 1

    (shown,) = client_of(user).get(OWN, {"type": "member_role_changed"}).json()

    assert shown["actor"] == person(manager, email=False)
    assert shown["project_id"] == str(project.uuid)
    assert (shown["ip_address"], shown["user_agent"]) == (None, "")
    assert shown["data"] == {"role": "agent"}


def test_a_user_cannot_read_the_activity_of_others() -> None:
    user, other = make_user(), make_user()
    client = client_of(user)
    Activity.objects.all().delete()
    project = create_project(owner=other, name="Shop")
    Activity.objects.all().delete()
    record_activity(ActivityType.PASSWORD_CHANGED, user=other)
    record_activity(ActivityType.LOGIN_FAILED, user=None, by=NOBODY)
    record_activity(ActivityType.PROJECT_CHANGED, user=None, by=user, project_id=project.pk)

    response = client.get(OWN)

    assert (response.status_code, response.json()) == (200, [])


def test_a_deleted_actor_is_shown_without_name_and_email() -> None:
    user, gone = make_user(), make_user()
    record_activity(ActivityType.USER_ACTIVATED, user=user, by=gone)
    client = client_of(user)
    User.objects.filter(pk=gone.pk).update(
        email=f"deleted-{gone.uuid}@deleted.invalid", is_active=False
    )

    (row,) = client.get(OWN, {"type": "user_activated"}).json()

    assert row["actor"] == {"id": str(gone.uuid), "name": "", "email": None}


# --- A project's activity ---------------------------------------------------------------------


def test_an_owner_reads_what_members_did_but_not_from_where() -> None:
    owner = make_user()
    project = create_project(owner=owner, name="Shop")
    manager, agent = join(project, "manager"), join(project, "agent")
    former = make_user(first_name="Former")
    Activity.objects.all().delete()
    rows: list[tuple[User | None, User]] = [
        (manager, agent),
        (owner, owner),
        (owner, former),
        (None, agent),
    ]
    for actor, user in rows:
        Activity.objects.create(
            type=ActivityType.MEMBER_ROLE_CHANGED,
            user_id=user.pk,
            actor_id=actor.pk if actor else None,
            project_id=project.pk,
            ip_address="192.0.2.7",
            user_agent="curl",
        )

    shown = client_of(owner).get(in_project(project)).json()

    assert [
        (row["actor"], row["user"], row["ip_address"], row["user_agent"]) for row in reversed(shown)
    ] == [
        (person(manager, email=True), person(agent, email=True), None, ""),
        (person(owner, email=True), person(owner, email=True), "192.0.2.7", "curl"),
        (person(owner, email=True), person(former, email=False), "192.0.2.7", "curl"),
        (None, person(agent, email=True), None, ""),
    ]


def test_a_project_shows_nothing_of_other_projects() -> None:
    owner = make_user()
    project = create_project(owner=owner, name="Shop")
    other = create_project(owner=owner, name="Other")
    Activity.objects.all().delete()
    for each, type_ in (
        (project, ActivityType.PROJECT_CHANGED),
        (other, ActivityType.PROJECT_CREATED),
        (None, ActivityType.PASSWORD_CHANGED),
    ):
        record_activity(type_, user=owner, project_id=each.pk if each else None)

    assert types(client_of(owner).get(in_project(project))) == ["project_changed"]


@pytest.mark.parametrize(
    ("role", "status"),
    [("owner", 200), ("manager", 403), ("agent", 403), ("viewer", 403), ("", 404)],
)
def test_only_owners_read_it(role: str, status: int) -> None:
    project = create_project(owner=make_user(), name="Shop")
    caller = join(project, role) if role else make_user()

    response = client_of(caller).get(in_project(project))

    assert response.status_code == status
    code = {403: "ROLE_NOT_ENOUGH", 404: "PROJECT_NOT_FOUND"}.get(status)
    assert code is None or response.json()["code"] == code


def test_staff_read_it_without_addresses() -> None:
    owner = make_user()
    project = create_project(owner=owner, name="Shop")
    Activity.objects.all().delete()
    record_activity(ActivityType.PROJECT_CHANGED, user=owner, project_id=project.pk)
    staff = make_staff("view_activity")

    (row,) = client_of(staff).get(in_project(project)).json()

    assert row["actor"] == person(owner, email=True)
    assert (row["ip_address"], row["user_agent"]) == (None, "")


@pytest.mark.parametrize("which", ["unknown", "deleted", "no uuid", "nul"])
def test_an_unknown_project_is_not_found(which: str) -> None:
    owner = make_user()
    project = create_project(owner=owner, name="Shop")
    if which == "deleted":
        Project.objects.filter(pk=project.pk).update(is_active=False)
    project_id = {"unknown": uuid4(), "deleted": project.uuid, "nul": "%00"}.get(which, "shop")

    response = client_of(owner).get(f"/api/v1/projects/{project_id}/activity")

    assert response.status_code == 404
    assert response.json()["code"] == "PROJECT_NOT_FOUND"


# --- Callers ----------------------------------------------------------------------------------


def test_anonymous_callers_are_refused(anonymous: APIClient) -> None:
    project = create_project(owner=make_user(), name="Shop")

    for path in (OWN, in_project(project)):
        assert anonymous.get(path).status_code == 401


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [
        ("account:read", (200, 403)),
        ("account:write", (200, 403)),
        ("projects:read", (403, 200)),
        ("orders:write", (403, 403)),
    ],
)
def test_api_tokens_need_the_scope_of_the_area(scope: str, statuses: tuple[int, int]) -> None:
    owner = make_user()
    project = create_project(owner=owner, name="Shop")
    _, text = create_api_token(user=owner, name="A script", scopes=[scope])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")

    found = client.get(OWN).status_code, client.get(in_project(project)).status_code

    assert found == statuses


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_log_is_read_only(method: str) -> None:
    owner = make_user()
    project = create_project(owner=owner, name="Shop")
    client = client_of(owner)
    rows = list(Activity.objects.values())

    for path in (OWN, in_project(project)):
        assert getattr(client, method)(path).status_code == 405

    assert list(Activity.objects.values()) == rows


# --- Filters and pages ------------------------------------------------------------------------


def three_days(user: User) -> None:
    """Record something on each of three days at ten."""
    Activity.objects.all().delete()
    for day, type_ in enumerate(
        (
            ActivityType.EMAIL_CHANGED,
            ActivityType.EMAIL_VERIFIED,
            ActivityType.PASSWORD_CHANGED,
        )
    ):
        with time_machine.travel(MOMENT + timedelta(days=day), tick=False):
            record_activity(type_, user=user)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["password_changed", "email_verified", "email_changed"]),
        ("type=email_verified", ["email_verified"]),
        (
            "type=email_verified&type=password_changed",
            ["password_changed", "email_verified"],
        ),
        ("type=user_deleted", []),
        ("since=2025-01-13T10:00:00Z", ["password_changed", "email_verified"]),
        ("since=2025-01-13T10:00:00.000001Z", ["password_changed"]),
        ("until=2025-01-13T10:00:00Z", ["email_changed"]),
        ("since=2025-01-13&until=2025-01-14", ["email_verified"]),
        ("since=2025-01-13T12:00:00%2B03:00&until=2025-01-14", ["email_verified"]),
        ("since=2025-01-13T11:00:00%2B03:00&until=", ["password_changed", "email_verified"]),
        ("since=9999-12-31T23:59:59Z", []),
        ("page_size=1", ["password_changed"]),
        ("page_size=1&page=3", ["email_changed"]),
        ("page_size=2&page=3", []),
    ],
)  # fmt: skip
def test_it_is_filtered_and_paged(query: str, found: list[str]) -> None:
    user = make_user()
    client = client_of(user)
    three_days(user)

    assert types(client.get(f"{OWN}?{query}")) == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("type=love", "type"),
        ("type=email_verified&type=%00", "type"),
        ("since=yesterday", "since"),
        ("since=2025-02-30T10:00:00Z", "since"),
        ("since=0001-01-01T00:00:00%2B14:00", "since"),
        ("until=9999-12-31T23:59:59-14:00", "until"),
        ("until=%00", "until"),
        ("until=" + "9" * 5000, "until"),
        ("page=0", "page"),
        ("page_size=201", "page_size"),
        ("page=1e3", "page"),
    ],
)
def test_wrong_parameters_are_named(query: str, field: str) -> None:
    project = create_project(owner=make_user(), name="Shop")
    owner = User.objects.get(pk=project.memberships.get().user_id)
    client = client_of(owner)

    for path in (OWN, in_project(project)):
        response = client.get(f"{path}?{query}")

        assert response.status_code == 422, response.content
        assert response.json()["code"] == "VALIDATION_ERROR"
        assert list(response.json()["errors"]) == [field]


def test_pages_are_linked_and_keep_the_filters() -> None:
    user = make_user()
    client = client_of(user)
    three_days(user)
    filters = "type=email_changed&type=email_verified&type=password_changed"

    response = client.get(f"{OWN}?{filters}&page_size=1&page=2")

    assert response["X-Total-Count"] == "3"
    assert response["Link"] == (
        f'<http://testserver{OWN}?{filters}&page_size=1&page=3>; rel="next", '
        f'<http://testserver{OWN}?{filters}&page_size=1&page=1>; rel="prev"'
    )


def test_the_number_of_statements_does_not_grow_with_the_rows() -> None:
    owner = make_user()
    project = create_project(owner=owner, name="Shop")
    client = client_of(owner)
    counts = []
    for number in (2, 20):
        for _ in range(number):
            member = join(project, "agent")
            for user in (owner, member):
                record_activity(
                    ActivityType.MEMBER_JOINED,
                    user=user,
                    by=member,
                    project_id=project.pk,
                )
        for path in (OWN, in_project(project)):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path, {"page_size": 3}).status_code == 200
            counts.append(len(queries))

    # The caller, the page, its people and the total; for a project also the caller's role.
    assert counts == [4, 5, 4, 5]
