"""`/api/v1/projects/{project_id}/members`: who works in a project, and who may change that."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from accounts.models import Activity, Membership
from accounts.services import deactivate_user, set_member
from accounts.tests.factories import client_of, make_user
from accounts.tests.projects import Team, make_invitation, make_team, roles_in

pytestmark = pytest.mark.django_db

Role = Membership.Role
WHOLE = {"owner": "owner", "manager": "manager", "agent": "agent", "viewer": "viewer"}


@pytest.fixture
def team() -> Team:
    """A project with a member in each role."""
    return make_team()


def refusal(response: Any) -> tuple[int, str, str]:
    """Return status, words and code of a refusal."""
    body = response.json()
    return response.status_code, body["detail"], body["code"]


LAST_OWNER = (
    409,
    "A project must keep at least one owner, and a personal project its own user.",
    "LAST_OWNER",
)
MEMBER_NOT_FOUND = (404, "Member not found", "MEMBER_NOT_FOUND")


def not_allowed(operation: str) -> tuple[int, str, str]:
    """Return the refusal of an operation."""
    words = f"Your role in this project does not allow this ({operation})."
    return 403, words, "ROLE_NOT_ENOUGH"


# --- List -------------------------------------------------------------------------------------


@time_machine.travel(datetime(2025, 1, 12, 10, tzinfo=UTC), tick=False)
def test_lists_the_members() -> None:
    team = make_team()
    ada = make_user(email="ada@example.com", first_name="Ada", last_name="Lovelace")
    set_member(project=team.project, user=ada, role=Role.AGENT)

    response = team.client("viewer").get(team.path("members"))

    rows = response.json()
    assert (response.status_code, response["X-Total-Count"]) == (200, "5")
    assert [row["role"] for row in rows] == [*WHOLE, "agent"]
    assert rows[-1] == {
        "user_id": str(ada.uuid),
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "role": "agent",
        "joined_at": "2025-01-12T10:00:00Z",
    }


# --- Change -----------------------------------------------------------------------------------


def test_changes_a_role_at_once(team: Team) -> None:
    agent = team.members["agent"]
    client = team.client("agent")
    body = {"name": "Renamed"}
    assert client.patch(team.path(), body).status_code == 403

    response = team.client("manager").patch(team.path("members", agent.uuid), {"role": "manager"})

    assert response.status_code == 200
    assert response.json()["role"] == "manager"
    assert response.json()["user_id"] == str(agent.uuid)
    assert client.patch(team.path(), body).status_code == 200
    activity = Activity.objects.get(type="member_role_changed")
    assert (activity.user_id, activity.actor_id, activity.project_id) == (
        agent.pk,
        team.members["manager"].pk,
        team.project.pk,
    )
    assert activity.data == {"old_role": "agent", "new_role": "manager"}


def test_a_client_may_send_a_member_back_as_read(team: Team) -> None:
    path = team.path("members", team.members["agent"].uuid)
    (read,) = [
        row
        for row in team.client("owner").get(team.path("members")).json()
        if row["role"] == "agent"
    ]

    response = team.client("owner").patch(path, read)

    assert (response.status_code, response.json()) == (200, read)
    assert not Activity.objects.filter(type="member_role_changed").exists()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"role": ["This field is required."]}),
        ({"role": None}, {"role": ["This field may not be null."]}),
        (
            {"role": "boss"},
            {"role": ['"boss" is not one of owner, manager, agent, viewer.']},
        ),
        (
            {"role": "OWNER"},
            {"role": ['"OWNER" is not one of owner, manager, agent, viewer.']},
        ),
        (
            {"role": ["owner"]},
            {"role": ["\"['owner']\" is not one of owner, manager, agent, viewer."]},
        ),
        (
            {"role": "agent\x00"},
            {"role": ['"agent\x00" is not one of owner, manager, agent, viewer.']},
        ),
        (
            {"role": "agent", "is_staff": True},
            {"is_staff": ["There is no such field."]},
        ),
    ],
)
def test_refuses_an_unknown_role(team: Team, body: Any, errors: object) -> None:
    path = team.path("members", team.members["viewer"].uuid)

    response = team.client("owner").patch(path, body)

    assert (response.status_code, response.json()["errors"]) == (422, errors)
    assert roles_in(team.project) == WHOLE


@pytest.mark.parametrize("method", ["patch", "delete"])
@pytest.mark.parametrize("who", ["stranger", "nobody", "nonsense"])
def test_a_user_who_is_not_a_member_is_a_404(team: Team, method: str, who: str) -> None:
    user_id = {
        "stranger": make_user().uuid,
        "nobody": "c0a8012e-4b0f-4a39-9f5e-7a1d1e0b2c3d",
        "nonsense": "%00me",
    }[who]

    response = getattr(team.client("owner"), method)(
        team.path("members", user_id), {"role": "agent"}
    )

    assert refusal(response) == MEMBER_NOT_FOUND


@pytest.mark.parametrize("body", [{"role": "owner"}, {"role": "agent"}])
def test_managers_cannot_change_owners(team: Team, body: Any) -> None:
    manager = team.client("manager")
    target = "agent" if body["role"] == "owner" else "owner"
    path = team.path("members", team.members[target].uuid)

    assert refusal(manager.patch(path, body)) == not_allowed("manage_owners")
    assert roles_in(team.project) == WHOLE


def test_managers_cannot_make_themselves_owners(team: Team) -> None:
    path = team.path("members", team.members["manager"].uuid)

    response = team.client("manager").patch(path, {"role": "owner"})

    assert refusal(response) == not_allowed("manage_owners")


def test_managers_cannot_remove_owners(team: Team) -> None:
    path = team.path("members", team.owner.uuid)

    assert refusal(team.client("manager").delete(path)) == not_allowed("manage_owners")
    assert roles_in(team.project) == WHOLE


def test_owners_appoint_and_demote_owners(team: Team) -> None:
    manager = team.members["manager"]

    made = team.client("owner").patch(team.path("members", manager.uuid), {"role": "owner"})
    unmade = team.client("manager").patch(team.path("members", team.owner.uuid), {"role": "viewer"})

    assert (made.status_code, unmade.status_code) == (200, 200)
    assert roles_in(team.project) == {**WHOLE, "manager": "owner", "owner": "viewer"}


# --- Leaving ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["manager", "agent", "viewer"])
def test_everybody_may_leave(team: Team, role: str) -> None:
    client = team.client(role)

    response = client.delete(team.path("members", team.members[role].uuid))

    assert (response.status_code, response.content) == (204, b"")
    assert role not in roles_in(team.project)
    assert client.get(team.path()).status_code == 404
    activity = Activity.objects.get(type="member_removed")
    assert (activity.user_id, activity.actor_id, activity.data) == (
        team.members[role].pk,
        team.members[role].pk,
        {"role": role},
    )


@pytest.mark.parametrize("spelling", [str.upper, lambda text: text.replace("-", "")])
def test_leaves_with_any_spelling_of_the_id(team: Team, spelling: Any) -> None:
    own = spelling(str(team.members["viewer"].uuid))

    response = team.client("viewer").delete(team.path("members", own))

    assert response.status_code == 204


def test_the_last_owner_cannot_leave(team: Team) -> None:
    path = team.path("members", team.owner.uuid)
    client = team.client("owner")

    assert refusal(client.delete(path)) == LAST_OWNER
    assert refusal(client.patch(path, {"role": "manager"})) == LAST_OWNER
    assert roles_in(team.project) == WHOLE
    assert not Activity.objects.filter(type__startswith="member_r").exists()


def test_an_owner_may_leave_if_another_one_stays(team: Team) -> None:
    set_member(project=team.project, user=team.members["agent"], role=Role.OWNER)

    response = team.client("owner").delete(team.path("members", team.owner.uuid))

    assert response.status_code == 204


def test_an_owner_who_cannot_sign_in_does_not_count(team: Team) -> None:
    set_member(project=team.project, user=team.members["agent"], role=Role.OWNER)
    deactivate_user(user=team.members["agent"])

    response = team.client("owner").delete(team.path("members", team.owner.uuid))

    assert refusal(response) == LAST_OWNER


def test_work_goes_on_while_the_only_owner_cannot_sign_in(team: Team) -> None:
    deactivate_user(user=team.owner)
    superuser = client_of(make_user(is_staff=True, is_superuser=True))
    owner, agent = (team.path("members", team.members[r].uuid) for r in ("owner", "agent"))

    by_manager = team.client("manager").patch(agent, {"role": "viewer"})
    removed = superuser.delete(owner)
    named = superuser.patch(agent, {"role": "owner"})
    removed_then = superuser.delete(owner)

    assert by_manager.status_code == 200
    assert refusal(removed) == LAST_OWNER
    assert (named.status_code, removed_then.status_code) == (200, 204)
    assert roles_in(team.project)["agent"] == "owner"


def test_a_personal_project_keeps_its_user() -> None:
    user, other = make_user(), make_user()
    project = user.personal_project
    set_member(project=project, user=other, role=Role.OWNER)
    path = f"/api/v1/projects/{project.uuid}/members/{user.uuid}"

    for client in (client_of(user), client_of(other)):
        assert refusal(client.delete(path)) == LAST_OWNER
        assert refusal(client.patch(path, {"role": "viewer"})) == LAST_OWNER


# --- Removing ---------------------------------------------------------------------------------


def test_removes_a_member_with_immediate_effect(team: Team) -> None:
    agent = team.members["agent"]
    client = team.client("agent")
    path = team.path("members", agent.uuid)

    first = team.client("manager").delete(path)
    second = team.client("manager").delete(path)

    assert (first.status_code, second.status_code) == (204, 404)
    assert client.get(team.path()).status_code == 404
    activity = Activity.objects.get(type="member_removed")
    assert (activity.user_id, activity.actor_id) == (
        agent.pk,
        team.members["manager"].pk,
    )


@pytest.mark.parametrize("fate", ["removed", "made agent", "made manager"])
def test_losing_the_right_to_invite_revokes_open_invitations(team: Team, fate: str) -> None:
    other = make_user()
    set_member(project=team.project, user=other, role=Role.OWNER)
    make_invitation(team, email="agent@example.org")
    make_invitation(team, email="owner@example.org", role=Role.OWNER)
    path = team.path("members", team.owner.uuid)

    if fate == "removed":
        client_of(other).delete(path)
    else:
        client_of(other).patch(path, {"role": fate.removeprefix("made ")})

    still_open = set(team.project.invitations.open().values_list("email", flat=True))
    assert still_open == ({"agent@example.org"} if fate == "made manager" else set())
    revoked = Activity.objects.filter(type="invitation_revoked")
    assert {activity.actor_id for activity in revoked} == {other.pk}
