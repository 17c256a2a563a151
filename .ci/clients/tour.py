"""The README's tour with the generated Python client: `python tour.py URL PASSWORD-OF-THE-DEMO`.

Every answer is checked against its type, because a typed client is only of use if its types are
right.
"""

import sys
from typing import TypeVar

from orderchainer_client import AuthenticatedClient, Client
from orderchainer_client.api.chain_auth import chain_get_token, chain_register
from orderchainer_client.api.chain_orders import (
    chain_create_order,
    chain_get_order,
    chain_get_order_blockers,
    chain_list_order_events,
    chain_list_orders,
    chain_update_order,
)
from orderchainer_client.api.envelope_order import envelope_list_orders
from orderchainer_client.api.hub_auth import hub_get_me
from orderchainer_client.api.shop_cart import shop_add_cart_item
from orderchainer_client.api.shop_products import shop_list_products
from orderchainer_client.models import (
    BlockersOutput,
    CartItemInput,
    CartOutput,
    ChainAndShopError,
    CheckoutError,
    CheckoutInput,
    Credentials,
    CredentialsForm,
    EnvelopeOrdersAnswer,
    ErrorCode,
    EventType,
    HubAccount,
    OrderChanges,
    OrderInput,
    OrderOutput,
    OrderStatus,
    ProductPage,
    RegisteredUser,
    Registration,
    Tokens,
)

T = TypeVar("T")


def the(kind: type[T], answer: object) -> T:
    """Return the answer, which must be of this type."""
    if not isinstance(answer, kind):
        raise AssertionError(f"{kind.__name__} expected, got {answer!r}")
    return answer


def signed_in(url: str, body: Credentials | CredentialsForm) -> AuthenticatedClient:
    """Return a client with an access token."""
    tokens = the(
        Tokens,
        chain_get_token.sync(
            client=Client(base_url=url, raise_on_unexpected_status=True), body=body
        ),
    )
    assert tokens.token_type == "bearer"
    return AuthenticatedClient(
        base_url=url, token=tokens.access_token, raise_on_unexpected_status=True
    )


def main(url: str, password: str) -> None:
    """Buy a lamp, ship it, compete for the last vase, and let one order wait for another."""
    public = Client(base_url=url, raise_on_unexpected_status=True)
    email, secret = "python@example.com", "correct horse"
    registered = the(
        RegisteredUser,
        chain_register.sync(client=public, body=Registration(email=email, password=secret)),
    )
    assert registered.email == email
    ada = signed_in(url, Credentials(username=email, password=secret))
    merchant = signed_in(url, CredentialsForm(username="demo@example.com", password=password))
    assert the(HubAccount, hub_get_me.sync(client=ada)).email == email

    # From a product to a shipped order.
    page = the(ProductPage, shop_list_products.sync(client=ada, search="desk lamp pine"))
    lamp = page.results[0]
    assert lamp.is_in_stock
    cart = the(
        CartOutput,
        shop_add_cart_item.sync(client=ada, body=CartItemInput(product_id=lamp.id, quantity=2)),
    )
    assert [item.quantity for item in cart.items] == [2]
    checkout = CheckoutInput(shipping_address="1 Harbour Lane", phone_number="+1234567890")
    order = the(
        OrderOutput,
        chain_create_order.sync(client=ada, body=checkout, idempotency_key="lamp"),
    )
    assert order.status is OrderStatus.PENDING
    assert order.total_price == cart.total_price
    shipped = the(
        OrderOutput,
        chain_update_order.sync(
            order.id, client=merchant, body=OrderChanges(status=OrderStatus.SHIPPED)
        ),
    )
    assert shipped.status is OrderStatus.SHIPPED
    events = the(list, chain_list_order_events.sync(order.id, client=ada))
    assert [event.type_ for event in events] == [
        EventType.ORDER_CREATED,
        EventType.ORDER_STATUS_CHANGED,
    ]

    # Another customer buys the last vase first. The refusal names the product that is short.
    vase = the(ProductPage, shop_list_products.sync(client=ada, search="tall vase"))
    (vase_id,) = [each.id for each in vase.results if each.name == "Tall vase"]
    last = CartItemInput(product_id=vase_id, quantity=1)
    for customer in (ada, merchant):
        the(CartOutput, shop_add_cart_item.sync(client=customer, body=last))
    sold = the(OrderOutput, chain_create_order.sync(client=merchant, body=checkout))
    refused = the(CheckoutError, chain_create_order.sync(client=ada, body=checkout))
    assert refused.code is ErrorCode.INSUFFICIENT_STOCK
    assert isinstance(refused.shortages, list)
    assert [
        (short.product_id, short.requested, short.available) for short in refused.shortages
    ] == [(vase_id, 1, 0)]
    back = OrderChanges(status=OrderStatus.CANCELLED)
    the(OrderOutput, chain_update_order.sync(sold.id, client=merchant, body=back))

    # Orders that wait for orders.
    cut = the(
        OrderOutput,
        chain_create_order.sync(client=ada, body=OrderInput(title="Cut the canvas")),
    )
    sew = the(
        OrderOutput,
        chain_create_order.sync(
            client=ada,
            body=OrderInput(title="Sew the sails", dependencies=[cut.id], auto_activate=True),
        ),
    )
    assert (cut.ready, sew.ready) == (True, False)
    why = the(BlockersOutput, chain_get_order_blockers.sync(sew.id, client=ada))
    assert [blocker.id for blocker in why.blockers] == [cut.id]
    done = OrderChanges(status=OrderStatus.COMPLETED)
    blocked = the(ChainAndShopError, chain_update_order.sync(sew.id, client=ada, body=done))
    assert blocked.code is ErrorCode.ORDER_BLOCKED
    assert blocked.blockers == [cut.id]
    assert blocked.open_moves == [
        OrderStatus.DRAFT,
        OrderStatus.FAILED,
        OrderStatus.CANCELLED,
    ]
    the(OrderOutput, chain_update_order.sync(cut.id, client=ada, body=done))
    started = the(OrderOutput, chain_get_order.sync(sew.id, client=ada))
    assert started.status is OrderStatus.ACTIVE

    # The same orders on two surfaces.
    listed = the(list, chain_list_orders.sync(client=ada, limit=200))
    enveloped = the(EnvelopeOrdersAnswer, envelope_list_orders.sync(client=ada))
    assert [each.uuid for each in listed] == [each.order_id for each in enveloped.data]
    assert enveloped.pagination.total == 3


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.write("Python: the tour went as it should\n")
