"""What an answer of Gemini means. All of these come with HTTP 200."""

from collections.abc import Sequence

from google.genai import types

from integrations.assistant.contracts import Finish, ToolCall, Turn, Usage
from integrations.assistant.storable import (
    MAX_MODEL_LENGTH,
    MAX_REASON_LENGTH,
    count_in,
    storable,
    storable_text,
)

_FINISHES = {
    "MAX_TOKENS": Finish.CUT,
    # It would go on if asked with a token, which we do not do.
    "CONTINUATION": Finish.CUT,
    "SAFETY": Finish.BLOCKED,
    "RECITATION": Finish.BLOCKED,
    "LANGUAGE": Finish.BLOCKED,
    "BLOCKLIST": Finish.BLOCKED,
    "PROHIBITED_CONTENT": Finish.BLOCKED,
    "SPII": Finish.BLOCKED,
    "MALFORMED_FUNCTION_CALL": Finish.MALFORMED,
    "UNEXPECTED_TOOL_CALL": Finish.MALFORMED,
    "TOO_MANY_TOOL_CALLS": Finish.MALFORMED,
    "MALFORMED_RESPONSE": Finish.MALFORMED,
    "MISSING_THOUGHT_SIGNATURE": Finish.MALFORMED,
}


def turn_of(response: types.GenerateContentResponse, asked_model: str) -> Turn:
    """Read an answer. It may lack candidates, parts and counts."""
    named = (response.model_version or asked_model).removeprefix("models/")
    model = storable_text(named, most=MAX_MODEL_LENGTH)
    usage = _usage_of(response.usage_metadata)
    if not response.candidates:
        feedback = response.prompt_feedback
        blocked = feedback.block_reason if feedback else None
        finish = Finish.BLOCKED if blocked else Finish.EMPTY
        word = storable_text(blocked.value if blocked else "", most=MAX_REASON_LENGTH)
        return Turn(finish, model, usage=usage, reason=word)
    candidate = response.candidates[0]
    parts = [each for each in _parts_of(candidate) if each != types.Part()]
    text = "".join(each.text or "" for each in parts if not each.thought)
    calls = [_call(each.function_call) for each in parts if each.function_call]
    reason = candidate.finish_reason
    word = storable_text(reason.value if reason else "", most=MAX_REASON_LENGTH)
    finish = _FINISHES.get(word) or (Finish.ANSWERED if text or calls else Finish.EMPTY)
    return Turn(
        finish=finish,
        model=model,
        # Parts of a kind that the library does not know come out empty, and Gemini refuses those.
        content=types.Content(role="model", parts=parts),
        text=storable_text(text),
        calls=calls if finish is Finish.ANSWERED else (),
        usage=usage,
        reason=word,
    )


def _parts_of(candidate: types.Candidate) -> Sequence[types.Part]:
    return (candidate.content.parts if candidate.content else None) or []


def _call(call: types.FunctionCall) -> ToolCall:
    return ToolCall(call.id or "", storable_text(call.name or ""), storable(call.args or {}))


def _usage_of(counts: types.GenerateContentResponseUsageMetadata | None) -> Usage:
    if counts is None:
        return Usage()
    return Usage(
        prompt=count_in(counts.prompt_token_count),
        cached=count_in(counts.cached_content_token_count),
        thought=count_in(counts.thoughts_token_count),
        answer=count_in(counts.candidates_token_count),
        total=count_in(counts.total_token_count),
    )
