"""Users in the back office: the list with its actions, and the forms."""

from collections.abc import Iterator
from copy import copy
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import services
from accounts.activity import record_activity
from accounts.callers import caller_of
from accounts.events import ActivityType, announce_changed_access
from accounts.models import EmailCode, Profile, Session, User
from accounts.queries import is_in_reach
from accounts.services import users
from accounts.services.reach import require_superuser
from orderchainer.core.admin.panels import link
from orderchainer.core.admin.picking import is_value_of
from orderchainer.core.admin.refusals import words_of
from orderchainer.core.admin.service_admin import DeletedOneByOne, ServiceAdmin, changes_in
from orderchainer.core.errors import DomainError


def _is_in_reach(request: HttpRequest, user: User | None) -> bool:
    """Tell whether the page offers changes. The services ask again when something is changed."""
    if user is None:
        return True
    if user.deleted_at is not None:
        return False
    # A page asks several times.
    asked: dict[int, bool] = request.__dict__.setdefault("users_in_reach", {})
    if user.pk not in asked:
        asked[user.pk] = is_in_reach(caller_of(request), user)
    return asked[user.pk]


class NewUserForm(UserCreationForm):
    """The fields of a new user. `by` creates them."""

    by: ClassVar[User]

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # All users sign in with a password here.
        del self.fields["usable_password"]
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> User:
        """Register the user through the service, which also creates their project."""
        fields = self.cleaned_data
        return services.register_user(
            email=fields["email"],
            password=fields["password1"],
            first_name=fields["first_name"],
            last_name=fields["last_name"],
            by=self.by,
        )

    def save_m2m(self) -> None:
        """Do nothing: the admin calls this after a deferred save."""


class UserPasswordForm(AdminPasswordChangeForm):
    """A new password for a user. `by` sets it."""

    by: ClassVar[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> User:
        """Change it through the service, which ends every session of the user."""
        user: User = self.user
        services.change_password(user=user, password=self.cleaned_data["password1"], by=self.by)
        return user


class VerifiedFilter(admin.SimpleListFilter):
    """Filter by whether the e-mail is verified."""

    title = "e-mail"
    parameter_name = "email"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        """Return both choices."""
        return (("verified", "Verified"), ("unverified", "Not verified"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Return the chosen users."""
        chosen = self.value()
        if chosen not in {"verified", "unverified"}:
            return queryset
        return queryset.filter(email_verified_at__isnull=chosen == "unverified")


class DeletedFilter(admin.SimpleListFilter):
    """Hide deleted users unless asked for."""

    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        """Return the choices besides the default."""
        return (("deleted", "Deleted"),)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Name the default choice."""
        for number, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": choice["display"] if number else "In use"}

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Return the chosen users."""
        return queryset.filter(deleted_at__isnull=self.value() != "deleted")


@admin.register(User)
class UserAdmin(DeletedOneByOne, DjangoUserAdmin, ServiceAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Users. The row of a deleted user stays, because their orders belong to it."""

    icon = "person"
    is_main = True
    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = UserPasswordForm
    list_display = (
        "email",
        "first_name",
        "last_name",
        "is_active",
        "is_verified",
        "is_staff",
        "open_sessions",
        "last_login",
        "created_at",
    )
    list_filter = (
        DeletedFilter,
        VerifiedFilter,
        "is_active",
        "is_staff",
        "is_superuser",
        "created_at",
    )
    search_fields = ("email", "username", "first_name", "last_name", "phone")
    search_help_text = "E-mail, name, phone or complete id"
    ordering = ("-id",)
    readonly_fields = (
        "uuid",
        "is_active",
        "picture",
        "related_pages",
        "email_verified_at",
        "deleted_at",
        "last_login",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (None, {"fields": ("email", "password", "is_active", "uuid")}),
        (
            "Person",
            {
                "fields": (
                    "picture",
                    "first_name",
                    "last_name",
                    "username",
                    "phone",
                    "address",
                )
            },
        ),
        ("More", {"fields": ("related_pages",)}),
        (
            "Permissions",
            {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (
            "Dates",
            {
                "fields": (
                    "email_verified_at",
                    "last_login",
                    "created_at",
                    "updated_at",
                    "deleted_at",
                )
            },
        ),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("email", "first_name", "last_name", "password1", "password2")},
        ),
    )
    actions = (
        "verify_email",
        "send_verification",
        "send_reset",
        "activate",
        "deactivate",
        "end_sessions",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Count the open sessions in the same statement."""
        is_open = Q(sessions__ended_at=None, sessions__expires_at__gt=timezone.now())
        return (
            super()
            .get_queryset(request)
            .annotate(open_session_count=Count("sessions", filter=is_open))
        )

    @admin.display(description="open sessions", ordering="open_session_count")
    def open_sessions(self, user: User) -> int:
        """The number of sessions that have neither ended nor expired."""
        return user.open_session_count  # type: ignore[attr-defined]  # annotated above

    @admin.display(description="verified", boolean=True, ordering="email_verified_at")
    def is_verified(self, user: User) -> bool:
        """Whether the e-mail is verified."""
        return user.email_verified_at is not None

    @admin.display(description="picture")
    def picture(self, user: User) -> SafeString | str:
        """The avatar."""
        profile = Profile.objects.filter(user=user).first()
        if profile is None or not profile.avatar:
            return "-"
        return format_html(
            '<img src="{}" alt="" width="96" height="96" class="rounded-default">',
            profile.avatar.url,
        )

    def words_to_pick(self, user: User) -> str:
        """Name the user for somebody who knows only a name or a number."""
        return " · ".join(filter(None, (user.email, user.name, user.phone)))

    @admin.display(description="see also")
    def related_pages(self, user: User) -> SafeString:
        """Links to the lists of what belongs to the user.

        This app knows no orders, so it knows only the name of their page.
        """
        links = []
        for page, parameter, words in (
            ("activity", "user", "Activity"),
            ("session", "user__id__exact", "Sessions"),
            ("apitoken", "user__id__exact", "API tokens"),
        ):
            lists = f"{self.admin_site.name}:accounts_{page}_changelist"
            links.append(link(reverse(lists, query={parameter: user.pk}), words))
        orders = reverse(f"{self.admin_site.name}:orders_order_customer", query={"user": user.pk})
        links.append(link(orders, "Orders"))
        return mark_safe(" · ".join(links))  # each link is safe

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[Any, bool]:
        """Also search by the id that the surfaces show. Deleted users cannot be picked."""
        if request.path.endswith("/autocomplete/"):
            queryset = queryset.filter(deleted_at=None)
        term = search_term.strip()
        if is_value_of(User._meta.get_field("uuid"), term):
            return queryset.filter(uuid=term), False
        return super().get_search_results(request, queryset, search_term)

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> list[str] | tuple[Any, ...]:
        """Let only superusers grant permissions: others could grant themselves all."""
        fields = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return fields
        return (*fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse users who may do more than the caller, and deleted users."""
        return _is_in_reach(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse users that the caller may not change, and the caller's own account."""
        return (
            obj != request.user
            and _is_in_reach(request, obj)
            and super().has_delete_permission(request, obj)
        )

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """List nothing: no row is deleted, and the page explains what is."""
        return [], {}, set(), []

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[User]) -> list[LogEntry]:
        """Write nothing before the deletion: the history would keep the e-mail."""
        return []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete the account through the service, and write that into the history."""
        services.delete_user(user=obj, by=caller_of(request))
        super().log_deletions(request, User.objects.filter(pk=obj.pk))

    def get_form(
        self,
        request: HttpRequest,
        obj: User | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Tell the form who fills it in. Each request gets a new form class."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.by = caller_of(request)
        return form

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Set a user's password. A copy of this page tells the form who does it."""

        class PasswordForm(UserPasswordForm):
            by = caller_of(request)

        page = copy(self)
        page.change_password_form = PasswordForm
        try:
            return super(UserAdmin, page).user_change_password(request, id, form_url)
        except DomainError as refusal:
            # The user got more permissions, or was deleted, after the page had been checked.
            self.message_user(request, words_of(refusal), messages.ERROR)
            return HttpResponseRedirect(reverse(f"{self.admin_site.name}:accounts_user_changelist"))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save changes through the service. The form has already registered a new user."""
        if change and (changes := changes_in(form, users.UPDATABLE)):
            services.update_user(user=obj, changes=changes, by=caller_of(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save groups and permissions, and record the change."""
        user: User = form.instance
        is_changed = bool({"groups", "user_permissions"} & set(form.changed_data))
        if is_changed:
            require_superuser(caller_of(request))
        super().save_related(request, form, formsets, change)
        if is_changed:
            announce_changed_access(user_id=user.pk)
            record_activity(
                ActivityType.PRIVILEGES_CHANGED,
                user=user,
                by=caller_of(request),
                groups=sorted(user.groups.values_list("name", flat=True)),
                permissions=sorted(user.user_permissions.values_list("codename", flat=True)),
            )

    @admin.action(description="Mark the e-mail as verified", permissions=["change"])
    def verify_email(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Mark the e-mails of the selected users as verified."""
        self.do_each(
            request,
            queryset.filter(email_verified_at=None),
            lambda user: services.mark_email_verified(user=user, by=caller_of(request)),
            done="Verified",
        )

    @admin.action(description="Send the verification again", permissions=["change"])
    def send_verification(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Send the selected users a new e-mail to verify their address."""
        self._send(request, queryset, EmailCode.Purpose.VERIFY_EMAIL)

    @admin.action(description="Send a password reset", permissions=["change"])
    def send_reset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Send the selected users what they need to choose a new password."""
        self._send(request, queryset, EmailCode.Purpose.RESET_PASSWORD)

    def _send(
        self,
        request: HttpRequest,
        queryset: QuerySet[User],
        purpose: EmailCode.Purpose,
    ) -> None:
        self.do_each(
            request,
            queryset,
            lambda user: services.send_code(user=user, purpose=purpose, by=caller_of(request)),
            done="On its way",
        )

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let the selected users sign in again."""
        self.do_each(
            request,
            queryset,
            lambda user: services.activate_user(user=user, by=caller_of(request)),
            done="Activated",
        )

    @admin.action(description="Deactivate and end their sessions", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Lock the selected users out."""
        self.do_each(
            request,
            queryset,
            lambda user: services.deactivate_user(user=user, by=caller_of(request)),
            done="Deactivated",
        )

    @admin.action(description="End their sessions", permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Sign the selected users out everywhere."""
        self.do_each(
            request,
            queryset,
            lambda user: services.end_sessions(
                user=user, reason=Session.EndReason.REVOKED, by=caller_of(request)
            ),
            done="Signed out",
        )
