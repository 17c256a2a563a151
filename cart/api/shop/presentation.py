"""The body of a cart on the shop surface: amounts are text."""

from hashlib import sha256

import orjson
from rest_framework.request import Request

from cart.queries import CartContents, Line
from cart.services import Precondition
from catalog.api.shop.presentation import picture_url
from orderchainer.core.http.conditional import require_match
from orderchainer.core.http.surfaces import Body
from orderchainer.core.money import written


def cart_body(cart: CartContents) -> Body:
    """Write a cart. Its `id` is the customer's, so even a cart that was never filled has one."""
    return {
        "id": cart.user_id,
        "items": [_line(cart, line) for line in cart.lines],
        "total_price": written(cart.total_price, cart.currency),
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
            "price": written(offer.price, offer.currency),
            "category_name": offer.category_name,
            "image": picture_url(offer.image),
            "currency": offer.currency,
        },
        "quantity": line.quantity,
        "total_price": written(line.total_price, offer.currency),
        "available": available,
        "is_available": line.quantity <= available,
    }


def etag_of(cart: Body) -> str:
    """Return the entity tag of a cart's body.

    It is a digest of the whole body, because prices and stock change while the cart does not.
    """
    digest = sha256(orjson.dumps(cart)).hexdigest()[:32]
    return f'"cart-{cart["id"]}-{digest}"'


def precondition_of(request: Request) -> Precondition | None:
    """Return a check that the cart still has the tag in `If-Match`; None without the header."""
    if "If-Match" not in request.headers:
        return None
    return lambda cart: require_match(request, etag_of(cart_body(cart)))
