"""`kill -9` a worker while it talks to the mail server. Processes, server and HTTP are real."""

import os
import re
import shutil
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from accounts.tests.smtp import MailServer, mail_server
from orderchainer.testing.processes import (
    SHORT_LEASE,
    Installation,
    RedisServer,
    embedded,
    migrated_postgresql,
    production,
    redis_server,
    wait_until,
)

pytestmark = pytest.mark.processes

ADDRESS = "ada@example.com"
# Enough for the lease of the dead worker, the sweep after it, and the start of the next worker.
SETTLING_SECONDS = 40.0


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server that survives our crashes."""
    with mail_server() as running:
        yield running


def variables_for(server: MailServer) -> dict[str, str]:
    """Return the environment of an installation that sends through `server`."""
    return {
        "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
        "EMAIL_TIMEOUT": "60",
        **SHORT_LEASE,
    }


def text_of(message: EmailMessage) -> str:
    """Return the plain text of an e-mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def check_that_the_email_survives(
    installation: Installation, server: MailServer, dying: str
) -> None:
    """Kill the worker between claiming and sending. The e-mail arrives once; its link works."""
    server.talking.clear()
    registered = requests.post(
        f"{installation.url}/api/auth/register",
        json={"email": ADDRESS, "password": "correct horse"},
        timeout=30,
    )
    assert registered.status_code == 201
    wait_until(
        lambda: server.callers == 1,
        within_seconds=20,
        what="a worker talks to the mail server",
    )
    installation.kill(dying)
    server.talking.set()
    assert installation.rows("SELECT state, attempts FROM accounts_outgoingemail") == [
        ("pending", 1)
    ]
    assert not server.taken

    installation.start(dying)

    wait_until(lambda: server.taken, within_seconds=SETTLING_SECONDS, what="the e-mail is sent")
    wait_until(
        lambda: (
            installation.rows("SELECT state, attempts FROM accounts_outgoingemail") == [("sent", 2)]
        ),
        within_seconds=5,
        what="the e-mail is noted as sent",
    )
    [message] = server.taken
    link = re.search(r"/confirm-email/[0-9a-f-]{36}", text_of(message))
    assert link is not None
    # Do not follow the redirect: that page needs static files, which are not collected here.
    confirmed = requests.post(f"{installation.url}{link[0]}", allow_redirects=False, timeout=30)
    assert confirmed.headers["Location"] == "/confirm-email/done", confirmed.text


def test_an_email_survives_the_embedded_mode(tmp_path: Path, server: MailServer) -> None:
    with embedded(tmp_path, **variables_for(server)) as installation:
        installation.start("serve")
        installation.wait_until_it_listens("serve")

        check_that_the_email_survives(installation, server, "serve")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis for this test only."""
    with redis_server(tmp_path) as running:
        yield running


@pytest.mark.services
@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="needs DATABASE_URL to name a PostgreSQL",
)
@pytest.mark.skipif(
    shutil.which("redis-server") is None,
    reason="needs redis-server, to start a separate one",
)
def test_an_email_survives_its_worker(
    tmp_path: Path, server: MailServer, redis: RedisServer
) -> None:
    with (
        migrated_postgresql() as database_url,
        production(
            tmp_path,
            database_url=database_url,
            redis_url=redis.url,
            **variables_for(server),
        ) as installation,
    ):
        installation.start("web", "worker", "emails", "beat")
        installation.wait_until_it_listens("web")

        check_that_the_email_survives(installation, server, "emails")
