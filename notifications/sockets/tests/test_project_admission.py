"""Who may follow the orders of a project, and for how long."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.events import access_changed
from accounts.models import Membership, Project, User
from accounts.scopes import all_scopes
from accounts.services import (
    change_role,
    create_project,
    delete_project,
    delete_user,
    log_out,
    remove_member,
    revoke_api_token,
    set_member,
    update_project,
    update_user,
)
from accounts.tests.factories import make_api_token, make_staff, make_user, token_of
from accounts.tests.projects import Team
from notifications import subscribers
from notifications.sockets import consumers, hub
from notifications.sockets.admission import (
    Admission,
    admit_to_project,
    no_longer_admitted,
)
from notifications.sockets.feeds import Feed, OwnerFeed, ProjectFeed
from notifications.sockets.protocol import CloseCode
from notifications.sockets.tests.factories import (
    Socket,
    in_thread,
    make_stream,
    project_socket_of,
    socket_at,
    socket_of,
)
from orders.access import VIEW_ORDERS

Role = Membership.Role


def shown(text: str) -> dict[str, Any]:
    """Return the options of a socket that shows this token."""
    return {"headers": [(b"authorization", f"Bearer {text}".encode())]}


def path_to(project: Project) -> str:
    return f"/ws/projects/{project.uuid}/"


async def assert_hears(socket: Socket, project: Project, of: User) -> None:
    """Check that the socket hears what happens next to an order of `of` in the project."""
    [position] = await in_thread(make_stream, of, 1, project=project)
    assert (await socket.hear())["position"] == position


async def assert_stays(socket: Socket, project: Project, of: User) -> None:
    """Check that the socket stays open past the next recheck and goes on hearing events."""
    assert await socket.receive_nothing(timeout=0.3)
    await assert_hears(socket, project, of)


# --- At the door ------------------------------------------------------------------------------


def caller_of(name: str, team: Team, customer: User) -> User:
    """Return the user that a test case calls `name`."""
    if name in team.members:
        return team.members[name]
    if name == "customer":
        return customer
    if name == "staff":
        return make_staff("view_order")
    user = make_staff("change_user") if name == "other staff" else make_user()
    if name == "former":
        set_member(project=team.project, user=user, role=Role.MANAGER)
        remove_member(project=team.project, user=user)
    return user


MEMBERS = [str(role) for role in Role]
STRANGERS = ["stranger", "former", "customer", "other staff"]


def credential_for(name: str, user: User) -> str:
    """Return the text of a session's token, or of an API token with the scope of that name."""
    return token_of(user) if name == "session" else make_api_token(user, name)[1]


@pytest.mark.parametrize("caller", [*MEMBERS, "staff"])
@pytest.mark.parametrize("credential", ["session", "orders:read", "orders:write"])
async def test_admits_members_and_staff(
    team: Team, ada: User, caller: str, credential: str
) -> None:
    user = await in_thread(caller_of, caller, team, ada)
    text = await in_thread(credential_for, credential, user)

    async with socket_at(path_to(team.project), **shown(text)) as socket:
        await assert_hears(socket, team.project, ada)


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("credential", ["session", "orders:read"])
async def test_strangers_hear_that_the_project_does_not_exist(
    team: Team, ada: User, caller: str, credential: str
) -> None:
    await in_thread(make_stream, ada, 3, project=team.project)
    user = await in_thread(caller_of, caller, team, ada)
    text = await in_thread(credential_for, credential, user)

    for project_id in (team.project.uuid, uuid4()):
        path = f"/ws/projects/{project_id}/?after=0"
        async with socket_at(path, **shown(text)) as socket:
            assert await socket.close_code() == 4404


@pytest.mark.parametrize("caller", [*MEMBERS, *STRANGERS, "staff"])
async def test_refuses_api_tokens_without_the_scope_for_orders(
    team: Team, ada: User, caller: str
) -> None:
    user = await in_thread(caller_of, caller, team, ada)
    others = [scope for scope in all_scopes() if not scope.startswith("orders:")]
    _, text = await in_thread(make_api_token, user, *others)

    for project_id in (team.project.uuid, uuid4()):
        path = f"/ws/projects/{project_id}/"
        async with socket_at(path, **shown(text)) as socket:
            assert await socket.close_code() == 4403


async def test_refuses_everybody_without_a_token(team: Team) -> None:
    for project_id in (team.project.uuid, uuid4(), "1"):
        async with socket_at(f"/ws/projects/{project_id}/") as socket:
            assert await socket.close_code() == 4401


@pytest.mark.parametrize("by", ["header", "query", "subprotocol"])
@pytest.mark.parametrize("slash", ["/", ""], ids=["with slash", "without"])
async def test_takes_a_token_from_the_same_places_as_the_other_sockets(
    team: Team, ada: User, by: str, slash: str
) -> None:
    token = await in_thread(token_of, team.owner)
    path = f"/ws/projects/{team.project.uuid}{slash}"
    options: dict[str, Any] = {}
    if by == "query":
        path += f"?token={token}"
    elif by == "subprotocol":
        options = {"subprotocols": ["bearer", token]}
    else:
        options = shown(token)

    async with socket_at(path, **options) as socket:
        assert socket.subprotocol == ("bearer" if by == "subprotocol" else None)
        await assert_hears(socket, team.project, ada)


@pytest.mark.parametrize("caller", ["owner", "staff", "stranger"])
@pytest.mark.parametrize(
    "id_in_path",
    ["0", "1", "-1", "abc", "9" * 40, "%00", "a" * 5000, "\uff11", "{}", "1/2"],
)
async def test_refuses_a_project_id_that_is_not_a_uuid(
    team: Team, ada: User, caller: str, id_in_path: str
) -> None:
    user = await in_thread(caller_of, caller, team, ada)
    token = await in_thread(token_of, user)

    async with socket_at(f"/ws/projects/{id_in_path}/", **shown(token)) as socket:
        assert await socket.close_code() == 4404


async def test_refuses_a_projects_number_in_the_path(team: Team) -> None:
    token = await in_thread(token_of, team.owner)

    async with socket_at(f"/ws/projects/{team.project.pk}/", **shown(token)) as socket:
        assert await socket.close_code() == 4404


@pytest.mark.parametrize("caller", ["owner", "viewer", "staff", "stranger"])
async def test_refuses_a_project_that_is_switched_off(team: Team, ada: User, caller: str) -> None:
    user = await in_thread(caller_of, caller, team, ada)
    await in_thread(delete_project, project=team.project, by=team.owner)

    async with project_socket_of(user, team.project) as socket:
        assert await socket.close_code() == 4404


async def test_a_personal_project_has_a_feed_as_any_other(ada: User, bob: User) -> None:
    async with project_socket_of(ada, ada.personal_project) as socket:
        await assert_hears(socket, ada.personal_project, bob)


# --- As long as it lasts ----------------------------------------------------------------------


async def test_closes_the_socket_of_a_removed_member_and_no_other(team: Team, ada: User) -> None:
    agent, project = team.members["agent"], team.project

    async with (
        project_socket_of(agent, project) as removed,
        project_socket_of(team.members["viewer"], project) as other,
        project_socket_of(agent, agent.personal_project) as own_project,
        socket_of(agent) as own_orders,
    ):
        await in_thread(remove_member, project=project, user=agent)

        assert await removed.close_code() == 4404
        await assert_hears(other, project, ada)
        await assert_hears(own_project, agent.personal_project, ada)
        [position] = await in_thread(make_stream, agent, 1)
        assert (await own_orders.hear())["position"] == position


async def test_closes_when_a_member_leaves(team: Team) -> None:
    viewer = team.members["viewer"]

    async with project_socket_of(viewer, team.project) as socket:
        await in_thread(remove_member, project=team.project, user=viewer, by=viewer)

        assert await socket.close_code() == 4404


async def test_stays_open_if_the_new_role_may_view_orders(team: Team, ada: User) -> None:
    agent = team.members["agent"]

    async with project_socket_of(agent, team.project) as socket:
        await in_thread(change_role, project=team.project, user=agent, role=Role.VIEWER)

        await assert_stays(socket, team.project, ada)


async def test_closes_if_the_role_may_no_longer_view_orders(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every role may view orders today; if the matrix changes, sockets follow it."""
    monkeypatch.setitem(vars(VIEW_ORDERS), "roles", {Role.AGENT})
    agent, viewer = team.members["agent"], team.members["viewer"]

    async with (
        project_socket_of(agent, team.project) as socket,
        project_socket_of(viewer, team.project) as refused,
    ):
        assert await refused.close_code() == 4403
        await in_thread(change_role, project=team.project, user=agent, role=Role.VIEWER)

        assert await socket.close_code() == 4403


async def test_stays_open_if_a_removal_is_undone_at_once(team: Team, ada: User) -> None:
    agent = team.members["agent"]

    @transaction.atomic
    def remove_and_take_back() -> None:
        remove_member(project=team.project, user=agent)
        set_member(project=team.project, user=agent, role=Role.VIEWER)

    async with project_socket_of(agent, team.project) as socket:
        await in_thread(remove_and_take_back)

        await assert_stays(socket, team.project, ada)


async def test_closes_all_sockets_when_the_project_is_switched_off(
    team: Team, staff: User, ada: User
) -> None:
    project, owner = team.project, team.owner

    async with (
        project_socket_of(owner, project) as of_owner,
        project_socket_of(team.members["viewer"], project) as of_viewer,
        project_socket_of(staff, project) as of_staff,
        project_socket_of(owner, owner.personal_project) as another,
    ):
        await in_thread(delete_project, project=project, by=owner)

        for socket in (of_owner, of_viewer, of_staff):
            assert await socket.close_code() == 4404
        await assert_hears(another, owner.personal_project, ada)


async def test_closes_when_the_session_ends(team: Team, ada: User) -> None:
    viewer = team.members["viewer"]
    token = await in_thread(token_of, viewer)

    async with (
        socket_at(path_to(team.project), **shown(token)) as ended,
        project_socket_of(viewer, team.project) as other,
    ):
        await in_thread(log_out, access_token=token)

        assert await ended.close_code() == 4401
        await assert_hears(other, team.project, ada)


async def test_closes_when_its_api_token_is_revoked(team: Team) -> None:
    viewer = team.members["viewer"]
    token, text = await in_thread(make_api_token, viewer)

    async with socket_at(path_to(team.project), **shown(text)) as socket:
        await in_thread(revoke_api_token, user=viewer, token_id=token.pk)

        assert await socket.close_code() == 4401


async def test_closes_an_api_tokens_socket_when_its_user_is_removed(team: Team) -> None:
    viewer = team.members["viewer"]
    _, text = await in_thread(make_api_token, viewer)

    async with socket_at(path_to(team.project), **shown(text)) as socket:
        await in_thread(remove_member, project=team.project, user=viewer)

        assert await socket.close_code() == 4404


async def test_closes_when_the_account_is_deleted(team: Team) -> None:
    viewer = team.members["viewer"]

    async with project_socket_of(viewer, team.project) as socket:
        await in_thread(delete_user, user=viewer)

        assert await socket.close_code() == 4401


async def test_closes_at_once_when_a_user_is_no_longer_staff(
    team: Team, staff: User, ada: User
) -> None:
    await in_thread(set_member, project=team.project, user=staff, role=Role.VIEWER)

    async with (
        project_socket_of(staff, ada.personal_project) as as_staff,
        socket_of(staff, of=ada.pk) as of_a_user,
        project_socket_of(staff, team.project) as as_member,
        socket_of(staff) as own,
    ):
        await in_thread(update_user, user=staff, changes={"is_staff": False})

        assert await as_staff.close_code() == 4404
        assert await of_a_user.close_code() == 4403
        await assert_hears(as_member, team.project, ada)
        [position] = await in_thread(make_stream, staff, 1)
        assert (await own.hear())["position"] == position


async def test_admits_a_user_who_returns_to_the_project(team: Team, ada: User) -> None:
    agent = team.members["agent"]
    async with project_socket_of(agent, team.project) as socket:
        await in_thread(remove_member, project=team.project, user=agent)
        assert await socket.close_code() == 4404
    async with project_socket_of(agent, team.project) as socket:
        assert await socket.close_code() == 4404

    await in_thread(set_member, project=team.project, user=agent, role=Role.VIEWER)

    async with project_socket_of(agent, team.project) as socket:
        await assert_hears(socket, team.project, ada)


# --- Lost and late announcements --------------------------------------------------------------


def removal(team: Team) -> None:
    """Remove the agent."""
    remove_member(project=team.project, user=team.members["agent"])


def switching_off(team: Team) -> None:
    """Switch the project off."""
    update_project(project=team.project, changes={"is_active": False})


@pytest.mark.parametrize("happens", [removal, switching_off])
async def test_a_recheck_finds_a_change_whose_announcement_was_lost(
    team: Team, happens: Callable[[Team], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.1)
    access_changed.disconnect(dispatch_uid="notifications.doubt_sockets_of")

    try:
        async with project_socket_of(team.members["agent"], team.project) as socket:
            await in_thread(happens, team)

            assert await socket.close_code() == 4404
    finally:
        subscribers.connect()


@pytest.mark.parametrize("is_first", [True, False], ids=["the first", "a later one"])
async def test_closes_a_socket_whose_user_lost_access_while_it_opened(
    team: Team, ada: User, is_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, project = team.members["agent"], team.project

    def admit_and_remove(scope: Any, project_id: str) -> Admission:
        admission = admit_to_project(scope, project_id)
        if admission.user_id == agent.pk:
            removal(team)
        return admission

    monkeypatch.setattr(consumers, "admit_to_project", admit_and_remove)
    # As if the announcement had come before the socket that it concerns was there.
    access_changed.disconnect(dispatch_uid="notifications.doubt_sockets_of")

    try:
        async with AsyncExitStack() as stack:
            if not is_first:
                early = await stack.enter_async_context(project_socket_of(team.owner, project))
                await assert_hears(early, project, ada)
            socket = await stack.enter_async_context(project_socket_of(agent, project))
            assert await socket.close_code() == 4404
    finally:
        subscribers.connect()


async def test_checks_again_after_the_database_was_away(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "FIRST_RETRY_SECONDS", 0.05)
    failures: list[str] = []
    is_away = True

    def fail_while_away(admissions: Collection[Admission]) -> dict[Admission, CloseCode]:
        if is_away:
            failures.append("the database is away")
            raise OperationalError(failures[-1])
        return no_longer_admitted(admissions)

    # From the start: a check that began when the socket opened could come after the removal.
    monkeypatch.setattr(hub, "no_longer_admitted", fail_while_away)
    async with project_socket_of(team.members["agent"], team.project) as socket:
        await in_thread(removal, team)
        failed_before = len(failures)
        async with asyncio.timeout(10):
            while len(failures) < failed_before + 3:
                await asyncio.sleep(0.01)
        is_away = False

        assert await socket.close_code() == 4404


async def test_rechecks_all_sockets_even_if_some_are_always_in_doubt(
    team: Team, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Doubts that never end must not keep the others from their turn."""
    monkeypatch.setattr(hub, "RECHECK_SECONDS", 0.2)
    access_changed.disconnect(dispatch_uid="notifications.doubt_sockets_of")

    async def doubt_for_ever(listener: Any) -> None:
        while True:
            hub.hub_here()._doubt([listener])
            await asyncio.sleep(0.001)

    try:
        async with (
            project_socket_of(team.owner, team.project) as doubted,
            project_socket_of(team.members["agent"], team.project) as socket,
        ):
            [listener] = [
                each for each in hub.hub_here()._present if each.admission.user_id == team.owner.pk
            ]
            doubting = asyncio.create_task(doubt_for_ever(listener))
            await in_thread(removal, team)
            assert await socket.close_code() == 4404
            doubting.cancel()
            await assert_hears(doubted, team.project, ada)
    finally:
        subscribers.connect()


# --- What it costs ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 12])
async def test_checks_all_sockets_in_the_same_statements(live: None, size: int) -> None:
    def ask() -> tuple[int, set[CloseCode]]:
        admissions = []
        for number in range(size):
            user, staff, stranger = make_user(), make_staff("view_order"), make_user()
            project = create_project(owner=user, name=f"Shop {number}")
            feeds: list[tuple[User, Feed]] = [
                (user, OwnerFeed(user.pk)),
                (user, ProjectFeed(project.pk)),
                (staff, OwnerFeed(user.pk)),
                (staff, ProjectFeed(project.pk)),
                (stranger, OwnerFeed(user.pk)),
                (stranger, ProjectFeed(project.pk)),
            ]
            for follower, feed in feeds:
                token, _ = make_api_token(follower)
                admissions.append(Admission(feed, token.pk, follower.pk))
        with CaptureQueriesContext(connection) as queries:
            lapsed = no_longer_admitted(admissions)
        assert len(lapsed) == 2 * size
        return len(queries), set(lapsed.values())

    statements, codes = await in_thread(ask)

    assert statements == 6
    assert codes == {CloseCode.FORBIDDEN, CloseCode.NOT_FOUND}


def test_an_admission_knows_which_changes_concern_it() -> None:
    credential = uuid4()
    of_project = Admission(ProjectFeed(7), credential, 1)
    of_owner = Admission(OwnerFeed(7), credential, 1)
    changes = [(1, 7), (1, None), (None, 7), (2, 7), (1, 8), (None, 8), (2, None)]

    assert [each for each in changes if of_project.concerns(*each)] == [
        (1, 7),
        (1, None),
        (None, 7),
    ]
    assert [each for each in changes if of_owner.concerns(*each)] == [(1, None)]
