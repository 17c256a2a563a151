"""Cells and rows of tables: no content runs as a formula, and all of it comes back unchanged."""

import csv
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.services.sheets import read_rows
from orderchainer.core.sheets import lines_of, plain_cell, safe_cell

# Characters with which a spreadsheet begins a formula, a cell or a text.
SPECIAL = "'=+-@\t\r\n＝＋－＠;,\""  # noqa: RUF001  (wide on purpose)
TEXTS = st.text(
    st.one_of(
        st.sampled_from(SPECIAL),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=30,
)


def begins_a_formula(cell: str) -> bool:
    """Tell whether some spreadsheet could run the cell."""
    return cell.lstrip(' "').startswith(tuple("=+-@＝＋－＠"))  # noqa: RUF001


@given(TEXTS)
@example("'")
@example("''=")
@example("a;'=1;=1")
def test_a_safe_cell_begins_no_formula_and_is_plain_again(text: str) -> None:
    cell = safe_cell(text)

    assert not begins_a_formula(cell)
    assert plain_cell(cell) == text


@pytest.mark.parametrize("text", ["", "Desk lamp", "a-b", "Lamp, -5 °C", "x'=y", "'"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == plain_cell(text) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@given(rows=st.lists(TEXTS, min_size=1, max_size=5))
def test_rows_come_back_as_they_went(encoding: str, rows: list[str]) -> None:
    table = [["sku", "description"], *(["L-1", safe_cell(text)] for text in rows)]

    read = list(read_rows(lines_of(table).encode(encoding)))

    assert [cells for _, cells in read] == [{"sku": "L-1", "description": text} for text in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
@example([("a", "b;=1+1;c")])
@example([("a", 'b;"=1+1;c')])
@example([("a", "b\n=1+1\nc")])
def test_no_cell_begins_a_formula_with_any_delimiter(
    delimiter: str, rows: list[tuple[str, str]]
) -> None:
    text = lines_of([list(map(safe_cell, row)) for row in rows])

    table = csv.reader(StringIO(text, newline=""), delimiter=delimiter)

    assert not [cell for cells in table for cell in cells if begins_a_formula(cell)]
