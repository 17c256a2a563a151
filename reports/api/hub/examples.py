"""The hub document's example of a report, whole."""

from typing import Any

Example = dict[str, Any]

PROJECT = "0b8f6a52-6d0c-4f0e-9a65-5f7c1de0a001"
REPORT = "7c3e1f5a-2b4d-4e6f-8a9b-0c1d2e3f4a5b"
PERSON = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"

_ALL = {"total_orders": 150, "total_revenue": 12500.50}

NEW_EXAMPLE: Example = {
    "report_type": "sales",
    "start_date": "2025-01-01T00:00:00Z",
    "end_date": "2025-01-31T23:59:59Z",
    "filters": {},
}
PAYLOAD_EXAMPLE: Example = {
    **_ALL,
    "average_order_value": 83.34,
    "currency": "USD",
    "orders_by_status": {"pending": 10, "fulfilled": 130, "cancelled": 10},
    "by_currency": {"USD": {**_ALL, "average_order_value": 83.34}},
    "by_provider": [{"provider": "shopify", **_ALL}],
    "by_day": [
        {
            "date": "2025-01-01",
            **_ALL,
            "average_orders_7_days": 21.43,
            "average_revenue_7_days": 1785.79,
        }
    ],
    "by_weekday": [{"weekday": "wednesday", **_ALL}],
    "by_hour": [{"hour": 10, **_ALL}],
    "top_products": [
        {"name": "Product A", "sku": "A-1", "quantity": 300, "total_revenue": 8997.00}
    ],
    "top_customers": [
        {"name": "John Doe", "email": "john@example.com", "phone": "+1234567890", **_ALL}
    ],
    "customers": {"total": 120, "new": 90, "returning": 30},
    "trend": {
        "start_date": "2024-12-01",
        "end_date": "2024-12-31",
        "until": None,
        "total_orders": {"before": 120, "change": 30, "change_percent": 25.0},
        "total_revenue": {"before": 10000.00, "change": 2500.50, "change_percent": 25.0},
        "average_order_value": {"before": 83.33, "change": 0.01, "change_percent": 0.0},
    },
    "chains_completed": 12,
}
LISTED_EXAMPLE: Example = {
    "id": REPORT,
    "project_id": PROJECT,
    "report_type": "sales",
    "summary": "Generated 150 orders with $12,500.50 in total revenue, $83.34 on average.",
    "generated_at": "2025-02-01T10:00:00Z",
    "status": "ready",
    "error": None,
    "timezone": "UTC",
    "period": {
        "start_date": "2025-01-01T00:00:00Z",
        "end_date": "2025-01-31T23:59:59Z",
        "first_day": "2025-01-01",
        "last_day": "2025-01-31",
    },
    "filters": {},
    "schema_version": 1,
    "requested_by": PERSON,
    "created_at": "2025-02-01T10:00:00Z",
}
REPORT_EXAMPLE: Example = {**LISTED_EXAMPLE, "payload": PAYLOAD_EXAMPLE}
WAITING_EXAMPLE: Example = {
    **LISTED_EXAMPLE,
    "summary": None,
    "generated_at": None,
    "status": "generating",
    "schema_version": None,
    "payload": None,
}

TOKEN = "3f2e1d0c-9b8a-4756-8453-2f1e0d9c8b7a"
USAGE_EXAMPLE: Example = {
    "period_days": 30,
    "start_date": "2025-01-03",
    "end_date": "2025-02-01",
    "timezone": "UTC",
    "total_calls": 450,
    "by_surface": {"hub": 420, "chain": 30},
    "by_user": [{"user_id": PERSON, "name": "Ada Lovelace", "calls": 450}],
    "by_token": [{"token_id": TOKEN, "name": "Warehouse", "user_id": PERSON, "calls": 300}],
    "by_day": [{"date": "2025-02-01", "calls": 450}],
}
PROJECT_USAGE_EXAMPLE: Example = {
    **USAGE_EXAMPLE,
    "deliveries": {"total": 120, "by_state": {"sent": 118, "failed": 2}},
    "assistant": {"calls": 45, "tokens": 12500, "cost_usd": 0.3125, "average_cost_usd": 0.006944},
}
