"""The schedules of reports, as pages."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.services import create_project
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from reports.models import ReportSchedule
from reports.services import MAX_SCHEDULES, ScheduleFields, change_schedule, create_schedule
from reports.tests.pages.scenes import address, html_of, text_of

pytestmark = pytest.mark.django_db

WEEKLY: ScheduleFields = {"report_type": "sales", "frequency": "weekly"}


def make(team: Team, **fields: Any) -> ReportSchedule:
    return create_schedule(
        project=team.project,
        by=team.owner,
        fields={**WEEKLY, **fields},  # type: ignore[typeddict-item]
    )


def at(team: Team, *parts: object) -> str:
    return address(team, "reports/schedules", *parts)


def filled(team: Team, *roles: str, **fields: Any) -> dict[str, Any]:
    return {
        "report_type": "sales",
        "frequency": "weekly",
        "recipients": [str(team.members[role].uuid) for role in roles],
        "channels": ["email"],
        "key": uuid4().hex,
        **fields,
    }


def test_the_list_says_what_comes_next_and_who_is_told(team: Team, viewer: Client) -> None:
    make(team)
    make(
        team,
        frequency="daily",
        channels=["discord"],
        is_active=False,
        filters={"provider": ["shopify"]},
    )

    page = viewer.get(at(team))
    rows = re.findall(r"<tr data-row>.*?</tr>", html_of(page), re.DOTALL)

    assert "Sales, weekly" in rows[0]
    assert "by e-mail" in rows[0]
    assert "paused" in rows[1]
    assert "by Discord" in rows[1]
    assert ["provider: shopify" in row for row in rows] == [False, True]
    assert "Pause" not in text_of(page)


def test_without_schedules_those_who_may_are_offered_one(
    team: Team, agent: Client, viewer: Client
) -> None:
    assert "New schedule" in text_of(agent.get(at(team)))
    assert "New schedule" not in text_of(viewer.get(at(team)))


def test_somebody_makes_a_schedule_once(team: Team, agent: Client) -> None:
    sent = filled(team, "agent", "viewer", channels=["email", "discord"], frequency="monthly")

    answers = [agent.post(at(team, "new"), sent) for _ in range(2)]

    assert [(each.status_code, each["Location"]) for each in answers] == [(303, at(team))] * 2
    made = ReportSchedule.objects.get()
    assert (made.frequency, made.channels) == ("monthly", ["email", "discord"])
    told = {each.user for each in made.recipients.all()}
    assert told == {team.members["agent"], team.members["viewer"]}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"channels": []}, "Choose at least one way."),
        ({"frequency": "hourly"}, "valid choice"),
        ({"recipients": ["x"]}, "valid choice"),
    ],
    ids=["no way", "no frequency", "no member"],
)
def test_a_schedule_that_makes_no_sense_is_refused(
    team: Team, agent: Client, fields: dict[str, Any], words: str
) -> None:
    page = agent.post(at(team, "new"), filled(team, "agent", **fields))

    assert page.status_code == 400
    assert words in text_of(page)
    assert not ReportSchedule.objects.exists()


def test_a_stranger_cannot_be_told(team: Team, agent: Client) -> None:
    sent = filled(team, recipients=[str(make_user().uuid)])

    assert agent.post(at(team, "new"), sent).status_code == 400
    assert not ReportSchedule.objects.exists()


def test_a_project_has_a_bounded_number_of_schedules(
    team: Team, agent: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_SCHEDULES == 50
    monkeypatch.setattr("reports.services.scheduling.MAX_SCHEDULES", 1)
    make(team)

    page = agent.post(at(team, "new"), filled(team, "agent"))

    assert page.status_code == 409
    assert "at most 1 schedules" in html_of(page)


def version_on(client: Client, path: str) -> str:
    return version_in(html_of(client.get(path)))


def version_in(html: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', html)
    assert found
    return found[1]


def test_a_change_saves_only_what_was_changed(team: Team, agent: Client) -> None:
    made = make(team, filters={"provider": ["shopify"]})
    path = at(team, made.uuid, "edit")

    sent = filled(team, "owner", channels=["discord"], version=version_on(agent, path))
    answer = agent.post(path, sent)

    assert (answer.status_code, answer["Location"]) == (303, at(team))
    made.refresh_from_db()
    assert (made.channels, made.frequency) == (["discord"], "weekly")
    assert made.filters == {"provider": ["shopify"]}
    assert [each.user for each in made.recipients.all()] == [team.owner]


def test_nobody_overwrites_a_change_that_they_have_not_seen(team: Team, agent: Client) -> None:
    made = make(team)
    path = at(team, made.uuid, "edit")
    version = version_on(agent, path)
    change_schedule(schedule=made, by=team.owner, fields={"frequency": "daily"})

    page = agent.post(path, filled(team, "owner", channels=["discord"], version=version))

    assert page.status_code == 412
    assert (
        "It is Sales, daily now, and goes to owner@example.com, by e-mail. Save again to replace "
        "that." in text_of(page)
    )
    made.refresh_from_db()
    assert (made.channels, made.frequency) == (["email"], "daily")


def test_who_has_read_what_others_saved_can_replace_it(team: Team, agent: Client) -> None:
    made = make(team)
    path = at(team, made.uuid, "edit")
    sent = filled(team, "owner", channels=["discord"], version=version_on(agent, path))
    change_schedule(schedule=made, by=team.owner, fields={"frequency": "daily"})

    refused = agent.post(path, sent)
    version = version_in(html_of(refused))
    saved = agent.post(path, {**sent, "version": version})

    # What was chosen is still there.
    assert re.search(r'value="discord"[^>]* checked', html_of(refused))
    assert (refused.status_code, saved.status_code) == (412, 303)
    made.refresh_from_db()
    assert (made.channels, made.frequency) == (["discord"], "weekly")


def test_a_schedule_is_paused_and_goes_on(team: Team, agent: Client) -> None:
    made = make(team)

    for word, is_active in (("no", False), ("yes", True)):
        answer = agent.post(at(team, made.uuid, "pause"), {"is_active": word})
        assert answer.status_code == 303
        made.refresh_from_db()
        assert made.is_active is is_active
    assert agent.post(at(team, made.uuid, "pause"), {"is_active": "perhaps"}).status_code == 400


def test_a_schedule_is_deleted_after_a_question(team: Team, agent: Client) -> None:
    made = make(team)

    assert "Delete Sales, weekly?" in text_of(agent.get(at(team, made.uuid, "delete")))
    assert ReportSchedule.objects.exists()
    assert agent.post(at(team, made.uuid, "delete")).status_code == 303

    assert not ReportSchedule.objects.exists()
    # A second click finds it gone.
    assert agent.post(at(team, made.uuid, "delete")).status_code == 303
    page = agent.get(address(team, "reports/schedules"))
    assert "The schedule is no longer there." in html_of(page)


def test_another_projects_schedule_is_not_there(team: Team, agent: Client) -> None:
    owner = make_user()
    made = make(Team(create_project(owner=owner, name="Others"), {"owner": owner}))

    assert agent.get(at(team, made.uuid, "edit")).status_code == 404
    assert agent.post(at(team, made.uuid, "pause"), {"is_active": "no"}).status_code == 404
    assert agent.post(at(team, made.uuid, "delete")).status_code == 303
    assert ReportSchedule.objects.get().is_active


def test_who_only_looks_changes_nothing(team: Team) -> None:
    made = make(team)
    viewer = browser_of(team.members["viewer"])

    for what in ("pause", "delete", "edit"):
        assert viewer.post(at(team, made.uuid, what), {"is_active": "no"}).status_code == 403
    assert ReportSchedule.objects.get().is_active
