"""The bodies of accounts and projects on the hub surface: ids are UUIDs."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.conf import settings

from accounts.models import (
    Activity,
    ApiToken,
    Invitation,
    Membership,
    Project,
    Session,
    User,
)
from accounts.queries import Person, is_told_where
from accounts.tokens import TokenPair
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds

# Only staff see these, and search the log by them. Other users could collect the digests of their
# own addresses and then recognise those addresses in the log.
_STAFF_ONLY = frozenset({"email_digest"})


def user_body(user: User) -> Body:
    """Write `user` as `HubUser`."""
    return {
        "id": str(user.uuid),
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "is_active": user.is_active,
        "created_at": seconds(user.created_at),
    }


def account_body(user: User) -> Body:
    """Write `user` as `HubAccount`."""
    return {
        **user_body(user),
        "phone": user.phone,
        "address": user.address,
        "email_verified": user.email_verified_at is not None,
    }


def tokens_body(pair: TokenPair) -> Body:
    """Write `pair` as `HubTokens`."""
    return {
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "token_type": "bearer",
        "expires_in": settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60,
        "user_id": pair.user_id,
    }


def session_body(session: Session, *, current: bool) -> Body:
    """Write a session. `current` says whether this request belongs to it."""
    return {
        "id": str(session.pk),
        "created_at": seconds(session.created_at),
        "expires_at": seconds(session.expires_at),
        "ip_address": session.ip_address,
        "user_agent": session.user_agent,
        "door": session.door,
        "current": current,
    }


def api_token_body(token: ApiToken) -> Body:
    """Write an API token without its secret."""
    return {
        "id": str(token.pk),
        "name": token.name,
        "prefix": f"oc_{token.prefix}",
        "scopes": token.scopes,
        "created_at": seconds(token.created_at),
        "expires_at": _seconds_or_none(token.expires_at),
        "last_used_at": _seconds_or_none(token.last_used_at),
    }


def project_body(project: Project, role: str | None) -> Body:
    """Write a project for a caller with this `role` in it."""
    return {
        "id": project.uuid,
        "name": project.name,
        "description": project.description,
        "timezone": project.timezone,
        "currency": project.currency,
        "settings": project.settings,
        "is_active": project.is_active,
        "is_personal": project.personal_owner_id is not None,
        "role": role,
        "created_at": seconds(project.created_at),
        "updated_at": seconds(project.updated_at),
    }


def member_body(member: Membership) -> Body:
    """Write a member. Load its user beforehand."""
    return {
        "user_id": member.user.uuid,
        "email": member.user.email,
        "name": member.user.name,
        "role": member.role,
        "joined_at": seconds(member.created_at),
    }


def invitation_body(invitation: Invitation) -> Body:
    """Write an invitation. Load its sender beforehand."""
    sender = invitation.invited_by
    return {
        "id": invitation.pk,
        "email": invitation.email,
        "role": invitation.role,
        "invited_by": sender.uuid if sender else None,
        "created_at": seconds(invitation.created_at),
        "expires_at": seconds(invitation.expires_at),
    }


def activity_body(activity: Activity, *, viewer: User, people: Mapping[int, Person]) -> Body:
    """Write one activity. The address and the program are shown as `is_told_where` says."""
    shows_where = is_told_where(activity, viewer=viewer)
    return {
        "id": activity.uuid,
        "type": activity.type,
        "created_at": seconds(activity.created_at),
        "user": _person_body(activity.user_id, people),
        "actor": _person_body(activity.actor_id, people),
        "project_id": activity.project_uuid,  # type: ignore[attr-defined]  # annotated by the query
        "ip_address": activity.ip_address if shows_where else None,
        "user_agent": activity.user_agent if shows_where else "",
        "data": {name: value for name, value in activity.data.items() if name not in _STAFF_ONLY},
    }


def _person_body(user_id: int | None, people: Mapping[int, Person]) -> Body | None:
    person = people.get(user_id or 0)
    return None if person is None else asdict(person)


def _seconds_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else seconds(moment)
