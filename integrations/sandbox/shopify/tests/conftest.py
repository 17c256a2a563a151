"""An emulated Shopify for every test that asks for it, and a client that calls it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandbox.server import Sandbox
from integrations.sandbox.shopify import Shop, Shopify

NOW = 1_764_000_000


class Client:
    """Calls a shop's API as an app does, and the control plane."""

    def __init__(self, sandbox: Sandbox, shopify: Shopify) -> None:
        self.sandbox = sandbox
        self.shopify = shopify
        self.token = self.shop.access_token

    @property
    def shop(self) -> Shop:
        """The first shop."""
        return self.shopify.shop

    @property
    def base(self) -> str:
        """Where the API of the first shop is."""
        return f"http://{self.sandbox.host}/shopify/{self.shop.domain}"

    def exchange(self, **told: str) -> requests.Response:
        """Ask for a token."""
        body = {
            "grant_type": "client_credentials",
            "client_id": self.shop.client_id,
            "client_secret": self.shop.client_secret,
            **told,
        }
        return requests.post(f"{self.base}/admin/oauth/access_token", data=body, timeout=5)

    def call(
        self, query: str, variables: Any = None, *, version: str = "2026-10"
    ) -> requests.Response:
        """Send a GraphQL request."""
        return requests.post(
            f"{self.base}/admin/api/{version}/graphql.json",
            json={"query": query, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": self.token},
            timeout=5,
        )

    def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL request that has to succeed, and return its data."""
        answer = self.call(query, variables)
        assert answer.status_code == 200
        body = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    def refusal(self, query: str, /, **variables: Any) -> str:
        """Send a GraphQL request that has to fail, and return the code of its first error."""
        answer = self.call(query, variables)
        assert answer.status_code == 200
        code: str = answer.json()["errors"][0]["extensions"]["code"]
        return code

    def control(self, path: str, data: Any = None, *, method: str = "POST") -> requests.Response:
        """Use the control plane."""
        url = f"http://{self.sandbox.host}/_control/shopify/{path}"
        return requests.request(method, url, json=data, timeout=15)


@pytest.fixture(scope="session")
def sandbox_of_shopify() -> Iterator[Sandbox]:
    """One sandbox for the whole run, with a clock that stands still."""
    with Sandbox(Shopify(clock=lambda: NOW)) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox_of_shopify: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sandbox_of_shopify.reset()
    (shopify,) = sandbox_of_shopify.emulators
    assert isinstance(shopify, Shopify)
    return Client(sandbox_of_shopify, shopify)


@pytest.fixture
def shop(client: Client) -> Shop:
    return client.shop
