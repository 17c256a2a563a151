"""The back office of accounts. It reads rows directly and changes them through the services."""

from accounts.admin import glances  # noqa: F401 (registers it)
from accounts.admin.activity import ActivityAdmin
from accounts.admin.emails import OutgoingEmailAdmin
from accounts.admin.groups import GroupAdmin
from accounts.admin.projects import ProjectAdmin
from accounts.admin.sessions import SessionAdmin
from accounts.admin.tokens import ApiTokenAdmin
from accounts.admin.users import UserAdmin

__all__ = [
    "ActivityAdmin",
    "ApiTokenAdmin",
    "GroupAdmin",
    "OutgoingEmailAdmin",
    "ProjectAdmin",
    "SessionAdmin",
    "UserAdmin",
]
