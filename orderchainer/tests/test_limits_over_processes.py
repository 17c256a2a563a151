"""Limits over several processes: Redis counts for all; while it is down, each counts alone."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from zlib import crc32

import pytest
import requests
from cryptography.fernet import Fernet
from django.conf import settings

from accounts.limits import account_subject
from orderchainer.testing.processes import RedisServer, redis_server
from orderchainer.testing.servers import Service, environment_in, free_port, running

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not RedisServer.is_installed(), reason="needs the program redis-server"),
]

PASSWORD = "correct horse"
GUNICORN = ("-m", "gunicorn", "orderchainer.wsgi", "--no-control-socket")


def email_apart() -> str:
    """Return an e-mail whose minute of counting ends far from that of this machine's address.

    So at most one of the two minutes ends during a test, and the other count stays.
    """
    address = crc32(b"address:127.0.0.1")
    return next(
        email
        for number in count()
        if 20
        <= (crc32(account_subject(email := f"ada{number}@example.com").encode()) - address) % 60
        <= 40
    )


EMAIL = email_apart()


@dataclass(frozen=True)
class Web:
    """Two web processes that share a Redis."""

    redis: RedisServer
    services: list[Service]

    def sign_in(self, service: Service, password: str = "wrong") -> requests.Response:
        """Try to sign in at one of them."""
        return requests.post(
            f"http://127.0.0.1:{service.port}/api/auth/token",
            json={"username": EMAIL, "password": password},
            timeout=10,
        )

    def get_orders(self, service: Service, token: str) -> requests.Response:
        """List orders, which is counted, too."""
        return requests.get(
            f"http://127.0.0.1:{service.port}/api/orders/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """Start both with the default limits, on one database, and register a user."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(tmp_path))
        environment = {
            "DEBUG": "off",
            "SECRET_KEY": "k" * 50,
            "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'shared.db'}",
            "REDIS_URL": redis.url,
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=settings.BASE_DIR,
            env=environment_in(tmp_path, **environment),
            check=True,
            timeout=120,
        )
        services = []
        for name in ("one", "two"):
            port = str(free_port())
            services.append(
                stack.enter_context(
                    running(
                        *(*GUNICORN, "--bind", f"127.0.0.1:{port}", "--threads", "4"),
                        directory=tmp_path / name,
                        **environment,
                        PORT=port,
                    )
                )
            )
        for service in services:
            service.wait_for("/healthz")
        requests.post(
            f"http://127.0.0.1:{services[0].port}/api/auth/register",
            json={"email": EMAIL, "password": PASSWORD},
            timeout=10,
        ).raise_for_status()
        yield Web(redis, services)


def test_the_sixth_sign_in_over_both_processes_is_refused(web: Web) -> None:
    turns = cycle(web.services)

    answers = [web.sign_in(next(turns)) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    # The other process refuses in the same way.
    assert web.sign_in(next(turns), PASSWORD).status_code == 429
    seconds = int(answers[5].headers["Retry-After"])
    assert answers[5].headers["X-RateLimit-Remaining"] == "0"
    assert answers[5].json() == {
        "detail": f"Too many requests. Try again in {seconds} second{'s' * (seconds > 1)}.",
        "code": "rate_limit_exceeded",
    }


@pytest.mark.parametrize("how", ["kill", "stall"])
def test_without_redis_requests_go_on_and_each_process_counts(web: Web, how: str) -> None:
    one, two = web.services
    token = web.sign_in(one, PASSWORD).json()["access_token"]

    web.redis.kill() if how == "kill" else web.redis.stall()
    seconds, statuses = [], []
    for _ in range(20):
        started = time.monotonic()
        answer = web.get_orders(one, token)
        seconds.append(time.monotonic() - started)
        statuses.append(answer.status_code)

    assert statuses == [200] * 20
    # One of the processes waits for the Redis that hangs, but no longer than the timeout.
    assert max(seconds) < 1.5
    assert sorted(seconds)[-2] < 0.5
    # Now each process has its own limits and keeps them.
    assert [web.sign_in(two).status_code for _ in range(6)] == [401] * 5 + [429]
    told = (one.output + two.output).count("limits_counted_apart")
    assert told == 2
