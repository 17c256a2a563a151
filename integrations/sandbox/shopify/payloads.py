"""The bodies of webhooks. They have the shape of Shopify's REST API.

Ids are integers beyond 2^53, money is text, and times have the shop's offset.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from integrations.sandbox.shopify.orders import (
    Address,
    Customer,
    Fulfillment,
    Line,
    Order,
    Refund,
)

_ESCAPES = {
    "&": "\\u0026",
    "<": "\\u003c",
    ">": "\\u003e",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def local(moment: datetime, offset_hours: int) -> str:
    """Write a moment in whole seconds with the shop's offset."""
    return moment.astimezone(timezone(timedelta(hours=offset_hours))).isoformat(timespec="seconds")


def encoded(payload: Mapping[str, Any]) -> bytes:
    """Write a body. Shopify escapes what is special in HTML and in JavaScript, and nothing else."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text.encode()


def _local(moment: datetime | None, offset_hours: int) -> str | None:
    return None if moment is None else local(moment, offset_hours)


def order(order: Order, offset_hours: int) -> dict[str, Any]:
    """Return the snapshot that all topics of an order carry."""
    lines = [_line(order, line) for line in order.lines]
    amounts = {
        "current_subtotal_price": order.current_subtotal,
        "current_total_discounts": order.current_discounts,
        "current_total_price": order.current_total,
        "current_total_tax": order.current_tax,
        "subtotal_price": order.subtotal,
        "total_discounts": order.discounts,
        "total_line_items_price": order.subtotal + order.discounts,
        "total_price": order.total,
        "total_tax": order.tax,
    }
    return {
        "id": order.id,
        "admin_graphql_api_id": order.gid,
        "app_id": 580111,
        "billing_address": _address(order.billing_address),
        "cancel_reason": order.cancel_reason,
        "cancelled_at": _local(order.cancelled_at, offset_hours),
        "checkout_token": None,
        "closed_at": _local(order.closed_at, offset_hours),
        "confirmed": order.confirmed,
        "contact_email": order.email,
        "created_at": local(order.created_at, offset_hours),
        "currency": order.currency,
        "customer": _customer(order.customer),
        "email": order.email,
        "financial_status": order.financial_status,
        "fulfillment_status": order.fulfillment_status,
        "fulfillments": [fulfillment(order, each, offset_hours) for each in order.fulfillments],
        "gateway": order.gateway,
        "line_items": lines,
        "name": order.name,
        "note": order.note,
        "number": order.number - 1000,
        "order_number": order.number,
        "payment_gateway_names": [order.gateway] if order.gateway else [],
        "phone": order.phone,
        "presentment_currency": order.presentment_currency,
        "processed_at": local(order.processed_at, offset_hours),
        "refunds": [refund(order, each, offset_hours) for each in order.refunds],
        "shipping_address": _address(order.shipping_address),
        "source_name": order.source_name,
        "tags": ", ".join(order.tags),
        "test": order.test,
        "token": order.token,
        "total_shipping_price_set": order.bag(order.shipping).in_webhook(),
        "updated_at": local(order.updated_at, offset_hours),
        **{key: order.written(amount) for key, amount in amounts.items()},
        **{f"{key}_set": order.bag(amount).in_webhook() for key, amount in amounts.items()},
    }


def _line(order: Order, line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{line.id}",
        "current_quantity": line.current_quantity,
        "fulfillable_quantity": max(line.current_quantity - line.fulfilled_quantity, 0),
        "fulfillment_status": line.fulfillment_status,
        "gift_card": False,
        "name": line.name,
        "price": order.written(line.price),
        "price_set": order.bag(line.price).in_webhook(),
        "product_exists": True,
        "product_id": line.product_id,
        "quantity": line.quantity,
        "requires_shipping": True,
        "sku": line.sku,
        "taxable": True,
        "title": line.title,
        "total_discount": order.written(line.discount),
        "total_discount_set": order.bag(line.discount).in_webhook(),
        "variant_id": line.variant_id,
        "variant_title": line.variant_title,
        "vendor": line.vendor,
        "properties": [],
        "tax_lines": [],
        "discount_allocations": [],
    }


def _customer(customer: Customer | None) -> dict[str, Any] | None:
    if customer is None:
        return None
    return {
        "id": customer.id,
        "admin_graphql_api_id": f"gid://shopify/Customer/{customer.id}",
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "phone": customer.phone,
        "state": "disabled",
        "verified_email": customer.email is not None,
    }


def _address(address: Address | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "name": address.name,
        "company": address.company,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "province": address.province,
        "province_code": address.province_code,
        "zip": address.zip,
        "country": address.country,
        "country_code": address.country_code,
        "phone": address.phone,
        "latitude": None,
        "longitude": None,
    }


def fulfillment(order: Order, fulfillment: Fulfillment, offset_hours: int) -> dict[str, Any]:
    """Return the payload of `fulfillments/create` and `fulfillments/update`."""
    return {
        "id": fulfillment.id,
        "admin_graphql_api_id": f"gid://shopify/Fulfillment/{fulfillment.id}",
        "order_id": order.id,
        "name": fulfillment.name,
        "status": fulfillment.status,
        "created_at": local(fulfillment.created_at, offset_hours),
        "updated_at": local(fulfillment.updated_at, offset_hours),
        "tracking_company": fulfillment.tracking_company,
        "tracking_number": fulfillment.tracking_number,
        "tracking_numbers": list(filter(None, [fulfillment.tracking_number])),
        "tracking_urls": [],
        "line_items": [
            {**_line(order, order.line(line_id)), "quantity": quantity}
            for line_id, quantity in fulfillment.quantities.items()
        ],
    }


def refund(order: Order, refund: Refund, offset_hours: int) -> dict[str, Any]:
    """Return the payload of `refunds/create`."""
    return {
        "id": refund.id,
        "admin_graphql_api_id": f"gid://shopify/Refund/{refund.id}",
        "order_id": order.id,
        "created_at": local(refund.created_at, offset_hours),
        "processed_at": local(refund.created_at, offset_hours),
        "note": refund.note,
        "restock": False,
        "refund_line_items": [
            {
                "id": refund.id + number,
                "line_item_id": line_id,
                "quantity": quantity,
                "restock_type": "no_restock",
                "subtotal": float(order.written(order.line(line_id).total_of(quantity))),
            }
            for number, (line_id, quantity) in enumerate(refund.quantities.items(), 1)
        ],
        "transactions": [
            {
                "id": refund.id,
                "order_id": order.id,
                "kind": "refund",
                "status": "success",
                "amount": order.written(refund.amount),
                "currency": order.currency,
            }
        ],
        "order_adjustments": [],
    }


def order_edit(
    edit_id: int,
    order: Order,
    additions: Sequence[Mapping[str, int]],
    removals: Sequence[Mapping[str, int]],
    at: datetime,
    offset_hours: int,
) -> dict[str, Any]:
    """Return the payload of `orders/edited`. It names the order and does not contain it."""
    return {
        "order_edit": {
            "id": edit_id,
            "app_id": None,
            "created_at": local(at, offset_hours),
            "notify_customer": False,
            "order_id": order.id,
            "staff_note": "",
            "user_id": 548380009,
            "line_items": {"additions": list(additions), "removals": list(removals)},
            "discounts": {"line_item": {"additions": [], "removals": []}},
            "shipping_lines": {"additions": [], "removals": []},
        }
    }


def deleted(order: Order) -> dict[str, Any]:
    """Return the payload of `orders/delete`."""
    return {"id": order.id}
