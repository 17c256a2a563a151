"""Browsers of other origins: their scripts call the API and read each answer, refusals included."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.test import Client, override_settings
from rest_framework.test import APIClient

from accounts.services import create_project
from accounts.tests.factories import client_of, make_user
from catalog.queries import storefront
from catalog.tests.factories import make_product, make_storefront
from orderchainer.core.http.surfaces import PREFIXES
from orderchainer.testing.routes import every_route
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

SHOP = "https://shop.example.com"
STRANGER = "https://evil.example.com"


@pytest.fixture(autouse=True)
def allowed() -> Iterator[None]:
    with override_settings(CORS_ALLOWED_ORIGINS=[SHOP, "http://localhost:3000"]):
        yield


def preflight(
    path: str, origin: str = SHOP, method: str = "POST", headers: str = "authorization"
) -> Any:
    """Send the preflight request of a browser."""
    return Client().options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        },
    )


def assert_readable(response: Any) -> None:
    """Check that a script of the shop can read the answer and its headers."""
    assert response["Access-Control-Allow-Origin"] == SHOP
    assert "Access-Control-Allow-Credentials" not in response
    assert "origin" in response["Vary"].lower()
    exposed = response["Access-Control-Expose-Headers"].lower().split(", ")
    plain = {
        *("content-type", "content-length", "cache-control", "pragma", "vary"),
        *("content-language", "expires", "last-modified"),
    }
    # Headers that tell a browser what to do with the answer; no script needs them.
    for_browsers = {
        *("content-security-policy", "x-content-type-options", "x-frame-options"),
        *("referrer-policy", "cross-origin-opener-policy"),
    }
    sent = {name.lower() for name in response.headers}
    cors = {name for name in sent if name.startswith("access-control-")}
    assert sent - plain - for_browsers - cors <= set(exposed)


# --- Preflights -------------------------------------------------------------------------------


def paths() -> set[str]:
    """Return a path for each route of a surface in both spellings, and unknown ones."""
    known = {"/" + _filled(route) for route, _pattern in every_route() if _is_api(route)}
    unknown = {f"{prefix}/no/such/path" for prefix, _surface in PREFIXES.items()}
    stems = {path.rstrip("/") for path in known | unknown}
    return stems | {f"{stem}/" for stem in stems}


def _is_api(route: str) -> bool:
    return route.startswith(("api/", "auth/api/"))


def _filled(route: str) -> str:
    return "/".join("1" if part.startswith("<") else part for part in route.split("/"))


@pytest.mark.parametrize("origin", [SHOP, "http://localhost:3000"])
def test_each_path_of_each_surface_answers_a_preflight(origin: str) -> None:
    found = paths()
    assert len(found) > 120

    for path in found:
        response = preflight(path, origin)

        assert response.status_code == 200, path
        assert response.content == b""
        assert response["Access-Control-Allow-Origin"] == origin
        assert "Access-Control-Allow-Credentials" not in response
        assert "X-RateLimit-Limit" not in response
        assert response["X-Request-ID"]


def test_a_preflight_allows_what_the_api_reads() -> None:
    response = preflight("/api/orders/")

    assert response["Access-Control-Allow-Methods"].split(", ") == [
        *("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
    ]
    allowed = set(response["Access-Control-Allow-Headers"].split(", "))
    assert {
        *("authorization", "content-type", "idempotency-key", "if-match"),
        *("if-none-match", "x-request-id"),
    } <= allowed
    assert int(response["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD"])
def test_preflights_are_not_counted_against_a_limit(method: str) -> None:
    make_storefront()
    with override_settings(RATE_LIMIT_STANDARD="3/m", RATE_LIMIT_AUTH="3/m"):
        for _ in range(10):
            assert preflight("/api/products/", method=method).status_code == 200
            assert preflight("/api/auth/token").status_code == 200
        response = Client().get("/api/products/", headers={"Origin": SHOP})

    assert response.status_code == 200
    assert response["X-RateLimit-Remaining"] == "2"


@pytest.mark.parametrize(
    "origin",
    [
        *(STRANGER, "null", "", "http://shop.example.com", f"{SHOP}:8443"),
        *("https://shop.example.com.evil.example", "https://[broken", "file://"),
    ],
)
def test_other_sites_are_refused_everywhere(origin: str) -> None:
    asked = preflight("/api/orders/", origin)
    called = Client().get("/api/products/", headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in asked
    assert "Access-Control-Allow-Origin" not in called


@override_settings(CORS_ALLOWED_ORIGINS=[])
def test_without_the_setting_no_site_is_allowed() -> None:
    assert "Access-Control-Allow-Origin" not in preflight("/api/orders/")


@pytest.mark.parametrize("path", ["/admin/login/", "/", "/invitations/accept"])
def test_pages_allow_no_other_site(path: str) -> None:
    response = Client().get(path, headers={"Origin": SHOP})

    assert "Access-Control-Allow-Origin" not in preflight(path)
    assert "Access-Control-Allow-Origin" not in response


# --- Reading answers --------------------------------------------------------------------------


def test_answers_can_be_read_with_their_headers() -> None:
    owner = make_user()
    client = client_of(owner)
    for _ in range(3):
        make_order(owner)

    listed = client.get("/api/orders/?limit=1", HTTP_ORIGIN=SHOP)
    made = [
        client.post(
            "/api/orders/",
            {"title": "New"},
            HTTP_ORIGIN=SHOP,
            HTTP_IDEMPOTENCY_KEY="one",
        )
        for _ in range(2)
    ]

    assert listed["X-Total-Count"] == "3"
    assert listed["Link"]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[1]["Idempotent-Replayed"] == "true"
    assert made[0]["Location"]
    assert made[0]["ETag"]
    for response in (listed, *made):
        assert_readable(response)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/orders/", 401),
        ("/api/v1/projects", 401),
        ("/api/order", 401),
        ("/api/cart/", 401),
        ("/api/orders/no/such/path", 404),
        ("/api/v1/nothing", 404),
        ("/auth/api/nothing/", 404),
        ("/api/nothing", 404),
        ("/api/products/999999/", 404),
    ],
)
def test_refusals_can_be_read(path: str, status: int) -> None:
    response = Client().get(path, headers={"Origin": SHOP})

    assert response.status_code == status
    assert_readable(response)


def test_a_refused_token_can_be_read() -> None:
    response = Client().get("/api/products/", headers={"Origin": SHOP, "Authorization": "Bearer x"})

    assert response.status_code == 401
    assert_readable(response)


@override_settings(MAX_REQUEST_BODY_BYTES=10)
def test_a_refused_body_can_be_read() -> None:
    response = Client().post(
        "/api/auth/register",
        b"x" * 11,
        content_type="application/json",
        headers={"Origin": SHOP},
    )

    assert response.status_code == 413
    assert_readable(response)


@override_settings(RATE_LIMIT_STANDARD="1/m")
def test_a_used_up_limit_can_be_read() -> None:
    make_storefront()
    Client().get("/api/products/")
    response = Client().get("/api/products/", headers={"Origin": SHOP})

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert_readable(response)


def test_a_forged_host_can_be_read() -> None:
    response = Client().get("/api/products/", headers={"Origin": SHOP, "Host": "evil.example.com"})

    assert response.status_code == 400
    assert_readable(response)


def test_a_defect_in_a_view_can_be_read() -> None:
    make_storefront()
    with mock.patch.object(storefront, "shelves", side_effect=RuntimeError):
        response = Client(raise_request_exception=False).get(
            "/api/categories/", headers={"Origin": SHOP}
        )

    assert response.status_code == 500
    assert_readable(response)


def test_a_defect_outside_of_views_can_be_read() -> None:
    with mock.patch("orderchainer.core.http.routing.surface_of", side_effect=RuntimeError):
        response = Client(raise_request_exception=False).get(
            "/api/categories/", headers={"Origin": SHOP}
        )

    assert response.status_code == 500
    assert_readable(response)


# --- The storefront's catalogue without signing in --------------------------------------------


def test_the_catalogue_can_be_read_without_signing_in() -> None:
    shop = make_storefront()
    product = make_product(shop, name="Lamp")
    withdrawn = make_product(shop, name="Old lamp", is_active=False)
    elsewhere = make_product(create_project(owner=make_user(), name="Other"), name="Lamp")
    client = APIClient()

    listed = client.get("/api/products/?search=lamp").json()

    assert [row["id"] for row in listed["results"]] == [product.pk]
    assert client.get(f"/api/products/{product.pk}").status_code == 200
    for hidden in (withdrawn, elsewhere):
        assert client.get(f"/api/products/{hidden.pk}").status_code == 404


def test_only_reading_works_without_signing_in() -> None:
    product = make_product(make_storefront())
    client = APIClient()

    for path in ("/api/products/", f"/api/products/{product.pk}/", "/api/categories/"):
        for method in ("post", "put", "patch", "delete"):
            assert getattr(client, method)(path).status_code == 401


@override_settings(RATE_LIMIT_STANDARD="2/m")
def test_a_limit_counts_anonymous_requests_by_address() -> None:
    make_storefront()
    client = APIClient()

    statuses = [client.get("/api/products/").status_code for _ in range(3)]
    elsewhere = client.get("/api/products/", REMOTE_ADDR="192.0.2.7")

    assert statuses == [200, 200, 429]
    assert elsewhere.status_code == 200
