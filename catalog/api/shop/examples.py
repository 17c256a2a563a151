"""Answers as the documentation shows them. The list's is the shop document's own."""

from typing import Any

Example = dict[str, Any]

LISTED: Example = {
    "id": 1,
    "name": "Smartphone Pro Max",
    "price": "999.99",
    "stock": 50,
    "category_name": "Electronics",
    "image": "https://example.com/image.jpg",
    "is_in_stock": True,
    "featured": True,
}
PAGE: Example = {
    "count": 25,
    "next": "http://localhost:8000/api/products/?page=2",
    "previous": None,
    "results": [LISTED],
}
SHOWN: Example = {
    **LISTED,
    "sku": "PHONE-PRO-MAX",
    "slug": "smartphone-pro-max",
    "description": "Six cameras and a battery that lasts.",
    "currency": "USD",
    "category_id": 1,
    "category_path": [{"id": 1, "name": "Electronics", "slug": "electronics"}],
    "is_active": True,
    "created_at": "2025-01-08T10:00:00Z",
    "updated_at": "2025-01-09T08:30:00Z",
}
CATEGORY: Example = {
    "id": 1,
    "name": "Electronics",
    "slug": "electronics",
    "product_count": 10,
    "total_count": 25,
    "children": [
        {
            "id": 4,
            "name": "Phones",
            "slug": "phones",
            "product_count": 15,
            "total_count": 15,
            "children": [],
        }
    ],
}
