"""Conditional requests: `ETag`, `If-Match`, `If-None-Match` (RFC 9110, section 13)."""

from collections.abc import Callable
from hashlib import sha256

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from rest_framework.response import Response

from orderchainer.core.errors import Stale


def etag_of(kind: str, pk: int, version: int, **others: bool) -> str:
    """Return the strong entity tag of version `version` of a row.

    `others` are flags that are shown with the row and change without it; the tag names those that
    are set.
    """
    marks = "".join(f"-{name}" for name, holds in others.items() if holds)
    return f'"{kind}-{pk}-{version}{marks}"'


def etag_of_content(kind: str, *content: object) -> str:
    """Return the strong entity tag of what is shown, if no row's version covers all of it.

    `content` is anything that JSON can express, with UUIDs and moments.
    """
    return f'"{kind}-{sha256(orjson.dumps(content)).hexdigest()[:32]}"'


def require_match(request: HttpRequest, etag: str) -> None:
    """Raise `Stale` if the request has an `If-Match` that does not include `etag`."""
    header = request.headers.get("If-Match")
    if header is None:
        return
    wanted = parse_etags(header)
    if "*" not in wanted and etag not in wanted:
        raise Stale


def is_unchanged(request: HttpRequest, etag: str) -> bool:
    """Tell whether `If-None-Match` names this version, so that a read gets a 304."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    wanted = [tag.removeprefix("W/") for tag in parse_etags(header)]
    return "*" in wanted or etag in wanted


def answer_unless_unchanged(
    request: HttpRequest, etag: str, write: Callable[[], object]
) -> Response | HttpResponse:
    """Answer with what `write` returns and its entity tag, or with a 304 if the client has it
    already.
    """
    if is_unchanged(request, etag):
        return HttpResponse(status=304, headers={"ETag": etag})
    return Response(write(), headers={"ETag": etag})
