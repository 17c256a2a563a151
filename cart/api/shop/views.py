"""`/api/cart/`: the caller's cart."""

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import Answer, answer_repeatable
from accounts.callers import caller_of
from cart import services
from cart.api.shop import docs
from cart.api.shop.presentation import cart_body, etag_of, precondition_of
from cart.api.shop.serializers import CartItemChange, CartItemInput
from cart.queries import CartContents, cart_of
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.conditional import answer_unless_unchanged
from orderchainer.core.http.views import SurfaceViewSet


class CartViewSet(SurfaceViewSet):
    """The caller's cart. No path has a cart's id, so no caller can reach another user's cart."""

    area = "cart"

    @docs.GET_CART
    def retrieve(self, request: Request) -> Response | HttpResponse:
        """Answer the cart."""
        body = cart_body(cart_of(caller_of(request).pk))
        return answer_unless_unchanged(request, etag_of(body), lambda: body)

    @docs.ADD_CART_ITEM
    def add(self, request: Request) -> Response:
        """Add a product, once for each `Idempotency-Key`."""
        body = CartItemInput(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> Answer:
            cart = cart_body(
                services.add_item(
                    user=caller_of(request),
                    precondition=precondition_of(request),
                    **body.validated_data,
                )
            )
            return Answer(201, cart, {"ETag": etag_of(cart)})

        return answer_repeatable(request, work)

    @docs.CHANGE_CART_ITEM
    def change(self, request: Request, item_id: int) -> Response:
        """Set the quantity of an item."""
        body = read_changes(CartItemChange, request.data, lambda: {"id": item_id})
        return _answer(
            services.change_item(
                user=caller_of(request),
                item_id=item_id,
                precondition=precondition_of(request),
                **body.validated_data,
            )
        )

    @docs.REMOVE_CART_ITEM
    def remove(self, request: Request, item_id: int) -> Response:
        """Remove an item from the cart."""
        return _answer(
            services.remove_item(
                user=caller_of(request),
                item_id=item_id,
                precondition=precondition_of(request),
            )
        )

    @docs.CLEAR_CART
    def clear(self, request: Request) -> Response:
        """Empty the cart."""
        return _answer(
            services.clear_cart(user=caller_of(request), precondition=precondition_of(request))
        )


def _answer(cart: CartContents) -> Response:
    body = cart_body(cart)
    return Response(body, headers={"ETag": etag_of(body)})
