"""The storefront's catalogue over HTTP: lists, filters, searches and single products."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from accounts.models import Project
from accounts.services import create_project
from accounts.services.storefront import set_storefront
from benchmarks import bare_catalogue, rest
from benchmarks.bare import PostgreSQL, SQLite
from benchmarks.rest import Call
from benchmarks.seeding import Account, settle
from benchmarks.table import Row, at_most, of_the_floor
from catalog import trigrams
from catalog.models import Category, Product
from catalog.services import create_category

SIZE = 100_000
# Ten categories with nine subcategories each.
TOP, WITHIN = 10, 9

_PRODUCTS = """
    INSERT INTO catalog_product (
        uuid, project_id, category_id, sku, slug, name, description, price, currency, image,
        featured, is_active, stock, created_at, updated_at, version
    )
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s),
    places(i, place) AS (VALUES (0, 'Desk'), (1, 'Floor'), (2, 'Table'), (3, 'Garden'),
        (4, 'Phone'), (5, 'Reading'), (6, 'Wall'), (7, 'Travel'), (8, 'Kitchen'), (9, 'Office')),
    things(i, thing) AS (VALUES (0, 'lamp'), (1, 'chair'), (2, 'shelf'), (3, 'clock'),
        (4, 'mirror'), (5, 'kettle'), (6, 'bag'), (7, 'stand'), (8, 'case'), (9, 'charger'),
        (10, 'cable')),
    stuffs(i, stuff) AS (VALUES (0, 'oak'), (1, 'steel'), (2, 'glass'), (3, 'linen'), (4, 'brass'),
        (5, 'cork'), (6, 'wool'))
    SELECT
        {uuid}, %s, %s + n %% %s, 'SKU-' || n, 'product-' || n, place || ' ' || thing || ' ' || n,
        'Something for every day, made of ' || stuff || ' and finished by hand. '
            || 'Delivered within three days.',
        n %% 2000 + 0.99, 'USD', '', n %% 50 = 0, n %% 20 <> 0, n %% 11 * 5, {now}, {now}, 1
    FROM numbers
        JOIN places ON places.i = n %% 10
        JOIN things ON things.i = n / 10 %% 11
        JOIN stuffs ON stuffs.i = n %% 7
    ORDER BY n
"""


@dataclass(frozen=True)
class Shop:
    """The storefront's project, a category with subcategories, and some products on sale."""

    project: Project
    category: Category
    product_ids: list[int]


def reading(directory: Path, customer: Account, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure the first and last page of all products, a filtered list, searches, and single
    products.
    """
    shop = _shop(customer)
    settle()
    # Each process asks this once.
    trigrams.is_known_to_be_installed(connection.alias)
    owner = f"project={shop.project.pk}"
    narrow = f"category={shop.category.pk}&price_min=50&price_max=500&in_stock=true"
    last = Product.objects.on_sale().count() // bare_catalogue.PAGE
    lists = {
        f"products, first 20 of {SIZE:,}": "page=1",
        f"products, last 20 of {SIZE:,}": f"page={last}",
        f"products, narrowed, of {SIZE:,}": narrow,
        f"products, found in {SIZE:,}": "search=desk%20lamp",
        f"products, misspelt, in {SIZE:,}": "search=kichen%20ketle",
    }
    with rest.both_serving(
        directory, rounds, seconds, floor=bare_catalogue, path="/products?project=0"
    ) as both:
        for what, query in lists.items():
            yield both.measure(
                Call(
                    what,
                    customer,
                    [f"/api/products/?{query}"],
                    [f"/products?{owner}&{query}"],
                ),
                lambda statements, pairs: [
                    at_most(statements, 3),
                    of_the_floor(pairs.ratio, 0.35),
                ],
            )
        yield both.measure(
            Call(
                "product detail",
                customer,
                [f"/api/products/{pk}/" for pk in shop.product_ids],
                [f"/products/{pk}" for pk in shop.product_ids],
            ),
            lambda statements, _: [at_most(statements, 2)],
        )


def _shop(merchant: Account) -> Shop:
    """Fill a project with products and make it the storefront."""
    project = create_project(owner=merchant.user, name="The shop of the benchmark")
    set_storefront(project=project)
    shelves = [create_category(project=project, name=f"Shelf {n}") for n in range(TOP)]
    for parent in shelves[:]:
        shelves += [
            create_category(project=project, name=f"{parent.name}, {n}", parent=parent)
            for n in range(WITHIN)
        ]
    database = PostgreSQL if connection.vendor == "postgresql" else SQLite
    statement = _PRODUCTS.format(uuid=database.uuid, now="CURRENT_TIMESTAMP")
    with connection.cursor() as cursor:
        cursor.execute(statement, [SIZE, project.pk, shelves[0].pk, len(shelves)])
    on_sale = Product.objects.on_sale().order_by("pk")
    return Shop(project, shelves[0], list(on_sale.values_list("pk", flat=True)[:100]))
