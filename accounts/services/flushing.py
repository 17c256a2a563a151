"""Deleting what has had its time."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import IdempotencyRecord, Session
from accounts.services.idempotency import KEY_LIFETIME

# Each batch is a transaction of its own: sign-ins do not wait for a year of leftovers.
BATCH = 1000


def flush_expired(*, batch: int = BATCH) -> dict[str, int]:
    """Delete expired tokens, sessions and idempotency records; return how many rows of each went.

    A token is forgotten once it has expired by itself. A session is kept for one more lifetime of a
    refresh token, for whoever looks in the admin when somebody was signed in.
    """
    moment = timezone.now()
    return {
        # Their blacklist rows go with them.
        "tokens": _flush(OutstandingToken.objects.filter(expires_at__lt=moment), batch),
        # By expiry alone, for which there is an index: a session that was ended early expires, too.
        "sessions": _flush(
            Session.objects.filter(
                expires_at__lt=moment - api_settings.REFRESH_TOKEN_LIFETIME
            ),
            batch,
        ),
        "idempotency_records": _flush(
            IdempotencyRecord.objects.filter(created_at__lt=moment - KEY_LIFETIME),
            batch,
        ),
    }


def _flush(rows: QuerySet[Any], batch: int) -> int:
    count = 0
    while keys := list(rows.values_list("pk", flat=True)[:batch]):
        rows.filter(pk__in=keys).delete()
        count += len(keys)
    return count
