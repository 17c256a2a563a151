"""A check at the start for a setting with which the assistant could not work."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.providers import providers


@register
def check_assistant_provider(**_: object) -> list[CheckMessage]:
    """Refuse an `ASSISTANT_PROVIDER` that has no models."""
    names = [each.name for each in providers() if each.models is not None]
    if settings.ASSISTANT_PROVIDER in names:
        return []
    return [
        Error(
            f"ASSISTANT_PROVIDER is {settings.ASSISTANT_PROVIDER!r}, which has no models.",
            hint=f"Write {' or '.join(names)}.",
            id="assistant.E002",
        )
    ]
