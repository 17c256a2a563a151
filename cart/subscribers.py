"""What the cart does when an account is deleted."""

from accounts.events import user_deleted
from accounts.models import User
from cart.models import Cart


def connect() -> None:
    """Delete the carts of deleted accounts."""
    user_deleted.connect(forget)


def forget(sender: object, *, user: User, **_: object) -> None:
    """Delete the cart of a user whose account is being deleted."""
    Cart.objects.filter(user=user).delete()
