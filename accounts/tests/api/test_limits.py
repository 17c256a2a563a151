"""The limits as every surface shows them, and how they stop attacks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Activity, EmailCode, OutgoingEmail, Session
from accounts.services import open_session
from accounts.tests.factories import PASSWORD, make_user
from orderchainer.testing.races import on_postgresql

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limits")]

NOW = 1_700_000_000  # 2023-11-14T22:13:20Z
EMAIL = "ada@example.com"
HOME = "203.0.113.5"


@pytest.fixture
def limits(settings: Settings) -> Iterator[None]:
    """The default limits behind one proxy. Time stands still, so no period ends within a test."""
    settings.RATE_LIMIT_AUTH = "5/m"
    settings.RATE_LIMIT_CODES = "10/h"
    settings.RATE_LIMIT_STANDARD = "100/m"
    settings.TRUSTED_PROXIES = 1
    with time_machine.travel(NOW, tick=False):
        yield


@dataclass(frozen=True)
class Door:
    """A surface's sign-in: the path, the body, and the refusal after too many tries."""

    path: str
    name: str
    refusal: dict[str, Any]

    def refusal_in(self, seconds: int) -> dict[str, Any]:
        """Return the body of a 429 that says to come back in that many seconds."""
        words = f"Too many requests. Try again in {seconds} second{'s' * (seconds > 1)}."
        return {name: words if value is WORDS else value for name, value in self.refusal.items()}


WORDS = object()
CHAIN = Door(
    "/api/auth/token",
    "username",
    {"detail": WORDS, "code": "rate_limit_exceeded"},
)
ENVELOPE = Door(
    "/api/auth/login",
    "email",
    {
        "success": False,
        "error": WORDS,
        "errorCode": "RATE_LIMIT_EXCEEDED",
        "timestamp": "2023-11-14T22:13:20.000Z",
    },
)
HUB = Door(
    "/api/v1/auth/login",
    "email",
    {
        "detail": WORDS,
        "code": "RATE_LIMIT_EXCEEDED",
        "timestamp": "2023-11-14T22:13:20Z",
    },
)
SHOP = Door("/auth/api/token/", "email", {"error": WORDS})
DOORS = [CHAIN, ENVELOPE, HUB, SHOP]
on_each_surface = pytest.mark.parametrize("door", DOORS, ids=["chain", "envelope", "hub", "shop"])

_strangers = count(1)


def a_stranger() -> str:
    """Return an address that no request has come from."""
    number = next(_strangers)
    return f"198.18.{number // 250}.{number % 250}"


def post(path: str, body: object, *, address: str, **headers: str) -> Any:
    """Post from an address, as our proxy reports it."""
    return Client().post(
        path,
        body,
        content_type="application/json",
        headers={"X-Forwarded-For": address, **headers},
    )


def sign_in(door: Door, *, email: str = EMAIL, password: str = "wrong", address: str) -> Any:
    """Try to sign in."""
    return post(door.path, {door.name: email, "password": password}, address=address)


def statuses(responses: Any) -> list[int]:
    return [response.status_code for response in responses]


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


# --- Attacks ----------------------------------------------------------------------------------


@on_each_surface
def test_an_attack_on_many_accounts_is_stopped_at_its_address(door: Door) -> None:
    for number in range(8):
        make_user(email=f"user{number}@example.com")

    answers = [
        sign_in(door, email=f"user{number}@example.com", address=HOME) for number in range(8)
    ]

    assert statuses(answers) == [401] * 5 + [429] * 3
    # Tries beyond the limit were not counted: those users have all their tries left.
    assert (
        sign_in(door, email="user7@example.com", address=a_stranger())["X-RateLimit-Remaining"]
        == "4"
    )


@on_each_surface
def test_an_attack_from_many_addresses_is_stopped_at_the_account(door: Door) -> None:
    make_user(email=EMAIL)

    answers = [
        sign_in(door, email=email, address=a_stranger())
        for email in [EMAIL, "ADA@example.com", f" {EMAIL}", "Ada@Example.Com", EMAIL]
    ]
    sixth = sign_in(door, password=PASSWORD, address=a_stranger())

    assert 429 not in statuses(answers)
    assert sixth.status_code == 429


def test_an_unknown_account_is_counted_in_the_same_way() -> None:
    answers = [sign_in(HUB, email="nobody@example.com", address=a_stranger()) for _ in range(6)]

    assert statuses(answers) == [401] * 5 + [429]


def test_all_accounts_that_a_body_names_are_counted() -> None:
    make_user(email=EMAIL)

    answers = [
        post(
            CHAIN.path,
            {"username": EMAIL, "email": f"decoy{number}@example.com", "password": "x"},
            address=a_stranger(),
        )
        for number in range(6)
    ]

    assert statuses(answers)[5] == 429


def test_an_ipv6_network_counts_as_one_address() -> None:
    answers = [
        sign_in(HUB, email=f"u{number}@example.com", address=f"2001:db8:0:1::{number}")
        for number in range(1, 7)
    ]

    assert statuses(answers) == [401] * 5 + [429]
    assert sign_in(HUB, email="u9@example.com", address="2001:db8:0:2::1").status_code == 401


@pytest.mark.parametrize(
    ("proxies", "forged"),
    [
        (0, "{n}.{n}.{n}.{n}"),
        (1, "{n}.{n}.{n}.{n}, 203.0.113.5"),
        (1, "{n}, 203.0.113.5"),
    ],
)
def test_a_forged_address_is_still_the_same_client(
    proxies: int, forged: str, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = proxies

    answers = [
        sign_in(HUB, email=f"u{n}@example.com", address=forged.replace("{n}", str(n)))
        for n in range(1, 7)
    ]

    assert statuses(answers) == [401] * 5 + [429]


# --- The rightful user ------------------------------------------------------------------------


def use_up(email: str = EMAIL) -> None:
    """Attack an account from everywhere until its count is used up."""
    for _ in range(6):
        sign_in(HUB, email=email, address=a_stranger())


def was_here(email: str, address: str) -> None:
    """Sign in from an address."""
    assert sign_in(HUB, email=email, password=PASSWORD, address=address).status_code == 200
    caches["limits"].clear()


@on_each_surface
def test_the_user_gets_in_from_where_they_have_been(door: Door) -> None:
    make_user(email=EMAIL)
    was_here(EMAIL, HOME)
    use_up()

    at_home = sign_in(door, password=PASSWORD, address=HOME)
    elsewhere = sign_in(door, password=PASSWORD, address=a_stranger())

    assert (at_home.status_code, elsewhere.status_code) == (200, 429)
    # The answer shows what the address has left: the account's count does not matter here.
    assert at_home["X-RateLimit-Remaining"] == "4"


def test_the_address_still_counts_where_the_user_has_been() -> None:
    make_user(email=EMAIL)
    was_here(EMAIL, HOME)
    use_up()

    answers = [sign_in(HUB, address=HOME) for _ in range(6)]

    assert statuses(answers) == [401] * 5 + [429]


def test_the_user_gets_in_from_an_ipv6_network_they_used() -> None:
    make_user(email=EMAIL)
    was_here(EMAIL, "2001:db8:0:1::1")
    use_up()

    # Clients change the second half of their IPv6 address every day.
    answer = sign_in(HUB, password=PASSWORD, address="2001:db8:0:1:aaaa::7")

    assert answer.status_code == 200


def test_another_users_address_does_not_help() -> None:
    make_user(email=EMAIL)
    was_here(make_user().email, HOME)
    use_up()

    assert sign_in(HUB, password=PASSWORD, address=HOME).status_code == 429


def test_an_address_from_long_ago_does_not_help() -> None:
    make_user(email=EMAIL)
    with time_machine.travel(timezone.now() - timedelta(days=38), tick=False):
        was_here(EMAIL, HOME)
    use_up()

    assert sign_in(HUB, password=PASSWORD, address=HOME).status_code == 429


def test_an_old_session_that_is_still_used_helps() -> None:
    make_user(email=EMAIL)
    with time_machine.travel(timezone.now() - timedelta(days=90), tick=False):
        was_here(EMAIL, HOME)
    # The session is refreshed all the time.
    Session.objects.update(expires_at=timezone.now() + timedelta(days=7))
    use_up()

    assert sign_in(HUB, password=PASSWORD, address=HOME).status_code == 200


def test_known_addresses_are_looked_up_only_when_the_count_is_used_up(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_user(email=EMAIL)
    was_here(EMAIL, HOME)
    broken = {"email": EMAIL}
    with django_assert_num_queries(0):
        post(HUB.path, broken, address=HOME)
    use_up()

    with django_assert_num_queries(1):
        post(HUB.path, broken, address=HOME)
    with django_assert_num_queries(1):
        post(HUB.path, broken, address=a_stranger())


# --- Codes ------------------------------------------------------------------------------------

FORGOT = "/api/auth/forgot-password"


def forgot(address: str, **more: object) -> Any:
    return post(FORGOT, {"email": EMAIL, **more}, address=address)


def sent() -> int:
    return OutgoingEmail.objects.filter(kind="reset_password").count()


def test_the_number_of_codes_to_one_mailbox_is_limited() -> None:
    make_user(email=EMAIL)

    answers = [forgot(a_stranger()) for _ in range(12)]

    assert statuses(answers) == [200] * 10 + [429] * 2
    assert sent() == 10
    assert answers[-1]["X-RateLimit-Limit"] == "10"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 3600


def test_one_address_may_request_five_codes_a_minute() -> None:
    for number in range(6):
        make_user(email=f"user{number}@example.com")

    answers = [
        post(FORGOT, {"email": f"user{number}@example.com"}, address=HOME) for number in range(6)
    ]

    assert statuses(answers) == [200] * 5 + [429]


def test_requests_that_send_nothing_do_not_use_up_the_users_codes() -> None:
    make_user(email=EMAIL, email_verified_at=timezone.now())
    for _ in range(20):
        assert forgot(a_stranger(), nonsense=1).status_code == 400
        post(
            "/api/auth/resend-verification-code",
            {"email": EMAIL},
            address=a_stranger(),
        )

    assert forgot(a_stranger()).status_code == 200
    assert sent() == 1


def test_an_attack_on_the_sign_in_does_not_block_a_reset_by_email() -> None:
    make_user(email=EMAIL)
    use_up()

    assert forgot(a_stranger()).status_code == 200


def test_guesses_at_a_code_are_stopped_at_the_account() -> None:
    make_user(email=EMAIL)
    body = {"email": EMAIL, "code": "000000", "newPassword": "another horse"}

    answers = [post("/api/auth/reset-password", body, address=a_stranger()) for _ in range(6)]

    assert statuses(answers)[5] == 429
    assert 429 not in statuses(answers[:5])
    assert not EmailCode.objects.exists()


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
