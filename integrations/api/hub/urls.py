"""Paths under `/api/v1/integrations`, spelt as the hub document spells them."""

from django.urls import path

from integrations.api.hub.views import (
    CheckView,
    ConnectView,
    DeliveriesView,
    IntegrationsView,
    OneIntegrationView,
    OneRunView,
    ProvidersView,
    ReplayView,
    RunsView,
    SyncView,
)

urlpatterns = [
    path("integrations/<str:project_id>", IntegrationsView.as_view(), name="hub-integrations"),
    # Before `<str:integration_id>`, which would match these words too.
    path(
        "integrations/<str:project_id>/connect",
        ConnectView.as_view(),
        name="hub-integrations-connect",
    ),
    path(
        "integrations/<str:project_id>/providers",
        ProvidersView.as_view(),
        name="hub-integrations-providers",
    ),
    path(
        "integrations/<str:project_id>/<str:integration_id>",
        OneIntegrationView.as_view(),
        name="hub-integration",
    ),
    path(
        "integrations/<str:project_id>/<str:integration_id>/sync",
        SyncView.as_view(),
        name="hub-integration-sync",
    ),
    path(
        "integrations/<str:project_id>/<str:integration_id>/test",
        CheckView.as_view(),
        name="hub-integration-test",
    ),
    path(
        "integrations/<str:project_id>/<str:integration_id>/runs",
        RunsView.as_view(),
        name="hub-integration-runs",
    ),
    path(
        "integrations/<str:project_id>/<str:integration_id>/runs/<str:run_id>",
        OneRunView.as_view(),
        name="hub-integration-run",
    ),
    path(
        "integrations/<str:project_id>/<str:integration_id>/deliveries",
        DeliveriesView.as_view(),
        name="hub-integration-deliveries",
    ),
    path(
        "integrations/<str:project_id>/<str:integration_id>/deliveries/<str:delivery_id>/replay",
        ReplayView.as_view(),
        name="hub-integration-replay",
    ),
]
