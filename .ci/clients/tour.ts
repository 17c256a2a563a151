// The README's tour with the generated TypeScript types: `node tour.js URL PASSWORD-OF-THE-DEMO`.
// What is sent and what is read here has the types of the OpenAPI document: `tsc` checks both.

import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Status = components["schemas"]["OrderStatus"];
type Code = components["schemas"]["ErrorCode"];
type EventType = components["schemas"]["EventType"];

const [baseUrl, password] = process.argv.slice(2);
assert(baseUrl && password);

function clientOf(token?: string) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  return createClient<paths>({ baseUrl: baseUrl!, headers });
}

async function signedIn(username: string, secret: string) {
  const { data } = await clientOf().POST("/api/auth/token", { body: { username, password: secret } });
  assert(data);
  return clientOf(data.access_token);
}

const email = "typescript@example.com";
const shop = clientOf();
const registered = await shop.POST("/api/auth/register", { body: { email, password: "correct horse" } });
assert.equal(registered.data?.email, email);
const ada = await signedIn(email, "correct horse");
const merchant = await signedIn("demo@example.com", password);

// From a product to a shipped order.
const page = await shop.GET("/api/products/", { params: { query: { search: "desk lamp pine" } } });
const lamp = page.data?.results[0];
assert(lamp?.is_in_stock);
const cart = await ada.POST("/api/cart/items/", { body: { product_id: lamp.id, quantity: 2 } });
assert.deepEqual(cart.data?.items.map((item) => item.quantity), [2]);
const checkout = { shipping_address: "1 Harbour Lane", phone_number: "+1234567890" };
const order = await ada.POST("/api/orders/", {
  body: checkout,
  params: { header: { "Idempotency-Key": "lamp" } },
});
assert(order.data);
assert.equal(order.data.total_price, cart.data?.total_price);
const path = { order_id: order.data.id };
const shipped = await merchant.PUT("/api/orders/{order_id}", { params: { path }, body: { status: "shipped" } });
assert.equal(shipped.data?.status, "shipped" satisfies Status);
const events = await ada.GET("/api/orders/{order_id}/events", { params: { path } });
assert.deepEqual(
  events.data?.map((event) => event.type),
  ["order_created", "order_status_changed"] satisfies EventType[],
);

// Another customer buys the last one first: the refusal says of what there is too little.
const vases = await shop.GET("/api/products/", { params: { query: { search: "tall vase" } } });
const vase = vases.data?.results.find((each) => each.name === "Tall vase");
assert(vase);
for (const customer of [ada, merchant]) {
  const filled = await customer.POST("/api/cart/items/", { body: { product_id: vase.id, quantity: 1 } });
  assert(filled.data);
}
const sold = await merchant.POST("/api/orders/", { body: checkout });
assert(sold.data);
const refused = await ada.POST("/api/orders/", { body: checkout });
assert.equal(refused.error?.code, "insufficient_stock" satisfies Code);
const shortages: components["schemas"]["ShortageOutput"][] = refused.error?.shortages ?? [];
assert.deepEqual(
  shortages.map((short) => [short.product_id, short.requested, short.available]),
  [[vase.id, 1, 0]],
);
await merchant.PUT("/api/orders/{order_id}", {
  params: { path: { order_id: sold.data.id } },
  body: { status: "cancelled" },
});

// Orders that wait for orders.
const cut = await ada.POST("/api/orders/", { body: { title: "Cut the canvas" } });
assert(cut.data);
const sew = await ada.POST("/api/orders/", {
  body: { title: "Sew the sails", dependencies: [cut.data.id], auto_activate: true },
});
assert(sew.data);
assert.deepEqual([cut.data.ready, sew.data.ready], [true, false]);
const sewing = { path: { order_id: sew.data.id } };
const blocked = await ada.PUT("/api/orders/{order_id}", { params: sewing, body: { status: "completed" } });
assert.equal(blocked.error?.code, "order_blocked" satisfies Code);
assert.deepEqual(blocked.error?.blockers, [cut.data.id]);
assert.deepEqual(blocked.error?.open_moves, ["draft", "failed", "cancelled"] satisfies Status[]);
await ada.PUT("/api/orders/{order_id}", {
  params: { path: { order_id: cut.data.id } },
  body: { status: "completed" },
});
const started = await ada.GET("/api/orders/{order_id}", { params: sewing });
assert.equal(started.data?.status, "active" satisfies Status);

// The same orders on two surfaces.
const listed = await ada.GET("/api/orders/", { params: { query: { limit: 200 } } });
const enveloped = await ada.GET("/api/order");
assert.deepEqual(
  listed.data?.map((each) => each.uuid),
  enveloped.data?.data.map((each) => each.orderId),
);
assert.equal(enveloped.data?.pagination.total, 3);

console.log("TypeScript: the tour went as it should");
