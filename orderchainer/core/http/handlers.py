"""Turn an exception into an answer in the format of the surface that was called."""

from typing import Any

import structlog
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.signals import got_request_exception
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from orderchainer.core import errors
from orderchainer.core.http.refusals import BODY, shortened
from orderchainer.core.http.surfaces import (
    CHAIN,
    MISSING_AUTHORIZATION,
    Problem,
    Surface,
    surface_of,
)
from orderchainer.core.limits.rates import LimitExceeded

logger = structlog.get_logger(__name__)

STATUS_OF_KIND: tuple[tuple[type[errors.DomainError], int], ...] = (
    (errors.Unauthenticated, 401),
    (errors.NotAllowed, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Stale, 412),
    (errors.Invalid, 400),
    (errors.TooManyRequests, 429),
    (errors.UnusableAnswer, 502),
    (errors.Unavailable, 503),
)


def surface_exception_handler(exc: Exception, context: dict[str, object]) -> Response:
    """Answer `exc` in the format of the view's or the path's surface.

    An unexpected exception is logged and answered with a 500.
    """
    request = context["request"]
    problem = problem_of(exc)
    if problem is None:
        got_request_exception.send(sender=surface_exception_handler, request=request)
        logger.error("unhandled_error", exc_info=exc)
        problem = Problem(500, "internal_error", "Internal server error")
    chosen: Surface | None = getattr(context.get("view"), "surface", None)
    surface = chosen or surface_of(request.path) or CHAIN  # type: ignore[attr-defined]
    problem = surface.reading(problem)
    return Response(surface.body_of(problem), status=problem.status, headers=dict(problem.headers))


def problem_of(exc: Exception) -> Problem | None:
    """Return what `exc` means for the client, or None if it is a defect of ours."""
    if isinstance(exc, errors.DomainError):
        status = next(status for kind, status in STATUS_OF_KIND if isinstance(exc, kind))
        by_field = shortened(exc.errors) if isinstance(exc, errors.Invalid) else {}
        return Problem(
            status,
            exc.code,
            exc.message,
            by_field,
            exc.data,
            _headers_of(exc, status),
            is_duplicate=isinstance(exc, errors.AlreadyExists),
            is_told_apart=exc.is_told_apart,
        )
    if isinstance(exc, exceptions.ValidationError):
        detail: Any = exc.detail
        by_field = shortened(detail if isinstance(detail, dict) else {BODY: detail})
        return Problem(400, "invalid", "The input is not valid.", by_field)
    if isinstance(exc, exceptions.ParseError):
        return Problem(400, "unreadable", "The body cannot be read.", {"body": [str(exc.detail)]})
    if isinstance(exc, exceptions.NotAuthenticated):
        return Problem(
            401,
            MISSING_AUTHORIZATION,
            "Could not validate credentials",
            headers=_challenge(401),
        )
    if isinstance(exc, exceptions.AuthenticationFailed):
        return Problem(
            401,
            "unauthenticated",
            "Could not validate credentials",
            headers=_challenge(401),
        )
    if isinstance(exc, PermissionDenied | exceptions.PermissionDenied):
        return Problem(403, "not_allowed", "Not authorized to perform this action")
    if isinstance(exc, Http404 | exceptions.NotFound):
        return Problem(404, "not_found", "Resource not found")
    if isinstance(exc, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return Problem(413, "too_large", "The body is larger than this service accepts.")
    if isinstance(exc, exceptions.APIException):
        return Problem(exc.status_code, str(exc.default_code), str(exc.detail))
    return None


def _headers_of(exc: errors.DomainError, status: int) -> dict[str, str]:
    if isinstance(exc, LimitExceeded):
        return exc.headers
    if isinstance(exc, errors.TooManyRequests | errors.Unavailable) and exc.retry_after:
        return {"Retry-After": str(exc.retry_after)}
    return _challenge(status)


def _challenge(status: int) -> dict[str, str]:
    """A 401 names the accepted scheme (RFC 9110, section 11.6.1)."""
    return {"WWW-Authenticate": "Bearer"} if status == 401 else {}


def answer(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """Answer `problem` outside of any view. Return None if the path belongs to no surface."""
    surface = surface_of(request.path)
    if surface is None:
        return None
    problem = surface.reading(problem)
    return JsonResponse(
        surface.body_of(problem), status=problem.status, headers=dict(problem.headers)
    )


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """Answer a path without a view: in the format of its surface, or as a page."""
    problem = Problem(404, "not_found", "Resource not found")
    return answer(request, problem) or defaults.page_not_found(request, exception or Http404())


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer a crash outside of DRF: in the format of its surface, or as a page."""
    problem = Problem(500, "internal_error", "Internal server error")
    return answer(request, problem) or defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a request that Django refuses (a forged host, too many fields)."""
    problem = problem_of(exception) or Problem(
        400,
        "invalid",
        "The request cannot be read.",
        {"request": ["It cannot be read."]},
    )
    return answer(request, problem) or defaults.bad_request(request, exception)
