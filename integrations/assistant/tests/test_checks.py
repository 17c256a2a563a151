"""A setting with which the assistant could not work stops the start."""

from pytest_django import Settings

from integrations.assistant.checks import check_assistant_provider


def test_the_default_is_fine() -> None:
    assert check_assistant_provider() == []


def test_a_provider_without_models_is_refused(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "shopify"

    [problem] = check_assistant_provider()

    assert problem.hint == "Write gemini or openai."
