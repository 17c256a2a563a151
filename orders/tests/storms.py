"""Customers who check out while the service crashes, and checks of stock, orders and ledger.

A `Storm` fills carts, orders, cancels and deletes over HTTP, and remembers what was acknowledged.
Each order's notes are the `Idempotency-Key` of its request, so the database shows the outcome of
every request. The checks are plain SQL, so that the service's code is not checked by itself.
"""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import requests
from django.conf import settings

from orderchainer.testing.processes import Installation
from orderchainer.testing.servers import environment_in
from orders.tests.bursts import Burst, Customer

COMMAND_SECONDS = 60.0

_OPEN = """
from catalog.tests.factories import make_product, make_storefront
shop = make_storefront()
for number in range({products}):
    make_product(shop, name="Thing %d" % number, stock={stock})
"""


def run_manage(installation: Installation, *arguments: str) -> str:
    """Run `manage.py` beside an installation and return what it printed. Raises if it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment_in(installation.directory, **installation.variables),
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def open_storefront(installation: Installation, *, products: int, stock: int) -> list[int]:
    """Open a storefront with `products` products and `stock` of each; return their ids."""
    run_manage(installation, "shell", "-c", _OPEN.format(products=products, stock=stock))
    made = "SELECT id FROM catalog_product WHERE name LIKE 'Thing %'"
    return [pk for (pk,) in installation.rows(made)]


_HIRE = """
from accounts.models import Membership, Project, User
Membership.objects.create(
    project=Project.objects.get(is_storefront=True),
    user=User.objects.get(email="{email}"),
    role=Membership.Role.AGENT,
)
"""


def hire_seller(installation: Installation) -> Customer:
    """Return a new user who handles the storefront's orders."""
    email = "seller@example.com"
    seller = Customer(installation.url, email=email)
    run_manage(installation, "shell", "-c", _HIRE.format(email=email))
    return seller


class Storm(Burst):
    """Customers who order and cancel, and a seller who fails and deletes, at the same time."""

    def __init__(
        self, customers: Sequence[Customer], product_ids: list[int], seller: Customer
    ) -> None:
        super().__init__(customers)
        self._seller = seller
        # `placed` has the key of each acknowledged order by id. These are the deleted ones.
        self.deleted: set[int] = set()
        self.bodies: dict[str, dict[str, Any]] = {}
        self._product_ids = product_ids

    def repeat(self, key: str, customer: Customer) -> requests.Response:
        """Send an acknowledged checkout once more, with its key."""
        return customer.ask("POST", "/api/orders/", self.bodies[key], key=key)

    def _shop(self, number: int, customer: Customer) -> None:
        chance = random.Random(number)
        round_ = 0
        while not self._over.is_set():
            round_ += 1
            key = f"storm-{number}-{round_}"
            for place, product in enumerate(chance.sample(self._product_ids, 2)):
                item = {"product_id": product, "quantity": chance.randint(1, 3)}
                added = customer.ask("POST", "/api/cart/items/", item, key=f"{key}-{place}")
                assert added.status_code == 201, added.text
            pk = self._check_out(customer, key)
            if round_ % 3 == 0:
                status = chance.choice(["cancelled", "failed"])
                # Customers may only cancel.
                self._move(customer if status == "cancelled" else self._seller, pk, status)
            elif round_ % 3 == 1:
                gone = self._seller.ask("DELETE", f"/api/orders/{pk}")
                # 404: an earlier try deleted it, but the service was killed before it answered.
                assert gone.status_code in {200, 404}, gone.text
                with self._lock:
                    self.deleted.add(pk)

    def _check_out(self, customer: Customer, key: str) -> int:
        body = {
            "shipping_address": "1 Main Street",
            "phone_number": "+15550100",
            "notes": key,
        }
        answer = customer.ask("POST", "/api/orders/", body, key=key)
        assert answer.status_code == 201, answer.text
        order = answer.json()
        assert len(order["items"]) == 2
        with self._lock:
            self.placed[order["id"]] = key
            self.bodies[key] = body
        pk: int = order["id"]
        return pk


# --- What must be true, at any moment ---------------------------------------------------------


def check_shelves(installation: Installation) -> None:
    """Check that every order is whole, was made once and holds its stock, and no unit is lost.

    This is true at any moment: while the service runs, is dead or starts again.
    """
    nothing_of = {
        "a stock that its ledger does not add up to": """
            SELECT product.id FROM catalog_product AS product
            WHERE stock <> (SELECT coalesce(sum(change), 0) FROM catalog_stockmovement
                WHERE product_id = product.id) OR stock < 0
        """,
        "a request that made two orders": """
            SELECT notes FROM orders_order WHERE notes LIKE 'storm-%'
            GROUP BY notes HAVING count(*) > 1
        """,
        "an order that is not whole": """
            SELECT orders.id FROM orders_order AS orders
            WHERE notes LIKE 'storm-%' AND (
                (SELECT count(*) FROM orders_orderitem WHERE order_id = orders.id) <> 2
                OR (SELECT count(*) FROM orders_event
                    WHERE order_id = orders.id AND type = 'order_created') <> 1
                OR abs(total_price - (SELECT sum(unit_price * quantity) FROM orders_orderitem
                    WHERE order_id = orders.id)) > 0.001
            )
        """,
        "a line that its order does not hold": """
            SELECT line.order_id, line.product_id FROM orders_orderitem AS line
            JOIN orders_order AS orders ON orders.id = line.order_id
            WHERE line.product_id IS NOT NULL
            AND (SELECT coalesce(sum(change), 0) FROM catalog_stockmovement AS movement
                WHERE movement.order_id = line.order_id AND movement.product_id = line.product_id)
            <> CASE WHEN orders.status IN ('failed', 'cancelled') THEN 0 ELSE -line.quantity END
        """,
        "something held by an order that is gone": """
            SELECT order_id, product_id FROM catalog_stockmovement
            WHERE order_id IS NOT NULL AND order_id NOT IN (SELECT id FROM orders_order)
            GROUP BY order_id, product_id HAVING sum(change) <> 0
        """,
        "stock that came back twice": """
            SELECT order_id, product_id FROM catalog_stockmovement WHERE reason = 'returned'
            GROUP BY order_id, product_id HAVING count(*) > 1
        """,
    }
    for what, query in nothing_of.items():
        found = installation.rows(query)
        assert found == [], what


def check_acknowledged(installation: Installation, storm: Storm) -> None:
    """Check that each acknowledged order exists once, in the state in which it was left."""
    orders = {
        pk: (notes, status)
        for pk, notes, status in installation.rows(
            "SELECT id, notes, status FROM orders_order WHERE notes LIKE 'storm-%'"
        )
    }
    kept = {pk: key for pk, key in storm.placed.items() if pk not in storm.deleted}
    assert {pk: notes for pk, (notes, _) in orders.items()} == kept
    assert {pk: orders[pk][1] for pk in storm.moved} == storm.moved
    assert not storm.deleted & orders.keys()
    # Deleted orders were created once, too.
    created = Counter(
        pk
        for (pk,) in installation.rows(
            "SELECT order_id FROM orders_event WHERE type = 'order_created' AND order_id NOT IN"
            " (SELECT id FROM orders_order WHERE notes NOT LIKE 'storm-%')"
        )
    )
    assert created == Counter(storm.placed.keys())


def check_repeats(storm: Storm) -> None:
    """Check that a repeated checkout returns its first order and creates no other."""
    for number, customer in enumerate(storm.customers):
        mine = {pk: key for pk, key in storm.placed.items() if key.startswith(f"storm-{number}-")}
        for pk, key in list(mine.items())[-3:]:
            answer = storm.repeat(key, customer)
            assert (answer.status_code, answer.json()["id"]) == (201, pk)
            assert answer.headers["Idempotent-Replayed"] == "true"
