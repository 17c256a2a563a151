"""Record security-relevant activity: a row for those concerned, and a line in the security log."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final

from accounts.events import ActivityType
from accounts.models import Activity, User
from accounts.security import security_log
from orderchainer.core.clients import current_client


class Stranger(Enum):
    """Stands for somebody who has not proven who they are."""

    NOBODY = "nobody"


NOBODY: Final = Stranger.NOBODY

# The security log writes these as warnings.
_WARNINGS = frozenset(
    {
        ActivityType.LOGIN_FAILED,
        ActivityType.PASSWORD_RESET_FAILED,
        ActivityType.REFRESH_TOKEN_REUSED,
        ActivityType.PRIVILEGES_CHANGED,
    }
)


def record_activity(
    type_: ActivityType,
    *,
    user: User | None,
    by: User | Stranger | None = None,
    project_id: int | None = None,
    **data: Any,
) -> None:
    """Record that something happened to `user`, in the current transaction.

    `by` is the person who did it. It defaults to `user`; pass `NOBODY` for somebody who has not
    proven who they are. `data` holds plain values (ids, roles, old and new) and never a password, a
    code, a token or somebody's e-mail; use an `email_digest` for that. We write the log line at
    once, so the attempt stays in the log even if the transaction is rolled back.
    """
    activity = _activity(type_, user=user, by=by, project_id=project_id, data=data)
    activity.save(force_insert=True)
    _log(activity)


def record_each(
    type_: ActivityType,
    facts: Iterable[Mapping[str, Any]],
    *,
    user: User | None,
    by: User | Stranger | None = None,
    project_id: int | None = None,
) -> None:
    """Record one activity for each of `facts`, with that as its data, all in one statement."""
    activities = [
        _activity(type_, user=user, by=by, project_id=project_id, data=dict(data)) for data in facts
    ]
    Activity.objects.bulk_create(activities)
    for activity in activities:
        _log(activity)


def _activity(
    type_: ActivityType,
    *,
    user: User | None,
    by: User | Stranger | None,
    project_id: int | None,
    data: dict[str, Any],
) -> Activity:
    client = current_client()
    actor = by or user
    return Activity(
        type=type_,
        user_id=user.pk if user else None,
        actor_id=actor.pk if isinstance(actor, User) else None,
        project_id=project_id,
        ip_address=client.address,
        user_agent=client.user_agent,
        data=data,
    )


def _log(activity: Activity) -> None:
    log = security_log.warning if activity.type in _WARNINGS else security_log.info
    about: dict[str, Any] = dict(activity.data)
    # A stranger's attempt looks the same in the log whether or not the address has an account, so
    # that readers of the log do not learn which addresses have one. The row has the user, and only
    # that user and staff can see it.
    if "email_digest" not in about:
        about["user_id"] = activity.user_id
        if activity.actor_id is not None and activity.actor_id != activity.user_id:
            about["actor_id"] = activity.actor_id
    if activity.project_id is not None:
        about["project_id"] = activity.project_id
    log(str(activity.type), **about)
