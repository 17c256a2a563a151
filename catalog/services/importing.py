"""Imports a table of products: the whole table, or nothing if a row is wrong.

A row names a product by its SKU. A product that exists is changed; otherwise one is created. A
column that the file does not have changes nothing. An empty cell clears a description or a
category, and is ignored in other columns. `stock` is how many there are, and `stock_change` how
many more or fewer. A `version`, as an export has it, must still be the product's version, so that
a stale file does not restore sold stock.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from accounts.locks import lock_project
from accounts.models import Project, User
from catalog.errors import ImportOvertaken, ImportRefused
from catalog.models import Category, Product, StockMovement
from catalog.queries.inventory import LEVEL_MARK, PATH_SEPARATOR, in_tree_order
from catalog.services.categories import MAX_CATEGORIES, MAX_LEVELS, Tree
from catalog.services.fields import Slugs, errors_in
from catalog.services.products import touch
from catalog.services.sheets import STOCK_CHANGE, read_rows
from catalog.services.stock import MAX_STOCK, adjust_locked, lock_products
from orderchainer.core.money import (
    COLUMN_DECIMALS,
    TooManyDecimals,
    written,
    written_decimals_of,
)

Reason = StockMovement.Reason
Errors = dict[str, list[str]]
Path = tuple[str, ...]
# The rows of a file: their numbers, and their texts by column.
Cells = list[tuple[int, dict[str, str]]]

# How many times we try an import, because others may take a SKU or a slug meanwhile.
TRIES = 3
# A report has at most this many rows, and shortens longer cells.
MAX_TOLD = 200
MAX_TOLD_LENGTH = 100
# How many rows one statement writes, because SQLite limits the parameters.
BATCH = 500

# The fields of a product that a file sets, without its category.
_FIELDS = ("name", "description", "price", "currency", "featured", "is_active")
_NEEDED = ("name", "price")


@dataclass(frozen=True)
class Change:
    """A cell that differs: the old text (None for a new product) and the new one."""

    before: str | None
    after: str


@dataclass
class ImportedRow:
    """The outcome of a row of the file."""

    row: int
    product: Product
    is_new: bool
    # The path of a category that has to be created first.
    path: Path = ()
    stock_change: int = 0
    changes: dict[str, Change] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)

    @property
    def sku(self) -> str:
        """The SKU by which the row names its product."""
        return self.product.sku

    @property
    def action(self) -> str:
        """The outcome in one word: `create`, `update`, `unchanged` or `refuse`."""
        if self.errors:
            return "refuse"
        if self.is_new:
            return "create"
        return "update" if self.changes else "unchanged"


@dataclass
class ImportReport:
    """What an import did, or would do."""

    rows: list[ImportedRow]
    # Their paths; each category comes before those inside it.
    new_categories: list[str]

    def count(self, action: str) -> int:
        """Return how many rows have this action."""
        return sum(row.action == action for row in self.rows)

    @property
    def refused(self) -> list[ImportedRow]:
        """The rows that are wrong."""
        return [row for row in self.rows if row.errors]


def preview_import(*, project: Project, content: bytes, encoding: str = "") -> ImportReport:
    """Return what `import_products` would do now, including wrong rows. Changes nothing.

    Raises `Invalid` for a file that is not a table of products.
    """
    cells = list(read_rows(content, encoding=encoding))
    return _Plan(project, cells, held=False).report


def import_products(
    *,
    project: Project,
    content: bytes,
    encoding: str = "",
    by: User | None = None,
    precondition: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Create and change the products in a CSV file, all or nothing, and return a report.

    Creates missing categories, and changes stock through the ledger. `precondition` is called with
    the report before anything changes, and may raise. Raises `Invalid` for a file that is not a
    table of products, `ImportRefused` that names the wrong rows, and `ImportOvertaken`.
    """
    cells = list(read_rows(content, encoding=encoding))
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _import(project, cells, by, precondition)
        except IntegrityError:
            # Another request created a product that we wanted to create. It takes no lock on which
            # we could wait, so we read again.
            continue
    raise ImportOvertaken


def _import(
    project: Project,
    cells: Cells,
    by: User | None,
    precondition: Callable[[ImportReport], None] | None,
) -> ImportReport:
    plan = _Plan(lock_project(project), cells, held=True)
    if refused := plan.report.refused:
        raise ImportRefused(len(refused), [told(row) for row in refused[:MAX_TOLD]])
    if precondition is not None:
        precondition(plan.report)
    plan.carry_out(by)
    return plan.report


def told(row: ImportedRow) -> dict[str, Any]:
    """Return a row for people: plain values, long texts cut; a wrong row has its errors only."""
    changes = {} if row.errors else row.changes
    return {
        "row": row.row,
        "sku": row.sku,
        "action": row.action,
        "changes": {
            name: [_short(change.before), _short(change.after)] for name, change in changes.items()
        },
        "errors": row.errors,
    }


def _short(text: str | None) -> str | None:
    if text is None or len(text) <= MAX_TOLD_LENGTH:
        return text
    return f"{text[: MAX_TOLD_LENGTH - 1]}…"


# --- Planning ---------------------------------------------------------------------------------


class _Plan:
    """What a file would do in a project.

    With `held`, the caller has locked the project, so that no category is deleted, and this locks
    the products.
    """

    def __init__(self, project: Project, cells: Cells, *, held: bool) -> None:
        self.project = project
        self.tree = Tree(project)
        self.paths = _Paths(self.tree.rows.values())
        # The paths of missing categories, in the order in which to create them.
        self.missing: dict[Path, None] = {}
        self.products = self._find({text["sku"].strip() for _, text in cells}, held)
        rows = [self._read(number, text) for number, text in cells]
        self._refuse_repeated(rows)
        self._refuse_too_many_categories(rows)
        self._make_slugs([row.product for row in rows if row.is_new])
        self.report = ImportReport(rows, list(map(PATH_SEPARATOR.join, self.missing)))

    def _find(self, skus: set[str], held: bool) -> dict[str, Product]:
        found = Product.objects.filter(project=self.project, sku__in=skus)
        if held:
            products = lock_products(found.values_list("pk", flat=True)).values()
            # Another request may have changed a product's SKU before we locked it.
            return {row.sku: row for row in products if row.sku in skus}
        return {product.sku: product for product in found}

    def _read(self, number: int, text: Mapping[str, str]) -> ImportedRow:
        sku = text["sku"].strip()
        product = self.products.get(sku)
        row = ImportedRow(
            number,
            product or Product(project=self.project, sku=sku, currency=self.project.currency),
            product is None,
        )
        before = {} if row.is_new else _cells(row.product, self.paths)
        if not row.is_new:
            self._check_version(row, text.get("version", "").strip())
        named = {"sku", *self._set_fields(row, text)}
        if "category" in text:
            self._set_category(row, text["category"])
        for name, said in errors_in(row.product, named).items():
            row.errors.setdefault(name, said)
        self._set_stock(row, text)
        after = _cells(row.product, self.paths)
        after["stock"] = str(row.product.stock + row.stock_change)
        if row.path:
            after["category"] = PATH_SEPARATOR.join(row.path)
        row.changes = {
            name: Change(before.get(name), cell)
            for name, cell in after.items()
            if cell != before.get(name, "")
        }
        return row

    def _check_version(self, row: ImportedRow, text: str) -> None:
        if text and text != str(row.product.version):
            row.errors["version"] = [
                f"The product has changed since: this is version {text[:20]}, and now it is "
                f"{row.product.version}. Export it again, or leave the column out."
            ]

    def _set_fields(self, row: ImportedRow, text: Mapping[str, str]) -> list[str]:
        """Set the fields that the row changes, and return their names."""
        named = []
        for name in _FIELDS:
            cell = text.get(name, "")
            if name != "description":
                cell = cell.strip()
            if not cell and (name != "description" or name not in text):
                if row.is_new and name in _NEEDED:
                    row.errors[name] = ["A new product needs this."]
                continue
            try:
                value = _value_of(name, cell)
            except ValueError as exc:
                row.errors[name] = [str(exc)]
                continue
            if row.is_new or value != getattr(row.product, name):
                setattr(row.product, name, value)
                named.append(name)
        self._refuse_two_readings(row, text.get("price", ""))
        return named

    def _refuse_two_readings(self, row: ImportedRow, price: str) -> None:
        """Refuse more decimals than prices have: `1.000` may mean one dollar or a thousand."""
        _, _, decimals = price.strip().partition(".")
        if len(decimals) > written_decimals_of(row.product.currency):
            row.errors.setdefault("price", [str(TooManyDecimals(row.product.currency))])

    def _set_category(self, row: ImportedRow, text: str) -> None:
        path = _path_in(text)
        found = self.paths.find(path)
        if found is not None or not path:
            row.product.category = found
        elif self.paths.is_ambiguous(path):
            row.errors["category"] = ["Several categories have this path."]
        elif problem := self._problem_of(path):
            row.errors["category"] = [problem]
        else:
            row.path = self.paths.spelt(path)
            for end in range(1, len(path) + 1):
                if self.paths.find(path[:end]) is None:
                    self.missing.setdefault(self.paths.spelt(path[:end]), None)

    def _problem_of(self, path: Path) -> str | None:
        if len(path) > MAX_LEVELS:
            return f"Categories can be at most {MAX_LEVELS} levels deep."
        for name in path:
            category = Category(project=self.project, name=name)
            if not name:
                return f"A name is missing beside a {LEVEL_MARK}."
            if said := errors_in(category, {"name"}).get("name"):
                return said[0]
        return None

    def _set_stock(self, row: ImportedRow, text: Mapping[str, str]) -> None:
        name = STOCK_CHANGE if STOCK_CHANGE in text else "stock"
        cell = text.get(name, "").strip()
        if not cell:
            return
        pattern = _SIGNED if name == STOCK_CHANGE else _COUNT
        if not pattern.fullmatch(cell):
            row.errors[name] = ["Must be a whole number."]
            return
        change = int(cell) if name == STOCK_CHANGE else int(cell) - row.product.stock
        if not 0 <= row.product.stock + change <= MAX_STOCK:
            row.errors[name] = [
                f"There are {row.product.stock}. The new stock must be from 0 to {MAX_STOCK}."
            ]
            return
        row.stock_change = change

    def _refuse_repeated(self, rows: list[ImportedRow]) -> None:
        first: dict[str, int] = {}
        for row in rows:
            if first.setdefault(row.sku, row.row) != row.row:
                row.errors["sku"] = [f"Row {first[row.sku]} has this SKU already."]

    def _refuse_too_many_categories(self, rows: list[ImportedRow]) -> None:
        if len(self.tree.rows) + len(self.missing) <= MAX_CATEGORIES:
            return
        for row in rows:
            if row.path:
                said = f"A project has at most {MAX_CATEGORIES} categories."
                row.errors["category"] = [said]

    def _make_slugs(self, products: list[Product]) -> None:
        """Give each new product a unique slug."""
        if not products:
            return
        others = Product.objects.filter(project=self.project)
        slugs = Slugs(others.values_list("slug", flat=True))
        for product in products:
            product.slug = slugs.new_for(product.name)

    # --- Carrying out ---

    def carry_out(self, by: User | None) -> None:
        """Write everything. No row is wrong, and everything is locked."""
        rows = self.report.rows
        made = self._make_categories()
        for row in rows:
            if row.path:
                row.product.category = made[row.path]
        new = [row.product for row in rows if row.is_new]
        Product.objects.bulk_create(new, batch_size=BATCH)
        self._update([row for row in rows if not row.is_new])
        for reason, is_new in ((Reason.INITIAL, True), (Reason.IMPORTED, False)):
            changes = {
                row.product: row.stock_change
                for row in rows
                if row.stock_change and row.is_new is is_new
            }
            adjust_locked(changes, reason=reason, by=by)

    def _make_categories(self) -> dict[Path, Category]:
        made: dict[Path, Category] = {}
        for path in self.missing:
            above = path[:-1]
            parent = self.paths.find(above) or made.get(self.paths.spelt(above))
            category = Category(project=self.project, name=path[-1], parent=parent)
            self.tree.add(category)
            made[path] = category
        return made

    def _update(self, rows: list[ImportedRow]) -> None:
        """Write the changes of existing products, except their stock."""
        names: set[str] = set()
        products = []
        for row in rows:
            if columns := row.changes.keys() - {"stock"}:
                names.update(columns, touch(row.product))
                products.append(row.product)
        if products:
            # All of them exist, so this updates and never inserts. Django's `bulk_update` takes a
            # second to write its statement for a thousand rows.
            Product.objects.bulk_create(
                products,
                batch_size=BATCH,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=sorted(names),
            )


class _Paths:
    """The categories of a project by their paths. Upper and lower case count as equal."""

    def __init__(self, categories: Iterable[Category]) -> None:
        self._by_path: dict[Path, list[Category]] = {}
        self._path_of: dict[int, Path] = {}
        self._spelt: dict[Path, Path] = {}
        for shelf in in_tree_order(categories):
            self._by_path.setdefault(_folded(shelf.names), []).append(shelf.category)
            self._path_of[shelf.category.pk] = shelf.names

    def find(self, path: Path) -> Category | None:
        """Return the category with this path, or the only one whose path differs in case alone."""
        found = self._by_path.get(_folded(path), [])
        exact = [row for row in found if self._path_of[row.pk] == path]
        return exact[0] if len(exact) == 1 else found[0] if len(found) == 1 else None

    def is_ambiguous(self, path: Path) -> bool:
        """Tell whether several categories have this path, or a path above it."""
        return any(
            self.find(path[:end]) is None and _folded(path[:end]) in self._by_path
            for end in range(1, len(path) + 1)
        )

    def spelt(self, path: Path) -> Path:
        """Return the path in the spelling in which it was first asked for."""
        return self._spelt.setdefault(_folded(path), path)

    def text_of(self, category_id: int | None) -> str:
        """Return the path of a category as one line; empty without a category."""
        names = self._path_of.get(category_id, ()) if category_id else ()
        return PATH_SEPARATOR.join(names)


def _folded(path: Path) -> Path:
    return tuple(name.casefold() for name in path)


# --- Cells ------------------------------------------------------------------------------------

# No separators of thousands, commas or exponents, because these can be read in two ways.
_PRICE = re.compile(rf"[0-9]{{1,10}}(\.[0-9]{{1,{COLUMN_DECIMALS}}})?")
_COUNT = re.compile(r"[0-9]{1,10}")
_SIGNED = re.compile(r"[+-]?[0-9]{1,10}")
_WORDS = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}


def _value_of(name: str, cell: str) -> str | Decimal | bool:
    """Return the value of a cell. Raises ValueError with a message for people."""
    if name == "price":
        if not _PRICE.fullmatch(cell):
            msg = "Must be a number such as 1299.00, without signs and commas."
            raise ValueError(msg)
        return Decimal(cell)
    if name in {"featured", "is_active"}:
        if cell.lower() not in _WORDS:
            msg = "Must be true or false."
            raise ValueError(msg)
        return _WORDS[cell.lower()]
    return cell


def _path_in(text: str) -> Path:
    """Return the names on a path, from the top down; empty for an empty cell."""
    text = text.strip()
    return tuple(part.strip() for part in text.split(LEVEL_MARK)) if text else ()


def _cells(product: Product, paths: _Paths) -> dict[str, str]:
    """Return the cells of a product as texts, to compare and to show them."""
    return {
        "name": product.name,
        "description": product.description,
        "price": written(product.price, product.currency) if product.price is not None else "",
        "currency": product.currency,
        "category": paths.text_of(product.category_id),
        "featured": str(product.featured).lower(),
        "is_active": str(product.is_active).lower(),
        "stock": str(product.stock),
    }
