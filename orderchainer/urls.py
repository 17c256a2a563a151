"""Every path of the service, surface by surface."""

from django.contrib import admin
from django.urls import include, path, re_path

from orderchainer import documentation, health, metrics, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("favicon.ico", pages.favicon),
    path("robots.txt", pages.robots),
    re_path(r"^openapi\.json/?$", documentation.openapi, name="openapi"),
    re_path(r"^docs/?$", documentation.swagger, name="swagger"),
    re_path(r"^redoc/?$", documentation.redoc, name="redoc"),
    re_path(r"^healthz/?$", health.healthz, name="healthz"),
    re_path(r"^readyz/?$", health.readyz, name="readyz"),
    re_path(r"^metrics/?$", metrics.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/auth/", include("accounts.api.urls")),
    path("api/orders/", include("orders.api.urls")),
]

handler400 = "orderchainer.api.handlers.bad_request"
handler404 = "orderchainer.api.handlers.page_not_found"
handler500 = "orderchainer.api.handlers.server_error"
