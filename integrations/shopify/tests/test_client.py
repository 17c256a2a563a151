"""One call to Shopify and its outcome, over real HTTP to a strict emulator."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pytest_django import Settings

from integrations.sandbox.shopify import seed
from integrations.shopify import client
from integrations.shopify.client import (
    NoAccess,
    Reply,
    Throttled,
    TokenRefused,
    TooExpensive,
    ask,
    fetch_token,
    lines_of,
)
from integrations.shopify.tests.shop import API_PATH, TOKEN_PATH, PretendShop
from orderchainer.core.outbox import GiveUp, TryAgain

QUERY = "query Names { shop { name } }"
NAME = {"shop": {"name": "Demo Shop"}}


def call(shop: PretendShop, query: str = QUERY, **variables: Any) -> Reply:
    return ask(shop.domain, shop.shop.access_token, query, variables)


def refusal(shop: PretendShop, query: str = QUERY, **variables: Any) -> TryAgain | GiveUp:
    """Make a call that has to fail, and return its outcome."""
    with pytest.raises((TryAgain, GiveUp)) as refused:
        call(shop, query, **variables)
    outcome = refused.value
    assert isinstance(outcome, TryAgain | GiveUp)
    assert shop.shop.access_token not in str(outcome)
    return outcome


def errors(*codes: str, message: str = "Some words", **more: Any) -> dict[str, Any]:
    """Return an answer with an error for each code."""
    each = [{"message": message, "extensions": {"code": code, **more}} for code in codes]
    return {"errors": each}


@contextmanager
def answering(*parts: bytes, pause: float = 0) -> Iterator[str]:
    """Serve one connection at a host, byte for byte: each part after a pause."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                try:
                    for part in parts:
                        connection.sendall(part)
                        if over.wait(pause):
                            return
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        over.set()
        thread.join()


# --- Success ----------------------------------------------------------------------------------


def test_asks_as_shopify_wants_to_be_asked(shop: PretendShop) -> None:
    reply = call(shop)

    assert reply == Reply(NAME, cost=1)
    (request,) = shop.calls()
    assert request.path == f"/shopify/{shop.domain}/admin/api/2026-10/graphql.json"
    assert request.headers["x-shopify-access-token"] == shop.shop.access_token
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"].startswith("OrderChainer/1.0 (http")


def test_an_answer_may_have_fields_that_we_do_not_know(shop: PretendShop) -> None:
    shop.answer({"data": {**NAME, "brandNew": 1}, "extensions": {"new": []}, "else": None})
    assert call(shop).data == {**NAME, "brandNew": 1}


def test_an_answer_may_lack_what_is_optional(shop: PretendShop) -> None:
    shop.answer({"data": NAME})
    assert call(shop) == Reply(NAME)
    shop.answer({"data": NAME, "extensions": {"cost": None, "search": None}, "errors": None})
    assert call(shop) == Reply(NAME)


def test_trades_credentials_for_a_token(shop: PretendShop) -> None:
    token = fetch_token(shop.domain, **shop.credentials)

    assert token.lifetime_seconds == 86399
    assert ask(shop.domain, token.text, QUERY, {}).data == NAME


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(60, 60.0), (None, 3600.0), ("60", 3600.0), (0, 3600.0), (-1, 3600.0), (10**12, 86400.0)],
)
def test_a_token_is_used_for_a_bounded_time(
    shop: PretendShop, expires_in: Any, seconds: float
) -> None:
    answer = {"access_token": "shpat_1", "expires_in": expires_in}
    shop.answer(answer, match=TOKEN_PATH)
    assert fetch_token(shop.domain, **shop.credentials).lifetime_seconds == seconds


# --- Refusals by status -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [
        (400, GiveUp, "Shopify refused the call with 400."),
        (401, TokenRefused, "Shopify does not accept the access token any more (401)."),
        (402, NoAccess, "Shopify has frozen the shop until its bill is paid (402)."),
        (403, NoAccess, "Shopify does not let the app into the shop (403)."),
        (404, NoAccess, "Shopify knows no such shop, or the app is not installed there (404)."),
        (406, GiveUp, "Shopify refused the call with 406."),
        (408, TryAgain, "Shopify answered 408."),
        (409, TryAgain, "Shopify answered 409."),
        (413, GiveUp, "Shopify refused the call with 413."),
        (414, GiveUp, "Shopify refused the call with 414."),
        (422, GiveUp, "Shopify refused the call with 422."),
        (423, NoAccess, "Shopify has locked the shop (423)."),
        (425, TryAgain, "Shopify answered 425."),
        (430, TryAgain, "Shopify's firewall blocked the call."),
        (500, TryAgain, "Shopify answered 500."),
        (502, TryAgain, "Shopify answered 502."),
        (503, TryAgain, "Shopify answered 503."),
        (504, TryAgain, "Shopify answered 504."),
    ],
)
@pytest.mark.parametrize("kind", ["status", "html"])
def test_the_status_decides_about_another_try(
    shop: PretendShop, kind: str, status: int, outcome: type[Exception], words: str
) -> None:
    shop.go_wrong(kind, status=status)

    refused = refusal(shop)

    assert type(refused) is outcome
    assert str(refused) == words
    assert len(shop.calls()) == 1


def test_a_refusal_repeats_what_shopify_said(shop: PretendShop) -> None:
    shop.go_wrong("status", status=400, body='{"errors": {"query": "It is\\n too\\u0007 long."}}')
    assert str(refusal(shop)) == (
        'Shopify refused the call with 400. It said: {"query":"It is\\n too\\u0007 long."}.'
    )
    shop.go_wrong(
        "status", status=422, body='{"errors": "Bad.\\n\\u0000 Really ' + "x" * 400 + '"}'
    )
    words = str(refusal(shop))
    assert words.startswith("Shopify refused the call with 422. It said: Bad. Really xxx")
    assert words.endswith("xxx….")
    assert len(words) < 360


def test_a_refusal_never_repeats_a_secret(shop: PretendShop) -> None:
    token = shop.shop.access_token
    shop.go_wrong("status", status=400, body=f'{{"errors": "no token {token}"}}')
    assert str(refusal(shop)).endswith("It said: no token ….")
    secret = shop.shop.client_secret
    shop.go_wrong("status", match=TOKEN_PATH, status=400, body=f'{{"error": "{secret}!"}}')
    with pytest.raises(NoAccess) as refused:
        fetch_token(shop.domain, **shop.credentials)
    assert str(refused.value).endswith("It said: …!.")


def test_a_redirect_is_never_followed(shop: PretendShop) -> None:
    for status in (301, 302, 307, 308):
        elsewhere = {"Location": f"http://{shop.sandbox.host}/shopify/elsewhere"}
        shop.go_wrong("status", status=status, headers=elsewhere)
        assert str(refusal(shop)) == f"Shopify answered {status}."
    assert shop.calls("elsewhere") == []


# --- Too many requests ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "at_least"),
    [("3", 3), ("2.5", 2.5), ("0", 1), ("-5", 1), (None, 2), ("soon", 2), ("nan", 2), ("inf", 2),
     ("Wed, 21 Oct 2026 07:28:00 GMT", 2), ("999999", 600)],
)  # fmt: skip
def test_a_429_is_a_wait_of_a_bounded_time(
    shop: PretendShop, header: str | None, at_least: float
) -> None:
    shop.go_wrong("status", status=429, headers={"Retry-After": header} if header else {})

    refused = refusal(shop)

    assert isinstance(refused, Throttled)
    assert at_least <= refused.after_seconds <= at_least * 1.1
    assert not refused.counts


def test_throttling_within_an_answer_of_200_is_a_wait_for_enough_points(shop: PretendShop) -> None:
    seed(shop.shop, 1)
    query = "query Orders($n: Int!) { orders(first: $n) { nodes { id } } }"
    shop.set_bucket(level=1, restore_rate=4)

    refused = refusal(shop, query, n=250)

    assert isinstance(refused, Throttled)
    assert 3 <= refused.after_seconds <= 3.4
    assert not refused.counts


@pytest.mark.parametrize(
    ("cost", "at_least"),
    [
        ({"requestedQueryCost": 60, "throttleStatus": {"currentlyAvailable": 10,
          "restoreRate": 50.0}}, 1),
        ({"requestedQueryCost": 500, "throttleStatus": {"currentlyAvailable": 0,
          "restoreRate": 50.0}}, 10),
        ({"requestedQueryCost": 10, "throttleStatus": {"currentlyAvailable": 60,
          "restoreRate": 50.0}}, 1),
        ({"requestedQueryCost": 60, "throttleStatus": {"currentlyAvailable": 10,
          "restoreRate": 0}}, 2),
        ({"requestedQueryCost": 60, "throttleStatus": {"currentlyAvailable": 10,
          "restoreRate": -5}}, 2),
        ({"requestedQueryCost": 10**9, "throttleStatus": {"currentlyAvailable": 0,
          "restoreRate": 1}}, 600),
        ({"requestedQueryCost": None, "throttleStatus": None}, 2),
        ({"requestedQueryCost": "60", "throttleStatus": []}, 2),
        (None, 2),
    ],
)  # fmt: skip
def test_a_throttled_call_waits_a_second_at_least_whatever_the_answer_tells(
    shop: PretendShop, cost: Any, at_least: float
) -> None:
    shop.answer({**errors("THROTTLED"), "extensions": {"cost": cost}})

    refused = refusal(shop)

    assert isinstance(refused, Throttled)
    assert at_least <= refused.after_seconds <= at_least * 1.1


# --- Errors of GraphQL ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "outcome", "words"),
    [
        (["MAX_COST_EXCEEDED"], TooExpensive, "The query is too expensive."),
        (["ACCESS_DENIED"], NoAccess, "The app lacks a permission in the shop."),
        (["SHOP_INACTIVE"], NoAccess, "The shop is not active at Shopify."),
        (["INTERNAL_SERVER_ERROR"], TryAgain, "Shopify failed."),
        (["TIMEOUT", "INTERNAL_SERVER_ERROR"], TryAgain, "Shopify failed."),
        (["undefinedField"], GiveUp, "Shopify refused the query."),
        (["BRAND_NEW"], GiveUp, "Shopify refused the query."),
        (["THROTTLED", "ACCESS_DENIED"], NoAccess, "The app lacks a permission in the shop."),
        (["INTERNAL_SERVER_ERROR", "undefinedField"], GiveUp, "Shopify refused the query."),
    ],
)
@pytest.mark.parametrize("data", [None, NAME])
def test_errors_in_an_answer_of_200_are_told_apart(
    shop: PretendShop, data: Any, codes: list[str], outcome: type[Exception], words: str
) -> None:
    shop.answer({**errors(*codes), "data": data})

    refused = refusal(shop)

    assert type(refused) is outcome
    assert str(refused) == f"{words} It said: Some words."


def test_an_internal_error_names_the_request_for_shopifys_support(shop: PretendShop) -> None:
    shop.answer(errors("INTERNAL_SERVER_ERROR", message="Oops.", requestId="ab-12"))
    assert str(refusal(shop)) == ("Shopify failed. It said: Oops. The request's id there is ab-12.")


@pytest.mark.parametrize(
    "answer",
    [{"errors": "no list"}, {"errors": [{"message": 7}]}, {"errors": ["text"]}, {"data": None},
     {"data": []}, {"else": 1}, {"errors": [{"message": "x", "extensions": {"code": 5}}]}],
)  # fmt: skip
def test_an_answer_of_another_shape_is_worth_another_try(shop: PretendShop, answer: Any) -> None:
    shop.answer(answer)
    assert type(refusal(shop)) is TryAgain


def test_the_emulator_refuses_as_shopify_does(shop: PretendShop) -> None:
    assert type(refusal(shop, "{ shop { brandNew } }")) is GiveUp
    shop.shop.scopes = ["read_products"]
    assert type(refusal(shop, "{ orders(first: 1) { nodes { id } } }")) is NoAccess
    shop.shop.trouble = "inactive"
    assert type(refusal(shop)) is NoAccess
    shop.shop.trouble = ""
    shop.shop.access_token = "shpat_another"
    with pytest.raises(TokenRefused):
        ask(shop.domain, "shpat_wrong", QUERY, {})
    with pytest.raises(NoAccess, match=r"\(404\)"):
        ask("unknown.myshopify.com", "shpat_another", QUERY, {})


def test_a_filter_that_shopify_ignores_is_an_error(shop: PretendShop) -> None:
    seed(shop.shop, 2)
    query = "query Orders($q: String!) { orders(first: 5, query: $q) { nodes { id } } }"

    refused = refusal(shop, query, q="updated:>yesterday")

    assert type(refused) is GiveUp
    assert str(refused) == (
        "Shopify did not understand our filter. It said: updated: Invalid search field for this "
        "query."
    )


@pytest.mark.parametrize("hidden", ["customer", "email", "phone", "shippingAddress"])
def test_data_of_customers_may_be_missing_but_nothing_else(shop: PretendShop, hidden: str) -> None:
    data = {"orders": {"nodes": [{"id": "1", hidden: None}]}}
    error = errors("ACCESS_DENIED")["errors"][0]
    error["path"] = ["orders", "nodes", 0, hidden]
    shop.answer({"data": data, "errors": [error]})
    assert call(shop) == Reply(data, hides_customers=True)

    for path in (["orders", "nodes", 0, "lineItems"], ["orders"], None, "customer"):
        shop.answer({"data": data, "errors": [error, {**error, "path": path}]})
        assert type(refusal(shop)) is NoAccess
    shop.answer({"data": None, "errors": [error]})
    assert type(refusal(shop)) is NoAccess


# --- Wrong credentials ------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["api_key", "api_secret"])
def test_wrong_credentials_are_told_apart_from_a_failure(shop: PretendShop, wrong: str) -> None:
    with pytest.raises(NoAccess) as refused:
        fetch_token(shop.domain, **{**shop.credentials, wrong: "wrong-but-long"})

    assert str(refused.value).startswith(
        "Shopify does not accept api_key and api_secret for this shop. Copy both from the app's "
        "settings, and install the app in the shop. It said: "
    )


@pytest.mark.parametrize(
    "answer", [{"scope": "x"}, {"access_token": ""}, {"access_token": "a b"}, {"access_token": 1}]
)
def test_an_answer_without_a_token_is_worth_another_try(shop: PretendShop, answer: Any) -> None:
    shop.answer(answer, match=TOKEN_PATH)
    with pytest.raises(TryAgain, match=r"Shopify sent no access token\."):
        fetch_token(shop.domain, **shop.credentials)


def test_a_token_is_throttled_and_refused_like_everything_else(shop: PretendShop) -> None:
    shop.go_wrong("status", match=TOKEN_PATH, status=429, headers={"Retry-After": "7"})
    with pytest.raises(Throttled):
        fetch_token(shop.domain, **shop.credentials)
    shop.go_wrong("status", match=TOKEN_PATH, status=404)
    with pytest.raises(NoAccess):
        fetch_token(shop.domain, **shop.credentials)


# --- No answer --------------------------------------------------------------------------------


def test_a_page_of_html_instead_of_an_answer_is_worth_another_try(shop: PretendShop) -> None:
    shop.go_wrong("html", status=200)
    assert str(refusal(shop)) == "Shopify's answer is not the JSON that it should be."


@pytest.mark.parametrize("kind", ["close", "truncate"])
def test_a_lost_connection_is_worth_another_try(shop: PretendShop, kind: str) -> None:
    shop.go_wrong(kind)
    refused = refusal(shop)
    assert type(refused) is TryAgain
    assert str(refused) == "Shopify could not be reached, or closed the connection."


@pytest.mark.usefixtures("shop")
def test_a_refused_connection_is_worth_another_try(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.SHOPIFY_API_BASE = f"http://127.0.0.1:{port}"
    with pytest.raises(TryAgain, match="could not be reached") as refused:
        ask("x.myshopify.com", "shpat_0123456789", QUERY, {})
    assert not refused.value.timed_out


def test_a_call_ends_in_time_if_no_answer_comes(shop: PretendShop, settings: Settings) -> None:
    settings.SHOPIFY_TIMEOUT = 0.2
    shop.go_wrong("hang")
    refused = refusal(shop)
    assert isinstance(refused, TryAgain)
    assert refused.timed_out
    assert str(refused) == "Shopify did not answer within 0.2 seconds."


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    "parts",
    [
        [bytes([byte]) for byte in HEAD],
        [HEAD + b"Content-Length: 1000\r\n\r\n", *[b" "] * 100],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * 100],
    ],
    ids=["head", "body", "chunks"],
)
def test_a_call_ends_in_time_if_the_answer_drips_in(settings: Settings, parts: list[bytes]) -> None:
    settings.SHOPIFY_TIMEOUT = 0.3
    with answering(*parts, pause=0.02) as host:
        settings.SHOPIFY_API_BASE = f"http://{host}"
        began = time.monotonic()
        with pytest.raises(TryAgain) as refused:
            ask("x.myshopify.com", "shpat_0123456789", QUERY, {})
        assert time.monotonic() - began < 1
    assert refused.value.timed_out


def test_an_answer_is_read_up_to_a_size(shop: PretendShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_ANSWER_BYTES", 1000)
    shop.answer({"data": {"text": "x" * 2000}})
    refused = refusal(shop)
    assert type(refused) is TooExpensive


# --- Versions ---------------------------------------------------------------------------------


def test_says_which_version_answered_and_what_will_change(
    shop: PretendShop, settings: Settings
) -> None:
    settings.SHOPIFY_API_VERSION = "2024-01"
    shop.shop.deprecated_reason = "https://shopify.dev/changes."
    assert call(shop).announcements == (
        "Version 2026-01 of the API answered.",
        "Shopify is about to change what we use: https://shopify.dev/changes.",
    )


# --- Files of bulk operations -----------------------------------------------------------------

FILE = b'{"id":"a"}\n{"id":"b"}\n\n{"id":"c"}'


def read(parts: Any) -> tuple[list[bytes], int]:
    """Read a file to its end; return all lines and the last position."""
    lines: list[bytes] = []
    position = -1
    for some, end in parts:
        lines += some
        position = end
    return lines, position


def file_url(shop: PretendShop) -> str:
    return f"http://{shop.sandbox.host}/shopify/bulk/1.jsonl"


def serve(shop: PretendShop, body: bytes = FILE, status: int = 200, **more: Any) -> None:
    shop.go_wrong("status", match="/bulk/", status=status, body=body.decode(), **more)


def test_reads_a_file_line_by_line(shop: PretendShop) -> None:
    serve(shop)
    lines, position = read(lines_of(file_url(shop)))
    assert lines == [b'{"id":"a"}', b'{"id":"b"}', b"", b'{"id":"c"}']
    assert position == len(FILE)
    (request,) = shop.calls("/bulk/")
    assert "range" not in request.headers
    assert "x-shopify-access-token" not in request.headers


def test_goes_on_in_a_file_where_it_stopped(shop: PretendShop) -> None:
    # A server that knows ranges, and one that sends everything again.
    serve(shop, FILE[11:], status=206)
    assert read(lines_of(file_url(shop), from_byte=11)) == ([b'{"id":"b"}', b"", b'{"id":"c"}'], 33)
    assert shop.calls("/bulk/")[-1].headers["range"] == "bytes=11-"
    serve(shop)
    assert read(lines_of(file_url(shop), from_byte=11)) == ([b'{"id":"b"}', b"", b'{"id":"c"}'], 33)
    serve(shop, b"", status=416)
    assert read(lines_of(file_url(shop), from_byte=33)) == ([], -1)


def test_a_line_may_come_in_many_parts(shop: PretendShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.transport.CHUNK_BYTES", 3)
    for from_byte, count in ((0, 4), (11, 3), (22, 2), (23, 1)):
        serve(shop)
        lines, position = read(lines_of(file_url(shop), from_byte=from_byte))
        assert (len(lines), position) == (count, 33)


def test_a_file_that_breaks_off_is_worth_another_try(shop: PretendShop) -> None:
    seed(shop.shop, 1)
    head = HEAD + b"Content-Length: 100\r\n\r\n"
    with answering(head + FILE) as host:
        shop.go_wrong("close", match="/bulk/")
        with pytest.raises(TryAgain, match="closed the connection"):
            read(lines_of(file_url(shop)))
        base = f"http://{host}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.conf.settings.SHOPIFY_API_BASE", base)
            with pytest.raises(TryAgain, match="closed the connection"):
                read(lines_of(f"{base}/bulk/1.jsonl"))


def test_a_file_whose_address_is_over_is_worth_another_try(shop: PretendShop) -> None:
    with pytest.raises(TryAgain, match=r"The file of the bulk operation answered 403\."):
        read(lines_of(file_url(shop)))


def test_a_line_without_an_end_is_given_up(
    shop: PretendShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_LINE_BYTES", 20)
    serve(shop, b"x" * 30)
    with pytest.raises(GiveUp, match="too long"):
        read(lines_of(file_url(shop)))


@pytest.mark.parametrize(
    "url",
    ["http://storage.example.com/x", "file:///etc/passwd", "ftp://x.example.com", "", "//x", "https://",
     "http://[", "gopher://127.0.0.1"],
)  # fmt: skip
def test_a_file_is_read_over_https_or_from_the_configured_base_only(
    shop: PretendShop, url: str
) -> None:
    with pytest.raises(GiveUp, match="at an address that we may not call"):
        read(lines_of(url))


# --- What the log says ------------------------------------------------------------------------


def test_no_secret_reaches_the_log(shop: PretendShop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="urllib3"):
        fetch_token(shop.domain, **shop.credentials)
        call(shop)
        shop.go_wrong("close")
        refusal(shop)

    assert API_PATH in caplog.text
    assert shop.shop.access_token not in caplog.text
    assert shop.shop.client_secret not in caplog.text
