"""Repeated requests get the first answer."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.errors import EmailTaken, IdempotencyKeyReused
from accounts.models import IdempotencyRecord, Project, User
from accounts.services import answer_once, fingerprint_of
from accounts.services.idempotency import KeptAnswer
from accounts.tests.factories import make_user
from orderchainer.core.errors import Invalid
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint

FIRST = fingerprint_of(["POST", "/api/orders/", {"title": "One"}])
OTHER = fingerprint_of(["POST", "/api/orders/", {"title": "Two"}])


def create_project(name: str = "Made once") -> dict[str, Any]:
    """Do some work that we can count."""
    project = Project.objects.create(name=name)
    return {"id": project.pk, "name": name}


def made() -> int:
    """Count the projects that `create_project` made."""
    return Project.objects.filter(personal_owner=None).count()


@pytest.mark.django_db
def test_replays_the_complete_first_answer() -> None:
    user = make_user()

    first = answer_once(user=user, key="k", fingerprint=FIRST, work=create_project)
    again = answer_once(user=user, key="k", fingerprint=FIRST, work=create_project)

    assert (first.value["name"], first.replayed) == ("Made once", False)
    assert again == KeptAnswer(first.value, replayed=True)
    assert made() == 1


@pytest.mark.django_db
def test_refuses_the_key_for_another_request() -> None:
    user = make_user()
    answer_once(user=user, key="k", fingerprint=FIRST, work=create_project)

    with pytest.raises(IdempotencyKeyReused):
        answer_once(user=user, key="k", fingerprint=OTHER, work=create_project)

    assert made() == 1


@pytest.mark.django_db
def test_two_users_may_use_the_same_key() -> None:
    for user in (make_user(), make_user()):
        answer = answer_once(user=user, key="k", fingerprint=FIRST, work=create_project)
        assert not answer.replayed

    assert made() == 2


@pytest.mark.django_db
def test_refused_work_leaves_nothing_and_frees_the_key() -> None:
    user = make_user()

    def refused() -> None:
        create_project()
        raise EmailTaken

    with pytest.raises(EmailTaken):
        answer_once(user=user, key="k", fingerprint=FIRST, work=refused)

    assert (made(), IdempotencyRecord.objects.count()) == (0, 0)
    answer = answer_once(user=user, key="k", fingerprint=OTHER, work=create_project)
    assert not answer.replayed


@pytest.mark.django_db
def test_forgets_a_key_after_a_day() -> None:
    user = make_user()
    with time_machine.travel(timezone.now() - timedelta(hours=24, seconds=1), tick=False):
        answer_once(user=user, key="k", fingerprint=FIRST, work=create_project)

    answer = answer_once(
        user=user, key="k", fingerprint=OTHER, work=lambda: create_project("Later")
    )

    assert (answer.replayed, answer.value["name"]) == (False, "Later")
    again = answer_once(user=user, key="k", fingerprint=OTHER, work=create_project)
    assert (again.replayed, again.value) == (True, answer.value)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "k" * 256])
def test_refuses_an_empty_or_too_long_key(key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        answer_once(user=make_user(), key=key, fingerprint=FIRST, work=create_project)

    assert refusal.value.errors == {"Idempotency-Key": ["Must have 1 to 255 characters."]}


def test_a_fingerprint_ignores_the_order_of_keys_and_nothing_else() -> None:
    def fingerprint(**changes: object) -> str:
        request = {"method": "POST", "path": "/a", "payload": {"x": 1, "y": [1, 2]}}
        return fingerprint_of([*{**request, **changes}.values()])

    assert fingerprint(payload={"y": [1, 2], "x": 1}) == fingerprint()
    assert fingerprint(payload={"y": [2, 1], "x": 1}) != fingerprint()
    assert fingerprint(path="/b") != fingerprint()
    assert fingerprint(method="PUT") != fingerprint()


def answer_at_once_twice(
    user: User, *, meeting: Meeting | None = None
) -> list[KeptAnswer | Exception]:
    """Send one request twice at the same time."""

    def request() -> KeptAnswer:
        return answer_once(user=user, key="k", fingerprint=FIRST, work=create_project)

    return race(request, request, meeting=meeting)


@pytest.mark.django_db(transaction=True)
def test_does_the_work_once_when_sent_twice_at_once() -> None:
    outcomes = answer_at_once_twice(make_user())

    assert sorted(outcome.replayed for outcome in outcomes if isinstance(outcome, KeptAnswer)) == [
        False,
        True,
    ]
    assert made() == 1


@pytest.mark.services
@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_requests_that_insert_the_key_at_once_do_the_work_once() -> None:
    before_insert = Meeting('INSERT INTO "accounts_idempotencyrecord"')

    outcomes = answer_at_once_twice(make_user(), meeting=before_insert)

    assert before_insert.was_complete
    assert sorted(outcome.replayed for outcome in outcomes if isinstance(outcome, KeptAnswer)) == [
        False,
        True,
    ]
    assert made() == 1


@pytest.mark.services
@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_unique_key_the_work_is_done_twice() -> None:
    """The negative control: it is the constraint that decides."""
    before_insert = Meeting.of_all('INSERT INTO "accounts_idempotencyrecord"')
    user = make_user()

    with without_constraint("accounts_idempotencyrecord", "idempotency_key_unique_by_user"):
        answer_at_once_twice(user, meeting=before_insert)

        assert made() == 2
        IdempotencyRecord.objects.all().delete()


@pytest.mark.services
@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_an_old_key_sent_twice_at_once_does_the_work_once() -> None:
    user = make_user()
    IdempotencyRecord.objects.create(
        user=user,
        key="k",
        fingerprint=OTHER,
        created_at=timezone.now() - timedelta(days=2),
    )

    outcomes = answer_at_once_twice(user, meeting=Meeting('INSERT INTO "accounts_project"'))

    assert sorted(outcome.replayed for outcome in outcomes if isinstance(outcome, KeptAnswer)) == [
        False,
        True,
    ]
    assert made() == 1
