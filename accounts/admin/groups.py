"""Groups in the back office."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from orderchainer.core.admin.service_admin import ServiceAdmin

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ServiceAdmin):
    """Sets of permissions for staff. Only superusers change them: others could extend their own."""

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
