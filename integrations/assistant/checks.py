"""Checks at the start for settings with which the assistant could not work."""

from collections.abc import Mapping

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.providers import providers

# Each setting with its least and its largest value.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "ASSISTANT_MAX_TOKENS": (1_000, 10_000_000),
    "ASSISTANT_TIMEOUT": (1, 120),
    "ASSISTANT_CONCURRENCY": (1, 100),
    "ASSISTANT_TEXTS_RETENTION_DAYS": (1, 3650),
}


@register
def check_assistant_bounds(**_: object) -> list[CheckMessage]:
    """Refuse limits that would let nothing through, or everything."""
    return [
        Error(f"{name} must be from {least:.0f} to {most:.0f}.", id="assistant.E001")
        for name, (least, most) in BOUNDS.items()
        if not least <= getattr(settings, name) <= most
    ]


@register
def check_assistant_provider(**_: object) -> list[CheckMessage]:
    """Refuse an `ASSISTANT_PROVIDER` that has no models."""
    names = [each.name for each in providers() if each.models is not None]
    if settings.ASSISTANT_PROVIDER in names:
        return []
    return [Error(f"ASSISTANT_PROVIDER must be {' or '.join(names)}.", id="assistant.E002")]
