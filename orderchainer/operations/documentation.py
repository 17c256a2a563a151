"""The API's own documentation: `/openapi.json`, `/docs` (Swagger UI) and `/redoc`."""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache as once
from http import HTTPStatus
from threading import Lock

import orjson
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response

from orderchainer.core.breaker import Breaker
from orderchainer.core.web.reading import read_only

# A few seconds of a busy machine are enough.
BUILD_SECONDS = 60
# How long we wait after a failure before we try again.
PAUSE_SECONDS = 60
# How many characters of the failed process's output go to the log.
MAX_OUTPUT = 2000

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Document:
    """The OpenAPI document in bytes, and its entity tag."""

    body: bytes
    etag: str


@once
def document() -> Document:
    """Build the OpenAPI document in this process, once. It depends only on the code."""
    # Only here, because a process that serves never needs them.
    from drf_spectacular.generators import SchemaGenerator

    from accounts.api import schema as _schema  # noqa: F401 (describes the credentials)

    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return _document_of(orjson.dumps(schema, option=orjson.OPT_NON_STR_KEYS))


_asking = Lock()
# A start that failed would probably fail again, and each takes seconds of a core.
_breaker = Breaker(PAUSE_SECONDS)


class NotBuilt(Exception):
    """The OpenAPI document cannot be built now; the log says why."""


def served() -> Document:
    """Return the OpenAPI document. Another process builds it, unless this one has done so already.

    Building takes 20 MB, which Python would keep until this process ends. Raises `NotBuilt` if it
    fails, and then for `PAUSE_SECONDS` without another try.
    """
    if document.cache_info().currsize:
        return document()
    # Callers that come meanwhile wait for the first one.
    with _asking:
        if not _breaker.may_be_asked():
            raise NotBuilt
        try:
            built = _built_elsewhere()
        except (OSError, subprocess.SubprocessError) as exc:
            # Log it once and not for each reader.
            if _breaker.failed():
                logger.exception("openapi_not_built", output=_end_of_output(exc))
            raise NotBuilt from exc
        _breaker.answered()
        return built


@once
def _built_elsewhere() -> Document:
    built = subprocess.run(
        [sys.executable, "manage.py", "openapi"],
        cwd=settings.BASE_DIR,
        # The child has nothing to count.
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": ""},
        capture_output=True,
        timeout=BUILD_SECONDS,
        check=True,
    )
    return _document_of(built.stdout)


def _end_of_output(error: Exception) -> str:
    """Return the last of what the process wrote, where the reason stands."""
    output = getattr(error, "stderr", None) or b""
    return output.decode(errors="replace")[-MAX_OUTPUT:].strip()


def _document_of(body: bytes) -> Document:
    return Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


@read_only
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI 3 document of all surfaces."""
    try:
        current = served()
    except NotBuilt:
        return JsonResponse(
            {"detail": "The document cannot be built now. The service's log says why."},
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(PAUSE_SECONDS)},
        )
    response = HttpResponse(
        current.body,
        content_type="application/json",
        # Browsers store it and revalidate it each time, because a new release changes it.
        headers={"Cache-Control": "no-cache", "ETag": current.etag},
    )
    return get_conditional_response(request, etag=current.etag, response=response) or response


@read_only
def swagger(request: HttpRequest) -> HttpResponse:
    """Show the document with Swagger UI, where people can try each operation."""
    return render(request, "documentation/swagger.html")


@read_only
def redoc(request: HttpRequest) -> HttpResponse:
    """Show the document with Redoc, for reading."""
    return render(request, "documentation/redoc.html")
