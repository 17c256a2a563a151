"""The bodies of messages, conversations and contacts on the hub surface: ids are UUIDs."""

from datetime import datetime
from uuid import UUID

from accounts.models import Project
from notifications.figures import Summary
from notifications.models import NotificationRule
from notifications.models.messages import Direction, FileState, MessageStatus
from notifications.services import Preview
from orderchainer.core.days import days_of
from orderchainer.core.db.prepared import Row
from orderchainer.core.http.conditional import etag_of_content
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
        "reaction": row["emoji"] or None,
        "sentiment": row["sentiment"] or None,
        "urgency": row["urgency"] or None,
        "edited_at": _seconds_or_none(row["edited_at"]),
        "deleted_at": _seconds_or_none(row["deleted_at"]),
        "written_at": seconds(row["written_at"]),
    }


def phone_of(phone: str, number: str) -> str | None:
    """Return a number with a plus, or None if there is no number.

    `phone` is empty if the number is in no country's plan. Then `number` has its digits.
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
        "error": file["error"] or None,
        "link": file["link"] or None,
        "url": address_of_file(project, uuid) if is_stored and not file["link"] else None,
    }


def address_of_file(project: Project, uuid: UUID) -> str:
    """Return the path from which members download a stored file."""
    return f"/api/v1/messages/{project.uuid}/attachments/{uuid}"


def conversation_body(project: Project, row: Row) -> Body:
    """Write one conversation from the plain row that `queries.conversation_rows_of` reads."""
    return {
        "id": row["uuid"],
        "project_id": project.uuid,
        "contact": {
            "id": row["contact_uuid"],
            "name": row["contact_name"] or None,
            "phone": phone_of(row["contact_phone"], row["contact_number"]),
            "username": row["contact_username"] or None,
            "is_blocked": row["contact_is_blocked"],
        },
        "provider": row["channel"],
        "integration_id": row["line"],
        "status": row["status"],
        "snoozed_until": _seconds_or_none(row["snoozed_until"]),
        "assignee": row["assignee_uuid"]
        and {"id": row["assignee_uuid"], "name": row["assignee_name"].strip()},
        "unread": row["unread"],
        "last_activity_at": seconds(row["last_activity_at"]),
        "window_until": _seconds_or_none(row["window_until"]),
        "last_message": next((_excerpt(each) for each in row["last"]), None),
        "created_at": seconds(row["created_at"]),
        "updated_at": seconds(row["updated_at"]),
    }


def etag_of_conversation(project: Project, row: Row) -> str:
    """Return the entity tag of a conversation.

    It covers all that the body shows, so a new message or another name of the contact changes it.
    """
    return etag_of_content("conversation", conversation_body(project, row), row["updated_at"])


def contact_body(project: Project, row: Row) -> Body:
    """Write one contact from the plain row that `queries.contact_rows_of` reads."""
    return {
        "id": row["uuid"],
        "project_id": project.uuid,
        "name": row["name"] or None,
        "language": row["language"] or None,
        "notes": row["notes"],
        "is_blocked": row["is_blocked"],
        "is_stopped": row["stopped_at"] is not None,
        "stopped_at": _seconds_or_none(row["stopped_at"]),
        "addresses": [
            {
                "provider": place["channel"],
                "integration_id": UUID(place["line"]),
                "user_id": place["provider_id"] or None,
                "phone": phone_of(place["phone"], place["number"]),
                "username": place["username"] or None,
                "is_reachable": bool(place["is_reachable"]),
            }
            for place in row["places"]
        ],
        "conversations": [
            {"id": UUID(thread["uuid"]), "provider": thread["channel"]} for thread in row["threads"]
        ],
        "created_at": seconds(row["created_at"]),
        "updated_at": seconds(row["updated_at"]),
    }


def summary_body(summary: Summary) -> Body:
    """Write the figures of a period. Durations are in seconds, rounded to tenths."""
    return {
        "period_days": len(days_of(summary.period)),
        "total_messages": summary.volume.total,
        "inbound": summary.volume.inbound,
        "outbound": summary.volume.outbound,
        "unread": summary.volume.unread,
        "by_provider": summary.by_provider,
        "by_status": summary.by_status,
        "ai_generated": summary.volume.ai_generated,
        "average_first_response_seconds": _tenths(summary.responses.average),
        "median_first_response_seconds": _tenths(summary.responses.p50),
        "conversations": summary.conversations,
    }


def rule_body(project: Project, rule: NotificationRule) -> Body:
    """Write one rule."""
    return {
        "id": rule.uuid,
        "project_id": project.uuid,
        "occasion": str(rule.occasion),
        "status": rule.status or None,
        "channel": rule.channel,
        "integration_id": rule.line,
        "content": rule.content,
        "subject": rule.subject,
        "template": rule.template or None,
        "is_active": rule.is_active,
        "created_at": seconds(rule.created_at),
        "updated_at": seconds(rule.updated_at),
    }


def preview_body(preview: Preview) -> Body:
    """Write what a rule would send."""
    recipient = {"name": preview.name or None, "address": preview.address or None}
    return {
        "channel": preview.channel or None,
        "recipient": recipient if preview.channel else None,
        "content": preview.content or None,
        "subject": preview.subject or None,
        "template": preview.template,
        "reason": preview.reason or None,
    }


def outcome_body(row: Row) -> Body:
    """Write one outcome from the plain row that `queries.listed_outcomes` reads."""
    return {
        "id": row["uuid"],
        "rule_id": row["rule_uuid"],
        "occasion": row["occasion"],
        "status": row["status"] or None,
        "order_id": row["order_uuid"],
        "state": row["state"],
        "reason": row["reason"] or None,
        "channel": row["channel"] or None,
        "message_id": row["message_uuid"],
        "message_status": row["message_status"],
        "email_status": row["email_status"],
        "created_at": seconds(row["created_at"]),
        "settled_at": _seconds_or_none(row["settled_at"]),
    }


def _excerpt(message: Row) -> Body:
    return {
        "id": UUID(message["uuid"]),
        **{name: message[name] for name in ("direction", "content_type", "content")},
    }


def _tenths(duration_seconds: float | None) -> float | None:
    return None if duration_seconds is None else round(duration_seconds, 1)


def _seconds_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else seconds(moment)
