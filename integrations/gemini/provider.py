"""Gemini as the assistant needs it."""

from collections.abc import Sequence

from django.conf import settings

from integrations.assistant.contracts import Model, ModelService
from integrations.gemini import checks as _checks  # noqa: F401 (registers them)
from integrations.gemini import registrations as _registrations  # noqa: F401 (registers)
from integrations.gemini.prices import PRICES
from integrations.providers import Provider


def missing() -> Sequence[str]:
    """Return the settings without which Gemini cannot be asked."""
    return [] if settings.GEMINI_API_KEY else ["GEMINI_API_KEY"]


def model_named(name: str) -> Model:
    """Return a model of Gemini."""
    # Google's library takes a second or two to import and 30 MB of memory, so a process that nobody
    # asks anything does without it.
    from integrations.gemini.model import GeminiModel

    return GeminiModel(name)


PROVIDER = Provider(
    name="gemini",
    label="Gemini",
    models=ModelService(missing=missing, model=model_named, prices=PRICES),
)
