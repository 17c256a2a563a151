"""Races within a project. On PostgreSQL, also what would happen without our locks."""

from collections.abc import Callable, Sequence

import pytest

from accounts.access import MANAGE_MEMBERS
from accounts.errors import (
    InvitationNotFound,
    LastOwner,
    OwnsProjects,
    ProjectNotFound,
    RoleNotEnough,
)
from accounts.models import Invitation, Membership, Project, User
from accounts.queries import project_for
from accounts.services import (
    accept_invitation,
    change_role,
    create_project,
    delete_user,
    invitations,
    invite,
    members,
    remove_member,
    set_member,
    storefront,
)
from accounts.tests.factories import make_user
from accounts.tests.projects import Team, make_invitation, make_team, roles_in
from orderchainer.testing.races import Meeting, on_postgresql, race

pytestmark = [pytest.mark.django_db(transaction=True)]

Role = Membership.Role
GRACE = "grace@example.com"


def unlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the locks on projects and users."""

    def read(project: Project) -> Project:
        return Project.objects.get(pk=project.pk)

    for module in (members, invitations):
        monkeypatch.setattr(module, "lock_project", read)
        monkeypatch.setattr(module, "lock_user", lambda user: user)


def names(outcomes: Sequence[object]) -> list[str]:
    """Return the type names of the outcomes, sorted."""
    return sorted(type(outcome).__name__ for outcome in outcomes)


# --- The last two owners leave at once --------------------------------------------------------


def two_owners() -> Team:
    """Return a project with two owners: `owner` and `agent`."""
    team = make_team()
    set_member(project=team.project, user=team.members["agent"], role=Role.OWNER)
    return team


def leaving(team: Team, role: str) -> Callable[[], None]:
    """Return a function that leaves the project."""
    user = team.members[role]
    return lambda: remove_member(project=team.project, user=user, by=user)


def stepping_down(team: Team, role: str) -> Callable[[], object]:
    """Return a function that makes the member a viewer."""
    user = team.members[role]
    return lambda: change_role(project=team.project, user=user, role=Role.VIEWER, by=user)


Way = Callable[[Team, str], Callable[[], object]]
# Each way to stop being an owner, with the beginning of its SQL statement.
WAYS = pytest.mark.parametrize(
    ("way", "statement"),
    [
        (leaving, 'DELETE FROM "accounts_membership"'),
        (stepping_down, 'UPDATE "accounts_membership"'),
    ],
)


@WAYS
def test_one_of_the_last_two_owners_stays(way: Way, statement: str) -> None:
    team = two_owners()

    outcomes = race(way(team, "owner"), way(team, "agent"))

    assert sum(isinstance(outcome, LastOwner) for outcome in outcomes) == 1
    assert list(roles_in(team.project).values()).count("owner") == 1


@pytest.mark.services
@on_postgresql
@WAYS
def test_the_lock_keeps_the_last_two_owners_from_leaving_at_once(way: Way, statement: str) -> None:
    team = two_owners()
    meeting = Meeting(statement)

    outcomes = race(way(team, "owner"), way(team, "agent"), meeting=meeting)

    assert not meeting.was_complete
    assert sum(isinstance(outcome, LastOwner) for outcome in outcomes) == 1


@pytest.mark.services
@on_postgresql
@WAYS
def test_without_the_lock_a_project_loses_both_owners(
    monkeypatch: pytest.MonkeyPatch, way: Way, statement: str
) -> None:
    """The negative control: each relies on the other to stay."""
    team = two_owners()
    unlock(monkeypatch)
    meeting = Meeting.of_all(statement)

    race(way(team, "owner"), way(team, "agent"), meeting=meeting)

    assert meeting.was_complete
    assert "owner" not in roles_in(team.project).values()


def test_leaving_and_deleting_the_other_owner_do_not_both_succeed() -> None:
    team = two_owners()
    other = team.members["agent"]

    left, deleted = race(leaving(team, "owner"), lambda: delete_user(user=other))

    assert (left is None) is isinstance(deleted, OwnsProjects)
    assert (deleted is None) is isinstance(left, LastOwner)
    owner = team.project.memberships.get(role=Role.OWNER).user
    assert owner.is_active
    assert owner == (other if left is None else team.owner)


def test_a_user_cannot_join_while_their_account_is_deleted() -> None:
    team = make_team()
    grace = make_user(email=GRACE)
    _, link = make_invitation(team)

    accepted, deleted = race(
        lambda: accept_invitation(link=link, user=grace),
        lambda: delete_user(user=grace),
    )

    assert deleted is None
    assert isinstance(accepted, Membership | InvitationNotFound)
    assert not Membership.objects.filter(user=grace).exists()


# --- One invitation accepted twice at once ----------------------------------------------------


def test_an_invitation_accepted_twice_at_once_works_once() -> None:
    team = make_team()
    grace = make_user(email=GRACE)
    _, link = make_invitation(team)

    # As in two sessions: they share nothing but the rows.
    outcomes = race(*[lambda: accept_invitation(link=link, user=User.objects.get(email=GRACE))] * 4)

    assert names(outcomes) == [*["InvitationNotFound"] * 3, "Membership"]
    assert team.project.memberships.filter(user=grace).count() == 1
    assert Invitation.objects.get().accepted_at


@pytest.mark.services
@on_postgresql
@pytest.mark.parametrize("is_locked", [True, False])
def test_the_lock_comes_before_the_constraint(
    monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """The negative control without the lock: the constraint admits one, the other gets an error."""
    team = make_team()
    grace = make_user(email=GRACE)
    _, link = make_invitation(team)
    if not is_locked:
        unlock(monkeypatch)
    meeting = (Meeting if is_locked else Meeting.of_all)('INSERT INTO "accounts_membership"')

    outcomes = race(*[lambda: accept_invitation(link=link, user=grace)] * 2, meeting=meeting)

    assert meeting.was_complete is not is_locked
    refusal = "InvitationNotFound" if is_locked else "IntegrityError"
    assert names(outcomes) == [refusal, "Membership"]
    assert team.project.memberships.filter(user=grace).count() == 1


def test_an_invitation_is_either_accepted_or_revoked() -> None:
    team = make_team()
    grace = make_user(email=GRACE)
    invitation, link = make_invitation(team)

    accepted, revoked = race(
        lambda: accept_invitation(link=link, user=grace),
        lambda: invitations.revoke_invitation(invitation=invitation, by=team.owner),
    )

    is_in = team.project.memberships.filter(user=grace).exists()
    assert is_in is isinstance(accepted, Membership)
    assert isinstance(revoked if is_in else accepted, InvitationNotFound)


# --- One address invited twice at once --------------------------------------------------------


def inviting(team: Team, role: str, email: str = GRACE) -> Callable[[], Invitation]:
    """Return a function by which the member in that role invites somebody."""
    return lambda: invite(project=team.project, email=email, role=Role.AGENT, by=team.members[role])


def test_inviting_twice_at_once_makes_one_invitation() -> None:
    team = make_team()

    outcomes = race(inviting(team, "owner"), inviting(team, "manager", "GRACE@example.com"))

    assert names(outcomes) == ["Invitation", "Invitation"]
    assert Invitation.objects.count() == 1


@pytest.mark.services
@on_postgresql
@pytest.mark.parametrize("is_locked", [True, False])
def test_the_lock_lets_the_second_invitation_renew_the_first(
    monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """The negative control without the lock: the second one fails at the constraint."""
    team = make_team()
    if not is_locked:
        unlock(monkeypatch)
    meeting = (Meeting if is_locked else Meeting.of_all)('INSERT INTO "accounts_invitation"')

    outcomes = race(inviting(team, "owner"), inviting(team, "manager"), meeting=meeting)

    assert meeting.was_complete is not is_locked
    second = "Invitation" if is_locked else "IntegrityError"
    assert names(outcomes) == sorted(["Invitation", second])
    assert Invitation.objects.count() == 1


# --- A role is taken away while its member acts -----------------------------------------------


def removing(team: Team, role: str) -> Callable[[], None]:
    """Return a function that removes a member."""
    return lambda: remove_member(project=team.project, user=team.members[role], by=team.owner)


def test_a_manager_who_is_removed_leaves_no_open_invitation() -> None:
    team = make_team()

    invited, removed = race(inviting(team, "manager"), removing(team, "manager"))

    assert isinstance(invited, Invitation | ProjectNotFound)
    assert removed is None
    assert not team.project.invitations.open().exists()


@pytest.mark.services
@on_postgresql
@pytest.mark.parametrize("is_locked", [True, False])
def test_the_lock_keeps_a_removed_manager_from_inviting(
    monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    """The negative control without the lock: they invite after we revoked their invitations."""
    team = make_team()
    if not is_locked:
        unlock(monkeypatch)
    # One has checked that the caller is a manager, and the other has just removed that manager.
    meeting = (Meeting if is_locked else Meeting.of_all)('FROM "accounts_invitation"')

    race(inviting(team, "manager"), removing(team, "manager"), meeting=meeting)

    assert meeting.was_complete is not is_locked
    assert team.project.invitations.open().exists() is not is_locked


def test_the_service_refuses_a_right_that_was_lost_after_the_view() -> None:
    team = make_team()
    manager = team.members["manager"]
    project = project_for(manager, team.project.uuid, MANAGE_MEMBERS)
    change_role(project=project, user=manager, role=Role.AGENT, by=team.owner)

    with pytest.raises(RoleNotEnough):
        invite(project=project, email=GRACE, role=Role.AGENT, by=manager)
    with pytest.raises(RoleNotEnough):
        remove_member(project=project, user=team.members["viewer"], by=manager)
    assert not Invitation.objects.exists()


# --- Two choose the storefront at once --------------------------------------------------------


def choosing(name: str) -> Callable[[], None]:
    """Return a function that makes a new project of that name the storefront."""
    project = create_project(owner=make_user(), name=name)
    return lambda: storefront.set_storefront(project=project)


@pytest.mark.parametrize("is_open", [True, False])
def test_the_last_of_two_concurrent_storefront_choices_wins(
    is_open: bool,
) -> None:
    if is_open:
        choosing("The one before")()
    meeting = Meeting('UPDATE "accounts_project" SET "is_storefront"')

    assert race(choosing("One"), choosing("Other"), meeting=meeting) == [None, None]

    assert Project.objects.get(is_storefront=True).name in {"One", "Other"}


@pytest.mark.services
@on_postgresql
def test_without_the_lock_one_choice_fails_at_the_constraint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: both find no storefront, and no row to wait for."""
    monkeypatch.setattr(storefront, "lock_storefront", lambda: None)
    meeting = Meeting.of_all('UPDATE "accounts_project" SET "is_storefront"')

    outcomes = race(choosing("One"), choosing("Other"), meeting=meeting)

    assert meeting.was_complete
    assert names(outcomes) == ["IntegrityError", "NoneType"]
