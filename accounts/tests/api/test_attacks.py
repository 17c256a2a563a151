"""How the limits stop attacks on accounts and mailboxes, and let the rightful user in."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import EmailCode, OutgoingEmail, Session
from accounts.tests.api.doors import (
    CHAIN,
    EMAIL,
    HOME,
    HUB,
    Door,
    a_stranger,
    on_each_surface,
    post,
    sign_in,
    statuses,
)
from accounts.tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limits")]


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
