"""What each kind of e-mail says: the registry that the apps fill.

An app registers a function that reads an e-mail's row and returns what is `Written`. The text and
the HTML come from `templates/emails/<kind>.txt` and `.html`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from accounts.models import OutgoingEmail
from orderchainer.core.registry import Registry

Context = dict[str, object]


class Unwanted(Exception):
    """This e-mail is no longer needed. The message says why."""


@dataclass(frozen=True)
class Written:
    """The recipient and content of an e-mail.

    To a user we send to the address on the user's row, not to the address that somebody typed in:
    two addresses that the database considers equal may be two mailboxes.
    """

    to: str
    context: Context
    secrets: tuple[str, ...] = ()
    # Instead of the subject of its kind.
    subject: str = ""
    # The name that mail programs show as the sender's, instead of the service's own.
    sender: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LetterKind:
    """A kind of e-mail: its subject, and the function that writes it. That one raises `Unwanted`.

    `is_repeatable` says that another attempt says the same. Then all attempts have one
    `Message-ID`, so that mailboxes drop a repeat. An e-mail with a new code in each attempt must
    not have that.
    """

    subject: str
    write: Callable[[OutgoingEmail], Written]
    is_repeatable: bool = False


KINDS: Registry[str, LetterKind] = Registry("kind of e-mail")
