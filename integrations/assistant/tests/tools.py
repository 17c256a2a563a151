"""Tools that show what the loop does with any tool."""

from collections.abc import Mapping
from typing import Any

from accounts.access import MANAGE_MEMBERS, VIEW_PROJECT
from integrations.assistant.contracts import Asker, Tool, ToolError

_TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def _echo(asker: Asker, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    if parameters.get("text") == "nothing":
        raise ToolError("There is nothing of that name.")
    if parameters.get("text") == "break":
        raise ZeroDivisionError
    if parameters.get("text") == "flood":
        return {"text": "x" * 100_000}
    return {"text": parameters.get("text"), "project": asker.project.name}


ECHO = Tool("echo", "Says it again.", _TEXT, VIEW_PROJECT, "projects", _echo)
FOR_MANAGERS = Tool("count", "For managers.", _TEXT, MANAGE_MEMBERS, "projects", _echo)
PROPOSE = Tool(
    "propose_rename", "Proposes a name.", _TEXT, VIEW_PROJECT, "projects", _echo, "rename"
)
