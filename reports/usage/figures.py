"""How much the API was used: one definition of each figure.

A call belongs to the day on which it was answered: in the project's time zone if its path is
within a project, else in UTC. Calls that were refused count too, if their caller was known.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import ApiToken, Project, User
from orderchainer.core.days import Period
from reports.models import ApiCalls


@dataclass(frozen=True)
class TokenCalls:
    """The calls with an API token; the token may be revoked."""

    token_id: UUID
    name: str
    user_id: UUID | None
    calls: int


@dataclass(frozen=True)
class UserCalls:
    """The calls of a user, with any credential."""

    user_id: UUID
    name: str
    calls: int


@dataclass
class Calls:
    """The calls of a period. Those of each day, surface and user add up to `total`."""

    by_day: Counter[date] = field(default_factory=Counter)
    by_surface: Counter[str] = field(default_factory=Counter)
    by_user: Sequence[UserCalls] = ()
    # Only calls with API tokens; all others came from sessions.
    by_token: Sequence[TokenCalls] = ()

    @property
    def total(self) -> int:
        """All calls."""
        return self.by_day.total()


def calls_in(project: Project, period: Period) -> Calls:
    """Return the calls of paths within the project, in three statements."""
    return _calls(ApiCalls.objects.filter(project_id=project.pk), period)


def calls_of(user: User, period: Period) -> Calls:
    """Return the calls of a user, in every project and outside of projects, in three statements."""
    return _calls(ApiCalls.objects.filter(user_id=user.pk), period)


def _calls(rows: QuerySet[ApiCalls], period: Period) -> Calls:
    found = Calls()
    users: Counter[int] = Counter()
    tokens: Counter[str] = Counter()
    within = rows.filter(day__range=(period.first, period.last))
    for day, user_id, token, surface, calls in within.values_list(
        "day", "user_id", "token", "surface", "calls"
    ):
        found.by_day[day] += calls
        found.by_surface[surface] += calls
        users[user_id] += calls
        if token:
            tokens[token] += calls
    found.by_user = _named_users(users)
    found.by_token = _named_tokens(tokens)
    return found


def _named_users(calls: Mapping[int, int]) -> Sequence[UserCalls]:
    named = [
        UserCalls(user.uuid, user.name, calls[user.pk])
        for user in User.objects.filter(pk__in=list(calls))
    ]
    return sorted(named, key=lambda each: (-each.calls, str(each.user_id)))


def _named_tokens(calls: Mapping[str, int]) -> Sequence[TokenCalls]:
    rows = ApiToken.objects.filter(pk__in=[UUID(token) for token in calls]).select_related("user")
    known = {row.pk.hex: row for row in rows}
    named = [
        TokenCalls(
            token_id=UUID(token),
            # A token that was deleted with its account has no name any more.
            name=known[token].name if token in known else "",
            user_id=known[token].user.uuid if token in known else None,
            calls=count,
        )
        for token, count in calls.items()
    ]
    return sorted(named, key=lambda each: (-each.calls, str(each.token_id)))
