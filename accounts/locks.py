"""The locks that keep projects whole, each with a name.

Whoever takes both takes the user's first and the project's after it, so no two transactions can wait for
each other; several projects are locked in the order of their ids. On SQLite these lock nothing and need
not: transactions there begin IMMEDIATE, which lets one writer in at a time.
"""

from collections.abc import Iterable

from django.db import connection

from accounts.models import Project, User

# Any number that no other part of the installation's database uses as an advisory lock.
STOREFRONT_LOCK = 0x73746F7265  # "store"

_ROLE = """
    SELECT membership.role FROM accounts_membership membership
        JOIN accounts_project project ON project.id = membership.project_id
        WHERE membership.user_id = %s AND membership.project_id = %s AND project.is_active = %s
"""


def lock_user(user: User) -> User | None:
    """Hold a user's row still and return it as it is now; None where the account is deleted or gone.

    Nobody is let into a project while their account is deleted, and an e-mail that is compared stays.
    """
    return (
        User.objects.select_for_update(no_key=True)
        .filter(pk=user.pk, deleted_at=None)
        .first()
    )


def lock_project(project: Project) -> Project:
    """Hold a project and its members still, and return its row as it is now.

    FOR NO KEY UPDATE lets others insert rows that refer to it, as FOR UPDATE would not: orders go on.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def lock_projects(ids: Iterable[int]) -> list[Project]:
    """Hold several projects and their members still."""
    rows = Project.objects.select_for_update(no_key=True).filter(pk__in=list(ids))
    return list(rows.order_by("pk"))


def hold_role(user: User, project_id: int) -> str | None:
    """Keep the role of `user` in a project as it is until the transaction ends, and return it.

    None if the project is closed or `user` is not a member. FOR SHARE makes whoever changes or
    removes the membership wait, while others can act in the same role and the project stays free.
    """
    sql = (
        f"{_ROLE} FOR SHARE OF membership"
        if connection.vendor == "postgresql"
        else _ROLE
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [user.pk, project_id, True])
        row = cursor.fetchone()
    return row[0] if row else None


def lock_storefront() -> None:
    """Let one transaction at a time say which project the storefront is; before any project is locked.

    No row could stand for it: there may be none yet, and who waits for one finds another chosen then.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [STOREFRONT_LOCK])
