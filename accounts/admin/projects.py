"""Projects and their members in the back office."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts import services
from accounts.access import MANAGE_MEMBERS, staff_may
from accounts.callers import caller_of
from accounts.models import Invitation, Membership, Project, User
from accounts.services import projects
from accounts.services.storefront import set_storefront
from orderchainer.core.admin.picking import PickOne
from orderchainer.core.admin.service_admin import (
    ServiceAdmin,
    ServiceInline,
    changes_in,
)


class PeopleInline(ServiceInline):
    """Members or invitations of a project. One permission covers all changes here."""

    extra = 0
    hide_title = True  # it would only repeat the values in the row

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Require the permission that the services require."""
        return staff_may(caller_of(request), MANAGE_MEMBERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Require the permission that the services require."""
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Require the permission that the services require."""
        return self.has_add_permission(request, obj)


class MembershipInline(PeopleInline):
    """The members of the project."""

    model = Membership
    autocomplete_fields = ("user",)
    fields = ("user", "role", "created_at")
    readonly_fields = ("created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Load the users in the same statement."""
        return super().get_queryset(request).select_related("user", "project")


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """Whom to invite, and in which role."""

    class Meta:
        model = Invitation
        fields = ("email", "role")


class InvitationInline(PeopleInline):
    """The open invitations. Staff can add and revoke them."""

    model = Invitation
    form = InvitationForm
    verbose_name = "open invitation"
    fields = ("email", "role", "invited_by", "created_at", "expires_at")
    readonly_fields = ("invited_by", "created_at", "expires_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        """Leave out accepted and revoked ones, and load the senders."""
        invitations = super().get_queryset(request)
        return invitations.filter(accepted_at=None, revoked_at=None).select_related(
            "invited_by", "project"
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show them to those who may send them, too."""
        return self.has_add_permission(request, obj) or super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the e-mail is already in somebody's mailbox. Send a new one."""
        return False


class NewProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The fields of a new project, including its first owner. `by` creates it."""

    by: ClassVar[User]
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        widget=PickOne(Membership._meta.get_field("user"), admin.site),
    )

    class Meta:
        model = Project
        fields = ("name", "description", "timezone", "currency")

    def save(self, commit: bool = True) -> Project:
        """Create the project through the service."""
        fields = self.cleaned_data
        return services.create_project(
            owner=fields["owner"],
            name=fields["name"],
            description=fields["description"],
            timezone=fields["timezone"],
            currency=fields["currency"],
            by=self.by,
        )

    def save_m2m(self) -> None:
        """Do nothing: the admin calls this after a deferred save."""


@admin.register(Project)
class ProjectAdmin(ServiceAdmin):
    """Projects and their members."""

    icon = "storefront"
    list_display = (
        "name",
        "personal_owner",
        "member_count",
        "timezone",
        "currency",
        "is_active",
        "is_storefront",
        "created_at",
    )
    list_filter = (
        "is_active",
        "is_storefront",
        ("personal_owner", admin.EmptyFieldListFilter),
        "created_at",
    )
    list_select_related = ("personal_owner",)
    search_fields = ("name", "description", "members__email")
    ordering = ("-id",)
    readonly_fields = (
        "uuid",
        "personal_owner",
        "is_storefront",
        "settings",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (
            None,
            {"fields": ("name", "description", "timezone", "currency", "is_active")},
        ),
        ("Facts", {"fields": readonly_fields}),
    )
    inlines: ClassVar = [MembershipInline, InvitationInline]
    actions = ("open_storefront", "close_storefront")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        """Count the members in the same statement."""
        return (
            super()
            .get_queryset(request)
            .annotate(membership_count=Count("memberships", distinct=True))
        )

    @admin.display(description="members", ordering="membership_count")
    def member_count(self, project: Project) -> int:
        """The number of members."""
        return project.membership_count  # type: ignore[attr-defined]  # annotated above

    @admin.action(description="Sell in the storefront", permissions=["change"])
    def open_storefront(self, request: HttpRequest, queryset: QuerySet[Project]) -> None:
        """Make the storefront sell for the selected project."""
        chosen = list(queryset[:2])
        if len(chosen) != 1 or not chosen[0].is_active:
            words = "Select exactly one active project for the storefront."
            self.message_user(request, words, messages.ERROR)
            return
        self._set_storefront(request, chosen[0])

    @admin.action(description="Close the storefront", permissions=["change"])
    def close_storefront(self, request: HttpRequest, queryset: QuerySet[Project]) -> None:
        """Close the storefront if it sells for one of the selected projects."""
        if queryset.filter(is_storefront=True).exists():
            self._set_storefront(request, None)
        else:
            words = "The storefront does not sell for any selected project."
            self.message_user(request, words, messages.ERROR)

    def _set_storefront(self, request: HttpRequest, project: Project | None) -> None:
        set_storefront(project=project, by=caller_of(request))
        seller = f"The storefront sells for {project} now."
        closed = "The storefront is closed: it sells nothing."
        words = seller if project else closed
        self.message_user(request, words, messages.SUCCESS)

    def get_form(self, request: HttpRequest, obj: Project | None = None, **kwargs: Any) -> Any:
        """Ask for an owner when creating a project."""
        if obj is None:
            kwargs["form"] = NewProjectForm
        form = super().get_form(request, obj, **kwargs)
        form.by = caller_of(request)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """Show all fields of the form for a new project."""
        if obj is None:
            fields = ("owner", "name", "description", "timezone", "currency")
            return ((None, {"fields": fields}),)
        return super().get_fieldsets(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> Any:
        """Hide members and invitations until the project exists."""
        return [] if obj is None else super().get_inlines(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Never: switch it off instead."""
        return False

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """Save changes through the service. The form has already created a new project."""
        if change and (changes := changes_in(form, projects.UPDATABLE)):
            services.update_project(project=obj, changes=changes, by=caller_of(request))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save members and invitations through the services."""
        rows: list[Any] = formset.save(commit=False)
        if formset.model is Invitation:
            self._save_invitations(rows, formset.deleted_objects, caller_of(request))
        else:
            self._save_members(rows, formset, caller_of(request))

    def _save_members(self, members: list[Membership], formset: Any, by: User) -> None:
        """Save the owners first, so that a new owner can replace another."""
        # A row with a different user stands for two changes: one member added, one removed.
        exchanged = Membership.objects.filter(
            pk__in=[member.pk for member, fields in formset.changed_objects if "user" in fields]
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
                by=by,
            )
        for member in leaving:
            services.remove_member(project=member.project, user=member.user, by=by)

    def _save_invitations(
        self, sent: list[Invitation], revoked: list[Invitation], by: User
    ) -> None:
        for invitation in revoked:
            services.revoke_invitation(invitation=invitation, by=by)
        for invitation in sent:
            services.invite(
                project=invitation.project,
                email=invitation.email,
                role=Membership.Role(invitation.role),
                by=by,
            )
