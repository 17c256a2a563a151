"""`manage.py listen`: show the messages that a socket of a user or a project gets, live."""

import asyncio
import json
from argparse import ArgumentParser
from typing import Any
from urllib.parse import quote

import jwt
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orderchainer.core.printable import printable

# What to do about a close code; docs/websocket.md has them all.
HINTS = {
    "4400": "\n  --after takes the position of an event.",
    "4401": "\n  The token has expired, or its session has ended. Sign in again for a new one.",
    "4403": "\n  The token is not allowed to read this.",
    "4404": "\n  There is no such project, or you are not a member of it.",
}


class Command(BaseCommand):
    """Connect to a running service with a token, and print each event on a line."""

    help = "Show what is pushed to the bearer of a token, until Ctrl-C."
    # It talks to a service that may run on another machine, and needs no database.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "token",
            help="an access token of POST /api/auth/token; for a project an API token as well",
        )
        parser.add_argument(
            "--project",
            metavar="UUID",
            help="follow this project, with its integrations, instead of the bearer's own orders",
        )
        parser.add_argument(
            "--url",
            default=f"ws://127.0.0.1:{settings.WS_PORT or settings.PORT}",
            help="where the service listens (%(default)s)",
        )
        parser.add_argument("--after", type=int, help="first show the events after this position")
        parser.add_argument("--count", type=int, help="stop after this many events")

    def handle(self, *_: Any, **options: Any) -> None:
        """Listen until the service or the user stops it."""
        path = _path_of(options["token"], options["project"])
        service = _socket_address(options["url"])
        url = f"{service}{path}"
        if options["after"] is not None:
            url += f"?after={options['after']}"
        try:
            reason = asyncio.run(self._listen(url, options["token"], options["count"]))
        except KeyboardInterrupt:
            return
        except OSError as exc:
            raise CommandError(
                f"Nobody answers at {service}.\n"
                "  Is the service running? If it listens on another port, say where: "
                "--url ws://127.0.0.1:8001"
            ) from exc
        if reason is not None:
            hint = HINTS.get(reason.partition(" ")[0], "")
            raise CommandError(f"The service closed the connection: {printable(reason)}{hint}")

    async def _listen(self, url: str, token: str, count: int | None) -> str | None:
        """Print events; return why the service closed, or None after `count` events."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str | None] = loop.create_future()
        write, note = self.stdout.write, self.stderr.write
        left = count

        class Listener(WebSocketClientProtocol):
            def onMessage(self, payload: bytes, isBinary: bool) -> None:
                nonlocal left
                if ended.done():
                    return
                message = json.loads(payload)
                if "event_id" not in message:
                    # A message about the connection itself, such as the end of a replay.
                    note(printable(payload.decode()))
                    return
                write(printable(payload.decode()))
                if left is not None:
                    left -= 1
                    if left == 0:
                        ended.set_result(None)

            def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
                if not ended.done():
                    ended.set_result(f"{code} {reason or ''}".strip())

        factory = WebSocketClientFactory(  # type: ignore[no-untyped-call]
            url, headers={"Authorization": f"Bearer {token}"}
        )
        factory.protocol = Listener
        await loop.create_connection(
            lambda: factory(), factory.host, factory.port, ssl=factory.isSecure or None
        )
        return await ended


def _socket_address(url: str) -> str:
    """Return the address for WebSockets, also for the address that people have in the browser."""
    url = url.rstrip("/")
    if url.startswith(("http://", "https://")):
        return url.replace("http", "ws", 1)
    if url.startswith(("ws://", "wss://")):
        return url
    raise CommandError(
        f"--url is {url!r}. Write ws://127.0.0.1:8000, with the port of the service."
    )


def _path_of(token: str, project_id: str | None) -> str:
    if project_id is not None:
        return f"/ws/projects/{quote(project_id, safe='')}/"
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        user_id = int(claims["user_id"])
    except (jwt.InvalidTokenError, KeyError, ValueError) as exc:
        raise CommandError("This is not an access token.") from exc
    return f"/ws/notifications/{user_id}/"
