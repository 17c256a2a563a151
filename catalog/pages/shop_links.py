"""The links at the top of each page of the shop. Higher apps register theirs here."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User
from orderchainer.core.registry import Registry


@dataclass(frozen=True)
class ShopLink:
    """A link. The one with the lowest `place` comes first.

    `told_to` says what it is called for a customer, and how many things are behind it. None stands
    for a visitor.
    """

    icon: str
    place: int
    told_to: Callable[[User | None], tuple[str, int]]


# By the name of its URL, which has no arguments.
SHOP_LINKS: Registry[str, ShopLink] = Registry("link of the shop")
