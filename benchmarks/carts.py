"""Adding to carts over HTTP, compared with hand-written SQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import orjson
from django.db import connection

from accounts.models import Project
from accounts.services import create_project
from accounts.services.storefront import set_storefront
from benchmarks.bare_carts import BareCarts, application
from benchmarks.client import request_of
from benchmarks.seeding import Account, make_account
from benchmarks.serving import Server, serving
from benchmarks.statements import statements_of_post
from benchmarks.table import Figures, Row, at_most, in_pairs
from cart.services import add_item
from catalog.models import Product
from catalog.services import create_product
from catalog.services.stock import MAX_STOCK

# Each cart holds a few products, and successive requests come from different customers.
CUSTOMERS = 32
PRODUCTS = 5


@dataclass(frozen=True)
class _Shopping:
    customers: list[Account]
    products: list[int]

    def bodies(self) -> Iterator[tuple[Account, bytes]]:
        for product_id in self.products:
            for customer in self.customers:
                yield customer, orjson.dumps({"product_id": product_id, "quantity": 1})


def adding(directory: Path, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure adding products that are in the cart already, so that quantities add up."""
    shopping = _shopping()
    with _both_serving(directory) as (service, floor):
        ours = [
            request_of("POST", "/api/cart/items/", customer.token, body)
            for customer, body in shopping.bodies()
        ]
        bare = [
            request_of("POST", f"/cart/items?user={customer.user.pk}", body=body)
            for customer, body in shopping.bodies()
        ]
        for server, requests in ((service, ours), (floor, bare)):
            _measure(server, requests, 0.3)()
        pairs = in_pairs(
            rounds,
            _measure(service, ours, seconds),
            _measure(floor, bare, seconds),
        )
    customer, body = next(shopping.bodies())
    statements = statements_of_post("/api/cart/items/", customer.token, body)
    yield Row(
        "cart add",
        replace(pairs.ours, statements=statements),
        replace(pairs.floor, statements=_bare_statements(application(), shopping)),
        pairs.ratio,
        pairs.cpu_ratio,
        [at_most(statements, 4)],
    )


def _shopping() -> _Shopping:
    """Fill the carts of some customers with products of the storefront."""
    if not Project.objects.filter(is_storefront=True).exists():
        merchant = make_account("cart-merchant").user
        project = create_project(owner=merchant, name="The shop")
        set_storefront(project=project)
        for number in range(PRODUCTS):
            create_product(
                project=project,
                fields={
                    "sku": f"CART-{number}",
                    "name": f"Lamp {number}",
                    "price": Decimal("19.99"),
                },
                stock=1000,
            )
    on_sale = Product.objects.on_sale().order_by("pk")
    products = list(on_sale.values_list("pk", flat=True)[:PRODUCTS])
    # A cart cannot hold more than the stock, and the benchmark puts up to 999 of each into one.
    Product.objects.filter(pk__in=products).update(stock=MAX_STOCK)
    customers = [make_account(f"cart-customer-{number}") for number in range(CUSTOMERS)]
    for customer in customers:
        for product_id in products:
            add_item(user=customer.user, product_id=product_id, quantity=1)
    return _Shopping(customers, products)


@contextmanager
def _both_serving(directory: Path) -> Iterator[tuple[Server, Server]]:
    with (
        serving("orderchainer.wsgi:application", directory, "/healthz") as service,
        serving("benchmarks.bare_carts:application()", directory, "/cart?user=0") as floor,
    ):
        yield service, floor


def _measure(server: Server, requests: list[str], seconds: float) -> Callable[[], Figures]:
    def measure() -> Figures:
        # A cart holds at most 999 of each product.
        with connection.cursor() as cursor:
            cursor.execute("UPDATE cart_cartitem SET quantity = 1")
        return server.measure(requests, seconds=seconds, expected_status=201)

    return measure


def _bare_statements(bare: BareCarts, shopping: _Shopping) -> int:
    customer, body = next(shopping.bodies())
    before = bare.database.statements
    bare(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/cart/items",
            "QUERY_STRING": f"user={customer.user.pk}",
            "wsgi.input": BytesIO(body),
        },
        lambda status, headers: None,
    )
    return bare.database.statements - before
