"""What we ask Telegram's Bot API over HTTP, and what its answers mean. No database.

A call that fails raises a `Failed` of `integrations.failures`; where Telegram says no, it is the
`Refused` below.

The bot's token is part of the address, and libraries put addresses into their exceptions. So these
exceptions have no cause and no context.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import requests
from django.conf import settings

from integrations import failures
from integrations.failures import Failed, NoAnswer, failure_of
from integrations.transport import CallFailed, call, parts_of

USER_AGENT_VERSION = "1.0"
TELEGRAM = "https://api.telegram.org"
MAX_ANSWER_BYTES = 1024 * 1024
MAX_SAID_LENGTH = 200

# The path goes into an address with the token, so it must not change where the address leads.
_FILE_PATH = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)*", re.ASCII)


# --- Outcomes ---------------------------------------------------------------------------------


class Refused(failures.Refused):
    """Telegram answered with an error. The message has its own words."""

    def __init__(
        self,
        words: str,
        *,
        status: int,
        after_seconds: float | None = None,
        moved_to: str = "",
    ) -> None:
        super().__init__(words, status=status, after_seconds=after_seconds)
        # The group has become a supergroup with this id.
        self.moved_to = moved_to

    @property
    def is_broken(self) -> bool:
        """Tell whether Telegram knows no bot with the token."""
        return self.status == 401 or (self.status == 404 and str(self) in {"", "Not Found"})


@dataclass(frozen=True)
class Bot:
    """A bot as Telegram describes it."""

    id: str
    username: str


@dataclass(frozen=True)
class WebhookInfo:
    """Where Telegram sends a bot's updates, and how that goes."""

    url: str
    allowed_updates: frozenset[str]
    pending: int
    last_error: str


@dataclass(frozen=True)
class Upload:
    """A file to send along with a call."""

    field: str
    filename: str
    media_type: str
    content: bytes


# --- Calls ------------------------------------------------------------------------------------


def get_me(token: str) -> Bot:
    """Ask which bot the token belongs to."""
    told = _object(_ask(token, "getMe"))
    return Bot(str(told.get("id", "")), _text(told, "username"))


def set_webhook(token: str, *, url: str, secret_token: str, allowed: Sequence[str]) -> None:
    """Have the bot's updates sent to an address. It replaces the address from before."""
    body = {"url": url, "secret_token": secret_token, "allowed_updates": list(allowed)}
    _ask(token, "setWebhook", body)


def webhook_info(token: str) -> WebhookInfo:
    """Ask where the bot's updates go."""
    told = _object(_ask(token, "getWebhookInfo"))
    allowed = told.get("allowed_updates")
    pending = told.get("pending_update_count")
    return WebhookInfo(
        url=_text(told, "url"),
        allowed_updates=frozenset(map(str, allowed if isinstance(allowed, list) else [])),
        pending=pending if isinstance(pending, int) else 0,
        last_error=_said(_text(told, "last_error_message"), token),
    )


def delete_webhook(token: str) -> None:
    """Have the bot's updates sent nowhere."""
    _ask(token, "deleteWebhook", {})


def answer_callback(token: str, callback_id: str) -> None:
    """Tell the app of the person that we have seen the press of a button."""
    _ask(token, "answerCallbackQuery", {"callback_query_id": callback_id})


def send(
    token: str, method: str, body: Mapping[str, Any], upload: Upload | None = None
) -> tuple[str, str]:
    """Send a message. Return the ids of the chat and of the message."""
    told = _object(_ask(token, method, body, upload))
    chat, message = told.get("chat"), told.get("message_id")
    chat_id = chat.get("id") if isinstance(chat, dict) else None
    if not isinstance(chat_id, int) or not isinstance(message, int):
        raise NoAnswer("Telegram's answer does not name the message.")
    return str(chat_id), str(message)


def edit_text(token: str, chat_id: str, message_id: str, text: str) -> None:
    """Change the text of a message of ours. It may have that text already."""
    try:
        body = {"chat_id": int(chat_id), "message_id": int(message_id), "text": text}
        _ask(token, "editMessageText", body)
    except Refused as exc:
        if "message is not modified" not in str(exc).lower():
            raise


def file_path(token: str, file_id: str) -> str:
    """Ask where a file of a person's message is."""
    path = _text(_object(_ask(token, "getFile", {"file_id": file_id})), "file_path")
    if not _FILE_PATH.fullmatch(path):
        raise Refused("Telegram names no place for the file.", status=400)
    return path


def download(token: str, path: str, *, most: int) -> bytes | None:
    """Read a file, or return None if it has more bytes than that."""
    status, content = _call("GET", f"{base()}/file/bot{token}/{path}", most=most)
    if status >= 500:
        raise NoAnswer(f"Telegram answered {status}.")
    if status != 200:
        raise Refused(f"The file answered {status}.", status=status)
    return content


def base() -> str:
    """Return how every address of the API begins."""
    return settings.TELEGRAM_API_BASE or TELEGRAM


def _ask(
    token: str, method: str, body: Mapping[str, Any] | None = None, upload: Upload | None = None
) -> Any:
    """Call a method and return its result."""
    data, content_type = None, ""
    if upload is not None:
        data, content_type = _form_of(body or {}, upload)
    elif body is not None:
        data, content_type = orjson.dumps(body), "application/json"
    status, answer = _call(
        "GET" if data is None else "POST",
        f"{base()}/bot{token}/{method}",
        data=data,
        content_type=content_type,
    )
    return _result(status, answer, token)


def _call(
    http_method: str,
    url: str,
    *,
    data: bytes | None = None,
    content_type: str = "",
    most: int = MAX_ANSWER_BYTES,
) -> tuple[int, bytes | None]:
    """Return the status and the body of the answer; None for a body that is too large."""
    headers = {"User-Agent": f"OrderChainer/{USER_AGENT_VERSION} ({settings.PUBLIC_URL})"}
    if content_type:
        headers["Content-Type"] = content_type
    failure: Failed
    try:
        with call(
            http_method, url, timeout=settings.TELEGRAM_TIMEOUT, headers=headers, data=data
        ) as response:
            return response.status_code, _read(response, most)
    except CallFailed as exc:
        failure = failure_of(exc, "Telegram")
    # Raise it outside of the handlers, so that it does not carry the original exception, which
    # contains the address.
    raise failure


def _form_of(fields: Mapping[str, Any], upload: Upload) -> tuple[bytes, str]:
    """Return a form with a file, and its content type."""
    boundary = secrets.token_hex(16)
    # The name stands between quotes, and a header is one line.
    filename = re.sub(r'[\x00-\x1f\x7f"\\]', "_", upload.filename) or "file"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        f"{value if isinstance(value, str) else orjson.dumps(value).decode()}\r\n"
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{upload.field}"; '
        f'filename="{filename}"\r\nContent-Type: {upload.media_type}\r\n\r\n'
    )
    data = "".join(parts).encode() + upload.content + f"\r\n--{boundary}--\r\n".encode()
    return data, f"multipart/form-data; boundary={boundary}"


# --- Answers ----------------------------------------------------------------------------------


def _result(status: int, answer: bytes | None, token: str) -> Any:
    told = _json_object(answer)
    if told is not None and told.get("ok") is True and 200 <= status < 300:
        return told.get("result")
    if told is not None and told.get("ok") is False and status < 500:
        parameters = told.get("parameters")
        hints = parameters if isinstance(parameters, dict) else {}
        wait, moved = hints.get("retry_after"), hints.get("migrate_to_chat_id")
        code = told.get("error_code")
        raise Refused(
            _said(_text(told, "description"), token),
            status=code if isinstance(code, int) else status,
            after_seconds=float(wait) if isinstance(wait, int | float) else None,
            moved_to=str(moved) if isinstance(moved, int) else "",
        )
    if status >= 500 or 200 <= status < 300:
        # The answer may come from a proxy that gave up, while Telegram went on.
        raise NoAnswer(f"Telegram answered {status}, and not as it should.")
    raise Refused(f"Telegram answered {status}.", status=status)


def _read(response: requests.Response, most: int) -> bytes | None:
    body = bytearray()
    for part in parts_of(response):
        body += part
        if len(body) > most:
            return None
    return bytes(body)


def _json_object(body: bytes | None) -> Mapping[str, Any] | None:
    try:
        told = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    return told if isinstance(told, dict) else None


def _object(result: Any) -> Mapping[str, Any]:
    if not isinstance(result, dict):
        raise NoAnswer("Telegram's answer is not what it should be.")
    return result


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _said(words: str, token: str) -> str:
    """Return words of Telegram as one line without the token."""
    line = " ".join(words.replace(token, "[token]").split())
    return "".join(sign for sign in line if sign.isprintable())[:MAX_SAID_LENGTH]
