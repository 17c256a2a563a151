"""The facts that accounts record and announce.

What touches who gets in is an activity, a row. What others have to hear at once is a signal besides:
who misses one finds the truth by asking `still_open` and `refusals_in_projects` of `accounts.queries`.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import models, transaction
from django.dispatch import Signal


class ActivityType(models.TextChoices):
    """What the activity log can tell of."""

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


# Sent with `user_id: int` and `credential_ids: list[UUID]` once the end of these sessions and API tokens
# is committed: a logout, a changed password, a deactivated user, a refresh token used twice, a token
# revoked. Nobody says so where one expires.
credentials_ended = Signal()


def announce_ended_credentials(*, user_id: int, credential_ids: Sequence[UUID]) -> None:
    """Send `credentials_ended` after the commit; a listener that fails is logged and harms nobody."""
    ended = list(credential_ids)
    if ended:
        transaction.on_commit(
            lambda: credentials_ended.send_robust(
                sender=None, user_id=user_id, credential_ids=ended
            )
        )


# Sent with `user_id: int | None` and `project_id: int | None`, once it is committed that this user may do
# something else in this project than before, most often less; None stands for any. It tells nothing of the
# rights as they are now: by the time that it is heard they may have changed again.
access_changed = Signal()


def announce_changed_access(
    *, user_id: int | None = None, project_id: int | None = None
) -> None:
    """Send `access_changed` after the commit; a listener that fails is logged and harms nobody."""
    transaction.on_commit(
        lambda: access_changed.send_robust(
            sender=None, user_id=user_id, project_id=project_id
        )
    )


# Sent with `user: User` within the transaction in which an account is deleted, so that what other apps
# keep of the person goes with it or nothing does: a receiver that fails makes the deletion fail. A row would
# come too late, and tell of somebody who wants to be told of no more.
user_deleted = Signal()

# Sent with `user: User`, in the same way, when whoever reads the e-mails of an address takes over an account
# that somebody else may have made with it: what that person connected must not go on.
account_claimed = Signal()
