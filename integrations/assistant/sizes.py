"""How many tokens a model reads at most. A token is at least one character, and mostly four."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from integrations.assistant.contracts import Answered, Asked, Entry, ToolDescription


def size_of(value: object) -> int:
    """Return the length of a value as JSON, in characters."""
    return len(orjson.dumps(value).decode())


def size_of_entry(entry: Entry) -> int:
    """Return the length of what we say. A turn of the model has none: it tells its own tokens."""
    if isinstance(entry, Answered):
        return 0
    if isinstance(entry, Asked):
        return len(entry.text)
    return sum(size_of([each.call.name, each.result, each.error]) for each in entry.results)


def size_of_frame(
    instructions: str, tools: Sequence[ToolDescription], schema: Mapping[str, Any] | None
) -> int:
    """Return the length of what stands around a conversation in each turn."""
    described = [[tool.name, tool.description, tool.parameters] for tool in tools]
    return len(instructions) + size_of([described, schema])
