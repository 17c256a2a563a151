"""Answer a repeated request with its first answer, which may have any form."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone

from accounts.errors import IdempotencyKeyReused
from accounts.models import IdempotencyRecord, User
from orderchainer.core.errors import Invalid

# How long we remember a key. A client that repeats a request does so within minutes.
KEY_LIFETIME = timedelta(hours=24)
MAX_KEY_LENGTH = 255


@dataclass(frozen=True)
class KeptAnswer:
    """An answer that is kept under a key: any value that JSON can hold."""

    value: Any
    replayed: bool = False


def fingerprint_of(asked: object) -> str:
    """Return what tells one request from another: the SHA-256 of its JSON, in hexadecimal.

    `asked` is the request as parsed, so spaces and the order of keys make no difference.
    """
    canonical = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
    return sha256(canonical).hexdigest()


def answer_once(*, user: User, key: str, fingerprint: str, work: Callable[[], Any]) -> KeptAnswer:
    """Do `work` and keep what it returns under the user's `key`, or return what was kept there.

    We insert the record before the work and in the same transaction. Of two concurrent requests,
    the second waits for the first (on PostgreSQL at the unique key, on SQLite at the start of the
    transaction) and then replays. When `work` raises, its record is rolled back and the key is
    free.

    Raises `IdempotencyKeyReused` if the key has answered another request, `Invalid` for a key that
    is empty or too long, and whatever `work` raises.
    """
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise Invalid({"Idempotency-Key": [f"Must have 1 to {MAX_KEY_LENGTH} characters."]})
    with transaction.atomic():
        record, is_new = IdempotencyRecord.objects.select_for_update(no_key=True).get_or_create(
            user=user, key=key, defaults={"fingerprint": fingerprint}
        )
        if not is_new and record.created_at > timezone.now() - KEY_LIFETIME:
            if record.fingerprint != fingerprint:
                raise IdempotencyKeyReused
            return KeptAnswer(orjson.loads(record.answer), replayed=True)
        value = work()
        record.fingerprint = fingerprint
        record.answer = orjson.dumps(value).decode()
        record.created_at = timezone.now()
        record.save()
    return KeptAnswer(value)


def was_answered(*, user: User, key: str) -> bool:
    """Tell whether a request of the user with this key has been answered."""
    since = timezone.now() - KEY_LIFETIME
    return IdempotencyRecord.objects.filter(user=user, key=key, created_at__gt=since).exists()
