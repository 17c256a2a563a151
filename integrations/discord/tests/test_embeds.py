"""How an event looks in Discord, whatever people typed."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.discord.embeds import (
    COLOURS,
    Related,
    Source,
    Subject,
    embed_of,
    message_of,
    trial_embed,
)
from integrations.discord.text import cut, quoted, units
from integrations.sandbox.discord import EMBED_TOTAL, embed_size, message_errors
from orders.lifecycle import EventType, Status
from orders.stream.models import ORDER, Event

EVENT_ID = uuid.UUID("5cd1ceba-69c7-4f49-9c83-bd342a17e66a")
MOMENT = datetime(2026, 11, 20, 10, 30, 0, 123456, tzinfo=UTC)


def event_of(type_: EventType, **data: Any) -> Event:
    """Return an event of order 3 as services write one."""
    facts = {"title": "New Order", "status": "pending", **data}
    return Event(
        event_id=EVENT_ID,
        type=type_,
        subject_kind=ORDER,
        order_id=3,
        data=facts,
        created_at=MOMENT,
    )


def subject(**overrides: Any) -> Subject:
    """Return what an embed shows beside its event."""
    facts: dict[str, Any] = {
        "owner": "Ada Lovelace",
        "related": Related("Dependencies", [1, 2], {1: "First Order"}),
        "link": "http://localhost:8000/api/orders/3",
    }
    return Subject(**{**facts, **overrides})


def errors_in(embed: dict[str, Any]) -> dict[str, Any]:
    """Return the errors with which Discord would refuse a message with `embed`."""
    return message_errors(message_of(embed, username="OrderChainer", avatar_url=""))


# --- Exact ------------------------------------------------------------------------------------


def test_a_new_order() -> None:
    event = event_of(EventType.CREATED, dependencies=[1, 2])
    assert embed_of(event, subject()) == {
        "title": "Order #3 created",
        "url": "http://localhost:8000/api/orders/3",
        "description": "**New Order**",
        "color": 0xFEE75C,
        "timestamp": "2026-11-20T10:30:00.123Z",
        "fields": [
            {"name": "Order", "value": "#3 New Order", "inline": True},
            {"name": "Status", "value": "pending", "inline": True},
            {"name": "Owner", "value": "Ada Lovelace", "inline": True},
            {"name": "Dependencies", "value": "#1 First Order\n#2", "inline": False},
        ],
        "footer": {"text": f"OrderChainer · event {EVENT_ID}"},
    }


def test_a_message_pings_nobody() -> None:
    embed = embed_of(event_of(EventType.CREATED), subject())
    assert message_of(embed, username="Bot", avatar_url="https://example.com/a.png") == {
        "username": "Bot",
        "avatar_url": "https://example.com/a.png",
        "embeds": [embed],
        "allowed_mentions": {"parse": []},
    }


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_colour_and_a_headline(status: Status) -> None:
    event = event_of(
        EventType.STATUS_CHANGED,
        status=str(status),
        old_status="active",
        new_status=str(status),
    )
    embed = embed_of(event, subject())
    assert embed["color"] == COLOURS[status]
    assert embed["title"].startswith("Order #3 ")
    assert embed["description"] == f"**New Order**\nactive → {status}"
    assert errors_in(embed) == {}


def test_colours_tell_statuses_apart() -> None:
    assert len(set(COLOURS.values())) == len(Status)


@pytest.mark.parametrize(
    ("event", "title", "description"),
    [
        (
            event_of(EventType.READY),
            "Order #3 is ready",
            "**New Order**\nNothing holds it up any more.",
        ),
        (
            event_of(
                EventType.BLOCKED,
                blockers=[1],
                cause={"order_id": 1, "status": "failed"},
            ),
            "Order #3 is blocked",
            "**New Order**\nIt waits for an order that went wrong.\nBecause order #1 failed.",
        ),
        (
            event_of(
                EventType.BLOCKED,
                blockers=[1],
                cause={"order_id": 1, "status": "active"},
            ),
            "Order #3 is blocked",
            "**New Order**\nIt waits for an order that was done and no longer is.\n"
            "Because order #1 is active.",
        ),
        (
            event_of(
                EventType.STATUS_CHANGED,
                old_status="pending",
                new_status="active",
                cause={"source": "shopify"},
            ),
            "Order #3 is active",
            "**New Order**\npending → active\nShopify told us so.",
        ),
        (
            event_of(
                EventType.UPDATED,
                changes={"source_details": {"from": {}, "to": {"deleted_at": "2026"}}},
                cause={"source": "elsewhere", "reason": "deleted"},
            ),
            "Order #3 updated",
            "**New Order**\nsource details changed\nelsewhere deleted the order.",
        ),
        (
            event_of(EventType.DEPENDENCY_WAIVED, dependency=1, reason="Not needed."),
            "Order #3 waits for one order less",
            "**New Order**\nIt no longer waits for order #1.",
        ),
        (event_of(EventType.DELETED), "Order #3 deleted", "**New Order**"),
        (
            event_of(
                EventType.UPDATED,
                changes={
                    "title": {"from": "Old *Order*", "to": "New Order"},
                    "dependencies": {"from": [], "to": [1, 2]},
                    "auto_activate": {"from": False, "to": True},
                    "customer_email": {"from": "", "to": "secret@example.com"},
                    "shipping_address": {"from": "", "to": "Secret Street 1"},
                },
            ),
            "Order #3 updated",
            "**New Order**\n"
            "title: Old \\*Order\\* → New Order\n"
            "dependencies: none → #1, #2\n"
            "auto activate: no → yes\n"
            "customer email changed\n"
            "shipping address changed",
        ),
    ],
)
def test_every_kind_of_event_has_a_headline_and_a_text(
    event: Event, title: str, description: str
) -> None:
    embed = embed_of(event, subject())
    assert (embed["title"], embed["description"]) == (title, description)
    assert errors_in(embed) == {}


def test_a_deleted_order_has_no_link_and_no_dependencies() -> None:
    embed = embed_of(event_of(EventType.DELETED), Subject(owner="Ada"))
    assert "url" not in embed
    assert [one["name"] for one in embed["fields"]] == ["Order", "Status", "Owner"]


def test_many_dependencies_are_counted_after_the_first() -> None:
    related = Related("Dependencies", range(1, 5001), {})
    embed = embed_of(event_of(EventType.READY), subject(related=related))
    lines = embed["fields"][3]["value"].split("\n")
    assert lines[:2] == ["#1", "#2"]
    assert lines[-1] == "and 4992 more"


def test_moments_are_told_in_utc() -> None:
    event = event_of(EventType.READY)
    event.created_at = datetime(2026, 11, 20, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert embed_of(event, subject())["timestamp"] == "2026-11-20T10:30:00.000Z"


def test_the_trial_message_is_one_that_discord_takes() -> None:
    assert errors_in(trial_embed("Ada", MOMENT)) == {}


# --- Hostile ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("plain", "plain"),
        (
            "**bold** _it_ ~~no~~ `code`",
            "\\*\\*bold\\*\\* \\_it\\_ \\~\\~no\\~\\~ \\`code\\`",
        ),
        ("@everyone @here", "\\@everyone \\@here"),
        ("ada@example.com", "ada@example.com"),
        ("<@123> <@&1> <#2> </x:3>", "\\<@123\\> \\<@&1\\> \\<#2\\> \\</x:3\\>"),
        ("[click](https://evil.test)", "\\[click\\](https\\://evil.test)"),
        ("||spoiler||", "\\|\\|spoiler\\|\\|"),
        ("# heading", "\\# heading"),
        ("- item", "\\- item"),
        ("-# small", "\\-# small"),
        ("> quote", "\\> quote"),
        ("back\\slash", "back\\\\slash"),
        ("3:4 at 10:30", "3:4 at 10:30"),
        ("two\nlines\r\nand\ttabs", "two lines and tabs"),
        ("null\x00 bell\x07", "null bell"),
        ("\u202egnorw\u202c ok", "gnorw ok"),
        ("\u2067rtl\u2069", "rtl"),
        ("שלום עולם", "שלום עולם"),
        ("   ", ""),
    ],
)
def test_markdown_shows_as_it_was_typed(typed: str, shown: str) -> None:
    assert quoted(typed, 300) == shown


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("ab cdefg", 4, "ab…"),
        ("*****", 6, "\\*\\*…"),
        ("aaaa*b", 6, "aaaa…"),
        ("😀😀😀", 6, "😀😀😀"),
        ("😀😀😀😀", 6, "😀😀…"),
        ("ab👨\u200d👩\u200d👧cd", 8, "ab…"),
        ("ab👍🏽cdef", 5, "ab…"),
        ("abcde\u0301fg", 6, "abcd…"),
        ("a" + "\u0301" * 5000, 20, "…"),
    ],
)
def test_cuts_between_visible_characters(text: str, most: int, shown: str) -> None:
    assert quoted(text, most) == shown
    assert units(quoted(text, most)) <= most


@given(st.text(max_size=600), st.integers(1, 300))
def test_never_longer_than_allowed(text: str, most: int) -> None:
    shown = quoted(text, most)
    assert units(shown) <= most
    assert "\n" not in shown


@given(st.text())
def test_keeps_a_text_that_fits(text: str) -> None:
    assert cut(text, units(text)) == text


wild = st.text(st.sampled_from("a*_\\@<😀👨\u200d🏽\u0301\u202e \nשx"), min_size=1, max_size=600)


@given(
    title=wild,
    owner=wild,
    values=st.lists(wild, max_size=30),
    ids=st.lists(st.integers(1, 2**63 - 1), max_size=30),
    type_=st.sampled_from(EventType),
    source=st.none() | st.builds(Source, name=st.just("Shopify"), title=wild | st.just("")),
)
def test_discord_takes_whatever_people_type(
    title: str,
    owner: str,
    values: list[str],
    ids: list[int],
    type_: EventType,
    source: Source | None,
) -> None:
    event = event_of(
        type_,
        title=title,
        old_status="active",
        new_status="failed",
        blockers=ids,
        dependency=2**63 - 1,
        dependencies=ids,
        changes={
            "title": {"from": title, "to": owner},
            "dependencies": {"from": ids, "to": []},
            **{f"field_{n}": {"from": v, "to": v} for n, v in enumerate(values)},
        },
        cause={"order_id": 2**63 - 1, "status": "cancelled"},
    )
    related = Related("Dependencies", ids, dict.fromkeys(ids, title))
    embed = embed_of(event, subject(owner=f"x{owner}", related=related, source=source))
    assert errors_in(embed) == {}
    assert embed_size(embed) <= EMBED_TOTAL


def test_the_longest_possible_embed_fits_into_one_message() -> None:
    longest = "w" * 20_000
    changes = {name: {"from": longest, "to": longest} for name in ("title", "currency")}
    total = {"total_price": "9" * 400, "currency": longest}
    event = event_of(EventType.UPDATED, title=longest, changes=changes, **total)
    related = Related("Dependencies", range(2**62, 2**62 + 999), {2**62: longest})
    embed = embed_of(event, subject(owner=longest, related=related))
    assert errors_in(embed) == {}
    assert embed["description"].split("\n")[0] == f"**{'w' * 299}…**"
