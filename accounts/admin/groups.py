"""Groups in the back office."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from accounts.callers import caller_of
from accounts.events import announce_changed_access
from accounts.services.reach import require_superuser
from orderchainer.core.admin.service_admin import ServiceAdmin

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ServiceAdmin):
    """Sets of permissions for staff. Only superusers change them: others could extend their own."""

    icon = "shield_person"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return request.user.is_superuser and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Superusers only."""
        return request.user.is_superuser and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Superusers only."""
        return request.user.is_superuser and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        """Check again, in the transaction of the change, that the caller is a superuser."""
        require_superuser(caller_of(request))
        super().save_model(request, obj, form, change)
        # Sockets of the group's users may have to close.
        announce_changed_access()

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        """Check again, in the transaction of the change, that the caller is a superuser."""
        require_superuser(caller_of(request))
        super().delete_model(request, obj)
        announce_changed_access()
