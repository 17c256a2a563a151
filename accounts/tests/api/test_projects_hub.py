"""`/api/v1/projects`: the hub document's examples, and what they leave open."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Activity, Membership, Project
from accounts.services import create_project
from accounts.tests.factories import client_of, make_staff, make_user
from accounts.tests.projects import Team, make_team

pytestmark = pytest.mark.django_db

PATH = "/api/v1/projects"
DOCUMENTED = {
    "name": "My Store",
    "description": "E-commerce store",
    "timezone": "America/New_York",
    "settings": {},
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def team() -> Team:
    """A project with a member in each role."""
    return make_team()


def errors_in(response: Any) -> Any:
    """Check that the answer is the hub's 422, and return its errors by field."""
    body = response.json()
    assert response.status_code == 422, body
    assert body["code"] == "VALIDATION_ERROR"
    assert MOMENT.fullmatch(body["timestamp"])
    return body["errors"]


# --- Create -----------------------------------------------------------------------------------


@time_machine.travel(datetime(2025, 1, 12, 10, 0, 0, 345678, UTC), tick=False)
def test_documented_creation() -> None:
    user = make_user()

    response = client_of(user).post(PATH, DOCUMENTED)

    project = Project.objects.get(name="My Store")
    assert response.status_code == 201
    assert response.json() == {
        "id": str(project.uuid),
        **DOCUMENTED,
        "currency": "USD",
        "is_active": True,
        "created_at": "2025-01-12T10:00:00Z",
        "is_personal": False,
        "role": "owner",
        "updated_at": "2025-01-12T10:00:00Z",
    }
    assert list(project.memberships.values_list("user", "role")) == [(user.pk, "owner")]
    activity = Activity.objects.get(project_id=project.pk)
    assert (activity.type, activity.user_id, activity.actor_id) == (
        "project_created",
        user.pk,
        user.pk,
    )


def test_a_name_is_enough() -> None:
    response = client_of(make_user()).post(PATH, {"name": "  Shop "})

    body = response.json()
    assert response.status_code == 201
    assert (body["name"], body["description"], body["timezone"], body["settings"]) == (
        "Shop",
        "",
        "UTC",
        {},
    )
    assert body["currency"] == "USD"


REQUIRED = ["This field is required."]
NO_CURRENCY = ["ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."]
NO_TIMEZONE = ["This is not a time zone. Try Europe/Berlin, for example."]
NUL = ["Null characters are not allowed."]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": REQUIRED}),
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": " \t"}, {"name": ["This field may not be blank."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": 5}, {"name": ["Not a valid string."]}),
        ({"name": ["Shop"]}, {"name": ["Not a valid string."]}),
        (
            {"name": "x" * 256},
            {"name": ["Ensure this field has no more than 255 characters."]},
        ),
        ({"name": "Sh\x00op"}, {"name": NUL}),
        (
            {"name": "Shop", "description": "x" * 5001},
            {"description": ["Ensure this field has no more than 5000 characters."]},
        ),
        ({"name": "Shop", "timezone": "Mars/Base"}, {"timezone": NO_TIMEZONE}),
        ({"name": "Shop", "currency": "ABC"}, {"currency": NO_CURRENCY}),
        (
            {"name": "Shop", "currency": ""},
            {"currency": ["This field may not be blank."]},
        ),
        ({"name": "Shop", "timezone": "../etc/passwd"}, {"timezone": NO_TIMEZONE}),
        ({"name": "Shop", "timezone": "localtime"}, {"timezone": NO_TIMEZONE}),
        ({"name": "Shop", "timezone": "utc+1"}, {"timezone": NO_TIMEZONE}),
        (
            {"name": "Shop", "timezone": ""},
            {"timezone": ["This field may not be blank."]},
        ),
        ({"name": "Shop", "settings": []}, {"settings": ["Must be an object."]}),
        ({"name": "Shop", "settings": "{}"}, {"settings": ["Must be an object."]}),
        (
            {"name": "Shop", "settings": None},
            {"settings": ["This field may not be null."]},
        ),
        ({"name": "Shop", "owner": 1}, {"owner": ["There is no such field."]}),
        (
            {"name": "Shop", "is_active": True},
            {"is_active": ["There is no such field."]},
        ),
        ([], {"body": ["Invalid data. Expected a dictionary, but got list."]}),
    ],
)
def test_refuses_to_create(body: Any, errors: object) -> None:
    client = client_of(make_user())

    response = client.post(PATH, body)

    assert errors_in(response) == errors
    assert Project.objects.filter(personal_owner=None).count() == 0


def nested(depth: int) -> Any:
    """Return an object of objects, `depth` in all."""
    settings: Any = {}
    for _ in range(depth - 1):
        settings = {"a": settings}
    return settings


NUMBERS = "Numbers must lie between 1e-15 and 9007199254740992, or be 0."


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"a": "x" * 16_377}, "Must not take up more than 16384 bytes."),
        ({"é" * 8_190: 1}, "Must not take up more than 16384 bytes."),
        (nested(9), "Must not be nested deeper than 8 levels."),
        ({"a": [[[[[[[[1]]]]]]]]}, "Must not be nested deeper than 8 levels."),
        ({"a": "\x00"}, "Null characters are not allowed."),
        ({"\x00": [1]}, "Null characters are not allowed."),
        ({"a": [{"b": 10**30}]}, NUMBERS),
        ({"a": 2**63}, NUMBERS),
        ({"a": -(2**53) - 2}, NUMBERS),
        ({"a": 1e300}, NUMBERS),
        ({"a": 1e-300}, NUMBERS),
    ],
)
def test_refuses_settings_out_of_bounds(settings: Any, problem: str) -> None:
    client = client_of(make_user())

    response = client.post(PATH, {"name": "Shop", "settings": settings})

    assert errors_in(response) == {"settings": [problem]}


@pytest.mark.parametrize(
    "settings",
    [
        {"a": "x" * 16_376},
        nested(8),
        {"": None, "a.b": [True, 0, -0.5, 2**53, -(2**53), 1e-15, "é"]},
        {"currency": "EUR", "hours": {"mon": [9, 17]}, "ratio": 0.1},
    ],
)
def test_returns_settings_as_they_were_sent(settings: Any) -> None:
    client = client_of(make_user())

    created = client.post(PATH, {"name": "Shop", "settings": settings})

    read = client.get(f"{PATH}/{created.json()['id']}")
    assert created.status_code == 201
    assert created.json()["settings"] == read.json()["settings"] == settings


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b'{"name": "a", "settings": {"a": 1e999}}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"<xml/>", "text/xml", 415),
        (b"name=Shop", "application/x-www-form-urlencoded", 415),
        (b"x" * 2_000_000, "application/json", 413),
    ],
)
def test_hostile_bodies_are_refused_with_a_readable_body(
    body: bytes, content_type: str, status: int
) -> None:
    client = client_of(make_user())

    response = client.post(PATH, body, content_type=content_type)

    answered = response.json()
    assert response.status_code == status
    assert set(answered) >= {"detail", "code", "timestamp"}
    assert not Project.objects.filter(personal_owner=None).exists()


# --- List -------------------------------------------------------------------------------------


@time_machine.travel(datetime(2025, 1, 12, 10, tzinfo=UTC), tick=False)
def test_documented_list() -> None:
    user = make_user(email="ada@example.com")
    project = create_project(owner=user, **DOCUMENTED)  # type: ignore[arg-type]

    response = client_of(user).get(PATH)

    personal, shop = response.json()
    assert response.status_code == 200
    assert response["X-Total-Count"] == "2"
    assert shop == {
        "id": str(project.uuid),
        "name": "My Store",
        "description": "E-commerce store",
        "timezone": "America/New_York",
        "currency": "USD",
        "is_active": True,
        "created_at": "2025-01-12T10:00:00Z",
        "settings": {},
        "is_personal": False,
        "role": "owner",
        "updated_at": "2025-01-12T10:00:00Z",
    }
    assert (personal["name"], personal["is_personal"]) == ("ada@example.com", True)


def test_a_list_holds_only_the_callers_projects(team: Team) -> None:
    create_project(owner=make_user(), name="Theirs")
    staff = make_user(is_staff=True)

    def listed(client: APIClient) -> dict[str, str]:
        rows = client.get(PATH).json()
        return {row["name"]: row["role"] for row in rows if not row["is_personal"]}

    assert listed(team.client("viewer")) == {"My Store": "viewer"}
    assert listed(team.client("owner")) == {"My Store": "owner"}
    assert listed(client_of(staff)) == {}


def test_a_list_is_paged() -> None:
    user = make_user()
    for number in range(4):
        create_project(owner=user, name=f"Shop {number}")

    response = client_of(user).get(PATH, {"page": 2, "page_size": 2})

    assert [row["name"] for row in response.json()] == ["Shop 1", "Shop 2"]
    assert response["X-Total-Count"] == "5"
    assert response["Link"] == (
        '<http://testserver/api/v1/projects?page=3&page_size=2>; rel="next", '
        '<http://testserver/api/v1/projects?page=1&page_size=2>; rel="prev"'
    )


@pytest.mark.parametrize("query", ["page=0", "page=x", "page_size=201", "page_size=-1"])
def test_refuses_a_malformed_page(query: str) -> None:
    response = client_of(make_user()).get(f"{PATH}?{query}")

    assert list(errors_in(response)) == [query.partition("=")[0]]


@pytest.mark.parametrize("path", ["", "/members", "/invitations"])
@pytest.mark.parametrize("page_size", [3, 100])
def test_the_number_of_statements_does_not_grow_with_the_list(path: str, page_size: int) -> None:
    counts = set()
    for length in (4, 12):
        owner = make_user()
        project = create_project(owner=owner, name="Shop")
        for _ in range(length):
            user = make_user()
            Membership.objects.create(project=project, user=user, role="agent")
            create_project(owner=owner, name="Another")
            project.invitations.create(
                email=f"{user.pk}@example.org",
                role="agent",
                invited_by=owner,
                expires_at=datetime(2025, 1, 12, tzinfo=UTC),
            )
        client = client_of(owner)
        with CaptureQueriesContext(
            connection,
        ) as statements:
            url = f"{PATH}/{project.uuid}{path}" if path else PATH
            response = client.get(url, {"page_size": page_size})
        assert response.status_code == 200
        assert len(response.json()) >= min(length, page_size)
        counts.add(len(statements))

    # The caller, the project if the path names one, the rows, and their number if the page is full.
    assert counts == {2 + bool(path) + (page_size == 3)}


# --- Get --------------------------------------------------------------------------------------


def test_gets_a_project(team: Team) -> None:
    response = team.client("agent").get(team.path())

    assert response.status_code == 200
    assert (response.json()["id"], response.json()["role"]) == (
        str(team.project.uuid),
        "agent",
    )


def test_staff_who_are_not_members_may_view_without_a_role(team: Team) -> None:
    response = client_of(make_staff("view_project")).get(team.path())

    assert (response.status_code, response.json()["role"]) == (200, None)


@pytest.mark.parametrize(
    "project_id",
    [
        "0",
        "x" * 300,
        "c0a8012e-4b0f-4a39-9f5e-7a1d1e0b2c3d",
        "%00",
        "%ed%a0%80",
        "1; DROP TABLE accounts_project",
        "\uff19\uff19",
    ],
)
@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_project_that_does_not_exist_is_a_404(method: str, project_id: str) -> None:
    response = getattr(client_of(make_user()), method)(f"{PATH}/{project_id}")

    body = response.json()
    assert MOMENT.fullmatch(body.pop("timestamp"))
    assert (response.status_code, body) == (
        404,
        {"detail": "Project not found", "code": "PROJECT_NOT_FOUND"},
    )


def test_an_unchanged_project_is_a_304(team: Team) -> None:
    client = team.client("viewer")
    etag = client.get(team.path())["ETag"]

    again = client.get(team.path(), headers={"If-None-Match": etag})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    other = team.client("agent").get(team.path(), headers={"If-None-Match": etag})
    assert other.status_code == 200


# --- Update -----------------------------------------------------------------------------------


def test_changes_the_given_fields_and_leaves_the_others(team: Team) -> None:
    team.client("manager").patch(team.path(), {"settings": {"a": 1, "b": 2}})

    response = team.client("manager").patch(
        team.path(),
        {"timezone": "Europe/Berlin", "currency": "EUR", "settings": {"b": 3}},
    )

    body = response.json()
    team.project.refresh_from_db()
    assert response.status_code == 200
    assert (body["name"], body["timezone"], body["settings"], body["role"]) == (
        "My Store",
        "Europe/Berlin",
        {"b": 3},
        "manager",
    )
    assert (team.project.timezone, team.project.settings) == ("Europe/Berlin", {"b": 3})
    assert (body["currency"], team.project.currency) == ("EUR", "EUR")
    activity = Activity.objects.filter(type="project_changed").latest("id")
    assert (activity.project_id, activity.actor_id, activity.data) == (
        team.project.pk,
        team.members["manager"].pk,
        {"fields": ["currency", "settings", "timezone"]},
    )


def test_a_client_may_send_the_body_back_as_read(team: Team) -> None:
    client = team.client("owner")
    before = client.get(team.path()).json()

    response = client.patch(team.path(), {**before, "name": "Renamed"})

    assert response.status_code == 200
    assert response.json() | {"updated_at": ""} == before | {
        "name": "Renamed",
        "updated_at": "",
    }


@pytest.mark.parametrize("body", [{}, {"name": "My Store"}, {"is_active": True}])
def test_a_change_of_nothing_leaves_no_trace(team: Team, body: Any) -> None:
    before = Project.objects.filter(pk=team.project.pk).values().get()

    response = team.client("owner").patch(team.path(), body)

    assert response.status_code == 200
    assert Project.objects.filter(pk=team.project.pk).values().get() == before
    assert not Activity.objects.filter(type="project_changed").exists()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"timezone": "Berlin"}, {"timezone": NO_TIMEZONE}),
        ({"currency": "ABC"}, {"currency": NO_CURRENCY}),
        ({"settings": 1}, {"settings": ["Must be an object."]}),
        (
            {"settings": nested(9)},
            {"settings": ["Must not be nested deeper than 8 levels."]},
        ),
        ({"is_active": False}, {"is_active": ["Use DELETE to switch a project off."]}),
        ({"members": []}, {"members": ["There is no such field."]}),
    ],
)
def test_refuses_to_change(team: Team, body: Any, errors: object) -> None:
    before = Project.objects.filter(pk=team.project.pk).values().get()

    response = team.client("owner").patch(team.path(), {"description": "New", **body})

    assert errors_in(response) == errors
    assert Project.objects.filter(pk=team.project.pk).values().get() == before


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_stale_change_is_refused(team: Team, method: str) -> None:
    client = team.client("owner")
    old = client.get(team.path())["ETag"]
    client.patch(team.path(), {"name": "First"})

    response = getattr(client, method)(team.path(), {"name": "Second"}, headers={"If-Match": old})

    team.project.refresh_from_db()
    assert (response.status_code, response.json()["code"]) == (412, "STALE")
    assert (team.project.name, team.project.is_active) == ("First", True)


def test_each_answer_has_the_etag_for_the_next_change(team: Team) -> None:
    client = team.client("owner")
    etag = client.get(team.path())["ETag"]

    for name in ("First", "Second"):
        response = client.patch(team.path(), {"name": name}, headers={"If-Match": etag})
        assert response.status_code == 200
        etag = response["ETag"]
    assert client.delete(team.path(), headers={"If-Match": etag}).status_code == 204


# --- Delete -----------------------------------------------------------------------------------


def test_deletes_a_project_for_everybody(team: Team) -> None:
    response = team.client("owner").delete(team.path())

    team.project.refresh_from_db()
    assert (response.status_code, response.content) == (204, b"")
    assert team.project.is_active is False
    for role in team.members:
        client = team.client(role)
        assert client.get(team.path()).status_code == 404
        assert all(row["name"] != "My Store" for row in client.get(PATH).json())
    activity = Activity.objects.get(type="project_deleted")
    assert (activity.project_id, activity.actor_id) == (
        team.project.pk,
        team.owner.pk,
    )


def test_a_personal_project_cannot_be_deleted() -> None:
    user = make_user()

    response = client_of(user).delete(f"{PATH}/{user.personal_project.uuid}")

    body = response.json()
    del body["timestamp"]
    assert (response.status_code, body) == (
        409,
        {"detail": "A personal project cannot be deleted.", "code": "PERSONAL_PROJECT"},
    )
    assert Project.objects.get(personal_owner=user).is_active


# --- Methods, paths and rare cases ------------------------------------------------------------


@pytest.mark.parametrize("method", ["put", "post"])
def test_other_methods_are_refused(team: Team, method: str) -> None:
    response = getattr(team.client("owner"), method)(team.path(), {})

    assert response.status_code == 405
    assert response["Allow"] == "GET, PATCH, DELETE, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["head", "options"])
def test_strangers_learn_nothing_by_other_methods(team: Team, method: str) -> None:
    assert getattr(client_of(make_user()), method)(team.path()).status_code == 404
    assert getattr(team.client("viewer"), method)(team.path()).status_code == 200
    assert getattr(APIClient(), method)(team.path()).status_code == 401


def test_both_spellings_of_a_path_work(team: Team) -> None:
    client = team.client("owner")

    for path in (PATH, team.path(), team.path("members"), team.path("invitations")):
        assert client.get(f"{path}/").json() == client.get(path).json()


def test_a_currency_that_iso_4217_withdrew_can_be_sent_back(team: Team) -> None:
    Project.objects.filter(pk=team.project.pk).update(currency="XYZ")
    body = team.client("manager").get(team.path()).json()

    response = team.client("manager").patch(team.path(), {**body, "name": "Old Store"})

    assert (response.status_code, response.json()["currency"]) == (200, "XYZ")
