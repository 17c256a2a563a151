"""`/api/v1/integrations/{project_id}`: a project's integrations, for the people who run it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from integrations import services
from integrations.access import MANAGE_INTEGRATIONS, SYNC_INTEGRATIONS, VIEW_INTEGRATIONS
from integrations.api.hub import docs
from integrations.api.hub.filters import deliveries_selected
from integrations.api.hub.presentation import (
    delivery_body,
    etag_of_integration,
    integration_body,
    provider_body,
    run_body,
)
from integrations.api.hub.serializers import IntegrationChanges, NewIntegration
from integrations.errors import ConfigRefused
from integrations.models import Integration
from integrations.providers import connectable
from integrations.queries import (
    delivery_id_in,
    integration_for,
    integrations_of,
    run_for,
    runs_of,
)
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.conditional import answer_unless_unchanged, require_match
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.windows import part_of


class ConnectView(ProjectView):
    """Connecting an account."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_INTEGRATIONS}

    @docs.CONNECT
    def post(self, request: Request, project_id: str) -> Response:
        """Connect an account, once for each `Idempotency-Key`."""
        body = NewIntegration(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> Answer:
            with _in_config():
                connected = services.connect_integration(
                    project=self.project, by=caller_of(request), **body.validated_data
                )
            integration = integration_for(self.project, connected.integration.uuid)
            headers = {"ETag": etag_of_integration(integration)}
            if connected.is_new:
                headers["Location"] = _address_of(request, integration)
            return Answer(
                201 if connected.is_new else 200,
                integration_body(integration, self.project),
                headers,
            )

        return answer_repeatable(request, work)


class ProvidersView(ProjectView):
    """The providers that a project can connect."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_INTEGRATIONS}

    @docs.LIST_PROVIDERS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer every provider with the keys of its configuration."""
        return Response([provider_body(name, each) for name, each in connectable().items()])


class IntegrationsView(ProjectView):
    """All integrations of a project."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_INTEGRATIONS}

    @docs.LIST_INTEGRATIONS
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the integrations."""
        window = page_window_of(request)
        part, total = part_of(integrations_of(self.project), window)
        return bare_list(
            request,
            [integration_body(each, self.project) for each in part],
            total=total,
            window=window,
        )


class OneIntegrationView(ProjectView):
    """One integration."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_INTEGRATIONS,
        "PATCH": MANAGE_INTEGRATIONS,
        "DELETE": MANAGE_INTEGRATIONS,
    }

    @docs.GET_INTEGRATION
    def get(
        self, request: Request, project_id: str, integration_id: str
    ) -> Response | HttpResponse:
        """Answer the integration."""
        integration = integration_for(self.project, integration_id)
        return answer_unless_unchanged(
            request,
            etag_of_integration(integration),
            lambda: integration_body(integration, self.project),
        )

    @docs.CHANGE_INTEGRATION
    def patch(self, request: Request, project_id: str, integration_id: str) -> Response:
        """Change the configuration, pause or resume."""
        integration = integration_for(self.project, integration_id)
        changes = read_changes(
            IntegrationChanges,
            request.data,
            lambda: integration_body(integration, self.project),
            is_at_hand=True,
        )
        with _in_config():
            services.change_integration(
                integration=integration,
                by=caller_of(request),
                precondition=self._precondition(request),
                **changes.validated_data,
            )
        changed = integration_for(self.project, integration_id)
        return Response(
            integration_body(changed, self.project),
            headers={"ETag": etag_of_integration(changed)},
        )

    @docs.DISCONNECT
    def delete(self, request: Request, project_id: str, integration_id: str) -> Response:
        """Disconnect the account."""
        services.disconnect_integration(
            integration=integration_for(self.project, integration_id),
            by=caller_of(request),
            precondition=self._precondition(request),
        )
        return Response(status=204)

    def _precondition(self, request: Request) -> Callable[[Integration], None]:
        def require(locked: Integration) -> None:
            # The tag also depends on the runs, which the locked row does not tell.
            as_shown = integration_for(self.project, locked.uuid)
            require_match(request, etag_of_integration(as_shown))

        return require


class SyncView(ProjectView):
    """Syncing an integration."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": SYNC_INTEGRATIONS}

    @docs.SYNC
    def post(self, request: Request, project_id: str, integration_id: str) -> Response:
        """Queue a sync, or join the one that waits or runs."""
        integration = integration_for(self.project, integration_id)
        run = services.request_sync(integration=integration, by=caller_of(request))
        return _queued("Sync task", integration, run_id=run.uuid)


class CheckView(ProjectView):
    """Asking the provider whether an integration works."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_INTEGRATIONS}

    @docs.CHECK
    def post(self, request: Request, project_id: str, integration_id: str) -> Response:
        """Queue a check. Its result is the status of the integration."""
        integration = integration_for(self.project, integration_id)
        services.request_check(integration=integration, by=caller_of(request))
        return _queued("Check", integration)


class RunsView(ProjectView):
    """The sync runs of an integration."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_INTEGRATIONS}

    @docs.LIST_RUNS
    def get(self, request: Request, project_id: str, integration_id: str) -> Response:
        """Answer a page of the runs."""
        window = page_window_of(request)
        integration = integration_for(self.project, integration_id)
        part, total = part_of(runs_of(integration), window)
        return bare_list(
            request,
            [run_body(run, integration) for run in part],
            total=total,
            window=window,
        )


class OneRunView(ProjectView):
    """One sync run."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_INTEGRATIONS}

    @docs.GET_RUN
    def get(self, request: Request, project_id: str, integration_id: str, run_id: str) -> Response:
        """Answer the run."""
        integration = integration_for(self.project, integration_id)
        return Response(run_body(run_for(integration, run_id), integration))


class DeliveriesView(ProjectView):
    """What the provider posted for an integration."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_INTEGRATIONS}

    @docs.LIST_DELIVERIES
    def get(self, request: Request, project_id: str, integration_id: str) -> Response:
        """Answer a page of the deliveries."""
        window = page_window_of(request)
        integration = integration_for(self.project, integration_id)
        part, total = part_of(deliveries_selected(integration, request), window)
        return bare_list(
            request,
            [delivery_body(delivery, integration) for delivery in part],
            total=total,
            window=window,
        )


class ReplayView(ProjectView):
    """Working on a delivery again."""

    area = "integrations"
    operations: ClassVar[Mapping[str, Operation]] = {"POST": MANAGE_INTEGRATIONS}

    @docs.REPLAY
    def post(
        self, request: Request, project_id: str, integration_id: str, delivery_id: str
    ) -> Response:
        """Queue the delivery once more."""
        integration = integration_for(self.project, integration_id)
        delivery = services.replay_delivery(
            integration=integration, delivery_id=delivery_id_in(delivery_id), by=caller_of(request)
        )
        return Response(delivery_body(delivery, integration), status=202)


def _queued(what: str, integration: Integration, **more: object) -> Response:
    message = f"{what} queued for {integration.provider} integration"
    return Response({"status": "queued", "message": message, **more}, status=202)


def _address_of(request: Request, integration: Integration) -> str:
    path = request.path_info.rstrip("/").removesuffix("/connect")
    return f"{path}/{integration.uuid}"


@contextmanager
def _in_config() -> Iterator[None]:
    """Show what is wrong with a configuration under `config`, by the name of the key."""
    try:
        yield
    except ConfigRefused as exc:
        raise serializers.ValidationError({"config": exc.errors}) from exc
