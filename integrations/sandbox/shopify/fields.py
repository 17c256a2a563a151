"""What each field of the schema answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.sandbox.shopify import bulk, finding, paging, subscribing
from integrations.sandbox.shopify.executing import Arguments, Execution, Resolver, Resolvers
from integrations.sandbox.shopify.money import in_graphql
from integrations.sandbox.shopify.orders import Address, Line, Order
from integrations.sandbox.shopify.paging import Page, page_of
from integrations.sandbox.shopify.plans import Refused
from integrations.sandbox.shopify.shop import Shop

Fields = dict[str, Resolver]


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _protected(name: str, value: Any, execution: Execution) -> Any:
    """Return protected customer data if the app is approved for it."""
    if execution.shop.protected_data == "approved":
        return value
    if execution.shop.protected_data == "errors" and value is not None:
        raise Refused(
            f"This app is not approved to use the {name} field. See "
            "https://shopify.dev/docs/apps/launch/protected-customer-data for more details.",
            "ACCESS_DENIED",
        )
    return None


def _is(attribute: str) -> Resolver:
    return lambda source, arguments, execution: getattr(source, attribute)


def _key(name: str) -> Resolver:
    return lambda source, arguments, execution: source[name]


def _of(get: Callable[[Any], Any]) -> Resolver:
    return lambda source, arguments, execution: get(source)


def _first(get: Callable[[Any], list[Any]]) -> Resolver:
    """Resolve a list that is no connection: all of it, or its first ones."""
    return lambda source, arguments, execution: get(source)[: arguments.get("first")]


def _guarded(name: str, get: Callable[[Any], Any]) -> Resolver:
    return lambda source, arguments, execution: _protected(name, get(source), execution)


def _all_is(*attributes: str) -> Fields:
    """Resolve fields that differ from our attributes only in their spelling."""
    return {_camel(attribute): _is(attribute) for attribute in attributes}


def _all_key(*names: str) -> Fields:
    return {name: _key(name) for name in names}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _amount(get: Callable[[Order], Any]) -> Resolver:
    return lambda order, arguments, execution: order.bag(get(order))


@dataclass(frozen=True)
class _Placed:
    """A line together with its order, which knows the currencies."""

    line: Line
    order: Order


def _placed_lines(order: Order, arguments: Arguments, execution: Execution) -> Page:
    lines = {line.id: _Placed(line, order) for line in order.lines}
    entries = [(id, id) for id in lines]
    return page_of(entries, arguments, execution, sort="LINE", node=lines.get)


def _line_is(attribute: str) -> Resolver:
    return lambda placed, arguments, execution: getattr(placed.line, attribute)


def _line_amount(get: Callable[[Line], Any]) -> Resolver:
    return lambda placed, arguments, execution: placed.order.bag(get(placed.line))


def _unit(line: Line) -> Any:
    return line.total_of(line.quantity) / line.quantity if line.quantity else line.price


def _formatted(address: Address) -> list[str]:
    lines = [address.name, address.address1, address.address2]
    return [each for each in (*lines, f"{address.zip} {address.city}", address.country) if each]


_ORDER: Fields = {
    "id": _is("gid"),
    **_all_is("closed_at", "confirmed", "edited", "name", "note", "number", "tags", "test"),
    "billingAddress": _guarded("billingAddress", lambda order: order.billing_address),
    "shippingAddress": _guarded("shippingAddress", lambda order: order.shipping_address),
    "customer": _guarded("customer", lambda order: order.customer),
    "email": _guarded("email", lambda order: order.email),
    "phone": _guarded("phone", lambda order: order.phone),
    "cancelReason": _of(lambda order: order.cancel_reason and order.cancel_reason.upper()),
    "cancelledAt": _of(lambda order: _utc(order.cancelled_at)),
    "closedAt": _of(lambda order: _utc(order.closed_at)),
    "createdAt": _of(lambda order: _utc(order.created_at)),
    "processedAt": _of(lambda order: _utc(order.processed_at)),
    "updatedAt": _of(lambda order: _utc(order.updated_at)),
    "closed": _of(lambda order: order.closed_at is not None),
    "canMarkAsPaid": _of(lambda order: order.paid < order.current_total),
    "fullyPaid": _of(lambda order: order.paid >= order.current_total),
    "unpaid": _of(lambda order: not order.paid),
    "currencyCode": _is("currency"),
    "presentmentCurrencyCode": _is("presentment_currency"),
    "displayFinancialStatus": _of(lambda order: order.financial_status.upper()),
    "displayFulfillmentStatus": _is("display_fulfillment_status"),
    "legacyResourceId": _of(lambda order: str(order.id)),
    "paymentGatewayNames": _of(lambda order: [order.gateway] if order.gateway else []),
    "sourceName": _is("source_name"),
    "statusPageUrl": _of(lambda order: f"https://shop.example/orders/{order.token}"),
    "fulfillments": _first(lambda order: order.fulfillments),
    "refunds": _first(lambda order: [(refund, order) for refund in order.refunds]),
    "lineItems": _placed_lines,
    "currentSubtotalLineItemsQuantity": _of(
        lambda order: sum(line.current_quantity for line in order.lines)
    ),
    "currentSubtotalPriceSet": _amount(lambda order: order.current_subtotal),
    "currentTotalDiscountsSet": _amount(lambda order: order.current_discounts),
    "currentTotalPriceSet": _amount(lambda order: order.current_total),
    "currentTotalTaxSet": _amount(lambda order: order.current_tax),
    "netPaymentSet": _amount(lambda order: order.paid - order.refunded),
    "subtotalPriceSet": _amount(lambda order: order.subtotal),
    "totalDiscountsSet": _amount(lambda order: order.discounts),
    "totalOutstandingSet": _amount(lambda order: max(order.current_total - order.paid, 0)),
    "totalPriceSet": _amount(lambda order: order.total),
    "totalReceivedSet": _amount(lambda order: order.paid),
    "totalRefundedSet": _amount(lambda order: order.refunded),
    "totalShippingPriceSet": _amount(lambda order: order.shipping),
    "totalTaxSet": _amount(lambda order: order.tax),
}

_LINE: Fields = {
    "id": _of(lambda placed: f"gid://shopify/LineItem/{placed.line.id}"),
    **{
        _camel(name): _line_is(name)
        for name in (
            "current_quantity",
            "name",
            "quantity",
            "sku",
            "title",
            "variant_title",
            "vendor",
        )
    },
    "discountedTotalSet": _line_amount(lambda line: line.total_of(line.quantity)),
    "discountedUnitPriceSet": _line_amount(_unit),
    "fulfillableQuantity": _of(
        lambda placed: max(placed.line.current_quantity - placed.line.fulfilled_quantity, 0)
    ),
    "fulfillmentStatus": _of(lambda placed: placed.line.fulfillment_status or "unfulfilled"),
    "originalTotalSet": _line_amount(lambda line: line.price * line.quantity),
    "originalUnitPriceSet": _line_amount(lambda line: line.price),
    "product": _is("line"),
    "refundableQuantity": _line_is("current_quantity"),
    "requiresShipping": _of(lambda placed: True),
    "taxable": _of(lambda placed: True),
    "totalDiscountSet": _line_amount(lambda line: line.discount),
    "unfulfilledQuantity": _of(
        lambda placed: max(placed.line.current_quantity - placed.line.fulfilled_quantity, 0)
    ),
    "variant": _is("line"),
}

_SHOP: Fields = {
    "id": _of(lambda shop: f"gid://shopify/Shop/{shop.id}"),
    "name": _is("name"),
    "contactEmail": _of(lambda shop: f"owner@{shop.domain}"),
    "email": _of(lambda shop: f"owner@{shop.domain}"),
    "createdAt": _of(lambda shop: "2024-02-29T12:00:00Z"),
    "currencyCode": _is("currency"),
    "ianaTimezone": _is("timezone"),
    "timezoneOffset": _of(lambda shop: f"{shop.offset_hours:+03d}00"),
    "myshopifyDomain": _is("domain"),
    "plan": _of(
        lambda shop: {
            "publicDisplayName": "Basic",
            "shopifyPlus": False,
            "partnerDevelopment": False,
        }
    ),
    "primaryDomain": _of(
        lambda shop: {
            "id": f"gid://shopify/Domain/{shop.id}",
            "host": shop.domain,
            "url": f"https://{shop.domain}",
        }
    ),
    "url": _of(lambda shop: f"https://{shop.domain}"),
}


def _installation(shop: Shop, arguments: Arguments, execution: Execution) -> Shop:
    return shop


RESOLVERS: Resolvers = {
    # Connections, pages and edges of every type.
    "": paging.FIELDS,
    "QueryRoot": {
        "app": _installation,
        "appInstallation": _installation,
        "bulkOperation": bulk.bulk_operation,
        "bulkOperations": bulk.bulk_operations,
        "currentAppInstallation": _installation,
        "currentBulkOperation": bulk.current,
        "node": finding.node,
        "order": finding.order,
        "orders": finding.orders,
        "ordersCount": finding.orders_count,
        "shop": _installation,
        "webhookSubscription": subscribing.subscription,
        "webhookSubscriptions": subscribing.subscriptions,
        "webhookSubscriptionsCount": _of(
            lambda shop: {"count": len(shop.subscriptions), "precision": "EXACT"}
        ),
    },
    "Mutation": {
        "bulkOperationCancel": bulk.cancel,
        "bulkOperationRunQuery": bulk.run_query,
        "webhookSubscriptionCreate": subscribing.create,
        "webhookSubscriptionDelete": subscribing.delete,
        "webhookSubscriptionUpdate": subscribing.update,
    },
    "Order": _ORDER,
    "LineItem": _LINE,
    "Product": {
        "id": _of(lambda line: f"gid://shopify/Product/{line.product_id}"),
        "legacyResourceId": _of(lambda line: str(line.product_id)),
        "title": _is("title"),
    },
    "ProductVariant": {
        "id": _of(lambda line: f"gid://shopify/ProductVariant/{line.variant_id}"),
        "legacyResourceId": _of(lambda line: str(line.variant_id)),
        "sku": _is("sku"),
        "title": _of(lambda line: line.variant_title or "Default Title"),
    },
    "Customer": {
        "id": _of(lambda person: f"gid://shopify/Customer/{person.id}"),
        **_all_is("display_name", "email", "first_name", "last_name", "phone"),
        "defaultEmailAddress": _of(lambda person: person if person.email else None),
        "defaultPhoneNumber": _of(lambda person: person if person.phone else None),
        "legacyResourceId": _of(lambda person: str(person.id)),
        "locale": _of(lambda person: "en"),
    },
    "CustomerEmailAddress": {"emailAddress": _is("email")},
    "CustomerPhoneNumber": {"phoneNumber": _is("phone")},
    "MailingAddress": {
        **_all_is(
            "address1",
            "address2",
            "city",
            "company",
            "country",
            "first_name",
            "last_name",
            "name",
            "phone",
            "province",
            "province_code",
            "zip",
        ),
        "countryCodeV2": _is("country_code"),
        "formatted": _of(_formatted),
        "formattedArea": _of(lambda address: f"{address.city}, {address.country}"),
    },
    "Fulfillment": {
        "id": _of(lambda each: f"gid://shopify/Fulfillment/{each.id}"),
        "createdAt": _of(lambda each: _utc(each.created_at)),
        "displayStatus": _of(
            lambda each: "CANCELED" if each.status == "cancelled" else "FULFILLED"
        ),
        "legacyResourceId": _of(lambda each: str(each.id)),
        "name": _is("name"),
        "status": _of(lambda each: each.status.upper()),
        "totalQuantity": _of(lambda each: sum(each.quantities.values())),
        "trackingInfo": _of(lambda each: [each] if each.tracking_number else []),
        "updatedAt": _of(lambda each: _utc(each.updated_at)),
    },
    "FulfillmentTrackingInfo": {
        "company": _is("tracking_company"),
        "number": _is("tracking_number"),
        "url": _of(lambda each: None),
    },
    "Refund": {
        "id": _of(lambda pair: f"gid://shopify/Refund/{pair[0].id}"),
        "createdAt": _of(lambda pair: _utc(pair[0].created_at)),
        "legacyResourceId": _of(lambda pair: str(pair[0].id)),
        "note": _of(lambda pair: pair[0].note),
        "totalRefundedSet": _of(lambda pair: pair[1].bag(pair[0].amount)),
    },
    "MoneyBag": {"presentmentMoney": _is("presentment"), "shopMoney": _is("shop")},
    "MoneyV2": {
        "amount": _of(lambda money: in_graphql(money.amount)),
        "currencyCode": _is("currency"),
    },
    "Shop": _SHOP,
    "ShopPlan": _all_key("partnerDevelopment", "publicDisplayName", "shopifyPlus"),
    "Domain": _all_key("id", "host", "url"),
    "App": {
        "id": _of(lambda shop: f"gid://shopify/App/{shop.number}"),
        "apiKey": _is("client_id"),
        "handle": _of(lambda shop: "orderchainer"),
        "title": _of(lambda shop: "OrderChainer"),
    },
    "AppInstallation": {
        "id": _of(lambda shop: f"gid://shopify/AppInstallation/{shop.number}"),
        "accessScopes": _of(lambda shop: [{"handle": scope} for scope in shop.scopes]),
        "app": _installation,
    },
    "AccessScope": {
        "handle": _key("handle"),
        "description": _of(lambda scope: scope["handle"].replace("_", " ").capitalize()),
    },
    "WebhookSubscription": {
        "id": _is("gid"),
        **_all_is("filter", "format", "include_fields", "name", "uri"),
        "apiVersion": _of(lambda one: {"handle": one.api_version}),
        "callbackUrl": _is("uri"),
        "createdAt": _of(lambda one: _utc(one.created_at)),
        "endpoint": _of(lambda one: one),
        "legacyResourceId": _of(lambda one: str(one.id)),
        "topic": _is("enum"),
        "updatedAt": _of(lambda one: _utc(one.updated_at)),
    },
    "WebhookHttpEndpoint": {"callbackUrl": _is("uri")},
    "ApiVersion": {
        "handle": _key("handle"),
        "displayName": _key("handle"),
        "supported": _of(lambda version: True),
    },
    "Count": _all_key("count", "precision"),
    "BulkOperation": {
        "id": _is("gid"),
        **_all_is("error_code", "query", "status"),
        "completedAt": _of(lambda one: _utc(one.completed_at)),
        "createdAt": _of(lambda one: _utc(one.created_at)),
        "fileSize": _of(lambda one: str(len(one.file)) if one.file else None),
        "objectCount": _of(lambda one: str(one.object_count)),
        "partialDataUrl": _of(lambda one: None),
        "rootObjectCount": _of(lambda one: str(one.root_object_count)),
        "type": _of(lambda one: "QUERY"),
        "url": bulk.url,
    },
    "BulkOperationRunQueryPayload": _all_key("bulkOperation", "userErrors"),
    "BulkOperationUserError": _all_key("code", "field", "message"),
    "BulkOperationCancelPayload": _all_key("bulkOperation", "userErrors"),
    "UserError": _all_key("field", "message"),
    "WebhookSubscriptionCreatePayload": _all_key("userErrors", "webhookSubscription"),
    "WebhookSubscriptionUpdatePayload": _all_key("userErrors", "webhookSubscription"),
    "WebhookSubscriptionDeletePayload": _all_key("deletedWebhookSubscriptionId", "userErrors"),
}
