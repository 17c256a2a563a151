"""Long-lived connections learn that somebody's access changed, and ask what is left of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.access import OPERATIONS, Operation
from accounts.errors import ProjectNotFound, RoleNotEnough
from accounts.events import access_changed
from accounts.models import Membership, Project, User
from accounts.queries import project_for, refusals_in_projects
from accounts.services import (
    change_role,
    create_project,
    delete_project,
    leave_every_project,
    remove_member,
    set_member,
    update_project,
    update_user,
)
from accounts.tests.factories import make_staff, make_user
from accounts.tests.projects import Team, make_team
from orders.access import VIEW_ORDERS

pytestmark = pytest.mark.django_db

Role = Membership.Role

# --- What is announced ------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[list[tuple[int | None, int | None]]]:
    """Collect what `access_changed` says: user and project."""
    changes: list[tuple[int | None, int | None]] = []

    def hear(*, user_id: int | None, project_id: int | None, **signal: object) -> None:
        changes.append((user_id, project_id))

    access_changed.connect(hear)
    yield changes
    access_changed.disconnect(hear)


Does = Callable[[Team], object]


def another_role(team: Team) -> None:
    change_role(project=team.project, user=team.members["agent"], role=Role.VIEWER)


def another_role_by_naming_it_anew(team: Team) -> None:
    set_member(project=team.project, user=team.members["agent"], role=Role.MANAGER)


def removed(team: Team) -> None:
    remove_member(project=team.project, user=team.members["agent"])


def left(team: Team) -> None:
    agent = team.members["agent"]
    remove_member(project=team.project, user=agent, by=agent)


@pytest.mark.parametrize("happens", [another_role, another_role_by_naming_it_anew, removed, left])
def test_announces_whose_access_to_which_project_changed(
    happens: Does,
    heard: list[tuple[int | None, int | None]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    team = make_team()

    with django_capture_on_commit_callbacks(execute=True):
        happens(team)

    assert heard == [(team.members["agent"].pk, team.project.pk)]


def test_announces_that_a_project_was_switched_off_and_on(
    heard: list[tuple[int | None, int | None]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    team = make_team()

    with django_capture_on_commit_callbacks(execute=True):
        delete_project(project=team.project, by=team.owner)
    with django_capture_on_commit_callbacks(execute=True):
        update_project(project=team.project, changes={"is_active": True})

    assert heard == [(None, team.project.pk), (None, team.project.pk)]


def test_announces_that_a_user_became_or_is_no_longer_staff(
    heard: list[tuple[int | None, int | None]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    user = make_user()

    for is_staff in (True, False):
        with django_capture_on_commit_callbacks(execute=True):
            update_user(user=user, changes={"is_staff": is_staff})

    assert heard == [(user.pk, None), (user.pk, None)]


def test_announces_every_project_that_a_user_leaves(
    heard: list[tuple[int | None, int | None]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    team = make_team()
    agent = team.members["agent"]
    own = agent.personal_project

    with django_capture_on_commit_callbacks(execute=True):
        leave_every_project(user=agent)

    assert set(heard) == {
        (agent.pk, team.project.pk),
        (agent.pk, own.pk),
        (None, own.pk),
    }


def test_announces_nothing_without_a_committed_change(
    heard: list[tuple[int | None, int | None]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    team = make_team()
    agent = team.members["agent"]

    with django_capture_on_commit_callbacks(execute=True):
        change_role(project=team.project, user=agent, role=Role.AGENT)
        update_project(project=team.project, changes={"name": "Another"})
        update_user(user=agent, changes={"is_staff": False, "first_name": "Grace"})
        with transaction.atomic():
            remove_member(project=team.project, user=agent)
            transaction.set_rollback(True)

    assert heard == []


# --- What is left -----------------------------------------------------------------------------


def callers(team: Team, operation: Operation) -> dict[str, User]:
    """Return every kind of caller, by name."""
    stranger, former, staff, clerk = (make_user() for _ in range(4))
    set_member(project=team.project, user=former, role=Role.MANAGER)
    remove_member(project=team.project, user=former)
    update_user(user=staff, changes={"is_staff": True})
    update_user(user=clerk, changes={"is_staff": True})
    for permission in operation.staff_permissions[:1]:
        codename = permission.partition(".")[2]
        clerk.user_permissions.set(Permission.objects.filter(codename=codename))
    return {
        **team.members,
        "stranger": stranger,
        "former": former,
        "staff": staff,
        "clerk": clerk,
    }


def at_the_door(user: User, project: Project, operation: Operation) -> Any:
    """Return the type of the error that `project_for` raises, or None if it lets the user in."""
    try:
        project_for(user, project.uuid, operation)
    except (ProjectNotFound, RoleNotEnough) as refusal:
        return type(refusal)
    return None


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=str)
@pytest.mark.parametrize("is_active", [True, False], ids=["on", "off"])
def test_refuses_the_same_callers_as_project_for_with_the_same_error(
    operation: Operation, is_active: bool
) -> None:
    team = make_team()
    everybody = callers(team, operation)
    update_project(project=team.project, changes={"is_active": is_active})
    # Read the user again, since Django caches the permissions on the object.
    users = {name: User.objects.get(pk=user.pk) for name, user in everybody.items()}

    refusals = refusals_in_projects(
        {(user.pk, team.project.pk) for user in users.values()}, operation
    )

    kinds = {claim: type(refusal) for claim, refusal in refusals.items()}
    assert {name: kinds.get((user.pk, team.project.pk)) for name, user in users.items()} == {
        name: at_the_door(user, team.project, operation) for name, user in users.items()
    }


def test_judges_each_pair_of_user_and_project_by_itself() -> None:
    ada, bob = make_user(), make_user()
    adas = create_project(owner=ada, name="Ada's")
    bobs = create_project(owner=bob, name="Bob's")
    claims = {(user.pk, project.pk) for user in (ada, bob) for project in (adas, bobs)}

    refusals = refusals_in_projects(claims, VIEW_ORDERS)

    assert set(refusals) == {(ada.pk, bobs.pk), (bob.pk, adas.pk)}


def test_refuses_claims_on_unknown_users_and_projects() -> None:
    user = make_user()
    claims = [(user.pk, 0), (0, user.personal_project.pk)]

    refusals = refusals_in_projects(claims, VIEW_ORDERS)

    assert {claim: type(each) for claim, each in refusals.items()} == dict.fromkeys(
        claims, ProjectNotFound
    )


@pytest.mark.parametrize("size", [1, 7])
def test_takes_one_query_for_members_only_and_three_if_there_are_others(
    size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    team = make_team()
    others = [make_staff("view_order") if number % 2 else make_user() for number in range(size)]
    members = [(user.pk, team.project.pk) for user in team.members.values()]
    claims = [*members, *((user.pk, team.project.pk) for user in others)]

    with django_assert_num_queries(1):
        assert not refusals_in_projects(members, VIEW_ORDERS)
    with django_assert_num_queries(3):
        assert len(refusals_in_projects(claims, VIEW_ORDERS)) == -(-size // 2)
