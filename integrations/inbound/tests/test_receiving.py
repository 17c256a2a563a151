"""Taking calls of providers: what is stored, what is refused, and that nobody can tell why."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Project
from integrations.contracts import Call
from integrations.inbound.tests.factories import BODY, PATH, headers_of, make_integration, post
from integrations.inbound.tests.pretend import provider
from integrations.inbound.tests.pretend.provider import SECRET, SHOP, Handler, signature_of
from integrations.inbound.working import work_on
from integrations.models import InboundDelivery, Integration
from integrations.models.integrations import sealed, sealed_earlier
from orderchainer.core.encryption import Secret
from orderchainer.testing.statements import Statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pretend")]

State = InboundDelivery.State
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

# Bodies whose signature fits their bytes and nothing else: escapes beside the same character raw,
# and bytes that are not UTF-8.
RAW = b'{"id": 5940139491234, "note": "a\\/b \\u2028 \xe2\x80\xa8", "name":"#1002"}'
RAW_SIGNATURE = "86BifiLbHbaGkAEFGBW3/ZxvZOBs42Grdb3U/aVTbvk="
NOT_UTF_8 = b'{"id":5940139491234,"note":"caf\xe9","name":"#1002"}'
NOT_UTF_8_SIGNATURE = "d619S6ltypC0Pb61Sgddp1V0mhCTLMspFcsJxVZapFk="
PLAIN = '{"id":820982911946154508,"name":"#1001","note":"café"}'.encode()
PLAIN_SIGNATURE = "2mrb399R0wSwjmKyn3SxRzutylNgo+LRCK/8yJl8cWI="


def refusal_of(response: Any) -> dict[str, Any]:
    """Return the body of a refused call, without its moment."""
    body: dict[str, Any] = response.json()
    assert body.pop("timestamp").endswith("Z")
    return body


REFUSED = {
    "detail": "The call is not signed as this address requires.",
    "code": "INVALID_SIGNATURE",
}


def assert_refused(response: Any) -> None:
    """Check that a call got the one refusal, and that nothing was stored."""
    assert response.status_code == 401
    assert refusal_of(response) == REFUSED
    assert InboundDelivery.objects.count() == 0


# --- What is signed ---------------------------------------------------------------------------


def test_a_signed_call_is_stored_as_it_came() -> None:
    integration = make_integration()

    response = post(x_webhook_id="w1", x_event_id="e1")

    assert (response.status_code, response.content) == (200, b"")
    delivery = InboundDelivery.objects.get()
    assert delivery.integration == integration
    assert bytes(delivery.body) == BODY
    assert (delivery.topic, delivery.key, delivery.second_key) == ("orders/create", "w1", "e1")
    assert (delivery.state, delivery.attempts) == (State.RECEIVED, 0)
    # The signature and whatever else came along is not kept.
    assert delivery.headers == {"x-topic": "orders/create", "x-shop": SHOP, "x-webhook-id": "w1"}


@pytest.mark.parametrize(
    ("body", "signature"),
    [(PLAIN, PLAIN_SIGNATURE), (RAW, RAW_SIGNATURE), (NOT_UTF_8, NOT_UTF_8_SIGNATURE)],
    ids=["plain", "escapes", "not UTF-8"],
)
def test_the_signature_is_checked_over_the_raw_bytes(body: bytes, signature: str) -> None:
    make_integration()
    changed = body.replace(b"#100", b"#200")

    assert_refused(post(changed, x_hmac_sha256=signature))
    assert post(body, x_hmac_sha256=signature).status_code == 200

    assert bytes(InboundDelivery.objects.get().body) == body


@pytest.mark.parametrize("spelling", [PATH, f"{PATH}/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/xml"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": ""},
        {"accept": "image/png"},
        {"authorization": "Bearer made-up"},
        {"cookie": "sessionid=made-up"},
    ],
    ids=str,
)
def test_nothing_but_the_signature_counts(spelling: str, headers: dict[str, str]) -> None:
    make_integration()
    client = Client(enforce_csrf_checks=True)

    response = client.generic("POST", spelling, BODY, headers={**headers_of(BODY), **headers})

    assert (response.status_code, response.content) == (200, b"")
    assert "set-cookie" not in response.headers
    assert InboundDelivery.objects.count() == 1


def test_it_takes_one_query_and_one_insert() -> None:
    for _ in range(3):
        make_integration()
    headers = headers_of(BODY)
    for _ in range(2):  # the second one is a repeat
        statements = Statements()
        with connection.execute_wrapper(statements):
            Client().post(PATH, BODY, content_type="application/json", headers=headers)
        assert [sql.split()[0] for sql in statements.take()] == ["SELECT", "INSERT"]
    assert InboundDelivery.objects.count() == 3


def test_each_integration_whose_secret_signs_gets_its_own_delivery() -> None:
    first, second = make_integration(), make_integration()
    impostor = make_integration(secrets={"api_secret": "made-up-shop-secret"})
    make_integration(account="another.example.com")

    assert post().status_code == 200

    owners = InboundDelivery.objects.order_by("integration_id").values_list(
        "integration_id", flat=True
    )
    assert list(owners) == [first.pk, second.pk]
    assert not impostor.deliveries.exists()


def test_an_impostor_gets_what_its_own_secret_signs_and_nothing_else() -> None:
    make_integration()
    impostor = make_integration(secrets={"api_secret": "made-up-shop-secret"})

    assert post(x_hmac_sha256=signature_of(BODY, "made-up-shop-secret")).status_code == 200

    assert InboundDelivery.objects.get().integration == impostor


def test_a_crowd_of_impostors_does_not_keep_out_the_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("integrations.inbound.verifying.MAX_INTEGRATIONS", 2)
    for _ in range(3):
        make_integration(
            secrets={"api_secret": "made-up-shop-secret"}, status=Integration.Status.ERROR
        )
    owner = make_integration()

    assert post().status_code == 200

    assert InboundDelivery.objects.get().integration == owner


def test_old_secrets_count_until_their_time_is_over() -> None:
    in_an_hour = NOW + timedelta(hours=1)
    with time_machine.travel(NOW, tick=False) as clock:
        make_integration(
            secrets={"api_secret": "new-shop-secret"},
            old_secrets=sealed_earlier(
                [{"secrets": {"api_secret": SECRET}, "until": in_an_hour.isoformat()}]
            ),
            old_secrets_until=in_an_hour,
        )

        assert post().status_code == 200
        assert post(x_hmac_sha256=signature_of(BODY, "new-shop-secret")).status_code == 200
        clock.shift(timedelta(hours=1))
        assert post().status_code == 401
        assert post(x_hmac_sha256=signature_of(BODY, "new-shop-secret")).status_code == 200

    assert InboundDelivery.objects.count() == 3


# --- Repeats ----------------------------------------------------------------------------------


def test_a_repeat_gets_the_same_answer_and_stores_nothing() -> None:
    make_integration()
    headers = headers_of(BODY, x_event_id="e1")

    answers = [
        Client().post(PATH, BODY, content_type="application/json", headers=headers)
        for _ in range(3)
    ]

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"")}
    assert InboundDelivery.objects.count() == 1


def test_either_key_makes_a_repeat_and_an_empty_second_key_does_not() -> None:
    make_integration()

    post(x_webhook_id="w1", x_event_id="e1")
    post(x_webhook_id="w1", x_event_id="e2")
    post(x_webhook_id="w2", x_event_id="e1")
    post(x_webhook_id="w3", x_event_id="")
    post(x_webhook_id="w4", x_event_id="")

    keys = InboundDelivery.objects.order_by("pk").values_list("key", "second_key")
    assert list(keys) == [("w1", "e1"), ("w3", ""), ("w4", "")]


def test_a_call_without_an_id_is_known_by_its_topic_and_bytes() -> None:
    make_integration()

    for body, topic in ((b"1", "a"), (b"1", "a"), (b"2", "a"), (b"1", "b")):
        assert post(body, x_webhook_id="", x_topic=topic).status_code == 200

    stored = InboundDelivery.objects.order_by("pk")
    assert [(bytes(each.body), each.topic) for each in stored] == [
        (b"1", "a"),
        (b"2", "a"),
        (b"1", "b"),
    ]


def test_a_repeat_is_new_to_an_integration_that_came_later() -> None:
    make_integration()
    post(x_webhook_id="w1")
    later = make_integration()

    assert post(x_webhook_id="w1").status_code == 200

    assert InboundDelivery.objects.count() == 2
    assert later.deliveries.get().key == "w1"


@pytest.mark.parametrize(
    "key", ["k" * 256, "k" * 5000, "caf\xe9" * 100, "tab\there", "\x00", "\u202eright to left"]
)
def test_a_key_that_does_not_fit_is_kept_as_a_digest(key: str) -> None:
    make_integration()

    assert post(x_webhook_id=key).status_code == 200
    assert post(x_webhook_id=key).status_code == 200
    assert post(x_webhook_id=f"{key}2").status_code == 200

    assert [len(each.key) for each in InboundDelivery.objects.all()] == [64, 64]


# --- What is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"x_hmac_sha256": ""},
        {"x_hmac_sha256": signature_of(BODY, "another secret")},
        {"x_hmac_sha256": signature_of(BODY)[:-2]},
        {"x_hmac_sha256": signature_of(BODY) + "="},
        {"x_hmac_sha256": "caf\xe9"},
        {"x_hmac_sha256": "\x00"},
        {"x_hmac_sha256": "a" * 100_000},
        {"x_shop": "another.example.com"},
        {"x_shop": SHOP.upper()},
        {"x_shop": ""},
        {"x_shop": "\x00"},
        {"x_shop": "caf\xe9.example.com"},
        {"x_shop": "a" * 10_000},
    ],
    ids=lambda changes: ascii(changes)[:60],
)
def test_a_call_that_nothing_signs_is_refused(changes: dict[str, Any]) -> None:
    make_integration()

    assert_refused(post(**changes))


def test_a_call_without_any_header_is_refused() -> None:
    make_integration()

    assert_refused(Client().post(PATH, BODY, content_type="application/json"))


def disconnected() -> None:
    """Nothing is left of its secrets."""
    Integration.objects.update(status=Integration.Status.DISCONNECTED, secrets=None)


def closed() -> None:
    """The project is deleted; its rows stay."""
    Project.objects.update(is_active=False)


def without_secret() -> None:
    """It never had the secret that signs."""
    Integration.objects.update(secrets=sealed({"api_secret": ""}))


def with_a_lost_key() -> None:
    """The secrets cannot be decrypted."""
    Integration.objects.update(secrets=Secret("not encrypted by us"))


@pytest.mark.parametrize("change", [disconnected, closed, without_secret, with_a_lost_key])
def test_an_account_that_takes_no_calls_answers_like_an_unknown_one(
    change: Callable[[], None],
) -> None:
    make_integration()
    change()

    assert_refused(post())


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(method: str) -> None:
    response = Client().generic(method, PATH, BODY)

    assert response.status_code == 405
    if method != "HEAD":
        assert refusal_of(response)["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    "path", [f"{PATH}/6f1b5a0e-1c2d-4e3f-8a9b-0c1d2e3f4a5b", "/api/v1/webhooks/unknown"]
)
def test_other_paths_do_not_exist(path: str) -> None:
    response = post(path=path)

    assert response.status_code == 404
    assert refusal_of(response)["code"] == "NOT_FOUND"


# --- Nobody can tell which accounts are connected ---------------------------------------------


@dataclass
class Work:
    """What a refused call took."""

    statements: list[str]
    decryptions: int
    verifications: int


def work_of(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Work:
    """Make a call that is refused, and count what it took."""
    work = Work([], 0, 0)
    reveal, verifies = Secret.reveal, provider.verifies

    def count_reveal(secret: Secret) -> str:
        work.decryptions += 1
        return reveal(secret)

    def count_verifies(call: Call, secrets: Mapping[str, str]) -> bool:
        work.verifications += 1
        return verifies(call, secrets)

    webhook = provider.PROVIDER.webhook
    assert webhook is not None
    statements = Statements()
    with monkeypatch.context() as patch, connection.execute_wrapper(statements):
        patch.setattr(Secret, "reveal", count_reveal)
        object.__setattr__(webhook, "verifies", count_verifies)
        try:
            assert_refused(post(**changes))
        finally:
            object.__setattr__(webhook, "verifies", verifies)
    # Without what `assert_refused` asks itself.
    work.statements = [each for each in statements.take() if "COUNT" not in each]
    return work


def test_a_refused_call_takes_the_same_work_whether_or_not_the_account_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    make_integration(account="known.example.com")
    make_integration(
        account="rotated.example.com",
        old_secrets=sealed_earlier(
            [
                {"secrets": {"api_secret": f"old-shop-secret-{each}"}, "until": soon.isoformat()}
                for each in "abc"
            ]
        ),
        old_secrets_until=soon,
    )
    wrong = signature_of(BODY, "wrong")

    works = [
        work_of(monkeypatch, x_hmac_sha256=wrong, x_shop=shop)
        for shop in ("known.example.com", "rotated.example.com", "unknown.example.com", "")
    ]

    assert works == [works[0]] * 4
    assert (len(works[0].statements), works[0].decryptions, works[0].verifications) == (1, 2, 4)


def test_the_log_says_what_came_and_nothing_private(caplog: pytest.LogCaptureFixture) -> None:
    make_integration()
    with caplog.at_level(logging.INFO):
        post(b'{"email":"grace@example.com"}', x_webhook_id="w1")
        post(x_hmac_sha256="wrong-signature")
        work_on(InboundDelivery.objects.get().pk)

    assert "webhook_refused" in caplog.text
    assert "inbound_delivery_finished" in caplog.text
    assert "orders/create" in caplog.text
    for private in ("grace@example.com", "wrong-signature", SECRET):
        assert private not in caplog.text


# --- Limits -----------------------------------------------------------------------------------


def test_refused_calls_are_limited_and_signed_ones_are_not(settings: Settings) -> None:
    settings.RATE_LIMIT_WEBHOOKS = "2/m"
    settings.RATE_LIMIT_STANDARD = "1/m"
    make_integration()

    refused = [post(x_hmac_sha256="wrong") for _ in range(3)]
    accepted = [post() for _ in range(3)]
    again = post(x_hmac_sha256="wrong")

    assert [response.status_code for response in refused] == [401, 401, 429]
    assert [response["X-RateLimit-Remaining"] for response in refused] == ["1", "0", "0"]
    assert refusal_of(refused[2])["code"] == "RATE_LIMIT_EXCEEDED"
    assert int(refused[2]["Retry-After"]) > 0
    assert [response.status_code for response in accepted] == [200] * 3
    assert not any("X-RateLimit-Limit" in response for response in accepted)
    assert again.status_code == 429


def test_another_address_has_its_own_limit(settings: Settings) -> None:
    settings.RATE_LIMIT_WEBHOOKS = "1/m"

    def status_from(address: str) -> int:
        response = Client().post(PATH, BODY, content_type="application/json", REMOTE_ADDR=address)
        return response.status_code

    assert [status_from(address) for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2")] == [
        401,
        429,
        401,
    ]


# --- Hostile bodies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[" * 100_000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b'{"id": 99999999999999999999999999999999}',
        b'{"id": NaN}',
        b'{"note": "\\u0000"}',
        b'{"note": "\\ud800"}',
        b"\x00\xff\xfe",
    ],
    ids=lambda body: ascii(body[:30]),
)
def test_any_signed_body_is_kept_and_no_unsigned_one_is(body: bytes) -> None:
    make_integration()

    assert_refused(post(body, x_hmac_sha256="wrong"))
    assert post(body).status_code == 200

    assert bytes(InboundDelivery.objects.get().body) == body


@pytest.mark.parametrize("changes", [{}, {"x_hmac_sha256": "wrong"}], ids=["signed", "unsigned"])
def test_a_body_of_ten_megabytes_is_refused_and_not_kept(changes: dict[str, str]) -> None:
    make_integration()

    response = post(b'{"note": "' + b"x" * 10_000_000 + b'"}', **changes)

    assert response.status_code == 413
    assert refusal_of(response)["code"] == "TOO_LARGE"
    assert InboundDelivery.objects.count() == 0


def test_a_body_in_chunks_is_read() -> None:
    make_integration()

    response = Client().post(
        PATH,
        content_type="application/json",
        headers=headers_of(BODY),
        HTTP_TRANSFER_ENCODING="chunked",
        CONTENT_LENGTH="",
        **{"wsgi.input": BytesIO(BODY)},  # type: ignore[arg-type]  # the environment of WSGI
    )

    assert response.status_code == 200
    assert bytes(InboundDelivery.objects.get().body) == BODY


class BrokenStream(BytesIO):
    """A body that breaks off: the client is gone."""

    def read(self, *args: Any) -> bytes:
        raise ConnectionResetError


def test_a_body_that_breaks_off_is_a_400() -> None:
    make_integration()

    response = Client().post(
        PATH,
        content_type="application/json",
        headers=headers_of(BODY),
        CONTENT_LENGTH="8",
        **{"wsgi.input": BrokenStream()},  # type: ignore[arg-type]  # the environment of WSGI
    )

    assert response.status_code == 400
    assert refusal_of(response)["code"] == "UNREADABLE"
    assert InboundDelivery.objects.count() == 0


def test_a_topic_with_control_characters_is_kept_readable_and_short() -> None:
    make_integration()

    assert post(x_topic="orders\x00\x1b[31m" + "x" * 1000).status_code == 200

    delivery = InboundDelivery.objects.get()
    assert delivery.topic == ("orders\\u0000\\u001b[31m" + "x" * 1000)[:64]
    assert len(delivery.headers["x-topic"]) == 500


# --- Waking a worker --------------------------------------------------------------------------


def test_a_worker_is_woken_for_what_is_new_and_not_for_repeats(
    pretend: Handler, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_integration()
    with django_capture_on_commit_callbacks() as first:
        post(x_webhook_id="w1")
    with django_capture_on_commit_callbacks() as repeat:
        post(x_webhook_id="w1")

    assert (len(first), len(repeat)) == (1, 0)
    # The handler runs in a worker and never in the request.
    assert pretend.got == []
