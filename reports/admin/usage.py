"""Calls of the API in the back office, day by day."""

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Cast, NullIf
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.admin.links import link_to
from accounts.models import ApiToken, Project, User
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from reports.models import ApiCalls


@admin.register(ApiCalls)
class ApiCallsAdmin(ReadOnly, ServiceAdmin):
    """Counts of calls, newest first."""

    icon = "monitoring"
    list_display = ("day", "project_shown", "user_shown", "token_shown", "surface", "calls")
    list_filter = ("surface", "day")
    search_fields = ("token",)
    search_help_text = "The id of an API token, in hexadecimal"
    ordering = ("-day", "project_id", "user_id")
    fields = list_display
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiCalls]:
        """Load the names in the same statement."""
        projects = Project.objects.filter(pk=OuterRef("project_id"))
        users = User.objects.filter(pk=OuterRef("user_id"))
        token = Cast(NullIf(OuterRef("token"), Value("")), UUIDField())
        calls: QuerySet[ApiCalls] = super().get_queryset(request)
        return calls.annotate(
            project_name=Subquery(projects.values("name")),
            user_email=Subquery(users.values("email")),
            token_name=Subquery(ApiToken.objects.filter(pk=token).values("name")),
        )

    @admin.display(description="project", ordering="project_id")
    def project_shown(self, calls: ApiCalls) -> SafeString | str:
        """The project that they were about."""
        return link_to("project", calls.project_id, calls.project_name)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="user", ordering="user_id")
    def user_shown(self, calls: ApiCalls) -> SafeString | str:
        """Who made them."""
        return link_to("user", calls.user_id, calls.user_email)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="token", ordering="token")
    def token_shown(self, calls: ApiCalls) -> SafeString | str:
        """The API token with which they were made."""
        return link_to("apitoken", calls.token, calls.token_name)  # type: ignore[attr-defined]  # annotated
