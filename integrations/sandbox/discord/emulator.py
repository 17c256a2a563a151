"""Discord's webhooks with the limits, errors and rate limit of the real service.

Control plane, below `/_control/discord`:

    POST   /webhooks        {"id"?, "token"?, "threads"?}: make one; the answer has its `path`
    DELETE /webhooks/{id}   delete it, as a person in Discord would
    GET    /                the posted messages, as a page for people
    GET    /messages        the posted messages, oldest first
    GET    /calls-to-unknown how many calls went to webhooks that do not exist
    POST   /throttle        {"scope": "user", "seconds"?: 2, "times"?: 1}: answer the next calls
                            with a 429 for a scope: user, shared, global, or cloudflare (HTML,
                            no rate limit headers)
    POST   /bucket          {"limit": 5, "seconds": 2}: limit the rate of each webhook; {} for none

Source of the rules: Discord's developer documentation, "Webhook Resource" and "Rate Limits".
"""

import itertools
import math
import random
import re
import string
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from integrations.sandbox.discord.messages import Errors, message_errors, one_error
from integrations.sandbox.discord.page import page_of
from integrations.sandbox.wire import Answer, Request, html_answer, json_answer

VERSIONS = {"9", "10"}
EPOCH_MILLISECONDS = 1420070400000

_PATH = re.compile(
    r"/api/v(?P<version>[0-9]+)/webhooks/(?P<id>[0-9]+)/(?P<token>[^/]+)(?:/messages/(?P<message>[0-9]+))?"
)
_USER_AGENT = re.compile(r"DiscordBot \(https?://[^\s,]+, [0-9][^\s)]*\)")


@dataclass
class Webhook:
    """A webhook of one channel."""

    id: str
    token: str
    threads: list[str] = field(default_factory=list)
    # When the current window of the rate limit began, and how many calls were counted in it.
    window_began: float = -math.inf
    calls: int = 0

    @property
    def path(self) -> str:
        """The part of its URL after the host."""
        return f"/api/webhooks/{self.id}/{self.token}"


@dataclass
class Throttle:
    """The next `times` calls get a 429 for `scope`, with a delay unless `seconds` is None."""

    scope: Literal["user", "shared", "global", "cloudflare"]
    seconds: float | None = None
    times: int = 1


@dataclass(frozen=True)
class Bucket:
    """At most `limit` calls to a webhook within `seconds`, counted from the first call."""

    limit: int
    seconds: float


# The rate limit for one webhook that we observed at Discord.
OBSERVED_BUCKET = Bucket(limit=5, seconds=2)


class Discord:
    """An emulated Discord. Ids and tokens come from a fixed seed, so each start repeats them."""

    name = "discord"
    label = "Discord"

    def __init__(
        self,
        *,
        bucket: Bucket | None = None,
        first_webhook: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._default_bucket = bucket
        self._first_webhook = first_webhook
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Forget webhooks and messages; make the first webhook again if there is one."""
        with self._lock:
            self.bucket = self._default_bucket
            self.webhooks: dict[str, Webhook] = {}
            self.messages: list[dict[str, Any]] = []
            self.calls_to_unknown = 0
            self.throttle: Throttle | None = None
            self._random = random.Random(20150513)
            self._numbers = itertools.count(1)
            if self._first_webhook:
                self.make_webhook()

    def serves(self, path: str) -> bool:
        """Tell whether `path` is below `/api/`, where Discord's API is."""
        return path.startswith("/api/")

    def settings(self, host: str) -> Mapping[str, str]:
        """Tell which settings point OrderChainer here."""
        return {"DISCORD_WEBHOOK_HOSTS": host}

    def introduction(self, host: str) -> Sequence[str]:
        """List the existing webhooks."""
        return [
            *(
                f"Give it this webhook: http://{host}{webhook.path}"
                for webhook in self.webhooks.values()
            ),
            f"See what was posted: http://{host}/_control/discord/",
        ]

    def make_webhook(
        self, id: str = "", token: str = "", threads: list[str] | None = None
    ) -> Webhook:
        """Make a webhook, as a person in Discord would in a channel's settings."""
        with self._lock:
            alphabet = string.ascii_letters + string.digits + "-_"
            webhook = Webhook(
                id or self._snowflake(),
                token or "".join(self._random.choices(alphabet, k=68)),
                threads or [],
            )
            self.webhooks[webhook.id] = webhook
            return webhook

    def delete_webhook(self, id: str) -> None:
        """Delete a webhook, as a person in Discord would."""
        with self._lock:
            del self.webhooks[id]

    def answer(self, request: Request) -> Answer:
        """Do what Discord would do."""
        with self._lock:
            return self._answer(request)

    def control(self, method: str, path: str, data: Any) -> Answer | None:
        """Answer the control plane; see the module's docstring."""
        with self._lock:
            match (method, path.strip("/").split("/")):
                case ("POST", ["webhooks"]):
                    webhook = self.make_webhook(**data)
                    return json_answer(
                        201,
                        {
                            "id": webhook.id,
                            "token": webhook.token,
                            "path": webhook.path,
                        },
                    )
                case ("DELETE", ["webhooks", id]):
                    self.delete_webhook(id)
                    return Answer(204)
                case ("GET", [""]):
                    return html_answer(200, page_of(reversed(self.messages)))
                case ("GET", ["messages"]):
                    return json_answer(200, self.messages)
                case ("GET", ["calls-to-unknown"]):
                    return json_answer(200, self.calls_to_unknown)
                case ("POST", ["throttle"]):
                    self.throttle = Throttle(**data)
                    return Answer(204)
                case ("POST", ["bucket"]):
                    self.bucket = Bucket(**data) if data else None
                    return Answer(204)
        return None

    # --- The checks of a call, in Discord's order -----------------------------------------------

    def _answer(self, request: Request) -> Answer:
        match = _PATH.fullmatch(request.path)
        if match is None:
            return _error(404, 0, "404: Not Found")
        if match["version"] not in VERSIONS:
            return _error(400, 50041, "Invalid API version")
        if self.throttle is not None and self.throttle.times > 0:
            self.throttle.times -= 1
            return _throttled(self.throttle)
        if not _USER_AGENT.match(request.headers.get("user-agent", "")):
            return _error(403, 40333, "internal network error")
        webhook = self.webhooks.get(match["id"])
        if webhook is None:
            self.calls_to_unknown += 1
            return _error(404, 10015, "Unknown Webhook")
        if webhook.token != match["token"]:
            return _error(401, 50027, "Invalid Webhook Token")
        limits, wait_seconds = self._count(webhook)
        if wait_seconds:
            return _limited(wait_seconds, limits)
        answer = self._call(request, webhook, match["message"])
        return Answer(answer.status, answer.body, {**answer.headers, **limits})

    def _call(self, request: Request, webhook: Webhook, message_id: str | None) -> Answer:
        match request.method, message_id:
            case "GET", None:
                return json_answer(200, _shown(webhook))
            case "POST", None:
                return self._execute(request, webhook)
            case "PATCH", str():
                return self._edit(request, webhook, message_id)
        return _error(405, 0, "405: Method Not Allowed")

    def _count(self, webhook: Webhook) -> tuple[dict[str, str], float]:
        """Count a call. Return the rate limit's headers, and the seconds to wait (0 if allowed)."""
        if self.bucket is None:
            return {}, 0
        now = self.clock()
        if now >= webhook.window_began + self.bucket.seconds:
            webhook.window_began, webhook.calls = now, 0
        over = webhook.calls >= self.bucket.limit
        if not over:
            webhook.calls += 1
        reset_after = webhook.window_began + self.bucket.seconds - now
        limits = {
            "X-RateLimit-Limit": str(self.bucket.limit),
            "X-RateLimit-Remaining": str(self.bucket.limit - webhook.calls),
            "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": f"webhook-{webhook.id}",
        }
        return limits, reset_after if over else 0

    # --- Execute and edit ----------------------------------------------------------------------

    def _execute(self, request: Request, webhook: Webhook) -> Answer:
        unknown = set(request.query) - {"wait", "thread_id", "with_components"}
        if unknown:
            return _invalid({key: one_error("UNKNOWN_PARAMETER", "Unknown") for key in unknown})
        body, refusal = _read(request)
        if refusal:
            return refusal
        thread = request.query.get("thread_id", [""])[0]
        if thread and thread not in webhook.threads:
            return _error(404, 10003, "Unknown Channel")
        errors = message_errors(body)
        if errors:
            return _invalid(errors)
        if not body.get("content") and not body.get("embeds"):
            return _error(400, 50006, "Cannot send an empty message")
        message = {
            "id": self._snowflake(),
            "type": 0,
            "webhook_id": webhook.id,
            "channel_id": thread or webhook.id,
            "author": {
                "id": webhook.id,
                "bot": True,
                "username": body.get("username", "Captain Hook"),
                "avatar_url": body.get("avatar_url"),
            },
            "content": body.get("content", ""),
            "embeds": [{"type": "rich", **embed} for embed in body.get("embeds", [])],
            "allowed_mentions": body.get("allowed_mentions"),
            "timestamp": datetime.now(UTC).isoformat(),
        }
        self.messages.append(message)
        if request.query.get("wait", ["false"])[0] == "true":
            return json_answer(200, message)
        return Answer(204)

    def _edit(self, request: Request, webhook: Webhook, message_id: str) -> Answer:
        body, refusal = _read(request)
        if refusal:
            return refusal
        for message in self.messages:
            if message["id"] == message_id and message["webhook_id"] == webhook.id:
                errors = message_errors(body)
                if errors:
                    return _invalid(errors)
                message.update({key: body[key] for key in ("content", "embeds") if key in body})
                return json_answer(200, message)
        return _error(404, 10008, "Unknown Message")

    def _snowflake(self) -> str:
        milliseconds = 1763600000000 + next(self._numbers)
        return str((milliseconds - EPOCH_MILLISECONDS) << 22)


# --- What Discord answers ----------------------------------------------------------------------


def _error(status: int, code: int, message: str) -> Answer:
    return json_answer(status, {"message": message, "code": code})


def _invalid(errors: Errors) -> Answer:
    return json_answer(400, {"message": "Invalid Form Body", "code": 50035, "errors": errors})


def _limited(wait_seconds: float, limits: Mapping[str, str]) -> Answer:
    body = {
        "message": "You are being rate limited.",
        "retry_after": round(wait_seconds, 3),
        "global": False,
    }
    headers = {
        **limits,
        "Retry-After": str(int(wait_seconds) + 1),
        "X-RateLimit-Scope": "user",
    }
    return json_answer(429, body, headers)


def _throttled(throttle: Throttle) -> Answer:
    """Refuse a call as Discord does for this scope; cloudflare is the proxy in front of it."""
    seconds = throttle.seconds
    delay = {} if seconds is None else {"Retry-After": str(math.ceil(seconds))}
    if throttle.scope == "cloudflare":
        page = html_answer(429, "<h1>Error 1015</h1><p>You are being rate limited</p>")
        return Answer(page.status, page.body, {**page.headers, **delay})
    is_global = throttle.scope == "global"
    body: dict[str, Any] = {
        "message": "You are being rate limited.",
        "global": is_global,
    }
    if seconds is not None:
        body["retry_after"] = seconds
    headers = {**delay, "X-RateLimit-Scope": throttle.scope}
    if is_global:
        headers["X-RateLimit-Global"] = "true"
    return json_answer(429, body, headers)


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "type": 1,
        "name": "Captain Hook",
        "channel_id": webhook.id,
        "guild_id": webhook.id,
        "application_id": None,
        "token": webhook.token,
        "avatar": None,
    }


def _read(request: Request) -> tuple[dict[str, Any], Answer | None]:
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return {}, _error(400, 50109, "Expected a JSON body")
    try:
        body = request.json()
    except ValueError:
        return {}, _error(400, 50109, "The request body contains invalid JSON.")
    if not isinstance(body, dict):
        return {}, _invalid(one_error("DICT_TYPE_CONVERT", "Only dictionaries may be used"))
    return body, None


def discord_for_people() -> Discord:
    """Return a Discord with one webhook and the real rate limit, to try the service with."""
    return Discord(bucket=OBSERVED_BUCKET, first_webhook=True)
