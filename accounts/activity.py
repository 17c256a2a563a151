"""Recording what touched who gets in: a row for those it concerns, and a line in the security log."""

from typing import Any

from accounts.events import ActivityType
from accounts.models import Activity, User
from accounts.security import security_log
from orderchainer.api.clients import current_client

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
    by: User | None = None,
    project_id: int | None = None,
    **data: Any,
) -> None:
    """Write down that something happened to `user`, in the transaction in which it happens.

    `by` is who did it, `user` themselves where nobody else is named. `data` are plain values: ids, roles,
    old and new; never a password, a code, a token or somebody's e-mail. The log line is written at once,
    so that what a rollback takes back has still been tried in the open.
    """
    client = current_client()
    user_id = user.pk if user else None
    actor_id = by.pk if by else user_id
    Activity.objects.create(
        type=type_,
        user_id=user_id,
        actor_id=actor_id,
        project_id=project_id,
        ip_address=client.address,
        user_agent=client.user_agent,
        data=data,
    )
    log = security_log.warning if type_ in _WARNINGS else security_log.info
    about: dict[str, Any] = {"user_id": user_id, **data}
    if actor_id != user_id:
        about["actor_id"] = actor_id
    if project_id is not None:
        about["project_id"] = project_id
    log(str(type_), **about)
