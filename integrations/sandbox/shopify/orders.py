"""Orders as a shop keeps them, and what follows from their lines: totals and statuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from integrations.sandbox.shopify.money import Money, MoneyBag, rounded

NOTHING = Decimal(0)


@dataclass
class Line:
    """One line of an order. `discount` is for the whole ordered quantity."""

    id: int
    product_id: int
    variant_id: int
    title: str
    quantity: int
    price: Decimal
    sku: str | None = None
    variant_title: str | None = None
    vendor: str | None = None
    discount: Decimal = NOTHING
    # What is left after edits and refunds, and how many of them were shipped.
    current_quantity: int = 0
    fulfilled_quantity: int = 0

    @property
    def name(self) -> str:
        """The title, followed by the variant's."""
        return f"{self.title} - {self.variant_title}" if self.variant_title else self.title

    @property
    def fulfillment_status(self) -> str | None:
        """What a webhook says of this line: nothing shipped, part of it, or all."""
        if not self.fulfilled_quantity:
            return None
        return "fulfilled" if self.fulfilled_quantity >= self.current_quantity else "partial"

    def discount_of(self, quantity: int) -> Decimal:
        """Return the part of the discount that belongs to `quantity` pieces."""
        return self.discount * quantity / self.quantity if self.quantity else NOTHING

    def total_of(self, quantity: int) -> Decimal:
        """Return the price of `quantity` pieces after their discount."""
        return self.price * quantity - self.discount_of(quantity)


@dataclass(frozen=True)
class Customer:
    """A person who has an account in the shop or ordered with an address."""

    id: int
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None

    @property
    def display_name(self) -> str:
        """The name; the e-mail address or the phone number of somebody without a name."""
        names = " ".join(filter(None, [self.first_name, self.last_name]))
        return names or self.email or self.phone or ""


@dataclass(frozen=True)
class Address:
    """Where an order or its bill goes."""

    first_name: str | None
    last_name: str | None
    address1: str
    city: str
    zip: str
    country: str
    country_code: str
    phone: str | None = None
    address2: str | None = None
    company: str | None = None
    province: str | None = None
    province_code: str | None = None

    @property
    def name(self) -> str:
        """The full name."""
        return " ".join(filter(None, [self.first_name, self.last_name]))


@dataclass
class Fulfillment:
    """One parcel. `quantities` are by line id."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    quantities: Mapping[int, int]
    status: str = "success"
    tracking_company: str | None = None
    tracking_number: str | None = None


@dataclass(frozen=True)
class Refund:
    """What was given back. `quantities` are by line id."""

    id: int
    created_at: datetime
    amount: Decimal
    quantities: Mapping[int, int]
    note: str | None = None


@dataclass
class Order:
    """An order. Times are in UTC and whole seconds; amounts are in the shop's currency."""

    id: int
    number: int
    name: str
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    lines: list[Line]
    currency: str
    presentment_currency: str
    # How many units of the customer's currency one unit of the shop's is.
    rate: Decimal = Decimal(1)
    shipping: Decimal = NOTHING
    tax: Decimal = NOTHING
    email: str | None = None
    phone: str | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    financial_status: str = "pending"
    # A state of the fulfilment that the lines do not tell: on_hold, scheduled, in_progress.
    fulfillment_state: str = ""
    paid: Decimal = NOTHING
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    closed_at: datetime | None = None
    test: bool = False
    confirmed: bool = True
    edited: bool = False
    source_name: str = "web"
    gateway: str | None = None
    tags: list[str] = field(default_factory=list)
    note: str | None = None
    token: str = ""
    fulfillments: list[Fulfillment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def gid(self) -> str:
        """The id as GraphQL writes it."""
        return f"gid://shopify/Order/{self.id}"

    def line(self, line_id: int) -> Line:
        """Return one line. Raises ValueError."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise ValueError(f"order {self.name} has no line {line_id}")

    # --- Statuses ------------------------------------------------------------------------------

    @property
    def fulfillment_status(self) -> str | None:
        """What a webhook says: null, partial or fulfilled. It has no word for an order on hold."""
        if not any(line.fulfilled_quantity for line in self.lines):
            return None
        is_whole = all(line.fulfilled_quantity >= line.current_quantity for line in self.lines)
        return "fulfilled" if is_whole else "partial"

    @property
    def display_fulfillment_status(self) -> str:
        """What GraphQL says."""
        if self.fulfillment_state:
            return self.fulfillment_state.upper()
        words = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED"}
        return words[self.fulfillment_status]

    @property
    def status(self) -> str:
        """What the search filter `status` compares."""
        if self.cancelled_at:
            return "cancelled"
        return "closed" if self.closed_at else "open"

    # --- Amounts, as ordered and as they are now -----------------------------------------------

    @property
    def subtotal(self) -> Decimal:
        """The lines as ordered, after discounts."""
        return sum((line.total_of(line.quantity) for line in self.lines), NOTHING)

    @property
    def current_subtotal(self) -> Decimal:
        """The lines that are left, after discounts."""
        return sum((line.total_of(line.current_quantity) for line in self.lines), NOTHING)

    @property
    def discounts(self) -> Decimal:
        """All discounts as ordered."""
        return sum((line.discount for line in self.lines), NOTHING)

    @property
    def current_discounts(self) -> Decimal:
        """The discounts of the lines that are left."""
        return sum((line.discount_of(line.current_quantity) for line in self.lines), NOTHING)

    @property
    def current_tax(self) -> Decimal:
        """The tax of the lines that are left."""
        return self.tax * self.current_subtotal / self.subtotal if self.subtotal else self.tax

    @property
    def total(self) -> Decimal:
        """What the order came to, before edits and refunds took lines away."""
        return self.subtotal + self.shipping + self.tax

    @property
    def current_total(self) -> Decimal:
        """What the order comes to now."""
        left = any(line.current_quantity for line in self.lines)
        shipping = self.shipping if left or not self.refunds else NOTHING
        return self.current_subtotal + shipping + self.current_tax

    @property
    def refunded(self) -> Decimal:
        """All that was given back."""
        return sum((refund.amount for refund in self.refunds), NOTHING)

    def bag(self, amount: Decimal) -> MoneyBag:
        """Return an amount in both currencies, rounded."""
        return MoneyBag(
            Money(rounded(amount, self.currency), self.currency),
            Money(
                rounded(amount * self.rate, self.presentment_currency), self.presentment_currency
            ),
        )

    def written(self, amount: Decimal) -> str:
        """Write an amount as a webhook does, in the shop's currency."""
        return str(rounded(amount, self.currency))


def quantities_left(lines: Sequence[Line]) -> dict[int, int]:
    """Return how many pieces of each line may still be shipped."""
    left = {line.id: line.current_quantity - line.fulfilled_quantity for line in lines}
    return {line_id: quantity for line_id, quantity in left.items() if quantity > 0}
