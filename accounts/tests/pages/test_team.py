"""The pages about the people of a project."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Invitation, Membership, OutgoingEmail, User
from accounts.services import change_role, set_member
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team, make_invitation, make_team, roles_in

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)>"
Role = Membership.Role


@pytest.fixture
def team() -> Team:
    return make_team(name="Tea & Cake")


def browser(team: Team, role: str = "owner") -> Client:
    return browser_of(team.members[role])


def at(team: Team, *parts: object) -> str:
    return "/".join([f"/app/{team.project.uuid}/team", *map(str, parts)])


def page_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


# --- The list ---------------------------------------------------------------------------------


def test_shows_who_is_in_the_project(team: Team) -> None:
    page = page_of(browser(team, "viewer"), at(team))

    assert page.count("<h1>") == 1
    assert "<title>Team of Tea &amp; Cake · OrderChainer</title>" in page
    assert [email in page for email in ("owner@example.com", "agent@example.com")] == [True, True]
    assert re.search(r"viewer@example\.com <span class=\"chip\">You</span>", page)


def test_the_navigation_leads_to_it(team: Team) -> None:
    page = page_of(browser(team, "viewer"), at(team))

    assert re.search(rf'<a href="{at(team)}" aria-current="page"', page)


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_those_who_may_not_manage_members_see_no_way_to(role: str, team: Team) -> None:
    make_invitation(team)

    page = page_of(browser(team, role), at(team))

    assert "Invite somebody" not in page
    assert "grace@example.com" not in page
    assert 'aria-label="Change' not in page


def test_a_manager_sees_no_way_to_touch_owners(team: Team) -> None:
    make_invitation(team, role=Role.OWNER)

    page = page_of(browser(team, "manager"), at(team))

    assert "Change agent@example.com" in page
    assert "Change owner@example.com" not in page
    assert "grace@example.com" in page
    assert "Revoke the invitation" not in page
    assert '<option value="owner"' not in page


def test_what_people_call_themselves_is_text(team: Team) -> None:
    make_invitation(team)
    User.objects.update(first_name=HOSTILE)
    client = browser(team)
    agent = team.members["agent"].uuid

    assert "<img src=x" not in page_of(client, at(team))
    assert "<img src=x" not in page_of(client, at(team, agent))
    response = client.post(at(team, agent), {"role": "viewer", "shown": "agent"}, follow=True)
    assert "&lt;img src=x" in response.content.decode()
    assert "<img src=x" not in response.content.decode()


def test_costs_the_same_however_many_people_there_are(team: Team) -> None:
    client = browser(team)
    make_invitation(team)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(client, at(team))
        return len(captured)

    before = statements()
    for number in range(5):
        set_member(project=team.project, user=make_user(), role=Role.AGENT)
        make_invitation(team, email=f"guest{number}@example.com")

    assert before == statements() <= 6


def test_shows_fifty_members_at_once(team: Team) -> None:
    people = [make_user() for _ in range(3)]
    Membership.objects.bulk_create(
        Membership(project=team.project, user=user, role=Role.VIEWER) for user in people
    )
    client = browser(team)
    pages = "accounts.pages.team.MEMBERS_ON_A_PAGE"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, 4)
        first, second = (page_of(client, f"{at(team)}?page={number}") for number in (1, 2))

    assert "4 of 7 members" in first
    assert people[0].email not in first
    assert people[0].email in second


# --- Invitations ------------------------------------------------------------------------------


def test_invites_somebody(team: Team) -> None:
    client = browser(team, "manager")

    response = client.post(at(team), {"email": " grace@example.com ", "role": "agent"})

    assert (response.status_code, response["Location"]) == (303, at(team))
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role) == ("grace@example.com", "agent")
    assert OutgoingEmail.objects.filter(kind=OutgoingEmail.Kind.INVITATION).count() == 1
    page = page_of(client, at(team))
    assert "An invitation is on its way to grace@example.com." in page
    assert "Open invitations" in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"email": "agent@example.com", "role": "viewer"}, "already a member of the project"),
        ({"email": "nonsense", "role": "viewer"}, "Invalid email address"),
        ({"email": "", "role": "viewer"}, "This field is required."),
        ({"email": "grace@example.com", "role": "owner"}, "owner is not one of"),
        ({"email": "grace@example.com", "role": "king"}, "king is not one of"),
        ({"email": "a\x00@example.com", "role": "viewer"}, "Null characters are not allowed."),
    ],
)
def test_says_what_is_wrong_with_an_invitation(
    form: dict[str, str], words: str, team: Team
) -> None:
    response = browser(team, "manager").post(at(team), form)

    page = response.content.decode()
    assert response.status_code == 400
    assert words in page
    assert 'id="error-summary"' in page
    # The members are still there.
    assert "viewer@example.com" in page
    assert not Invitation.objects.exists()


def test_sends_an_expired_invitation_again(team: Team) -> None:
    make_invitation(team)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    client = browser(team)
    page = page_of(client, at(team))
    assert "expired" in page
    assert "Send the invitation to grace@example.com again" in page

    client.post(at(team), {"email": "grace@example.com", "role": "agent"})

    assert Invitation.objects.get().expires_at > timezone.now()


def test_revokes_an_invitation_once(team: Team) -> None:
    invitation, _link = make_invitation(team)
    client = browser(team)
    path = at(team, "invitations", invitation.pk, "revoke")

    assert client.post(path)["Location"] == at(team)
    assert "The invitation of grace@example.com is revoked." in page_of(client, at(team))
    response = client.post(path)
    assert response.status_code == 404
    assert f'href="{at(team)}">Back to the team</a>' in response.content.decode()


# --- One member -------------------------------------------------------------------------------


def test_changes_a_role(team: Team) -> None:
    client = browser(team)
    path = at(team, team.members["agent"].uuid)
    assert 'name="shown" value="agent"' in page_of(client, path)

    response = client.post(path, {"role": "manager", "shown": "agent"})

    assert (response.status_code, response["Location"]) == (303, at(team))
    assert roles_in(team.project)["agent"] == "manager"
    assert "The role of agent@example.com is saved." in page_of(client, at(team))


def test_nobody_overwrites_a_role_that_they_have_not_seen(team: Team) -> None:
    agent = team.members["agent"]
    change_role(project=team.project, user=agent, role=Role.VIEWER, by=team.owner)

    response = browser(team).post(at(team, agent.uuid), {"role": "manager", "shown": "agent"})

    assert response.status_code == 412
    page = response.content.decode()
    assert "The role is now viewer." in page
    assert roles_in(team.project)["agent"] == "viewer"
    # What was chosen is still there, and whoever has read this may save it.
    assert '<option value="manager" selected>' in page
    assert 'name="shown" value="viewer"' in page


def test_a_form_that_is_sent_twice_has_changed_the_role(team: Team) -> None:
    client, path = browser(team), at(team, team.members["agent"].uuid)

    answers = [client.post(path, {"role": "manager", "shown": "agent"}) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert roles_in(team.project)["agent"] == "manager"


def test_a_project_keeps_an_owner_and_the_refusal_leads_back(team: Team) -> None:
    client = browser(team)
    path = at(team, team.owner.uuid)

    refused = [
        client.post(path, {"role": "viewer", "shown": "owner"}),
        client.post(f"{path}/remove"),
        client.post(at(team, "leave")),
    ]

    for response in refused:
        assert response.status_code == 409
        page = response.content.decode()
        assert "A project must keep at least one owner" in page
        assert f'href="{at(team)}">Back to the team</a>' in page
    assert roles_in(team.project)["owner"] == "owner"


def test_a_manager_makes_nobody_an_owner(team: Team) -> None:
    path = at(team, team.members["agent"].uuid)

    response = browser(team, "manager").post(path, {"role": "owner", "shown": "agent"})

    assert response.status_code == 400
    assert roles_in(team.project)["agent"] == "agent"


def test_removes_a_member(team: Team) -> None:
    client = browser(team)
    path = at(team, team.members["agent"].uuid)

    assert client.post(f"{path}/remove")["Location"] == at(team)

    assert "agent" not in roles_in(team.project)
    assert "agent@example.com is no longer a member." in page_of(client, at(team))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("text", ["x", "0" * 500, "%00", "%F0%9F%98%80"])
def test_an_address_of_nobody_is_a_404(text: str, team: Team) -> None:
    assert browser(team).get(at(team, text)).status_code == 404


def test_everybody_may_leave(team: Team) -> None:
    client = browser(team, "viewer")
    assert "Leave Tea &amp; Cake?" in page_of(client, at(team, "leave"))

    assert client.post(at(team, "leave"))["Location"] == "/app/"

    assert "viewer" not in roles_in(team.project)
    # The workspace opens at a project that they are still in.
    response = client.get("/app/", follow=True)
    assert response.status_code == 200
    assert "You have left Tea &amp; Cake." in response.content.decode()


def test_nobody_is_offered_to_leave_their_personal_project(team: Team) -> None:
    client = browser(team)
    personal = f"/app/{team.owner.personal_project.uuid}/team"

    assert "team/leave" in page_of(client, at(team))
    assert "team/leave" not in page_of(client, personal)
    assert "team/leave" not in page_of(client, f"{personal}/{team.owner.uuid}")
    assert client.post(f"{personal}/leave").status_code == 409


def test_staff_who_are_not_members_cannot_leave(team: Team) -> None:
    client = browser_of(make_user(is_staff=True, is_superuser=True))

    assert "Leave the project" not in page_of(client, at(team))
    assert client.get(at(team, "leave")).status_code == 403
