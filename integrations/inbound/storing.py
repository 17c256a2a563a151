"""Insert deliveries, except repeats."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

from integrations.models import InboundDelivery


def store_new(deliveries: Sequence[InboundDelivery]) -> list[InboundDelivery]:
    """Insert the deliveries whose keys their integrations do not have yet; return those.

    The deliveries are for different integrations. The insert is one statement. Outside of any
    transaction, it is a transaction of its own. If twenty workers insert the same delivery at once,
    exactly one succeeds. Django's `bulk_create(ignore_conflicts=True)` does not tell which rows it
    inserted.
    """
    fields = InboundDelivery._meta.concrete_fields[1:]
    params: list[Any] = [
        field.get_db_prep_save(field.pre_save(delivery, add=True), connection)
        for delivery in deliveries
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(len(deliveries)), params)
        keys = {integration_id: pk for pk, integration_id in cursor.fetchall()}
    stored = [delivery for delivery in deliveries if delivery.integration_id in keys]
    for delivery in stored:
        delivery.pk = keys[delivery.integration_id]
    return stored


@lru_cache(maxsize=8)
def _statement(rows: int) -> str:
    quote = connection.ops.quote_name
    primary_key, *fields = (str(field.column) for field in InboundDelivery._meta.concrete_fields)
    columns = ", ".join(quote(column) for column in fields)
    values = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * rows)
    return (
        f"INSERT INTO {quote(InboundDelivery._meta.db_table)} ({columns}) VALUES {values}"
        f" ON CONFLICT DO NOTHING RETURNING {quote(primary_key)}, integration_id"
    )
