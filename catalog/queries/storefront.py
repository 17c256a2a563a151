"""What customers see: the products that the storefront sells, and its tree of categories."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from django.db import connection
from django.db.models import (
    BooleanField,
    Count,
    F,
    Func,
    IntegerField,
    JSONField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from catalog.errors import ProductNotFound
from catalog.models import Category, Product, ProductQuerySet
from catalog.search import each_way_to_find
from orderchainer.core.db.planning import planned_for_values
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.windows import PageNotFound, PageWindow

# --- lists ------------------------------------------------------------------------------------

LISTED = (
    *("id", "name", "price", "currency", "stock", "image", "featured"),
    "category__name",
)


@dataclass(frozen=True)
class Selection:
    """Which of the products on sale a list shows, in the sequence of `products`.

    `text` is what they are searched for. `is_on_shelf` if only those of one category are shown.
    `has_values` if values narrow the list that may match many products or few.
    """

    products: ProductQuerySet
    text: str = ""
    is_on_shelf: bool = False
    has_values: bool = False

    @cached_property
    def order(self) -> list[str]:
        """The columns to sort by, each after a minus if it is descending; empty with a search."""
        return [str(term) for term in self.products.query.order_by]

    @cached_property
    def ids(self) -> tuple[str, Sequence[Any]]:
        """The statement that selects the ids, unsorted, and its parameters.

        The ORM takes longer to compile it than PostgreSQL to answer it.
        """
        sql, params = self.products.order_by().values("pk").query.sql_with_params()
        return sql, params


@dataclass(frozen=True)
class Page:
    """A page of a list, and how long the list is."""

    rows: list[Row]
    total: int


def page_of(selection: Selection, window: PageWindow) -> Page:
    """Return the selected products of `window` in at most two statements.

    The length is exact. An index alone is enough to count it, and a page that shows the list's end
    needs no count. What a text finds comes best match first unless it is sorted otherwise. Raises
    `PageNotFound` for a page behind the last.
    """
    with planned_for_values(selection.has_values):
        if selection.text:
            return _page_of_found(selection, window)
        if selection.is_on_shelf and _columns_of(selection.order) <= _ON_SHELF:
            return _page_of_shelf(selection, window)
        return _page_of_list(selection, window)


# The columns to sort by that the index of a category has.
_ON_SHELF = {"id", "price"}


def _columns_of(order: Iterable[str]) -> set[str]:
    return {term.removeprefix("-") for term in order}


def _page_of_list(selection: Selection, window: PageWindow) -> Page:
    """Find the page by walking an index in the sequence of the list, and count the list."""
    order = selection.order or ["id"]
    wanted, params = selection.ids
    rows = _rows_of(
        _PAGE.format(
            wanted=wanted,
            order_of_wanted=_order_by("catalog_product", order),
            order=_order_by("product", order),
            limit=window.limit,
            skip=window.skip,
        ),
        params,
        LISTED,
    )
    if not rows and window.skip:
        raise PageNotFound
    total = window.total_if_known(len(rows))
    if total is None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({wanted}) AS wanted", params)
            (total,) = cursor.fetchone()
    return Page(rows, total)


def _page_of_shelf(selection: Selection, window: PageWindow) -> Page:
    """Find everything in one category, then sort it: for a limit, PostgreSQL would rather walk all
    products in their sequence, because it cannot know how many are in the category.
    """
    order = selection.order or ["id"]
    columns = _columns_of(order) | {"id"}
    return _page_of_each([selection.products], order, columns=columns, window=window)


def _page_of_found(selection: Selection, window: PageWindow) -> Page:
    order = selection.order or ["-rank", "id"]
    # PostgreSQL believes that similarity is as cheap to test as equality, so it would scan a whole
    # index for names. No index contains `stock`, so PostgreSQL cannot do that if we read `stock`.
    columns = _columns_of(order) | {"id", "stock"}
    ways = each_way_to_find(selection.products, selection.text, is_first_page=not window.skip)
    return _page_of_each(ways, order, columns=columns, window=window)


def _page_of_each(
    ways: Iterable[ProductQuerySet], order: Sequence[str], *, columns: set[str], window: PageWindow
) -> Page:
    """Return the page of the first query that finds any, in one statement for each query.

    `columns` of everything that is found are kept until it is sorted and counted.
    """
    for way in ways:
        found, params = way.order_by().values(*sorted(columns)).query.sql_with_params()
        rows = _rows_of(
            _PAGE_FOUND.format(
                found=found,
                order_of_found=_order_by("found", order),
                order=_order_by("page", order),
                limit=window.limit,
                skip=window.skip,
            ),
            params,
            (*LISTED, "total"),
        )
        if rows:
            return Page(rows, rows[0]["total"])
    if window.skip:
        raise PageNotFound
    return Page([], 0)


_COLUMNS = """
    product.id, product.name, product.price, product.currency, product.stock, product.image,
    product.featured,
    category.name AS category__name
"""
# The window is part of the text. As a parameter it would be unknown to a prepared plan, and
# PostgreSQL would expect to return a tenth of all products.
# First find the ids of the page with an index alone. Otherwise the database would look up the
# categories of all skipped rows too.
_PAGE = f"""
    SELECT {_COLUMNS}
    FROM catalog_product product
        LEFT JOIN catalog_category category ON category.id = product.category_id
    WHERE product.id IN ({{wanted}} ORDER BY {{order_of_wanted}} LIMIT {{limit}} OFFSET {{skip}})
    ORDER BY {{order}}
"""
# Ranking and counting keep everything that was found for a moment. So we keep only the ids and the
# columns to sort by; the ORM's window function would carry the texts of every row.
_PAGE_FOUND = f"""
    WITH found AS MATERIALIZED ({{found}}),
    page AS (SELECT * FROM found ORDER BY {{order_of_found}} LIMIT {{limit}} OFFSET {{skip}})
    SELECT {_COLUMNS}, (SELECT count(*) FROM found) AS total
    FROM page
        JOIN catalog_product product ON product.id = page.id
        LEFT JOIN catalog_category category ON category.id = product.category_id
    ORDER BY {{order}}
"""


def _order_by(table: str, order: Iterable[str]) -> str:
    return ", ".join(
        f'{table}."{term.removeprefix("-")}" {"DESC" if term.startswith("-") else "ASC"}'
        for term in order
    )


def _rows_of(statement: str, params: Sequence[Any], names: Sequence[str]) -> list[Row]:
    """Return the rows of a statement that has the columns `names`."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    # SQLite has neither decimals nor booleans: the model converts its numbers.
    products = Product.objects.raw(statement, params)
    return [{name: vars(product)[name] for name in names} for product in products]


class Within(Func):
    """Whether the first argument, a category, is the second one or anywhere below it.

    PostgreSQL gets the ids as an array that is computed once. Then it uses the products' index on
    the category, even if its estimate of how many categories there are is wrong.
    """

    output_field = BooleanField()
    _SHELVES = """
        WITH RECURSIVE shelf(id) AS (
            SELECT CAST({} AS bigint)
            UNION
            SELECT child.id FROM catalog_category child JOIN shelf ON child.parent_id = shelf.id
        ) SELECT id FROM shelf
    """

    def __init__(self, category: str, category_id: int) -> None:
        super().__init__(F(category), Value(category_id))

    def as_postgresql(self, compiler, connection, **_):  # type: ignore[no-untyped-def]
        """Compare with the ids of an array."""
        return self._as_sql(compiler, "= ANY(ARRAY({}))")

    def as_sqlite(self, compiler, connection, **_):  # type: ignore[no-untyped-def]
        """Compare with the ids of a subquery."""
        return self._as_sql(compiler, "IN ({})")

    def _as_sql(self, compiler: SQLCompiler, is_among: str) -> tuple[str, Sequence[Any]]:
        category, top = self.source_expressions
        sql, params = compiler.compile(category)
        top_sql, top_params = compiler.compile(top)
        shelves = self._SHELVES.format(top_sql)
        return f"{sql} {is_among.format(shelves)}", (*params, *top_params)


# --- one product ------------------------------------------------------------------------------

SHOWN = (
    *LISTED,
    *("sku", "slug", "description", "category_id", "is_active"),
    *("created_at", "updated_at", "version"),
)
# The path from the top down. Categories are never 100 levels deep; the limit is only a safeguard.
_PATH = """
    WITH RECURSIVE up(id, name, slug, parent_id, height) AS (
        SELECT id, name, slug, parent_id, 0 FROM catalog_category
            WHERE id = (SELECT category_id FROM catalog_product WHERE id = %s)
        UNION ALL
        SELECT above.id, above.name, above.slug, above.parent_id, up.height + 1
            FROM catalog_category above JOIN up ON above.id = up.parent_id WHERE up.height < 100
    )
"""
_AS_LIST = {
    "postgresql": """
        SELECT coalesce(jsonb_agg(
            jsonb_build_object('id', id, 'name', name, 'slug', slug) ORDER BY height DESC
        ), '[]') FROM up
    """,
    "sqlite": """
        SELECT json_group_array(json_object('id', id, 'name', name, 'slug', slug))
        FROM (SELECT * FROM up ORDER BY height DESC)
    """,
}


def product_row_for(product_id: int) -> Row:
    """Return the row of a product that is on sale, with the `path` to its category from the top.

    Takes one statement. Raises `ProductNotFound`, whether the product is missing, inactive or in
    another project.
    """
    for row in _rows_on_sale(product_id):
        return row
    raise ProductNotFound


@prepared
def _rows_on_sale(product_id: int) -> QuerySet[Product, Row]:
    path = RawSQL(_PATH + _AS_LIST[connection.vendor], [product_id], JSONField())
    products = Product.objects.on_sale().filter(pk=product_id).annotate(path=path)
    rows: QuerySet[Product, Row] = products.values(*SHOWN, "path")
    return rows


# --- categories -------------------------------------------------------------------------------


@dataclass
class Shelf:
    """A category of the storefront, the categories inside it, and how many products it sells.

    `total_count` includes the products of all categories below it.
    """

    id: int
    name: str
    slug: str
    product_count: int
    total_count: int = 0
    children: list["Shelf"] = field(default_factory=list)


def shelves() -> list[Shelf]:
    """Return the storefront's tree of categories from the top, in one statement."""
    rows = list(_category_rows())
    by_id = {
        row["id"]: Shelf(row["id"], row["name"], row["slug"], row["product_count"]) for row in rows
    }
    top: list[Shelf] = []
    for row in rows:
        parent = by_id.get(row["parent_id"])
        (parent.children if parent else top).append(by_id[row["id"]])
    for shelf in top:
        _add_up(shelf)
    return top


def _add_up(shelf: Shelf) -> int:
    shelf.total_count = shelf.product_count + sum(map(_add_up, shelf.children))
    return shelf.total_count


def _category_rows() -> QuerySet[Category, Row]:
    # One count per category: its index is enough for that, while a join would read all products.
    on_shelf = Product.objects.filter(category=OuterRef("pk"), is_active=True)
    count = on_shelf.order_by().values("category").annotate(count=Count("*"))
    rows = (
        Category.objects.filter(project__is_storefront=True, project__is_active=True)
        .annotate(
            product_count=Coalesce(Subquery(count.values("count")), 0, output_field=IntegerField())
        )
        .order_by("position", "name", "pk")
        .values("id", "parent_id", "name", "slug", "product_count")
    )
    return cast("QuerySet[Category, Row]", rows)
