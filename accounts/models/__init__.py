"""Users and their credentials, the projects that orders belong to, and what happened to both."""

from accounts.models.activity import Activity
from accounts.models.credentials import ApiToken, Session, SessionQuerySet
from accounts.models.emails import EmailCode, OutgoingEmail
from accounts.models.idempotency import IdempotencyRecord
from accounts.models.projects import Invitation, InvitationQuerySet, Membership, Project
from accounts.models.users import Profile, User

__all__ = [
    "Activity",
    "ApiToken",
    "EmailCode",
    "IdempotencyRecord",
    "Invitation",
    "InvitationQuerySet",
    "Membership",
    "OutgoingEmail",
    "Profile",
    "Project",
    "Session",
    "SessionQuerySet",
    "User",
]
