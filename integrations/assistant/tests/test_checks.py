"""Settings with which the assistant could not work stop the start."""

import pytest
from pytest_django import Settings

from integrations.assistant.checks import check_assistant_bounds, check_assistant_provider


def test_the_defaults_are_fine() -> None:
    assert check_assistant_bounds() + check_assistant_provider() == []


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("ASSISTANT_MAX_TOKENS", 10, "1000 to 10000000"),
        ("ASSISTANT_TIMEOUT", 0, "1 to 120"),
        ("ASSISTANT_CONCURRENCY", 0, "1 to 100"),
        ("ASSISTANT_TEXTS_RETENTION_DAYS", 4000, "1 to 3650"),
    ],
)
def test_a_limit_out_of_bounds_names_the_bounds(
    settings: Settings, name: str, value: int, bounds: str
) -> None:
    setattr(settings, name, value)

    [problem] = check_assistant_bounds()

    assert problem.msg == f"{name} must be from {bounds}."


def test_a_provider_without_models_is_refused(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "shopify"

    [problem] = check_assistant_provider()

    assert problem.msg == "ASSISTANT_PROVIDER must be gemini or openai."
