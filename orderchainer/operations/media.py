"""`/media/`: our stored pictures, for everybody who knows a picture's name.

Only names in the form that `orderchainer.core.pictures` makes have a route. So no path leads out of
the directory, and other files in it stay hidden. A name is never used again, so clients may cache
it for ever.
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
    """A picture's name in a path."""

    regex = NAME_PATTERN


def _etag_of(_request: HttpRequest, name: str) -> str | None:
    return f'"{name}"' if default_storage.exists(name) else None


@read_only
@cache_control(public=True, max_age=A_YEAR, immutable=True)
@etag(_etag_of)
def picture(_request: HttpRequest, name: str) -> HttpResponse:
    """Send the picture of that name."""
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
            # A browser runs nothing in it, whatever type it believes the file to have.
            HEADER: DATA,
            "X-Content-Type-Options": "nosniff",
        },
    )
