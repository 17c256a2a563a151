"""The API for OpenAI's clients."""

import json
from typing import Any

import pytest
import requests

from integrations.sandbox.gemini.tests.talking import MODEL, ORDER, Talk

TOOL = {
    "type": "function",
    "function": {
        "name": "fetch_order_details",
        "description": "Return an order.",
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
    },
}
QUESTION = {"role": "user", "content": "What of #12 and #13?"}


def ask(talk: Talk, *messages: Any, model: str = MODEL, **more: Any) -> requests.Response:
    body = {"model": model, "messages": list(messages), **more}
    headers = {"Authorization": f"Bearer {talk.emulator.key}"}
    return talk.post("v1beta/openai/chat/completions", body, headers=headers)


def message_of(answer: requests.Response) -> dict[str, Any]:
    message: dict[str, Any] = answer.json()["choices"][0]["message"]
    return message


def result(call: Any, **found: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(found)}


def test_asks_functions_and_answers_from_their_results_in_any_order(talk: Talk) -> None:
    first = ask(talk, QUESTION, tools=[TOOL])
    asked = message_of(first)
    assert first.json()["choices"][0]["finish_reason"] == "tool_calls"
    one, two = asked["tool_calls"]
    assert one["function"] == {"name": "fetch_order_details", "arguments": '{"order_id": "#12"}'}
    assert one["extra_content"]["google"]["thought_signature"]
    assert "extra_content" not in two

    last = ask(
        talk,
        *(QUESTION, asked, result(two, error="No order #13 here."), result(one, result=ORDER)),
        tools=[TOOL],
    )

    assert message_of(last)["content"] == (
        "Order #12 (Desk lamp) is pending. I could not find that: No order #13 here."
    )
    usage = last.json()["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] + 32


def test_a_call_without_its_signature_is_refused_with_a_list_of_one_error(talk: Talk) -> None:
    asked = message_of(ask(talk, QUESTION, tools=[TOOL]))
    found = [result(call, result=ORDER) for call in asked["tool_calls"]]
    del asked["tool_calls"][0]["extra_content"]

    answer = ask(talk, QUESTION, asked, *found, tools=[TOOL])

    assert answer.status_code == 400
    (error,) = answer.json()
    assert error["error"]["message"].startswith("Function call is missing a thought_signature")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda told: told.pop(), id="a-result-is-missing"),
        pytest.param(lambda told: told[-1].update(tool_call_id="other"), id="unknown-call"),
        pytest.param(lambda told: told.pop(1), id="results-without-calls"),
        pytest.param(
            lambda told: told[1]["tool_calls"][0]["function"].update(arguments="{"),
            id="arguments-are-no-json",
        ),
        pytest.param(lambda told: told[0].update(colour="red"), id="unknown-field"),
        pytest.param(lambda told: told[0].update(role="model"), id="unknown-role"),
    ],
)
def test_refuses_a_damaged_history(talk: Talk, spoil: Any) -> None:
    asked = message_of(ask(talk, QUESTION, tools=[TOOL]))
    told = [QUESTION | {}, asked, *(result(call, result=ORDER) for call in asked["tool_calls"])]
    spoil(told)
    assert ask(talk, *told, tools=[TOOL]).status_code == 400


def test_answers_json_by_schema(talk: Talk) -> None:
    schema = {"type": "object", "properties": {"sentiment": {"enum": ["positive", "negative"]}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "judgement", "schema": schema}}
    answer = ask(talk, {"role": "user", "content": "Thank you!"}, response_format=wanted)
    assert message_of(answer)["content"] == '{"sentiment": "positive"}'


@pytest.mark.parametrize(
    "more",
    [
        {"heat": 1},
        {"tool_choice": "sometimes"},
        {"response_format": {"type": "xml"}},
        {"reasoning_effort": "minimal"},
        {"max_tokens": 0},
        {"stream": True},
    ],
)
def test_refuses_what_it_does_not_know(talk: Talk, more: Any) -> None:
    assert ask(talk, QUESTION, **more).status_code == 400


def test_refuses_keys_and_models(talk: Talk) -> None:
    body = {"model": MODEL, "messages": [QUESTION]}
    path = "v1beta/openai/chat/completions"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert talk.post(path, body, headers=headers).status_code == 400
    assert ask(talk, QUESTION, model="gemini-1.5-flash").status_code == 404


def test_a_blocked_question_has_no_text(talk: Talk) -> None:
    answer = ask(talk, {"role": "user", "content": "sandbox:blocked"})
    (choice,) = answer.json()["choices"]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"] == {"role": "assistant", "content": None}
