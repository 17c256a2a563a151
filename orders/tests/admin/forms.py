"""What a browser posts from the forms of the back office, and the errors that it is shown."""

from typing import Any

from django.test import Client

from accounts.models import User
from accounts.tests.admin.browsers import TOO_LARGE
from orders.models import Order, OrderDependency
from orders.tests.admin.pages import page

WRONG_FIELDS: list[tuple[str, object]] = [
    ("title", ""),
    ("title", "a\x00b"),
    ("title", "x" * 256),
    ("status", "flying"),
    ("failure_policy", "flying"),
    ("currency", "eur"),
    ("currency", "EUR\n€"),
    ("currency", "ABC"),
    ("link", "javascript:alert(1)"),
    ("link", "ftp://example.com"),
    ("link", "https://" + "x" * 3000),
    ("total_price", "NaN"),
    ("total_price", "Infinity"),
    ("total_price", "-1"),
    ("total_price", "1e400"),
    ("total_price", "1.001"),
    ("total_price", ""),
    ("customer_email", "no e-mail"),
    ("ordered_at_0", "yesterday"),
    ("ordered_at_1", "25:00"),
    ("waits_for", ["abc"]),
    ("waits_for", [TOO_LARGE]),
    ("waits_for", ["999"]),
    ("waits_for", ["\x00"]),
    ("items-TOTAL_FORMS", "abc"),
    ("items-TOTAL_FORMS", TOO_LARGE),
    ("items-INITIAL_FORMS", "abc"),
]


WRONG_LINES: list[dict[str, object]] = [
    {"name": "", "unit_price": "1", "quantity": 1},
    {"name": "Shelf", "unit_price": "-1", "quantity": 1},
    {"name": "Shelf", "unit_price": "NaN", "quantity": 1},
    {"name": "Shelf", "unit_price": "1.001", "quantity": 1},
    {"name": "Shelf", "unit_price": "1", "quantity": 0},
    {"name": "Shelf", "unit_price": "1", "quantity": TOO_LARGE},
    {"name": "Shelf", "unit_price": "9999999999.99", "quantity": 2},
    {"name": "She\x00lf", "unit_price": "1", "quantity": 1},
]


def items_form(*lines: dict[str, object]) -> dict[str, object]:
    """Return what a browser posts of these lines; a line with an `id` exists already."""
    form: dict[str, object] = {
        "items-TOTAL_FORMS": len(lines),
        "items-INITIAL_FORMS": sum("id" in line for line in lines),
    }
    for number, line in enumerate(lines):
        for name, value in line.items():
            form[f"items-{number}-{name}"] = value
    return form


def new_form(owner: User, /, **fields: object) -> dict[str, object]:
    """Return what a browser posts from the form of a new order."""
    return {
        "owner": owner.pk,
        "title": "Bookshelf",
        "status": "pending",
        "failure_policy": "hold",
        "total_price": "0.00",
        "currency": "EUR",
        "ordered_at_0": "2024-02-14",
        "ordered_at_1": "12:00:00",
        **items_form(),
        **fields,
    }


def form_of(order: Order, /, **fields: object) -> dict[str, object]:
    """Return what a browser posts from the page of an order, with some fields changed."""
    order.refresh_from_db()
    edges = OrderDependency.objects.filter(order=order)
    form: dict[str, object] = {
        "version": order.version,
        "waits_for": list(edges.values_list("depends_on_id", flat=True)),
        "ordered_at_0": order.ordered_at.strftime("%Y-%m-%d"),
        "ordered_at_1": order.ordered_at.strftime("%H:%M:%S"),
        **items_form(
            *(
                {
                    "id": item.pk,
                    "order": order.pk,
                    "name": item.name,
                    "sku": item.sku,
                    "unit_price": item.unit_price,
                    "quantity": item.quantity,
                }
                for item in order.items.order_by("pk")
            )
        ),
    }
    for name in (
        *("title", "status", "failure_policy", "total_price", "currency", "link"),
        *("customer_name", "customer_email", "customer_phone", "phone_number"),
        *("shipping_address", "notes", "description"),
    ):
        # Browsers send each line end as CRLF.
        form[name] = str(getattr(order, name)).replace("\n", "\r\n")
        form[f"initial-{name}"] = form[name]
    form["initial-auto_activate"] = str(order.auto_activate)
    if order.auto_activate:
        form["auto_activate"] = "on"
    return {**form, **fields}


def change(client: Client, order: Order, /, **fields: object) -> Any:
    """Save an order's page with some fields changed."""
    return client.post(page("order_change", order.pk), form_of(order, **fields))


def errors_in(response: Any) -> dict[str, list[str]]:
    """Return the errors of the form that is shown again."""
    assert response.status_code == 200
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return dict(found)
