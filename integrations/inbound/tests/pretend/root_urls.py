"""The service's paths as a start with the new line would build them."""

from django.urls import include, path

from integrations.api.webhooks.urls import webhook_paths
from integrations.providers import WEBHOOKS

urlpatterns = [path(WEBHOOKS, include(list(webhook_paths())))]
handler404 = "orderchainer.core.http.handlers.page_not_found"
handler500 = "orderchainer.core.http.handlers.server_error"
