"""Every path of the service, surface by surface."""

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path, register_converter

from integrations.providers import provider_paths
from orderchainer.operations import documentation, gallery, health, media, metrics, pages


def both_spellings(
    route: str, view: Callable[[HttpRequest], HttpResponse], *, name: str
) -> list[URLPattern]:
    """Serve `view` with and without a trailing slash; links lead to the one without."""
    return [path(f"{route}/", view), path(route, view, name=name)]


register_converter(media.PictureNameConverter, "picture")

urlpatterns = [
    # First, because clients ask for these most often: patterns are tried in turn, and each request
    # is resolved twice.
    path("api/orders/", include("orders.api.chain.urls")),
    path("api/", include("catalog.api.shop.urls")),
    path("api/cart/", include("cart.api.shop.urls")),
    path("api/v1/", include("orders.api.hub.urls")),
    path("", pages.home, name="home"),
    path("favicon.ico", pages.favicon),
    path("robots.txt", pages.robots),
    path("gallery", gallery.gallery, name="gallery"),
    *both_spellings("openapi.json", documentation.openapi, name="openapi"),
    *both_spellings("docs", documentation.swagger, name="swagger"),
    *both_spellings("redoc", documentation.redoc, name="redoc"),
    *both_spellings("healthz", health.healthz, name="healthz"),
    *both_spellings("readyz", health.readyz, name="readyz"),
    *both_spellings("metrics", metrics.metrics, name="metrics"),
    path("media/<picture:name>", media.picture, name="picture"),
    path("", include("accounts.pages.urls")),
    path("", include("catalog.pages.urls")),
    path("", include("catalog.pages.shop_urls")),
    path("", include("cart.pages.urls")),
    path("", include("orders.pages.shop_urls")),
    path("", include("orders.pages.urls")),
    path("", include("notifications.pages.urls")),
    path("", include("integrations.pages.channel_urls")),
    path("", include("integrations.pages.urls")),
    path("", include("reports.pages.urls")),
    path("admin/", admin.site.urls),
    path("api/auth/", include("accounts.api.chain.urls")),
    path("api/", include("accounts.api.envelope.urls")),
    path("api/v1/", include("accounts.api.hub.urls")),
    path("auth/api/", include("accounts.api.shop.urls")),
    path("api/v1/", include("catalog.api.hub.urls")),
    path("api/", include("orders.api.envelope.urls")),
    path("api/v1/", include("notifications.api.hub.urls")),
    path("api/v1/", include("integrations.api.hub.urls")),
    path("api/v1/", include("reports.api.hub.urls")),
    *provider_paths(),
]

handler400 = "orderchainer.core.http.handlers.bad_request"
handler404 = "orderchainer.core.http.handlers.page_not_found"
handler500 = "orderchainer.core.http.handlers.server_error"
