"""Who may hear of what in a project.

Each app registers the kinds of subjects that its events are about, each with its audience. Nobody
hears of a kind that no app has registered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations

from accounts.access import Operation
from orderchainer.core.registry import Registry
from orders.access import VIEW_ORDERS
from orders.stream.models import ORDER


@dataclass(frozen=True)
class Audience:
    """The people who may hear of something.

    They may do `operation` in the project. An API token must be allowed to read in `area`.
    """

    operation: Operation
    area: str


# The audiences that a user belongs to in a project. They decide what the user hears of.
Audiences = frozenset[Audience]

# By the kind of subject.
AUDIENCES: Registry[str, Audience] = Registry("kind of subject")

OF_ORDERS = AUDIENCES.add(ORDER, Audience(VIEW_ORDERS, "orders"))
# Everybody who follows a project hears of its orders.
ONLY_ORDERS: Audiences = frozenset({OF_ORDERS})


def further_audiences() -> Sequence[Audience]:
    """Return every audience but that of orders."""
    return [each for each in dict.fromkeys(AUDIENCES.values()) if each != OF_ORDERS]


@cache
def kinds_for(audiences: Audiences) -> Sequence[str]:
    """Return the kinds of subjects of which these audiences hear."""
    return [kind for kind, audience in AUDIENCES.items() if audience in audiences]


@cache
def all_that_hear_of(kind: str) -> Sequence[Audiences]:
    """Return the sets of audiences that hear of `kind`, out of all sets that a follower of a
    project can have.
    """
    further = further_audiences()
    added = chain.from_iterable(combinations(further, size) for size in range(len(further) + 1))
    every = [ONLY_ORDERS.union(audiences) for audiences in added]
    return [audiences for audiences in every if AUDIENCES.get(kind) in audiences]
