"""A project's messages over HTTP: the inbox, conversations and threads, small and large."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.db import connection
from django.utils import timezone

from accounts.models import Project
from accounts.services import create_project
from benchmarks import bare_inbox, rest
from benchmarks.bare import PostgreSQL, SQLite
from benchmarks.rest import Call
from benchmarks.seeding import Account, settle
from benchmarks.table import Pairs, Row, Verdict, at_most, of_the_floor
from notifications.models import Conversation, Message

SIZES = (1_000, 100_000, 1_000_000)
# The largest size once more, shared equally by this many projects.
PROJECTS = 50
# Thirty days of the second size have more pages.
LATER_PAGE = 50
# Messages are spread evenly over these days.
DAYS = 3 * 365
# A conversation has so many messages. Eight customers at a time write.
MESSAGES = 50

# One customer of a hundred is blocked.
_CONTACTS = """
    INSERT INTO notifications_contact (
        uuid, project_id, name, language, notes, is_blocked, created_at, updated_at
    )
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
    SELECT {uuid}, %s, 'Customer ' || n, '', '', n %% 100 = 99, {now}, {now} FROM numbers
"""
_ADDRESSES = """
    INSERT INTO notifications_contactaddress (
        contact_id, channel, line, provider_id, number, phone, username, created_at
    )
    SELECT id, 'whatsapp', %s, 'US.' || id, 1650000000 + id, '+' || (1650000000 + id), '', {now}
    FROM notifications_contact WHERE project_id = %s
"""
_CONVERSATIONS = """
    INSERT INTO notifications_conversation (
        uuid, project_id, contact_id, address_id, channel, line, status, last_activity_at, unread,
        version, created_at, updated_at
    )
    SELECT {uuid}, c.project_id, c.id, a.id, 'whatsapp', a.line,
        CASE c.id %% 3 WHEN 0 THEN 'open' ELSE 'closed' END, {ago}, 0, 1, {now}, {now}
    FROM notifications_contact c JOIN notifications_contactaddress a ON a.contact_id = c.id
    CROSS JOIN (SELECT min(id) AS first FROM notifications_contact WHERE project_id = %s) AS base
    WHERE c.project_id = %s
"""
# The members answer each message of a customer. A third of the messages are about an order, and
# nobody has read the last hundred.
_MESSAGES = """
    INSERT INTO notifications_message (
        uuid, project_id, conversation_id, address_id, direction, channel, line, content_type,
        content, details, order_id, author_id, ai_generated, is_read, status, provider_id,
        written_at, created_at {more}
    )
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
    SELECT {uuid}, t.project_id, t.id, t.address_id,
        CASE n / 8 %% 2 WHEN 0 THEN 'inbound' ELSE 'outbound' END, 'whatsapp', t.line, 'text',
        'Where is my order? I wrote ' || n || ' times.', '{{}}',
        CASE n %% 3 WHEN 0 THEN %s + n %% %s END,
        CASE n / 8 %% 2 WHEN 0 THEN NULL ELSE %s END, false, n >= 100,
        CASE n / 8 %% 2 WHEN 0 THEN 'received' ELSE 'read' END, 'wamid.' || n,
        {ago}, {ago} {values}
    FROM numbers JOIN notifications_conversation t ON t.id = %s + n / {group} * 8 + n %% 8
"""
_AGO = {
    "postgresql": "CURRENT_TIMESTAMP - {steps} * CAST('{seconds} seconds' AS interval)",
    "sqlite": "datetime('now', '-' || ({steps} * {seconds}) || ' seconds')",
}


@dataclass(frozen=True)
class Desk:
    """A project with messages, and one of its conversations."""

    what: str
    project: Project
    conversation: UUID


def reading(
    directory: Path, member: Account, rounds: int, seconds: float, *, quick: bool
) -> Iterator[Row]:
    """Measure the first page and a later one of the inbox, of the conversations, and of one."""
    desks = list(_desks(member, SIZES[:2] if quick else SIZES))
    settle()
    since = f"{timezone.now() - timedelta(days=29):%Y-%m-%d}"
    with rest.both_serving(
        directory,
        rounds,
        seconds,
        floor=bare_inbox,
        path="/messages?project=0&since=2000-01-01",
    ) as both:
        for desk in desks:
            yield both.measure(_inbox(member, desk, since), _judge)
        largest = desks[-2]
        yield both.measure(_inbox(member, largest, since, page=LATER_PAGE), _judge)
        for desk in desks:
            yield both.measure(_conversations(member, desk), _judge)
        yield both.measure(_thread(member, largest, since), lambda sql, _: [at_most(sql, 5)])


def _judge(statements: float, pairs: Pairs) -> list[Verdict]:
    return [at_most(statements, 4), of_the_floor(pairs.ratio, 0.20)]


def _inbox(member: Account, desk: Desk, since: str, page: int = 1) -> Call:
    later = f", page {page}" if page > 1 else ""
    return Call(
        f"inbox{later}, {desk.what}",
        member,
        [f"/api/v1/messages/{desk.project.uuid}/inbox?page={page}"],
        [f"/messages?project={desk.project.pk}&since={since}&page={page}"],
    )


def _conversations(member: Account, desk: Desk) -> Call:
    return Call(
        f"conversations, {desk.what}",
        member,
        [f"/api/v1/messages/{desk.project.uuid}/conversations"],
        [f"/talks?project={desk.project.pk}"],
    )


def _thread(member: Account, desk: Desk, since: str) -> Call:
    """Return a call for one thread. Its floor is the inbox, whose rows are the same."""
    return Call(
        f"one thread, {desk.what}",
        member,
        [f"/api/v1/messages/{desk.project.uuid}/conversations/{desk.conversation}/messages"],
        [f"/messages?project={desk.project.pk}&since={since}"],
    )


def _desks(member: Account, sizes: Sequence[int]) -> Iterator[Desk]:
    for size in sizes:
        yield desk_with(member, size, f"{size:,} messages")
    largest = sizes[-1]
    what = f"{largest:,} in {PROJECTS} projects"
    shared = [desk_with(member, largest // PROJECTS, what) for _ in range(PROJECTS)]
    yield shared[PROJECTS // 2]


def desk_with(member: Account, size: int, what: str) -> Desk:
    """Make a project with that many messages."""
    project = create_project(owner=member.user, name=f"A desk with {size:,} messages")
    line = uuid4().hex
    contacts = size // MESSAGES
    with connection.cursor() as cursor:
        cursor.execute(_sql(_CONTACTS, size), [contacts - 1, project.pk])
        cursor.execute(_sql(_ADDRESSES, size), [line, project.pk])
        # Without statistics PostgreSQL reads all rows of one table for each of another.
        cursor.execute("ANALYZE notifications_contact")
        cursor.execute("ANALYZE notifications_contactaddress")
        cursor.execute(_sql(_CONVERSATIONS, size), [project.pk, project.pk])
        first = Conversation.objects.filter(project=project).order_by("pk").first()
        assert first is not None
        orders = member.order_ids
        params = [size - 1, orders.start, len(orders), member.user.pk, first.pk]
        cursor.execute("ANALYZE notifications_conversation")
        cursor.execute(_sql(_MESSAGES, size), params)
    return Desk(what, project, first.uuid)


def _sql(statement: str, size: int) -> str:
    database = PostgreSQL if connection.vendor == "postgresql" else SQLite
    group = 8 * MESSAGES
    steps = f"((c.id - base.first) / 8 * {group})" if statement is _CONVERSATIONS else "n"
    ago = _AGO[connection.vendor].format(steps=steps, seconds=DAYS * 86400 / size)
    more = _left_out(statement)
    return statement.format(
        uuid=database.uuid,
        now="CURRENT_TIMESTAMP",
        ago=ago,
        group=group,
        more="".join(f", {column}" for column in more),
        values="".join(f", {value}" for value in more.values()),
    )


def _left_out(statement: str) -> dict[str, str]:
    """Return the columns of a message that must not be empty and are not named: their defaults."""
    fields = Message._meta.concrete_fields
    named = set(re.findall(r"\w+", statement.partition(")")[0]))
    defaults = {
        field.column: field.get_default()
        for field in fields
        if field.column and not field.null and field.column not in named | {"id"}
    }
    return {
        column: f"'{value}'" if isinstance(value, str) else str(value).lower()
        for column, value in defaults.items()
    }
