"""Answering a repeated request with its first answer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone

from accounts.errors import IdempotencyKeyReused
from accounts.models import IdempotencyRecord, User
from orderchainer.core.errors import Invalid

# How long a key is remembered. A client that repeats a request does so within minutes.
KEY_LIFETIME = timedelta(hours=24)
MAX_KEY_LENGTH = 255


@dataclass(frozen=True)
class Answer:
    """An answer as it is kept and given again. `body` is what JSON can hold."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


def fingerprint_of(*, method: str, path: str, payload: object) -> str:
    """Return what tells one request from another: SHA-256 of method, path and body, in hexadecimal.

    `payload` is the body as parsed, so that spaces and the order of keys make no difference.
    """
    canonical = orjson.dumps([method, path, payload], option=orjson.OPT_SORT_KEYS)
    return sha256(canonical).hexdigest()


def answer_once(
    *, user: User, key: str, fingerprint: str, work: Callable[[], Answer]
) -> Answer:
    """Do `work` and keep its answer under the user's `key`, or give the kept answer again.

    The record is inserted before the work and in the same transaction. Of two requests at once the
    second waits for the first (on PostgreSQL at the unique key, on SQLite at the start of the
    transaction) and then replays. Work that raises takes its record with it, and the key is free.

    Raises `IdempotencyKeyReused` if the key has answered another request, `Invalid` for a key that
    is empty or too long, and whatever `work` raises.
    """
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise Invalid(
            {"Idempotency-Key": [f"Must have 1 to {MAX_KEY_LENGTH} characters."]}
        )
    with transaction.atomic():
        record, is_new = IdempotencyRecord.objects.select_for_update(
            no_key=True
        ).get_or_create(user=user, key=key, defaults={"fingerprint": fingerprint})
        if not is_new and record.created_at > timezone.now() - KEY_LIFETIME:
            if record.fingerprint != fingerprint:
                raise IdempotencyKeyReused
            body = orjson.loads(record.body)
            return Answer(record.status, body, record.headers, replayed=True)
        answer = work()
        record.fingerprint = fingerprint
        record.status = answer.status
        record.body = orjson.dumps(answer.body).decode()
        record.headers = answer.headers
        record.created_at = timezone.now()
        record.save()
    return replace(answer, replayed=False)
