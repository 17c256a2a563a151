"""The link to the cart at the top of each page of the shop."""

from accounts.models import User
from cart.queries import cart_of


def told_at_the_top(user: User | None) -> tuple[str, int]:
    """Return the words of the link to the cart, and how many things are in it."""
    count = cart_of(user.pk).total_items if user else 0
    if not count:
        return "Cart", 0
    return f"Cart, {count} item{'' if count == 1 else 's'}", count
