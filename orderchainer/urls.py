"""Every path of the service, surface by surface."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/auth/", include("accounts.api.urls")),
]

handler400 = "orderchainer.api.handlers.bad_request"
handler404 = "orderchainer.api.handlers.page_not_found"
handler500 = "orderchainer.api.handlers.server_error"
