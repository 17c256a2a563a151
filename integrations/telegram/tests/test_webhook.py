"""The calls of Telegram: its token, the two paths, and which updates are repeats."""

import json
from typing import Any

import pytest
from django.test import Client

from integrations.inbound.tests.factories import make_integration
from integrations.inbound.working import work_on
from integrations.models import InboundDelivery, Integration
from integrations.telegram.webhook import MESSAGE_EXAMPLE

pytestmark = pytest.mark.django_db

PATH = "/api/v1/webhooks/telegram"
TOKEN = "our_secret-token"
UPDATE = json.dumps(MESSAGE_EXAMPLE).encode()


def connect(token: str = TOKEN, **fields: Any) -> Integration:
    """Connect a bot, in a project of its own."""
    return make_integration(
        provider="telegram", **{"account": "123456", "secrets": {"secret_token": token}, **fields}
    )


def post(
    body: bytes = UPDATE, *, of: Integration | object = None, token: str | None = TOKEN
) -> Any:
    """Post an update, to the path of one integration if `of` names it."""
    path = PATH if of is None else f"{PATH}/{getattr(of, 'uuid', of)}"
    headers = {} if token is None else {"X-Telegram-Bot-Api-Secret-Token": token}
    return Client().post(path, body, content_type="application/json", headers=headers)


def test_an_update_is_stored_and_then_read() -> None:
    integration = connect()

    response = post(of=integration)

    # Telegram would take a body for a method call.
    assert (response.status_code, response.content) == (200, b"")
    delivery = InboundDelivery.objects.get()
    assert (delivery.key, delivery.topic) == ("10000", "message")
    assert bytes(delivery.body) == UPDATE
    assert TOKEN not in json.dumps(delivery.headers)
    work_on(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == InboundDelivery.State.DONE


def test_the_documented_path_finds_the_bot_by_its_token() -> None:
    connect("another-token")
    integration = connect()

    assert post().status_code == 200
    assert post(of=integration).status_code == 200  # a repeat

    assert InboundDelivery.objects.get().integration == integration


def test_two_bots_may_have_the_same_update_id() -> None:
    first, second = connect("first-bots-token"), connect("second-bots-token")

    for _ in range(3):
        assert post(of=first, token="first-bots-token").status_code == 200
        assert post(of=second, token="second-bots-token").status_code == 200

    assert InboundDelivery.objects.count() == 2


@pytest.mark.parametrize("token", [None, "", "wrong", "caf\xe9", TOKEN[:-1], TOKEN + "x", "\x00"])
def test_another_token_is_refused_on_both_paths(token: str | None) -> None:
    integration = connect()

    assert post(token=token).status_code == 401
    assert post(of=integration, token=token).status_code == 401

    assert not InboundDelivery.objects.exists()


def test_the_token_of_another_bot_is_refused() -> None:
    integration = connect()
    connect("another-token")

    assert post(of=integration, token="another-token").status_code == 401
    assert not InboundDelivery.objects.exists()


@pytest.mark.parametrize("secrets", [{}, {"secret_token": ""}])
@pytest.mark.parametrize("token", [None, "", "None"])
def test_without_a_secret_nothing_verifies(secrets: dict[str, str], token: str | None) -> None:
    integration = connect(secrets=secrets)

    assert post(token=token).status_code == 401
    assert post(of=integration, token=token).status_code == 401
    assert not InboundDelivery.objects.exists()


@pytest.mark.parametrize(
    "integration_id",
    [
        "6f1b5a0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b",
        "1",
        "99999999999999999999999999",
        "caf%C3%A9",
        "%00",
        "a" * 3000,
        "..",
        "%ED%A0%80",
    ],
    ids=str,
)
def test_an_id_that_is_none_is_refused_like_a_wrong_token(integration_id: object) -> None:
    connect()

    response = post(of=integration_id)

    assert response.status_code == 401
    assert response.json()["code"] == "INVALID_SIGNATURE"
    assert not InboundDelivery.objects.exists()


def test_the_id_of_another_providers_integration_is_refused() -> None:
    other = make_integration(provider="whatsapp", secrets={"secret_token": TOKEN})

    assert post(of=other).status_code == 401
    assert not InboundDelivery.objects.exists()


@pytest.mark.parametrize(
    ("body", "key", "topic"),
    [
        (b'{"update_id":9,"brand_new_type":{}}', "9", "brand_new_type"),
        (b'{"update_id":9}', "9", ""),
        (b'{"message":{},"update_id":9}', "9", "message"),
        (b'{"update_id":true}', None, ""),
        (b'{"update_id":"9"}', None, ""),
        (b'{"update_id":99999999999999999999999}', None, ""),
        (b'{"update_id":9,"\\u0000\\ud800":1}', "9", "��"),
        (b"[]", None, ""),
        (b"not JSON", None, ""),
        (b"", None, ""),
        (b"[" * 5000, None, ""),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_body_of_any_shape_is_kept(body: bytes, key: str | None, topic: str) -> None:
    connect()

    assert [post(body).status_code for _ in range(2)] == [200, 200]

    delivery = InboundDelivery.objects.get()
    assert delivery.topic == topic
    assert delivery.key == key if key else len(delivery.key) == 64


def test_a_body_may_have_one_mebibyte_and_no_byte_more() -> None:
    connect()
    largest = UPDATE + b" " * (1024 * 1024 - len(UPDATE))

    assert post(largest + b" ").status_code == 413
    assert not InboundDelivery.objects.exists()
    assert post(largest).status_code == 200
