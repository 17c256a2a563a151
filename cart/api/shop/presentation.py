"""Writing a cart as the shop document does: amounts as text with two decimals."""

from decimal import Decimal
from hashlib import sha256

import orjson
from rest_framework.request import Request

from cart.queries import CartContents, Line
from cart.services import Precondition
from catalog.api.shop.presentation import picture_url
from orderchainer.core.http.conditional import require_match
from orderchainer.core.http.surfaces import Body


def cart_body(cart: CartContents) -> Body:
    """Write a cart. Its `id` is its customer's, so that it has one before anything is in it."""
    return {
        "id": cart.user_id,
        "items": [_line(cart, line) for line in cart.lines],
        "total_price": _amount(cart.total_price),
        "total_items": cart.total_items,
        "currency": cart.currency,
    }


def _line(cart: CartContents, line: Line) -> Body:
    offer = line.offer
    available = cart.available_of(line)
    return {
        "id": line.item_id,
        "product": {
            "id": offer.product_id,
            "name": offer.name,
            "price": _amount(offer.price),
            "category_name": offer.category_name,
            "image": picture_url(offer.image),
            "currency": offer.currency,
        },
        "quantity": line.quantity,
        "total_price": _amount(line.total_price),
        "available": available,
        "is_available": line.quantity <= available,
    }


def _amount(value: Decimal) -> str:
    return f"{value:.2f}"


def etag_of(cart: Body) -> str:
    """Return the entity tag of a cart as it is shown.

    It is made of all that is shown: prices and stock change without anybody touching the cart.
    """
    digest = sha256(orjson.dumps(cart)).hexdigest()[:32]
    return f'"cart-{cart["id"]}-{digest}"'


def precondition_of(request: Request) -> Precondition | None:
    """Return the check that the cart is still as `If-Match` has it, if the request has one."""
    if "If-Match" not in request.headers:
        return None
    return lambda cart: require_match(request, etag_of(cart_body(cart)))
