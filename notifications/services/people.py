"""What becomes of contacts: they change numbers, leave, come by invitation, and are merged."""

from accounts.models import User
from notifications.channels import Line, Person
from notifications.models import Contact
from orders.models import Order


def change_person(*, line: Line, old: Person, new: Person) -> None:
    """Give a person their new number or key. The contact keeps its history."""
    raise NotImplementedError


def set_reachable(*, line: Line, person: Person, is_reachable: bool) -> None:
    """Write that a person has blocked us, or takes messages again."""
    raise NotImplementedError


def invite(*, line: Line, contact: Contact | None = None, order: Order | None = None) -> str:
    """Return the link by which a contact, or the customer of an order, opens the chat.

    It works once and for a short time. Empty if the channel has no such links.
    """
    raise NotImplementedError


def accept_invitation(*, line: Line, token: str, person: Person) -> bool:
    """Tie a person who followed an invitation to the contact that it names.

    False if the token is unknown, too old, or somebody else has used it. The same person again
    is True.
    """
    raise NotImplementedError


def set_blocked(*, contact: Contact, is_blocked: bool, by: User) -> Contact:
    """Block a contact, or end that. Messages of a blocked contact are no news.

    Records `conversation_changed` for its conversations. Raises `RoleNotEnough`.
    """
    raise NotImplementedError


def merge_contacts(*, contact: Contact, other: Contact, by: User) -> Contact:
    """Make one contact of two of the same project; `contact` stays and gets all of `other`.

    Two conversations on one line become one. Records `conversation_changed`. Raises `Invalid`
    and `RoleNotEnough`.
    """
    raise NotImplementedError
