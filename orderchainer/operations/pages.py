"""The few pages of the service itself: the home page, the icon and robots.txt."""

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control

from orderchainer import __version__
from orderchainer.core.web.reading import read_only

DATABASES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
A_DAY = 24 * 60 * 60


@read_only
def home(request: HttpRequest) -> HttpResponse:
    """Say what runs here and link to the documentation."""
    return render(
        request,
        "home.html",
        {
            "version": __version__,
            "embedded": settings.EMBEDDED,
            "database": DATABASES[connection.vendor],
            "debug": settings.DEBUG,
        },
    )


@read_only
@cache_control(max_age=A_DAY, public=True)
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect to the icon from the path that browsers try by default."""
    return redirect(static("orderchainer/icon.svg"), permanent=True)


@read_only
@cache_control(max_age=A_DAY, public=True)
def robots(request: HttpRequest) -> HttpResponse:
    """Ask robots to stay away, because nothing here is for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")
