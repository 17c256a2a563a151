"""Queue e-mails. A worker writes and sends them, see `accounts.mail`."""

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
    kind: str,
    recipient: str,
    data: Mapping[str, str | int] | None = None,
    lifetime: timedelta = A_DAY,
    delay: timedelta = timedelta(0),
) -> OutgoingEmail:
    """Queue an e-mail in the caller's transaction, and wake a worker after the commit.

    With a `delay`, the sweep wakes a worker after that time.

    `kind` is one of `accounts.mail.letters.KINDS`.
    `data` holds ids and plain words for the text, and no secrets. An e-mail that could not be sent
    within `lifetime` is not sent any more.
    """
    now = timezone.now()
    email = OutgoingEmail.objects.create(
        kind=kind,
        recipient=recipient,
        data=dict(data or {}),
        created_at=now,
        next_attempt_at=now + delay,
        expires_at=now + delay + lifetime,
    )
    if not delay:
        nudge_on_commit(send_email, email.pk)
    return email


def queue_code(*, recipient: str, purpose: EmailCode.Purpose) -> OutgoingEmail:
    """Queue a code and a link, if this address has a user who still needs them."""
    return queue_email(
        kind=OutgoingEmail.Kind(purpose.value),
        recipient=recipient,
        # The reader may wonder who asked for it.
        data={"ip_address": current_client().address or ""},
        lifetime=LINK_LIFETIMES[purpose],
    )


@transaction.atomic
def retry_emails(email_ids: Iterable[int]) -> int:
    """Make failed e-mails due again, with all attempts ahead of them; return how many.

    Expired e-mails stay as they are, since they are useless by now. So do those that a worker is
    sending right now.
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
