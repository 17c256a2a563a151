"""The answers that send a report or statistics as a file."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.request import Request

from orderchainer.core.http.downloads import csv_download, download
from reports import exports
from reports.exports import Document

DEFAULT_TABLE = "by_day"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A larger workbook waits on disk until it is sent.
MAX_BYTES_IN_MEMORY = 1024 * 1024
CHUNK_BYTES = 64 * 1024


def csv_of(request: HttpRequest | Request, document: Document) -> StreamingHttpResponse:
    """Send the table that `table` names. Raises `Invalid`."""
    name = request.GET.get("table", "").strip()
    table = exports.table_named(document, name or DEFAULT_TABLE)
    return csv_download(
        request, exports.write_csv(table), filename=f"{document.file_name}_{table.name}.csv"
    )


def workbook_of(request: HttpRequest | Request, document: Document) -> StreamingHttpResponse:
    """Send all tables as a workbook."""
    return download(
        request, _chunks_of(document), filename=f"{document.file_name}.xlsx", media_type=XLSX
    )


def _chunks_of(document: Document) -> Iterator[bytes]:
    with SpooledTemporaryFile(max_size=MAX_BYTES_IN_MEMORY) as spooled:
        file: IO[bytes] = spooled
        exports.write_workbook(document, file)
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")
