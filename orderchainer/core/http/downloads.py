"""Files that we write while we send them."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.request import Request

from orderchainer.core.printable import printable


def csv_download(
    request: HttpRequest | Request, parts: Iterator[str], *, filename: str
) -> StreamingHttpResponse:
    """Send a CSV table part by part; browsers save it as `filename`, whatever that contains."""
    # Under ASGI, Django collects all of a plain iterator before it sends the first byte. Only
    # requests that came over ASGI have a `scope`.
    return StreamingHttpResponse(
        _awaited(parts) if hasattr(request, "scope") else parts,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": str(content_disposition_header(True, printable(filename))),
            "Cache-Control": "private, no-store",
        },
    )


async def _awaited(parts: Iterator[str]) -> AsyncIterator[str]:
    """Yield the parts; a thread reads each."""
    while part := await sync_to_async(lambda: next(parts, ""))():
        yield part
