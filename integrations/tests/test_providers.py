"""What it takes to add a provider: its own package and one line of the registry."""

import re
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

import integrations
from integrations import providers

ROOT = Path(integrations.__file__).parent

PROVIDER = """
from integrations.providers import Provider

heard = []

PROVIDER = Provider(
    name="carrier",
    urls={"api/carrier/": "carrier.urls"},
    connect=lambda: heard.append("connected"),
    reencrypt_credentials=lambda: 7,
)
"""
URLS = """
from django.http import JsonResponse
from django.urls import path

urlpatterns = [path("pigeons", lambda request: JsonResponse({"pigeons": 3}))]
"""
# The service's URLs as a start with the new line would build them.
ROOT_URLS = """
from integrations.providers import provider_paths

urlpatterns = [*provider_paths()]
"""
LOADED = "loaded = True\n"


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Path]:
    """A provider `carrier` in its own package, and the line that registers it."""
    package = tmp_path / "carrier"
    package.mkdir()
    for name, text in {
        "__init__": "",
        "provider": PROVIDER,
        "urls": URLS,
        "root_urls": ROOT_URLS,
        "models": LOADED,
        "admin": LOADED,
    }.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, "carrier"))
    settings.ROOT_URLCONF = "carrier.root_urls"
    yield package
    for name in [name for name in sys.modules if name.split(".")[0] == "carrier"]:
        del sys.modules[name]


def module_of_carrier(name: str) -> ModuleType:
    """Return a module that should have been imported by now."""
    return sys.modules[f"carrier.{name}"]


@pytest.mark.usefixtures("carrier")
def test_a_new_provider_is_connected_at_the_start() -> None:
    apps.get_app_config("integrations").ready()

    assert module_of_carrier("provider").heard == ["connected"]


@pytest.mark.usefixtures("carrier")
def test_a_new_providers_paths_are_served_beside_the_others() -> None:
    answer = Client().get("/api/carrier/pigeons")

    assert answer.json() == {"pigeons": 3}
    assert Client().get("/api/discord/").status_code == 401


@pytest.mark.usefixtures("carrier", "db")
def test_a_new_providers_secrets_are_encrypted_along_with_the_others() -> None:
    out = StringIO()

    call_command("reencrypt_credentials", stdout=out)

    assert out.getvalue() == "Encrypted 7 secrets with the first key.\n"


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("module", ["models", "admin"])
def test_a_new_providers_tables_and_pages_are_found(module: str) -> None:
    providers.import_from_each(module)

    assert module_of_carrier(module).loaded


def test_each_provider_has_a_unique_name() -> None:
    names = [provider.name for provider in providers.providers()]

    assert len(names) == len(set(names))


def test_only_the_registry_names_providers_in_the_root_of_the_app() -> None:
    naming = {
        path.relative_to(ROOT).as_posix(): len(re.findall("discord", text, re.I))
        for path in [*ROOT.glob("*.py"), *ROOT.glob("management/**/*.py")]
        if "discord" in (text := path.read_text()).lower()
    }

    assert naming == {"providers.py": 1}
