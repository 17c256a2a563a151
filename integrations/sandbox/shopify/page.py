"""The shop as a page for people: its orders with buttons, and what was sent to the service.

    GET  {shop}/page                       the page
    GET  {shop}/page/sent                  what was sent, newest first; it reloads by itself
    GET  {shop}/page/sent/{webhook id}     one webhook as it was sent, and what came back
    POST {shop}/page/orders                make an order
    POST {shop}/page/orders/{id}/{change}  change it
    POST {shop}/page/listener              where webhooks go

The forms need no script. Each leads back to the page, or says why the shop refused.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from integrations.sandbox.shopify.orders import Order
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.webhooks import Delivery
from integrations.sandbox.wire import Answer, html_answer

SHOWN_ORDERS = 50
SHOWN_DELIVERIES = 100
GOODS: Mapping[str, str] = {
    "Mug": "14.90",
    "Teapot": "39.00",
    "Candle": "9.99",
    "Oak tray": "48.00",
    "Linen tablecloth": "64.50",
}

STYLE = """
  body { background: #f1f1f1; color: #303030; font: 14px/1.5 sans-serif; }
  body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
  section { background: #fff; border: 1px solid #e3e3e3; border-radius: 12px; }
  section { margin: 1rem 0; padding: 1rem 1.2rem; }
  table { border-collapse: collapse; width: 100%; }
  th { color: #616161; font-weight: 500; text-align: left; }
  td, th { border-bottom: 1px solid #ebebeb; padding: .4rem .6rem .4rem 0; vertical-align: top; }
  .amount { text-align: right; white-space: nowrap; }
  form { display: inline-flex; flex-wrap: wrap; gap: .5rem; margin: 0 .2rem .2rem 0; }
  form { align-items: center; }
  input, select, button { border: 1px solid #c9c9c9; border-radius: 8px; font: inherit; }
  input, select, button { padding: .15rem .55rem; }
  button { background: #fff; cursor: pointer; } button:hover { background: #f6f6f6; }
  .main { background: #303030; color: #fff; } .main:hover { background: #1a1a1a; }
  .badge { background: #ebebeb; border-radius: 8px; padding: 0 .5rem; white-space: nowrap; }
  .good { background: #cdfee1; } .bad { background: #fedad9; } .open { background: #fff1c2; }
  small { color: #616161; } a { color: #005bd3; } pre { overflow-x: auto; white-space: pre-wrap; }
  iframe { border: 0; height: 22rem; width: 100%; }
"""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}<title>Sandbox: {title}</title>
<style>{style}</style>
<body{attributes}>
{body}
"""
_REFRESH = '<meta http-equiv="refresh" content="2">\n'
_COLOURS = {
    "PAID": "good",
    "FULFILLED": "good",
    "delivered": "good",
    "PENDING": "open",
    "AUTHORIZED": "open",
    "PARTIALLY_PAID": "open",
    "UNFULFILLED": "open",
    "PARTIALLY_FULFILLED": "open",
    "waiting": "open",
    "VOIDED": "bad",
    "EXPIRED": "bad",
    "failed": "bad",
}


def answer(shop: Shop, method: str, rest: Sequence[str], data: Mapping[str, str]) -> Answer | None:
    """Answer one request for the page of a shop, or None if there is nothing there."""
    try:
        match (method, rest):
            case ("GET", []):
                return _html(shop.name, _page(shop))
            case ("GET", ["sent"]):
                return _html("Sent", _sent(shop), head=_REFRESH, attributes=' style="margin: 0"')
            case ("GET", ["sent", webhook_id]):
                found = [one for one in shop.deliveries if one.webhook_id == webhook_id]
                return _html("Webhook", _webhook(found[-1])) if found else None
            case ("POST", ["orders"]):
                _make_order(shop, data)
            case ("POST", ["orders", id, change]):
                shop.change(int(id), change)
            case ("POST", ["listener"]):
                shop.listener = data.get("url", "").strip()
            case _:
                return None
    except (ValueError, KeyError) as exc:
        page = _html("Refused", f"<p>The shop refuses: {escape(str(exc))}.</p>{_back(shop)}")
        return Answer(409, page.body, page.headers)
    return Answer(303, headers={"Location": _path(shop)})


def _make_order(shop: Shop, data: Mapping[str, str]) -> None:
    title = data.get("title", "Mug")
    line = {
        "title": title,
        "price": GOODS.get(title, "10.00"),
        "sku": title.upper().replace(" ", "-"),
        "quantity": data.get("quantity", "1"),
    }
    first, _, last = data.get("name", "").strip().partition(" ")
    email = data.get("email", "").strip()
    phone = data.get("phone", "").strip()
    customer = {"first_name": first, "last_name": last, "email": email, "phone": phone}
    shop.make_order(
        lines=[line],
        customer={key: value for key, value in customer.items() if value},
        is_guest=not first and not email,
        paid="paid" in data,
    )


# --- What it shows -----------------------------------------------------------------------------


def _html(title: str, body: str, *, head: str = "", attributes: str = "") -> Answer:
    page = PAGE.format(
        title=escape(title), body=body, head=head, attributes=attributes, style=STYLE
    )
    return html_answer(200, page)


def _path(shop: Shop) -> str:
    return f"/_control/shopify/shops/{shop.domain}/page"


def _back(shop: Shop) -> str:
    return f'<p><a href="{_path(shop)}">Back to the shop</a></p>'


def _page(shop: Shop) -> str:
    newest = sorted(shop.orders.values(), key=lambda order: order.id, reverse=True)
    rows = "".join(_row(shop, order) for order in newest[:SHOWN_ORDERS])
    goods = "".join(f"<option>{escape(title)}</option>" for title in GOODS)
    return f"""
<h1>{escape(shop.name)} <small>{shop.domain}</small></h1>
<section>
  <h2>A customer orders</h2>
  <form method="post" action="{_path(shop)}/orders">
    <select name="title" aria-label="Product">{goods}</select>
    <input name="quantity" type="number" min="1" max="99" value="1" aria-label="Quantity">
    <input name="name" placeholder="Name" value="Kwame Lovelace" aria-label="Name">
    <input name="email" type="email" placeholder="E-mail" value="kwame@example.com"
      aria-label="E-mail">
    <input name="phone" type="tel" placeholder="Phone" value="+12125550000" aria-label="Phone">
    <label><input name="paid" type="checkbox" checked> paid</label>
    <button class="main">Order</button>
  </form>
</section>
<section>
  <h2>Orders</h2>
  <table>
    <tr><th>Order<th>Placed<th>Customer<th>Items<th class="amount">Total<th>Payment
      <th>Fulfilment<th>What happens next</tr>
    {rows or '<tr><td colspan="8">There are no orders yet.</tr>'}
  </table>
  {_more(len(newest))}
</section>
<section>
  <h2>Sent to the service</h2>
  <p>{_subscribed(shop)}</p>
  <form method="post" action="{_path(shop)}/listener">
    <label>Send every topic also to
      <input name="url" size="60" value="{escape(shop.listener)}" placeholder="nobody"></label>
    <button>Save</button>
  </form>
  <iframe src="{_path(shop)}/sent" title="Webhooks"></iframe>
</section>
"""


def _subscribed(shop: Shop) -> str:
    """Tell who asked for which topics."""
    topics: dict[str, list[str]] = {}
    for one in shop.subscriptions.values():
        topics.setdefault(one.uri, []).append(one.topic)
    if not topics:
        return "No app has subscribed to webhooks."
    return "<br>".join(
        f"<strong>{escape(uri)}</strong> subscribed to {escape(', '.join(sorted(found)))}."
        for uri, found in topics.items()
    )


def _more(count: int) -> str:
    return f"<small>and {count - SHOWN_ORDERS} older ones</small>" if count > SHOWN_ORDERS else ""


def _row(shop: Shop, order: Order) -> str:
    items = sum(line.current_quantity for line in order.lines)
    person = order.customer.display_name if order.customer else order.email or "nobody known"
    test = ' <span class="badge">test</span>' if order.test else ""
    buttons = "".join(
        f'<form method="post" action="{_path(shop)}/orders/{order.id}/{change}">'
        f"<button>{label}</button></form>"
        for change, label in _next(order)
    )
    return (
        f"<tr><td><strong>{escape(order.name)}</strong>{test}"
        f"<td>{order.created_at:%d %b %H:%M}"
        f"<td>{escape(person)}<td>{items}"
        f'<td class="amount">{order.written(order.current_total)} {order.currency}'
        f"<td>{_badge(order.financial_status.upper())}"
        f"<td>{_badge(_fulfilment(order))}<td>{buttons}</tr>"
    )


def _fulfilment(order: Order) -> str:
    if order.cancelled_at:
        return "CANCELLED"
    return order.display_fulfillment_status


def _badge(word: str) -> str:
    text = word.replace("_", " ").capitalize()
    return f'<span class="badge {_COLOURS.get(word, "")}">{escape(text)}</span>'


def _next(order: Order) -> Iterator[tuple[str, str]]:
    """Return the changes that a shop offers for an order in this state, with their labels."""
    left = sum(line.current_quantity - line.fulfilled_quantity for line in order.lines)
    if order.cancelled_at is None:
        if order.paid < order.current_total:
            yield "pay", "Pay"
        if left > 1:
            yield "fulfil_partly", "Ship one"
        if left > 0:
            yield "fulfil", "Fulfil"
        if order.fulfillment_status is None:
            yield "cancel", "Cancel"
    if order.paid > order.refunded:
        yield "refund", "Refund"
    if order.closed_at is None:
        yield "close", "Close"
    elif order.cancelled_at is None:
        yield "reopen", "Reopen"
    yield "delete", "Delete"


def _sent(shop: Shop) -> str:
    newest = list(shop.deliveries)[::-1][:SHOWN_DELIVERIES]
    rows = "".join(_sent_row(shop, delivery) for delivery in newest)
    if not rows:
        return "<p>Nothing was sent yet. Make an order.</p>"
    return f"<table><tr><th>Time (UTC)<th>Topic<th>About<th>State<th>Answer</tr>{rows}</table>"


def _sent_row(shop: Shop, delivery: Delivery) -> str:
    path = f"{_path(shop)}/sent/{escape(delivery.webhook_id)}"
    return (
        f"<tr><td>{delivery.triggered_at:%H:%M:%S}"
        f'<td><a href="{path}" target="_blank">{escape(delivery.topic)}</a>'
        f"<td>{escape(_subject(delivery))}<td>{_badge(delivery.state)}"
        f"<td>{escape(_answered(delivery))}</tr>"
    )


def _subject(delivery: Delivery) -> str:
    """Return the number of the order that a webhook is about, if it says so."""
    try:
        payload = json.loads(delivery.body)
    except ValueError:
        return "(not JSON)"
    if not isinstance(payload, dict):
        return ""
    return str(payload.get("name") or payload.get("order_id") or payload.get("id") or "")


def _answered(delivery: Delivery) -> str:
    if not delivery.url:
        return "nobody subscribed to it"
    if not delivery.attempts:
        return "on its way"
    last = delivery.attempts[-1]
    times = f" (attempt {len(delivery.attempts)})" if len(delivery.attempts) > 1 else ""
    return f"{last.status or last.error}{times}"


def _webhook(delivery: Delivery) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in delivery.headers.items())
    try:
        body = json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False)
    except ValueError:
        body = delivery.body.decode(errors="replace")
    attempts = "".join(
        f"<tr><td>{datetime.fromtimestamp(each.at, UTC):%H:%M:%S}"
        f"<td>{escape(str(each.status or each.error))}<td>{escape(each.answer)}</tr>"
        for each in delivery.attempts
    )
    return (
        f"<h1>{escape(delivery.topic)}</h1>"
        f"<section><h2>Attempts</h2><p>{escape(delivery.url or 'nobody subscribed to it')}</p>"
        f"<table>{attempts}</table></section>"
        f"<section><h2>Headers</h2><pre>{escape(headers)}</pre></section>"
        f"<section><h2>Body</h2><pre>{escape(body)}</pre></section>"
    )
