"""What we ask the Admin API of a shop over HTTP, and what its answers mean. No database.

    token = fetch_token(shop, api_key=…, api_secret=…)
    reply = ask(shop, token.text, QUERY, {"first": 50})

A call that fails raises an outcome of `core.outbox`, with a sentence for people that names no
secret: `TryAgain` if another call may work (every call here can be repeated), `GiveUp` if none
will.
"""

import math
import random
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from django.conf import settings

from integrations.transport import CallFailed, TooLate, call, parts_of
from orderchainer.core.outbox import GiveUp, TryAgain

USER_AGENT_VERSION = "1.0"
# Far more than a page of orders needs.
MAX_ANSWER_BYTES = 20 * 1024 * 1024
MAX_LINE_BYTES = 4 * 1024 * 1024
MAX_SAID_LENGTH = 300

# How long to wait if Shopify wants us to, but does not say for how long.
USUAL_WAIT_SECONDS = 2.0
MIN_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 10 * 60.0
# Shopify's firewall refused us. It says neither why nor for how long.
BLOCKED_STATUS = 430
BLOCKED_WAIT_SECONDS = 5 * 60.0
# How long we use a token if Shopify does not say how long it is valid, and the longest time.
USUAL_TOKEN_SECONDS = 60 * 60.0
MAX_TOKEN_SECONDS = 24 * 60 * 60.0

# The fields of an order that tell of its customer. An app sees them only if Shopify approved that.
CUSTOMER_FIELDS = frozenset({"customer", "email", "phone", "shippingAddress", "billingAddress"})

# Refusals after which another try may succeed (RFC 9110, 15.5.9; RFC 8470).
PASSING_REFUSALS = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
}
# Codes of GraphQL errors that are no fault of the query.
PASSING_CODES = {"INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT", ""}

_SHUT = {
    HTTPStatus.UNAUTHORIZED: "Shopify does not accept the access token any more",
    HTTPStatus.PAYMENT_REQUIRED: "Shopify has frozen the shop until its bill is paid",
    HTTPStatus.FORBIDDEN: "Shopify does not let the app into the shop",
    HTTPStatus.NOT_FOUND: "Shopify knows no such shop, or the app is not installed there",
    HTTPStatus.LOCKED: "Shopify has locked the shop",
}


# --- Outcomes ---------------------------------------------------------------------------------


class Throttled(TryAgain):
    """We asked for too much. That is no failure; `after_seconds` says when to go on."""

    after_seconds: float

    def __init__(self, seconds: float) -> None:
        wait = min(max(seconds, MIN_WAIT_SECONDS), MAX_WAIT_SECONDS)
        # Workers that were refused together must not come back together.
        wait += random.uniform(0, wait / 10)
        super().__init__("Shopify asked us to wait.", after_seconds=wait, counts=False)


class NoAccess(GiveUp):
    """The shop does not let us in. Only people can change that."""


class TokenRefused(NoAccess):
    """The access token is not valid, or not any more."""


class TooExpensive(GiveUp):
    """The query asks for more than one answer may hold. A smaller page costs less."""


class BadFile(GiveUp):
    """We do not read the file of a bulk operation. Pages bring the same orders."""


@dataclass(frozen=True)
class Token:
    """An access token, and for how long it is valid from now on."""

    text: str
    lifetime_seconds: float


@dataclass(frozen=True)
class Reply:
    """The answer to a query."""

    data: Mapping[str, Any]
    # What Shopify charges for such a query before it knows how much it finds.
    cost: float = 0
    # Whether Shopify left out data about customers because the app may not see it.
    hides_customers: bool = False
    # What people should know of the version of the API that answered.
    announcements: tuple[str, ...] = ()


# --- Calls ------------------------------------------------------------------------------------


def fetch_token(shop: str, *, api_key: str, api_secret: str) -> Token:
    """Trade the app's credentials for a token to the shop. Raises `NoAccess`."""
    secrets = (api_key, api_secret)
    body = {
        "grant_type": "client_credentials",
        "client_id": api_key,
        "client_secret": api_secret,
    }
    with _post(f"{base_of(shop)}/admin/oauth/access_token", body) as response:
        if response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:
            said = _said(_json_object(_read(response)), secrets)
            raise NoAccess(
                "Shopify does not accept api_key and api_secret for this shop. Copy both from the "
                f"app's settings, and install the app in the shop.{said}"
            )
        data = _json_of(response, secrets)
    text, seconds = data.get("access_token"), _number(data.get("expires_in")) or 0
    if not isinstance(text, str) or not re.fullmatch("[!-~]+", text):
        raise TryAgain("Shopify sent no access token.")
    return Token(text, min(seconds, MAX_TOKEN_SECONDS) if seconds > 0 else USUAL_TOKEN_SECONDS)


def ask(shop: str, token: str, query: str, variables: Mapping[str, Any]) -> Reply:
    """Send a GraphQL query or mutation and return its answer.

    The answer is whole, except that data about customers can be missing. Raises `Throttled`,
    `TooExpensive`, `TokenRefused` and `NoAccess` besides `TryAgain` and `GiveUp`.
    """
    url = f"{base_of(shop)}/admin/api/{settings.SHOPIFY_API_VERSION}/graphql.json"
    body = {"query": query, "variables": variables}
    with _post(url, body, {"X-Shopify-Access-Token": token}) as response:
        answer = _json_of(response, (token,))
        return _reply(answer, _announcements(response.headers), (token,))


def lines_of(url: str, *, from_byte: int = 0) -> Generator[tuple[Sequence[bytes], int], None, None]:
    """Read the file of a bulk operation in parts: yield whole lines, and where they end.

    A line must begin at `from_byte`. A part is small and may contain no whole line. Only the wait
    for each part is bounded here, so the caller has to bound the time for the whole file. Raises
    `BadFile`, and `TryAgain`.
    """
    if not _may_download(url):
        raise BadFile("Shopify named a file at an address that we may not call.")
    headers = {"Range": f"bytes={from_byte}-"} if from_byte else {}
    with _called("GET", url, headers=headers, bounds_whole=False) as response:
        match response.status_code:
            case HTTPStatus.PARTIAL_CONTENT:
                begins_at = from_byte
            case HTTPStatus.OK:
                begins_at = 0
            case HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                # The file ends there.
                return
            case status:
                raise TryAgain(f"The file of the bulk operation answered {status}.")
        yield from _lines_in(parts_of(response), begins_at=begins_at, from_byte=from_byte)


def _lines_in(
    parts: Iterator[bytes], *, begins_at: int, from_byte: int
) -> Iterator[tuple[Sequence[bytes], int]]:
    position, rest = begins_at, b""
    for part in parts:
        # A server that knows no ranges sends everything again.
        passed = min(max(from_byte - position, 0), len(part))
        position += passed
        *lines, rest = (rest + part[passed:]).split(b"\n")
        position += sum(len(line) + 1 for line in lines)
        yield lines, position
        if len(rest) > MAX_LINE_BYTES:
            raise BadFile("A line in the file of the bulk operation is too long.")
    if rest:
        yield [rest], position + len(rest)


def base_of(shop: str) -> str:
    """Return how every URL of a shop's API begins."""
    base: str = settings.SHOPIFY_API_BASE or "https://{shop}"
    return base.replace("{shop}", shop)


def _may_download(url: str) -> bool:
    """Tell whether we may call an address from Shopify: https anywhere, or the configured base.

    It belongs to a storage service, and gets no token of ours.
    """
    try:
        named, base = urlsplit(url), urlsplit(base_of("x"))
    except ValueError:
        return False
    if settings.SHOPIFY_API_BASE and (named.scheme, named.netloc) == (base.scheme, base.netloc):
        return True
    return named.scheme == "https" and bool(named.hostname)


@contextmanager
def _called(method: str, url: str, **options: Any) -> Iterator[requests.Response]:
    agent = f"OrderChainer/{USER_AGENT_VERSION} ({settings.PUBLIC_URL})"
    headers = {"User-Agent": agent, **options.pop("headers")}
    timeout = settings.SHOPIFY_TIMEOUT
    try:
        with call(method, url, timeout=timeout, headers=headers, **options) as response:
            yield response
    except CallFailed as exc:
        raise TryAgain(f"Shopify {exc}.", timed_out=isinstance(exc, TooLate)) from exc


@contextmanager
def _post(
    url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Iterator[requests.Response]:
    json = {"Content-Type": "application/json", "Accept": "application/json"}
    data = orjson.dumps(body)
    with _called("POST", url, headers={**json, **(headers or {})}, data=data) as response:
        yield response


# --- Answers ----------------------------------------------------------------------------------


def _read(response: requests.Response) -> bytes:
    """Read the whole body. Raises `TooExpensive` if it is too large."""
    body = bytearray()
    for part in parts_of(response):
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise TooExpensive("Shopify's answer is too large.")
    return bytes(body)


def _json_of(response: requests.Response, secrets: Sequence[str]) -> Mapping[str, Any]:
    """Return the JSON object in an answer, or raise the outcome that its status stands for."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled(_seconds_in(response.headers.get("Retry-After")))
    if status == BLOCKED_STATUS:
        words = "Shopify's firewall blocked the call."
        raise TryAgain(words, after_seconds=BLOCKED_WAIT_SECONDS)
    data = _json_object(_read(response))
    if 200 <= status < 300:
        if not data:
            # A proxy in between can answer a page of HTML, also with 200.
            raise TryAgain("Shopify's answer is not the JSON that it should be.")
        return data
    said = _said(data, secrets)
    if status in _SHUT:
        refusal = TokenRefused if status == HTTPStatus.UNAUTHORIZED else NoAccess
        raise refusal(f"{_SHUT[HTTPStatus(status)]} ({status}).{said}")
    if status in PASSING_REFUSALS or not 400 <= status < 500:
        raise TryAgain(f"Shopify answered {status}.{said}")
    raise GiveUp(f"Shopify refused the call with {status}.{said}")


def _reply(
    answer: Mapping[str, Any], announcements: tuple[str, ...], secrets: Sequence[str]
) -> Reply:
    data, errors = answer.get("data"), _objects(answer.get("errors"))
    extensions = _object(answer.get("extensions"))
    cost = _object(extensions.get("cost"))
    hides_customers = bool(errors) and all(map(_hides_customer, errors))
    if not isinstance(data, dict) or (answer.get("errors") and not hides_customers):
        raise _refusal(answer, errors, cost, secrets)
    for search in _objects(extensions.get("search")):
        # Shopify ignores a filter that it does not understand, and would send the whole shop.
        for warning in _objects(search.get("warnings")):
            words = _shown(f"{warning.get('field')}: {warning.get('message')}", secrets)
            raise GiveUp(f"Shopify did not understand our filter. It said: {words}.")
    return Reply(
        data,
        cost=_number(cost.get("requestedQueryCost")) or 0,
        hides_customers=hides_customers,
        announcements=announcements,
    )


def _refusal(
    answer: Mapping[str, Any],
    errors: Sequence[Mapping[str, Any]],
    cost: Mapping[str, Any],
    secrets: Sequence[str],
) -> TryAgain | GiveUp:
    """Return the outcome that errors stand for. If they differ, the most serious one decides."""
    said, codes = _said(answer, secrets), {_code_of(error) for error in errors}
    if "SHOP_INACTIVE" in codes:
        return NoAccess(f"The shop is not active at Shopify.{said}")
    if "ACCESS_DENIED" in codes:
        return NoAccess(f"The app lacks a permission in the shop.{said}")
    if "MAX_COST_EXCEEDED" in codes:
        return TooExpensive(f"The query is too expensive.{said}")
    if "THROTTLED" in codes:
        return Throttled(_seconds_until_affordable(cost))
    if codes <= PASSING_CODES:
        return TryAgain(f"Shopify failed.{said}{_request_named(errors, secrets)}")
    return GiveUp(f"Shopify refused the query.{said}")


def _hides_customer(error: Mapping[str, Any]) -> bool:
    """Tell whether an error only says that the app may not see some data about a customer."""
    path = error.get("path")
    is_inside = isinstance(path, list) and any(part in CUSTOMER_FIELDS for part in path)
    return is_inside and _code_of(error) == "ACCESS_DENIED"


def _code_of(error: Mapping[str, Any]) -> str:
    code = _object(error.get("extensions")).get("code")
    return code if isinstance(code, str) else ""


def _request_named(errors: Sequence[Mapping[str, Any]], secrets: Sequence[str]) -> str:
    """Name the request's id, which Shopify's support asks for."""
    for error in errors:
        if request_id := _object(error.get("extensions")).get("requestId"):
            return f" The request's id there is {_shown(str(request_id), secrets)}."
    return ""


def _seconds_until_affordable(cost: Mapping[str, Any]) -> float:
    """Return in how many seconds we can afford the query, by what the answer says of its cost."""
    status = _object(cost.get("throttleStatus"))
    requested = _number(cost.get("requestedQueryCost"))
    available = _number(status.get("currentlyAvailable"))
    per_second = _number(status.get("restoreRate")) or 0
    if requested is None or available is None or per_second <= 0:
        return USUAL_WAIT_SECONDS
    return (requested - available) / per_second


def _announcements(headers: Mapping[str, str]) -> tuple[str, ...]:
    told: list[str] = []
    served = headers.get("X-Shopify-API-Version")
    if served and served != settings.SHOPIFY_API_VERSION:
        told.append(f"Version {_shown(served)} of the API answered.")
    if reason := headers.get("X-Shopify-API-Deprecated-Reason"):
        told.append(f"Shopify is about to change what we use: {_shown(reason)}.")
    return tuple(told)


# --- Shopify's own words ----------------------------------------------------------------------


def _said(data: Mapping[str, Any], secrets: Sequence[str]) -> str:
    """Return a sentence with Shopify's own words about a failure, or nothing if it sent none."""
    words = data.get("errors") or data.get("error_description") or data.get("error")
    if isinstance(words, list) and words:
        words = _object(words[0]).get("message", words[0])
    text = words if isinstance(words, str) else orjson.dumps(words).decode() if words else ""
    shown = _shown(text, secrets)
    return f" It said: {shown}." if shown else ""


def _shown(text: str, secrets: Sequence[str] = ()) -> str:
    """Return `text` fit to keep and show: without secrets, on one line and shortened."""
    for secret in secrets:
        text = text.replace(secret, "…")
    text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= MAX_SAID_LENGTH else text[: MAX_SAID_LENGTH - 1] + "…"


def _seconds_in(header: str | None) -> float:
    """Read a delay in seconds. A date, which the header can hold too, counts as none."""
    try:
        seconds = float(header or "")
    except ValueError:
        return USUAL_WAIT_SECONDS
    return seconds if math.isfinite(seconds) else USUAL_WAIT_SECONDS


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        return _object(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
