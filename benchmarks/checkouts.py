"""Checkouts over HTTP of many customers with the same few products, compared with plain SQL."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import orjson
from django.db import connection
from redis import Redis

from accounts.models import Project, User
from accounts.services import create_project, open_session
from accounts.services.storefront import set_storefront
from benchmarks.bare_checkouts import BareCheckouts, application
from benchmarks.client import request_of
from benchmarks.seeding import make_account, settle
from benchmarks.serving import START_SECONDS, Server, serving, worker
from benchmarks.statements import statements_of_post
from benchmarks.table import Figures, Pairs, Row, Verdict, at_most, in_pairs
from cart.models import Cart
from catalog.services import create_product
from catalog.services.stock import MAX_STOCK
from orderchainer.celery import app
from orders.stream.relay import relay_events

# There are more carts than one measurement can check out. Each has three of the same few products,
# so that checkouts collide.
CUSTOMERS = 1200
PRODUCTS = 20
IN_CART = 3
CLIENTS = (1, 8)
# The target for checkouts while a worker relays their events.
LEAST_BESIDE_THE_RELAY = 0.70
WHERE = {
    "shipping_address": "1 Main Street, Springfield",
    "phone_number": "+15550100",
    "notes": "Ring twice.",
}

_FILL = """
    INSERT INTO cart_cartitem (cart_id, product_id, quantity, created_at)
    SELECT cart.user_id, product.id, 1, CURRENT_TIMESTAMP
    FROM cart_cart AS cart JOIN catalog_product AS product
        ON (product.id + cart.user_id * 7) %% %s < %s
    WHERE product.sku LIKE 'CHECKOUT-%%' AND cart.user_id >= %s
    ORDER BY (product.id * cart.user_id) %% 13
"""


@dataclass(frozen=True)
class _Customers:
    first: int
    ids: list[int]
    tokens: list[str]

    def fill_carts(self) -> None:
        """Put the same products into every cart, in a different order for each."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM cart_cartitem WHERE cart_id >= %s", [self.first])
            cursor.execute(_FILL, [PRODUCTS, IN_CART, self.first])


def checking_out(directory: Path, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure checkouts of one client and of several at once, each with its own cart."""
    customers = _customers()
    body = orjson.dumps(WHERE)
    ours = [request_of("POST", "/api/orders/", token, body) for token in customers.tokens]
    bare = [request_of("POST", f"/checkout?user={pk}", body=body) for pk in customers.ids]
    statements = _statements(customers)
    bare_statements = _bare_statements(application(), customers)
    with (
        serving("orderchainer.wsgi:application", directory, "/healthz") as service,
        serving("benchmarks.bare_checkouts:application()", directory, "/") as floor,
    ):
        for clients in CLIENTS:
            before = _deadlocks()

            def measure(
                server: Server, requests: list[str], clients: int = clients
            ) -> Callable[[], Figures]:
                def measured() -> Figures:
                    customers.fill_carts()
                    return server.measure(
                        requests,
                        seconds=seconds,
                        expected_status=201,
                        clients=clients,
                        once=True,
                    )

                return measured

            measure(service, ours[:50])()
            measure(floor, bare[:50])()
            pairs: Pairs = in_pairs(rounds, measure(service, ours), measure(floor, bare))
            who = "1 client" if clients == 1 else f"{clients} clients"
            yield Row(
                f"checkout, {who}",
                replace(pairs.ours, statements=statements),
                replace(pairs.floor, statements=bare_statements),
                pairs.ratio,
                pairs.cpu_ratio,
                [
                    at_most(statements, 10),
                    Verdict("no deadlock", _deadlocks() == before),
                ],
            )
        if os.environ["REDIS_URL"]:
            yield _beside_the_relay(directory, rounds, measure(service, ours))


def _beside_the_relay(directory: Path, rounds: int, measured: Callable[[], Figures]) -> Row:
    """Measure checkouts while a worker relays their events, and without one.

    The columns of the floor show the service without a worker. The processor time is that of the
    web processes; the worker's own shows only in the rate.
    """

    def with_the_relay() -> Figures:
        # What happened without a worker is not its work.
        relay_events()
        with worker(directory, "celery"):
            _wait_for_a_worker()
            return measured()

    pairs = in_pairs(rounds, with_the_relay, measured)
    least = Verdict(
        f">= {LEAST_BESIDE_THE_RELAY:.2f} of the rate without it",
        pairs.ratio >= LEAST_BESIDE_THE_RELAY,
    )
    return Row(
        f"checkout, {CLIENTS[-1]} clients, relay on / off",
        pairs.ours,
        pairs.floor,
        pairs.ratio,
        pairs.cpu_ratio,
        [least],
    )


def _wait_for_a_worker() -> None:
    """Wait until a worker has started and has emptied the queue, whose nudges are out of date."""
    deadline = time.monotonic() + START_SECONDS
    with Redis.from_url(os.environ["REDIS_URL"]) as broker:
        while not app.control.ping(timeout=0.5) or broker.llen("celery"):
            if time.monotonic() > deadline:
                msg = f"no worker is ready within {START_SECONDS} s"
                raise RuntimeError(msg)


def _customers() -> _Customers:
    """Open a shop, with customers who have a cart and a token."""
    project = Project.objects.filter(is_storefront=True).first()
    if project is None:
        project = create_project(owner=make_account("shopkeeper").user, name="The shop")
        set_storefront(project=project)
    for number in range(PRODUCTS):
        create_product(
            project=project,
            fields={
                "sku": f"CHECKOUT-{number}",
                "name": f"Lamp {number}",
                "price": Decimal("19.99"),
            },
            stock=MAX_STOCK,
        )
    # Create users directly: hashing the passwords of a registration takes time.
    users = User.objects.bulk_create(
        User(email=f"buyer-{number}@example.com") for number in range(CUSTOMERS)
    )
    Cart.objects.bulk_create(Cart(user=user) for user in users)
    customers = _Customers(
        users[0].pk,
        [user.pk for user in users],
        [open_session(user=user).access for user in users],
    )
    customers.fill_carts()
    settle()
    return customers


def _statements(customers: _Customers) -> int:
    """Count the statements of one checkout."""
    # The first one of a process also asks SQLite whether it supports JSON.
    body = orjson.dumps(WHERE)
    return [statements_of_post("/api/orders/", token, body) for token in customers.tokens[:2]][-1]


def _bare_statements(bare: BareCheckouts, customers: _Customers) -> int:
    before = bare.database.statements
    bare(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/checkout",
            "QUERY_STRING": f"user={customers.ids[2]}",
            "wsgi.input": BytesIO(orjson.dumps(WHERE)),
        },
        lambda status, headers: None,
    )
    return bare.database.statements - before


def _deadlocks() -> int:
    """Return how many deadlocks the database has had so far; SQLite has none."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        count: int = cursor.fetchone()[0]
        return count
