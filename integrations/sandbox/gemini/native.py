"""Gemini's own API: `generateContent` in and out.

Field names may be written in camel case or with underscores, since Google's library mixes both. A
field that the service does not know is an error.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from integrations.sandbox.gemini import signatures
from integrations.sandbox.gemini.conversation import Asked, Call, Function, Refused, Result, Said
from integrations.sandbox.gemini.conversation import Turn as HistoryTurn
from integrations.sandbox.gemini.schemas import camel, check_schema, function_of
from integrations.sandbox.gemini.tokens import Counts

_REQUEST = {
    *("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "model"),
    *("safetySettings", "cachedContent", "labels"),
}
_GENERATION = {
    *("maxOutputTokens", "thinkingConfig", "responseMimeType", "responseSchema", "seed"),
    *("responseJsonSchema", "candidateCount", "stopSequences", "temperature", "topP", "topK"),
}
_PART = {"text", "thought", "thoughtSignature", "functionCall", "functionResponse"}
_DATA = {"text", "functionCall", "functionResponse"}


def read_request(model: str, body: bytes) -> Asked:
    """Read the body of a `generateContent`. Raises `Refused`."""
    told = _fields(_json_of(body), _REQUEST, "")
    generation = _fields(told.get("generationConfig", {}), _GENERATION, "generation_config")
    thinking = _fields(
        generation.get("thinkingConfig", {}),
        {"thinkingLevel", "thinkingBudget", "includeThoughts"},
        "generation_config.thinking_config",
    )
    level = str(thinking.get("thinkingLevel", "")).lower()
    if level not in {"", "minimal", "low", "medium", "high"}:
        raise Refused(400, f"Invalid value at 'thinking_level': \"{level.upper()}\"")
    functions = _functions(told.get("tools", []))
    mode = _mode(told.get("toolConfig", {}), functions)
    wants_json, schema = _wanted(generation)
    return Asked(
        model=model,
        turns=read_contents(told.get("contents"), model),
        instruction=_instruction(told.get("systemInstruction")),
        functions=functions,
        mode=mode,
        wants_json=wants_json,
        schema=schema,
        max_tokens=_positive(generation.get("maxOutputTokens", 65_536), "max_output_tokens"),
        thinking=level,
        budget=thinking.get("thinkingBudget"),
    )


def contents_of(body: bytes) -> Any:
    """Return the history of a request to count tokens. Raises `Refused`."""
    told = _fields(_json_of(body), {"contents", "generateContentRequest"}, "")
    return told.get("contents") or told.get("generateContentRequest", {}).get("contents")


# --- The history ------------------------------------------------------------------------------


def read_contents(contents: Any, model: str) -> Sequence[HistoryTurn]:
    """Read and check a history. Raises `Refused`."""
    if not isinstance(contents, list) or not contents:
        raise Refused(400, "* GenerateContentRequest.contents: contents is not specified")
    turns = [_turn(content, number) for number, content in enumerate(contents)]
    check_history(turns, model)
    return turns


def check_history(turns: Sequence[HistoryTurn], model: str) -> None:
    """Refuse a history with calls that are unsigned or unanswered. Raises `Refused`."""
    if turns[-1].role == "model":
        raise Refused(400, "Please ensure that single turn requests end with a user role.")
    asked: Sequence[Call] = ()
    for position, turn in enumerate(turns):
        if turn.role == "model":
            if turn.calls:
                if position == 0:
                    words = (
                        "Please ensure that function call turn comes immediately after a user turn"
                    )
                    raise Refused(400, f"{words} or after a function response turn.")
                signatures.check_signature(model, turn.calls, position)
            if asked:
                raise Refused(400, _UNEQUAL)
            asked = turn.calls
            continue
        _check_results(asked, turn.results)
        asked = ()


_UNEQUAL = (
    "Please ensure that the number of function response parts is equal to the number of function "
    "call parts of the function call turn."
)


def _check_results(asked: Sequence[Call], results: Sequence[Result]) -> None:
    if results and not asked:
        words = "Please ensure that function response turn comes immediately after a function call"
        raise Refused(400, f"{words} turn.")
    if len(results) != len(asked):
        raise Refused(400, _UNEQUAL)
    for call, result in zip(asked, results, strict=True):
        if (call.id, call.name) != (result.id, result.name):
            words = f"Function response {result.name!r} with id {result.id!r} matches no call:"
            raise Refused(400, f"{words} {call.name!r} with id {call.id!r} comes first.")


def _turn(content: Any, number: int) -> HistoryTurn:
    where = f"contents[{number}]"
    told = _fields(content, {"role", "parts"}, where)
    role = told.get("role", "user")
    if role not in {"user", "model", "tool"}:
        raise Refused(400, "Please use a valid role: user, model.")
    parts = told.get("parts", [])
    if not isinstance(parts, list) or not parts:
        words = f"* GenerateContentRequest.{where}.parts: contents.parts must not be empty."
        raise Refused(400, words)
    texts, calls, results = [], [], []
    for index, part in enumerate(parts):
        place = f"{where}.parts[{index}]"
        told = _fields(part, _PART, place)
        if len(_DATA & set(told)) != 1:
            words = f"* GenerateContentRequest.{place}.data: required oneof field 'data' must have"
            raise Refused(400, f"{words} one initialized field")
        signature = signatures.read(told.get("thoughtSignature", ""))
        if "functionCall" in told and role == "model":
            calls.append(_call(told["functionCall"], signature, place))
        elif "functionResponse" in told and role != "model":
            results.append(_result(told["functionResponse"], place))
        elif not isinstance(told.get("text"), str):
            raise Refused(400, f"Invalid value at '{place}': it does not belong to role {role}.")
        elif not told.get("thought"):
            texts.append(told["text"])
    is_model: Literal["user", "model"] = "model" if role == "model" else "user"
    return HistoryTurn(is_model, "".join(texts), calls, results)


def _call(told: Any, signature: bytes, where: str) -> Call:
    fields = _fields(told, {"id", "name", "args"}, f"{where}.function_call")
    name, args = fields.get("name"), fields.get("args", {})
    if not isinstance(name, str) or not isinstance(args, dict):
        raise Refused(400, f"Invalid value at '{where}.function_call'")
    return Call(str(fields.get("id", "")), name, args, signature)


def _result(told: Any, where: str) -> Result:
    known = {"id", "name", "response", "willContinue", "scheduling"}
    fields = _fields(told, known, f"{where}.function_response")
    name, response = fields.get("name"), fields.get("response")
    if not isinstance(name, str) or not name:
        words = f"* GenerateContentRequest.{where}.function_response.name: Name cannot be empty."
        raise Refused(400, words)
    if not isinstance(response, dict):
        raise Refused(400, f"Invalid value at '{where}.function_response.response' (Struct)")
    return Result(str(fields.get("id", "")), name, response)


def _instruction(told: Any) -> str:
    if told is None:
        return ""
    content = _fields(told, {"role", "parts"}, "system_instruction")
    parts = content.get("parts", [])
    return "".join(str(_fields(part, {"text"}, "system_instruction")["text"]) for part in parts)


# --- Tools and JSON ---------------------------------------------------------------------------


def _functions(tools: Any) -> Mapping[str, Function]:
    if not isinstance(tools, list):
        raise Refused(400, "Invalid value at 'tools'")
    found: dict[str, Function] = {}
    for tool in tools:
        declared = _fields(tool, {"functionDeclarations"}, "tools[0]")
        for each in declared.get("functionDeclarations", []):
            known = {"name", "description", "parameters", "parametersJsonSchema", "response"}
            told = _fields(each, known, "tools[0].function_declarations")
            is_json_schema = "parametersJsonSchema" in told
            if is_json_schema and "parameters" in told:
                raise Refused(400, "Only one of parameters and parameters_json_schema may be set.")
            schema = told.get("parametersJsonSchema" if is_json_schema else "parameters")
            function = function_of(
                told.get("name"), told.get("description"), schema, is_json_schema=is_json_schema
            )
            if function.name in found:
                raise Refused(400, f"Duplicate function declaration found: {function.name}")
            found[function.name] = function
    return found


def _mode(told: Any, functions: Mapping[str, Function]) -> Literal["AUTO", "ANY", "NONE"]:
    config = _fields(told, {"functionCallingConfig"}, "tool_config")
    calling = _fields(
        config.get("functionCallingConfig", {}),
        {"mode", "allowedFunctionNames"},
        "tool_config.function_calling_config",
    )
    mode = str(calling.get("mode", "AUTO")).upper()
    allowed = calling.get("allowedFunctionNames", [])
    if mode not in {"AUTO", "ANY", "NONE", "VALIDATED"}:
        raise Refused(400, f"Invalid value at 'mode': \"{mode}\"")
    if allowed and mode == "AUTO":
        words = "Please set allowed_function_names only when function calling mode is ANY."
        raise Refused(400, words)
    if unknown := set(allowed) - set(functions):
        raise Refused(400, f"allowed_function_names has an undeclared function: {min(unknown)}")
    if mode == "ANY" and not functions:
        raise Refused(400, "Function calling mode ANY needs function declarations.")
    match mode:
        case "ANY":
            return "ANY"
        case "NONE":
            return "NONE"
    return "AUTO"


def _wanted(generation: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
    """Return whether JSON is wanted, and its schema."""
    media_type = generation.get("responseMimeType", "text/plain")
    if media_type not in {"text/plain", "application/json"}:
        raise Refused(400, f"Unsupported response mime type: {media_type}")
    names = [name for name in ("responseSchema", "responseJsonSchema") if name in generation]
    if len(names) == 2:
        raise Refused(400, "Only one of response_schema and response_json_schema may be set.")
    if not names:
        return media_type == "application/json", {}
    if media_type != "application/json":
        raise Refused(400, f"{names[0]} needs response_mime_type application/json.")
    schema = generation[names[0]]
    check_schema(schema, "the response", is_json_schema=names[0] == "responseJsonSchema")
    return True, schema


# --- Answers ----------------------------------------------------------------------------------


def answer_body(
    said: Said, usage: Mapping[str, int], model: str, response_id: str
) -> dict[str, Any]:
    """Write an answer. If the model says nothing, the content has no parts, as at Google."""
    content: dict[str, Any] = {}
    parts = parts_of(said)
    if parts:
        content = {"role": "model", "parts": parts}
    elif said.finish == "MAX_TOKENS":
        content = {"role": "model"}
    candidate: dict[str, Any] = {"index": 0, "finishReason": said.finish}
    if content or said.finish == "STOP":
        candidate["content"] = content
    body: dict[str, Any] = {"candidates": [candidate]}
    if usage:
        body["usageMetadata"] = dict(usage)
    return {**body, "modelVersion": model, "responseId": response_id}


def parts_of(said: Said) -> list[dict[str, Any]]:
    """Write the parts of an answer. The first call carries the signature of all."""
    parts: list[dict[str, Any]] = [{"text": said.text}] if said.text else []
    for call in said.calls:
        told = {"id": call.id, "name": call.name, "args": call.args}
        part: dict[str, Any] = {"functionCall": told}
        if call.signature:
            part["thoughtSignature"] = signatures.written(call.signature)
        parts.append(part)
    return parts


def usage_of(counts: Counts) -> dict[str, int]:
    """Write the counts. Google leaves out what is zero."""
    told = {
        "promptTokenCount": counts.prompt,
        "candidatesTokenCount": counts.answer,
        "thoughtsTokenCount": counts.thoughts,
        "cachedContentTokenCount": counts.cached,
        "totalTokenCount": counts.total,
    }
    return {name: count for name, count in told.items() if count}


def streamed(body: Mapping[str, Any]) -> bytes:
    """Write an answer as server-sent events: half of the text, then the rest with the counts."""
    (candidate,) = body.get("candidates") or [{}]
    parts = candidate.get("content", {}).get("parts", [])
    chunks: list[Mapping[str, Any]] = [body]
    if len(parts) == 1 and len(text := parts[0].get("text", "")) > 1:
        half = len(text) // 2
        first = {"index": 0, "content": {"role": "model", "parts": [{"text": text[:half]}]}}
        rest = {"role": "model", "parts": [{"text": text[half:]}]}
        last = {**body, "candidates": [{**candidate, "content": rest}]}
        chunks = [{"candidates": [first], "modelVersion": body["modelVersion"]}, last]
    return b"".join(f"data: {json.dumps(chunk)}\r\n\r\n".encode() for chunk in chunks)


# --- Fields -----------------------------------------------------------------------------------


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as exc:
        raise Refused(400, f"Invalid JSON payload received. {exc}") from exc


def _fields(told: Any, known: set[str], where: str) -> dict[str, Any]:
    """Return the fields of an object by their names in camel case. Raises `Refused`."""
    if not isinstance(told, dict):
        raise Refused(400, f"Invalid value at '{where or 'the request'}': an object was expected")
    fields = {}
    for name, value in told.items():
        if camel(name) not in known:
            place = f" at '{where}'" if where else ""
            words = f'Invalid JSON payload received. Unknown name "{name}"{place}'
            raise Refused(400, f"{words}: Cannot find field.")
        fields[camel(name)] = value
    return fields


def _positive(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Refused(400, f"Invalid value at '{where}': it must be a positive number")
    return value
