"""Checks at the start for settings that would make the first call fail."""

from django.core.checks import CheckMessage, register

from integrations.checks import base_problems


@register
def check_gemini_api_base(**_: object) -> list[CheckMessage]:
    """Refuse a `GEMINI_API_BASE` that is not a URL."""
    return base_problems(
        "GEMINI_API_BASE",
        hint="It replaces https://generativelanguage.googleapis.com; /v1/models/… is added to it.",
        id="gemini.E001",
    )
