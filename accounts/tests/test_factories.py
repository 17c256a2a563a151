"""The factories that write many rows at once write the rows that the services write."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import transaction
from django.db.models import Model

from accounts.models import Membership, Project, User
from accounts.services import create_project, register_user, set_member
from accounts.tests.factories import PASSWORD, make_users
from accounts.tests.projects import make_team

pytestmark = pytest.mark.django_db

Role = Membership.Role

EMAILS = [f"{role}@example.com" for role in Role]
REFERENCES: dict[str, type[Model]] = {
    "user_id": User,
    "actor_id": User,
    "personal_owner_id": User,
    "project_id": Project,
}
# What differs from time to time.
RANDOM = {"id", "uuid", "password"}


def users_by_the_service() -> list[User]:
    return [register_user(email=email, password=PASSWORD) for email in EMAILS]


def team_by_the_services() -> None:
    members = dict(zip(Role, users_by_the_service(), strict=True))
    project = create_project(owner=members[Role.OWNER], name="My Store")
    for role in (Role.MANAGER, Role.AGENT, Role.VIEWER):
        set_member(project=project, user=members[role], role=role)


def written_by(make: Callable[[], object]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that `make` writes, by table, and take them back.

    References are replaced by the position of the row that they name.
    """
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False), transaction.atomic():
        make()
        tables = {
            model: list(model._base_manager.order_by("pk").values())
            for model in apps.get_app_config("accounts").get_models()
        }
        transaction.set_rollback(True)
    position_of: dict[type[Model], dict[int, int]] = {
        model: {row["id"]: position for position, row in enumerate(tables[model])}
        for model in (User, Project)
    }

    def plain(name: str, value: Any) -> Any:
        target = REFERENCES.get(name)
        return position_of[target][value] if target and value is not None else value

    return {
        model._meta.db_table: [
            {name: plain(name, value) for name, value in row.items() if name not in RANDOM}
            for row in rows
        ]
        for model, rows in tables.items()
    }


def test_users_are_those_of_the_service() -> None:
    assert written_by(lambda: make_users(EMAILS)) == written_by(users_by_the_service)


def test_a_user_has_the_password_and_the_fields_of_the_row() -> None:
    [user] = make_users(["ada@example.com"])

    assert user.check_password(PASSWORD)
    stored = User.objects.get(email="ada@example.com")
    assert user.__dict__ | {"_state": None} == stored.__dict__ | {"_state": None}
    assert user.personal_project == stored.personal_project


def test_a_team_is_that_of_the_services() -> None:
    assert written_by(make_team) == written_by(team_by_the_services)
