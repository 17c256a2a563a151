"""What a member hears of, over the hub."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import Membership, User
from accounts.services import remove_member, set_member
from accounts.tests.factories import client_of, make_staff
from accounts.tests.projects import Team
from notifications.models import NotificationPreference
from orderchainer.testing.races import race

pytestmark = pytest.mark.django_db

DEFAULTS = {
    "inbox": {"socket": True, "email": False, "discord": False},
    "assigned": {"socket": True, "email": True, "discord": False},
    "orders": {"socket": True, "email": False, "discord": False},
}


def test_shows_the_defaults_and_what_can_reach_one(team: Team, viewer: APIClient) -> None:
    body = viewer.get(team.path("notifications")).json()

    assert body == {
        "project_id": str(team.project.uuid),
        **DEFAULTS,
        "reachable": {"socket": True, "email": False, "discord": False},
    }
    User.objects.update(email_verified_at=timezone.now())
    owners = team.client("owner").get(team.path("notifications")).json()
    assert owners["reachable"]["email"] is True
    assert owners["orders"] == {"socket": True, "email": False, "discord": True}


def test_each_member_changes_their_own_and_only_what_they_name(
    team: Team, viewer: APIClient, agent: APIClient
) -> None:
    changed = viewer.patch(team.path("notifications"), {"inbox": {"email": True}})

    expected = {**DEFAULTS, "inbox": {"socket": True, "email": True, "discord": False}}
    assert changed.status_code == 200, changed.content
    assert {name: changed.json()[name] for name in DEFAULTS} == expected
    again = viewer.get(team.path("notifications")).json()
    assert again == changed.json()
    others = agent.get(team.path("notifications")).json()
    assert {name: others[name] for name in DEFAULTS} == DEFAULTS
    row = NotificationPreference.objects.get()
    assert (row.membership.user, row.kind, row.way, row.is_on) == (
        team.members["viewer"],
        "inbox",
        "email",
        True,
    )


def test_equal_values_are_no_change(team: Team, viewer: APIClient) -> None:
    body = viewer.get(team.path("notifications")).json()

    answer = viewer.patch(team.path("notifications"), body)

    assert (answer.status_code, answer.json()) == (200, body)
    assert viewer.patch(team.path("notifications"), {}).status_code == 200
    assert not NotificationPreference.objects.exists()


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"inbox": {"pigeon": True}}, "inbox", "There is no way 'pigeon'"),
        ({"inbox": {"email": 1}}, "inbox", "email: Must be true or false."),
        ({"inbox": {"email": None}}, "inbox", "email: Must be true or false."),
        ({"inbox": {"email": "yes"}}, "inbox", "email: Must be true or false."),
        ({"inbox": True}, "inbox", "Expected a dictionary"),
        ({"inbox": ["email"]}, "inbox", "Expected a dictionary"),
        ({"outbox": {"email": True}}, "outbox", "There is no such field."),
        ({"project_id": "x"}, "project_id", "read-only"),
        ([], "body", ""),
    ],
    ids=str,
)
def test_refuses_other_bodies_and_changes_nothing(
    team: Team, viewer: APIClient, body: Any, field: str, words: str
) -> None:
    answer = viewer.patch(team.path("notifications"), body)

    assert answer.status_code == 422, answer.content
    assert list(answer.json()["errors"]) == [field]
    assert words in str(answer.json()["errors"])
    assert not NotificationPreference.objects.exists()


def test_only_members_have_preferences(team: Team, others: Team) -> None:
    staff = client_of(make_staff("view_project", "change_project"))

    assert others.client("owner").get(team.path("notifications")).status_code == 404
    assert staff.get(team.path("notifications")).status_code == 403
    assert staff.patch(team.path("notifications"), {"inbox": {}}).status_code == 403


def test_choices_end_with_the_membership(team: Team, viewer: APIClient) -> None:
    viewer.patch(team.path("notifications"), {"inbox": {"email": True}})
    member = team.members["viewer"]

    remove_member(project=team.project, user=member, by=team.owner)
    assert not NotificationPreference.objects.exists()
    set_member(project=team.project, user=member, role=Membership.Role.VIEWER)

    assert viewer.get(team.path("notifications")).json()["inbox"]["email"] is False


@pytest.mark.django_db(transaction=True)
def test_the_same_choice_twice_at_once_is_one_row(team: Team) -> None:
    clients = [team.client("viewer") for _ in range(2)]
    body = {"inbox": {"email": True}, "orders": {"email": True}}

    first, second = race(
        lambda: clients[0].patch(team.path("notifications"), body).status_code,
        lambda: clients[1].patch(team.path("notifications"), body).status_code,
    )

    assert (first, second) == (200, 200)
    assert NotificationPreference.objects.count() == 2


def test_a_change_takes_a_bounded_number_of_statements(
    team: Team, viewer: APIClient, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    every = {kind: dict.fromkeys(ways, False) for kind, ways in DEFAULTS.items()}
    with django_assert_max_num_queries(16):
        assert viewer.patch(team.path("notifications"), every).status_code == 200
