"""Django's handler for ASGI, with each request in one thread."""

import asyncio
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """Runs the middleware and the view of a request together, in the request's thread.

    Django's own handler runs most middleware on the event loop, and hands each of its methods over
    to the request's thread. All middleware and views here are synchronous, so that only cost time:
    more than a dozen times for each request, a thread had to wake up.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """Load the middleware as for WSGI."""
        super().load_middleware(is_async=False)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, and close its database connection even if it is cancelled.

        When a client leaves, Django asks the request's thread to close the connection after the
        view. A server that waits no longer for the view cancels that too (daphne after ten
        seconds), and the connection would be missing from the pool for good.
        """
        try:
            await super().handle(scope, receive, send)
        except asyncio.CancelledError:
            await asyncio.shield(sync_to_async(close_old_connections)())
            raise

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response from the request's thread."""
        return await sync_to_async(self.get_response)(request)
