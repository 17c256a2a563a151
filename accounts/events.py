"""The facts that accounts record and announce.

Security-relevant facts are stored as activity rows. A signal also announces those that other apps
must hear at once. A listener that misses one can still ask `still_open` and `refusals_in_projects`
of `accounts.queries`.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import models, transaction
from django.dispatch import Signal


class ActivityType(models.TextChoices):
    """The kinds of entries in the activity log."""

    USER_REGISTERED = "user_registered"
    LOGIN_SUCCEEDED = "login_succeeded"
    LOGIN_FAILED = "login_failed"
    SESSION_ENDED = "session_ended"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"
    API_TOKEN_CREATED = "api_token_created"
    API_TOKEN_REVOKED = "api_token_revoked"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET_REQUESTED = "password_reset_requested"
    PASSWORD_RESET_FAILED = "password_reset_failed"
    EMAIL_CHANGED = "email_changed"
    EMAIL_VERIFIED = "email_verified"
    USER_ACTIVATED = "user_activated"
    USER_DEACTIVATED = "user_deactivated"
    USER_DELETED = "user_deleted"
    PRIVILEGES_CHANGED = "privileges_changed"
    PROJECT_CREATED = "project_created"
    PROJECT_CHANGED = "project_changed"
    PROJECT_DELETED = "project_deleted"
    MEMBER_INVITED = "member_invited"
    INVITATION_REVOKED = "invitation_revoked"
    MEMBER_JOINED = "member_joined"
    MEMBER_ROLE_CHANGED = "member_role_changed"
    MEMBER_REMOVED = "member_removed"


# Sent with `user_id: int` and `credential_ids: list[UUID]` once it is committed that these sessions
# and API tokens have ended: a logout, a changed password, a deactivated user, a refresh token used
# twice, a revoked token. Nothing is sent when one expires.
credentials_ended = Signal()


def announce_ended_credentials(*, user_id: int, credential_ids: Sequence[UUID]) -> None:
    """Send `credentials_ended` after the commit. A failing listener is only logged."""
    ended = list(credential_ids)
    if ended:
        transaction.on_commit(
            lambda: credentials_ended.send_robust(
                sender=None, user_id=user_id, credential_ids=ended
            )
        )


# Sent with `user_id: int | None` and `project_id: int | None` once it is committed that what this
# user may do in this project has changed, usually to less. None stands for all users or all
# projects. The signal does not carry the rights, because they may have changed again by the time it
# arrives.
access_changed = Signal()


def announce_changed_access(*, user_id: int | None = None, project_id: int | None = None) -> None:
    """Send `access_changed` after the commit. A failing listener is only logged."""
    transaction.on_commit(
        lambda: access_changed.send_robust(sender=None, user_id=user_id, project_id=project_id)
    )


# Sent with `user: User` in the transaction that deletes an account, so that what other apps keep
# about the person is deleted with it or nothing is: if a receiver fails, the deletion fails. We do
# not use a row for this: it would come too late, and would name a person who asked to be forgotten.
user_deleted = Signal()

# Sent with `user: User` in the same way, when the reader of an address's e-mails takes over an
# account that somebody else may have created with that address. What that other person connected
# must stop working.
account_claimed = Signal()
