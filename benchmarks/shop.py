"""A shop's requests to the service, to the control, which has the same rows, and to the floor."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import orjson
from django.db import connection
from django.test import Client

from benchmarks.client import request_of
from benchmarks.serving import Server, serving
from benchmarks.shop_seeding import (
    CONTROL_SETTINGS,
    ORDERS,
    PRODUCTS,
    Caller,
    Shop,
    empty_carts,
    make_shop,
    run_control,
)
from benchmarks.statements import statements_of
from benchmarks.table import Figures, Row, in_turn, of_the_control

PAGE = 20
# Customers put this many products into their cart before they order them.
ADDED = 2
# A customer's requests have this distance, so that one is answered before the next is sent.
AT_ONCE = 64
WHERE = {"shipping_address": "1 Main Street, Springfield", "phone_number": "+15550100"}

Measure = Callable[[], Figures]


@dataclass(frozen=True)
class Asked:
    """A request to the service, to the control and, if it answers the same, to the floor."""

    path: str
    control_path: str
    bare_path: str = ""
    caller: Caller | None = None
    body: bytes = b""

    @property
    def method(self) -> str:
        """What has a body is a POST."""
        return "POST" if self.body else "GET"

    @property
    def ours(self) -> str:
        """The request to the service."""
        token = self.caller.token if self.caller else ""
        return request_of(self.method, self.path, token, self.body)

    @property
    def controls(self) -> str:
        """The request to the control."""
        token = self.caller.control_token if self.caller else ""
        return request_of(self.method, self.control_path, token, self.body)

    @property
    def floors(self) -> str:
        """The request to the floor."""
        return request_of("GET", self.bare_path)


@dataclass(frozen=True)
class Sides:
    """The servers that are compared."""

    service: Server
    control: Server
    catalogue_floor: Server
    orders_floor: Server
    rounds: int
    seconds: float

    def reading(self, what: str, asked: Sequence[Asked]) -> Row:
        """Measure reads, sent in turn."""

        def measured(server: Server, requests: Iterable[str]) -> Measure:
            written = list(requests)
            return lambda: server.measure(written, seconds=self.seconds)

        sides = [
            measured(self.service, (each.ours for each in asked)),
            measured(self.control, (each.controls for each in asked)),
        ]
        if bare_path := asked[0].bare_path:
            is_order = bare_path.startswith("/orders")
            floor = self.orders_floor if is_order else self.catalogue_floor
            sides.append(measured(floor, (each.floors for each in asked)))
        return self._row(what, sides, asked[:1])

    def shopping(self, shop: Shop) -> Row:
        """Measure customers who fill their carts and order. The figures are those of one order."""
        asked = list(_shopping(shop))

        def measured(server: Server, requests: Iterable[str]) -> Measure:
            written = list(requests)

            def measure() -> Figures:
                empty_carts()
                return _of_each_order(
                    server.measure(written, seconds=self.seconds, expected_status=201, once=True)
                )

            return measure

        sides = [
            measured(self.service, (each.ours for each in asked)),
            measured(self.control, (each.controls for each in asked)),
        ]
        counted = [each for each in asked if each.caller is shop.customers[0]]
        return self._row(f"{ADDED} x cart add, checkout", sides, counted)

    def _row(self, what: str, sides: Sequence[Measure], counted: Sequence[Asked]) -> Row:
        for side in sides:
            side()  # each connection prepares its statements, and caches fill
        ours, control, *floor = in_turn(self.rounds, sides)
        empty_carts()
        ratio = ours.ratio_to(control)
        return Row(
            what,
            replace(ours.middle, statements=_statements(counted)),
            floor[0].middle if floor else None,
            ours.ratio_to(floor[0]) if floor else None,
            ours.cpu_ratio_to(floor[0]) if floor else None,
            [of_the_control(ratio, 1)],
            control=replace(control.middle, statements=_statements_of_control(counted)),
            control_ratio=ratio,
            control_cpu_ratio=ours.cpu_ratio_to(control),
        )


def shopping(directory: Path, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure lists, searches, single rows and checkouts of a shop beside the control.

    The control's tables stand in a schema of their own, so there is nothing to measure on SQLite.
    """
    if connection.vendor != "postgresql":
        return
    shop = make_shop()
    with ExitStack() as stack:

        def served(application: str, path: str, settings: str = "orderchainer.settings") -> Server:
            server = serving(application, directory, path, DJANGO_SETTINGS_MODULE=settings)
            return stack.enter_context(server)

        sides = Sides(
            served("orderchainer.wsgi:application", "/healthz"),
            served("benchmarks.control.wsgi:application", "/products/", CONTROL_SETTINGS),
            served("benchmarks.bare_catalogue:application()", "/products?project=0"),
            served("benchmarks.bare:application()", "/orders?owner=0"),
            rounds,
            seconds,
        )
        for what, asked in (*_catalogue(shop), *_orders(shop)):
            yield sides.reading(what, asked)
        yield sides.shopping(shop)


def _catalogue(shop: Shop) -> Iterator[tuple[str, list[Asked]]]:
    def lists(*queries: str) -> list[Asked]:
        return [
            Asked(
                f"/api/products/?{query}",
                f"/products/?{query}",
                f"/products?project={shop.project.pk}&{query}",
            )
            for query in queries
        ]

    yield f"products, first {PAGE} of {PRODUCTS:,}", lists("page=1")
    yield "products, page 400", lists("page=400")
    narrow = [
        f"category={category.pk}&price_min={least}&price_max={most}&in_stock=true"
        for category in (*shop.categories[:3], *shop.categories[-3:])
        for least, most in ((1, 5), (5, 500), (1500, 2000))
    ]
    yield "products, narrowed to many", lists(narrow[1])
    yield "products, narrowed to few", lists(narrow[-1])
    yield "products, narrowed to many and few in turn", lists(*narrow)
    words = ["steel", "walnut", "desk lamp", "SHOP-77"]
    yield "products, found by a common word", lists("search=steel")
    yield "products, found by a rare word", lists("search=walnut")
    yield (
        "products, found by common and rare words in turn",
        lists(*(f"search={quote(word)}" for word in words)),
    )
    yield (
        "one product",
        [
            Asked(f"/api/products/{pk}/", f"/products/{pk}/", f"/products/{pk}")
            for pk in shop.product_ids
        ],
    )


def _orders(shop: Shop) -> Iterator[tuple[str, list[Asked]]]:
    owner = shop.owner
    bare = f"/orders?owner={owner.user.pk}&limit={PAGE}"
    for what, query, bare_path in (
        (f"orders, first {PAGE} of {ORDERS:,}", "", bare),
        ("orders, newest first", "ordering=-created_at", ""),
        ("orders, with a common status", "status=pending", ""),
        ("orders, with a rare status", "status=failed", ""),
    ):
        path = f"/api/orders/?limit={PAGE}&{query}"
        yield what, [Asked(path, f"/orders/?{query}", bare_path, owner)]
    yield (
        "one order",
        [
            Asked(f"/api/orders/{pk}", f"/orders/{pk}/", f"/orders/{pk}", owner)
            for pk in shop.order_ids[:100]
        ],
    )


def _shopping(shop: Shop) -> Iterator[Asked]:
    where = orjson.dumps(WHERE)
    for start in range(0, len(shop.customers), AT_ONCE):
        group = list(enumerate(shop.customers))[start : start + AT_ONCE]
        for added in range(ADDED):
            for number, customer in group:
                product_id = shop.product_ids[(number * 7 + added) % len(shop.product_ids)]
                item = orjson.dumps({"product_id": product_id, "quantity": 1})
                yield Asked("/api/cart/items/", "/cart/items/", "", customer, item)
        for _, customer in group:
            yield Asked("/api/orders/", "/orders/", "", customer, where)


def _of_each_order(figures: Figures) -> Figures:
    """Return the figures of requests as those of an order and what was added for it."""
    requests = ADDED + 1
    cpu_ms = None if figures.cpu_ms is None else figures.cpu_ms * requests
    return replace(figures, per_second=figures.per_second / requests, cpu_ms=cpu_ms)


def _statements(asked: Sequence[Asked]) -> int:
    """Count our statements for these requests, in this process."""
    with statements_of() as sent:
        for each in asked:
            token = each.caller.token if each.caller else ""
            answer = Client(SERVER_NAME="localhost").generic(
                each.method,
                each.path,
                each.body,
                content_type="application/json",
                headers={"Authorization": f"Bearer {token}"} if token else None,
            )
            if answer.status_code >= 300:
                raise RuntimeError(f"{each.path}: {answer.status_code} {answer.content[:500]!r}")
    return len(sent)


def _statements_of_control(asked: Sequence[Asked]) -> int:
    calls = [
        (
            each.method,
            each.control_path,
            each.caller.control_token if each.caller else "",
            each.body.decode(),
        )
        for each in asked
    ]
    written = run_control("benchmarks.control.statements", sent=orjson.dumps(calls))
    return sum(orjson.loads(written))
