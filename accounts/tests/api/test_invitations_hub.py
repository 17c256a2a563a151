"""Invitations on the hub, from sending one to joining the project."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.cache import caches
from rest_framework.test import APIClient

from accounts.models import Activity, Invitation, Membership, OutgoingEmail, User
from accounts.services import deactivate_user, set_member
from accounts.services.invitations import MAX_OPEN
from accounts.tests.factories import client_of, make_user
from accounts.tests.mailbox import emails_to, link_sent_to
from accounts.tests.projects import Team, make_invitation, make_team, roles_in

pytestmark = pytest.mark.django_db

Role = Membership.Role
ACCEPT = "/api/v1/invitations/accept"
GRACE = "grace@example.com"


@pytest.fixture
def team() -> Team:
    """A project with a member in each role."""
    return make_team()


@pytest.fixture
def grace() -> User:
    """The user who is invited, not yet a member."""
    return make_user(email=GRACE)


def refusal(response: Any) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return response.status_code, response.json()["code"]


def accept(user: User, token: object) -> Any:
    """Accept an invitation as `user`."""
    return client_of(user).post(ACCEPT, {"token": str(token)})


# --- Sending ----------------------------------------------------------------------------------


@time_machine.travel(datetime(2025, 1, 12, 10, tzinfo=UTC), tick=False)
def test_invites_somebody_by_email() -> None:
    team = make_team()

    response = team.client("manager").post(
        team.path("invitations"), {"email": " Grace@Example.com", "role": "agent"}
    )

    invitation = Invitation.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": str(invitation.pk),
        "email": "Grace@example.com",
        "role": "agent",
        "invited_by": str(team.members["manager"].uuid),
        "created_at": "2025-01-12T10:00:00Z",
        "expires_at": "2025-01-19T10:00:00Z",
    }
    (email,) = OutgoingEmail.objects.filter(kind="invitation")
    assert (email.recipient, email.data) == (
        "Grace@example.com",
        {"invitation_id": str(invitation.pk)},
    )
    activity = Activity.objects.get(type="member_invited")
    assert (activity.project_id, activity.actor_id, activity.user_id) == (
        team.project.pk,
        team.members["manager"].pk,
        None,
    )
    assert activity.data == {"invitation_id": str(invitation.pk), "role": "agent"}


def test_no_answer_contains_the_link(team: Team) -> None:
    client = team.client("owner")
    invited = client.post(team.path("invitations"), {"email": GRACE, "role": "agent"})
    link = link_sent_to(GRACE)

    listed = client.get(team.path("invitations"))

    assert str(link) not in invited.content.decode() + listed.content.decode()
    assert not Invitation.objects.filter(link_digest__contains=str(link)).exists()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (
            {},
            {
                "email": ["This field is required."],
                "role": ["This field is required."],
            },
        ),
        ({"email": "no e-mail", "role": "agent"}, {"email": ["Invalid email address"]}),
        (
            {"email": "a@example.com\nBcc: b@example.com", "role": "agent"},
            {"email": ["Invalid email address"]},
        ),
        (
            {"email": f"{'a' * 250}@example.com", "role": "agent"},
            {"email": ["Invalid email address"]},
        ),
        (
            {"email": "a\x00@example.com", "role": "agent"},
            {"email": ["Invalid email address"]},
        ),
        ({"email": [GRACE], "role": "agent"}, {"email": ["Invalid email address"]}),
        (
            {"email": GRACE, "role": "boss"},
            {"role": ['"boss" is not one of owner, manager, agent, viewer.']},
        ),
        (
            {"email": GRACE, "role": "agent", "expires_at": "2099-01-01"},
            {"expires_at": ["There is no such field."]},
        ),
    ],
)
def test_refuses_to_invite(team: Team, body: Any, errors: object) -> None:
    response = team.client("owner").post(team.path("invitations"), body)

    assert (response.status_code, response.json()["errors"]) == (422, errors)
    assert not Invitation.objects.exists()
    assert not OutgoingEmail.objects.filter(kind="invitation").exists()


def test_a_member_is_not_invited(team: Team) -> None:
    response = team.client("owner").post(
        team.path("invitations"), {"email": "AGENT@example.com", "role": "manager"}
    )

    assert refusal(response) == (409, "ALREADY_MEMBER")
    assert not Invitation.objects.exists()


def test_the_number_of_open_invitations_is_limited(team: Team) -> None:
    Invitation.objects.bulk_create(
        Invitation(
            project=team.project,
            email=f"{number}@example.org",
            role="agent",
            expires_at=datetime(2025, 1, 12, tzinfo=UTC),
        )
        for number in range(MAX_OPEN)
    )
    client = team.client("owner")

    refused = client.post(team.path("invitations"), {"email": GRACE, "role": "agent"})
    again = client.post(team.path("invitations"), {"email": "7@example.org", "role": "viewer"})

    assert refusal(refused) == (409, "TOO_MANY_INVITATIONS")
    assert again.status_code == 201


@pytest.fixture
def nothing_counted() -> Iterator[None]:
    """Time stands still, and no invitation has been counted yet."""
    caches["limits"].clear()
    with time_machine.travel(datetime(2025, 1, 12, 10, tzinfo=UTC), tick=False):
        yield
    caches["limits"].clear()


@pytest.mark.usefixtures("nothing_counted")
@pytest.mark.parametrize(
    ("limit", "sent_to"),
    [
        ("RATE_LIMIT_CODES", [GRACE, GRACE.upper(), GRACE]),
        ("RATE_LIMIT_INVITATIONS", [f"{name}@example.com" for name in "abc"]),
    ],
)
def test_the_rate_of_invitations_is_limited(settings: Any, limit: str, sent_to: list[str]) -> None:
    setattr(settings, limit, "2/h")
    team = make_team()
    client = team.client("owner")

    def invite(email: str) -> Any:
        return client.post(team.path("invitations"), {"email": email, "role": "agent"})

    statuses = [invite(email).status_code for email in sent_to]
    refused = invite(sent_to[0])

    assert statuses == [201, 201, 429]
    assert refusal(refused) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(refused["Retry-After"]) > 0
    assert OutgoingEmail.objects.filter(kind="invitation").count() == 2


@pytest.mark.usefixtures("nothing_counted")
def test_refused_invitations_do_not_count(settings: Any) -> None:
    settings.RATE_LIMIT_INVITATIONS = "1/h"
    team = make_team()
    client = team.client("owner")

    def invite(email: str) -> int:
        body = {"email": email, "role": "agent"}
        status: int = client.post(team.path("invitations"), body).status_code
        return status

    assert [invite(each) for each in ("x", "agent@example.com", GRACE, GRACE)] == [
        422,
        409,
        201,
        429,
    ]


# --- Renewing ---------------------------------------------------------------------------------


def test_inviting_again_sends_a_new_link_with_the_new_role(team: Team, grace: User) -> None:
    first, old_link = make_invitation(team, role=Role.MANAGER)
    before = first.expires_at

    response = team.client("manager").post(
        team.path("invitations"), {"email": "Grace@EXAMPLE.com", "role": "viewer"}
    )

    renewed = Invitation.objects.get()
    assert (response.status_code, response.json()["id"]) == (201, str(first.pk))
    assert (renewed.role, renewed.invited_by) == ("viewer", team.members["manager"])
    assert renewed.expires_at > before
    assert refusal(accept(grace, old_link)) == (404, "INVITATION_NOT_FOUND")
    assert accept(grace, link_sent_to("Grace@example.com")).json()["role"] == "viewer"


def test_only_the_newest_link_works(team: Team, grace: User) -> None:
    client = team.client("owner")
    links = []
    for role in ("agent", "viewer"):
        client.post(team.path("invitations"), {"email": GRACE, "role": role})
        links.append(link_sent_to(GRACE))

    assert refusal(accept(grace, links[0])) == (404, "INVITATION_NOT_FOUND")
    assert accept(grace, links[1]).status_code == 200


def test_an_expired_invitation_is_renewed(team: Team, grace: User) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=8)):
        make_invitation(team)

    team.client("owner").post(team.path("invitations"), {"email": GRACE, "role": "agent"})

    assert accept(grace, link_sent_to(GRACE)).status_code == 200


def test_a_former_member_can_be_invited_again(team: Team, grace: User) -> None:
    _, link = make_invitation(team)
    accept(grace, link)
    client_of(grace).delete(team.path("members", grace.uuid))

    response = team.client("owner").post(
        team.path("invitations"), {"email": GRACE, "role": "viewer"}
    )

    assert response.status_code == 201
    assert Invitation.objects.count() == 2
    assert refusal(accept(grace, link)) == (404, "INVITATION_NOT_FOUND")


# --- Listing and revoking ---------------------------------------------------------------------


def test_lists_open_invitations(team: Team, grace: User) -> None:
    _, accepted = make_invitation(team)
    accept(grace, accepted)
    make_invitation(team, email="ada@example.com", role=Role.OWNER)
    with time_machine.travel(datetime.now(UTC) - timedelta(days=8)):
        make_invitation(team, email="late@example.com")
    make_invitation(make_team_of_its_own(), email="elsewhere@example.com")

    response = team.client("manager").get(team.path("invitations"))

    assert [(row["email"], row["role"]) for row in response.json()] == [
        ("late@example.com", "agent"),
        ("ada@example.com", "owner"),
    ]
    assert response["X-Total-Count"] == "2"


def make_team_of_its_own() -> Team:
    """Return a second project with another owner."""
    owner = make_user()
    return Team(owner.personal_project, {"owner": owner})


def test_a_revoked_invitation_does_not_work(team: Team, grace: User) -> None:
    invitation, link = make_invitation(team)
    path = team.path("invitations", invitation.pk)

    first = team.client("manager").delete(path)
    second = team.client("manager").delete(path)

    assert (first.status_code, first.content) == (204, b"")
    assert refusal(second) == (404, "INVITATION_NOT_FOUND")
    assert refusal(accept(grace, link)) == (404, "INVITATION_NOT_FOUND")
    assert team.client("owner").get(team.path("invitations")).json() == []
    activity = Activity.objects.get(type="invitation_revoked")
    assert (activity.project_id, activity.actor_id) == (
        team.project.pk,
        team.members["manager"].pk,
    )


def test_the_email_of_a_revoked_invitation_is_not_sent(team: Team) -> None:
    client = team.client("owner")
    invited = client.post(team.path("invitations"), {"email": GRACE, "role": "agent"})

    client.delete(team.path("invitations", invited.json()["id"]))

    assert emails_to(GRACE) == []  # not signed up, so there is no other e-mail either


@pytest.mark.parametrize("invitation_id", ["0", "%00", str(UUID(int=7)), "other"])
def test_an_invitation_of_another_project_is_a_404(team: Team, invitation_id: str) -> None:
    elsewhere, _ = make_invitation(make_team_of_its_own())
    wanted = elsewhere.pk if invitation_id == "other" else invitation_id

    response = team.client("owner").delete(team.path("invitations", wanted))

    assert refusal(response) == (404, "INVITATION_NOT_FOUND")
    assert Invitation.objects.open().count() == 1


# --- Accepting --------------------------------------------------------------------------------


def test_the_invited_user_joins(team: Team, grace: User) -> None:
    team.client("owner").post(team.path("invitations"), {"email": GRACE, "role": "agent"})

    response = accept(grace, link_sent_to(GRACE))

    assert response.status_code == 200
    assert response.json() == {
        **team.client("owner").get(team.path()).json(),
        "role": "agent",
    }
    assert roles_in(team.project)["grace"] == "agent"
    assert client_of(grace).get(team.path()).status_code == 200
    activity = Activity.objects.filter(type="member_joined").latest("id")
    assert (activity.user_id, activity.actor_id, activity.project_id) == (
        grace.pk,
        grace.pk,
        team.project.pk,
    )


def test_an_invitation_works_once(team: Team, grace: User) -> None:
    _, link = make_invitation(team)

    assert accept(grace, link).status_code == 200
    assert refusal(accept(grace, link)) == (404, "INVITATION_NOT_FOUND")


def test_an_invitation_works_only_for_its_address(team: Team, grace: User) -> None:
    _, link = make_invitation(team)

    assert refusal(accept(make_user(), link)) == (403, "INVITATION_FOR_SOMEBODY_ELSE")
    assert accept(grace, link).status_code == 200


def test_an_invitation_expires(team: Team, grace: User) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=7, seconds=1)):
        _, link = make_invitation(team)

    assert refusal(accept(grace, link)) == (422, "INVITATION_EXPIRED")
    assert "grace" not in roles_in(team.project)


def test_an_invitation_to_a_closed_project_does_not_work(team: Team, grace: User) -> None:
    _, link = make_invitation(team)
    team.client("owner").delete(team.path())

    assert refusal(accept(grace, link)) == (404, "INVITATION_NOT_FOUND")


def test_an_invitation_by_a_deactivated_user_does_not_work(team: Team, grace: User) -> None:
    _, link = make_invitation(team)
    deactivate_user(user=team.owner)

    assert refusal(accept(grace, link)) == (404, "INVITATION_NOT_FOUND")


def test_becoming_a_member_in_another_way_closes_the_invitation(team: Team, grace: User) -> None:
    _, link = make_invitation(team)
    set_member(project=team.project, user=grace, role=Role.VIEWER)

    assert refusal(accept(grace, link)) == (404, "INVITATION_NOT_FOUND")
    assert roles_in(team.project)["grace"] == "viewer"


def test_a_member_with_another_address_keeps_their_role(team: Team, grace: User) -> None:
    agent = team.members["agent"]
    _, link = make_invitation(team, email="new@example.com", role=Role.MANAGER)
    User.objects.filter(pk=agent.pk).update(email="new@example.com")

    assert refusal(accept(agent, link)) == (409, "ALREADY_MEMBER")
    assert Membership.objects.get(user=agent, project=team.project).role == "agent"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"token": ["This field is required."]}),
        ({"token": ""}, {"token": ["Must be a valid UUID."]}),
        ({"token": None}, {"token": ["This field may not be null."]}),
        ({"token": 2**200}, {"token": ["Must be a valid UUID."]}),
        ({"token": "\x00"}, {"token": ["Must be a valid UUID."]}),
        ({"token": ["x"]}, {"token": ["Must be a valid UUID."]}),
    ],
)
def test_refuses_a_malformed_token(body: Any, errors: object) -> None:
    response = client_of(make_user()).post(ACCEPT, body)

    assert (response.status_code, response.json()["errors"]) == (422, errors)


def test_the_id_of_an_invitation_does_not_accept_it(team: Team, grace: User) -> None:
    invitation, _ = make_invitation(team)

    for guess in (invitation.pk, uuid4(), UUID(int=0)):
        assert refusal(accept(grace, guess)) == (404, "INVITATION_NOT_FOUND")


def test_anonymous_callers_are_refused(team: Team) -> None:
    _, link = make_invitation(team)

    response = APIClient().post(ACCEPT, {"token": str(link)})

    assert refusal(response) == (401, "MISSING_AUTHORIZATION")
    assert Invitation.objects.open().count() == 1
