"""The layers: `core` imports no app, every module is on a layer, and no imports form a circle."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache as once
from pathlib import Path
from typing import Any

import grimp
import pytest
from django.conf import settings

from accounts.access import OPERATIONS
from accounts.scopes import all_scopes
from integrations.providers import PROVIDERS
from orderchainer.core.http.surfaces import PREFIXES
from orderchainer.core.web.content_policy import POLICIES

ROOT = Path(settings.BASE_DIR)
GROUND = ROOT / "orderchainer" / "core"
# Modules on no layer: the package that holds the others, and tests, which may import anything.
WITHOUT_LAYER = {"orderchainer", "orderchainer.tests"}


@once
def import_linter() -> dict[str, Any]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: dict[str, Any] = configuration["tool"]["importlinter"]
    return found


def root_packages() -> list[str]:
    return list(import_linter()["root_packages"])


def layers() -> set[str]:
    (contract,) = (
        contract for contract in import_linter()["contracts"] if contract["type"] == "layers"
    )
    return {name.strip() for layer in contract["layers"] for name in re.split(r"[:|]", layer)}


# --- `core` -----------------------------------------------------------------------------------


def words_of_apps() -> set[str]:
    """Return what `core` must not contain: names, paths, scopes and operations of apps."""
    apps = {name for name in root_packages() if name not in {"orderchainer"}}
    # The name of an app that is planned.
    apps |= {"reports"}
    providers = {package.rpartition(".")[2] for package in PROVIDERS}
    return {*apps, *providers, *PREFIXES, *POLICIES, *all_scopes(), *OPERATIONS}


def app_words_in(text: str) -> list[str]:
    words = "|".join(map(re.escape, sorted(words_of_apps(), key=len, reverse=True)))
    return re.findall(rf"(?<![\w/-])(?:{words})(?!\w)", text, re.IGNORECASE)


def test_core_names_no_app() -> None:
    texts = {
        str(file.relative_to(ROOT)): file.read_text()
        for file in sorted(GROUND.rglob("*"))
        if file.is_file() and file.suffix != ".pyc"
    }

    named = {name: app_words_in(text) for name, text in texts.items()}

    assert len(texts) > 50
    assert {name: words for name, words in named.items() if words} == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from orders.models import Order", ["orders"]),
        ("Goes out in order, as a part of the project.", []),
        ('path.startswith("/api/cart/items")', ["/api/cart"]),
        ("needs `orders:read`", ["orders:read"]),
        ("whoever may VIEW_ORDERS", ["VIEW_ORDERS"]),
        ("Discord and its like", ["Discord"]),
        ("the page at /admin", ["/admin"]),
    ],
)
def test_names_of_apps_are_found(text: str, words: list[str]) -> None:
    assert app_words_in(text) == words


# --- Layers -----------------------------------------------------------------------------------


def packages_at_the_top() -> set[str]:
    return {file.parent.name for file in ROOT.glob("*/__init__.py")}


def modules_of_the_composition() -> Iterator[str]:
    for path in sorted((ROOT / "orderchainer").iterdir()):
        is_package = (path / "__init__.py").exists()
        if is_package or (path.suffix == ".py" and path.stem != "__init__"):
            yield f"orderchainer.{path.stem}"


def test_import_linter_looks_at_every_package() -> None:
    assert set(root_packages()) == packages_at_the_top()


def test_every_module_stands_on_a_layer() -> None:
    modules = {*packages_at_the_top(), *modules_of_the_composition()} - WITHOUT_LAYER

    assert modules == layers()


def test_no_imports_go_in_a_circle() -> None:
    graph = grimp.build_graph(*root_packages(), cache_dir=None)
    ours = {
        module for module in graph.modules if not re.search(r"\.(tests|migrations)(\.|$)", module)
    }
    imports = {module: graph.find_modules_directly_imported_by(module) & ours for module in ours}

    # A module that imports none of the others, or that none of them imports, is on no circle.
    while leaves := {
        module
        for module, imported in imports.items()
        if not imported & imports.keys() or not any(module in others for others in imports.values())
    }:
        imports = {
            module: imported - leaves
            for module, imported in imports.items()
            if module not in leaves
        }

    assert imports == {}
