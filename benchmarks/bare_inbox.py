"""The floor of the inbox: messages and conversations of a project with hand-written SQL alone."""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

import orjson

from benchmarks.bare import Database, PostgreSQL, StartResponse, connect

PAGE = 50

MESSAGE = (
    *("m.uuid", "m.direction", "m.channel", "m.content_type", "m.content", "m.details"),
    *("m.status", "m.error_code", "m.error", "m.is_read", "m.ai_generated", "m.created_at"),
    *("m.written_at", "m.edited_at", "m.deleted_at", "o.uuid", "t.uuid", "c.name", "a.phone"),
    *("a.number", "a.username", "u.uuid", "u.first_name", "u.last_name", "r.uuid", "x.emoji"),
)
# The page comes first, because PostgreSQL keeps the order of so many joins.
MESSAGES = """
    SELECT {columns}, (SELECT {files} FROM notifications_attachment f WHERE f.message_id = m.id)
    FROM (
        SELECT id FROM notifications_message WHERE {arrived}
        ORDER BY created_at DESC, id DESC LIMIT {page} OFFSET %s
    ) AS page
    JOIN notifications_message m ON m.id = page.id
    JOIN notifications_conversation t ON t.id = m.conversation_id
    JOIN notifications_contact c ON c.id = t.contact_id
    JOIN notifications_contactaddress a ON a.id = m.address_id
    LEFT JOIN orders_order o ON o.id = m.order_id
    LEFT JOIN accounts_user u ON u.id = m.author_id
    LEFT JOIN notifications_message r ON r.id = m.reply_to_id
    LEFT JOIN notifications_reaction x ON x.message_id = m.id
    ORDER BY m.created_at DESC, m.id DESC
"""
ARRIVED = """project_id = %s AND created_at >= %s AND conversation_id NOT IN (
    SELECT t.id FROM notifications_conversation t JOIN notifications_contact c
        ON c.id = t.contact_id WHERE c.project_id = %s AND c.is_blocked)"""
TALK = (
    *("t.id", "t.uuid", "t.channel", "t.line", "t.status", "t.snoozed_until", "t.unread"),
    *("t.last_activity_at", "a.window_until", "t.created_at", "t.updated_at", "c.uuid"),
    *("c.name", "c.is_blocked", "a.phone", "a.number", "a.username", "u.uuid"),
    *("u.first_name", "u.last_name"),
)
TALKS = """
    SELECT {columns}, (SELECT {last} FROM notifications_message m WHERE m.conversation_id = t.id
        ORDER BY m.written_at DESC, m.id DESC LIMIT 1)
    FROM notifications_conversation t
    JOIN notifications_contact c ON c.id = t.contact_id
    JOIN notifications_contactaddress a ON a.id = t.address_id
    LEFT JOIN accounts_user u ON u.id = t.assignee_id
    WHERE t.project_id = %s AND NOT c.is_blocked
    ORDER BY t.last_activity_at DESC, t.id DESC LIMIT {page} OFFSET %s
"""
COUNT_TALKS = """
    SELECT count(*) FROM notifications_conversation t JOIN notifications_contact c
        ON c.id = t.contact_id WHERE t.project_id = %s AND NOT c.is_blocked
"""
_NAMES = ("uuid", "filename", "media_type", "size", "state", "link")
_SHOWN = ("uuid", "direction", "content_type", "content")


class BareInbox:
    """`/messages?project=&since=` and `/talks?project=`, both with `page`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        is_postgresql = isinstance(database, PostgreSQL)
        object_of = "jsonb_build_object" if is_postgresql else "json_object"
        list_of = "jsonb_agg" if is_postgresql else "json_group_array"
        file = ", ".join(f"'{name}', f.{name}" for name in _NAMES)
        last = ", ".join(f"'{name}', m.{name}" for name in _SHOWN)
        self._messages = MESSAGES.format(
            columns=", ".join(MESSAGE),
            files=f"{list_of}({object_of}({file}))",
            arrived=ARRIVED,
            page=PAGE,
        )
        self._talks = TALKS.format(columns=", ".join(TALK), last=f"{object_of}({last})", page=PAGE)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        project, skip = int(query["project"]), (int(query.get("page", 1)) - 1) * PAGE
        if environ["PATH_INFO"] == "/messages":
            arrived = [project, query["since"], project]
            count = f"SELECT count(*) FROM notifications_message WHERE {ARRIVED}"
            body, total = self._page(self._messages, count, arrived, skip)
            names: Iterable[str] = (*MESSAGE, "files")
        else:
            body, total = self._page(self._talks, COUNT_TALKS, [project], skip)
            names = (*TALK, "last")
        shown = [dict(zip(names, row, strict=True)) for row in body]
        payload = orjson.dumps(shown, default=str)
        headers = [
            ("Content-Type", "application/json"),
            ("X-Total-Count", str(total)),
            ("Content-Length", str(len(payload))),
        ]
        start_response("200 OK", headers)
        return [payload]

    def _page(
        self, statement: str, count: str, params: list[object], skip: int
    ) -> tuple[list[tuple[Any, ...]], int]:
        rows = self.database.run(statement, [*params, skip])
        total = len(rows)
        if total == PAGE or skip:
            ((total,),) = self.database.run(count, params)
        return rows, total


def application() -> BareInbox:
    """Return the application for a server: `benchmarks.bare_inbox:application()`."""
    return BareInbox(connect(os.environ["DATABASE_URL"]))
