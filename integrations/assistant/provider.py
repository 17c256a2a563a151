"""How the app finds the assistant: like a provider, although it only speaks to models."""

from integrations.assistant import checks as _checks  # noqa: F401 (registers them)
from integrations.assistant import registrations as _registrations  # noqa: F401 (registers)
from integrations.assistant.subscribers import connect
from integrations.providers import Provider

PROVIDER = Provider(
    name="assistant",
    urls={
        "api/v1/": "integrations.assistant.api.hub.urls",
        "": "integrations.assistant.pages.urls",
    },
    connect=connect,
)
