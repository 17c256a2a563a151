"""The back office of projects and of who works in them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from accounts import services
from accounts.backoffice import ServiceAdmin, ServiceInline, changes_in
from accounts.models import Membership, Project, User
from accounts.services import projects


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
        if change and (changes := changes_in(form, projects.UPDATABLE)):
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
