"""Requests and answers as the documentation shows them: the envelope document's own."""

from typing import Any

Example = dict[str, Any]

CREATE: Example = {
    "title": "Premium Subscription",
    "price": "99.99",
    "link": "https://example.com/product/123",
    "status": "active",
}
ORDER: Example = {
    # The document's own id has letters that no UUID has.
    "orderId": "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11",
    **CREATE,
    "createdAt": "2025-11-08T05:20:12.123Z",
    "updatedAt": "2025-11-08T05:20:12.123Z",
}
CREATED: Example = {
    "success": True,
    "data": ORDER,
    "message": "Order created successfully",
}
GOT: Example = {"success": True, "data": ORDER}
LISTED: Example = {
    "success": True,
    "data": [ORDER],
    "pagination": {"total": 1, "skip": 0, "limit": 100},
}
UPDATE: Example = {
    "title": "Updated Premium Subscription",
    "price": "149.99",
    "link": "https://example.com/product/456",
    "status": "draft",
}
UPDATED: Example = {
    "success": True,
    "data": {**ORDER, **UPDATE, "updatedAt": "2025-11-08T05:30:45.678Z"},
    "message": "Order updated successfully",
}
DELETED: Example = {"success": True, "message": "Order deleted successfully"}
