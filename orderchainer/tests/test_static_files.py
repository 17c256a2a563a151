"""What browsers load from us: vendored files, modules, and how production collects them."""

import base64
import gzip
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

STATIC = Path(settings.BASE_DIR) / "static/orderchainer"
VENDOR = STATIC / "vendor"
PACKAGES: list[dict[str, Any]] = tomllib.loads((VENDOR / "vendor.toml").read_text())["package"]
MODULES = sorted((STATIC / "js").glob("*.js"))
ON_EVERY_PAGE = [VENDOR / "htmx.js", VENDOR / "idiomorph.js"]
MAX_LINES = 200
# Kilobytes of 1,000 bytes, compressed as the server does it, for everything on every page.
MAX_SCRIPTS_KB = 32
MAX_STYLES_KB = 15


def named(path: Path) -> str:
    return path.name


# --- Files of others --------------------------------------------------------------------------


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_a_vendored_file_is_the_pinned_one(package: dict[str, Any]) -> None:
    content = (VENDOR / package["file"]).read_bytes()

    digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
    assert package["sha384"] == f"sha384-{digest}"


def test_every_vendored_file_is_listed_with_its_licence() -> None:
    listed = {(VENDOR / package["file"]).resolve() for package in PACKAGES}
    licences = {VENDOR / f"{package['name']}.LICENSE" for package in PACKAGES}

    assert all(package["licence"] and package["source"] for package in PACKAGES)
    assert {*VENDOR.iterdir(), STATIC / "icons.svg"} == {
        *listed,
        *licences,
        VENDOR / "vendor.toml",
    }


def test_the_sprite_has_the_listed_icons() -> None:
    (icons,) = (package["icons"] for package in PACKAGES if "icons" in package)

    drawn = re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "icons.svg").read_text())

    assert drawn == icons == sorted(icons)


# --- Modules ----------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_is_short(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= MAX_LINES


def paths_imported_by(source: str) -> set[str]:
    return set(re.findall(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']""", source))


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_imports_are_relative_and_end_in_a_semicolon(module: Path) -> None:
    source = module.read_text()
    statements = re.findall(
        r"""^(?:import|export)\b[^;"'()=]*["'][^"']+["'](.?)""", source, re.MULTILINE
    )

    assert all(path.startswith("./") for path in paths_imported_by(source))
    assert all(
        (STATIC / "js" / path.removeprefix("./")).exists() for path in paths_imported_by(source)
    )
    assert set(statements) <= {";"}


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_no_comment_contains_an_import(module: Path) -> None:
    comments = re.findall(r"//[^\n]*|/\*[\s\S]*?\*/", module.read_text())

    assert [text for text in comments if paths_imported_by(text)] == []


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_writes_no_html_and_no_global(module: Path) -> None:
    source = module.read_text()

    assert not re.search(r"\.(?:innerHTML|outerHTML|insertAdjacentHTML|write)\b", source)
    assert not re.search(r"\beval\b|new Function\b|\bwindow\.\w+\s*=[^=]", source)


def test_only_one_module_knows_the_events_of_htmx() -> None:
    knowing = [module.name for module in MODULES if "htmx:" in module.read_text()]

    assert set(knowing) <= {"fragments.js"}


def with_imports(module: Path) -> Iterator[Path]:
    """Yield a module and everything that it imports at once, not what it imports when needed."""
    yield module
    for path in re.findall(
        r"""^(?:import|export)\b[^;"'()=]*["']\./([^"']+)["'];""", module.read_text(), re.MULTILINE
    ):
        yield from with_imports(STATIC / "js" / path)


def modules_named_by(template: str, *, live: bool = True) -> set[str]:
    """Return the modules that a template loads, or those of pages that do not follow events."""
    source = (Path(settings.BASE_DIR) / "templates" / template).read_text()
    if not live:
        source = source.partition("{% if live %}\n    <script")[0]
    return set(re.findall(r"<script src=\"{% static 'orderchainer/js/(.+?)' %}\" type", source))


def test_a_page_names_every_module_that_it_loads_at_once() -> None:
    """A module that only another one names is asked for a round trip later."""
    named = modules_named_by("workspace/base.html")

    imported = {each.name for name in named for each in with_imports(STATIC / "js" / name)}

    assert imported == named


def test_templates_name_modules_that_are_there() -> None:
    templates = [
        path.read_text() for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")
    ]

    named = {
        name for text in templates for name in re.findall(r"orderchainer/js/([\w-]+\.js)", text)
    }

    assert named <= {module.name for module in MODULES}


def compressed_kilobytes(files: set[Path]) -> float:
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) / 1000


@pytest.mark.parametrize("live", [True, False], ids=["live", "still"])
def test_the_scripts_of_every_page_are_small(live: bool) -> None:
    named = modules_named_by("workspace/base.html", live=live)
    modules = {STATIC / "js" / name for name in named}
    assert ({"live.js", "changes.js"} <= named) is live
    files = {*ON_EVERY_PAGE, *modules}

    assert compressed_kilobytes(files) <= MAX_SCRIPTS_KB


def test_the_style_sheets_are_small() -> None:
    assert compressed_kilobytes(set((STATIC / "css").glob("*.css"))) <= MAX_STYLES_KB


def test_all_style_sheets_use_the_layers_whose_order_is_declared() -> None:
    declared = re.search(
        r"^@layer (.+);$", (STATIC / "css/workspace.css").read_text(), re.MULTILINE
    )
    assert declared

    used = {
        name
        for sheet in (STATIC / "css").rglob("*.css")
        for name in re.findall(r"@layer ([\w-]+) {", sheet.read_text())
    }

    assert used <= set(declared[1].split(", "))


# --- Collecting -------------------------------------------------------------------------------


@pytest.mark.slow
def test_production_collects_everything_with_imports_that_lead_to_files(tmp_path: Path) -> None:
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "orderchainer.core.staticfiles.ModuleManifestStorage"},
    }

    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)

    names: dict[str, str] = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    modules = {file.name: tmp_path / names[f"orderchainer/js/{file.name}"] for file in MODULES}
    for name, collected in modules.items():
        paths = paths_imported_by((STATIC / "js" / name).read_text())
        hashed = paths_imported_by(collected.read_text())
        assert hashed == {f"./{modules[path.removeprefix('./')].name}" for path in paths}
    assert (tmp_path / f"{names['orderchainer/vendor/htmx.js']}.gz").exists()
