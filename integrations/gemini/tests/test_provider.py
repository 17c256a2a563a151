"""Gemini as a provider: its settings, and when its library is loaded."""

import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from pytest_django import Settings

from integrations.gemini.provider import PROVIDER
from orderchainer.core.logs.secrets import scrub

LOADS = """
import sys
import django
django.setup()
from integrations.providers import provider_named
models = provider_named("gemini").models
print("google.genai" in sys.modules)
models.model("gemini-3.8-flash")
print("google.genai" in sys.modules)
"""


@pytest.mark.slow
def test_a_process_that_nobody_asks_does_without_the_library() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADS],
        cwd=django_settings.BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "orderchainer.settings", "ENV_FILE": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["False", "True"]


def test_keys_of_models_are_hidden_in_texts() -> None:
    for key in ("AIzaSyA1234567890abcdefghij", "sk-proj-1234567890abcdef"):
        assert key not in scrub(f"x-goog-api-key: {key}")


def test_names_the_setting_that_is_missing(settings: Settings) -> None:
    assert PROVIDER.models is not None
    settings.GEMINI_API_KEY = ""
    assert PROVIDER.models.missing() == ["GEMINI_API_KEY"]
    settings.GEMINI_API_KEY = "some-key"
    assert PROVIDER.models.missing() == []


def test_refuses_a_base_that_is_no_url(settings: Settings) -> None:
    for base, complaints in [
        ("", []),
        ("http://127.0.0.1:8400/gemini", []),
        ("127.0.0.1:8400", ["gemini.E001"]),
        ("https://example.com/?key=1", ["gemini.E001"]),
    ]:
        settings.GEMINI_API_BASE = base
        found = [each.id for each in run_checks() if str(each.id).startswith("gemini.")]
        assert found == complaints
