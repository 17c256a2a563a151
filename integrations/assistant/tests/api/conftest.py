"""The sandbox's Gemini by either of its faces."""

import pytest
from pytest_django import Settings

from integrations.assistant.tests.models.pretend import PretendGemini


@pytest.fixture(params=["gemini", "openai"])
def either(
    request: pytest.FixtureRequest, pretend: PretendGemini, settings: Settings
) -> PretendGemini:
    """Gemini by its own protocol, and by the one of OpenAI."""
    settings.ASSISTANT_PROVIDER = request.param
    settings.GEMINI_API_KEY, settings.GEMINI_API_BASE = pretend.emulator.key, pretend.base
    settings.OPENAI_API_KEY = pretend.emulator.key
    settings.OPENAI_API_BASE = f"{pretend.base}/v1beta/openai"
    return pretend
