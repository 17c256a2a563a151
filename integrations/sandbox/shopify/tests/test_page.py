"""The emulated shop's page for people."""

import re

import requests

from integrations.sandbox.shopify import Shop, seed, shopify_for_people
from integrations.sandbox.shopify.tests.conftest import NOW, Client


def page_of(client: Client) -> str:
    answer = client.control("", method="GET")
    assert answer.status_code == 200
    return answer.text


def press(client: Client, path: str, **fields: str) -> requests.Response:
    """Send one of the page's forms, as a browser does, and follow to the page."""
    url = f"http://{client.sandbox.host}{path}"
    return requests.post(url, data=fields, timeout=5)


def buttons(page: str, order: int) -> list[str]:
    """Return the labels of an order's buttons."""
    pattern = rf'action="[^"]*/orders/{order}/[a-z_]+"><button>([^<]+)<'
    return re.findall(pattern, page)


def test_takes_an_order_through_its_life_without_scripts(client: Client, shop: Shop) -> None:
    assert "There are no orders yet" in page_of(client)
    (path,) = re.findall(r'action="([^"]+/orders)"', page_of(client))
    customer = {"name": "<b>Ada</b>", "email": "a@example.com", "phone": "+12125550000"}
    page = press(client, path, title="Teapot", quantity="2", **customer).text
    (order,) = shop.orders.values()
    assert order.lines[0].quantity == 2
    assert order.customer
    assert order.customer.phone == "+12125550000"
    assert "<b>Ada" not in page
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "<script" not in page
    assert "78.00 USD" in page
    assert buttons(page, order.id) == [
        "Pay",
        "Ship one",
        "Fulfil",
        "Cancel",
        "Close",
        "Delete",
    ]
    for change in ("pay", "fulfil", "refund"):
        page = press(client, f"{path}/{order.id}/{change}").text
    assert order.financial_status == "refunded"
    assert buttons(page, order.id) == ["Close", "Delete"]
    refused = press(client, f"{path}/{order.id}/cancel")
    assert refused.status_code == 409
    assert "The shop refuses: something was shipped." in refused.text
    assert "There are no orders yet" in press(client, f"{path}/{order.id}/delete").text


def test_shows_what_was_sent_and_what_came_back(client: Client, shop: Shop) -> None:
    (path,) = re.findall(r'action="([^"]+/listener)"', page_of(client))
    # Nobody listens at this port, so the delivery fails.
    press(client, path, url="http://127.0.0.1:1/hook")
    client.shopify.sender.pace = 1e-7
    subscription = client.ask(
        """mutation { webhookSubscriptionCreate(topic: ORDERS_PAID, webhookSubscription: {
        uri: "https://example.com/<x>" }) { userErrors { message } } }"""
    )
    assert subscription["webhookSubscriptionCreate"]["userErrors"] == []
    page = page_of(client)
    assert "<strong>https://example.com/&lt;x&gt;</strong> subscribed to orders/paid." in page
    shop.make_order(note="<i>fragile</i>")
    assert client.shopify.sender.wait()
    frame = requests.get(
        f"http://{client.sandbox.host}{path.replace('listener', 'sent')}", timeout=5
    ).text
    assert "orders/create" in frame
    assert "#1001" in frame
    assert "(attempt 9)" in frame
    (detail,) = re.findall(r'href="([^"]+/sent/[^"]+)"', frame)
    text = requests.get(f"http://{client.sandbox.host}{detail}", timeout=5).text
    assert "X-Shopify-Hmac-Sha256" in text
    assert "&lt;i&gt;fragile" in text
    assert "ConnectionRefusedError" in text


def test_shows_every_seeded_order(client: Client, shop: Shop) -> None:
    seed(shop, 60)
    page = page_of(client)
    assert "and 10 older ones" in page
    assert page.count("Delete</button>") == 50
    assert client.control("shops/none.myshopify.com/page", method="GET").status_code == 400


def test_a_restart_makes_no_order_under_the_id_of_another(client: Client) -> None:
    first, second = shopify_for_people(lambda: NOW), shopify_for_people(lambda: NOW + 60)
    assert first.shop.orders == second.shop.orders
    newest = max(first.shop.orders)
    assert all(order.updated_at <= first.shop.now for order in first.shop.orders.values())
    made = first.shop.make_order()
    assert second.shop.make_order().id > made.id > newest
    assert made.currency == "EUR"
    assert made.number >= 1026
    # The service may subscribe although it has no https address.
    assert second.shop.allows_http


def test_lists_the_emulators(client: Client) -> None:
    page = requests.get(f"http://{client.sandbox.host}/_control/", timeout=5)
    assert page.status_code == 200
    assert '<a href="/_control/shopify/">Shopify</a>' in page.text


def test_takes_json_as_curl_sends_it(client: Client, shop: Shop) -> None:
    """`curl -d` calls everything a form."""
    answer = requests.post(
        f"http://{client.sandbox.host}/_control/shopify/shops/-/orders",
        data=' {"lines": [{"title": "Teapot", "price": "39.00"}]}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=5,
    )

    assert answer.status_code == 201, answer.text
    (order,) = shop.orders.values()
    assert order.lines[0].title == "Teapot"
