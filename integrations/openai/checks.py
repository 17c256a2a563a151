"""Checks at the start for settings that would make the first call fail."""

from django.core.checks import CheckMessage, register

from integrations.checks import base_problems


@register
def check_openai_api_base(**_: object) -> list[CheckMessage]:
    """Refuse an `OPENAI_API_BASE` that is not a URL."""
    return base_problems(
        "OPENAI_API_BASE",
        hint="It is the part before /chat/completions, such as http://127.0.0.1:11434/v1.",
        id="openai.E001",
    )
