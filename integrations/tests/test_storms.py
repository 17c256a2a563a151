"""`kill -9` while customers and members write: no message is lost, doubled or disordered.

Real processes, a real database, and emulators of both providers behind real HTTP. Each crash comes
while a worker is in the middle of something, and leaves it unfinished.
"""

import json
import random
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.telegram.courier import HEADER
from integrations.tests.storms import (
    CLIENTS,
    PATIENCE_SECONDS,
    TIMES,
    Post,
    Providers,
    Reader,
    Somebody,
    Storm,
    Team,
    at_work,
    check_calls,
    check_messages,
    check_stream,
    check_unread,
    from_whatsapp,
    people,
    providers_in,
    told_by_whatsapp,
    wait_until_quiet,
    written_at_telegram,
    written_at_whatsapp,
)
from orderchainer.testing.processes import (
    Installation,
    embedded,
    migrated_postgresql,
    production,
    redis_server,
    wait_until,
)
from orderchainer.testing.servers import needs_services

pytestmark = pytest.mark.processes

SEED = 11
# Together 250: each person writes so often, and WhatsApp tells the rest.
WRITES = 13
REPLIES = 6
# How far messages of ours get: what WhatsApp tells, and the status that follows from it.
FATES = (
    (("sent", "delivered", "read"), "read"),
    (("sent", "delivered"), "delivered"),
    (("sent", "failed"), "failed"),
    # Whatever else is told: it has arrived.
    (("sent", "delivered", "failed"), "delivered"),
)
# What the service may show of a message that went out, and of one that did not.
ARRIVED = {"sent", "delivered", "uncertain"}
LOST = {"failed", "uncertain"}


@pytest.fixture
def providers(tmp_path: Path) -> Iterator[Providers]:
    """Both providers, which our crashes leave alone."""
    with providers_in(tmp_path / "sandbox") as started:
        yield started


@pytest.fixture
def small(tmp_path: Path, providers: Providers) -> Iterator[Installation]:
    """The embedded mode."""
    with embedded(tmp_path, **TIMES, **providers.variables) as started:
        started.start("serve")
        started.wait_until_it_listens("serve")
        yield started


@pytest.fixture
def large(tmp_path: Path, providers: Providers) -> Iterator[Installation]:
    """The processes of production that messages need, on a PostgreSQL and a Redis of their own."""
    with (
        migrated_postgresql() as database_url,
        redis_server(tmp_path) as redis,
        production(
            tmp_path,
            database_url=database_url,
            redis_url=redis.url,
            **TIMES,
            **providers.variables,
        ) as started,
    ):
        started.start("web", "worker", "providers", "messages", "beat")
        started.wait_until_it_listens("web")
        yield started


# --- What customers write ---------------------------------------------------------------------


def send_templates(installation: Installation, team: Team, everyone: list[Somebody]) -> list[str]:
    """Send twelve messages to each of four people; return WhatsApp's ids for them."""
    for person in everyone[:4]:
        for number in range(12):
            team.send(
                person,
                f"{person.id} {number}",
                content_type="template",
                template={"name": "hello_world", "language": "en_US"},
            )
    sent = "SELECT provider_id FROM notifications_message WHERE status = 'sent' ORDER BY id"
    wait_until(
        lambda: len(installation.rows(sent)) == 48,
        within_seconds=PATIENCE_SECONDS,
        what="all templates are sent",
    )
    return [provider_id for (provider_id,) in installation.rows(sent)]


def posts_of(
    everyone: list[Somebody],
    texts: Mapping[Somebody, list[str]],
    statuses: Mapping[str, tuple[str, ...]],
    providers: Providers,
) -> list[Post]:
    """Return three calls for each message and status, shuffled.

    Two are the same. The third one of WhatsApp brings several items at once, so that its bytes are
    new and only the items themselves show that they are known.
    """
    chance = random.Random(SEED)
    began_at = int(time.time()) - 10_000
    values: list[Any] = []
    posts: list[Post] = []
    path, headers = providers.bot_path, {HEADER: providers.bot_secret}
    for person in everyone:
        for number, text in enumerate(texts[person]):
            at = began_at + number
            if person.provider == "telegram":
                update = written_at_telegram(person, text, at, int(person.id) * 1000 + number)
                posts += [Post(path, json.dumps(update).encode(), headers)] * 3
            else:
                # People whom we wrote to show their number, others only sometimes.
                hides_number = person not in everyone[:4] and number % 2 == 0
                values.append(written_at_whatsapp(person, text, at, hides_number=hides_number))
    values += [
        told_by_whatsapp(message_id, status, began_at)
        for message_id, told in statuses.items()
        for status in told
    ]
    chance.shuffle(values)
    posts += [from_whatsapp(value) for value in values] * 2
    posts += [from_whatsapp(*values[at : at + 3]) for at in range(0, len(values), 3)]
    chance.shuffle(posts)
    return posts


def check_that_a_storm_arrives_once(
    installation: Installation, providers: Providers, *workers: str
) -> None:
    """Post all calls, kill the workers twice meanwhile, and check what could break."""
    providers.ask("PATCH", "/whatsapp/switches", {"statuses": []})
    team = Team(installation, providers)
    everyone = people(at_whatsapp=7, at_telegram=3)
    for person in everyone:
        providers.meet(person)
    texts = {person: [person.text(number) for number in range(WRITES)] for person in everyone}
    ours = send_templates(installation, team, everyone)
    fates = {message_id: FATES[number % 4] for number, message_id in enumerate(ours)}
    statuses = {message_id: told for message_id, (told, _) in fates.items()}
    posts = posts_of(everyone, texts, statuses, providers)

    assert sum(map(len, texts.values())) + sum(map(len, statuses.values())) == 250
    with Reader(team, SEED):
        storm = Storm(installation, posts)
        for share in (0.2, 0.6):
            storm.wait_for(share)
            installation.kill_while(
                *workers,
                find=at_work(installation, "integrations_inbounddelivery"),
                within_seconds=PATIENCE_SECONDS,
                what="a worker is working on a call",
            )
            installation.start(*workers)
        storm.wait_for_the_end()
        wait_until_quiet(installation)

    check_calls(installation, posts)
    check_messages(installation, texts)
    check_unread(installation, team)
    check_stream(installation)
    found = installation.rows(
        "SELECT provider_id, status FROM notifications_message WHERE direction = 'outbound'"
    )
    assert dict(found) == {message_id: status for message_id, (_, status) in fates.items()}


@pytest.mark.services
@needs_services
def test_what_customers_write_arrives_once_while_workers_die(
    large: Installation, providers: Providers
) -> None:
    check_that_a_storm_arrives_once(large, providers, "providers", "worker")


def test_what_customers_write_arrives_once_while_the_embedded_mode_dies(
    small: Installation, providers: Providers
) -> None:
    check_that_a_storm_arrives_once(small, providers, "serve")


# --- What members write -----------------------------------------------------------------------


def check_that_replies_go_out_once(
    installation: Installation, providers: Providers, worker: str
) -> None:
    """Send replies, kill the worker twice while a call is under way, and check what went out."""
    team = Team(installation, providers)
    everyone = people(at_whatsapp=6, at_telegram=4)
    for person in everyone:
        providers.meet(person)
        providers.write(person, "Where is my order?")
    wait_until(
        lambda: len(team.conversations()) == len(everyone),
        within_seconds=PATIENCE_SECONDS,
        what="everybody has written",
    )
    providers.be_slow(0.1)

    def reply(person: Somebody) -> None:
        for number in range(REPLIES):
            for _ in "once", "again":
                # A click too many.
                team.send(person, person.text(number), content=person.text(number))

    count = "SELECT id FROM notifications_messagesend WHERE state = 'sent'"
    interrupted: list[int] = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(reply, person) for person in everyone]
        for _ in range(2):
            had = len(installation.rows(count))
            wait_until(
                lambda had=had: len(installation.rows(count)) >= had + 10,  # type: ignore[misc]
                within_seconds=PATIENCE_SECONDS,
                what="ten more messages are sent",
            )
            interrupted += installation.kill_while(
                worker,
                find=at_work(installation, "notifications_messagesend"),
                within_seconds=PATIENCE_SECONDS,
                what="a worker is sending",
            )
            installation.start(worker)
        for each in running:
            each.result(timeout=PATIENCE_SECONDS)
    wait_until_quiet(installation)

    check_replies(installation, providers, everyone)
    # Nobody knows what became of the calls that were under way, unless WhatsApp reports it.
    ids = ", ".join(map(str, interrupted))
    shown = installation.rows(
        "SELECT message.channel, message.status FROM notifications_message AS message"
        " JOIN notifications_messagesend AS part ON part.message_id = message.id"
        f" WHERE part.id IN ({ids})"
    )
    assert set(shown) <= {
        ("telegram", "uncertain"),
        *(("whatsapp", status) for status in ARRIVED),
    }
    check_stream(installation)
    check_unread(installation, team)


def check_replies(
    installation: Installation, providers: Providers, everyone: list[Somebody]
) -> None:
    """Check what each person got: nothing twice, all in order, and all else is shown as lost."""
    statuses = installation.rows(
        "SELECT content, status FROM notifications_message WHERE direction = 'outbound'"
    )
    wanted = [person.text(number) for person in everyone for number in range(REPLIES)]
    assert sorted(content for content, _ in statuses) == sorted(wanted)
    arrived: list[str] = []
    for person in everyone:
        got = providers.got(person)
        assert got == sorted(set(got)), person
        arrived += got
    assert set(arrived) <= set(wanted)
    for content, status in statuses:
        known = (
            {"sent", "delivered", "uncertain"} if content in arrived else {"failed", "uncertain"}
        )
        assert status in known, (content, status)


@pytest.mark.services
@needs_services
def test_no_reply_goes_out_twice_while_workers_die(
    large: Installation, providers: Providers
) -> None:
    check_that_replies_go_out_once(large, providers, "messages")


def test_no_reply_goes_out_twice_while_the_embedded_mode_dies(
    small: Installation, providers: Providers
) -> None:
    check_that_replies_go_out_once(small, providers, "serve")
