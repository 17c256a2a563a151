"""Integrations in the back office: connect, change, check, sync, pause and disconnect."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

from accounts.callers import caller_of
from integrations import services
from integrations.admin.forms import config_fields, form_for
from integrations.admin.shown import STATUS_COLOURS
from integrations.contracts import Connector
from integrations.models import Integration
from integrations.providers import connectable, connector_of, label_of
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.panels import MAX_ROWS, Panel, panel_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ServiceAdmin
from orderchainer.core.errors import Stale

Rows = QuerySet[Integration]


@admin.register(Integration)
class IntegrationAdmin(ServiceAdmin):
    """Projects' accounts at providers. Nothing here decrypts a secret."""

    icon = "hub"
    is_main = True
    list_display = (
        "account",
        "provider",
        "project",
        "status_shown",
        "pause_shown",
        "last_sync",
        "last_error",
        "created_at",
    )
    list_filter = (
        "provider",
        "status",
        "is_paused",
        ("project", PickFilter),
        ("last_sync", DaysFilter),
    )
    list_select_related = ("project",)
    search_fields = ("account", "account_name", "project__name", "last_error")
    search_help_text = "An account, a project, or a part of the last error"
    ordering = ("-id",)
    readonly_fields = (
        "uuid",
        "project",
        "provider",
        "account",
        "account_name",
        "status_shown",
        "status_since",
        "last_error",
        "notes_shown",
        "config_shown",
        "last_sync",
        "next_sync_at",
        "connected_by",
        "created_at",
        "updated_at",
    )
    actions = ("check_now", "sync_now", "pause", "resume", "disconnect")
    change_form_outer_after_template = "admin/panels.html"
    change_form_before_template = "admin/versioned.html"

    _state = ("status_shown", "status_since", "last_error", "notes_shown", "last_sync")
    _facts = (
        "project",
        "provider",
        "account",
        "account_name",
        "uuid",
        "next_sync_at",
        "connected_by",
        "created_at",
        "updated_at",
    )

    # --- What is shown ---

    def get_queryset(self, request: HttpRequest) -> Rows:
        """Do not read the secrets from the database."""
        integrations: Rows = super().get_queryset(request)
        return integrations.defer("secrets", "old_secrets")

    @display(description="status", ordering="status", label=STATUS_COLOURS)
    def status_shown(self, integration: Integration) -> str:
        """The status of the connection."""
        return str(integration.status)

    @display(description="pause", ordering="is_paused", label={"paused": "warning"})
    def pause_shown(self, integration: Integration) -> str | None:
        """The word for a pause, or nothing. An icon for yes would look as if all were well."""
        return "paused" if integration.is_paused else None

    @admin.display(description="notes")
    def notes_shown(self, integration: Integration) -> SafeString:
        """What people should know, one sentence on each line."""
        return format_html_join(mark_safe("<br>"), "{}", ((note,) for note in integration.notes))

    @admin.display(description="configuration")
    def config_shown(self, integration: Integration) -> SafeString:
        """The configuration without its secrets, one key on each line."""
        return format_html_join(mark_safe("<br>"), "{}: {}", sorted(integration.config.items()))

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Integration | None = None,
    ) -> HttpResponse:
        """Show the last syncs and errands under the form."""
        if obj is not None:
            context["panels"] = [_runs_of(obj), _errands_of(obj)]
        response: HttpResponse = super().render_change_form(
            request, context, add=add, change=change, form_url=form_url, obj=obj
        )
        return response

    # --- Who may what ---

    def has_add_permission(self, request: HttpRequest, obj: Integration | None = None) -> bool:
        """Require the permission that the services require."""
        return request.user.has_perm("integrations.change_integration")

    def has_change_permission(self, request: HttpRequest, obj: Integration | None = None) -> bool:
        """Require the permission of the services. Nobody may change a disconnected one."""
        is_over = obj is not None and obj.status == Integration.Status.DISCONNECTED
        return not is_over and self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Integration | None = None) -> bool:
        """Let nobody delete one. People disconnect it instead."""
        return False

    # --- The forms ---

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the provider first, and then for the account."""
        if self._connector(request, None) is None and self.has_add_permission(request):
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": "Connect an integration",
                "providers": [(name, label_of(name)) for name in connectable()],
            }
            template = "admin/integrations/integration/choose.html"
            return TemplateResponse(request, template, context)
        return super().add_view(request, form_url, extra_context)

    def _connector(self, request: HttpRequest, obj: Integration | None) -> Connector | None:
        if obj is not None:
            return connector_of(obj.provider)
        return connectable().get(request.GET.get("provider", ""))

    def get_form(self, request: HttpRequest, obj: Integration | None = None, **kwargs: Any) -> Any:
        """Return the form with the keys of the provider."""
        connector = self._connector(request, obj)
        if connector is not None and self.has_change_permission(request, obj):
            kwargs["form"] = form_for(connector, obj)
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Integration | None = None) -> Any:
        """Show the keys of the provider, and the state of the integration."""
        connector = self._connector(request, obj)
        keys = tuple(config_fields(connector)) if connector else ()
        if obj is None:
            return ((None, {"fields": ("project", *keys)}),)
        settable: tuple[str, ...] = ("config_shown",)
        if self.has_change_permission(request, obj):
            settable = ("is_paused", *keys)
        return (
            ("State", {"fields": self._state}),
            ("Configuration", {"fields": settable}),
            ("Facts", {"fields": self._facts}),
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Integration | None = None
    ) -> tuple[str, ...]:
        """Make nothing read-only for a new one, so that its project can be chosen."""
        return () if obj is None else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Connect or change it through the service."""
        by = caller_of(request)
        if not change:
            connected = services.connect_integration(
                project=form.cleaned_data["project"],
                provider=request.GET["provider"],
                config=form.typed(),
                by=by,
            )
            obj.pk = connected.integration.pk  # Django logs it and redirects to it
            obj.refresh_from_db()
            return

        def require_same_version(integration: Integration) -> None:
            if integration.version != form.cleaned_data["version"]:
                raise Stale

        is_shown = "version" in form.fields
        services.change_integration(
            integration=obj,
            config=form.changes() if is_shown else None,
            is_paused=form.cleaned_data["is_paused"],
            by=by,
            precondition=require_same_version if is_shown else None,
        )

    # --- Actions ---

    @admin.action(description="Check now", permissions=["change"])
    def check_now(self, request: HttpRequest, queryset: Rows) -> None:
        """Have a worker ask the providers whether the configurations work."""
        self._each(request, queryset, services.request_check, "Queued for a check")

    @admin.action(description="Sync now", permissions=["change"])
    def sync_now(self, request: HttpRequest, queryset: Rows) -> None:
        """Have a worker fetch what has changed."""
        self._each(request, queryset, services.request_sync, "Queued for a sync")

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: Rows) -> None:
        """Stop syncs and webhooks until the integrations are resumed."""
        self._set_paused(request, queryset, is_paused=True, done="Paused")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: Rows) -> None:
        """Go on after a pause."""
        self._set_paused(request, queryset, is_paused=False, done="Resumed")

    @admin.action(description="Disconnect and wipe the secrets", permissions=["change"])
    def disconnect(self, request: HttpRequest, queryset: Rows) -> None:
        """End the connections. Orders and messages stay."""
        self._each(request, queryset, services.disconnect_integration, "Disconnected")

    def _each(
        self, request: HttpRequest, queryset: Rows, service: Callable[..., Any], done: str
    ) -> None:
        by = caller_of(request)
        self.do_each(
            request,
            queryset.select_related("project"),
            lambda integration: service(integration=integration, by=by),
            done=done,
        )

    def _set_paused(
        self, request: HttpRequest, queryset: Rows, *, is_paused: bool, done: str
    ) -> None:
        def service(*, integration: Integration, by: Any) -> None:
            services.change_integration(integration=integration, is_paused=is_paused, by=by)

        self._each(request, queryset, service, done)


def _runs_of(integration: Integration) -> Panel:
    runs = integration.runs.order_by("-pk")[: MAX_ROWS + 1]
    return panel_of(
        "Syncs",
        ("asked for", "by", "status", "seen", "new", "changed", "refused", "finished", "error"),
        (
            (
                moment(run.created_at),
                run.trigger,
                run.word,
                str(run.seen),
                str(run.created),
                str(run.changed),
                str(run.refused),
                moment(run.finished_at),
                run.last_error or run.refusal,
            )
            for run in runs
        ),
        "There has been no sync yet.",
    )


def _errands_of(integration: Integration) -> Panel:
    errands = integration.errands.defer("secrets").order_by("-pk")[: MAX_ROWS + 1]
    return panel_of(
        "Checks, upkeep and goodbyes",
        ("asked for", "kind", "state", "attempts", "finished", "error"),
        (
            (
                moment(errand.created_at),
                errand.get_kind_display(),
                str(errand.state),
                str(errand.attempts),
                moment(errand.finished_at),
                errand.last_error,
            )
            for errand in errands
        ),
        "There have been none yet.",
    )
