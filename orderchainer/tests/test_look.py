"""The look of the workspace: contrast of its colours, and templates without inline code."""

import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.test import Client, override_settings

from orderchainer.core.web.looks import LOOKS

ROOT = Path(settings.BASE_DIR)
STYLES = (ROOT / "static/orderchainer/css/workspace.css").read_text()
TEMPLATES = sorted(
    file
    for folder in (
        "workspace",
        "shop",
        "account",
        "accounts",
        "catalog",
        "integrations",
        "notifications",
    )
    for file in (ROOT / "templates" / folder).rglob("*.html")
)
ICONS = set(
    re.findall(r'<symbol id="([a-z0-9-]+)"', (ROOT / "static/orderchainer/icons.svg").read_text())
)

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
# Lightness and the two axes of OKLab.
Colour = tuple[float, float, float]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


# --- Colours ----------------------------------------------------------------------------------


def token(name: str, theme: Theme) -> Colour:
    pair = re.search(rf"--{name}: light-dark\(oklch\((.+?)\), oklch\((.+?)\)\);", STYLES)
    assert pair, name
    lightness, chroma, hue = pair[1 + THEMES.index(theme)].split()
    angle = math.radians(float(hue))
    return (
        float(lightness.removesuffix("%")) / 100,
        float(chroma) * math.cos(angle),
        float(chroma) * math.sin(angle),
    )


def mixed(colour: Colour, share: float, ground: Colour) -> Colour:
    """`color-mix(in oklab, colour share, ground)`."""
    first, second, third = (
        share * ours + (1 - share) * theirs for ours, theirs in zip(colour, ground, strict=True)
    )
    return first, second, third


def luminance(colour: Colour) -> float:
    lightness, a, b = colour
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_is_computed_as_wcag_does() -> None:
    white, black = (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)

    assert contrast(white, black) == pytest.approx(21, abs=0.01)
    # Pure red.
    assert contrast((0.62796, 0.22486, 0.12585), white) == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["surface-0", "surface-1", "surface-2", "raised"])
@pytest.mark.parametrize("ink", ["ink-1", "ink-2", "ink-3", "accent"])
def test_text_is_readable(ink: str, ground: str, theme: Theme) -> None:
    assert contrast(token(ink, theme), token(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ink", ["ink-1", "ink-2", "ink-3"])
def test_text_is_readable_on_what_is_pressed_or_selected(ink: str, theme: Theme) -> None:
    assert contrast(token(ink, theme), token("surface-3", theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("fill", ["accent-fill", "danger-fill"])
def test_the_text_of_filled_buttons_is_readable(fill: str, theme: Theme) -> None:
    text, ground = token("on-fill", theme), token(fill, theme)

    assert contrast(text, ground) >= 4.5
    # While the pointer is over it.
    assert contrast(text, mixed(ground, 0.88, token("ink-1", theme))) >= 4.5


HUES = sorted(set(re.findall(r"--hue-([a-z]+):", STYLES)))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("hue", HUES)
def test_a_status_is_readable_with_and_without_its_ground(hue: str, theme: Theme) -> None:
    text = token(f"hue-{hue}", theme)
    grounds = re.findall(r"oklch\(from var\(--hue\) (.+?)% min\(c, (.+?)\) h\)", STYLES)
    lightness, most = map(float, grounds[THEMES.index(theme)])
    chroma = math.hypot(*text[1:])

    share = min(1, most / chroma)
    tinted = (lightness / 100, text[1] * share, text[2] * share)

    assert contrast(text, tinted) >= 4.5
    assert contrast(text, token("surface-1", theme)) >= 4.5
    assert contrast(text, token("surface-2", theme)) >= 4.5
    assert contrast(token("ink-1", theme), tinted) >= 4.5
    assert contrast(token("accent", theme), tinted) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("line", ["line-2", "accent", "hue-red"])
def test_borders_of_controls_and_the_focus_can_be_seen(line: str, theme: Theme) -> None:
    for ground in ("surface-0", "surface-1", "surface-2"):
        assert contrast(token(line, theme), token(ground, theme)) >= 3


def test_every_status_has_a_hue_and_an_icon_that_exist() -> None:
    looks = LOOKS.so_far()

    assert len(looks) >= 11
    assert {look.hue for look in looks.values()} <= set(HUES)
    assert {look.icon for look in looks.values()} <= ICONS


# --- Templates --------------------------------------------------------------------------------


class Inline(HTMLParser):
    """Collects what the content policy of our pages refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.found += [f"{tag} {name}" for name in names if name == "style" or name[:2] == "on"]
        self.found += [f"{tag} {name}" for name in names if name.startswith("hx-on")]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)


def without_template_code(source: str) -> str:
    source = re.sub(r"{%\s*comment.*?endcomment\s*%}", "", source, flags=re.DOTALL)
    return re.sub(r"{%.*?%}|{#.*?#}", "", source)


@pytest.mark.parametrize("template", TEMPLATES, ids=named)
def test_a_template_has_no_inline_script_or_style(template: Path) -> None:
    parser = Inline()

    parser.feed(without_template_code(template.read_text()))

    assert parser.found == []


def test_no_browser_restores_a_select_that_acts_by_itself() -> None:
    """It would act although nobody has chosen anything."""
    selects = [
        tag
        for template in (ROOT / "templates").rglob("*.html")
        for tag in re.findall(r"<select [^>]*data-(?:sends|goes)[^>]*>", template.read_text())
    ]

    assert len(selects) >= 5
    assert [tag for tag in selects if 'autocomplete="off"' not in tag] == []


def test_inline_code_is_found() -> None:
    parser = Inline()

    parser.feed('<p style="a"><b onclick="b"><script>c</script><script src="d"></script><style>')

    assert parser.found == ["p style", "b onclick", "script", "style"]


def icons_in(source: str) -> Iterator[str]:
    yield from re.findall(r'{% icon "([^"]+)"', source)
    yield from re.findall(r'\bicon="([^"]+)"', source)
    yield from re.findall(r'{% icon \w+\|default:"([^"]+)"', source)


@pytest.mark.parametrize("template", TEMPLATES, ids=named)
def test_the_icons_of_a_template_exist(template: Path) -> None:
    assert set(icons_in(template.read_text())) - ICONS == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=named)
def test_a_template_compiles(template: Path) -> None:
    get_template(named(template))


# --- The gallery ------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?card", "?theme=dark&compact"])
def test_the_gallery_shows_every_part_to_developers(query: str, client: Client) -> None:
    with override_settings(DEBUG=True):
        answer = client.get(f"/gallery{query}")

    assert answer.status_code == 200
    parser = Inline()
    parser.feed(answer.content.decode())
    assert parser.found == []
    assert b"<img src=x" not in answer.content


def test_there_is_no_gallery_without_debug(client: Client) -> None:
    assert client.get("/gallery").status_code == 404
