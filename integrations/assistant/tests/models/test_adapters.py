"""What every adapter promises the assistant, over real HTTP."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from integrations.assistant.contracts import (
    Finish,
    KeyRefused,
    Limits,
    ModelBusy,
    ModelError,
    ModelUnavailable,
    RequestRefused,
    ToolResult,
    UnknownModel,
    Usage,
)
from integrations.assistant.tests.models.pretend import (
    CHAIN,
    FETCH,
    LIMITS,
    NAME,
    Adapter,
    PretendGemini,
    answered,
    asked,
    found,
)
from integrations.providers import provider_named

SECRET_WORDS = "What of Ada Lovelace in Hafenstrasse 7?"
SCHEMA = {
    "type": "object",
    "properties": {
        "sentiment": {"type": "string", "enum": ["positive", "negative"]},
        "concerns": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["sentiment", "concerns"],
}


# --- A conversation ---------------------------------------------------------------------------


def test_a_question_becomes_calls_and_their_results_an_answer(adapter: Adapter) -> None:
    history = asked("What is the status of #12?")

    first = adapter.model.answer(history, [FETCH], LIMITS)
    assert (first.finish, first.text) == (Finish.ANSWERED, "")
    (call,) = first.calls
    assert (call.id, call.name, call.parameters) == (
        "call_1",
        "fetch_order_details",
        {"order_id": "#12"},
    )
    last = adapter.model.answer(answered(history, first, found(call)), [FETCH], LIMITS)

    assert (last.finish, last.text) == (Finish.ANSWERED, "Order #12 (Desk lamp) is pending.")
    assert (list(last.calls), last.model) == ([], NAME)


def test_a_turn_goes_back_unchanged_with_its_signature(
    adapter: Adapter, gemini: PretendGemini
) -> None:
    history = asked("What of #12 and #13?")
    first = adapter.model.answer(history, [FETCH], LIMITS)
    one, two = first.calls
    continued = answered(history, first, found(one), ToolResult(two, error="No order #13 here."))

    # The emulator refuses a history in which anything of the calls has changed.
    last = adapter.model.answer(continued, [FETCH], LIMITS)

    assert last.text == (
        "Order #12 (Desk lamp) is pending. I could not find that: No order #13 here."
    )
    sent = json.dumps(gemini.bodies[-1])
    assert sent.count("thoughtSignature") + sent.count("thought_signature") == 1


def test_goes_on_over_several_rounds(adapter: Adapter, gemini: PretendGemini) -> None:
    history = asked("What of #12?")
    for _ in range(3):
        gemini.says("one_call")
        turn = adapter.model.answer(history, [FETCH], LIMITS)
        history = answered(history, turn, found(turn.calls[0]))
    assert adapter.model.answer(history, [FETCH], LIMITS).text == (
        "Order #12 (Desk lamp) is pending."
    )


def test_calls_are_shown_as_the_model_wrote_them(adapter: Adapter, gemini: PretendGemini) -> None:
    gemini.says(
        calls=[
            {"name": "drop_all_tables", "args": {"really": True}},
            {"name": "fetch_order_details", "args": {"order": [None, 7]}},
            {"name": "fetch_order_details", "args": {}},
        ]
    )
    turn = adapter.model.answer(asked("hello"), [FETCH, CHAIN], LIMITS)
    assert [(each.name, each.parameters) for each in turn.calls] == [
        ("drop_all_tables", {"really": True}),
        ("fetch_order_details", {"order": [None, 7]}),
        ("fetch_order_details", {}),
    ]


def test_asks_for_json_by_schema(adapter: Adapter, gemini: PretendGemini) -> None:
    history = asked("It is late, thank you for nothing.")
    turn = adapter.model.answer(history, [], LIMITS, schema=SCHEMA)
    assert json.loads(turn.text) == {"sentiment": "positive", "concerns": ["delivery delay"]}
    assert SCHEMA["properties"] in _values_of(gemini.bodies[-1])


def test_sends_nothing_that_models_no_longer_know(adapter: Adapter, gemini: PretendGemini) -> None:
    adapter.model.answer(asked("hello"), [FETCH], LIMITS)
    sent = json.dumps(gemini.bodies[-1])
    for deprecated in ("temperature", "topP", "top_p", "topK", "top_k"):
        assert deprecated not in sent
    assert 2048 in _values_of(gemini.bodies[-1])
    assert gemini.calls[-1].headers["user-agent"].startswith("OrderChainer/1.0 (http")


def _values_of(told: Any) -> list[Any]:
    """Return every value in a body, at any depth."""
    if isinstance(told, dict):
        return [told, *(each for value in told.values() for each in _values_of(value))]
    if isinstance(told, list):
        return [each for value in told for each in _values_of(value)]
    return [told]


def test_asks_exactly_once(adapter: Adapter, gemini: PretendGemini) -> None:
    gemini.says("unavailable", times=2)
    with pytest.raises(ModelBusy):
        adapter.model.answer(asked("hello"), [FETCH], LIMITS)
    assert len(gemini.calls) == 1


# --- Answers without anything to use ----------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "finish", "reason"),
    [
        ("blocked", Finish.BLOCKED, {"gemini": "OTHER", "openai": "content_filter"}),
        ("safety", Finish.BLOCKED, {"gemini": "SAFETY", "openai": "content_filter"}),
        ("recitation", Finish.BLOCKED, {"gemini": "RECITATION", "openai": "content_filter"}),
        ("empty", Finish.CUT, {"gemini": "MAX_TOKENS", "openai": "length"}),
        ("no_candidates", Finish.EMPTY, {"gemini": "", "openai": ""}),
        ("nothing", Finish.EMPTY, {"gemini": "STOP", "openai": "stop"}),
    ],
)
def test_says_why_there_is_no_answer(
    adapter: Adapter, gemini: PretendGemini, mode: str, finish: Finish, reason: dict[str, str]
) -> None:
    gemini.says(mode)
    turn = adapter.model.answer(asked("hello"), [FETCH], LIMITS)
    assert (turn.finish, turn.reason) == (finish, reason[adapter.name])
    assert (turn.text, list(turn.calls), turn.model) == ("", [], NAME)
    assert turn.usage.total


@pytest.mark.parametrize("mode", ["malformed_call", "unexpected_call", "other"])
def test_tells_gemini_s_other_reasons_apart(gemini: PretendGemini, mode: str) -> None:
    provider = provider_named("gemini")
    assert provider is not None
    assert provider.models is not None
    gemini.says(mode)
    turn = provider.models.model(NAME).answer(asked("hello"), [FETCH], LIMITS)
    assert turn.finish is (Finish.EMPTY if mode == "other" else Finish.MALFORMED)


def test_a_cut_answer_keeps_its_beginning(adapter: Adapter, gemini: PretendGemini) -> None:
    gemini.says("cut")
    turn = adapter.model.answer(asked("hello"), [], LIMITS)
    assert (turn.finish, turn.text) == (Finish.CUT, "The order is on its w")


def test_a_low_bound_leaves_nothing_but_thoughts(adapter: Adapter) -> None:
    turn = adapter.model.answer(asked("hello"), [], Limits(max_tokens=8, timeout_seconds=5))
    assert (turn.finish, turn.text) == (Finish.CUT, "")
    assert turn.usage.thought == 8


def test_json_comes_as_it_was_written(adapter: Adapter, gemini: PretendGemini) -> None:
    gemini.says("broken_json")
    assert adapter.model.answer(asked("x"), [], LIMITS, schema=SCHEMA).text == '{"sentiment":"neg'


# --- What it used -----------------------------------------------------------------------------


def test_counts_thinking_beside_the_answer(adapter: Adapter, gemini: PretendGemini) -> None:
    gemini.says(text="x" * 40)
    usage = adapter.model.answer(asked("y" * 400, instructions=""), [], LIMITS).usage
    thought = {"gemini": 8, "openai": 32}[adapter.name]
    assert usage == Usage(prompt=100, answer=10, thought=thought, total=110 + thought)


@pytest.mark.parametrize(
    ("mode", "usage"),
    [("no_usage", Usage()), ("only_total", Usage(total=67))],
    ids=["no-usage", "only-the-total"],
)
def test_counts_that_are_missing_are_unknown(
    adapter: Adapter, gemini: PretendGemini, mode: str, usage: Usage
) -> None:
    gemini.says(mode)
    turn = adapter.model.answer(asked("hello"), [], LIMITS)
    assert (turn.text, turn.usage) == ("Fine.", usage)


def test_names_the_model_that_answered(adapter: Adapter, gemini: PretendGemini) -> None:
    gemini.says(text="Fine.", model_version="models/gemini-9")
    assert adapter.model.answer(asked("hello"), [], LIMITS).model == "gemini-9"


# --- Errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "after_seconds"),
    [
        ("quota", 1),
        ("quota_by_day_soon", 1),
        ("daily_quota", 41025),
        ("quota_without_delay", None),
        ("unavailable", None),
        ("internal", None),
        ("deadline", None),
        ("html", None),
    ],
)
def test_a_service_that_cannot_now_names_its_delay(
    adapter: Adapter, gemini: PretendGemini, mode: str, after_seconds: float | None
) -> None:
    gemini.says(mode)
    with pytest.raises(ModelBusy) as caught:
        adapter.model.answer(asked("hello"), [], LIMITS)
    assert caught.value.after_seconds == after_seconds


def test_a_header_names_the_delay_as_well(adapter: Adapter, gemini: PretendGemini) -> None:
    gemini.goes_wrong("status", status=429, headers={"Retry-After": "7"}, body="{}")
    with pytest.raises(ModelBusy) as caught:
        adapter.model.answer(asked("hello"), [], LIMITS)
    assert caught.value.after_seconds == 7


def test_a_wrong_key_is_refused(adapter: Adapter, settings: Settings) -> None:
    settings.GEMINI_API_KEY = settings.OPENAI_API_KEY = "AIzaWrong"
    with pytest.raises(KeyRefused) as caught:
        adapter.model.answer(asked("hello"), [], LIMITS)
    assert "AIzaWrong" not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_forbidden_key_is_refused(adapter: Adapter, gemini: PretendGemini, status: int) -> None:
    gemini.goes_wrong("status", status=status, body="{}")
    with pytest.raises(KeyRefused):
        adapter.model.answer(asked("hello"), [], LIMITS)


def test_a_retired_model_is_unknown(adapter: Adapter) -> None:
    provider = provider_named(adapter.name)
    assert provider is not None
    assert provider.models is not None
    with pytest.raises(UnknownModel):
        provider.models.model("gemini-1.5-pro-latest").answer(asked("hello"), [], LIMITS)


def test_a_malformed_request_is_not_quoted(adapter: Adapter, gemini: PretendGemini) -> None:
    quoted = json.dumps({"error": {"code": 400, "message": SECRET_WORDS, "status": "INVALID"}})
    gemini.goes_wrong("status", status=400, body=quoted)
    with pytest.raises(RequestRefused) as caught:
        adapter.model.answer(asked(SECRET_WORDS), [], LIMITS)
    assert str(caught.value).endswith("answered 400 INVALID")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "close"},
        {"kind": "truncate"},
        {"kind": "status", "status": 200, "body": "<h1>Hello</h1>"},
        {"kind": "status", "status": 200, "body": '{"candidates": 7, "choices": 7}'},
        {"kind": "status", "status": 302, "headers": {"Location": "http://127.0.0.1:9/"}},
    ],
    ids=["reset", "cut", "html", "wrong-shape", "redirect"],
)
def test_an_answer_that_nobody_can_read_is_unavailable(
    adapter: Adapter, gemini: PretendGemini, fault: dict[str, Any]
) -> None:
    gemini.goes_wrong(**fault)
    with pytest.raises(ModelUnavailable):
        adapter.model.answer(asked("hello"), [], LIMITS)
    assert len(gemini.calls) == 1


@pytest.mark.parametrize("body", ["", "null", '"no"', "[[]]", '{"error": "no"}', '{"error": []}'])
def test_errors_of_any_shape_are_errors(adapter: Adapter, gemini: PretendGemini, body: str) -> None:
    gemini.goes_wrong("status", status=429, body=body)
    with pytest.raises(ModelError):
        adapter.model.answer(asked("hello"), [], LIMITS)


def test_nobody_listens(adapter: Adapter, settings: Settings) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    settings.GEMINI_API_BASE = settings.OPENAI_API_BASE = base
    with pytest.raises(ModelUnavailable):
        adapter.model.answer(asked("hello"), [], LIMITS)


def test_waits_no_longer_than_it_may(adapter: Adapter, gemini: PretendGemini) -> None:
    gemini.goes_wrong("hang", seconds=10)
    started = time.monotonic()
    with pytest.raises(ModelUnavailable):
        adapter.model.answer(asked("hello"), [], Limits(max_tokens=2048, timeout_seconds=0.3))
    assert time.monotonic() - started < 3


@pytest.fixture
def drip() -> Iterator[str]:
    """A server whose answers never end, though a byte comes every twentieth of a second."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not over.wait(0.05):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    over.set()
    thread.join(5)
    server.close()


def test_an_answer_that_drips_in_is_given_up(
    adapter: Adapter, settings: Settings, drip: str
) -> None:
    settings.GEMINI_API_BASE = settings.OPENAI_API_BASE = drip
    started = time.monotonic()
    with pytest.raises(ModelUnavailable):
        adapter.model.answer(asked("hello"), [], Limits(max_tokens=2048, timeout_seconds=0.5))
    assert time.monotonic() - started < 3
