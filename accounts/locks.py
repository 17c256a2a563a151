"""The locks that keep projects whole, each with a name.

Whoever takes both takes the user's first and the project's after it, so no two transactions can wait for
each other; several projects are locked in the order of their ids. On SQLite these lock nothing and need
not: transactions there begin IMMEDIATE, which lets one writer in at a time.
"""

from collections.abc import Iterable

from accounts.models import Project, User


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
