"""The back office of users: the list with its actions, and the forms."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import services
from accounts.backoffice import ServiceAdmin, caller, changes_in
from accounts.models import Session, User
from accounts.security import security_log
from accounts.services import users


class NewUserForm(UserCreationForm):
    """What it takes to make a user."""

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Everybody signs in with a password here.
        del self.fields["usable_password"]
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> User:
        """Register the user by the service, which makes their project as well."""
        fields = self.cleaned_data
        return services.register_user(
            email=fields["email"],
            password=fields["password1"],
            first_name=fields["first_name"],
            last_name=fields["last_name"],
        )

    def save_m2m(self) -> None:
        """Save nothing more: the admin asks for it after a save that was put off."""


class UserPasswordForm(AdminPasswordChangeForm):
    """A new password for somebody."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> User:
        """Change it by the service, which ends every session of the user."""
        user: User = self.user
        services.change_password(user=user, password=self.cleaned_data["password1"])
        return user


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ServiceAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Users. They are deactivated and never deleted: their orders stay what they are."""

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
        "is_staff",
        "open_sessions",
        "last_login",
        "created_at",
    )
    list_filter = ("is_active", "is_staff", "is_superuser", "created_at")
    search_fields = ("email", "first_name", "last_name", "phone")
    ordering = ("-id",)
    readonly_fields = (
        "uuid",
        "is_active",
        "email_verified_at",
        "last_login",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (None, {"fields": ("email", "password", "is_active", "uuid")}),
        ("Person", {"fields": ("first_name", "last_name", "phone", "address")}),
        (
            "Permissions",
            {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (
            "Dates",
            {"fields": ("email_verified_at", "last_login", "created_at", "updated_at")},
        ),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("email", "first_name", "last_name", "password1", "password2")},
        ),
    )
    actions = ("activate", "deactivate", "end_sessions")

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
        """Sessions that have neither ended nor expired."""
        return user.open_session_count  # type: ignore[attr-defined]  # annotated above

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> list[str] | tuple[Any, ...]:
        """Let none but superusers hand out permissions: others could give them to themselves."""
        fields = super().get_readonly_fields(request, obj)
        if request.user.is_superuser:
            return fields
        return (*fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Keep superusers from the others' hands: whoever sets one's password becomes one."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        """Never: deactivate instead."""
        return False

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """Save changes by the service. A new user is there already: the form has registered them."""
        if change and (changes := changes_in(form, users.UPDATABLE)):
            services.update_user(user=obj, changes=changes)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Save groups and permissions, and record that they changed."""
        super().save_related(request, form, formsets, change)
        if {"groups", "user_permissions"} & set(form.changed_data):
            security_log.warning("privileges_changed", user_id=form.instance.pk)

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let the selected users sign in again."""
        self.do_each(
            request,
            self._within_reach(request, queryset),
            lambda user: services.activate_user(user=user),
            done="Activated",
        )

    @admin.action(
        description="Deactivate and end their sessions", permissions=["change"]
    )
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Lock the selected users out."""
        self.do_each(
            request,
            self._within_reach(request, queryset),
            lambda user: services.deactivate_user(user=user, by=caller(request)),
            done="Deactivated",
        )

    @admin.action(description="End their sessions", permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Sign the selected users out everywhere."""
        self.do_each(
            request,
            self._within_reach(request, queryset),
            lambda user: services.end_sessions(
                user=user, reason=Session.EndReason.REVOKED
            ),
            done="Signed out",
        )

    def _within_reach(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> list[User]:
        """Leave out whom the caller may not change, and say so."""
        reached = [
            user for user in queryset if self.has_change_permission(request, user)
        ]
        left = queryset.count() - len(reached)
        if left:
            self.message_user(
                request,
                f"Only a superuser may do this to superusers: {left} left out.",
                "ERROR",
            )
        return reached
