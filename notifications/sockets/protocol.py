"""What a socket carries besides events: close codes, the client's messages, our answers."""

from collections.abc import Mapping
from enum import IntEnum
from urllib.parse import parse_qs

import orjson

# A position is a bigint of the database.
MAX_POSITION = 2**63 - 1
MAX_CLIENT_MESSAGE_BYTES = 4096


class CloseCode(IntEnum):
    """Why the server closed a socket.

    Codes from the private range, with HTTP's numbers where HTTP has a matching status. The
    registered 1013 (try again later) would suit `TOO_SLOW`, but the server allows an application
    only 1000 and 3000 to 4999.
    """

    BAD_REQUEST = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404
    # The reader may follow less than before; a new connection shows what is left.
    ACCESS_CHANGED = 4409
    TOO_SLOW = 4408
    TOO_MANY_MESSAGES = 4429
    UNAVAILABLE = 4503


class ClientError(Exception):
    """The client sent a malformed message or position. `code` is stable, for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def answer(self) -> dict[str, object]:
        """The message that tells the client about the error."""
        return {"type": "error", "code": self.code, "message": self.message}


def read_client_message(text: str | None) -> Mapping[str, object]:
    """Read a client's text frame: a JSON object with a string `type`. Raises ClientError."""
    if text is None:
        raise ClientError("not_text", "Send text frames that hold a JSON object.")
    if len(text.encode()) > MAX_CLIENT_MESSAGE_BYTES:
        raise ClientError("too_large", f"A message may have {MAX_CLIENT_MESSAGE_BYTES} bytes.")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise ClientError("not_json", "The message is not valid JSON.") from exc
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ClientError("no_type", 'A message is a JSON object with a "type".')
    return message


def read_position(value: object) -> int:
    """Read the position to resume after. Raises ClientError unless it is a whole number from 0."""
    if type(value) is not int or not 0 <= value <= MAX_POSITION:
        raise ClientError(
            "invalid_position",
            "`after` is a whole number from 0: the last position you have.",
        )
    return value


def position_asked_for(query_string: bytes) -> int | None:
    """Read `after` from a URL's query; None if it is missing. Raises ClientError."""
    values = parse_qs(query_string.decode("latin-1"), keep_blank_values=True).get("after")
    if values is None:
        return None
    digits = values[0]
    whole = len(values) == 1 and digits.isascii() and digits.isdigit() and len(digits) <= 19
    return read_position(int(digits) if whole else None)


def position_ahead(head: int) -> ClientError:
    """Return the error for a position that the stream, now at `head`, has not reached."""
    return ClientError("position_ahead", f"The stream has only reached position {head}.")


def pong(position: int) -> dict[str, object]:
    """Return the answer to a ping.

    Everything in the feed up to `position` has been sent before it.
    """
    return {"type": "pong", "position": position}


def resumed(position: int) -> dict[str, object]:
    """Return the end of a replay.

    Everything in the feed up to `position` has been sent before it.
    """
    return {"type": "resumed", "position": position}
