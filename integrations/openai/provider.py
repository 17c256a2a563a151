"""A service that speaks OpenAI's protocol, as the assistant needs it."""

from collections.abc import Sequence

from django.conf import settings

from integrations.assistant.contracts import Model, ModelService
from integrations.openai import checks as _checks  # noqa: F401 (registers them)
from integrations.openai import registrations as _registrations  # noqa: F401 (registers)
from integrations.openai.model import CompatibleModel
from integrations.providers import Provider


def missing() -> Sequence[str]:
    """Return the settings without which no model can be asked. Many services need no key."""
    return [] if settings.OPENAI_API_BASE else ["OPENAI_API_BASE"]


def model_named(name: str) -> Model:
    """Return a model of the service."""
    return CompatibleModel(name)


# Only the operator knows who is behind the address, so no prices are known.
PROVIDER = Provider(
    name="openai",
    label="OpenAI",
    models=ModelService(missing=missing, model=model_named),
)
