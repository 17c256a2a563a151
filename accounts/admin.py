"""The back office of accounts. It looks at rows by itself and changes them through the services."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import services
from accounts.backoffice import ReadOnly, ServiceAdmin, ServiceInline, caller
from accounts.models import Membership, Project, Session, User
from accounts.security import security_log
from accounts.services import projects, users

# Rows of hashes that say nothing to anybody: sessions tell who is signed in.
admin.site.unregister([OutstandingToken, BlacklistedToken])
admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ServiceAdmin):
    """Sets of permissions for staff. Superusers alone write them: others could extend their own."""

    icon = "shield_person"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return request.user.is_superuser and super().has_add_permission(request)

    def has_change_permission(
        self, request: HttpRequest, obj: Group | None = None
    ) -> bool:
        """Superusers only."""
        return request.user.is_superuser and super().has_change_permission(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: Group | None = None
    ) -> bool:
        """Superusers only."""
        return request.user.is_superuser and super().has_delete_permission(request, obj)


# --- Users ------------------------------------------------------------------------------------


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
        if not change:
            return
        changes = {
            name: form.cleaned_data[name]
            for name in form.changed_data
            if name in users.UPDATABLE
        }
        if changes:
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


# --- Sessions ---------------------------------------------------------------------------------


class SessionState(admin.SimpleListFilter):
    """Filter by whether a session still opens anything."""

    title = "state"
    parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: Any
    ) -> tuple[tuple[str, str], ...]:
        """Name the states."""
        return (("open", "Open"), ("expired", "Expired"), ("ended", "Ended"))

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Session]
    ) -> QuerySet[Session]:
        """Pick the sessions in the chosen state."""
        moment = timezone.now()
        conditions = {
            "open": Q(ended_at=None, expires_at__gt=moment),
            "expired": Q(ended_at=None, expires_at__lte=moment),
            "ended": Q(ended_at__isnull=False),
        }
        chosen = self.value()
        return queryset.filter(conditions[chosen]) if chosen in conditions else queryset


@admin.register(Session)
class SessionAdmin(ReadOnly, ServiceAdmin):
    """Who is signed in, since when and from where."""

    icon = "key"
    list_display = (
        "user",
        "open_now",
        "created_at",
        "expires_at",
        "ended_at",
        "end_reason",
        "ip_address",
    )
    list_filter = (SessionState, "end_reason", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip_address")
    ordering = ("-created_at",)
    readonly_fields = (
        "id",
        "user",
        "created_at",
        "expires_at",
        "ended_at",
        "end_reason",
        "ip_address",
        "user_agent",
    )
    actions = ("end",)

    @admin.display(description="open", boolean=True)
    def open_now(self, session: Session) -> bool:
        """Whether its tokens open anything."""
        return session.is_open

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whoever may change sessions may end them, which is all that can be done to one."""
        return request.user.has_perm("accounts.change_session")

    @admin.action(description="End", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """Sign these sessions out; those that have ended already are left as they are."""
        self.do_each(
            request,
            queryset.filter(ended_at=None),
            lambda session: services.end_session(
                session=session, reason=Session.EndReason.REVOKED
            ),
            done="Ended",
        )


# --- Projects ---------------------------------------------------------------------------------


class MembershipInline(ServiceInline):
    """Who works in the project."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)
    fields = ("user", "role", "created_at")
    readonly_fields = ("created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Load the users in the same statement."""
        return super().get_queryset(request).select_related("user", "project")


class NewProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """What it takes to make a project: it has an owner from the start."""

    owner = forms.ModelChoiceField(User.objects.filter(is_active=True))

    class Meta:
        model = Project
        fields = ("name", "description", "timezone")

    def save(self, commit: bool = True) -> Project:
        """Create the project by the service."""
        fields = self.cleaned_data
        return services.create_project(
            owner=fields["owner"],
            name=fields["name"],
            description=fields["description"],
            timezone=fields["timezone"],
        )

    def save_m2m(self) -> None:
        """Save nothing more: the admin asks for it after a save that was put off."""


@admin.register(Project)
class ProjectAdmin(ServiceAdmin):
    """Projects and who works in them."""

    icon = "storefront"
    list_display = (
        "name",
        "personal_owner",
        "member_count",
        "timezone",
        "is_active",
        "created_at",
    )
    list_filter = (
        "is_active",
        ("personal_owner", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = ("personal_owner",)
    search_fields = ("name", "description", "members__email")
    ordering = ("-id",)
    readonly_fields = ("uuid", "personal_owner", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "description", "timezone", "is_active")}),
        ("Facts", {"fields": ("uuid", "personal_owner", "created_at", "updated_at")}),
    )
    inlines: ClassVar = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        """Count the members in the same statement."""
        return (
            super()
            .get_queryset(request)
            .annotate(membership_count=Count("memberships", distinct=True))
        )

    @admin.display(description="members", ordering="membership_count")
    def member_count(self, project: Project) -> int:
        """How many work in it."""
        return project.membership_count  # type: ignore[attr-defined]  # annotated above

    def get_form(
        self, request: HttpRequest, obj: Project | None = None, **kwargs: Any
    ) -> Any:
        """Ask for an owner where a project is made."""
        if obj is None:
            kwargs["form"] = NewProjectForm
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """Show a new project's form whole."""
        if obj is None:
            return ((None, {"fields": ("owner", "name", "description", "timezone")}),)
        return super().get_fieldsets(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> Any:
        """Leave the members out while the project is not there."""
        return [] if obj is None else super().get_inlines(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: Project | None = None
    ) -> bool:
        """Never: switch it off instead."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Project, form: Any, change: bool
    ) -> None:
        """Save changes by the service. A new project is there already: the form has created it."""
        if not change:
            return
        changes = {
            name: form.cleaned_data[name]
            for name in form.changed_data
            if name in projects.UPDATABLE
        }
        if changes:
            services.update_project(project=obj, changes=changes)

    def save_formset(
        self, request: HttpRequest, form: Any, formset: Any, change: bool
    ) -> None:
        """Save the members by the services: owners first, so that one may follow another."""
        members: list[Membership] = formset.save(commit=False)
        # A row whose user was exchanged stands for two changes: one comes, one goes.
        exchanged = Membership.objects.filter(
            pk__in=[
                member.pk
                for member, fields in formset.changed_objects
                if "user" in fields
            ]
        )
        leaving = [
            *formset.deleted_objects,
            *exchanged.select_related("user", "project"),
        ]
        for member in sorted(members, key=lambda m: m.role != Membership.Role.OWNER):
            services.set_member(
                project=member.project,
                user=member.user,
                role=Membership.Role(member.role),
            )
        for member in leaving:
            services.remove_member(project=member.project, user=member.user)
