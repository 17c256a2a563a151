"""The activity log in the back office. It is append-only, so everything here is read-only."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from django.contrib import admin
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, TextFilter
from unfold.decorators import display

from accounts.admin.links import link_to
from accounts.events import ActivityType
from accounts.models import Activity, Project, User
from accounts.security import email_digest
from orderchainer.core.admin.filters import DaysFilter
from orderchainer.core.admin.panels import data_of
from orderchainer.core.admin.picking import is_key_of, is_value_of
from orderchainer.core.admin.service_admin import (
    MAX_SEARCHED_CHARACTERS,
    ReadOnly,
    ServiceAdmin,
)

_COLOURS: Mapping[str, str] = {
    type_.label: colour
    for colour, types in {
        "warning": (
            ActivityType.LOGIN_FAILED,
            ActivityType.PASSWORD_RESET_FAILED,
            ActivityType.PRIVILEGES_CHANGED,
        ),
        "danger": (
            ActivityType.REFRESH_TOKEN_REUSED,
            ActivityType.USER_DEACTIVATED,
            ActivityType.USER_DELETED,
            ActivityType.PROJECT_DELETED,
        ),
    }.items()
    for type_ in types
}


class UserFilter(TextFilter):
    """Filter by the user that the activity is about.

    Staff type an e-mail or an id, because a menu of all users could be long.
    """

    title = "user (e-mail or id)"
    parameter_name = "user"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Activity]) -> QuerySet[Activity]:
        """Return the activity of that user; nothing if there is no such user."""
        typed = _typed(self.value())
        if not typed:
            return queryset
        users = User.objects.annotate(email_key=Lower("email")).filter(
            _with_id(User, typed) or Q(email_key=typed.lower())
        )
        return queryset.filter(user_id__in=users.values("pk"))


class ProjectFilter(TextFilter):
    """Filter by the project, typed as its id or the start of its name."""

    title = "project (name or id)"
    parameter_name = "project"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Activity]) -> QuerySet[Activity]:
        """Return the activity in the projects that match."""
        typed = _typed(self.value())
        if not typed:
            return queryset
        projects = Project.objects.filter(_with_id(Project, typed) or Q(name__istartswith=typed))
        return queryset.filter(project_id__in=projects.values("pk"))


def _typed(text: str | None) -> str:
    """Return the typed text, shortened and without NUL."""
    return (text or "").replace("\x00", "")[:MAX_SEARCHED_CHARACTERS].strip()


def _with_id(model: type[Model], text: str) -> Q | None:
    """Return a condition for a primary key or UUID, or None if `text` is neither."""
    if is_key_of(model, text):
        return Q(pk=text)
    field = model._meta.get_field("uuid")
    return Q(uuid=text) if is_value_of(field, text) else None  # type: ignore[arg-type]  # a field of a row


@admin.register(Activity)
class ActivityAdmin(ReadOnly, ServiceAdmin):
    """Security-relevant activity, newest first."""

    icon = "policy"
    list_display = (
        "type_shown",
        "user_shown",
        "actor_shown",
        "project_shown",
        "ip_address",
        "created_at",
    )
    list_display_links = ("type_shown",)
    list_filter = (
        ("type", ChoicesDropdownFilter),
        UserFilter,
        ProjectFilter,
        ("created_at", DaysFilter),
    )
    search_fields = ("ip_address",)
    # The search also finds e-mails of failed attempts, which may belong to no user.
    search_help_text = "An IP address, or an e-mail"
    ordering = ("-id",)
    fields = (
        "type",
        "user_shown",
        "actor_shown",
        "project_shown",
        "ip_address",
        "user_agent",
        "payload",
        "created_at",
        "uuid",
    )
    readonly_fields = (
        "user_shown",
        "actor_shown",
        "project_shown",
        "payload",
        "created_at",
        "uuid",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Activity]:
        """Load the names in the same statement."""
        users = User.objects.values("email")
        return (
            super()
            .get_queryset(request)
            .annotate(
                user_email=Subquery(users.filter(pk=OuterRef("user_id"))),
                actor_email=Subquery(users.filter(pk=OuterRef("actor_id"))),
                project_name=Subquery(
                    Project.objects.filter(pk=OuterRef("project_id")).values("name")
                ),
            )
        )

    @display(description="type", ordering="type", label=_COLOURS)
    def type_shown(self, activity: Activity) -> str:
        """What happened."""
        return activity.get_type_display()

    @admin.display(description="user")
    def user_shown(self, activity: Activity) -> SafeString | str:
        """The user it is about."""
        return link_to("user", activity.user_id, activity.user_email)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="done by")
    def actor_shown(self, activity: Activity) -> SafeString | str:
        """Who did it."""
        return link_to("user", activity.actor_id, activity.actor_email)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="project")
    def project_shown(self, activity: Activity) -> SafeString | str:
        """Where it happened."""
        return link_to("project", activity.project_id, activity.project_name)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="data")
    def payload(self, activity: Activity) -> SafeString:
        """The remaining data."""
        return data_of(activity.data)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Activity], search_term: str
    ) -> tuple[Any, bool]:
        """Search by IP address, or by the e-mail of a user, an actor or a failed attempt."""
        term = _typed(search_term)
        if not term:
            return queryset, False
        if is_value_of(Activity._meta.get_field("ip_address"), term):
            return queryset.filter(ip_address=str(ip_address(term))), False
        users = User.objects.filter(email__icontains=term).values("pk")
        return queryset.filter(
            Q(user_id__in=users) | Q(actor_id__in=users) | Q(data__email_digest=email_digest(term))
        ), False
