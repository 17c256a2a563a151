"""What we ask WhatsApp's Cloud API over HTTP, and what its answers mean. No database.

A call that fails raises a `Failed` of `integrations.failures`; where WhatsApp says no, it is the
`Refused` below.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from django.conf import settings

from integrations import failures
from integrations.failures import NoAnswer, failure_of
from integrations.transport import CallFailed, call, parts_of

USER_AGENT_VERSION = "1.0"
META = "https://graph.facebook.com"
MAX_ANSWER_BYTES = 1024 * 1024
MAX_SAID_LENGTH = 200
MAX_WAIT_SECONDS = 60 * 60
# Files are at addresses of these domains. We send our token along, so we call no other domain.
FILE_DOMAINS = ("fbsbx.com", "facebook.com", "fbcdn.net", "whatsapp.net")

_ID = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)


# --- Outcomes ---------------------------------------------------------------------------------


class Refused(failures.Refused):
    """WhatsApp answered with an error."""

    def __init__(
        self, words: str, *, status: int, code: int | None, after_seconds: float | None = None
    ) -> None:
        super().__init__(words, status=status, after_seconds=after_seconds)
        # None if the answer has no code of WhatsApp's, for example because a proxy sent it.
        self.code = code


@dataclass(frozen=True)
class PhoneNumber:
    """A number of the business, as the API describes it."""

    display: str
    verified_name: str


@dataclass(frozen=True)
class MediaFile:
    """Where a file of a message is, and how large it is if that is known."""

    url: str
    size: int | None


# --- Calls ------------------------------------------------------------------------------------


def phone_number(token: str, number_id: str) -> PhoneNumber:
    """Ask about a number of the business."""
    told = _ask("GET", f"{number_id}?fields=display_phone_number,verified_name", token)
    return PhoneNumber(_text(told, "display_phone_number"), _text(told, "verified_name"))


def subscribed_addresses(token: str, waba_id: str) -> list[str]:
    """Return the addresses that apps have subscribed for a business account."""
    told = _ask("GET", f"{waba_id}/subscribed_apps", token)
    apps = told.get("data")
    rows = apps if isinstance(apps, list) else []
    return [_text(row, "override_callback_uri") for row in rows if isinstance(row, dict)]


def subscribe(token: str, waba_id: str, *, url: str, verify_token: str) -> None:
    """Have the webhooks of an account sent to an address. Meta sends a handshake there first."""
    body = {"override_callback_uri": url, "verify_token": verify_token}
    _ask("POST", f"{waba_id}/subscribed_apps", token, body)


def send(token: str, number_id: str, message: Mapping[str, Any]) -> str:
    """Send a message and return the id that WhatsApp gives it."""
    told = _ask("POST", f"{number_id}/messages", token, message)
    messages = told.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    id_ = _text(first, "id") if isinstance(first, dict) else ""
    if not id_:
        raise NoAnswer("WhatsApp's answer does not name the message.")
    return id_


def mark_read(token: str, number_id: str, message_id: str) -> None:
    """Tell the person that we have read a message."""
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
    _ask("POST", f"{number_id}/messages", token, body)


def upload(token: str, number_id: str, content: bytes, *, media_type: str) -> str:
    """Upload a file for a message and return its id at WhatsApp. A repeat harms nobody."""
    boundary = secrets.token_hex(16)
    head = (
        f"--{boundary}\r\nContent-Disposition: form-data; "
        'name="messaging_product"\r\n\r\nwhatsapp\r\n'
        # The name here is not the one that people see.
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    )
    data = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    told = _ask(
        "POST", f"{number_id}/media", token, data, f"multipart/form-data; boundary={boundary}"
    )
    id_ = _text(told, "id")
    if not id_:
        raise NoAnswer("WhatsApp's answer does not name the file.")
    return id_


def media_file(token: str, media_id: str) -> MediaFile:
    """Ask where a file of a person's message is. The address is good for five minutes."""
    if not _ID.fullmatch(media_id):
        raise Refused("The id of the file is malformed.", status=0, code=100)
    told = _ask("GET", media_id, token)
    # Some versions of the API write the number as a text.
    size = str(told.get("file_size", ""))
    return MediaFile(_text(told, "url"), int(size) if size.isdecimal() else None)


def download(token: str, url: str, *, most: int) -> bytes | None:
    """Read a file, or return None if it has more bytes than that."""
    if not _may_download(url):
        raise Refused(
            "WhatsApp named a file at an address that we may not call.", status=0, code=100
        )
    with _called("GET", url, token) as response:
        if response.status_code != 200:
            raise Refused(
                f"The file answered {response.status_code}.",
                status=response.status_code,
                code=None,
            )
        return _read(response, most)


def base() -> str:
    """Return how every address of the API begins."""
    return settings.WHATSAPP_API_BASE or META


def _may_download(url: str) -> bool:
    try:
        named, ours = urlsplit(url), urlsplit(base())
        host = named.hostname or ""
    except ValueError:
        return False
    if (named.scheme, named.netloc) == (ours.scheme, ours.netloc):
        return True
    is_metas = any(host == each or host.endswith(f".{each}") for each in FILE_DOMAINS)
    return named.scheme == "https" and is_metas and named.port in {None, 443}


def _ask(
    method: str,
    path: str,
    token: str,
    body: Mapping[str, Any] | bytes | None = None,
    content_type: str = "application/json",
) -> Mapping[str, Any]:
    """Make a call and return the JSON object that it is answered with."""
    data = orjson.dumps(body) if isinstance(body, Mapping) else body
    url = f"{base()}/{settings.WHATSAPP_API_VERSION}/{path}"
    headers = {} if data is None else {"Content-Type": content_type}
    with _called(method, url, token, data=data, headers=headers) as response:
        return _told(response, token)


@contextmanager
def _called(
    method: str,
    url: str,
    token: str,
    *,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[requests.Response]:
    all_headers = {
        "User-Agent": f"OrderChainer/{USER_AGENT_VERSION} ({settings.PUBLIC_URL})",
        "Authorization": f"Bearer {token}",
        **(headers or {}),
    }
    try:
        with call(
            method, url, timeout=settings.WHATSAPP_TIMEOUT, headers=all_headers, data=data
        ) as response:
            yield response
    except CallFailed as exc:
        raise failure_of(exc, "WhatsApp") from exc


# --- Answers ----------------------------------------------------------------------------------


def _told(response: requests.Response, token: str) -> Mapping[str, Any]:
    status = response.status_code
    told = _json_object(_read(response, MAX_ANSWER_BYTES))
    error = told.get("error") if told else None
    if isinstance(error, dict):
        code = error.get("code")
        raise Refused(
            _said(error, token),
            status=status,
            code=code if isinstance(code, int) else None,
            after_seconds=_wait_in(response),
        )
    if 200 <= status < 300:
        if told is None:
            raise NoAnswer("WhatsApp's answer is not the JSON that it should be.")
        return told
    if status >= 500:
        # The answer may come from a proxy that gave up, while WhatsApp went on.
        raise NoAnswer(f"WhatsApp answered {status}.")
    raise Refused(
        f"WhatsApp answered {status}.", status=status, code=None, after_seconds=_wait_in(response)
    )


def _wait_in(response: requests.Response) -> float | None:
    """Return for how long the answer asks us to wait, within bounds."""
    seconds = response.headers.get("Retry-After", "")
    if not (seconds.isascii() and seconds.isdecimal()):
        return None
    return float(min(max(int(seconds[:9]), 1), MAX_WAIT_SECONDS))


def _read(response: requests.Response, most: int) -> bytes | None:
    body = bytearray()
    for part in parts_of(response):
        body += part
        if len(body) > most:
            return None
    return bytes(body)


def _json_object(body: bytes | None) -> Mapping[str, Any] | None:
    try:
        value = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _said(error: Mapping[str, Any], token: str) -> str:
    """Return WhatsApp's own words about an error, short and without our token."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    words = details or error.get("error_user_msg") or error.get("message") or "no reason"
    return re.sub(r"\s+", " ", str(words).replace(token, "[token]"))[:MAX_SAID_LENGTH].strip()


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""
