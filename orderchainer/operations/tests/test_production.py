"""The production mode's processes, as docker-compose.yml starts them, on PostgreSQL and Redis."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet

from orderchainer.testing.servers import (
    Service,
    free_port,
    needs_services,
    running,
    services_of_this_test,
)
from orders.stream.models import Event

pytestmark = [
    pytest.mark.processes,
    pytest.mark.services,
    needs_services,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(params=["0", "8"], ids=["no pool", "pool of 8"])
def web(
    request: pytest.FixtureRequest, transactional_db: None, tmp_path: Path
) -> Iterator[Service]:
    """Gunicorn, a prefork worker and beat, with a pool that must not survive the worker's fork."""
    port = free_port()
    environment = {
        **services_of_this_test(),
        "DEBUG": "off",
        "SECRET_KEY": "a-secret-of-this-test-alone-and-no-other",
        "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
        "DATABASE_POOL_SIZE": request.param,
    }
    gunicorn = (
        "-m",
        "gunicorn",
        "orderchainer.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--no-control-socket",
    )
    celery = ("-m", "celery", "--app", "orderchainer")
    with ExitStack() as stack:

        def start(name: str, *command: str, **more: str) -> Service:
            return stack.enter_context(
                running(*command, directory=tmp_path / name, **environment, **more)
            )

        start("worker", *celery, "worker", "--concurrency", "2")
        start("beat", *celery, "beat")
        yield start(
            "web",
            *gunicorn,
            "--worker-class",
            "gthread",
            "--threads",
            "4",
            PORT=str(port),
        )


def test_all_processes_work_together(web: Service) -> None:
    web.wait_for("/readyz")
    base = f"http://127.0.0.1:{web.port}"

    def call(method: str, path: str, token: str = "", **body: Any) -> Any:
        answer = requests.request(
            method,
            base + path,
            json=body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    account = {"email": "ada@example.com", "password": "password123"}
    call("POST", "/api/auth/register", **account)
    token = call("POST", "/api/auth/token", **account)["access_token"]
    first = call("POST", "/api/orders/", token, title="First")["id"]
    second = call(
        "POST",
        "/api/orders/",
        token,
        title="Second",
        dependencies=[first],
        auto_activate=True,
    )["id"]
    call("PUT", f"/api/orders/{first}", token, status="completed")

    assert call("GET", f"/api/orders/{second}", token)["status"] == "active"
    # The worker relays, so every event has its position in the stream.
    deadline = time.monotonic() + 10
    while Event.objects.filter(position=None).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert list(Event.objects.order_by("position").values_list("type", flat=True)) == [
        "order_created",
        "order_created",
        "order_status_changed",
        "order_ready",
        "order_status_changed",
    ]
