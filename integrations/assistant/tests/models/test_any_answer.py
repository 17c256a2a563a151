"""An adapter makes a turn or a refusal of whatever a service answers, and never anything else."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.assistant.contracts import Finish, ModelError, ModelUnavailable, Turn
from integrations.assistant.storable import MAX_REASON_LENGTH
from integrations.assistant.tests.models.pretend import (
    FETCH,
    LIMITS,
    NAME,
    Adapter,
    PretendGemini,
    asked,
)
from integrations.gemini.model import GeminiModel
from integrations.openai.model import CompatibleModel
from integrations.openai.reading import turn_of

pytestmark = pytest.mark.filterwarnings("ignore")

WORDS = (
    *("candidates", "content", "parts", "text", "thought", "functionCall", "name", "args", "id"),
    *("finishReason", "usageMetadata", "promptTokenCount", "totalTokenCount", "modelVersion"),
    *("promptFeedback", "blockReason", "thoughtSignature", "role", "error", "details"),
    *("choices", "message", "tool_calls", "function", "arguments", "usage", "prompt_tokens"),
    *("completion_tokens", "model", "refusal", "finish_reason", "retryDelay", "status"),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["STOP", "SAFETY", "stop", "length", "{}", '{"a": 1}', "model", "13s"]),
)
ANSWERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    ),
    max_leaves=25,
)


COUNTS = st.dictionaries(
    st.sampled_from(
        [
            *("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount"),
            *("cachedContentTokenCount", "prompt_tokens", "completion_tokens", "total_tokens"),
        ]
    ),
    LEAVES,
)
PARTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "text": st.text(),
            "thought": st.booleans(),
            "functionCall": st.fixed_dictionaries(
                {"name": LEAVES}, optional={"args": ANSWERS, "id": LEAVES}
            ),
        },
    ),
    max_size=3,
)
# Nearly right, which a service in trouble answers more often than nonsense.
SHAPED = st.fixed_dictionaries(
    {
        "candidates": st.lists(
            st.fixed_dictionaries(
                {"content": st.fixed_dictionaries({"role": st.just("model"), "parts": PARTS})},
                optional={"finishReason": st.one_of(st.text(), LEAVES)},
            ),
            max_size=2,
        ),
        "choices": st.lists(
            st.fixed_dictionaries(
                {
                    "message": st.fixed_dictionaries(
                        {"content": LEAVES},
                        optional={
                            "tool_calls": st.lists(
                                st.fixed_dictionaries(
                                    {
                                        "function": st.dictionaries(
                                            st.sampled_from(["name", "arguments"]), ANSWERS
                                        )
                                    }
                                )
                            )
                        },
                    )
                }
            ),
            max_size=2,
        ),
    },
    optional={"usageMetadata": COUNTS, "usage": COUNTS, "modelVersion": LEAVES, "model": LEAVES},
)


def check(turn: Turn) -> None:
    """Whatever comes of a turn is written into answers and into the database."""
    assert "\x00" not in turn.text
    orjson.dumps([turn.text, turn.model, turn.reason, [each.name for each in turn.calls]])
    orjson.dumps([each.parameters for each in turn.calls])
    counts = vars(turn.usage).values()
    assert all(count is None or count >= 0 for count in counts)


@pytest.mark.slow
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(answer=st.one_of(ANSWERS, SHAPED), status=st.sampled_from([200, 200, 200, 400, 429, 503]))
def test_any_json_is_a_turn_or_a_refusal(
    adapter: Adapter, gemini: PretendGemini, answer: Any, status: int
) -> None:
    gemini.sandbox.faults.clear()
    gemini.goes_wrong("status", status=status, body=json.dumps(answer))
    try:
        check(adapter.model.answer(asked("hello"), [FETCH], LIMITS))
    except ModelError as exc:
        # It quotes nothing of the answer.
        words = str(exc)
    else:
        words = ""
    assert len(words) < 120


def test_a_reason_to_block_that_nobody_knows_can_be_stored(gemini: PretendGemini) -> None:
    reason = "\x00" + "A" * 1000
    body = json.dumps({"promptFeedback": {"blockReason": reason}})
    gemini.goes_wrong("status", status=200, body=body)

    turn = GeminiModel(NAME).answer(asked("hello"), [], LIMITS)

    assert turn.finish is Finish.BLOCKED
    assert turn.reason == "\N{REPLACEMENT CHARACTER}" + "A" * (MAX_REASON_LENGTH - 1)


def test_a_message_that_is_too_deep_to_be_sent_back_is_no_answer(gemini: PretendGemini) -> None:
    extra: Any = {}
    for _ in range(300):
        extra = {"a": extra}
    called = {"id": "1", "function": {"name": "fetch_order_details", "arguments": "{}"}}
    message = {"role": "assistant", "tool_calls": [called], "extra_content": extra}
    gemini.goes_wrong("status", status=200, body=json.dumps({"choices": [{"message": message}]}))

    with pytest.raises(ModelUnavailable):
        CompatibleModel(NAME).answer(asked("hello"), [FETCH], LIMITS)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(answer=ANSWERS)
def test_any_choice_can_be_read(answer: Any) -> None:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": answer,
        "tool_calls": [{"function": answer}],
    }
    told = {"model": NAME, "choices": [{"message": message, "finish_reason": answer}]}
    check(turn_of({**told, "usage": answer}, NAME))
