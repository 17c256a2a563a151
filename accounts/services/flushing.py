"""Delete what has expired."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.models import (
    Activity,
    ApiToken,
    EmailCode,
    IdempotencyRecord,
    Invitation,
    OutgoingEmail,
    Session,
)
from accounts.services.idempotency import KEY_LIFETIME

# Each batch has its own transaction, so that sign-ins do not wait for a year of leftovers.
BATCH = 1000

# Expired rows stay visible for a while, for people who wonder what became of them.
EMAILS_KEPT = timedelta(days=7)
INVITATIONS_KEPT = timedelta(days=30)
API_TOKENS_KEPT = timedelta(days=90)


def flush_expired(*, batch: int = BATCH) -> dict[str, int]:
    """Delete what is no longer usable; return how many rows of each kind were deleted.

    Tokens and codes are deleted once they expire. A session is kept for one more lifetime of a
    refresh token, so that staff can see in the back office when somebody was signed in. The
    activity log reaches back `ACTIVITY_RETENTION_DAYS`.
    """
    moment = timezone.now()
    old_email = moment - EMAILS_KEPT
    old_api_token = moment - API_TOKENS_KEPT
    _flush_admin_sessions()
    return {
        # This deletes their blacklist rows, too.
        "tokens": _flush(OutstandingToken.objects.filter(expires_at__lt=moment), batch),
        # By expiry only, because that has an index. A session that was ended early expires, too.
        "sessions": _flush(
            Session.objects.filter(expires_at__lt=moment - api_settings.REFRESH_TOKEN_LIFETIME),
            batch,
        ),
        "idempotency_records": _flush(
            IdempotencyRecord.objects.filter(created_at__lt=moment - KEY_LIFETIME),
            batch,
        ),
        "email_codes": _flush(EmailCode.objects.filter(link_expires_at__lt=moment), batch),
        "emails": _flush(
            # Includes those that were never sent: they have expired.
            OutgoingEmail.objects.filter(
                Q(finished_at__lt=old_email) | Q(expires_at__lt=old_email),
                created_at__lt=old_email,  # adds no condition, but lets the query use the index
            ),
            batch,
        ),
        # Again by expiry only: accepted and revoked invitations expire, too.
        "invitations": _flush(
            Invitation.objects.filter(expires_at__lt=moment - INVITATIONS_KEPT), batch
        ),
        # There are never so many that this daily query would need an index.
        "api_tokens": _flush(
            ApiToken.objects.filter(
                Q(expires_at__lt=old_api_token) | Q(revoked_at__lt=old_api_token)
            ),
            batch,
        ),
        "activity": _flush(
            Activity.objects.filter(
                created_at__lt=moment - timedelta(days=settings.ACTIVITY_RETENTION_DAYS)
            ),
            batch,
        ),
    }


def _flush(rows: QuerySet[Any], batch: int) -> int:
    count = 0
    while keys := list(rows.values_list("pk", flat=True)[:batch]):
        rows.filter(pk__in=keys).delete()
        count += len(keys)
    return count


def _flush_admin_sessions() -> None:
    """Let Django delete expired cookies of the back office from its session store."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
