"""What only services have that speak OpenAI's protocol, and what they leave out."""

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from integrations.assistant.contracts import Finish, ModelUnavailable, ToolCall, Usage
from integrations.openai.provider import PROVIDER
from integrations.openai.reading import turn_of

CALL = {"id": "c1", "type": "function", "function": {"name": "fetch", "arguments": "{}"}}


def told(message: Any, *, reason: str = "stop", **more: Any) -> dict[str, Any]:
    return {"model": "llama", "choices": [{"message": message, "finish_reason": reason}], **more}


def test_reads_an_answer_of_a_local_server() -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
    message = {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."}
    turn = turn_of(told(message, usage=usage), "asked")
    assert (turn.finish, turn.text, turn.model) == (Finish.ANSWERED, "Yes.", "llama")
    assert turn.usage == Usage(prompt=10, answer=4, total=14)
    assert turn.content == message


def test_openai_counts_thinking_as_a_part_of_the_answer() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 40},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    turn = turn_of(told({"content": "Yes."}, usage=usage), "asked")
    assert turn.usage == Usage(prompt=100, cached=40, thought=30, answer=20, total=150)


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ('{"order_id": "12"}', {"order_id": "12"}),
        ("", {}),
        ({"order_id": 12}, {"order_id": 12}),
        ("{", None),
        ("[1]", None),
        ('"12"', None),
        (None, None),
    ],
    ids=["object", "empty", "not-a-text", "cut", "list", "text", "missing"],
)
def test_reads_arguments_of_any_shape(arguments: Any, parameters: Any) -> None:
    function = {"name": "fetch", "arguments": arguments}
    turn = turn_of(told({"tool_calls": [{"id": "c1", "function": function}]}), "asked")
    assert list(turn.calls) == [ToolCall("c1", "fetch", parameters)]
    assert turn.finish is Finish.ANSWERED


@pytest.mark.parametrize(
    ("answer", "finish"),
    [
        (told({"content": "No.", "refusal": "I cannot."}), Finish.BLOCKED),
        (told({"content": None}, reason="content_filter"), Finish.BLOCKED),
        (told({"tool_calls": [CALL]}, reason="length"), Finish.CUT),
        (told({"content": [{"type": "text", "text": "Yes."}]}), Finish.ANSWERED),
        (told({"content": ""}), Finish.EMPTY),
        (told(None), Finish.EMPTY),
        (told({"tool_calls": 7, "content": 7}), Finish.EMPTY),
        ({"choices": [7]}, Finish.EMPTY),
        ({}, Finish.EMPTY),
    ],
    ids=list("abcdefghi"),
)
def test_tells_answers_apart(answer: Any, finish: Finish) -> None:
    assert turn_of(answer, "asked").finish is finish


def test_a_call_that_was_cut_off_is_not_carried_out() -> None:
    assert turn_of(told({"tool_calls": [CALL]}, reason="length"), "asked").calls == ()


@pytest.mark.parametrize("answer", [None, [], "yes", {"choices": 7}], ids=list("abcd"))
def test_refuses_what_is_no_answer(answer: Any) -> None:
    with pytest.raises(ModelUnavailable):
        turn_of(answer, "asked")


@pytest.mark.parametrize("count", [-1, "7", True, None, 1.5], ids=list("abcde"))
def test_counts_that_are_no_numbers_are_unknown(count: Any) -> None:
    assert turn_of(told({}, usage={"prompt_tokens": count}), "asked").usage == Usage()


def test_needs_an_address_and_no_key(settings: Settings) -> None:
    assert PROVIDER.models is not None
    settings.OPENAI_API_BASE = settings.OPENAI_API_KEY = ""
    assert PROVIDER.models.missing() == ["OPENAI_API_BASE"]
    settings.OPENAI_API_BASE = "http://127.0.0.1:11434/v1"
    assert PROVIDER.models.missing() == []
    assert PROVIDER.models.prices == ()


def test_refuses_a_base_that_is_no_url(settings: Settings) -> None:
    settings.OPENAI_API_BASE = "localhost:11434"
    assert "openai.E001" in [each.id for each in run_checks()]
