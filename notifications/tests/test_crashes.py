"""`kill -9` a worker while the provider holds its call. Process, HTTP and database are real."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import Popen
from threading import Event, Thread

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from notifications.channels import Line, Report
from notifications.models import MessageSend
from notifications.models.messages import MessageStatus
from notifications.services import receive_report, retry_message
from notifications.tests.pretend import Pretend
from notifications.tests.test_sending import lose_lease, send
from notifications.work import sending
from orderchainer.testing.processes import wait_until
from orderchainer.testing.servers import environment_in, needs_services, services_of_this_test

pytestmark = [
    pytest.mark.processes,
    pytest.mark.services,
    needs_services,
    pytest.mark.django_db(transaction=True),
]

START_SECONDS = 60.0


@dataclass
class Provider:
    """A server that stores each message, and answers when it may."""

    url: str = ""
    taken: list[str] = field(default_factory=list)
    may_answer: Event = field(default_factory=Event)


@contextmanager
def provider_over_http() -> Iterator[Provider]:
    """Serve on loopback."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            provider.taken.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            name = f"wamid.{len(provider.taken)}".encode()
            provider.may_answer.wait(START_SECONDS)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(name)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}/"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        provider.may_answer.set()
        server.shutdown()
        server.server_close()


@contextmanager
def sender(directory: Path, url: str, part: MessageSend) -> Iterator["Popen[bytes]"]:
    """Run a worker that sends one part."""
    environment = environment_in(
        directory,
        DJANGO_SETTINGS_MODULE="orderchainer.settings",
        SECRET_KEY="k" * 50,
        DATABASE_POOL_SIZE="0",
        **services_of_this_test(),
    )
    process = Popen(
        [sys.executable, "-m", "notifications.tests.sender", url, str(part.pk)],
        cwd=settings.BASE_DIR,
        env=environment,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_worker_sends_nothing_twice(
    tmp_path: Path, agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent, "Your order has been shipped!")
    waiting = send(agent, "Thank you!")
    part, next_part = MessageSend.objects.order_by("pk")
    with provider_over_http() as provider:
        with sender(tmp_path, provider.url, part) as process:
            wait_until(lambda: provider.taken, within_seconds=START_SECONDS, what="a call")
            process.kill()
            process.wait()

        # The lease may still run, so nobody touches it, nor overtakes it.
        assert (sending.settle_lost(), sending.due_parts()) == (0, [])
        lose_lease()
        sending.settle_lost()

        message.refresh_from_db()
        assert (message.status, message.error) == ("uncertain", sending.CUT_OFF)
        assert sending.due_parts() == [next_part.pk]
        provider.may_answer.set()
        with sender(tmp_path, provider.url, part) as process:
            assert process.wait(START_SECONDS) == 0
        assert provider.taken == ["Your order has been shipped!"]

        # The provider's report says that it did arrive, so nobody has to send it again.
        report = Report(
            MessageStatus.DELIVERED, timezone.now(), "wamid.1", message_uuid=message.uuid
        )
        receive_report(line=ours, report=report)
        message.refresh_from_db()
        assert (message.status, message.provider_id) == ("delivered", "wamid.1")
        with sender(tmp_path, provider.url, next_part) as process:
            assert process.wait(START_SECONDS) == 0
        waiting.refresh_from_db()
        assert (waiting.status, waiting.provider_id) == ("sent", "wamid.2")


def test_after_a_crash_a_person_sends_again(
    tmp_path: Path, agent: User, ours: Line, pretend: Pretend
) -> None:
    message = send(agent, "Your order has been shipped!")
    with provider_over_http() as provider:
        with sender(tmp_path, provider.url, MessageSend.objects.get()) as process:
            wait_until(lambda: provider.taken, within_seconds=START_SECONDS, what="a call")
            process.kill()
            process.wait()
        lose_lease()
        sending.settle_lost()
        provider.may_answer.set()

        retry_message(message=message, by=agent)
        again = MessageSend.objects.get(round=2)
        with sender(tmp_path, provider.url, again) as process:
            assert process.wait(START_SECONDS) == 0

        message.refresh_from_db()
        assert (message.status, message.provider_id) == ("sent", "wamid.2")
        assert len(provider.taken) == 2
