"""Asking for an e-mail. The worker that `accounts.mail` describes writes and sends it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.mail.proofs import LINK_LIFETIMES
from accounts.mail.tasks import send_email
from accounts.models import EmailCode, OutgoingEmail
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.clients import current_client
from orderchainer.core.outbox import make_due

A_DAY = timedelta(days=1)


@transaction.atomic
def queue_email(
    *,
    kind: OutgoingEmail.Kind,
    recipient: str,
    data: Mapping[str, str | int] | None = None,
    lifetime: timedelta = A_DAY,
) -> OutgoingEmail:
    """Write down that an e-mail is due, in the caller's transaction, and wake a worker after the commit.

    `data` are ids and plain words for the text, nothing secret. What could not be sent within `lifetime`
    is not sent any more.
    """
    now = timezone.now()
    email = OutgoingEmail.objects.create(
        kind=kind,
        recipient=recipient,
        data=dict(data or {}),
        created_at=now,
        next_attempt_at=now,
        expires_at=now + lifetime,
    )
    nudge_on_commit(send_email, email.pk)
    return email


def queue_code(*, recipient: str, purpose: EmailCode.Purpose) -> OutgoingEmail:
    """Write down that a code and a link are due, if somebody has this address and they still need them."""
    return queue_email(
        kind=OutgoingEmail.Kind(purpose.value),
        recipient=recipient,
        # Whoever reads it may wonder who asked.
        data={"ip_address": current_client().address or ""},
        lifetime=LINK_LIFETIMES[purpose],
    )


@transaction.atomic
def retry_emails(email_ids: Iterable[int]) -> int:
    """Make e-mails that failed due again, at once and with all attempts ahead; return how many.

    An e-mail that has expired stays as it is, since nobody waits for it any more. So does one that a
    worker is sending right now.
    """
    ids = make_due(
        OutgoingEmail.objects.filter(
            pk__in=list(email_ids),
            expires_at__gt=timezone.now(),
            state__in=[OutgoingEmail.State.FAILED, OutgoingEmail.State.PENDING],
        )
    )
    for email_id in ids:
        nudge_on_commit(send_email, email_id)
    return len(ids)
