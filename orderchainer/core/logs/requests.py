"""Log a line when a request arrives and one when it is answered, and tie all lines together by an
id.
"""

import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog
from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from orderchainer.core.http.clients import address_of

logger = structlog.get_logger("orderchainer.requests")
security_log = structlog.get_logger("security")

TOO_MANY_REQUESTS = 429

# Request ids that we accept from a proxy or a client. Otherwise we make our own.
_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)


class RequestLogMiddleware:
    """Log the request and its answer. Put the request's id into every line and into `X-Request-ID`.

    The query string is not logged, because a WebSocket's token is in it.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = _id_of(request)
        about = {
            "method": request.method,
            "path": request.path,
            "ip": address_of(request),
        }
        statements = _StatementCounter()
        structlog.contextvars.clear_contextvars()
        # Every line in between has the address: a failed sign-in means little without it.
        structlog.contextvars.bind_contextvars(request_id=request_id, ip=about["ip"])
        try:
            logger.info("request_started", **about)
            with connection.execute_wrapper(statements):
                response = self.get_response(request)
            response["X-Request-ID"] = request_id
            # A crash has its own error line; this line only says that the client saw it.
            log = logger.info if response.status_code < 500 else logger.warning
            log(
                "request_finished",
                **about,
                status=response.status_code,
                duration_ms=round((time.perf_counter() - started) * 1000, 2),
                user_id=_user_id_of(request),
                queries=statements.count,
            )
            if response.status_code == TOO_MANY_REQUESTS:
                # All refusals pass here, whichever limit caused them.
                security_log.warning("throttled", **about, user_id=_user_id_of(request))
            return response
        finally:
            structlog.contextvars.clear_contextvars()


def _id_of(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if _SANE_ID.fullmatch(given) else uuid4().hex


def _user_id_of(request: HttpRequest) -> int | None:
    """Return the caller's id if the request has loaded the user already; logging must not query.

    `_cached_user` is where Django's middleware keeps the user that a session belongs to. There is
    no public way to ask whether it was loaded; `orderchainer/tests/test_logs.py` fails if the name
    changes.
    """
    user: Any = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject):
        user = request.__dict__.get("_cached_user")
    return getattr(user, "pk", None)


class _StatementCounter:
    """Count the statements to the database. Django calls this around each statement."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: Any,
    ) -> Any:
        self.count += 1
        return execute(sql, params, many, context)
