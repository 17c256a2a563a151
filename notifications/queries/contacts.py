"""Reads of a project's contacts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import CharField, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, JSONObject

from accounts.models import Project
from notifications.errors import ContactNotFound
from notifications.models import Contact, ContactAddress, Conversation
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import Window
from orders.graph import ListOf

_ADDRESSES = ContactAddress.objects.filter(contact=OuterRef("pk")).order_by("pk")
_THREADS = Conversation.objects.filter(contact=OuterRef("pk")).order_by("pk")
CONTACT_FIELDS = (
    *("pk", "uuid", "name", "language", "notes", "is_blocked", "stopped_at"),
    *("created_at", "updated_at"),
)


def contacts_of(project: Project) -> QuerySet[Contact]:
    """Return the contacts of a project."""
    return Contact.objects.filter(project=project)


def contact_rows_of(contacts: QuerySet[Contact]) -> QuerySet[Contact, Row]:
    """Return contacts with their addresses and conversations as plain rows."""
    rows: QuerySet[Contact, Row] = contacts.values(
        *CONTACT_FIELDS,
        places=ListOf(
            _ADDRESSES.values(
                item=JSONObject(
                    channel="channel",
                    line=Cast("line", CharField()),
                    phone="phone",
                    number="number",
                    username="username",
                    provider_id="provider_id",
                    is_reachable=Q(unreachable_since__isnull=True),
                )
            )
        ),
        threads=ListOf(
            _THREADS.values(item=JSONObject(uuid=Cast("uuid", CharField()), channel="channel"))
        ),
    )
    return rows


@prepared
def _contact_rows_among(
    ids: QuerySet[Contact, Any], *, ordering: Sequence[str | Combinable]
) -> QuerySet[Contact, Row]:
    return contact_rows_of(Contact.objects.filter(pk__in=ids).order_by(*ordering))


def listed_contacts(contacts: QuerySet[Contact], window: Window) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many there are in all: two statements at most.

    The ids come first. Otherwise PostgreSQL would collect the addresses of all the contacts that a
    later page skips.
    """
    page = contacts.values("pk")[window.skip : window.skip + window.limit]
    rows = _contact_rows_among(page, ordering=contacts.query.order_by)
    total = window.total_if_known(len(rows))
    return rows, contacts.order_by().count() if total is None else total


def contact_row_for(project: Project, contact_id: UUID | str) -> Row:
    """Return a contact of the project as a plain row. Raises `ContactNotFound`."""
    uuid = uuid_in(contact_id)
    for row in contact_rows_of(contacts_of(project).filter(uuid=uuid)) if uuid else []:
        return row
    raise ContactNotFound


def contact_for(project: Project, contact_id: UUID | str) -> Contact:
    """Return a contact of the project. Raises `ContactNotFound`."""
    uuid = uuid_in(contact_id)
    found = contacts_of(project).filter(uuid=uuid).first() if uuid else None
    if found is None:
        raise ContactNotFound
    return found
