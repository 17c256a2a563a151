"""What a page of a project knows is enough to miss nothing: the socket's path and a position."""

from typing import Any

from accounts.services import open_browser_session
from accounts.tests.projects import Team
from accounts.tokens import issue_ticket
from notifications.sockets.tests.factories import in_thread, make_stream, socket_at
from orderchainer.core.web.live import PROJECT_FEED, Live, live_of


async def test_a_socket_goes_on_where_the_page_was_rendered(team: Team) -> None:
    await in_thread(make_stream, team.owner, 2, project=team.project)
    live = await in_thread(live_of, PROJECT_FEED, team.project.uuid)
    assert isinstance(live, Live)

    # Meanwhile, before the page has opened its socket:
    missed = await in_thread(make_stream, team.owner, 2, project=team.project)
    session = await in_thread(open_browser_session, user=team.members["viewer"])
    options: dict[str, Any] = {"subprotocols": ["bearer", issue_ticket(session)]}

    async with socket_at(f"{live.path}?after={live.position}", **options) as socket:
        heard = [message["position"] for message in await socket.hear_many(2)]

    assert live.path == f"/ws/projects/{team.project.uuid}/"
    assert heard == missed
