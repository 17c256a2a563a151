"""Find the integrations whose secrets sign a call.

A stranger must not learn which accounts are connected here. So a call without a valid signature
costs the same whether or not we know its account: secrets that nobody has stand in for the missing
ones.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import cast
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone

from integrations.contracts import Call, Webhook
from integrations.models import Integration
from integrations.models.integrations import MAX_ACCOUNT_LENGTH, IntegrationQuerySet
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.encryption import Secret, Undecryptable

logger = structlog.get_logger(__name__)

# A call of WhatsApp can name several accounts, and a body from a stranger any number.
MAX_ACCOUNTS = 50
# Anybody can connect an account with secrets that are not its own. Connected integrations come
# first, then the oldest, so nobody can crowd out the account's owner.
MAX_INTEGRATIONS = 100
# What it takes to check an integration that has as many earlier secrets as it may have.
MIN_DECRYPTIONS = 2
MIN_VERIFICATIONS = 4

_NOBODY = UUID(int=0)


def integrations_that_sign(provider: str, webhook: Webhook, call: Call) -> list[Integration]:
    """Return the open integrations whose current or still valid old secrets sign the call.

    This takes one query.
    """
    now = timezone.now()
    decryptions = verifications = 0
    signing: list[Integration] = []
    for integration in _named_by(provider, webhook, call):
        try:
            versions = integration.reveal_versions(now)
        except Undecryptable as exc:
            logger.error("integration_unreadable", integration=integration.pk, error=str(exc))
            continue
        decryptions += 1 if integration.old_secrets is None else 2
        verifications += len(versions)
        if any(webhook.verifies(call, version) for version in versions):
            signing.append(integration)
    if not signing:
        _check_decoys(
            webhook, call, MIN_DECRYPTIONS - decryptions, MIN_VERIFICATIONS - verifications
        )
    return signing


def _check_decoys(webhook: Webhook, call: Call, decryptions: int, verifications: int) -> None:
    """Decrypt and compare this often, with secrets that nobody has."""
    decoy = _decoy(settings.CREDENTIALS_KEYS[0])
    for _ in range(decryptions):
        decoy.reveal()
    for _ in range(verifications):
        webhook.verifies(call, _SameForAll(_NOBODYS_SECRET))


def _named_by(provider: str, webhook: Webhook, call: Call) -> Iterator[Integration]:
    """Return the open integrations that the call names, the connected ones first.

    If it cannot name any, return all integrations of the provider, up to `MAX_INTEGRATIONS`.
    """
    if webhook.names_integration and call.integration_id:
        rows = _with_uuid(provider, _uuid_in(call.integration_id))
    elif (accounts := webhook.accounts(call)) is None:
        rows = list(_first(Integration.objects.filter(provider=provider)))
    else:
        keys = list(dict.fromkeys(filter(_is_key, accounts)))[:MAX_ACCOUNTS]
        if len(keys) > 1:
            rows = list(_first(Integration.objects.of_account(provider, keys)))
        else:
            # Make the query even if the call names nothing. Without it, the answer would come
            # sooner and so tell strangers something.
            rows = _of_account(provider, *(keys or [""]), most=MAX_INTEGRATIONS)
    return (Integration(**row) for row in rows)


# Nearly every call runs one of these two queries.
@prepared
def _of_account(provider: str, account: str, *, most: int) -> QuerySet[Integration, Row]:
    return _first(Integration.objects.filter(provider=provider, account=account), most)


@prepared
def _with_uuid(provider: str, uuid: UUID) -> QuerySet[Integration, Row]:
    return _first(Integration.objects.filter(provider=provider, uuid=uuid))


def _first(
    integrations: IntegrationQuerySet, most: int = MAX_INTEGRATIONS
) -> QuerySet[Integration, Row]:
    """Return what a check needs of the open integrations, the connected ones first."""
    connected = When(status=Integration.Status.CONNECTED, then=Value(0))
    rows = (
        integrations.open()
        .order_by(Case(connected, default=Value(1), output_field=IntegerField()), "pk")
        .values("id", "secrets", "old_secrets", "old_secrets_until")[:most]
    )
    return cast("QuerySet[Integration, Row]", rows)


def _is_key(account: object) -> bool:
    """Tell whether a text from a stranger could be the key of an account."""
    if not isinstance(account, str) or len(account) > MAX_ACCOUNT_LENGTH:
        return False
    return account != "" and account.isprintable()


def _uuid_in(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return _NOBODY


class _SameForAll(Mapping[str, str]):
    """A configuration that has the same value under every name."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __getitem__(self, name: str) -> str:
        return self._value

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_NOBODYS_SECRET = secrets.token_urlsafe(32)


@lru_cache(maxsize=1)
def _decoy(_key: str) -> Secret:
    """Return an encrypted configuration. Decrypting takes most of the time of a check."""
    return Secret.of(json.dumps({"secret": _NOBODYS_SECRET}))
