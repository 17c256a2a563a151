"""What the emulated Telegram keeps: bots, the people who write to them, and what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DEFAULT_UPDATES = frozenset({"message", "edited_message", "callback_query", "my_chat_member"})


class Refused(Exception):
    """The API's answer to a call that it refuses."""

    def __init__(self, code: int, words: str, **parameters: object) -> None:
        super().__init__(words)
        self.code = code
        self.parameters = parameters


@dataclass
class Update:
    """Something that happened, on its way to a bot's webhook."""

    id: int
    kind: str
    content: Mapping[str, Any]
    chat_id: int
    made_at: float
    attempts: int = 0
    next_at: float = 0
    # What came back, one entry for each attempt; None if nothing did.
    answers: list[int | None] = field(default_factory=list)
    is_over: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """The update as it is posted."""
        return {"update_id": self.id, self.kind: dict(self.content)}


@dataclass
class Bot:
    """A bot, and where its updates go."""

    token: str
    username: str
    name: str
    url: str = ""
    secret_token: str = ""
    allowed_updates: frozenset[str] = DEFAULT_UPDATES
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""
    updates: list[Update] = field(default_factory=list)

    @property
    def id(self) -> int:
        """The bot's id, which its token begins with."""
        return int(self.token.partition(":")[0])

    @property
    def told(self) -> dict[str, Any]:
        """The bot as the API describes it."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.name,
            "username": self.username,
            "can_join_groups": False,
        }


@dataclass
class User:
    """A person. The id of the chat with a bot is the person's."""

    id: int
    first_name: str
    username: str = ""
    language_code: str = "en"
    # The bots to which the person has written, and those that the person has blocked.
    started: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    is_deactivated: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """The person as updates describe them."""
        parts = {
            "id": self.id,
            "is_bot": False,
            "first_name": self.first_name,
            "username": self.username,
            "language_code": self.language_code,
        }
        return {name: value for name, value in parts.items() if value != ""}

    @property
    def chat(self) -> dict[str, Any]:
        """The chat with the person."""
        parts = {
            "id": self.id,
            "type": "private",
            "first_name": self.first_name,
            "username": self.username,
        }
        return {name: value for name, value in parts.items() if value != ""}


@dataclass
class Sent:
    """A message in a chat: of a bot, or of the person if `is_inbound`."""

    id: int
    bot_id: int
    chat_id: int
    at: float
    # What people see.
    text: str = ""
    # The fields besides the text: a photo, a location …
    content: Mapping[str, Any] = field(default_factory=dict)
    entities: Sequence[Mapping[str, Any]] = ()
    reply_markup: Mapping[str, Any] | None = None
    reply_to: int | None = None
    is_inbound: bool = False
    edited_at: float | None = None

    @property
    def kind(self) -> str:
        """What it is, if it is no text."""
        return next(iter(self.content), "")
