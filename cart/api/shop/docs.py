"""What the schema says of `/api/cart/`. The examples are the shop document's, with our fields."""

from typing import Any

from drf_spectacular.utils import extend_schema

from accounts.errors import IdempotencyKeyReused
from cart.api.shop.serializers import CartItemChange, CartItemInput, CartOutput
from cart.errors import CartFull, CartItemNotFound, OtherCurrency
from cart.models import MAX_PER_ITEM, MAX_PRODUCTS
from catalog.errors import ProductNotFound
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
)

Example = dict[str, Any]

ADD_EXAMPLE: Example = {"product_id": 1, "quantity": 2}
CART_EXAMPLE: Example = {
    "id": 1,
    "items": [
        {
            "id": 1,
            "product": {
                "id": 1,
                "name": "Smartphone Pro Max",
                "price": "999.99",
                "category_name": "Electronics",
                "image": "http://localhost:8000/media/products/9f0c6e2b7a8d4d0fa1e5c3b2d4e6f708.jpg",
                "currency": "USD",
            },
            "quantity": 2,
            "total_price": "1999.98",
            "available": 50,
            "is_available": True,
        }
    ],
    "total_price": "1999.98",
    "total_items": 2,
    "currency": "USD",
}
EMPTY_EXAMPLE: Example = {
    "id": 1,
    "items": [],
    "total_price": "0.00",
    "total_items": 0,
    "currency": "",
}


TOO_MANY = Invalid({"quantity": ["Only 3 left."]})


GET_CART = extend_schema(
    operation_id="shop_get_cart",
    summary="Get the cart",
    description=(
        "Everything in your cart, with current prices and how many of each product are "
        "available. A product that has become too scarce stays in the cart and in its "
        "totals, and is marked: lower its quantity before you order. A product that is no "
        "longer sold stays too, but does not count, and you can order the rest. "
        "If you have added nothing yet, the cart is empty."
    ),
    parameters=[IF_NONE_MATCH, etag_of_answer(200)],
    responses={200: CartOutput, **NOT_MODIFIED, **errors_of("shop", 403)},
    examples=[
        answer_example("A cart", CART_EXAMPLE),
        answer_example("An empty one", EMPTY_EXAMPLE),
    ],
)

ADD_CART_ITEM = extend_schema(
    operation_id="shop_add_cart_item",
    summary="Add an item to the cart",
    description=(
        "Adds a product to the cart and answers the whole cart. Without a `quantity` it "
        f"adds one. Adding it again raises the quantity, up to {MAX_PER_ITEM}; a repeat "
        "with the same `Idempotency-Key` does not. You cannot have more in the cart than "
        "are in stock; still, nothing is reserved before you order."
    ),
    request=CartItemInput,
    parameters=[IDEMPOTENCY_KEY, IF_MATCH, etag_of_answer(201)],
    responses={
        201: CartOutput,
        **errors_of(
            "shop",
            TOO_MANY,
            403,
            ProductNotFound(),
            OtherCurrency("Desk lamp", "EUR", "USD"),
            CartFull(MAX_PRODUCTS),
            IdempotencyKeyReused(),
            412,
        ),
    },
    examples=[
        request_example("Two of a product", ADD_EXAMPLE),
        answer_example("The cart", CART_EXAMPLE, status=201),
    ],
)

CHANGE_CART_ITEM = extend_schema(
    operation_id="shop_update_cart_item",
    summary="Change an item of the cart",
    description=(
        f"Sets the quantity of an item, at most {MAX_PER_ITEM} and at most as many as are in "
        "stock, and answers the whole cart."
    ),
    request=CartItemChange,
    parameters=[IF_MATCH, etag_of_answer(200)],
    responses={
        200: CartOutput,
        **errors_of("shop", TOO_MANY, 403, CartItemNotFound(), 412),
    },
    examples=[
        request_example("Two of it", {"quantity": 2}),
        answer_example("The cart", CART_EXAMPLE),
    ],
)

REMOVE_CART_ITEM = extend_schema(
    operation_id="shop_remove_cart_item",
    summary="Remove an item from the cart",
    description="Removes the item, and answers the rest of the cart.",
    parameters=[IF_MATCH, etag_of_answer(200)],
    responses={200: CartOutput, **errors_of("shop", 403, CartItemNotFound(), 412)},
    examples=[answer_example("What is left", EMPTY_EXAMPLE)],
)

CLEAR_CART = extend_schema(
    operation_id="shop_clear_cart",
    summary="Empty the cart",
    description=(
        "Removes every item, and answers the empty cart. Nothing changes if it is empty already."
    ),
    parameters=[IF_MATCH, etag_of_answer(200)],
    responses={200: CartOutput, **errors_of("shop", 403, 412)},
    examples=[answer_example("The empty cart", EMPTY_EXAMPLE)],
)
