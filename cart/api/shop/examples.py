"""Requests and answers as the documentation shows them; the shop document's own, and what stands beside them."""

from typing import Any

Example = dict[str, Any]

ADD: Example = {"product_id": 1, "quantity": 2}
CART: Example = {
    "id": 1,
    "items": [
        {
            "id": 1,
            "product": {
                "id": 1,
                "name": "Smartphone Pro Max",
                "price": "999.99",
                "category_name": "Electronics",
                "image": "http://localhost:8000/media/products/9f0c6e2b7a8d4d0fa1e5c3b2d4e6f708.jpg",
                "currency": "USD",
            },
            "quantity": 2,
            "total_price": "1999.98",
            "available": 50,
            "is_available": True,
        }
    ],
    "total_price": "1999.98",
    "total_items": 2,
    "currency": "USD",
}
EMPTY: Example = {
    "id": 1,
    "items": [],
    "total_price": "0.00",
    "total_items": 0,
    "currency": "",
}
