"""The page on which members choose what they hear of, and how."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_project, update_project
from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team, make_team
from notifications.models import NotificationPreference

pytestmark = pytest.mark.django_db

PANEL = "/account/preferences/news"


@pytest.fixture
def team() -> Team:
    return make_team(name="Tea & Cake")


@pytest.fixture
def viewer(team: Team) -> Client:
    return browser_of(team.members["viewer"])


def path_of(team: Team) -> str:
    return f"/app/{team.project.uuid}/news"


def test_shows_what_is_chosen(team: Team, viewer: Client) -> None:
    form = viewer.get(path_of(team)).context["form"]

    assert {name: form[name].value() for name in form.fields} == {
        "inbox": ["socket"],
        "assigned": ["socket", "email"],
        "orders": ["socket"],
    }
    page = viewer.get(f"{path_of(team)}/").content.decode()
    assert "by e-mail (cannot reach you yet)" in page
    assert "Tea &amp; Cake" in page


def test_keeps_what_is_chosen_for_oneself(team: Team, viewer: Client) -> None:
    chosen = {"inbox": ["email", "socket"], "orders": ["discord"]}

    response = viewer.post(path_of(team), chosen)

    assert (response.status_code, response["Location"]) == (303, path_of(team))
    page = viewer.get(path_of(team))
    assert b"Your choices are saved." in page.content
    form = page.context["form"]
    assert {name: set(form[name].value()) for name in form.fields} == {
        "inbox": {"email", "socket"},
        "assigned": set(),
        "orders": {"discord"},
    }
    owners = {row.membership.user for row in NotificationPreference.objects.all()}
    assert owners == {team.members["viewer"]}


def test_refuses_a_way_that_does_not_exist(team: Team, viewer: Client) -> None:
    response = viewer.post(path_of(team), {"inbox": ["pigeon"]})

    assert response.status_code == 400
    assert b"pigeon is not one of the available choices" in response.content
    assert not NotificationPreference.objects.exists()


def test_the_preferences_lead_to_the_choices_of_each_project(team: Team, viewer: Client) -> None:
    page = viewer.get("/account/preferences").content.decode()
    assert f'hx-get="{PANEL}"' in page
    assert f'<a href="{PANEL}">What you are told</a>' in page

    part = viewer.get(PANEL, headers={"HX-Request": "true", "HX-Target": "own-news"})
    assert b"<html" not in part.content
    assert f'href="{path_of(team)}"' in part.content.decode()
    assert b"<html" in viewer.get(PANEL).content


def test_the_panel_costs_the_same_however_many_projects_there_are(team: Team) -> None:
    client = browser_of(team.owner)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PANEL).status_code == 200
        return len(captured)

    before = statements()
    for number in range(3):
        create_project(owner=team.owner, name=f"Project {number}")

    assert before == statements() <= 3


def test_names_of_projects_are_text(team: Team, viewer: Client) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    update_project(project=team.project, changes={"name": hostile}, by=team.owner)

    for path in (PANEL, path_of(team)):
        assert b"<img src=x" not in viewer.get(path).content


def test_visitors_sign_in_first(client: Client) -> None:
    assert client.get(PANEL)["Location"].startswith("/sign-in?next=")
