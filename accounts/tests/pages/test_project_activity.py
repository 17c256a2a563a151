"""The page with the activity of a project."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Activity, Membership, User
from accounts.pages.wording import project_words_of
from accounts.services import (
    accept_invitation,
    change_role,
    delete_user,
    remove_member,
    revoke_invitation,
    set_member,
    update_project,
)
from accounts.services.storefront import set_storefront
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team, make_invitation, make_team

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)>"
Role = Membership.Role


@pytest.fixture
def team() -> Team:
    return make_team(name="Tea & Cake")


@pytest.fixture
def browser(team: Team) -> Client:
    return browser_of(team.owner)


def page_of(client: Client, team: Team, query: str = "") -> str:
    response = client.get(f"/app/{team.project.uuid}/activity{query}")
    assert response.status_code == 200
    return response.content.decode()


def entries_in(page: str) -> list[str]:
    timeline = page.partition('class="timeline"')[2].partition("</ol>")[0]
    return [html.unescape(text) for text in re.findall(r"<p>(.*?)</p>", timeline)]


def test_says_who_did_what(team: Team, browser: Client) -> None:
    owner, agent, viewer = (team.members[role] for role in ("owner", "agent", "viewer"))
    User.objects.filter(pk=owner.pk).update(first_name="Ada")
    Activity.objects.all().delete()
    changes = {"name": "Cake", "timezone": "Europe/Berlin", "currency": "EUR"}
    update_project(project=team.project, changes=changes, by=owner)
    change_role(project=team.project, user=agent, role=Role.MANAGER, by=owner)
    remove_member(project=team.project, user=agent, by=owner)
    remove_member(project=team.project, user=viewer, by=viewer)
    _invitation, link = make_invitation(team)
    accept_invitation(link=link, user=make_user(email="grace@example.com"))
    revoke_invitation(invitation=make_invitation(team, email="x@example.com")[0], by=owner)
    set_member(project=team.project, user=agent, role=Role.VIEWER, by=owner)
    set_storefront(project=team.project)

    assert entries_in(page_of(browser, team)) == [
        "The system changed the connection with the storefront",
        "Ada added agent@example.com as viewer",
        "Ada revoked an invitation to join as agent",
        "Ada invited somebody as agent",
        "grace@example.com joined as agent",
        "Ada invited somebody as agent",
        "A former member left",
        "Ada removed agent@example.com",
        "Ada changed the role of agent@example.com from agent to manager",
        "Ada changed the currency, name and time zone",
    ]


def test_a_deleted_person_has_no_name(team: Team, browser: Client) -> None:
    delete_user(user=team.members["manager"])

    page = page_of(browser, team)

    assert "A former member left" in entries_in(page)
    assert "manager@example.com" not in page


def test_names_are_text(team: Team, browser: Client) -> None:
    User.objects.update(first_name=HOSTILE)
    update_project(project=team.project, changes={"name": HOSTILE}, by=team.owner)

    page = page_of(browser, team)

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_nobody_learns_where_others_are(team: Team, browser: Client) -> None:
    client = browser_of(team.members["manager"])
    client.post(
        f"/app/{team.project.uuid}/team",
        {"email": "grace@example.com", "role": "agent"},
        REMOTE_ADDR="203.0.113.9",
    )

    page = page_of(browser, team)

    assert "manager@example.com invited somebody as agent" in entries_in(page)
    assert "203.0.113.9" not in page


def test_costs_the_same_however_much_happened(team: Team, browser: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(browser, team)
        return len(captured)

    before = statements()
    for number in range(5):
        update_project(project=team.project, changes={"name": f"{number}"}, by=team.owner)
        set_member(project=team.project, user=make_user(), role=Role.AGENT, by=team.owner)

    assert before == statements() <= 6


def test_shows_fifty_entries_at_once(team: Team, browser: Client) -> None:
    for number in range(51):
        update_project(project=team.project, changes={"name": f"{number}"}, by=team.owner)

    assert len(entries_in(page_of(browser, team))) == 50
    assert entries_in(page_of(browser, team, "?page=99"))[-1].endswith("created the project")


def test_says_so_when_nothing_is_known(team: Team, browser: Client) -> None:
    Activity.objects.all().delete()

    assert "Nothing has happened yet" in page_of(browser, team)


def test_only_those_who_may_read_it_see_it_in_the_navigation(team: Team, browser: Client) -> None:
    address = f'href="/app/{team.project.uuid}/activity"'
    team_page = f"/app/{team.project.uuid}/team"

    assert address in browser.get(team_page).content.decode()
    manager = browser_of(team.members["manager"])
    assert address not in manager.get(team_page).content.decode()


def test_every_activity_has_words(team: Team) -> None:
    for kind, _label in Activity._meta.get_field("type").choices or ():
        assert project_words_of(Activity(type=kind), actor="Ada", member="Bob").text
