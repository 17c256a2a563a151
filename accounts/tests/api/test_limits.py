"""The limits as every surface shows them: what is counted together, and what each answer says."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Activity, Session
from accounts.services import open_session
from accounts.tests.api.doors import (
    CHAIN,
    DOORS,
    EMAIL,
    HOME,
    HUB,
    NOW,
    Door,
    a_stranger,
    on_each_surface,
    post,
    sign_in,
    statuses,
)
from accounts.tests.factories import PASSWORD, make_user
from orderchainer.testing.races import on_postgresql

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limits")]


# --- The sixth sign-in within a minute --------------------------------------------------------


@on_each_surface
def test_the_sixth_sign_in_is_refused_in_the_surfaces_own_shape(door: Door) -> None:
    make_user(email=EMAIL)

    first_five = [sign_in(door, address=HOME) for _ in range(5)]
    sixth = sign_in(door, address=HOME, password=PASSWORD)

    assert statuses(first_five) == [401] * 5
    assert [answer["X-RateLimit-Remaining"] for answer in first_five] == list("43210")
    assert {answer["X-RateLimit-Limit"] for answer in first_five} == {"5"}
    assert sixth.status_code == 429
    seconds = int(sixth["Retry-After"])
    assert 1 <= seconds <= 60
    assert sixth["X-RateLimit-Limit"] == "5"
    assert sixth["X-RateLimit-Remaining"] == "0"
    assert sixth["X-RateLimit-Reset"] == str(NOW + seconds)
    assert sixth["Content-Type"] == "application/json"
    assert sixth.json() == door.refusal_in(seconds)


@on_each_surface
def test_a_correct_password_counts_too_and_shows_the_remaining_tries(
    door: Door,
) -> None:
    make_user(email=EMAIL)

    answers = [sign_in(door, password=PASSWORD, address=HOME) for _ in range(6)]

    assert statuses(answers) == [200] * 5 + [429]
    assert answers[0]["X-RateLimit-Remaining"] == "4"
    assert not Activity.objects.filter(type="login_failed").exists()
    assert Session.objects.count() == 5


def test_the_user_gets_in_after_the_announced_wait() -> None:
    for number in range(5):
        sign_in(HUB, email=f"user{number}@example.com", address=HOME)
    refused = sign_in(HUB, address=HOME)
    make_user(email=EMAIL)

    with time_machine.travel(int(refused["X-RateLimit-Reset"]) - 1, tick=False):
        assert sign_in(HUB, password=PASSWORD, address=HOME).status_code == 429
    with time_machine.travel(int(refused["X-RateLimit-Reset"]), tick=False):
        assert sign_in(HUB, password=PASSWORD, address=HOME).status_code == 200


def test_all_surfaces_share_one_limit() -> None:
    make_user(email=EMAIL)

    answers = [sign_in(door, address=HOME) for door in [*DOORS, CHAIN, HUB]]

    assert statuses(answers) == [401] * 5 + [429]


def test_the_body_is_not_read_for_an_address_over_its_limit() -> None:
    for _ in range(5):
        sign_in(CHAIN, address=HOME)

    answer = post(CHAIN.path, b"{not json", address=HOME)

    assert answer.status_code == 429


@pytest.mark.parametrize("body", ["null", "[]", '"text"', "{", "{}", '{"email": 7}'])
def test_a_body_without_an_account_counts_for_its_address(body: str) -> None:
    answers = [post(HUB.path, body, address=HOME) for _ in range(6)]

    assert set(statuses(answers[:5])) <= {400, 422}
    assert [answer["X-RateLimit-Remaining"] for answer in answers[:5]] == list("43210")
    assert answers[5].status_code == 429


# --- On every answer --------------------------------------------------------------------------


def test_every_kind_of_answer_shows_the_remaining_requests() -> None:
    user = make_user(email=EMAIL)
    token = {"Authorization": f"Bearer {open_session(user=user).access}"}
    client = Client(headers={"X-Forwarded-For": HOME})

    answers = {
        200: client.get("/api/orders/", headers=token),
        400: client.post("/api/orders/", "{}", content_type="application/json", headers=token),
        401: client.get("/api/orders/", headers={"Authorization": "Bearer no"}),
        404: client.get("/api/orders/999", headers=token),
        405: client.delete("/api/orders/", headers=token),
        422: post(HUB.path, {}, address=HOME),
    }

    assert {
        status: (
            answer.status_code,
            answer.get("X-RateLimit-Limit"),
            answer.get("X-RateLimit-Remaining"),
        )
        for status, answer in answers.items()
    } == {
        200: (200, "100", "99"),
        400: (400, "100", "98"),
        401: (401, "100", "99"),  # by its address
        404: (404, "100", "97"),
        405: (405, "100", "96"),
        422: (422, "5", "4"),
    }
    for answer in answers.values():
        assert int(answer["X-RateLimit-Reset"]) > timezone.now().timestamp() - 1


def test_a_user_has_one_count_over_all_addresses(settings: Settings) -> None:
    settings.RATE_LIMIT_STANDARD = "3/m"
    user = make_user(email=EMAIL)
    other = make_user()

    def get(of: Any, address: str) -> Any:
        return Client().get(
            "/api/orders/",
            headers={
                "Authorization": f"Bearer {open_session(user=of).access}",
                "X-Forwarded-For": address,
            },
        )

    assert statuses(get(user, a_stranger()) for _ in range(4)) == [200] * 3 + [429]
    assert get(other, HOME).status_code == 200


def test_refused_tokens_count_for_their_address(settings: Settings) -> None:
    settings.RATE_LIMIT_STANDARD = "3/m"

    def get(address: str) -> Any:
        return Client().get(
            "/api/orders/",
            headers={
                "Authorization": "Bearer oc_guess_guess",
                "X-Forwarded-For": address,
            },
        )

    assert statuses(get(HOME) for _ in range(4)) == [401] * 3 + [429]
    assert get(a_stranger()).status_code == 401


def test_a_limit_that_is_off_adds_no_headers(settings: Settings) -> None:
    settings.RATE_LIMIT_AUTH = ""

    answers = [sign_in(CHAIN, address=HOME) for _ in range(10)]

    assert statuses(answers) == [401] * 10
    assert not any("X-RateLimit-Limit" in answer.headers for answer in answers)


# --- At once ----------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_sign_ins_do_not_exceed_the_limit() -> None:
    make_user(email=EMAIL)

    def attempt(number: int) -> int:
        try:
            status: int = sign_in(DOORS[number % 2 * 2], address=f"192.0.2.{number}").status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(32)))

    assert sorted(answers) == [401] * 5 + [429] * 27
    assert Activity.objects.filter(type="login_failed").count() == 5
