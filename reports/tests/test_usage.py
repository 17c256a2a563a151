"""Counting calls of the API, and showing the counts."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, InterfaceError, connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Membership, Project, User
from accounts.services import create_project, set_member
from accounts.tests.factories import client_of, client_with, make_api_token, make_user
from orders.tests.factories import make_delivery, make_order
from reports.models import ApiCalls
from reports.usage import counting
from reports.usage.counting import CallCounter, Key, store
from reports.usage.forgetting import forget_old_counts

pytestmark = pytest.mark.django_db

# A moment that is on the 19th in New York and on the 20th in UTC.
NOW = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
TODAY = date(2026, 11, 19)


class Waiting(CallCounter):
    """A counter whose thread never writes, so that tests decide when."""

    def _write_for_ever(self) -> None:
        pass


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def counter(settings: Any, monkeypatch: pytest.MonkeyPatch) -> CallCounter:
    settings.USAGE_FLUSH_SECONDS = 3600
    counter = Waiting()
    monkeypatch.setattr(counting, "counter", counter)
    return counter


@pytest.fixture
def ada(now: None) -> User:
    return make_user(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def store_of_ada(ada: User) -> Project:
    return create_project(owner=ada, name="My Store", timezone="America/New_York")


def usage(client: APIClient, project: Project, query: str = "") -> Any:
    response = client.get(f"/api/v1/reports/{project.uuid}/usage?{query}")
    assert response.status_code == 200, response.content
    return response.json()


# --- counting ---------------------------------------------------------------------------------


def test_calls_are_counted_by_project_user_token_surface_and_day(
    counter: CallCounter, ada: User, store_of_ada: Project
) -> None:
    client = client_of(ada)
    row, text = make_api_token(ada, "orders:read")
    program = client_with(text)
    for _ in range(2):
        client.get(f"/api/v1/orders/{store_of_ada.uuid}")
    program.get(f"/api/v1/orders/{store_of_ada.uuid}")
    client.get("/api/orders/")
    counter.write()

    assert set(ApiCalls.objects.values_list("day", "project_id", "token", "surface", "calls")) == {
        (TODAY, store_of_ada.pk, "", "hub", 2),
        (TODAY, store_of_ada.pk, row.pk.hex, "hub", 1),
        (NOW.date(), 0, "", "chain", 1),
    }


def test_counting_takes_no_statement(
    counter: CallCounter, ada: User, store_of_ada: Project, settings: Any
) -> None:
    client = client_of(ada)
    path = f"/api/v1/orders/{store_of_ada.uuid}"
    client.get(path)
    numbers = []
    for seconds in (3600, 0):
        settings.USAGE_FLUSH_SECONDS = seconds
        with CaptureQueriesContext(connection) as statements:
            client.get(path)
        numbers.append(len(statements))

    assert numbers[0] == numbers[1]


def test_calls_without_a_caller_are_not_counted(counter: CallCounter) -> None:
    client = APIClient()
    client.get("/api/orders/")
    client.get("/api/products/")
    client.get("/api/orders/", HTTP_AUTHORIZATION="Bearer nonsense")
    counter.write()

    assert not ApiCalls.objects.exists()


def test_refused_calls_count(counter: CallCounter, ada: User, store_of_ada: Project) -> None:
    client_of(ada).get(f"/api/v1/orders/{store_of_ada.uuid}?days=0")
    client_of(make_user()).get(f"/api/v1/orders/{store_of_ada.uuid}")
    counter.write()

    # A stranger is in no project.
    assert set(ApiCalls.objects.values_list("project_id", "calls")) == {
        (store_of_ada.pk, 1),
        (0, 1),
    }


def test_counts_are_added_to_those_that_are_there() -> None:
    key, other = Key(TODAY, 1, 2, "", "hub"), Key(TODAY, 0, 2, "", "hub")
    store({key: 3})

    with CaptureQueriesContext(connection) as statements:
        store({key: 4, other: 1})

    assert ApiCalls.objects.get(project_id=1).calls == 7
    assert ApiCalls.objects.get(project_id=0).calls == 1
    assert len([each for each in statements if "INSERT" in each["sql"]]) == 1


# A connection that the server has ended may raise the second one, which is no DatabaseError.
@pytest.mark.parametrize("error", [DatabaseError("gone"), InterfaceError("connection closed")])
def test_a_database_that_fails_loses_no_count(
    counter: CallCounter, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    key = Key(TODAY, 1, 2, "", "hub")
    counter.add(key)

    def fail(_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(counting, "store", fail)
        counter.write()
    counter.add(key)
    counter.write()

    assert ApiCalls.objects.get().calls == 2


@pytest.mark.django_db(transaction=True)
def test_threads_that_count_and_write_at_once_lose_nothing(counter: CallCounter) -> None:
    key = Key(TODAY, 1, 2, "", "hub")

    def count() -> None:
        try:
            for number in range(200):
                counter.add(key)
                if number % 50 == 0:
                    counter.write()
        finally:
            connection.close()

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counter.write()

    assert ApiCalls.objects.get().calls == 600


@pytest.mark.django_db(transaction=True)
def test_the_writer_writes_by_itself(settings: Any) -> None:
    settings.USAGE_FLUSH_SECONDS = 0.05
    counter = CallCounter()
    written = threading.Event()
    really = counter.write

    def write() -> None:
        really()
        written.set()

    counter.write = write  # type: ignore[method-assign]
    counter.add(Key(TODAY, 1, 2, "", "hub"))

    assert written.wait(10)
    settings.USAGE_FLUSH_SECONDS = 3600
    assert ApiCalls.objects.get().calls == 1


def test_old_counts_are_deleted(settings: Any) -> None:
    settings.USAGE_RETENTION_DAYS = 400
    for days in (399, 400, 401):
        store({Key(NOW.date() - timedelta(days=days), 1, 2, "", "hub"): 1})

    assert forget_old_counts() == 1
    assert ApiCalls.objects.count() == 2


# --- showing ----------------------------------------------------------------------------------


def test_managers_see_who_calls_and_how_often(ada: User, store_of_ada: Project) -> None:
    bob = make_user(first_name="Bob")
    row, _ = make_api_token(bob, "orders:read", name="Warehouse")
    project = store_of_ada.pk
    store(
        {
            Key(TODAY, project, ada.pk, "", "hub"): 5,
            Key(TODAY, project, bob.pk, row.pk.hex, "hub"): 7,
            Key(TODAY - timedelta(days=1), project, bob.pk, "", "envelope"): 1,
            Key(TODAY - timedelta(days=2), project, ada.pk, "", "hub"): 100,
            Key(TODAY, 0, ada.pk, "", "chain"): 1000,
        }
    )
    order = make_order(ada)
    order.events.update(project_id=project)
    make_delivery(order, state="failed")

    shown = usage(client_of(ada), store_of_ada, "days=2")

    assert shown == {
        "period_days": 2,
        "start_date": "2026-11-18",
        "end_date": "2026-11-19",
        "timezone": "America/New_York",
        "total_calls": 13,
        "by_surface": {"hub": 12, "envelope": 1},
        "by_user": [
            {"user_id": str(bob.uuid), "name": "Bob", "calls": 8},
            {"user_id": str(ada.uuid), "name": "Ada Lovelace", "calls": 5},
        ],
        "by_token": [
            {"token_id": str(row.pk), "name": "Warehouse", "user_id": str(bob.uuid), "calls": 7}
        ],
        "by_day": [{"date": "2026-11-18", "calls": 1}, {"date": "2026-11-19", "calls": 12}],
        "deliveries": {"total": 1, "by_state": {"failed": 1}},
        "assistant": {"calls": 0, "tokens": 0, "cost_usd": 0, "average_cost_usd": 0},
    }


def test_everybody_sees_their_own_calls(ada: User, store_of_ada: Project) -> None:
    store(
        {
            Key(NOW.date(), store_of_ada.pk, ada.pk, "", "hub"): 2,
            Key(NOW.date(), 0, ada.pk, "", "chain"): 3,
            Key(NOW.date(), 0, make_user().pk, "", "chain"): 50,
        }
    )

    shown = client_of(ada).get("/api/v1/auth/usage?days=1").json()

    assert (shown["total_calls"], shown["by_surface"]) == (5, {"chain": 3, "hub": 2})
    assert shown["timezone"] == "UTC"
    assert client_of(ada).get("/api/v1/auth/usage?days=0").status_code == 422


def test_agents_do_not_see_who_calls(store_of_ada: Project) -> None:
    agent = make_user()
    set_member(project=store_of_ada, user=agent, role=Membership.Role.AGENT)

    response = client_of(agent).get(f"/api/v1/reports/{store_of_ada.uuid}/usage")

    assert response.status_code == 403


def test_a_token_that_is_gone_is_shown_without_its_name(ada: User, store_of_ada: Project) -> None:
    row, _ = make_api_token(ada, "orders:read")
    store({Key(TODAY, store_of_ada.pk, ada.pk, row.pk.hex, "hub"): 7})
    gone = str(row.pk)
    row.delete()

    shown = usage(client_of(ada), store_of_ada)

    assert shown["by_token"] == [{"token_id": gone, "name": "", "user_id": None, "calls": 7}]


def test_usage_takes_as_many_statements_whatever_there_is(ada: User, store_of_ada: Project) -> None:
    client = client_of(ada)
    counts = []
    for size in (2, 20):
        for _ in range(size):
            token = make_api_token(make_user(), "orders:read")[0]
            store({Key(TODAY, store_of_ada.pk, token.user_id, token.pk.hex, "hub"): 1})
        with CaptureQueriesContext(connection) as statements:
            usage(client, store_of_ada)
        counts.append(len(statements))

    assert counts[0] == counts[1]
