"""JSON by schema: a reply, a judgement of a message, and something valid for any other schema."""

import json
from collections.abc import Mapping
from typing import Any

from integrations.sandbox.gemini.answering.facts import first_value, text_without_objects
from integrations.sandbox.gemini.answering.replying import reply_to
from integrations.sandbox.gemini.answering.words import concerns_in, word_for
from integrations.sandbox.gemini.conversation import Asked


def judged(asked: Asked) -> str:
    """Return JSON that fits the schema of the request."""
    text = asked.question
    if "reply" in asked.schema.get("properties", {}):
        reply, language = reply_to(text)
        return json.dumps({"reply": reply, "language": language}, ensure_ascii=False)
    message = str(first_value(text, "message", "customer_message") or text_without_objects(text))
    return json.dumps(_value(asked.schema, "", message), ensure_ascii=False)


def _value(schema: Mapping[str, Any], name: str, message: str) -> Any:
    if choices := schema.get("enum"):
        judged_as = word_for(name, message)
        return judged_as if judged_as in choices else choices[0]
    match str(schema.get("type", "object")).lower():
        case "object":
            properties = schema.get("properties", {})
            return {key: _value(each, key, message) for key, each in properties.items()}
        case "array":
            if name == "concerns":
                return concerns_in(message)
            return [_value(schema["items"], name, message)]
        case "integer" | "number":
            return 0
        case "boolean":
            return False
    return word_for(name, message)
