"""Statements that are written once: found again with other values, and kept within bounds."""

import itertools
from uuid import UUID, uuid4

import pytest
from django.db.models import QuerySet

from accounts.models import User
from accounts.tests.factories import make_user
from orderchainer.core.db.prepared import MAX_KEPT, Row, prepared

pytestmark = pytest.mark.django_db

SHOWN = ["email"]


def test_writes_a_statement_once_and_runs_it_with_each_value() -> None:
    written = []

    @prepared
    def named(user_id: int, name: UUID) -> QuerySet[User, Row]:
        written.append(user_id)
        rows: QuerySet[User, Row] = User.objects.filter(pk=user_id, uuid=name).values(
            *SHOWN
        )
        return rows

    users = [make_user(email=f"user{number}@example.com") for number in range(3)]

    found = [named(user.pk, user.uuid) for user in users]

    assert found == [[{"email": user.email}] for user in users]
    assert named(users[0].pk, users[1].uuid) == named(2**63, uuid4()) == []
    assert len(written) == 1


@pytest.mark.parametrize(
    "name",
    ["Ada", "", "O'Hara", '"', "%s", "%(name)s", "/*0*/", "\u2603", "0", "x" * 5000],
)
def test_finds_by_any_text_and_by_no_other(name: str) -> None:
    @prepared
    def called(first: str, last: str) -> QuerySet[User, Row]:
        people = User.objects.filter(first_name=first, last_name=last)
        rows: QuerySet[User, Row] = people.values(*SHOWN)
        return rows

    user = make_user(first_name=name[:150], last_name="Lovelace")
    make_user(first_name="Lovelace", last_name=name[:150])

    assert called("Somebody", "Else") == []
    assert called(name[:150], "Lovelace") == [{"email": user.email}]


def test_keeps_no_more_statements_than_are_used() -> None:
    written = []

    @prepared
    def sorted_users(least: int, *, ordering: tuple[str, ...]) -> QuerySet[User, Row]:
        written.append(ordering)
        users = User.objects.filter(pk__gte=least).order_by(*ordering)
        rows: QuerySet[User, Row] = users.values(*SHOWN)
        return rows

    orderings = [
        tuple(some)
        for some in itertools.islice(
            itertools.product(["email", "-email", "id", "-id"], repeat=4), MAX_KEPT + 1
        )
    ]
    for ordering in [*orderings, orderings[-1], orderings[0]]:
        sorted_users(1, ordering=ordering)

    assert written == [*orderings, orderings[0]]
