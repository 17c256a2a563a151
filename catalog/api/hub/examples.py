"""Answers as the documentation shows them."""

from typing import Any

Example = dict[str, Any]

PRODUCT: Example = {
    "id": "8d9f0c4e-7f0d-4a57-9d9c-0f6b1c8f2a11",
    "product_id": 1,
    "sku": "LAMP-1",
    "slug": "desk-lamp",
    "name": "Desk lamp",
    "description": "Bright, and gone when you fold it.",
    "price": "19.99",
    "currency": "USD",
    "category_id": 4,
    "image": "http://localhost:8000/media/products/9f0c6e2b7a8d4d0fa1e5c3b2d4e6f708.jpg",
    "featured": True,
    "is_active": True,
    "stock": 12,
    "is_in_stock": True,
    "version": 3,
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:05:00Z",
}
NEW_PRODUCT: Example = {
    "sku": "LAMP-1",
    "name": "Desk lamp",
    "description": "Bright, and gone when you fold it.",
    "price": "19.99",
    "category_id": 4,
    "featured": True,
    "stock": 12,
}
MOVEMENT: Example = {
    "id": 7,
    "change": 10,
    "reason": "received",
    "order_id": None,
    "note": "Delivery of Tuesday",
    "by": "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10",
    "created_at": "2025-01-12T10:05:00Z",
}
CATEGORY: Example = {
    "id": 4,
    "name": "Desk",
    "slug": "desk",
    "parent_id": 1,
    "position": 0,
    "level": 1,
    "path": "Lamps > Desk",
    "product_count": 3,
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:00:00Z",
}
TABLE = 'sku,name,price,category,stock\nLAMP-1,Desk lamp,17.99,Lamps > Desk,\nLAMP-2,"Lamp, red",24.00,Lamps,5\n'
IMPORTED: Example = {
    "dry_run": True,
    "created": 1,
    "updated": 1,
    "unchanged": 0,
    "refused": 0,
    "new_categories": [],
    "rows": [
        {
            "row": 2,
            "sku": "LAMP-1",
            "action": "update",
            "changes": {"price": ["19.99", "17.99"]},
            "errors": {},
        },
        {
            "row": 3,
            "sku": "LAMP-2",
            "action": "create",
            "changes": {
                "name": [None, "Lamp, red"],
                "price": [None, "24.00"],
                "currency": [None, "USD"],
                "category": [None, "Lamps"],
                "featured": [None, "false"],
                "is_active": [None, "true"],
                "stock": [None, "5"],
            },
            "errors": {},
        },
    ],
}
REFUSED_ROW: Example = {
    "row": 3,
    "sku": "LAMP-2",
    "action": "refuse",
    "changes": {},
    "errors": {
        "price": ["Must be a number such as 1299.00, without signs and commas."]
    },
}
EXPORTED = (
    '"sku","name","description","price","currency","category","stock","featured","is_active","version"\r\n'
    '"LAMP-1","Desk lamp","","19.99","USD","Lamps > Desk","12","true","true","3"\r\n'
)
