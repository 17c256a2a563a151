"""What `generateContent` takes, refuses and answers."""

import copy
import json
from typing import Any

import pytest
import requests

from integrations.sandbox.gemini.tests.talking import (
    CHAIN,
    FETCH,
    MODEL,
    ORDER,
    Talk,
    calls_of,
    content_of,
    result_of,
    results,
    text_of,
    user,
)

QUESTION = user("What is the status of #12?")


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Return the status and the message of a refusal."""
    assert answer.json()["error"]["code"] == answer.status_code
    return answer.status_code, answer.json()["error"]["message"]


# --- A conversation ---------------------------------------------------------------------------


def test_asks_a_function_and_answers_from_its_result(talk: Talk) -> None:
    first = talk.ask(QUESTION, functions=[FETCH])

    assert first.json()["modelVersion"] == MODEL
    (part,) = content_of(first)["parts"]
    assert part["functionCall"] == {
        "id": "call_1",
        "name": "fetch_order_details",
        "args": {"order_id": "#12"},
    }
    assert part["thoughtSignature"]

    answered = results(result_of(part["functionCall"], result={"order": ORDER}))
    last = talk.ask(QUESTION, content_of(first), answered, functions=[FETCH])

    assert text_of(last) == "Order #12 (Desk lamp) is pending."
    assert last.json()["candidates"][0]["finishReason"] == "STOP"


def test_only_the_first_of_parallel_calls_is_signed(talk: Talk) -> None:
    asked = user("What of #12 and #13?")
    first = talk.ask(asked, functions=[FETCH])

    one, two = content_of(first)["parts"]
    assert "thoughtSignature" in one
    assert "thoughtSignature" not in two
    answered = results(
        result_of(one["functionCall"], result={"order": ORDER}),
        result_of(two["functionCall"], error="No order #13 here."),
    )
    last = talk.ask(asked, content_of(first), answered, functions=[FETCH])
    assert text_of(last) == (
        "Order #12 (Desk lamp) is pending. I could not find that: No order #13 here."
    )


def test_takes_either_spelling_of_fields_and_of_signatures(talk: Talk) -> None:
    body: dict[str, Any] = {
        "contents": [QUESTION],
        "system_instruction": {"parts": [{"text": "Be short."}]},
        "tools": [
            {
                "function_declarations": [
                    {
                        "name": "fetch_order_details",
                        "description": "Return an order.",
                        "parameters_json_schema": FETCH["parametersJsonSchema"],
                    }
                ]
            }
        ],
        "generation_config": {
            "max_output_tokens": 200,
            "thinking_config": {"thinking_level": "LOW"},
        },
    }
    first = talk.post(f"v1beta/models/{MODEL}:generateContent", body)
    (part,) = content_of(first)["parts"]
    url_safe = part["thoughtSignature"].replace("+", "-").replace("/", "_")
    call = part["functionCall"]
    body["contents"] += [
        {"role": "model", "parts": [{"function_call": call, "thought_signature": url_safe}]},
        {"role": "user", "parts": [{"function_response": result_of(call, result=ORDER)}]},
    ]

    last = talk.post(f"v1beta/models/{MODEL}:generateContent", body)

    assert text_of(last) == "Order #12 (Desk lamp) is pending."


def test_counts_a_token_for_every_four_characters(talk: Talk) -> None:
    answer = talk.ask(
        user("x" * 40), generationConfig={"thinkingConfig": {"thinkingLevel": "low"}}
    ).json()

    said = answer["candidates"][0]["content"]["parts"][0]["text"]
    written = -(-len(said) // 4)
    assert answer["usageMetadata"] == {
        "promptTokenCount": 10,
        "candidatesTokenCount": written,
        "thoughtsTokenCount": 8,
        "totalTokenCount": 18 + written,
    }
    counted = talk.post(f"v1/models/{MODEL}:countTokens", {"contents": [user("x" * 40)]})
    assert counted.json() == {"totalTokens": 10}


def test_thinking_uses_up_the_tokens_of_the_answer(talk: Talk) -> None:
    nothing_left = talk.ask(user("hello"), generationConfig={"maxOutputTokens": 32}).json()
    (candidate,) = nothing_left["candidates"]
    assert candidate == {"index": 0, "finishReason": "MAX_TOKENS", "content": {"role": "model"}}
    assert nothing_left["usageMetadata"]["thoughtsTokenCount"] == 32

    little_left = talk.ask(user("hello"), generationConfig={"maxOutputTokens": 34})
    assert little_left.json()["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert len(text_of(little_left)) == 8


def test_streams_what_it_would_have_said(talk: Talk) -> None:
    path = f"v1/models/{MODEL}:streamGenerateContent?alt=sse"
    answer = talk.post(path, {"contents": [user("hello")]})

    assert answer.headers["Content-Type"] == "text/event-stream"
    lines = [line for line in answer.text.splitlines() if line]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert "usageMetadata" not in chunks[0]
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"
    said = "".join(each["candidates"][0]["content"]["parts"][0]["text"] for each in chunks)
    assert said == text_of(talk.ask(user("hello")))


# --- Histories that it refuses ----------------------------------------------------------------


def history(talk: Talk) -> list[dict[str, Any]]:
    """Return a history with two calls and their results."""
    asked = user("What of #12 and #13?")
    first = talk.ask(asked, functions=[FETCH])
    found = [result_of(each, result={"order": ORDER}) for each in calls_of(first)]
    return [asked, content_of(first), results(*found)]


def test_takes_a_history_that_was_kept_as_it_is(talk: Talk) -> None:
    assert talk.ask(*history(talk), functions=[FETCH]).status_code == 200


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        pytest.param(
            lambda told: told[1]["parts"][0].pop("thoughtSignature"),
            "Function call is missing a thought_signature in functionCall parts.",
            id="signature-lost",
        ),
        pytest.param(
            lambda told: told[1]["parts"][0]["functionCall"]["args"].update(order_id="99"),
            "Thought signature is not valid.",
            id="arguments-changed",
        ),
        pytest.param(
            lambda told: told[1]["parts"].reverse(),
            "Function call is missing a thought_signature",
            id="calls-in-another-order",
        ),
        pytest.param(
            lambda told: told[1]["parts"][0].update(thoughtSignature="%%%"),
            "Invalid value at 'thought_signature' (TYPE_BYTES)",
            id="no-base64",
        ),
        pytest.param(
            lambda told: told[2]["parts"].pop(),
            "Please ensure that the number of function response parts is equal",
            id="one-result-missing",
        ),
        pytest.param(
            lambda told: told[2]["parts"].reverse(),
            "Function response 'fetch_order_details' with id 'call_2' matches no call",
            id="results-in-another-order",
        ),
        pytest.param(
            lambda told: told[2]["parts"][0]["functionResponse"].update(name="other"),
            "Function response 'other' with id 'call_1' matches no call",
            id="another-name",
        ),
        pytest.param(
            lambda told: told[2]["parts"][0]["functionResponse"].update(response="pending"),
            "functionResponse.response' (Struct)",
            id="result-is-no-object",
        ),
        pytest.param(
            lambda told: told.insert(3, copy.deepcopy(told[2])),
            "Please ensure that function response turn comes immediately after",
            id="answered-twice",
        ),
        pytest.param(
            lambda told: told.append({"role": "user", "parts": [told[2]["parts"].pop()]}),
            "Please ensure that the number of function response parts is equal",
            id="results-in-two-contents",
        ),
        pytest.param(lambda told: told.pop(), "end with a user role", id="ends-with-the-model"),
        pytest.param(
            lambda told: told.pop(0), "comes immediately after a user turn", id="begins-with-calls"
        ),
        pytest.param(
            lambda told: told[0].update(role="assistant"), "Please use a valid role", id="role"
        ),
        pytest.param(
            lambda told: told[0].update(parts=[]), "must not be empty", id="content-without-parts"
        ),
        pytest.param(
            lambda told: told[0]["parts"].append({}), "required oneof field", id="empty-part"
        ),
        pytest.param(
            lambda told: told[0]["parts"][0].update(colour="red"),
            'Unknown name "colour"',
            id="unknown-field",
        ),
    ],
)
def test_refuses_a_damaged_history(talk: Talk, damage: Any, words: str) -> None:
    told = history(talk)
    damage(told)

    code, message = refusal(talk.ask(*told, functions=[FETCH]))

    assert code == 400
    assert words.lower().replace("_", "") in message.lower().replace("_", "")


def test_a_signature_belongs_to_its_model(talk: Talk) -> None:
    told = history(talk)
    answer = talk.ask(*told, functions=[FETCH], model="gemini-3.5-flash-lite")
    assert refusal(answer)[1].startswith("Thought signature is not valid.")


# --- Requests that it refuses -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"temperature": 1}, 'Unknown name "temperature"'),
        ({"generationConfig": {"heat": 1}}, "Unknown name \"heat\" at 'generation_config'"),
        ({"generationConfig": {"maxOutputTokens": 0}}, "it must be a positive number"),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingLevel": "minimal"}}},
            "Thinking level MINIMAL is not supported",
        ),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}},
            "Thinking budget is not supported",
        ),
        ({"generationConfig": {"responseMimeType": "text/html"}}, "Unsupported response mime type"),
        (
            {"generationConfig": {"responseJsonSchema": {"type": "object"}}},
            "needs response_mime_type application/json",
        ),
        ({"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}, "needs function declarations"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "MAYBE"}}}, "Invalid value at 'mode'"),
        ({"tools": [{"functionDeclarations": [{**FETCH, "name": "2x"}]}]}, "Invalid function name"),
        ({"tools": [{"functionDeclarations": [FETCH, FETCH]}]}, "Duplicate function declaration"),
        (
            {"tools": [{"functionDeclarations": [{**FETCH, "description": ""}]}]},
            "description is empty",
        ),
    ],
)
def test_refuses_what_the_service_does_not_know(
    talk: Talk, more: dict[str, Any], words: str
) -> None:
    code, message = refusal(talk.ask(user("hello"), **more))

    assert code == 400
    assert words in message


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {}, "additionalProperties": False},
        {"type": "object", "properties": {"days": {"type": "integer", "minimum": 1}}},
        {"type": "object", "properties": {"ids": {"type": "array"}}},
        {"type": "object", "properties": {"a": {"type": "text"}}},
        {"type": "object", "properties": {}, "required": ["a"]},
        {"type": "string"},
    ],
)
def test_refuses_schemas_with_more_than_openapi_keywords(talk: Talk, schema: Any) -> None:
    declaration = {"name": "f", "description": "It does.", "parameters": schema}
    assert refusal(talk.ask(user("hello"), functions=[declaration]))[0] == 400


def test_refuses_a_body_that_is_no_json(talk: Talk) -> None:
    url = f"http://{talk.sandbox.host}/gemini/v1/models/{MODEL}:generateContent"
    headers = {"x-goog-api-key": talk.emulator.key}
    answer = requests.post(url, data=b"{", headers=headers, timeout=5)
    assert refusal(answer)[1].startswith("Invalid JSON payload received.")


def test_refuses_keys(talk: Talk) -> None:
    path, body = f"v1/models/{MODEL}:generateContent", {"contents": [user("hello")]}

    wrong = talk.post(path, body, headers={"x-goog-api-key": "AIzaWrong"})
    missing = talk.post(path, body, headers={})

    assert refusal(wrong) == (400, "API key not valid. Please pass a valid API key.")
    assert wrong.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert missing.status_code == 403
    assert talk.post(f"{path}?key={talk.emulator.key}", body, headers={}).status_code == 200


# --- Models -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gemini-1.5-pro-latest", "gemini-2.0-flash", "gpt-5"])
def test_knows_no_retired_models(talk: Talk, name: str) -> None:
    code, message = refusal(talk.ask(user("hello"), model=name))
    assert code == 404
    assert message.startswith(f"models/{name} is not found for API version v1")


def test_names_the_model_that_answered(talk: Talk) -> None:
    def answering(name: str) -> Any:
        return talk.ask(user("hello"), model=name).json()["modelVersion"]

    assert answering("gemini-3.7-flash") == "gemini-3.8-flash"
    assert answering("gemini-2.5-pro") == "gemini-2.5-pro"
    talk.control("/clock", {"advance": 4 * 24 * 3600})
    assert answering("gemini-2.5-pro") == "gemini-3.8-flash"


def test_aliases_exist_in_the_beta_only(talk: Talk) -> None:
    body = {"contents": [user("hello")]}
    alias = "models/gemini-flash-latest"
    assert talk.post(f"v1/{alias}:generateContent", body).status_code == 404
    beta = talk.post(f"v1beta/{alias}:generateContent", body)
    assert beta.json()["modelVersion"] == "gemini-3.8-flash"
    names = {each["name"] for each in talk.get("v1/models").json()["models"]}
    assert f"models/{MODEL}" in names
    assert alias not in names
    assert talk.get(f"v1/models/{MODEL}").json()["name"] == f"models/{MODEL}"
    assert talk.get(f"v1/{alias}").status_code == 404


def test_knows_no_other_paths(talk: Talk) -> None:
    assert talk.get("v1/nothing").status_code == 404
    assert talk.post(f"v1/models/{MODEL}:draw", {}).status_code == 404


def test_takes_all_functions_that_are_offered(talk: Talk) -> None:
    answer = talk.ask(user("Why is #12 waiting?"), functions=[FETCH, CHAIN])
    assert [each["name"] for each in calls_of(answer)] == ["order_chain"]
