"""Updates on their way to webhooks: one after the other in each chat, and again when they fail.

As Telegram's open-source server does it: a failed update is sent again at once, then after 2, 4, 8
seconds and so on, up to 120. It holds back what follows in its chat. Messages are dropped after a
day, presses of buttons after 150 seconds.
"""

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox.telegram.bots import Bot, Update

ANSWER_SECONDS = 10.0
LONGEST_PAUSE = 120.0
LONGEST_RETRY_AFTER = 3600.0
KEPT_SECONDS = 24 * 60 * 60
PRESS_KEPT_SECONDS = 150
HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Courier:
    """Delivers the updates of all bots. `pace` is how long a second between retries lasts."""

    def __init__(self, clock: Callable[[], float], pace: float) -> None:
        self.clock = clock
        self.pace = pace
        # Only one thread delivers at a time, so that each chat keeps its order.
        self._lock = threading.Lock()

    def deliver(self, bots: list[Bot]) -> bool:
        """Try everything that is due once, in order; tell whether anything is still waiting."""
        with self._lock:
            waiting = [self._deliver_to(bot) for bot in bots]
            return any(waiting)

    def _deliver_to(self, bot: Bot) -> bool:
        if not bot.url:
            return False
        held: set[int] = set()
        for update in list(bot.updates):
            update.is_over = update.is_over or self._is_too_old(update)
            if update.is_over or update.chat_id in held:
                continue
            if update.next_at > self.clock() or not self._try(bot, update):
                held.add(update.chat_id)
        return bool(held)

    def _try(self, bot: Bot, update: Update) -> bool:
        status, wait = post(bot, update.body)
        if update.is_over:
            # It was forgotten meanwhile.
            return True
        update.answers.append(status)
        update.attempts += 1
        if status is not None and 200 <= status < 300:
            update.is_over = True
            return True
        bot.last_error_date = int(self.clock())
        bot.last_error_message = (
            f"Wrong response from the webhook: {status}" if status else "Connection refused"
        )
        pause = 0.0 if update.attempts == 1 else min(2.0 ** (update.attempts - 1), LONGEST_PAUSE)
        if wait is not None:
            pause = min(wait, LONGEST_RETRY_AFTER)
        update.next_at = self.clock() + pause * self.pace
        return False

    def _is_too_old(self, update: Update) -> bool:
        kept = PRESS_KEPT_SECONDS if update.kind == "callback_query" else KEPT_SECONDS
        return self.clock() - update.made_at > kept


def post(
    bot: Bot, body: Mapping[str, Any] | bytes, *, secret: str | None = None
) -> tuple[int | None, float | None]:
    """Post an update; return the status, None if there is no answer, and its `Retry-After`.

    `secret` replaces the bot's own secret token; an empty one is not sent.
    """
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    token = bot.secret_token if secret is None else secret
    if token:
        headers[HEADER] = token
    return _call(bot.url, data, headers)


def _call(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int | None, float | None]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("POST", parts.path or "/", body, dict(headers))
        response = connection.getresponse()
        response.read(2000)
        wait = response.getheader("Retry-After", "")
        return response.status, float(wait) if wait.isdecimal() else None
    except (OSError, http.client.HTTPException):
        return None, None
    finally:
        connection.close()
