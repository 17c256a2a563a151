"""Writes things for a model: short, with local times and amounts as texts."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import Project
from orderchainer.core.db.prepared import Row
from orderchainer.core.money import written

MAX_NAME_LENGTH = 100
MAX_TEXT_LENGTH = 300
CUT = "…"


def cut(text: str, length: int = MAX_NAME_LENGTH) -> str:
    """Return a text that is no longer than `length`."""
    return text if len(text) <= length else text[: length - 1] + CUT


def local(moment: datetime | None, project: Project) -> str | None:
    """Return a moment on the project's clocks, to the minute, with its offset from UTC."""
    if moment is None:
        return None
    return moment.astimezone(project.zone).isoformat(timespec="minutes")


def amount(value: Decimal, currency: str) -> str:
    """Return an amount in major units, exactly."""
    return written(value, currency)


def name_of(row: Mapping[str, Any]) -> str:
    """Return what people call an order: the name that its shop gave it, else our number.

    `row` has `id`, `title` and `external_id`.
    """
    return cut(row["title"]) if row["external_id"] else f"#{row['id']}"


def order_in_list(row: Row, project: Project) -> dict[str, Any]:
    """Write an order of a list, from the row that `queries.listed_in_project` reads."""
    return {
        "name": name_of(row),
        "number": row["id"],
        "id": str(row["uuid"]),
        "title": cut(row["title"]),
        "status": row["status"],
        "is_waiting": not row["ready"],
        "customer": cut(row["customer_name"]) or None,
        "total": amount(row["total_price"], row["currency"]),
        "currency": row["currency"],
        "ordered_at": local(row["ordered_at"], project),
    }


def without_gaps(told: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is empty, so that the model reads less."""
    return {name: value for name, value in told.items() if value not in (None, "", [], {})}
