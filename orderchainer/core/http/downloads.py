"""Files that we write while we send them."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from orderchainer.core.printable import printable


class JSONForErrors(BaseContentNegotiation):
    """Ignore `Accept`: a file has its own type, and a refusal is always JSON."""

    def select_parser(self, request, parsers):  # type: ignore[no-untyped-def]
        return parsers[0]

    def select_renderer(  # type: ignore[no-untyped-def]
        self, request, renderers, format_suffix=None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


def csv_download(
    request: HttpRequest | Request, parts: Iterator[str], *, filename: str
) -> StreamingHttpResponse:
    """Send a CSV table part by part; browsers save it as `filename`, whatever that contains."""
    return download(request, parts, filename=filename, media_type="text/csv; charset=utf-8")


def download(
    request: HttpRequest | Request,
    parts: Iterator[str] | Iterator[bytes],
    *,
    filename: str,
    media_type: str,
) -> StreamingHttpResponse:
    """Send a file part by part; browsers save it as `filename`, whatever that contains."""
    # Under ASGI, Django collects all of a plain iterator before it sends the first byte. Only
    # requests that came over ASGI have a `scope`.
    return StreamingHttpResponse(
        _awaited(parts) if hasattr(request, "scope") else parts,
        content_type=media_type,
        headers={
            "Content-Disposition": str(content_disposition_header(True, printable(filename))),
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _awaited(parts: Iterator[str] | Iterator[bytes]) -> AsyncIterator[str | bytes]:
    """Yield the parts; a thread reads each."""
    while part := await sync_to_async(lambda: next(parts, ""))():
        yield part
