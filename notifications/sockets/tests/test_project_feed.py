"""The members of a project hear everything that happens to its orders, live and after a pause."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

import orjson
import pytest
from django.db import connection

from accounts.events import access_changed
from accounts.models import ApiToken, Membership, User
from accounts.services import create_project, remove_member, set_member
from accounts.tests.factories import make_api_token, make_staff, make_user
from accounts.tests.projects import Team
from notifications.sockets import hub, messages
from notifications.sockets.admission import Admission
from notifications.sockets.feeds import Feed, OwnerFeed, ProjectFeed
from notifications.sockets.listeners import Listener
from notifications.sockets.messages import Message, message_of
from notifications.sockets.outboxes import DirectOutbox
from notifications.sockets.tests.factories import (
    Socket,
    in_thread,
    make_event,
    make_integration_event,
    make_stream,
    project_socket_of,
    socket_at,
    socket_of,
)
from orderchainer.core.sockets import text_frame
from orderchainer.testing.races import on_postgresql
from orders.lifecycle import EventType, Status
from orders.services import create_order, delete_order, move_order
from orders.stream.models import ORDER, Event
from orders.stream.queries import stream_of_owner, stream_of_project
from orders.stream.relay import relay_events

Role = Membership.Role


async def positions_heard(socket: Socket, number: int) -> list[int]:
    return [message["position"] for message in await socket.hear_many(number)]


# --- Live -------------------------------------------------------------------------------------


async def test_tells_merchant_and_customer_the_same_of_an_order(team: Team, ada: User) -> None:
    def live_through_it() -> int:
        order = create_order(by=ada, fields={"title": "A table"}, project=team.project)
        move_order(order_id=order.pk, status=Status.SHIPPED, by=team.owner)
        order_id = order.pk
        delete_order(order_id=order_id, by=team.owner)
        relay_events()
        return order_id

    async with (
        project_socket_of(team.members["viewer"], team.project) as merchants,
        socket_of(ada) as customers,
    ):
        order_id = await in_thread(live_through_it)
        heard = await merchants.hear_many(3)
        assert await customers.hear_many(3) == heard

    created, moved, deleted = heard
    assert created == {
        "type": "order_notification",
        "order_id": order_id,
        "message": "Order created successfully",
        "owner_id": ada.pk,
        "title": "A table",
        "event_id": created["event_id"],
        "position": 1,
    }
    assert moved == {
        "type": "order_status_update",
        "order_id": order_id,
        "old_status": "pending",
        "new_status": "shipped",
        "message": f"Order #{order_id} status updated from pending to shipped",
        "event_id": moved["event_id"],
        "position": 2,
    }
    assert deleted == {
        "type": "order_deleted",
        "order_id": order_id,
        "message": f"Order #{order_id} was deleted",
        "event_id": deleted["event_id"],
        "position": 3,
    }


async def test_tells_of_the_orders_of_all_customers_and_of_no_other_project(
    team: Team, ada: User, bob: User
) -> None:
    project = team.project

    async with (
        project_socket_of(team.owner, project) as socket,
        project_socket_of(ada, ada.personal_project) as of_another,
    ):
        await in_thread(make_stream, ada, 2, project=project)
        await in_thread(make_stream, ada, 2)
        await in_thread(make_stream, bob, 1, project=project)
        await in_thread(make_stream, team.owner, 1)
        await in_thread(make_stream, team.owner, 1, project=project)

        assert await positions_heard(socket, 4) == [1, 2, 5, 7]
        assert await positions_heard(of_another, 2) == [3, 4]
        assert await socket.receive_nothing(timeout=0.2)


async def test_begins_with_events_after_the_opening(team: Team, ada: User) -> None:
    await in_thread(make_stream, ada, 3, project=team.project)

    async with project_socket_of(team.owner, team.project) as socket:
        await in_thread(make_stream, ada, 1, project=team.project)
        assert await positions_heard(socket, 1) == [4]


def test_a_project_is_not_confused_with_the_owner_of_the_same_number() -> None:
    assert len({OwnerFeed(7), ProjectFeed(7)}) == 2


# --- One read, one frame ----------------------------------------------------------------------


class Wire:
    """A server's socket that keeps what is written to it."""

    buffered_bytes = 0

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, frame: bytes) -> None:
        """Keep it."""
        self.written.append(frame)

    def abort(self) -> None:
        """Nothing to drop."""


@pytest.mark.parametrize("followers", [1, 10])
async def test_an_event_is_encoded_and_framed_once_for_its_owner_and_its_project(
    team: Team, ada: User, followers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int | None] = []
    framed: list[bytes] = []

    def message_of_counted(event: Event) -> Message:
        encoded.append(event.position)
        return message_of(event)

    def text_frame_counted(text: bytes) -> bytes:
        framed.append(text)
        return text_frame(text)

    monkeypatch.setattr(hub, "message_of", message_of_counted)
    monkeypatch.setattr(messages, "text_frame", text_frame_counted)
    own_hub = hub.Hub()
    feeds: list[Feed] = [OwnerFeed(ada.pk), ProjectFeed(team.project.pk)] * followers
    wires = [Wire() for _ in feeds]
    for feed, wire in zip(feeds, wires, strict=True):
        admission = Admission(feed, team.project.uuid, ada.pk)
        own_hub._follow(listener := Listener(admission, DirectOutbox(wire)))
        listener.release()
    await in_thread(make_stream, ada, 3, project=team.project)
    events = await in_thread(stream_of_owner, ada.pk, after=0, limit=10)

    own_hub._dispatch(events)

    assert encoded == [1, 2, 3]
    assert framed == [message_of(event).text for event in events]
    [sent] = {tuple(wire.written) for wire in wires}
    assert sent == (b"".join(text_frame(text) for text in framed),)


# --- After a pause ----------------------------------------------------------------------------


async def test_replays_what_was_missed_and_marks_its_end(team: Team, ada: User, bob: User) -> None:
    project = team.project
    await in_thread(make_stream, ada, 2, project=project)
    await in_thread(make_stream, ada, 2)
    await in_thread(make_stream, bob, 1, project=project)

    async with project_socket_of(team.owner, project, query="?after=1") as socket:
        assert await positions_heard(socket, 2) == [2, 5]
        assert await socket.hear() == {"type": "resumed", "position": 5}
        await in_thread(make_stream, ada, 1, project=project)
        assert await positions_heard(socket, 1) == [6]


async def test_replays_on_demand_of_a_message(team: Team, ada: User) -> None:
    await in_thread(make_stream, ada, 3, project=team.project)

    async with project_socket_of(team.owner, team.project) as socket:
        await socket.send_json_to({"type": "resume", "after": 1})

        assert await positions_heard(socket, 2) == [2, 3]
        assert await socket.hear() == {"type": "resumed", "position": 3}


async def test_tells_a_new_member_what_happened_before(team: Team, ada: User) -> None:
    """A user who may see the orders may see their history as well."""
    await in_thread(make_stream, ada, 2, project=team.project)
    new = await in_thread(make_user)
    await in_thread(set_member, project=team.project, user=new, role=Role.VIEWER)

    async with project_socket_of(new, team.project, query="?after=0") as socket:
        assert await positions_heard(socket, 2) == [1, 2]


async def test_reads_the_next_events_of_a_project_in_their_order(
    team: Team, ada: User, bob: User
) -> None:
    for owner in (ada, bob, ada):
        await in_thread(make_stream, owner, 2, project=team.project)
        await in_thread(make_stream, owner, 1)

    events = await in_thread(stream_of_project, team.project.pk, [ORDER], after=2, limit=3)

    assert [(event.position, event.owner_id) for event in events] == [
        (4, bob.pk),
        (5, bob.pk),
        (7, ada.pk),
    ]


@on_postgresql
async def test_finds_a_projects_events_by_index_among_many_others(
    team: Team, ada: User, bob: User
) -> None:
    def plan() -> str:
        events = [
            Event(
                type=EventType.CREATED,
                subject_kind=ORDER,
                subject_uuid=uuid4(),
                order_id=number,
                owner_id=ada.pk,
                project_id=team.project.pk if number % 100 == 0 else number % 97 + 1000,
                position=number,
            )
            for number in range(1, 20_001)
        ]
        Event.objects.bulk_create(events)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE orders_event")
        following = Event.objects.filter(project_id=team.project.pk, position__gt=100)
        return following.order_by("position")[:200].explain()

    assert "event_by_project_position" in await in_thread(plan)


# --- Beside orders -----------------------------------------------------------------------------


async def test_tells_members_of_integrations_between_the_orders_and_customers_of_none(
    team: Team, ada: User
) -> None:
    """Live and after a pause; the customer gets the same bytes about the order as before."""

    def live_through_it() -> None:
        make_event(ada, project=team.project)
        make_integration_event(team.project)
        make_integration_event(ada.personal_project)
        make_event(ada, EventType.DELETED, project=team.project)
        relay_events()

    async with (
        project_socket_of(team.members["viewer"], team.project) as merchants,
        socket_of(ada) as customers,
    ):
        await in_thread(live_through_it)
        heard = [await merchants.receive_from(3) for _ in range(3)]
        assert [await customers.receive_from(3) for _ in range(2)] == [heard[0], heard[2]]
        assert await merchants.receive_nothing(timeout=0.2)
        assert await customers.receive_nothing(timeout=0.2)
        for after, missed in [(0, heard), (1, heard[1:]), (2, heard[2:]), (3, heard[2:])]:
            await merchants.send_json_to({"type": "resume", "after": after})
            assert [await merchants.receive_from(3) for _ in missed] == missed
            assert await merchants.hear() == {"type": "resumed", "position": 4}

    created, connected, _deleted = map(orjson.loads, heard)
    assert (created["type"], created["position"]) == ("order_notification", 1)
    assert connected == {
        "type": "integration_status_changed",
        "subject_kind": "integration",
        "subject_id": connected["integration_id"],
        "integration_id": connected["integration_id"],
        "provider": "shopify",
        "account": "north.myshopify.com",
        "old_status": "connecting",
        "new_status": "connected",
        "is_paused": False,
        "message": "The shopify integration north.myshopify.com is connected",
        "event_id": connected["event_id"],
        "position": 2,
    }


async def hear_of_the_deletion(socket: Socket) -> list[int]:
    """Return the positions that it was told of, up to a deletion."""
    positions = []
    while True:
        message = await socket.hear()
        if "event_id" in message:
            positions.append(message["position"])
        if message["type"] == EventType.DELETED:
            return positions


@pytest.mark.parametrize(
    ("scopes", "positions"),
    [
        (["orders:read"], [1, 3, 5]),
        (["orders:read", "integrations:read"], [1, 2, 3, 4, 5]),
        (["orders:write", "integrations:write"], [1, 2, 3, 4, 5]),
    ],
    ids=["orders alone", "reading both", "writing both"],
)
async def test_an_api_token_hears_of_what_its_scopes_cover(
    team: Team, ada: User, scopes: list[str], positions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "REPLAY_PAGE_SIZE", 2)
    token, text = await in_thread(make_api_token, team.members["agent"])
    await in_thread(ApiToken.objects.filter(pk=token.pk).update, scopes=scopes)
    options = {"headers": [(b"authorization", f"Bearer {text}".encode())]}

    def live_through_it() -> None:
        for _ in range(2):
            make_event(ada, project=team.project)
            make_integration_event(team.project)
        make_event(ada, EventType.DELETED, project=team.project)
        relay_events()

    async with socket_at(f"/ws/projects/{team.project.uuid}/", **options) as socket:
        await in_thread(live_through_it)
        assert await hear_of_the_deletion(socket) == positions
    for after in range(5):
        path = f"/ws/projects/{team.project.uuid}/?after={after}"
        async with socket_at(path, **options) as socket:
            assert await hear_of_the_deletion(socket) == [
                each for each in positions if each > after
            ]
            assert await socket.hear() == {"type": "resumed", "position": 5}


async def test_staff_hear_of_what_their_permissions_name_for_as_long_as_they_do(
    team: Team, ada: User
) -> None:
    of_orders: User = await in_thread(make_staff, "view_order")
    of_both: User = await in_thread(make_staff, "view_order", "view_integration")

    def live_through_it() -> None:
        make_integration_event(team.project)
        make_event(ada, project=team.project)
        relay_events()

    def forbid_integrations() -> None:
        of_both.user_permissions.remove(
            *of_both.user_permissions.filter(codename="view_integration")
        )
        access_changed.send(sender=None, user_id=of_both.pk, project_id=None)

    async with (
        project_socket_of(of_orders, team.project) as narrow,
        project_socket_of(of_both, team.project) as wide,
    ):
        await in_thread(live_through_it)
        assert await positions_heard(narrow, 1) == [2]
        assert await positions_heard(wide, 2) == [1, 2]
        await in_thread(forbid_integrations)
        assert await wide.close_code() == 4409
        await in_thread(live_through_it)
        assert await positions_heard(narrow, 1) == [4]
    async with project_socket_of(of_both, team.project, query="?after=2") as again:
        assert await positions_heard(again, 1) == [4]


# --- While others write -----------------------------------------------------------------------


async def hear_to_the_end(socket: Socket) -> list[int]:
    heard = []
    while (message := await socket.hear(timeout=15))["type"] != "order_deleted":
        if message["type"] != "resumed":
            heard.append(message["position"])
    return heard


@pytest.mark.slow
@pytest.mark.parametrize("page_size", [7, 200])
async def test_joins_a_running_stream_without_gap_repeat_or_disorder(
    team: Team, ada: User, bob: User, page_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "REPLAY_PAGE_SIZE", page_size)
    another = await in_thread(create_project, owner=team.owner, name="Another")
    await in_thread(make_stream, ada, 40, project=team.project)

    def write_on() -> None:
        for number in range(240):
            owner = (ada, bob)[number % 2]
            make_event(owner, order_id=number, project=(team.project, another)[number // 2 % 2])
            relay_events()
        for owner, project in ((ada, team.project), (bob, another)):
            make_event(owner, EventType.DELETED, project=project)
        relay_events()

    async def join(after: int) -> dict[Feed, list[int]]:
        query = f"?after={after}"
        async with (
            project_socket_of(team.owner, team.project, query=query) as first,
            project_socket_of(team.owner, another, query=query) as second,
            socket_of(ada, query=query) as adas,
            socket_of(bob, query=query) as bobs,
        ):
            heard = await asyncio.gather(*map(hear_to_the_end, (first, second, adas, bobs)))
        return dict(zip(feeds, heard, strict=True))

    feeds: list[Feed] = [
        ProjectFeed(team.project.pk),
        ProjectFeed(another.pk),
        OwnerFeed(ada.pk),
        OwnerFeed(bob.pk),
    ]
    writing = asyncio.create_task(in_thread(write_on))
    joining: dict[int, asyncio.Task[dict[Feed, list[int]]]] = {}
    for after in range(0, 40, 8):
        joining[after] = asyncio.create_task(join(after))
        await asyncio.sleep(0.1)
    await asyncio.gather(writing, *joining.values())

    for feed in feeds:
        events = await in_thread(feed.after, 0, limit=1000)
        written = [event.position or 0 for event in events[:-1]]
        for after, joined in joining.items():
            assert joined.result()[feed] == [each for each in written if each > after]


@pytest.mark.slow
async def test_a_member_removed_while_events_flow_hears_the_first_part_without_a_gap(
    team: Team, ada: User
) -> None:
    agent, project = team.members["agent"], team.project

    def write_on() -> None:
        for number in range(150):
            make_event(ada, order_id=number, project=project)
            relay_events()

    async with AsyncExitStack() as stack:
        removed = [
            await stack.enter_async_context(project_socket_of(agent, project, query=query))
            for query in ("", "?after=0")
        ]
        other = await stack.enter_async_context(
            project_socket_of(team.owner, project, query="?after=0")
        )
        writing = asyncio.create_task(in_thread(write_on))
        await asyncio.sleep(0.3)
        await in_thread(remove_member, project=project, user=agent)
        heard = []
        for socket in removed:
            told = await socket.hear_to_the_close(4404)
            heard.append([m["position"] for m in told if m["type"] != "resumed"])
        await writing
        # No message followed the close, and the other sockets lost no event.
        assert (await other.hear())["type"] == "resumed"
        assert await positions_heard(other, 150) == list(range(1, 151))

    for positions in heard:
        assert positions == list(range(1, len(positions) + 1))
        assert len(positions) < 150
    async with project_socket_of(agent, project, query="?after=0") as socket:
        assert await socket.close_code() == 4404


async def test_a_member_removed_before_the_event_never_receives_it(team: Team, ada: User) -> None:
    """Nothing follows a close, and the hub gives no events to a socket that is about to close."""
    project, agent = team.project, team.members["agent"]

    async with (
        project_socket_of(agent, project) as removed,
        project_socket_of(team.owner, project) as other,
    ):
        await in_thread(remove_member, project=project, user=agent)
        assert await removed.hear_to_the_close(4404) == []
        await in_thread(make_stream, ada, 2, project=project)
        assert await positions_heard(other, 2) == [1, 2]
        assert await removed.receive_nothing(timeout=0.2)
