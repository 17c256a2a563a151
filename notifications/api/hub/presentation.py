"""The bodies of messages, conversations and contacts on the hub surface: ids are UUIDs."""

from uuid import UUID

from accounts.models import Project
from notifications.models.messages import Direction, FileState, MessageStatus
from orderchainer.core.db.prepared import Row
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds


def message_body(project: Project, row: Row) -> Body:
    """Write one message from the plain row that `queries.rows_of` reads."""
    contact: Body = {
        "phone": phone_of(row["contact_phone"], row["contact_number"]),
        "name": row["contact_name"] or row["contact_username"] or None,
    }
    ours: Body = {"phone": None, "name": project.name}
    is_inbound = row["direction"] == Direction.INBOUND
    edited_at = row["edited_at"]
    return {
        "id": row["uuid"],
        "project_id": project.uuid,
        "order_id": row["order_uuid"],
        "direction": row["direction"],
        "provider": row["channel"],
        "content": row["content"],
        "sender": contact if is_inbound else ours,
        "is_read": row["is_read"] if is_inbound else row["status"] == MessageStatus.READ,
        "ai_generated": row["ai_generated"],
        "created_at": seconds(row["created_at"]),
        "recipient": ours if is_inbound else contact,
        "content_type": row["content_type"],
        "details": row["details"],
        "status": row["status"],
        "error": row["error"] or None,
        "error_code": row["error_code"] or None,
        "attachments": [_attachment(project, file) for file in row["files"]],
        "conversation_id": row["conversation_uuid"],
        "author": row["author_uuid"] and _author(row),
        "reply_to": row["reply_to_uuid"],
        "reaction": row["emoji"],
        "edited_at": edited_at and seconds(edited_at),
        "written_at": seconds(row["written_at"]),
    }


def phone_of(phone: str, number: str) -> str | None:
    """Write a number with a plus, or None without one.

    `phone` is empty for a number that no country's plan has; `number` has it in digits.
    """
    return phone or (f"+{number}" if number else None)


def _author(row: Row) -> Body:
    name = f"{row['author_first_name']} {row['author_last_name']}".strip()
    return {"id": row["author_uuid"], "name": name}


def _attachment(project: Project, file: Row) -> Body:
    uuid = UUID(file["uuid"])
    is_stored = file["state"] == FileState.STORED
    return {
        "id": uuid,
        "filename": file["filename"] or None,
        "media_type": file["media_type"] or None,
        "size": file["size"],
        "status": file["state"],
        "link": file["link"] or None,
        "url": address_of_file(project, uuid) if is_stored and not file["link"] else None,
    }


def address_of_file(project: Project, uuid: UUID) -> str:
    """Return the path from which members download a stored file."""
    return f"/api/v1/messages/{project.uuid}/attachments/{uuid}"
