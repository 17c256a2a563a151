"""The models that the emulator knows, as Google listed them in November 2026."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.sandbox.gemini.conversation import Refused


@dataclass(frozen=True)
class Known:
    """A model: how it may be told to think, and which model answers in its place."""

    levels: frozenset[str] = frozenset({"low", "medium", "high"})
    takes_budget: bool = False
    routed_to: str = ""
    # From when on it is routed; empty means always.
    routed_from: datetime | None = None
    is_alias: bool = False


_FLASH_LITE = Known(levels=frozenset({"minimal", "low", "medium", "high"}))
_END_OF_2_5 = datetime(2026, 12, 1, tzinfo=UTC)
MODELS: Mapping[str, Known] = {
    "gemini-3.8-flash": Known(),
    "gemini-3.6-flash": Known(),
    "gemini-3.5-flash-lite": _FLASH_LITE,
    "gemini-3.1-flash-lite": _FLASH_LITE,
    "gemini-4-argon": Known(),
    "gemini-3.1-pro-preview": Known(),
    "gemini-3.7-flash": Known(routed_to="gemini-3.8-flash"),
    "gemini-3.5-flash": Known(routed_to="gemini-3.6-flash"),
    "gemini-2.5-flash-lite": Known(levels=frozenset(), takes_budget=True),
    "gemini-2.5-flash": Known(
        frozenset(), takes_budget=True, routed_to="gemini-3.5-flash-lite", routed_from=_END_OF_2_5
    ),
    "gemini-2.5-pro": Known(
        frozenset(), takes_budget=True, routed_to="gemini-3.8-flash", routed_from=_END_OF_2_5
    ),
    "gemini-flash-latest": Known(routed_to="gemini-3.8-flash", is_alias=True),
    "gemini-flash-lite-latest": Known(routed_to="gemini-3.5-flash-lite", is_alias=True),
    "gemini-pro-latest": Known(routed_to="gemini-3.1-pro-preview", is_alias=True),
}


def answering_model(name: str, version: str, now: datetime) -> str:
    """Return the name of the model that answers for `name`. Raises `Refused`, also if it retired.

    Aliases exist in v1beta only.
    """
    known = MODELS.get(name)
    if known is None or (known.is_alias and version == "v1"):
        words = (
            f"models/{name} is not found for API version {version}, or is not supported for "
            "generateContent. Call ModelService.ListModels to see the list of available models "
            "and their supported methods."
        )
        raise Refused(404, words, "NOT_FOUND")
    if known.routed_to and (known.routed_from is None or now >= known.routed_from):
        return known.routed_to
    return name


def listed(version: str) -> list[dict[str, object]]:
    """Return the models as `GET /models` shows them."""
    return [
        {
            "name": f"models/{name}",
            "displayName": name.replace("-", " ").title(),
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "thinking": True,
        }
        for name, known in MODELS.items()
        if not (known.is_alias and version == "v1")
    ]


def check_thinking(model: str, level: str, budget: int | None) -> None:
    """Refuse a way of thinking that the model does not know. Raises `Refused`."""
    known = MODELS[model]
    if level and level not in known.levels:
        raise Refused(400, f"Thinking level {level.upper()} is not supported for this model.")
    if budget is not None and not known.takes_budget:
        raise Refused(400, "Thinking budget is not supported for this model.")
