"""The demo's chain: a dining table, from the boards to the delivery.

    #1 Oak boards ────────► #4 Plane and glue the top ─┐
    #2 Hardware kit ───────────────────────────────────┼─► #5 Assemble ─┬─► #7 Finish ─► #8 Deliver
    #3 Steel legs ─────────────────────────────────────┘                │
    #6 Hardwax oil ─────────────────────────────────────────────────────┘

#1 and #2 are done, so #4 is ready. #3 is still being welded and holds up #5. #6 has failed and
blocks #7.
"""

from decimal import Decimal

from accounts.models import User
from orders.lifecycle import Status
from orders.services import ItemDraft, create_order, move_order


def load_chain(by: User) -> None:
    """Make the chain's eight orders for the user `by`."""
    boards = create_order(
        by=by,
        fields={
            "title": "Oak boards",
            "description": "Kiln-dried, 40 mm, from the sawmill in Lindau.",
            "customer_name": "Café Aurora",
        },
        items=[ItemDraft("Oak board 240 cm", Decimal("64.50"), 6, "OAK-40-240")],
    )
    hardware = create_order(
        by=by,
        fields={"title": "Hardware kit", "customer_name": "Café Aurora"},
        items=[
            ItemDraft("Threaded insert M8", Decimal("0.85"), 24, "INS-M8"),
            ItemDraft("Bolt M8 x 40", Decimal("0.40"), 24, "BLT-M8-40"),
        ],
    )
    legs = create_order(
        by=by,
        fields={
            "title": "Steel legs",
            "description": "Black, powder-coated; the welder needs a week.",
            "customer_name": "Café Aurora",
        },
        items=[ItemDraft("Table leg 72 cm", Decimal("58.00"), 4, "LEG-72-BLK")],
    )
    top = create_order(
        by=by,
        fields={"title": "Plane and glue the top", "customer_name": "Café Aurora"},
        dependencies=[boards.pk],
    )
    assembly = create_order(
        by=by,
        fields={"title": "Assemble the table", "customer_name": "Café Aurora"},
        dependencies=[hardware.pk, legs.pk, top.pk],
    )
    oil = create_order(
        by=by,
        fields={"title": "Hardwax oil", "customer_name": "Café Aurora"},
        items=[ItemDraft("Hardwax oil 1 l", Decimal("39.90"), 2, "OIL-1L")],
    )
    finish = create_order(
        by=by,
        fields={"title": "Finish the surface", "customer_name": "Café Aurora"},
        dependencies=[assembly.pk, oil.pk],
    )
    create_order(
        by=by,
        fields={
            "title": "Deliver to Café Aurora",
            "description": "Starts by itself when the table is finished.",
            "auto_activate": True,
            "customer_name": "Café Aurora",
            "shipping_address": "Seestrasse 4, 88131 Lindau",
            "total_price": Decimal("120.00"),
        },
        dependencies=[finish.pk],
    )
    for order, *statuses in (
        (boards, Status.ACTIVE, Status.COMPLETED),
        (hardware, Status.ACTIVE, Status.SHIPPED, Status.FULFILLED),
        (legs, Status.ACTIVE),
        (oil, Status.ACTIVE, Status.FAILED),
    ):
        for status in statuses:
            move_order(order_id=order.pk, status=status, by=by)
