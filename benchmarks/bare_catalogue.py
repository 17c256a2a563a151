"""The floor of the catalogue: the same rows with hand-written SQL and without a framework."""

import os
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs

import orjson

from benchmarks.bare import Database, PostgreSQL, Rows, StartResponse, connect

PAGE = 20

LISTED = ("id", "name", "price", "stock", "category_name", "image", "featured")
COLUMNS = "p.id, p.name, p.price, p.stock, coalesce(c.name, ''), p.image, p.featured"
JOINED = "catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id"
SHELVES = """
    WITH RECURSIVE shelf(id) AS (
        SELECT CAST(%s AS bigint)
        UNION SELECT c.id FROM catalog_category c JOIN shelf ON c.parent_id = shelf.id
    ) SELECT id FROM shelf
"""
FILTERED = """
    project_id = %s AND is_active AND in_stock AND price >= %s AND price <= %s
    AND category_id {among}
"""
# Rank the ids of everything found, but read only the rows of a page.
FOUND = """
    WITH query AS (
        SELECT websearch_to_tsquery('english', %s) || websearch_to_tsquery('simple', %s) AS query
    ),
    found AS MATERIALIZED (
        SELECT id, ts_rank(words, (SELECT query FROM query)) AS rank FROM catalog_product
        WHERE project_id = %s AND is_active
            AND (
                words @@ (SELECT query FROM query)
                OR upper(name) LIKE upper(%s) OR upper(sku) LIKE upper(%s)
            )
    ), page AS (SELECT id, rank FROM found ORDER BY rank DESC, id LIMIT {page})
    SELECT {columns}, (SELECT count(*) FROM found) FROM page JOIN {joined} ON p.id = page.id
    ORDER BY page.rank DESC, p.id
"""
FOUND_IN_TEXT = """
    SELECT {columns}, count(*) OVER () FROM {joined}
    WHERE p.project_id = %s AND p.is_active
        AND (p.name LIKE %s OR p.sku LIKE %s OR p.description LIKE %s)
    ORDER BY p.id LIMIT {page}
"""
# Select `stock`, because it is in no index: otherwise PostgreSQL would read the names of all
# products from an index.
ALIKE = """
    WITH found AS MATERIALIZED (
        SELECT id, stock, word_similarity(upper(%s), upper(name)) AS rank FROM catalog_product
        WHERE project_id = %s AND is_active AND upper(%s) <%% upper(name)
            AND (SELECT set_config('pg_trgm.word_similarity_threshold', '0.4', true)) IS NOT NULL
    ), page AS (SELECT id, rank FROM found ORDER BY rank DESC, id LIMIT {page})
    SELECT {columns}, (SELECT count(*) FROM found) FROM page JOIN {joined} ON p.id = page.id
    ORDER BY page.rank DESC, p.id
"""
SHOWN = (
    *LISTED,
    *("sku", "slug", "description", "currency", "category_id", "is_active"),
    *("created_at", "updated_at", "version", "category_path"),
)
PRODUCT = """
    WITH RECURSIVE up(id, name, slug, parent_id, height) AS (
        SELECT id, name, slug, parent_id, 0 FROM catalog_category
            WHERE id = (SELECT category_id FROM catalog_product WHERE id = %s)
        UNION ALL
        SELECT above.id, above.name, above.slug, above.parent_id, up.height + 1
            FROM catalog_category above JOIN up ON above.id = up.parent_id
    )
    SELECT {columns}, p.sku, p.slug, p.description, p.currency, p.category_id, p.is_active,
        p.created_at, p.updated_at, p.version, (SELECT {path} FROM up)
    FROM {joined} WHERE p.id = %s AND p.is_active
"""


class BareCatalogue:
    """`/products?project=` with `category`, `price_min` and `price_max`, or with `search`;
    `/products/{id}`.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._has_words = isinstance(database, PostgreSQL)
        among = "= ANY(ARRAY({}))" if self._has_words else "IN ({})"
        self._filtered = FILTERED.format(among=among.format(SHELVES))
        path = (
            "coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'slug', slug)"
            " ORDER BY height DESC), '[]')"
            if self._has_words
            else "json_group_array(json_object('id', id, 'name', name, 'slug', slug))"
        )
        self._product = PRODUCT.format(columns=COLUMNS, joined=JOINED, path=path)
        words = {"columns": COLUMNS, "joined": JOINED, "page": PAGE}
        self._found = FOUND.format(**words)
        self._found_in_text = FOUND_IN_TEXT.format(**words)
        self._alike = ALIKE.format(**words)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        body: dict[str, Any]
        if path != "/products":
            body = self.product(int(path.removeprefix("/products/")))
        elif "search" in query:
            body = self.found(int(query["project"]), query["search"])
        elif "category" in query:
            body = self.filtered(
                int(query["project"]),
                query["price_min"],
                query["price_max"],
                int(query["category"]),
            )
        else:
            body = self.page(int(query["project"]), int(query.get("page", 1)))
        payload = orjson.dumps(body, default=str)
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(payload))),
        ]
        start_response("200 OK", headers)
        return [payload]

    def page(self, project: int, page: int) -> dict[str, Any]:
        """Read a page of all products, and count them."""
        return self._page_of("project_id = %s AND is_active", [project], (page - 1) * PAGE)

    def filtered(self, project: int, least: str, most: str, category: int) -> dict[str, Any]:
        """Read and count the products in stock in a category and between two prices; first page."""
        return self._page_of(self._filtered, [project, least, most, category])

    def found(self, project: int, text: str) -> dict[str, Any]:
        """Read the first page of what a text finds or, if that is nothing, of similar names."""
        part = f"%{text}%"
        if self._has_words:
            rows = self.database.run(
                self._found, [text, text, project, part, part]
            ) or self.database.run(self._alike, [text, project, text])
        else:
            rows = self.database.run(self._found_in_text, [project, part, part, part])
        return _body(rows, rows[0][-1] if rows else 0)

    def product(self, product_id: int) -> dict[str, Any]:
        """Read one product with the path to its category."""
        (row,) = self.database.run(self._product, [product_id, product_id])
        shown = dict(zip(SHOWN, row, strict=True))
        if isinstance(shown["category_path"], str):
            shown["category_path"] = orjson.Fragment(shown["category_path"])
        return shown

    def _page_of(self, where: str, params: Sequence[object], skip: int = 0) -> dict[str, Any]:
        ids = f"SELECT id FROM catalog_product WHERE {where} ORDER BY id LIMIT {PAGE} OFFSET {skip}"
        rows = self.database.run(
            f"SELECT {COLUMNS} FROM {JOINED} WHERE p.id IN ({ids}) ORDER BY p.id",
            params,
        )
        ((total,),) = self.database.run(
            f"SELECT count(*) FROM catalog_product WHERE {where}", params
        )
        return _body(rows, total)


def _body(rows: Rows, total: int) -> dict[str, Any]:
    results = [dict(zip(LISTED, row, strict=False)) for row in rows]
    return {"count": total, "next": None, "previous": None, "results": results}


def application() -> BareCatalogue:
    """Return the application for a server: `benchmarks.bare_catalogue:application()`."""
    return BareCatalogue(connect(os.environ["DATABASE_URL"]))
