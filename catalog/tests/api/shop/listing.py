"""Which products the storefront lists."""

from rest_framework.test import APIClient


def ids(client: APIClient, query: str = "") -> list[int]:
    """Return the ids of the products on the page that `query` asks for."""
    response = client.get(f"/api/products/?{query}")
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]
