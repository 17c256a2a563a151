"""The pages for the settings of a project, for its deletion and for new projects."""

import html
import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.events import ActivityType
from accounts.models import Activity, Project
from accounts.services import update_project
from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team, make_team

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)>"
NEW = "/projects/new"


@pytest.fixture
def team() -> Team:
    return make_team(name="Tea & Cake", description="Both")


@pytest.fixture
def browser(team: Team) -> Client:
    return browser_of(team.owner)


def at(team: Team, *parts: str) -> str:
    return "/".join([f"/app/{team.project.uuid}/settings", *parts])


def page_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def filled_in(page: str) -> dict[str, str]:
    """Return what a browser would send if nobody typed anything."""
    form = page.partition('<main id="main"')[2].partition("</form>")[0]
    sent = {}
    for tag in re.findall(r"<input [^>]+>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "checkbox" and " checked" not in tag:
            continue
        name = attributes["name"]
        sent[name] = html.unescape(attributes.get("value", "on" if "checkbox" in tag else ""))
    for name, content in re.findall(r'<textarea name="(\w+)"[^>]*>\n?([^<]*)</textarea>', form):
        sent[name] = html.unescape(content)
    for name, options in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form, re.S):
        sent[name] = re.findall(r'<option value="([^"]*)" selected', options)[0]
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def save(client: Client, team: Team, page: str, **typed: str) -> Any:
    return client.post(at(team), {**filled_in(page), **typed})


# --- Settings ---------------------------------------------------------------------------------


def test_saves_what_somebody_typed(team: Team, browser: Client) -> None:
    page = page_of(browser, at(team))
    Activity.objects.all().delete()

    response = save(browser, team, page, name="Cake", timezone="Europe/Berlin", currency="EUR")

    assert (response.status_code, response["Location"]) == (303, at(team))
    project = Project.objects.get(pk=team.project.pk)
    assert (project.name, project.timezone, project.currency, project.description) == (
        "Cake",
        "Europe/Berlin",
        "EUR",
        "Both",
    )
    activity = Activity.objects.get(type=ActivityType.PROJECT_CHANGED)
    assert activity.data == {"fields": ["currency", "name", "timezone"]}
    assert "The settings are saved." in page_of(browser, at(team))


def test_saving_without_a_change_changes_nothing(team: Team, browser: Client) -> None:
    settings = {"assistant_monthly_budget_usd": 12.5, "theirs": [1]}
    update_project(project=team.project, changes={"settings": settings})
    before = Project.objects.values().get(pk=team.project.pk)

    assert save(browser, team, page_of(browser, at(team))).status_code == 303

    assert Project.objects.values().get(pk=team.project.pk) == before


def test_saves_the_settings_of_apps_and_keeps_the_others(team: Team, browser: Client) -> None:
    update_project(project=team.project, changes={"settings": {"theirs": [1]}})

    save(
        browser,
        team,
        page_of(browser, at(team)),
        assistant_keeps_texts="on",
        assistant_monthly_budget_usd="12.50",
    )
    assert Project.objects.get(pk=team.project.pk).settings == {
        "theirs": [1],
        "assistant_keeps_texts": True,
        "assistant_monthly_budget_usd": "12.50",
    }

    form = filled_in(page_of(browser, at(team)))
    del form["assistant_keeps_texts"]
    browser.post(at(team), {**form, "assistant_monthly_budget_usd": ""})
    assert Project.objects.get(pk=team.project.pk).settings == {
        "theirs": [1],
        "assistant_keeps_texts": False,
        "assistant_monthly_budget_usd": None,
    }


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "   "}, "This field is required."),
        ({"name": "x" * 256}, "at most 255 characters"),
        ({"timezone": "Mars/Base"}, "Mars/Base is not one of"),
        ({"currency": "XXX"}, "XXX is not one of"),
        ({"assistant_monthly_budget_usd": "-1"}, "Must be an amount in USD"),
        ({"assistant_monthly_budget_usd": "much"}, "Enter a number."),
        ({"description": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_says_what_is_wrong(typed: dict[str, str], words: str, team: Team, browser: Client) -> None:
    response = save(browser, team, page_of(browser, at(team)), **typed)

    page = response.content.decode()
    assert response.status_code == 400
    assert words in page
    assert 'id="error-summary"' in page
    assert Project.objects.get(pk=team.project.pk).name == "Tea & Cake"


def test_an_overtaken_page_shows_both_values(team: Team, browser: Client) -> None:
    page = page_of(browser, at(team))
    update_project(project=team.project, changes={"name": HOSTILE, "description": "Theirs"})

    response = save(browser, team, page, name="Mine")

    assert response.status_code == 412
    again = response.content.decode()
    assert "Somebody has changed the project since you opened this page" in again
    assert "It is now “&lt;img src=x onerror=alert(1)&gt;”." in again
    # What was typed stays, and what was not typed is as it is now.
    assert (filled_in(again)["name"], filled_in(again)["description"]) == ("Mine", "Theirs")
    assert Project.objects.get(pk=team.project.pk).name == HOSTILE

    assert save(browser, team, again).status_code == 303
    project = Project.objects.get(pk=team.project.pk)
    assert (project.name, project.description) == ("Mine", "Theirs")


def test_a_form_that_is_sent_twice_has_saved_the_settings(team: Team, browser: Client) -> None:
    page = page_of(browser, at(team))

    answers = [save(browser, team, page, name="Mine") for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert Project.objects.get(pk=team.project.pk).name == "Mine"


def test_a_withdrawn_time_zone_does_not_stop_people(team: Team, browser: Client) -> None:
    Project.objects.filter(pk=team.project.pk).update(timezone="Old/Zone", currency="DEM")

    response = save(browser, team, page_of(browser, at(team)), name="Cake")

    assert response.status_code == 303
    project = Project.objects.get(pk=team.project.pk)
    assert (project.name, project.timezone, project.currency) == ("Cake", "Old/Zone", "DEM")


def test_what_people_typed_is_text(team: Team, browser: Client) -> None:
    changes = {
        "name": HOSTILE,
        "description": "</textarea>" + HOSTILE,
        "settings": {"assistant_keeps_texts": True},
    }
    update_project(project=team.project, changes=changes)

    for path in (at(team), at(team, "delete"), NEW):
        assert "<img src=x" not in page_of(browser, path)


def test_costs_a_bounded_number_of_statements(browser: Client, team: Team) -> None:
    with CaptureQueriesContext(connection) as captured:
        page_of(browser, at(team))

    assert len(captured) <= 3


def test_those_who_may_not_change_them_see_no_way_there(team: Team) -> None:
    client = browser_of(team.members["agent"])

    assert at(team) not in page_of(client, f"/app/{team.project.uuid}/team")
    assert client.get(at(team)).status_code == 403


# --- Deleting ---------------------------------------------------------------------------------


def test_deletes_the_project_by_its_name(team: Team, browser: Client) -> None:
    assert at(team, "delete") in page_of(browser, at(team))

    refused = browser.post(at(team, "delete"), {"name": "tea"})
    assert refused.status_code == 400
    assert "This is not the name of the project." in refused.content.decode()
    assert Project.objects.get(pk=team.project.pk).is_active

    response = browser.post(at(team, "delete"), {"name": " Tea & Cake "})
    assert (response.status_code, response["Location"]) == (303, "/app/")
    assert not Project.objects.get(pk=team.project.pk).is_active
    assert browser.get("/app/", follow=True).status_code == 200
    assert browser.get(at(team)).status_code == 404


def test_only_owners_see_the_way_to_delete(team: Team) -> None:
    page = page_of(browser_of(team.members["manager"]), at(team))

    assert "Delete the project" not in page


def test_a_personal_project_stays(team: Team, browser: Client) -> None:
    personal = team.owner.personal_project
    settings = f"/app/{personal.uuid}/settings"

    assert "Delete the project" not in page_of(browser, settings)
    response = browser.post(f"{settings}/delete", {"name": personal.name})
    assert response.status_code == 409
    page = response.content.decode()
    assert "A personal project cannot be deleted." in page
    assert f'href="{settings}">Back to the settings</a>' in page


# --- New projects -----------------------------------------------------------------------------


def test_creates_a_project_once(team: Team, browser: Client) -> None:
    assert f'href="{NEW}"' in page_of(browser, at(team))
    form = {**filled_in(page_of(browser, NEW)), "name": "Shop", "timezone": "Asia/Tokyo"}

    first, second = browser.post(NEW, form), browser.post(NEW, form)

    project = Project.objects.get(name="Shop")
    assert (project.timezone, project.currency) == ("Asia/Tokyo", "USD")
    assert project.memberships.get().user == team.owner
    address = f"/app/{project.uuid}/team"
    assert (first["Location"], second["Location"]) == (address, address)
    assert "Shop is created." in page_of(browser, address)


def test_a_key_that_created_another_project_is_refused(browser: Client) -> None:
    form = {**filled_in(page_of(browser, NEW)), "name": "Shop"}
    browser.post(NEW, form)

    refused = browser.post(NEW, {**form, "name": "Other"})
    assert refused.status_code == 409
    assert 'name="name" value="Other"' in refused.content.decode()
    assert not Project.objects.filter(name="Other").exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"timezone": "Mars/Base"}, "Mars/Base is not one of"),
        ({"currency": "usd"}, "usd is not one of"),
    ],
)
def test_says_what_is_wrong_with_a_new_project(
    typed: dict[str, str], words: str, browser: Client
) -> None:
    before = Project.objects.count()
    form = {**filled_in(page_of(browser, NEW)), "name": "Shop", **typed}

    response = browser.post(NEW, form)

    assert response.status_code == 400
    assert words in response.content.decode()
    assert Project.objects.count() == before


def test_the_workspace_of_somebody_without_projects_leads_to_a_new_one(
    team: Team, browser: Client
) -> None:
    Project.objects.update(is_active=False)

    response = browser.get("/app/")

    assert response.status_code == 404
    assert f'href="{NEW}">Create a project</a>' in response.content.decode()
    assert browser.get(NEW).status_code == 200


def test_visitors_sign_in_first(client: Client) -> None:
    assert client.get(NEW)["Location"] == "/sign-in?next=%2Fprojects%2Fnew"
    assert client.post(NEW, {"key": uuid4().hex}).status_code == 401
