"""A model of Gemini behind the assistant's contract, asked by Google's own library.

The library is imported at the top, so import this module only when a model is asked.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import httpx2
from django.conf import settings
from google import genai
from google.genai import errors, types
from pydantic import ValidationError

from integrations.assistant.contracts import (
    History,
    Limits,
    ModelError,
    ModelUnavailable,
    ToolDescription,
    Turn,
)
from integrations.assistant.status_codes import error_of
from integrations.gemini.connection import bounded_client
from integrations.gemini.reading import turn_of
from integrations.gemini.writing import contents_of, tools_of

GEMINI = "https://generativelanguage.googleapis.com"
USER_AGENT_VERSION = "1.0"
# Models of this series know no levels of thinking, but a number of tokens.
_KNOWS_BUDGETS = "gemini-2.5-"
_BUDGET_TOKENS = 1024
# Google offers names such as `gemini-flash-latest` here only.
_ALIAS, _BETA, _STABLE = "-latest", "v1beta", "v1"


# The library trips over answers of a shape that it does not expect.
TRIPS = (AttributeError, LookupError, RecursionError, TypeError, ValueError)


class GeminiModel:
    """One model of Gemini."""

    def __init__(self, name: str) -> None:
        self.name = name

    def answer(
        self,
        history: History,
        tools: Sequence[ToolDescription],
        limits: Limits,
        *,
        schema: Mapping[str, Any] | None = None,
    ) -> Turn:
        """Ask the model once. Raises a `ModelError`."""
        client = self._client
        contents = list(contents_of(history))
        config = self._config(history, tools, limits, schema)
        failure: ModelError
        try:
            response = client.models.generate_content(
                model=self.name, contents=contents, config=config
            )
        except errors.APIError as exc:
            failure = _error_of(exc)
        except httpx2.TimeoutException:
            failure = ModelUnavailable("Gemini did not answer in time")
        except httpx2.HTTPError as exc:
            failure = ModelUnavailable(f"Gemini could not be asked: {type(exc).__name__}")
        except (ValidationError, *TRIPS) as exc:
            failure = ModelUnavailable(f"Gemini gave an unreadable answer: {type(exc).__name__}")
        else:
            return turn_of(response, self.name)
        # The library's exceptions hold what we sent, so ours have no cause.
        raise failure

    @property
    def _client(self) -> genai.Client:
        return _client_for(settings.GEMINI_API_KEY, settings.GEMINI_API_BASE or GEMINI)

    def _config(
        self,
        history: History,
        tools: Sequence[ToolDescription],
        limits: Limits,
        schema: Mapping[str, Any] | None,
    ) -> types.GenerateContentConfig:
        thinking = (
            types.ThinkingConfig(thinking_budget=_BUDGET_TOKENS)
            if self.name.startswith(_KNOWS_BUDGETS)
            else types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW)
        )
        return types.GenerateContentConfig(
            system_instruction=history.instructions or None,
            tools=tools_of(tools),
            max_output_tokens=limits.max_tokens,
            thinking_config=thinking,
            response_mime_type="application/json" if schema is not None else None,
            response_json_schema=schema,
            # By default the library asks again by itself, and we could not count that.
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            automatic_continuation=False,
            http_options=types.HttpOptions(
                api_version=_BETA if self.name.endswith(_ALIAS) else _STABLE,
                timeout=max(1, int(limits.timeout_seconds * 1000)),
                headers={
                    "User-Agent": f"OrderChainer/{USER_AGENT_VERSION} ({settings.PUBLIC_URL})"
                },
            ),
        )


def _error_of(exc: errors.APIError) -> ModelError:
    after = exc.response.headers.get("Retry-After", "") if exc.response is not None else ""
    return error_of("Gemini", exc.code, exc.details, str(after))


@lru_cache(maxsize=4)
def _client_for(key: str, base: str) -> genai.Client:
    """Return the client of this process. It keeps connections open and serves all threads."""
    options = types.HttpOptions(base_url=base, httpx_client=bounded_client())
    # Otherwise a variable of the environment could lead it to another service of Google.
    return genai.Client(api_key=key, enterprise=False, http_options=options)
