"""`/media/`: the pictures that we keep, for everybody who knows their names.

Only names that `orderchainer.core.pictures` gives lead anywhere, so that no path leads out of the directory
and nothing else that may lie in it is shown. A name is never given twice: what it names may be kept for
ever by whoever asked.
"""

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.urls.converters import StringConverter
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag

from orderchainer.core.pictures import CONTENT_TYPES, NAME_PATTERN
from orderchainer.core.web.content_policy import DATA, HEADER
from orderchainer.core.web.reading import read_only

A_YEAR = 365 * 24 * 60 * 60


class PictureNameConverter(StringConverter):
    """A name in a path as `orderchainer.core.pictures` makes them."""

    regex = NAME_PATTERN


def _etag_of(_request: HttpRequest, name: str) -> str | None:
    return f'"{name}"' if default_storage.exists(name) else None


@read_only
@cache_control(public=True, max_age=A_YEAR, immutable=True)
@etag(_etag_of)
def picture(_request: HttpRequest, name: str) -> HttpResponse:
    """Show the picture of that name."""
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except FileNotFoundError as exc:
        raise Http404 from exc
    extension = name.rpartition(".")[2]
    return HttpResponse(
        content,
        content_type=CONTENT_TYPES[extension],
        headers={
            "Content-Disposition": "inline",
            # Whatever a browser takes it for, it runs nothing of it.
            HEADER: DATA,
            "X-Content-Type-Options": "nosniff",
        },
    )
