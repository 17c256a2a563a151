"""A shop at random: stock, ledger, orders and events agree after any sequence of steps.

Hypothesis plays customers and merchants, and reduces a failure to the few steps that cause it. The
machine does its own counting and knows no ledger. The stock must be everything that came in, minus
the lines of all orders that did not fail and were not cancelled.

`STOCK_MACHINE_EXAMPLES` sets how many stories are played.
"""

import os
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Project, User
from accounts.tests.factories import make_user
from cart.services import add_item
from catalog.errors import InsufficientStock
from catalog.models import Product
from catalog.services import adjust_stock
from catalog.tests.factories import make_product, make_storefront
from orderchainer.core.errors import DomainError, Invalid
from orders.errors import (
    CartEmpty,
    CustomerMayOnlyCancel,
    DependencyCycle,
    GoodsGone,
    ItemsFrozen,
    MoveRefused,
    NothingSold,
    OrderBlocked,
    OrderHasDependents,
)
from orders.lifecycle import GONE_WRONG, HAS_LEFT, FailurePolicy, Status
from orders.models import Order, OrderDependency
from orders.services import (
    ItemDraft,
    check_out,
    delete_order,
    move_order,
    update_order,
)
from orders.stream.models import Event
from orders.tests.shopping import check_books, in_cart

EXAMPLES = int(os.environ.get("STOCK_MACHINE_EXAMPLES", "20"))
STEPS = 25

pytestmark = pytest.mark.django_db

PRODUCTS = 3
places = st.integers(min_value=0, max_value=11)


class Shop(RuleBasedStateMachine):
    """Customers, their carts and orders, and what is on the shelves."""

    def __init__(self, project: Project, customers: list[User]) -> None:
        super().__init__()
        self.project, self.customers = project, customers
        self.seller = project.members.get()
        # Rolled back at the end of each story.
        self._story = transaction.atomic()
        self._story.__enter__()
        self.carts: dict[int, Counter[int]] = defaultdict(Counter)
        self.brought_in: Counter[int] = Counter()
        self.orders: dict[int, User] = {}
        self.lines: dict[int, dict[int, int]] = {}
        self.sold_off: set[int] = set()

    def teardown(self) -> None:
        """Forget the story."""
        transaction.set_rollback(True)
        self._story.__exit__(None, None, None)

    @initialize(stock=st.lists(st.integers(2, 12), min_size=PRODUCTS, max_size=PRODUCTS))
    def open(self, stock: list[int]) -> None:
        """Fill the shelves."""
        self.products = [
            make_product(self.project, name=f"Thing {number}", stock=count, price=Decimal("0.35"))
            for number, count in enumerate(stock)
        ]
        for product, count in zip(self.products, stock, strict=True):
            self.brought_in[product.pk] = count

    # --- what the machine knows ---------------------------------------------------------------

    def on_hand(self, product_id: int) -> int:
        """Count what must be on the shelf: all that came in, less what orders have."""
        statuses = dict(Order.objects.values_list("pk", "status"))
        taken = sum(
            lines.get(product_id, 0)
            for pk, lines in self.lines.items()
            if pk in statuses and statuses[pk] not in GONE_WRONG
        )
        return self.brought_in[product_id] - taken

    def short(self, wanted: dict[int, int]) -> dict[int, tuple[int, int]]:
        """Return the products with too little stock: how many are wanted and available."""
        available = {pk: 0 if pk in self.sold_off else self.on_hand(pk) for pk in wanted}
        return {pk: (count, available[pk]) for pk, count in wanted.items() if count > available[pk]}

    def everything(self) -> Any:
        """Return all that a refused step must leave as it was."""
        return (
            list(Order.objects.order_by("pk").values()),
            list(Product.objects.order_by("pk").values("pk", "stock", "version")),
            list(OrderDependency.objects.order_by("pk").values()),
            Event.objects.count(),
            [in_cart(customer) for customer in self.customers],
        )

    def refused(self, refusal: InsufficientStock, wanted: dict[int, int]) -> None:
        """Check that a refusal lists exactly the shortages that we expect."""
        assert refusal.shortages
        assert {
            each.product_id: (each.requested, each.available) for each in refusal.shortages
        } == self.short(wanted)

    def pick(self, place: int) -> int:
        """Return one of the existing orders."""
        pks = sorted(self.orders)
        return pks[place % len(pks)]

    def coming_back(self, pk: int) -> dict[int, int]:
        """Return what is taken from the shelves if a failed order is tried again.

        Those that failed along by its failure come back with it.
        """
        wanted: Counter[int] = Counter()
        returning = [pk]
        while returning:
            order = returning.pop()
            wanted.update(self.lines[order])
            along = Order.objects.filter(failed_along_with=order)
            returning += along.values_list("pk", flat=True)
        return dict(wanted)

    def failed(self) -> list[int]:
        """Return the orders that can be tried again."""
        failed = Order.objects.filter(status=Status.FAILED).order_by("pk")
        return list(failed.values_list("pk", flat=True))

    # --- customers ----------------------------------------------------------------------------

    @rule(who=places, what=places)
    def pick_one(self, who: int, what: int) -> None:
        """Put one of a product into the cart."""
        self.put_into_the_cart(who, what, 1)

    def put_into_the_cart(self, who: int, what: int, quantity: int) -> None:
        """Pick a product, if it is sold. A cart holds no more of it than there are."""
        customer = self.customers[who % len(self.customers)]
        product = self.products[what % PRODUCTS]
        if product.pk in self.sold_off:
            return
        wanted = self.carts[customer.pk][product.pk] + quantity
        try:
            with transaction.atomic():
                add_item(user=customer, product_id=product.pk, quantity=quantity)
        except Invalid:
            assert wanted > self.on_hand(product.pk)
        else:
            assert wanted <= self.on_hand(product.pk)
            self.carts[customer.pk][product.pk] = wanted

    @rule(
        who=places,
        more=st.lists(st.tuples(places, st.integers(1, 3)), min_size=1, max_size=2),
        waits_for=st.lists(places, max_size=2),
        policy=st.sampled_from([*FailurePolicy.values, FailurePolicy.FAIL]),
        auto_activate=st.booleans(),
    )
    def buy(
        self,
        who: int,
        more: list[tuple[int, int]],
        waits_for: list[int],
        policy: str,
        auto_activate: bool,
    ) -> None:
        """Check out the cart and more products. It works only if there is enough of everything."""
        for what, quantity in more:
            self.put_into_the_cart(who, what, quantity)
        self.check_out(who, waits_for, policy, auto_activate)

    @rule(
        who=places,
        bought=st.lists(places, min_size=2, max_size=4),
        policy=st.sampled_from([*FailurePolicy.values, FailurePolicy.FAIL]),
    )
    def buy_a_chain(self, who: int, bought: list[int], policy: str) -> None:
        """Order several times; each order waits for all earlier ones."""
        for what in bought:
            self.put_into_the_cart(who, what, 1)
            self.check_out(who, list(range(12)), policy, True)

    def check_out(self, who: int, waits_for: list[int], policy: str, auto_activate: bool) -> None:
        """Check a cart out, and check the outcome."""
        customer = self.customers[who % len(self.customers)]
        mine = [pk for pk, owner in self.orders.items() if owner == customer]
        dependencies = [mine[place % len(mine)] for place in waits_for if mine]
        cart = +self.carts[customer.pk]
        # What is not sold any more stays in the cart.
        wanted = {pk: count for pk, count in cart.items() if pk not in self.sold_off}
        before = self.everything()
        try:
            with transaction.atomic():
                order = check_out(
                    by=customer,
                    fields={"failure_policy": policy, "auto_activate": auto_activate},
                    dependencies=dependencies,
                )
        except CartEmpty:
            assert not cart
            assert self.everything() == before
        except NothingSold:
            assert cart
            assert not wanted
            assert self.everything() == before
        except InsufficientStock as refusal:
            assert wanted
            self.refused(refusal, wanted)
            assert self.everything() == before
        else:
            assert wanted
            assert not self.short(wanted)
            assert order.total_price == Decimal("0.35") * sum(wanted.values())
            self.orders[order.pk] = customer
            self.lines[order.pk] = wanted
            for pk in wanted:
                del self.carts[customer.pk][pk]

    # --- orders -------------------------------------------------------------------------------

    @precondition(lambda self: self.orders)
    @rule(which=places, status=st.sampled_from(Status.values))
    def move_on(self, which: int, status: str) -> None:
        """Move an order somewhere; what waits for it follows."""
        self.move(self.pick(which), status)

    @precondition(lambda self: self.orders)
    @rule(which=places, status=st.sampled_from([Status.FAILED, Status.CANCELLED]))
    def go_wrong(self, which: int, status: str) -> None:
        """Let an order fail, or be cancelled, and maybe others with it."""
        self.move(self.pick(which), status)

    @precondition(lambda self: self.failed())
    @rule(which=places)
    def try_again(self, which: int) -> None:
        """Retry a failed order. It works only if there is enough of everything."""
        failed = self.failed()
        self.move(failed[which % len(failed)], Status.PENDING)

    def move(self, pk: int, status: str) -> None:
        """Move an order and check the outcome."""
        before = self.everything()
        was = Order.objects.get(pk=pk).status
        wanted = self.coming_back(pk) if was == Status.FAILED else {}
        short = self.short(wanted)
        try:
            with transaction.atomic():
                move_order(order_id=pk, status=status, by=self.seller)
        except InsufficientStock as refusal:
            assert (was, status) == ("failed", "pending")
            self.refused(refusal, wanted)
            assert self.everything() == before
        except (MoveRefused, OrderBlocked):
            assert self.everything() == before
        else:
            assert not (short and (was, status) == ("failed", "pending"))
            assert Order.objects.get(pk=pk).status == status or status == "pending"

    @precondition(lambda self: self.orders)
    @rule(which=places, status=st.sampled_from([*Status.values, Status.CANCELLED]))
    def have_the_customer_move_it(self, which: int, status: str) -> None:
        """Let a customer try to move their order: they can cancel it until it is shipped."""
        pk = self.pick(which)
        before = self.everything()
        was = Order.objects.get(pk=pk).status
        try:
            with transaction.atomic():
                move_order(order_id=pk, status=status, by=self.orders[pk])
        except GoodsGone:
            assert was in HAS_LEFT
            assert status == Status.CANCELLED
            assert self.everything() == before
        except CustomerMayOnlyCancel:
            assert status not in {was, Status.CANCELLED}
            assert self.everything() == before
        else:
            assert status == was or (status == Status.CANCELLED and was not in HAS_LEFT)

    @precondition(lambda self: self.orders)
    @rule(which=places, others=st.lists(places, max_size=2))
    def wait_for_others(self, which: int, others: list[int]) -> None:
        """Let an order wait for others of its owner."""
        pk = self.pick(which)
        owner = self.orders[pk]
        mine = sorted(each for each, whose in self.orders.items() if whose == owner)
        before = self.everything()
        try:
            with transaction.atomic():
                update_order(
                    order_id=pk,
                    by=self.seller,
                    fields={},
                    dependencies=[mine[place % len(mine)] for place in others],
                )
        except (DependencyCycle, OrderBlocked):
            assert self.everything() == before

    @precondition(lambda self: self.orders)
    @rule(which=places, twice=st.booleans())
    def delete(self, which: int, twice: bool) -> None:
        """Delete an order that nothing waits for. A second try changes nothing."""
        pk = self.pick(which)
        before = self.everything()
        try:
            with transaction.atomic():
                delete_order(order_id=pk, by=self.seller)
        except OrderHasDependents:
            assert self.everything() == before
        else:
            del self.orders[pk]
            after = self.everything()
            if twice:
                with pytest.raises(DomainError), transaction.atomic():
                    delete_order(order_id=pk, by=self.seller)
                assert self.everything() == after

    @precondition(lambda self: self.orders)
    @rule(which=places)
    def rewrite_the_lines(self, which: int) -> None:
        """Try to lower the prices of a sold order."""
        pk = self.pick(which)
        before = self.everything()
        with pytest.raises(ItemsFrozen), transaction.atomic():
            update_order(
                order_id=pk,
                by=self.seller,
                fields={},
                items=[ItemDraft("Thing", Decimal("0.01"), 1)],
            )
        assert self.everything() == before

    # --- merchants ----------------------------------------------------------------------------

    @rule(what=places, change=st.integers(-6, 6).filter(bool))
    def adjust(self, what: int, change: int) -> None:
        """Add or remove stock by hand."""
        product = self.products[what % PRODUCTS]
        left = self.on_hand(product.pk)
        try:
            with transaction.atomic():
                adjust_stock(product_id=product.pk, change=change)
        except InsufficientStock:
            assert left + change < 0
        else:
            self.brought_in[product.pk] += change

    @rule(what=places)
    def sell_or_not(self, what: int) -> None:
        """Deactivate a product, or activate it again."""
        product = self.products[what % PRODUCTS]
        self.sold_off ^= {product.pk}
        Product.objects.filter(pk=product.pk).update(is_active=product.pk not in self.sold_off)

    # --- what always holds --------------------------------------------------------------------

    @invariant()
    def shelves_are_as_counted(self) -> None:
        """Nothing was sold twice, and nothing was lost."""
        stock = dict(Product.objects.values_list("pk", "stock"))
        assert stock == {pk: self.on_hand(pk) for pk in stock}

    @invariant()
    def carts_are_as_filled(self) -> None:
        """Carts contain what was put into them."""
        for customer in self.customers:
            assert in_cart(customer) == dict(self.carts[customer.pk])

    @invariant()
    def books_balance(self) -> None:
        """Ledger, lines, totals and events agree."""
        check_books()

    @invariant()
    def histories_have_no_holes(self) -> None:
        """Each order was created once, and each move began where the one before ended."""
        status: dict[int, str] = {}
        for event in Event.objects.order_by("pk"):
            assert event.order_id is not None
            if event.type == "order_created":
                assert event.order_id not in status
                status[event.order_id] = "pending"
            elif event.type == "order_status_changed":
                assert status[event.order_id] == event.data["old_status"]
                status[event.order_id] = event.data["new_status"]


@pytest.mark.slow
def test_a_shop_at_random_always_balances() -> None:
    project = make_storefront()
    customers = [make_user() for _ in range(2)]

    def story() -> Shop:
        return Shop(project, customers)

    run_state_machine_as_test(
        story,  # type: ignore[arg-type]  # called for each story, as a class would be
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
