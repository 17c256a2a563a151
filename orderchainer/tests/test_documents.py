"""Everything that the documents name exists."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from notifications.sockets.messages import MESSAGES, TYPE_ON_THE_WIRE
from orders.lifecycle import OPEN_MOVES
from orders.stream.types import registered_types

ROOT = Path(settings.BASE_DIR)
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
    files = [link for link in links if "://" not in link and not link.startswith("mailto:")]

    assert [link for link in files if not (document.parent / link).exists()] == []


def test_every_test_that_a_document_names_exists() -> None:
    for document in DOCUMENTS:
        for file, name in re.findall(r"`([\w/]+\.py)::(\w+)`", document.read_text()):
            source = (ROOT / file).read_text()
            assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), (
                document,
                name,
            )


@pytest.mark.parametrize("decision", DECISIONS, ids=named)
def test_a_decision_is_named_after_its_title_and_stands_in_the_index(
    decision: Path,
) -> None:
    heading = decision.read_text().partition("\n")[0]
    number, _, title = heading.removeprefix("# ").partition(". ")
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower().replace("'", "")).strip("-")
    index = (decision.parent / "README.md").read_text()

    assert decision.name == f"{number}-{slug}.md"
    assert index.count(f"- [{number}]({decision.name}) {title}") == 1


def test_the_page_on_events_lists_every_type() -> None:
    page = (ROOT / "docs/events.md").read_text()

    types = page.partition("## The types")[2].partition("\n## ")[0]

    listed = re.findall(r"^\| `(\w+)` \|", types, re.MULTILINE)
    assert listed == [type_ for type_, _ in registered_types()]


def test_the_page_on_websockets_lists_every_message() -> None:
    page = (ROOT / "docs/websocket.md").read_text()
    messages = page.partition("## Messages")[2].partition("\n## ")[0]

    heading, *listed = re.findall(r"^\| `(\w+)` \|", messages, re.MULTILINE)
    assert heading == "type"
    assert listed == [TYPE_ON_THE_WIRE.get(type_, type_) for type_ in MESSAGES]


def test_the_page_on_surfaces_has_the_table_of_moves() -> None:
    page = (ROOT / "docs/surfaces.md").read_text()
    table = page.partition("| from | to |")[2].partition("\n\n")[0]
    moves: dict[str, list[str]] = {}
    for line in table.splitlines()[2:]:
        sources, targets = (re.findall(r"`(\w+)`", cell) for cell in line.split("|")[1:3])
        moves |= dict.fromkeys(sources, targets)

    assert moves == {source: list(targets) for source, targets in OPEN_MOVES.items()}
