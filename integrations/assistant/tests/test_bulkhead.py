"""How many answers a process works on at a time, and what a slow model leaves to others."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
from django.db import connection

from accounts.tests.projects import Team
from integrations.assistant.bulkhead import Bulkhead
from integrations.assistant.contracts import Turn
from integrations.assistant.errors import AssistantCrowded
from integrations.assistant.models import AssistantCall
from integrations.assistant.services import answer_question
from integrations.assistant.tests.scripted.service import Hanging, Scripted, says

# --- The bulkhead alone -----------------------------------------------------------------------


def test_lets_in_as_many_as_it_has_places_and_the_next_when_one_leaves() -> None:
    bulkhead = Bulkhead(lambda: 1)

    with bulkhead.place(wait_seconds=0), pytest.raises(AssistantCrowded):
        bulkhead.place(wait_seconds=0.05).__enter__()
    with bulkhead.place(wait_seconds=0):
        pass


def test_whoever_waits_gets_the_place_that_becomes_free() -> None:
    bulkhead = Bulkhead(lambda: 1)
    with ThreadPoolExecutor(1) as pool:
        with bulkhead.place(wait_seconds=0):
            waiting = pool.submit(lambda: bulkhead.place(wait_seconds=10).__enter__())
            time.sleep(0.05)
        waiting.result(5)


def test_only_as_many_may_wait_as_there_are_places() -> None:
    bulkhead = Bulkhead(lambda: 1)
    with ThreadPoolExecutor(1) as pool, bulkhead.place(wait_seconds=0):
        waiting = pool.submit(lambda: bulkhead.place(wait_seconds=0.5).__enter__())
        time.sleep(0.1)
        started = time.monotonic()
        with pytest.raises(AssistantCrowded):
            bulkhead.place(wait_seconds=10).__enter__()
        assert time.monotonic() - started < 0.3
        with pytest.raises(AssistantCrowded):
            waiting.result(5)


def test_a_failure_inside_gives_the_place_back() -> None:
    bulkhead = Bulkhead(lambda: 1)
    with pytest.raises(ZeroDivisionError), bulkhead.place(wait_seconds=0):
        raise ZeroDivisionError

    with bulkhead.place(wait_seconds=0):
        pass


# --- A slow model -----------------------------------------------------------------------------


@contextmanager
def asking(team: Team, model: Scripted, times: int) -> Iterator[list["Future[Any]"]]:
    """Have as many people ask at once; all calls of the model hang until the block ends."""
    hanging = Hanging()
    model.steps = [hanging]
    client = team.client("viewer")
    body = {"project_id": str(team.project.uuid), "message": "Well?"}
    # The first answer of a run builds the OpenAPI document, which threads should not do at once.
    client.get(f"/api/v1/assistant/usage/{team.project.uuid}")

    def ask() -> Any:
        started = time.monotonic()
        try:
            answer = client.post("/api/v1/assistant/query", body, format="json")
        finally:
            connection.close()
        return answer, time.monotonic() - started

    with ThreadPoolExecutor(times) as pool:
        try:
            calls = [pool.submit(ask) for _ in range(times)]
            assert hanging.reached.wait(10)
            yield calls
        finally:
            hanging.go_on.set()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_whoever_finds_no_place_is_told_so_within_three_seconds(
    team: Team, model: Scripted
) -> None:
    with asking(team, model, 21) as calls:
        # The other two hang until the block ends.
        refused = [call.result() for call in islice(as_completed(calls, timeout=30), 19)]

    assert len(refused) == 19
    for answer, seconds in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "ASSISTANT_BUSY")
        assert answer["Retry-After"] == "5"
        assert seconds < 3
    assert AssistantCall.objects.filter(outcome="answered").count() == 2


@pytest.mark.django_db(transaction=True)
def test_orders_go_on_while_twenty_calls_hang(team: Team, model: Scripted) -> None:
    owner = team.client("owner")
    with asking(team, model, 20):
        for number in range(10):
            made = owner.post("/api/orders/", {"title": f"Order {number}"}, format="json")
            assert made.status_code == 201
        assert len(owner.get("/api/orders/").json()) == 10


@pytest.mark.django_db(transaction=True)
def test_no_connection_and_no_transaction_is_held_while_a_model_thinks(
    team: Team, model: Scripted
) -> None:
    held: list[bool] = []

    def thinking() -> Turn:
        held.append(connection.in_atomic_block or connection.connection is not None)
        return says("Done.")

    model.steps = [thinking]
    answer_question(project=team.project, by=team.owner, message="Well?")

    assert held == [False]
