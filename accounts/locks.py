"""The named locks on users and projects.

To take both, take the user's first and the project's second, so that no two transactions can wait
for each other. Lock several projects in the order of their ids. On SQLite these functions lock
nothing and need not: transactions there begin IMMEDIATE, which lets in one writer at a time.
"""

from collections.abc import Iterable

from django.db import connection

from accounts.errors import TokenRefused
from accounts.models import Project, User

# Any number that nothing else in the database uses as an advisory lock.
STOREFRONT_LOCK = 0x73746F7265  # "store"

_ROLE = """
    SELECT membership.role FROM accounts_membership membership
        JOIN accounts_project project ON project.id = membership.project_id
        WHERE membership.user_id = %s AND membership.project_id = %s AND project.is_active = %s
"""


def lock_user(user: User) -> User | None:
    """Lock a user's row and return it as it is now, or None if the account is deleted.

    This keeps the user from joining a project while their account is deleted, and their e-mail from
    changing while we compare it.
    """
    return User.objects.select_for_update(no_key=True).filter(pk=user.pk, deleted_at=None).first()


def lock_caller(user: User) -> User:
    """Lock the row of the user who makes this request, and return it as it is now.

    For requests that create another way into the account. Raises `TokenRefused` if the user may no
    longer sign in or the password has changed since the request was authenticated: then the sender
    may just have lost the account.
    """
    now = lock_user(user)
    if now is None or not now.is_active or now.password != user.password:
        raise TokenRefused
    return now


def lock_project(project: Project) -> Project:
    """Lock a project and its members, and return the project's row as it is now.

    FOR NO KEY UPDATE still lets others insert rows that refer to the project, such as orders; FOR
    UPDATE would not.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def lock_projects(ids: Iterable[int]) -> list[Project]:
    """Lock several projects and their members."""
    rows = Project.objects.select_for_update(no_key=True).filter(pk__in=list(ids))
    return list(rows.order_by("pk"))


def hold_role(user: User, project_id: int) -> str | None:
    """Keep the role of `user` in a project as it is until the transaction ends, and return it.

    None if the project is closed or `user` is not a member. FOR SHARE makes changes to the
    membership wait, while others can act in the same role and the project stays free.
    """
    sql = f"{_ROLE} FOR SHARE OF membership" if connection.vendor == "postgresql" else _ROLE
    with connection.cursor() as cursor:
        cursor.execute(sql, [user.pk, project_id, True])
        row = cursor.fetchone()
    return row[0] if row else None


def lock_storefront() -> None:
    """Let one transaction at a time choose the storefront. Call it before locking projects.

    We cannot lock a row for this: there may be no storefront yet, and after waiting for one row
    another may have been chosen.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [STOREFRONT_LOCK])
