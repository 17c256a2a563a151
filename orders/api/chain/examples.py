"""Requests and answers as the documentation shows them. Those of the chain document are its own."""

from typing import Any

Example = dict[str, Any]

_REST: Example = {
    "uuid": "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11",
    "dependencies": [],
    "auto_activate": False,
    "failure_policy": "hold",
    "ready": True,
    "items": [],
    "total_price": "0.00",
    "currency": "USD",
    "link": "",
    "customer": {"name": "", "email": "", "phone": ""},
    "shipping_address": "",
    "phone_number": "",
    "notes": "",
    "provider": "api",
    "external_id": "",
}

CREATE: Example = {
    "title": "New Order",
    "description": "Order description",
    "status": "pending",
    "dependencies": [1, 2],
}
CREATE_WITH_ITEMS: Example = {
    "title": "Two lamps",
    "items": [{"name": "Lamp", "sku": "LAMP-1", "unit_price": "29.99", "quantity": 2}],
    "currency": "EUR",
    "customer": {"name": "John Doe", "email": "john@example.com"},
}
CREATED: Example = {
    "id": 3,
    "title": "New Order",
    "description": "Order description",
    "status": "pending",
    "created_at": "2024-02-14T12:00:00",
    "updated_at": "2024-02-14T12:00:00",
    "owner_id": 1,
    **_REST,
    "dependencies": [1, 2],
    "ready": False,
}
CHECK_OUT: Example = {
    "shipping_address": "123 Main St, City, Country",
    "phone_number": "+1234567890",
    "notes": "Leave at door",
}
CHECKED_OUT: Example = {
    "id": 4,
    "title": "Smartphone Pro Max",
    "description": "",
    "status": "pending",
    "created_at": "2024-02-14T12:00:00",
    "updated_at": "2024-02-14T12:00:00",
    "owner_id": 1,
    **_REST,
    "items": [
        {
            "name": "Smartphone Pro Max",
            "sku": "PHONE-1",
            "unit_price": "999.99",
            "quantity": 2,
            "total_price": "1999.98",
            "product_id": 1,
        }
    ],
    "total_price": "1999.98",
    "customer": {
        "name": "Test User",
        "email": "user@example.com",
        "phone": "+1234567890",
    },
    **CHECK_OUT,
    "provider": "storefront",
}
LISTED: Example = {
    "id": 1,
    "title": "First Order",
    "description": "First order description",
    "status": "completed",
    "created_at": "2024-02-14T10:00:00",
    "updated_at": "2024-02-14T11:00:00",
    "owner_id": 1,
    **_REST,
}
UPDATE: Example = {
    "title": "Updated Order",
    "description": "Updated description",
    "status": "active",
    "dependencies": [1],
}
UPDATED: Example = {
    "id": 2,
    "title": "Updated Order",
    "description": "Updated description",
    "status": "active",
    "created_at": "2024-02-14T10:00:00",
    "updated_at": "2024-02-14T12:00:00",
    "owner_id": 1,
    **_REST,
    "dependencies": [1],
}
DELETED: Example = {"message": "Order deleted successfully"}
CHAIN: Example = {
    "order_id": 2,
    "nodes": [
        {
            "id": 1,
            "title": "Cut",
            "status": "completed",
            "owner_id": 1,
            "ready": True,
            "blockers": [],
        },
        {
            "id": 2,
            "title": "Sew",
            "status": "active",
            "owner_id": 1,
            "ready": True,
            "blockers": [],
        },
        {
            "id": 3,
            "title": "Pack",
            "status": "pending",
            "owner_id": 1,
            "ready": False,
            "blockers": [2],
        },
    ],
    "edges": [{"order": 2, "depends_on": 1}, {"order": 3, "depends_on": 2}],
    "topological_order": [1, 2, 3],
    "critical_path": [2, 3],
    "truncated": False,
}
_SEW: Example = {
    "id": 2,
    "title": "Sew",
    "status": "active",
    "since": "2024-02-14T12:00:00",
    "owner": {"id": 1, "name": "Ada Lovelace", "email": "ada@example.com"},
}
BLOCKERS: Example = {
    "order_id": 3,
    "status": "pending",
    "waiting": True,
    "blockers": [_SEW],
    "root_blockers": [_SEW],
}
EVENT: Example = {
    "event_id": "0d3f3f39-7d2d-4a3f-8d0e-3f8d6f1f8a55",
    "position": 7,
    "type": "order_status_changed",
    "order_id": 2,
    "actor_id": 1,
    "created_at": "2024-02-14T12:00:00",
    "data": {
        "title": "Sew",
        "status": "active",
        "old_status": "pending",
        "new_status": "active",
    },
}
