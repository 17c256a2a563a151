"""`/api/cart/`: what the caller has picked and not ordered yet."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from accounts.errors import IdempotencyKeyReused
from cart import services
from cart.api.shop import examples
from cart.api.shop.presentation import etag_of, precondition_of, shown
from cart.api.shop.serializers import CartItemChange, CartItemInput, CartOutput
from cart.errors import CartFull, CartItemNotFound, OtherCurrency
from cart.models import MAX_PER_ITEM, MAX_PRODUCTS
from cart.queries import CartContents, cart_of
from catalog.errors import ProductNotFound
from orderchainer.core.errors import Invalid
from orderchainer.core.http.conditional import is_unchanged
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
from orderchainer.core.http.views import SurfaceViewSet

TOO_MANY = Invalid({"quantity": [f"Must be from 1 to {MAX_PER_ITEM} in all."]})


class CartViewSet(SurfaceViewSet):
    """The caller's cart. There is one for each customer, so that nobody can even name another's."""

    area = "cart"

    @extend_schema(
        operation_id="shop_get_cart",
        summary="Get the cart",
        description=(
            "All that you have picked, with what it costs and how many of it there are at this moment. What is "
            "not sold any more, or too scarce, stays in the cart and in its totals, and says so: you cannot "
            "order before it is taken out, or fewer of it are wanted. Who has picked nothing yet has an empty cart."
        ),
        parameters=[IF_NONE_MATCH, etag_of_answer(200)],
        responses={200: CartOutput, **NOT_MODIFIED, **errors_of("shop", 403)},
        examples=[
            answer_example("A cart", examples.CART),
            answer_example("An empty one", examples.EMPTY),
        ],
    )
    def retrieve(self, request: Request) -> Response | HttpResponse:
        """Answer the cart."""
        body = shown(cart_of(caller_of(request).pk))
        etag = etag_of(body)
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        return Response(body, headers={"ETag": etag})

    @extend_schema(
        operation_id="shop_add_cart_item",
        summary="Add an item to the cart",
        description=(
            f"Puts so many of a product into the cart, one where `quantity` is left out, and answers the whole "
            f"cart. Adding again adds up, to {MAX_PER_ITEM} of a product at most; a repeat with the same "
            "`Idempotency-Key` does not. What is too scarce can be added: nothing is set aside before you order."
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
            request_example("Two of a product", examples.ADD),
            answer_example("The cart", examples.CART, status=201),
        ],
    )
    def add(self, request: Request) -> Response:
        """Put something into the cart, once for each `Idempotency-Key`."""
        body = CartItemInput(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> Answer:
            cart = services.add_item(
                user=caller_of(request),
                precondition=precondition_of(request),
                **body.validated_data,
            )
            shown_cart = shown(cart)
            return Answer(201, shown_cart, {"ETag": etag_of(shown_cart)})

        return answer_repeatable(request, work)

    @extend_schema(
        operation_id="shop_change_cart_item",
        summary="Change an item of the cart",
        description="Sets how many there shall be, whatever there were, and answers the whole cart.",
        request=CartItemChange,
        parameters=[IF_MATCH, etag_of_answer(200)],
        responses={
            200: CartOutput,
            **errors_of("shop", TOO_MANY, 403, CartItemNotFound(), 412),
        },
        examples=[
            request_example("Two of it", {"quantity": 2}),
            answer_example("The cart", examples.CART),
        ],
    )
    def change(self, request: Request, item_id: int) -> Response:
        """Have so many of an item."""
        body = CartItemChange(data=request.data)
        body.is_valid(raise_exception=True)
        return _answer(
            services.change_item(
                user=caller_of(request),
                item_id=item_id,
                precondition=precondition_of(request),
                **body.validated_data,
            )
        )

    @extend_schema(
        operation_id="shop_remove_cart_item",
        summary="Remove an item from the cart",
        description="Takes all of it out, and answers what is left in the cart.",
        parameters=[IF_MATCH, etag_of_answer(200)],
        responses={200: CartOutput, **errors_of("shop", 403, CartItemNotFound(), 412)},
        examples=[answer_example("What is left", examples.EMPTY)],
    )
    def remove(self, request: Request, item_id: int) -> Response:
        """Take an item out of the cart."""
        return _answer(
            services.remove_item(
                user=caller_of(request),
                item_id=item_id,
                precondition=precondition_of(request),
            )
        )

    @extend_schema(
        operation_id="shop_clear_cart",
        summary="Empty the cart",
        description="Takes everything out, and answers the empty cart. Emptying an empty one changes nothing.",
        parameters=[IF_MATCH, etag_of_answer(200)],
        responses={200: CartOutput, **errors_of("shop", 403, 412)},
        examples=[answer_example("The empty cart", examples.EMPTY)],
    )
    def clear(self, request: Request) -> Response:
        """Take everything out of the cart."""
        return _answer(
            services.clear_cart(
                user=caller_of(request), precondition=precondition_of(request)
            )
        )


def _answer(cart: CartContents) -> Response:
    body = shown(cart)
    return Response(body, headers={"ETag": etag_of(body)})
