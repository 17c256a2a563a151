"""A conversation and its tools as Google's library takes them."""

from collections.abc import Iterator, Sequence

from google.genai import types

from integrations.assistant.contracts import Answered, Asked, History, ToolDescription, ToolResult


def contents_of(history: History) -> Iterator[types.Content]:
    """Write the entries of a conversation. Turns of the model go back as they came.

    Results of several calls are one content, as Gemini demands, with ids and names as the model
    wrote them.
    """
    calls: Sequence[types.FunctionCall] = ()
    for entry in history.entries:
        match entry:
            case Asked(text):
                yield types.Content(role="user", parts=[types.Part(text=text)])
            case Answered(content):
                assert isinstance(content, types.Content)
                calls = [each.function_call for each in content.parts or () if each.function_call]
                yield content
            case _:
                parts = map(_result, calls, entry.results)
                yield types.Content(role="user", parts=list(parts))


def tools_of(tools: Sequence[ToolDescription]) -> types.ToolListUnion | None:
    """Declare tools. We pass no callables, because the library would call these by itself."""
    if not tools:
        return None
    declared = [
        types.FunctionDeclaration(
            name=tool.name,
            description=tool.description,
            parameters_json_schema=tool.parameters,
        )
        for tool in tools
    ]
    return [types.Tool(function_declarations=declared)]


def _result(call: types.FunctionCall, result: ToolResult) -> types.Part:
    response = {"error": result.error} if result.error else {"result": dict(result.result)}
    answered = types.FunctionResponse(id=call.id, name=call.name, response=response)
    return types.Part(function_response=answered)
