"""Files that are written while they are sent."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def csv_download(
    request: HttpRequest, parts: Iterator[str], *, filename: str
) -> StreamingHttpResponse:
    """Answer a table that browsers save under `filename` (plain letters), a part at a time."""
    # A server that speaks ASGI would collect a plain iterator as a whole before it sends the first byte.
    return StreamingHttpResponse(
        _awaited(parts) if isinstance(request, ASGIRequest) else parts,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "Cache-Control": "private, no-store",
        },
    )


async def _awaited(parts: Iterator[str]) -> AsyncIterator[str]:
    """Return the parts, each read in a thread."""
    while part := await sync_to_async(lambda: next(parts, ""))():
        yield part
