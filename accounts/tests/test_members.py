"""Leaving all projects at once, before an account is deleted."""

import pytest

from accounts.errors import OwnsProjects, UserNotFound
from accounts.models import Activity, Membership, Project, User
from accounts.services import (
    create_project,
    deactivate_user,
    leave_every_project,
    set_member,
)
from accounts.tests.factories import make_user
from accounts.tests.projects import make_invitation, make_team, roles_in

pytestmark = pytest.mark.django_db

Role = Membership.Role


def is_active(project: Project) -> bool:
    """Tell whether the project is active in the database."""
    return Project.objects.get(pk=project.pk).is_active


def test_a_member_leaves_and_the_project_goes_on() -> None:
    team = make_team()
    agent = team.members["agent"]

    leave_every_project(user=agent)

    assert not Membership.objects.filter(user=agent).exists()
    assert is_active(team.project)
    assert not is_active(agent.personal_project)
    recorded = Activity.objects.filter(user_id=agent.pk, type="member_removed")
    assert {each.project_id for each in recorded} == {
        team.project.pk,
        agent.personal_project.pk,
    }


def test_projects_without_other_members_are_switched_off() -> None:
    user = make_user()
    project = create_project(owner=user, name="Shop")

    leave_every_project(user=user)

    assert not is_active(project)
    assert Activity.objects.filter(type="project_deleted", project_id=project.pk).exists()


def test_the_only_owner_of_a_shared_project_stays_in_all_projects() -> None:
    team = make_team()
    create_project(owner=team.owner, name="Own")
    before = list(Membership.objects.order_by("pk").values())

    with pytest.raises(OwnsProjects) as refusal:
        leave_every_project(user=team.owner)

    assert refusal.value.data == {"projects": ["My Store"]}
    assert list(Membership.objects.order_by("pk").values()) == before
    assert not Activity.objects.filter(type="member_removed").exists()


def test_another_owner_who_cannot_sign_in_does_not_count() -> None:
    team = make_team()
    other = team.members["manager"]
    set_member(project=team.project, user=other, role=Role.OWNER)
    deactivate_user(user=other)

    with pytest.raises(OwnsProjects):
        leave_every_project(user=team.owner)


def test_one_of_two_owners_leaves_with_their_invitations() -> None:
    team = make_team()
    set_member(project=team.project, user=team.members["agent"], role=Role.OWNER)
    make_invitation(team)

    leave_every_project(user=team.owner)

    assert "owner" not in roles_in(team.project)
    assert not team.project.invitations.open().exists()


def test_a_project_that_is_switched_off_does_not_prevent_leaving() -> None:
    team = make_team()
    Project.objects.filter(pk=team.project.pk).update(is_active=False)

    leave_every_project(user=team.owner)

    assert "owner" not in roles_in(team.project)


def test_refuses_a_member_with_a_deleted_account() -> None:
    team = make_team()
    user = make_user()
    User.objects.filter(pk=user.pk).update(deleted_at="2025-01-12T10:00Z")

    with pytest.raises(UserNotFound):
        set_member(project=team.project, user=user, role=Role.AGENT)
    with pytest.raises(UserNotFound):
        create_project(owner=user, name="Shop")
    assert not team.project.memberships.filter(user=user).exists()
