"""The calls of Meta: its signature, its handshake, and which numbers a call is for."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from integrations.inbound.tests.factories import make_integration
from integrations.inbound.working import work_on
from integrations.models import InboundDelivery, Integration
from integrations.models.integrations import sealed
from integrations.whatsapp.webhook import MESSAGE_EXAMPLE
from notifications.models import Message

pytestmark = pytest.mark.django_db

PATH = "/api/v1/webhooks/whatsapp"
SECRETS = {"app_secret": "meta_app_secret", "verify_token": "our-verify-token"}
NUMBER, OTHER_NUMBER = "106540352242922", "106540352242923"
ASKED = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}

EMPTY = b'{"object":"whatsapp_business_account","entry":[]}'
EMPTY_SIGNATURE = "sha256=e6ad1226d7dbb376b93779e72f6ea6cc56d514dbcb4b3fa023b679f8f0220325"
# Meta writes what is not ASCII as escapes, and signs these.
ESCAPED = b'{"t":"caf\\u00e9"}'
ESCAPED_SIGNATURE = "sha256=03025a97c2063c51661a7d8329728de27214ce2e5101db8abe34d945d4605ac6"


def connect(number: str = NUMBER, **fields: Any) -> Integration:
    """Connect a phone number, in a project of its own."""
    return make_integration(provider="whatsapp", account=number, **{"secrets": SECRETS, **fields})


def post(body: bytes, *, signature: str | None = None, secret: str = "meta_app_secret") -> Any:
    """Post a call. Without a `signature`, it is signed with `secret`."""
    if signature is None:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        signature = f"sha256={digest}"
    return Client().post(
        PATH, body, content_type="application/json", headers={"X-Hub-Signature-256": signature}
    )


def body_about(*values: dict[str, Any], field: str = "messages") -> bytes:
    """Return a body with one entry for each value."""
    entries = [{"id": "1", "changes": [{"field": field, "value": value}]} for value in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def about(*numbers: str) -> bytes:
    """Return a body about phone numbers."""
    return body_about(*({"metadata": {"phone_number_id": number}} for number in numbers))


# --- The signature ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "signature"),
    [(EMPTY, EMPTY_SIGNATURE), (ESCAPED, ESCAPED_SIGNATURE)],
    ids=["empty", "escaped"],
)
def test_the_signature_is_that_of_the_raw_bytes(body: bytes, signature: str) -> None:
    connect()
    written_anew = json.dumps(json.loads(body), ensure_ascii=False).encode()

    assert post(written_anew, signature=signature).status_code == 401
    assert not InboundDelivery.objects.exists()
    assert post(body, signature=signature).status_code == 200

    assert bytes(InboundDelivery.objects.get().body) == body


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        EMPTY_SIGNATURE.removeprefix("sha256="),
        EMPTY_SIGNATURE.upper(),
        EMPTY_SIGNATURE.replace("sha256", "sha1"),
        EMPTY_SIGNATURE[:-1],
        "caf\xe9",
    ],
)
def test_another_signature_is_refused(signature: str) -> None:
    connect()

    assert post(EMPTY, signature=signature).status_code == 401

    assert not InboundDelivery.objects.exists()


@pytest.mark.parametrize("secrets", [{}, {"app_secret": ""}])
def test_without_a_secret_nothing_verifies(secrets: dict[str, str]) -> None:
    connect(secrets=secrets)

    for secret in ("", "None", "null"):
        assert post(about(NUMBER), secret=secret).status_code == 401
    assert not InboundDelivery.objects.exists()


# --- Whose call it is -------------------------------------------------------------------------


def test_a_call_about_several_numbers_is_stored_for_each_that_it_names() -> None:
    first, second = connect(NUMBER), connect(OTHER_NUMBER)
    connect("106540352242999")
    connect(NUMBER, secrets={"app_secret": "secret-of-another-app"})

    assert post(about(NUMBER, OTHER_NUMBER, NUMBER, "1")).status_code == 200

    stored = InboundDelivery.objects.order_by("integration_id")
    assert [each.integration for each in stored] == [first, second]
    assert {each.topic for each in stored} == {"messages"}


def test_a_call_about_numbers_of_others_is_refused() -> None:
    connect()

    assert post(about(OTHER_NUMBER)).status_code == 401
    assert not InboundDelivery.objects.exists()


def test_an_alert_about_the_whole_account_is_kept_and_ignored() -> None:
    integration = connect()
    connect(OTHER_NUMBER, secrets={"app_secret": "secret-of-another-app"})

    response = post(body_about({"event": "DISABLED"}, field="account_update"))

    assert response.status_code == 200
    delivery = InboundDelivery.objects.get()
    assert (delivery.integration, delivery.topic) == (integration, "account_update")
    work_on(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == InboundDelivery.State.IGNORED


def test_the_documented_message_is_stored_once() -> None:
    connect()
    body = json.dumps(MESSAGE_EXAMPLE).encode()

    assert [post(body).status_code for _ in range(2)] == [200, 200]

    delivery = InboundDelivery.objects.get()
    work_on(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == InboundDelivery.State.DONE
    assert Message.objects.get().content == "Where is my order?"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"[" * 5000,
        b'{"entry":{}}',
        b'{"entry":[null,1,"x",{"changes":null},{"changes":[null,{"field":1}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":[]}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":{"metadata":7}}]}]}',
        b'{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":7}}}]}]}',
        b'{"entry":[{"changes":[{"field":"\\u0000\\ud800"}]}]}',
    ],
    ids=lambda body: ascii(body[:50]),
)
def test_a_signed_body_of_any_shape_is_kept(body: bytes) -> None:
    connect()

    assert post(body, signature="sha256=00").status_code == 401
    assert not InboundDelivery.objects.exists()
    assert post(body).status_code == 200

    delivery = InboundDelivery.objects.get()
    work_on(delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state in {InboundDelivery.State.IGNORED, InboundDelivery.State.FAILED}


@pytest.mark.parametrize("number", ["\\u0000", "\\ud800", "1" * 100_000])
def test_a_number_that_cannot_be_one_names_nobody(number: str) -> None:
    connect()
    body = about("x").replace(b'"x"', f'"{number}"'.encode())

    assert post(body).status_code == 401


def test_a_stranger_can_name_any_number_of_numbers() -> None:
    connect()

    assert post(about(*map(str, range(20_000))), secret="wrong").status_code == 401
    assert not InboundDelivery.objects.exists()


# --- The size ---------------------------------------------------------------------------------


def test_a_body_may_have_three_mebibytes_and_no_byte_more(settings: Settings) -> None:
    connect()
    # The general limit does not matter here, neither to us nor to Django.
    settings.MAX_REQUEST_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    padding = 3 * 1024 * 1024 - len(about(NUMBER))
    largest = about(NUMBER) + b" " * padding

    too_large = post(largest + b" ")

    assert too_large.status_code == 413
    assert too_large.json()["code"] == "TOO_LARGE"
    assert too_large.json()["detail"] == "The body is larger than 3145728 bytes."
    assert not InboundDelivery.objects.exists()
    assert post(largest).status_code == 200
    assert len(InboundDelivery.objects.get().body) == 3 * 1024 * 1024


# --- The handshake ----------------------------------------------------------------------------


def ask(**changes: Any) -> Any:
    """Ask as Meta does; a change to None leaves the parameter out."""
    query = {**ASKED, "hub.verify_token": "our-verify-token"} | {
        f"hub.{name}": value for name, value in changes.items()
    }
    return Client().get(PATH, {name: value for name, value in query.items() if value is not None})


def test_the_handshake_repeats_the_challenge_as_text() -> None:
    connect(OTHER_NUMBER, secrets={"app_secret": "app-secret-2", "verify_token": "verify-token-2"})
    connect()

    response = ask()

    assert (response.status_code, response.content) == (200, b"1158201444")
    assert response["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "changes",
    [
        {"verify_token": "wrong"},
        {"verify_token": ""},
        {"verify_token": None},
        {"verify_token": "caf\xe9"},
        {"verify_token": "\x00"},
        {"mode": None},
        {"mode": "unsubscribe"},
        {"challenge": None},
    ],
    ids=str,
)
def test_another_question_is_refused(changes: dict[str, Any]) -> None:
    connect()

    response = ask(**changes)

    assert response.status_code == 403
    assert response.json()["code"] == "INVALID_VERIFY_TOKEN"


def disconnect() -> None:
    """Nothing is left of its secrets."""
    Integration.objects.update(status=Integration.Status.DISCONNECTED, secrets=None)


def lose_token() -> None:
    """It has no token."""
    Integration.objects.update(secrets=sealed({"app_secret": "meta_app_secret"}))


def empty_token() -> None:
    """Its token is empty."""
    Integration.objects.update(secrets=sealed({"verify_token": ""}))


@pytest.mark.parametrize("change", [disconnect, lose_token, empty_token])
@pytest.mark.parametrize("token", ["our-verify-token", "", None, "None"])
def test_without_a_token_of_ours_every_question_is_refused(change: Any, token: str | None) -> None:
    connect()
    change()

    assert ask(verify_token=token).status_code == 403


def test_handshakes_are_counted_like_any_request_without_a_token(settings: Settings) -> None:
    settings.RATE_LIMIT_STANDARD = "2/m"
    connect()

    answers = [ask(), ask(verify_token="wrong"), ask()]

    assert [answer.status_code for answer in answers] == [200, 403, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
