"""The demo account, with its chain of orders, its shop, and a pretend shop at Shopify."""

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.locks import lock_user
from accounts.models import User
from accounts.services import change_password
from orderchainer.demo.chain import load_chain
from orderchainer.demo.pretend_shop import load_pretend_shop
from orderchainer.demo.shop import load_pictures_of, load_shop, products_of, shop_of
from orders.models import Order, OrderDependency

EMAIL = "demo@example.com"


@dataclass(frozen=True)
class Loaded:
    """The demo account as it is now.

    Only the call that made the account knows `password`. `waiting` holds the ids of those `orders`
    that a dependency holds up. `products` counts the products of all its projects.
    """

    email: str
    password: str | None
    orders: list[Order]
    waiting: set[int]
    products: int


@transaction.atomic
def load_demo(*, as_staff: bool) -> Loaded:
    """Make the demo account, its chain if it has no order, and its shop if it has no product.

    The shop also gets orders from a pretend shop at Shopify, unless the sandbox plays one.

    `as_staff` lets a new account into the back office. What exists already stays as it is.
    `load_pictures` adds the shop's pictures; call it after you have shown the account's password.
    """
    user = User.objects.filter(email=EMAIL).first()
    password = None
    if user is None:
        password = _random_password()
        # Registering would send an e-mail to confirm this address, which has no reader.
        user = User.objects.create_user(
            EMAIL,
            password,
            first_name="Dana",
            last_name="Demo",
            email_verified_at=timezone.now(),
            is_staff=as_staff,
            is_superuser=as_staff,
        )
    # If two processes load the demo at once, the second waits here and then finds everything.
    lock_user(user)
    if not Order.objects.owned_by(user).exists():
        load_chain(user)
    if not products_of(user).exists():
        load_shop(user)
    project = shop_of(user)
    if project is not None and not settings.SANDBOX:
        load_pretend_shop(user, project)
    edges = OrderDependency.objects.holding_up().filter(order__owner=user)
    return Loaded(
        email=EMAIL,
        password=password,
        orders=list(Order.objects.owned_by(user).order_by("pk")),
        waiting=set(edges.values_list("order_id", flat=True)),
        products=products_of(user).count(),
    )


def new_password_of(user: User) -> str:
    """Give the demo account another password, and return it. This ends the account's sessions."""
    password = _random_password()
    change_password(user=user, password=password)
    return password


def _random_password() -> str:
    return secrets.token_urlsafe(12)


def load_pictures() -> None:
    """Give the products of the demo account's shop their pictures. Opens a transaction for each."""
    for user in User.objects.filter(email=EMAIL):
        load_pictures_of(user)
