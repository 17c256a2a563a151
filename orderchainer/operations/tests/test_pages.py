"""The pages for people: their text, that they load nothing from elsewhere, and their policies."""

import re

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from orderchainer import __version__

PAGES = ["/", "/docs", "/docs/", "/redoc", "/redoc/"]


def assets_of(page: str) -> list[str]:
    """Return the URLs that the page's markup makes a browser load."""
    links = re.findall(r"<link\b[^>]*\bhref=\"([^\"]+)\"", page)
    return links + re.findall(r"<(?:script|img)\b[^>]*\bsrc=\"([^\"]+)\"", page)


@override_settings(EMBEDDED=True)
def test_the_front_page_shows_the_mode_and_links_to_the_other_pages() -> None:
    response = Client().get("/")

    page = response.text
    assert response.status_code == 200
    assert f"<dt>Version</dt><dd>{__version__}</dd>" in page
    assert "embedded: everything in one process" in page
    assert re.search(r"<dt>Database</dt><dd>(SQLite|PostgreSQL)</dd>", page)
    for target in (
        "/app/",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/admin/",
        "/readyz",
        "/healthz",
    ):
        assert f'<a class="card" href="{target}">' in page


@override_settings(EMBEDDED=False)
def test_the_front_page_knows_production() -> None:
    assert "production: workers over Redis" in Client().get("/").text


def test_the_front_page_shows_no_address_and_no_login() -> None:
    database = settings.DATABASES["default"]
    page = Client().get("/").text

    for secret in (database.get("PASSWORD"), database.get("HOST"), database["NAME"]):
        assert not secret or str(secret) not in page


@pytest.mark.parametrize("url", PAGES)
def test_a_page_loads_nothing_external_and_runs_nothing_inline(url: str) -> None:
    response = Client().get(url)

    assert response.status_code == 200
    assets = assets_of(response.text)
    assert assets
    assert [asset for asset in assets if not re.match(r"/static/[\w./-]+$", asset)] == []
    assert not re.search(r"<style|\bstyle=|\bon\w+=|<script>|javascript:", response.text)
    assert not re.search(r"https?://", response.text)


@pytest.mark.parametrize("url", PAGES)
def test_everything_that_a_page_loads_exists(url: str) -> None:
    client = Client()

    for asset in assets_of(client.get(url).text):
        response = client.get(asset)
        assert response.status_code == 200, asset


@pytest.mark.parametrize("script", ["swagger.js", "redoc.js"])
def test_the_api_viewers_load_nothing_external(script: str) -> None:
    text = (settings.BASE_DIR / "static" / "orderchainer" / script).read_text()

    assert not re.search(r"https?://", text)
    if script == "swagger.js":
        # The default is a validator on the internet.
        assert "validatorUrl: null" in text


def test_browsers_find_an_icon_at_the_default_path() -> None:
    response = Client().get("/favicon.ico", follow=True)

    assert response.redirect_chain == [("/static/orderchainer/icon.svg", 301)]
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"


def test_robots_are_asked_to_stay_away() -> None:
    response = Client().get("/robots.txt")

    assert response.text == "User-agent: *\nDisallow: /\n"
    assert response["Content-Type"] == "text/plain"


# --- Pages about what went wrong --------------------------------------------------------------


def crash(request: HttpRequest) -> HttpResponse:
    raise LookupError


urlpatterns = [path("crash", crash)]


def test_an_unknown_path_gets_a_page() -> None:
    response = Client().get("/nothing/here")

    assert response.status_code == 404
    assert "<h1>Page not found</h1>" in response.text
    assert response["Content-Type"] == "text/html; charset=utf-8"


@override_settings(ROOT_URLCONF=__name__)
def test_a_crash_gets_a_page() -> None:
    response = Client(raise_request_exception=False).get("/crash")

    assert response.status_code == 500
    assert "<h1>Server error</h1>" in response.text


def test_a_forged_host_gets_a_page() -> None:
    response = Client().get("/", headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert "<h1>Bad request</h1>" in response.text


# --- Headers ----------------------------------------------------------------------------------

PAGE_POLICY = (
    "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; img-src 'self' data:; script-src 'self'; style-src 'self'"
)


@pytest.mark.parametrize(
    ("url", "policy"),
    [
        ("/", PAGE_POLICY),
        ("/docs", PAGE_POLICY),
        ("/redoc", f"{PAGE_POLICY} 'unsafe-inline'; worker-src blob:"),
        (
            "/admin/login/",
            PAGE_POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'")
            + " 'unsafe-inline'",
        ),
        ("/api/nothing", "default-src 'none'; frame-ancestors 'none'"),
    ],
)
@pytest.mark.django_db
def test_each_page_may_load_what_it_needs_and_no_more(url: str, policy: str) -> None:
    response = Client().get(url)

    assert response["Content-Security-Policy"] == policy


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/", "/docs", "/admin/login/", "/api/nothing", "/nothing"])
def test_every_answer_carries_the_usual_protections(url: str) -> None:
    response = Client().get(url)

    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in response


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/redoc", "/openapi.json", "/healthz", "/readyz", "/metrics"],
)
def test_a_read_only_page_refuses_other_methods(path: str) -> None:
    response = Client(enforce_csrf_checks=True).post(path)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
