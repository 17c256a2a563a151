"""Rows that are wrong, and files that are no table."""

from typing import Any

import pytest

from accounts.models import Project
from catalog.errors import ImportRefused
from catalog.models import Product
from catalog.services import import_products
from catalog.services.sheets import MAX_ROWS
from catalog.tests.factories import make_product
from catalog.tests.importing.sheets import errors_of, refusal_of, sheet

pytestmark = pytest.mark.django_db


# --- Wrong rows -------------------------------------------------------------------------------

CODE = "Must be three capital letters as in ISO 4217, such as USD."
UNKNOWN = "ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."
TOO_FINE = "Amounts in USD have at most two decimals, such as 100.50."
NEEDED = ["A new product needs this."]
PRICE = ["Must be a number such as 1299.00, without signs and commas."]
WORD = ["Must be true or false."]
WHOLE = ["Must be a whole number."]


@pytest.mark.parametrize(
    ("column", "cell", "errors"),
    [
        ("sku", "", {"sku": ["This field cannot be blank."]}),
        (
            "sku",
            "x" * 65,
            {"sku": ["Ensure this value has at most 64 characters (it has 65)."]},
        ),
        ("sku", "a\tb", {"sku": ["This field must be a single line."]}),
        ("name", "", {"name": NEEDED}),
        ("name", "x" * 256,
         {"name": ["Ensure this value has at most 255 characters (it has 256)."]}),
        ("price", "", {"price": NEEDED}),
        ("price", "-1", {"price": PRICE}),
        ("price", "1e3", {"price": PRICE}),
        ("price", "NaN", {"price": PRICE}),
        ("price", "Infinity", {"price": PRICE}),
        ("price", "$5", {"price": PRICE}),
        ("price", "1.999", {"price": [TOO_FINE]}),
        ("price", "1.990", {"price": [TOO_FINE]}),
        ("price", "12345678901", {"price": PRICE}),
        ("price", "١٢", {"price": PRICE}),
        ("currency", "usd", {"currency": [CODE]}),
        ("currency", "ABC", {"currency": [UNKNOWN]}),
        ("featured", "maybe", {"featured": WORD}),
        ("is_active", "2", {"is_active": WORD}),
        ("stock", "-1", {"stock": WHOLE}),
        ("stock", "1.5", {"stock": WHOLE}),
        ("stock", "٣", {"stock": WHOLE}),
        ("stock", "9999999999",
         {"stock": ["There are 0. The new stock must be from 0 to 1000000000."]}),
        ("category", "Lamps >", {"category": ["A name is missing beside a >."]}),
        ("category", " > ".join("abcdefghijk"),
         {"category": ["Categories can be at most 10 levels deep."]}),
        ("category", "x" * 256,
         {"category": ["Ensure this value has at most 255 characters (it has 256)."]}),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_and_nothing_is_imported(
    shop: Project, column: str, cell: str, errors: dict[str, list[str]]
) -> None:
    good = {"sku": "L-1", "name": "Lamp", "price": "1"}
    wrong = {**good, "sku": "L-2", column: cell}
    head = list(wrong)

    found = errors_of(
        sheet(head, [good.get(name, "") for name in head], list(wrong.values())), shop
    )

    assert found == {3: errors}


def test_a_sku_may_appear_once_in_a_file(shop: Project) -> None:
    make_product(shop, sku="L-1")

    assert errors_of(sheet(["sku", "price"], ["L-1", "1"], [" L-1 ", "2"], ["L-1", "3"]), shop) == {
        row: {"sku": ["Row 2 has this SKU already."]} for row in (3, 4)
    }


def test_an_import_cannot_remove_more_than_there_is(shop: Project) -> None:
    make_product(shop, sku="L-1", stock=3)

    assert errors_of(sheet(["sku", "stock_change"], ["L-1", "-4"]), shop) == {
        2: {"stock_change": ["There are 3. The new stock must be from 0 to 1000000000."]}
    }


def test_lists_only_the_first_wrong_rows(shop: Project) -> None:
    rows = [[f"L-{number}", "x"] for number in range(300)]

    with pytest.raises(ImportRefused) as refused:
        import_products(project=shop, content=sheet(["sku", "price"], *rows))

    told: Any = refused.value.data["rows"]
    assert refused.value.message == "300 rows cannot be imported; nothing was changed."
    assert [row["row"] for row in told] == list(range(2, 202))


# --- Files that are no table ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \r\n", "The file is empty."),
        (b"sku,price", "The file has no rows."),
        (b"sku,price\n,\n\n , ", "The file has no rows."),
        (b"name,price\nLamp,1", "The file needs a column sku."),
        (b"sku,sku\nL-1,L-2", "The file has the same column twice."),
        (
            b"sku,stock,stock_change\nL-1,1,1",
            "Use either stock or stock_change, not both.",
        ),
        (b"sku\nL-1\na\x00b", "The file is not text: line 3 has a null character."),
        (b"sku,price\nL-1,1,2", "Row 2 has 3 cells, but the header has 2."),
        (b"sku,price\nL-1", "Row 2 has 1 cells, but the header has 2."),
        (b'sku,price\n"L-1"x,1', "The file is not valid CSV: ',' expected after '\"'."),
        (b'sku,price\n"L-1,1', "The file is not valid CSV: unexpected end of data."),
        (b"PK\x03\x04zip", "This is a workbook or an archive. Save it as CSV UTF-8."),
        (
            "sku,name\nL-1,Bügellampe".encode("latin-1"),
            "The file is not UTF-8: line 2 cannot be read. Save it as CSV UTF-8, or name "
            "its `encoding`.",
        ),
        (
            b"\xff\xfes",
            "The file is not UTF-16: line 1 cannot be read. Save it as CSV UTF-8, or name "
            "its `encoding`.",
        ),
        (b"sku" + b"," * 5_000_000, "The first row is too long for a header."),
        (b"sku," + b"x" * 900 + b"\nL-1,1", None),
        (b"sku,description\nL-1," + b"x" * 131_073,
         "The file is not valid CSV: field larger than field limit (131072)."),
        (b" " * (5 * 1024 * 1024 + 1), "The file is larger than 5242880 bytes."),
    ],
)  # fmt: skip
def test_refuses_a_file_that_is_not_a_table(
    shop: Project, content: bytes, said: str | None
) -> None:
    errors = refusal_of(content, shop)

    assert errors.keys() == {"file"}
    assert said is None or errors == {"file": [said]}
    assert len(errors["file"][0]) < 300


def test_names_unknown_columns(shop: Project) -> None:
    assert refusal_of(b"sku,prize\nL-1,1", shop) == {
        "file": [
            "No such column: 'prize'. "
            "The columns are sku, name, description, price, currency, category, "
            "stock, featured, is_active, version, stock_change."
        ]
    }


def test_refuses_a_file_with_too_many_rows(shop: Project) -> None:
    rows = [[f"L-{number}", "1"] for number in range(MAX_ROWS + 1)]

    assert refusal_of(sheet(["sku", "price"], *rows), shop) == {
        "file": ["The file has more than 5000 rows. Split it."]
    }


def test_refuses_an_unknown_encoding(shop: Project) -> None:
    assert refusal_of(b"sku\nL-1", shop, encoding="utf-7") == {
        "encoding": ["Must be one of utf-8, windows-1252, iso-8859-15, utf-16."]
    }


TABLE = "sku;name;price\r\nL-1;Bügellampe €;1.50\r\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), ""),
        (TABLE.encode("utf-8-sig"), ""),
        (TABLE.encode("utf-16"), ""),
        (TABLE.encode("cp1252"), "windows-1252"),
        (TABLE.encode("utf-8-sig"), "windows-1252"),
        (TABLE.replace(";", "\t").encode(), "utf-8"),
        (TABLE.replace(";", ",").replace("\r\n", "\n").encode(), ""),
    ],
)
def test_reads_what_spreadsheets_save(shop: Project, content: bytes, encoding: str) -> None:
    import_products(project=shop, content=content, encoding=encoding)

    assert Product.objects.get().name == "Bügellampe €"
