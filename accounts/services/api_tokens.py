"""API tokens: created and shown once, used until they expire or are revoked."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import Error, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.activity import record_activity, record_each
from accounts.errors import ApiTokenNotFound, TooManyApiTokens
from accounts.events import ActivityType, announce_ended_credentials
from accounts.locks import lock_caller
from accounts.models import ApiToken, User
from accounts.scopes import all_scopes
from accounts.services.reach import require_reach
from accounts.tokens import new_api_token
from orderchainer.core.errors import Invalid

logger = structlog.get_logger(__name__)

MAX_NAME_LENGTH = 100
# Valid tokens of one user at a time.
MAX_API_TOKENS = 100
# Tokens that should last longer have no expiry at all.
MAX_LIFETIME = timedelta(days=3653)
# How exact `last_used_at` is. A busy token costs one write in this time.
USE_PRECISION = timedelta(minutes=1)


@transaction.atomic
def create_api_token(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Create a token that acts for `user` within `scopes`; return it and its text.

    The text is not stored.

    Raises `Invalid` (under `name`, `scopes`, `expires_at`), `TooManyApiTokens`, and `TokenRefused`
    if `user` may no longer sign in or has another password by now.
    """
    name = name.strip()
    if errors := _problems(name, scopes, expires_at):
        raise Invalid(errors)
    # Without the lock, two tokens created at once would not count each other, and a user who is
    # being deactivated could be left with a valid token.
    lock_caller(user)
    if ApiToken.objects.in_force().filter(user=user).count() >= MAX_API_TOKENS:
        raise TooManyApiTokens(MAX_API_TOKENS)
    new = new_api_token()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=new.prefix,
        digest=new.digest,
        scopes=[scope for scope in all_scopes() if scope in scopes],
        expires_at=expires_at,
    )
    record_activity(
        ActivityType.API_TOKEN_CREATED,
        user=user,
        token_id=str(token.pk),
        scopes=token.scopes,
    )
    return token, new.text


def _problems(
    name: str, scopes: Collection[str], expires_at: datetime | None
) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        errors["name"] = [f"Must have 1 to {MAX_NAME_LENGTH} characters."]
    if not scopes or not set(scopes) <= set(all_scopes()):
        errors["scopes"] = [f"Must be one or more of {', '.join(all_scopes())}."]
    if expires_at is not None:
        moment = timezone.now()
        if expires_at <= moment:
            errors["expires_at"] = ["Must be in the future."]
        elif expires_at > moment + MAX_LIFETIME:
            errors["expires_at"] = [
                "Must be within ten years. Leave it out for a token that does not expire."
            ]
    return errors


@transaction.atomic
def revoke_api_token(*, user: User, token_id: UUID, by: User | None = None) -> None:
    """Revoke one token of `user`. Announces `credentials_ended`.

    Raises `ApiTokenNotFound` if the token belongs to another user or is already revoked, and what
    `require_reach` raises.
    """
    require_reach(user, by=by)
    if not _revoke(user, [token_id], by):
        raise ApiTokenNotFound


@transaction.atomic
def revoke_api_tokens(*, user: User, by: User | None = None) -> int:
    """Revoke all tokens of `user`; return how many were valid. Announces `credentials_ended`.

    Raises what `require_reach` raises.
    """
    require_reach(user, by=by)
    in_force = (
        ApiToken.objects.in_force().select_for_update(no_key=True).filter(user=user).order_by("pk")
    )
    token_ids = list(in_force.values_list("pk", flat=True))
    _revoke(user, token_ids, by)
    return len(token_ids)


def _revoke(user: User, token_ids: Sequence[UUID], by: User | None) -> int:
    """Revoke tokens of `user`, and announce it after the commit."""
    count = ApiToken.objects.filter(pk__in=token_ids, user=user, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    if count:
        record_each(
            ActivityType.API_TOKEN_REVOKED,
            [{"token_id": str(token_id)} for token_id in token_ids],
            user=user,
            by=by,
        )
        announce_ended_credentials(user_id=user.pk, credential_ids=token_ids)
    return count


def note_use(token: ApiToken) -> None:
    """Store when `token` was used, as exactly as `USE_PRECISION`.

    Usually this needs no statement, otherwise one UPDATE whose condition lets only one of many
    concurrent requests write. If the database accepts no write at the moment, the request goes on
    anyway.
    """
    moment = timezone.now()
    due = moment - USE_PRECISION
    if token.last_used_at is not None and token.last_used_at > due:
        return
    try:
        ApiToken.objects.filter(
            Q(last_used_at=None) | Q(last_used_at__lte=due), pk=token.pk
        ).update(last_used_at=moment)
    except Error:
        logger.warning("api_token_use_not_noted", token_id=str(token.pk), exc_info=True)
