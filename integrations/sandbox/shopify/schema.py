"""The part of Shopify's Admin schema (2026-10) that the emulator serves, and its enums.

Fields, arguments and types have the names of the real schema. A field that is missing here is
answered like a field that the real schema lacks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from integrations.sandbox.shopify.graphql import TypeName

SDL = """
type QueryRoot {
  app: App
  appInstallation(id: ID): AppInstallation
  bulkOperation(id: ID!): BulkOperation
  bulkOperations(first: Int, after: String, last: Int, before: String, query: String, reverse: Boolean, sortKey: BulkOperationsSortKeys): BulkOperationConnection!
  currentAppInstallation: AppInstallation!
  currentBulkOperation(type: BulkOperationType): BulkOperation
  node(id: ID!): Node
  order(id: ID!): Order
  orders(first: Int, after: String, last: Int, before: String, query: String, reverse: Boolean, savedSearchId: ID, sortKey: OrderSortKeys): OrderConnection!
  ordersCount(limit: Int, query: String, savedSearchId: ID): Count
  shop: Shop!
  webhookSubscription(id: ID!): WebhookSubscription
  webhookSubscriptions(first: Int, after: String, last: Int, before: String, query: String, reverse: Boolean, sortKey: WebhookSubscriptionSortKeys, topics: [WebhookSubscriptionTopic!], format: WebhookSubscriptionFormat, callbackUrl: URL, uri: String): WebhookSubscriptionConnection!
  webhookSubscriptionsCount(limit: Int, query: String): Count
}
type Mutation {
  bulkOperationCancel(id: ID!): BulkOperationCancelPayload
  bulkOperationRunQuery(query: String!, groupObjects: Boolean): BulkOperationRunQueryPayload
  webhookSubscriptionCreate(topic: WebhookSubscriptionTopic!, webhookSubscription: WebhookSubscriptionInput!): WebhookSubscriptionCreatePayload
  webhookSubscriptionDelete(id: ID!): WebhookSubscriptionDeletePayload
  webhookSubscriptionUpdate(id: ID!, webhookSubscription: WebhookSubscriptionInput!): WebhookSubscriptionUpdatePayload
}
type Node { id: ID! }
type Order {
  id: ID!
  billingAddress: MailingAddress
  cancelReason: OrderCancelReason
  cancelledAt: DateTime
  canMarkAsPaid: Boolean!
  closed: Boolean!
  closedAt: DateTime
  confirmed: Boolean!
  createdAt: DateTime!
  currencyCode: CurrencyCode!
  currentSubtotalLineItemsQuantity: Int!
  currentSubtotalPriceSet: MoneyBag!
  currentTotalDiscountsSet: MoneyBag!
  currentTotalPriceSet: MoneyBag!
  currentTotalTaxSet: MoneyBag
  customer: Customer
  displayFinancialStatus: OrderDisplayFinancialStatus
  displayFulfillmentStatus: OrderDisplayFulfillmentStatus!
  edited: Boolean!
  email: String
  fulfillments(first: Int, query: String): [Fulfillment!]!
  fullyPaid: Boolean!
  legacyResourceId: UnsignedInt64!
  lineItems(first: Int, after: String, last: Int, before: String, reverse: Boolean): LineItemConnection!
  name: String!
  netPaymentSet: MoneyBag!
  note: String
  number: Int!
  paymentGatewayNames: [String!]!
  phone: String
  presentmentCurrencyCode: CurrencyCode!
  processedAt: DateTime!
  refunds(first: Int): [Refund!]!
  shippingAddress: MailingAddress
  sourceName: String
  statusPageUrl: URL!
  subtotalPriceSet: MoneyBag
  tags: [String!]!
  test: Boolean!
  totalDiscountsSet: MoneyBag
  totalOutstandingSet: MoneyBag!
  totalPriceSet: MoneyBag!
  totalReceivedSet: MoneyBag!
  totalRefundedSet: MoneyBag!
  totalShippingPriceSet: MoneyBag!
  totalTaxSet: MoneyBag
  unpaid: Boolean!
  updatedAt: DateTime!
}
type LineItem {
  id: ID!
  currentQuantity: Int!
  discountedTotalSet: MoneyBag!
  discountedUnitPriceSet: MoneyBag!
  fulfillableQuantity: Int!
  fulfillmentStatus: String!
  name: String!
  originalTotalSet: MoneyBag!
  originalUnitPriceSet: MoneyBag!
  product: Product
  quantity: Int!
  refundableQuantity: Int!
  requiresShipping: Boolean!
  sku: String
  taxable: Boolean!
  title: String!
  totalDiscountSet: MoneyBag!
  unfulfilledQuantity: Int!
  variant: ProductVariant
  variantTitle: String
  vendor: String
}
type Product { id: ID! legacyResourceId: UnsignedInt64! title: String! }
type ProductVariant { id: ID! legacyResourceId: UnsignedInt64! sku: String title: String! }
type Customer {
  id: ID!
  defaultEmailAddress: CustomerEmailAddress
  defaultPhoneNumber: CustomerPhoneNumber
  displayName: String!
  email: String
  firstName: String
  lastName: String
  legacyResourceId: UnsignedInt64!
  locale: String!
  phone: String
}
type CustomerEmailAddress { emailAddress: String! }
type CustomerPhoneNumber { phoneNumber: String! }
type MailingAddress {
  address1: String
  address2: String
  city: String
  company: String
  country: String
  countryCodeV2: CountryCode
  firstName: String
  formatted(withCompany: Boolean, withName: Boolean): [String!]!
  formattedArea: String
  lastName: String
  name: String
  phone: String
  province: String
  provinceCode: String
  zip: String
}
type Fulfillment {
  id: ID!
  createdAt: DateTime!
  displayStatus: FulfillmentDisplayStatus
  legacyResourceId: UnsignedInt64!
  name: String!
  status: FulfillmentStatus!
  totalQuantity: Int!
  trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
  updatedAt: DateTime!
}
type FulfillmentTrackingInfo { company: String number: String url: URL }
type Refund {
  id: ID!
  createdAt: DateTime
  legacyResourceId: UnsignedInt64!
  note: String
  totalRefundedSet: MoneyBag!
}
type MoneyBag { presentmentMoney: MoneyV2! shopMoney: MoneyV2! }
type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
type Shop {
  id: ID!
  contactEmail: String!
  createdAt: DateTime!
  currencyCode: CurrencyCode!
  email: String!
  ianaTimezone: String!
  myshopifyDomain: String!
  name: String!
  plan: ShopPlan!
  primaryDomain: Domain!
  timezoneOffset: String!
  url: URL!
}
type ShopPlan { partnerDevelopment: Boolean! publicDisplayName: String! shopifyPlus: Boolean! }
type Domain { id: ID! host: String! url: URL! }
type App { id: ID! apiKey: String! handle: String title: String! }
type AppInstallation { id: ID! accessScopes: [AccessScope!]! app: App! }
type AccessScope { description: String! handle: String! }
type WebhookSubscription {
  id: ID!
  apiVersion: ApiVersion!
  callbackUrl: URL!
  createdAt: DateTime!
  endpoint: WebhookHttpEndpoint!
  filter: String
  format: WebhookSubscriptionFormat!
  includeFields: [String!]!
  legacyResourceId: UnsignedInt64!
  name: String
  topic: WebhookSubscriptionTopic!
  updatedAt: DateTime!
  uri: String!
}
type WebhookHttpEndpoint { callbackUrl: URL! }
type ApiVersion { displayName: String! handle: String! supported: Boolean! }
type Count { count: Int! precision: CountPrecision! }
type BulkOperation {
  id: ID!
  completedAt: DateTime
  createdAt: DateTime!
  errorCode: BulkOperationErrorCode
  fileSize: UnsignedInt64
  objectCount: UnsignedInt64!
  partialDataUrl: URL
  query: String!
  rootObjectCount: UnsignedInt64!
  status: BulkOperationStatus!
  type: BulkOperationType!
  url: URL
}
type BulkOperationRunQueryPayload { bulkOperation: BulkOperation userErrors: [BulkOperationUserError!]! }
type BulkOperationUserError { code: BulkOperationUserErrorCode field: [String!] message: String! }
type BulkOperationCancelPayload { bulkOperation: BulkOperation userErrors: [UserError!]! }
type UserError { field: [String!] message: String! }
type WebhookSubscriptionCreatePayload { userErrors: [UserError!]! webhookSubscription: WebhookSubscription }
type WebhookSubscriptionUpdatePayload { userErrors: [UserError!]! webhookSubscription: WebhookSubscription }
type WebhookSubscriptionDeletePayload { deletedWebhookSubscriptionId: ID userErrors: [UserError!]! }
type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
type OrderConnection { edges: [OrderEdge!]! nodes: [Order!]! pageInfo: PageInfo! }
type OrderEdge { cursor: String! node: Order! }
type LineItemConnection { edges: [LineItemEdge!]! nodes: [LineItem!]! pageInfo: PageInfo! }
type LineItemEdge { cursor: String! node: LineItem! }
type WebhookSubscriptionConnection { edges: [WebhookSubscriptionEdge!]! nodes: [WebhookSubscription!]! pageInfo: PageInfo! }
type WebhookSubscriptionEdge { cursor: String! node: WebhookSubscription! }
type BulkOperationConnection { edges: [BulkOperationEdge!]! nodes: [BulkOperation!]! pageInfo: PageInfo! }
type BulkOperationEdge { cursor: String! node: BulkOperation! }
input WebhookSubscriptionInput {
  callbackUrl: URL
  filter: String
  format: WebhookSubscriptionFormat
  includeFields: [String!]
  metafieldNamespaces: [String!]
  name: String
  uri: String
}
enum OrderSortKeys { CREATED_AT CURRENT_TOTAL_PRICE CUSTOMER_NAME DESTINATION FINANCIAL_STATUS FULFILLMENT_STATUS ID ORDER_NUMBER PO_NUMBER PROCESSED_AT RELEVANCE TOTAL_ITEMS_QUANTITY TOTAL_PRICE UPDATED_AT }
enum BulkOperationsSortKeys { COMPLETED_AT CREATED_AT ID STATUS }
enum WebhookSubscriptionSortKeys { CREATED_AT ID }
enum WebhookSubscriptionFormat { JSON XML }
enum WebhookSubscriptionTopic { APP_SCOPES_UPDATE APP_UNINSTALLED BULK_OPERATIONS_FINISH CUSTOMERS_CREATE CUSTOMERS_UPDATE FULFILLMENTS_CREATE FULFILLMENTS_UPDATE ORDERS_CANCELLED ORDERS_CREATE ORDERS_DELETE ORDERS_EDITED ORDERS_FULFILLED ORDERS_PAID ORDERS_PARTIALLY_FULFILLED ORDERS_UPDATED PRODUCTS_CREATE PRODUCTS_UPDATE REFUNDS_CREATE SHOP_UPDATE }
enum BulkOperationType { MUTATION QUERY }
"""  # noqa: E501

_BLOCK = re.compile(r"^(type|input|enum) (\w+) \{(.*?)\}\s*$", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"(\w+)(?:\(([^)]*)\))?: ([\w\[\]!]+)")
_ARGUMENT = re.compile(r"(\w+): ([\w\[\]!]+)")


@dataclass(frozen=True)
class FieldType:
    """One field of a type: what it returns and which arguments it takes."""

    name: str
    type: TypeName
    arguments: Mapping[str, TypeName]

    @property
    def is_connection(self) -> bool:
        """Tell whether the field returns pages."""
        return self.type.name.endswith("Connection")


def _type_of(text: str) -> TypeName:
    inner = text.rstrip("!")
    is_required = text != inner
    if not inner.startswith("["):
        return TypeName(inner, is_required=is_required)
    item = inner[1:-1]
    return TypeName(item.rstrip("!"), True, is_required, item.endswith("!"))


def _blocks(kind: str) -> Iterator[tuple[str, str]]:
    for match in _BLOCK.finditer(SDL):
        if match[1] == kind:
            yield match[2], match[3]


def _members(text: str) -> dict[str, FieldType]:
    return {
        name: FieldType(
            name,
            _type_of(type_),
            {each: _type_of(its) for each, its in _ARGUMENT.findall(arguments)},
        )
        for name, arguments, type_ in _MEMBER.findall(text)
    }


OBJECTS: Mapping[str, Mapping[str, FieldType]] = {
    name: _members(text) for name, text in _blocks("type")
}
INPUTS: Mapping[str, Mapping[str, FieldType]] = {
    name: _members(text) for name, text in _blocks("input")
}
ENUMS: Mapping[str, frozenset[str]] = {
    name: frozenset(text.split()) for name, text in _blocks("enum")
}
# The types that `node(id)` can return.
NODES = frozenset({"Order", "BulkOperation", "WebhookSubscription"})
