"""Count the statements that go to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import Client


@contextmanager
def statements_of() -> Iterator[list[str]]:
    """Collect the statements that Django sends within the block, savepoints included."""
    sent: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


def statements_of_post(path: str, token: str, body: bytes) -> int:
    """Count the statements of one POST in this process, without SQLite's BEGIN."""
    client = Client(SERVER_NAME="localhost", HTTP_AUTHORIZATION=f"Bearer {token}")
    with statements_of() as sent:
        response = client.post(path, body, content_type="application/json")
    if response.status_code != 201:
        msg = f"POST {path}: {response.status_code} {response.content[:500]!r}"
        raise RuntimeError(msg)
    return sum(sql != "BEGIN IMMEDIATE" for sql in sent)
