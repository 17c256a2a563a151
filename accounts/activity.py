"""Recording what touched who gets in: a row for those it concerns, and a line in the security log."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final

from accounts.events import ActivityType
from accounts.models import Activity, User
from accounts.security import security_log
from orderchainer.core.clients import current_client


class Stranger(Enum):
    """Stands for whoever has not shown who they are."""

    NOBODY = "nobody"


NOBODY: Final = Stranger.NOBODY

# What the security log tells louder than the rest.
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
    """Write down that something happened to `user`, in the transaction in which it happens.

    `by` is who did it, `user` themselves where nobody else is named, and `NOBODY` where whoever did it
    has not shown who they are. `data` are plain values: ids, roles, old and new; never a password, a code,
    a token or somebody's e-mail, for which an `email_digest` stands. The log line is written at once, so
    that what a rollback takes back has still been tried in the open.
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
    """Do as `record_activity` does, once with each of `facts` for its data, in one statement."""
    activities = [
        _activity(type_, user=user, by=by, project_id=project_id, data=dict(data))
        for data in facts
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
    # What strangers try on an address is alike in the log whether somebody has it or not: who reads it
    # shall not learn which addresses have accounts. The row tells, to its user and to staff.
    if "email_digest" not in about:
        about["user_id"] = activity.user_id
        if activity.actor_id is not None and activity.actor_id != activity.user_id:
            about["actor_id"] = activity.actor_id
    if activity.project_id is not None:
        about["project_id"] = activity.project_id
    log(str(activity.type), **about)
