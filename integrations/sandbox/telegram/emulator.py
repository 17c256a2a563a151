"""Telegram's Bot API with its rules, its errors and its webhooks, below `/telegram/`.

Control plane, below `/_control/telegram`. Without `user_id` the first person, Ada, is meant.

    GET    /                a telephone for people; see `page.py`
    GET    /bots            the bots, with their webhooks
    POST   /bots            {"token", "username", "name"}: make one
    POST   /users           {"id", "first_name", "username"?}: make a person
    GET    /messages        every message, oldest first
    POST   /write           {"text"?, "user_id"?, "content"?, "reply_to"?}: a person writes
    POST   /edit            {"message_id", "text", "user_id"?}: and changes a message
    POST   /press           {"message_id", "data", "user_id"?}: and presses a button
    POST   /block           {"user_id"?, "is_blocked"?: true}: and blocks or unblocks the bot
    POST   /flood           {"seconds", "times"?: 1}: the next calls that send must wait
    POST   /move            {"chat_id", "to"}: a group becomes a supergroup
    POST   /clock           {"advance": seconds}: let time pass
    POST   /push            {"update", "secret"?}: post this update once; "" sends no secret
    POST   /deliver         try again what is due
    GET    /updates         what happened, oldest first, with what each attempt brought

If the token of a call is well-formed but unknown, the answer is 401, as from Telegram.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.sandbox.telegram import api, page
from integrations.sandbox.telegram.bots import Bot, Refused, Sent
from integrations.sandbox.telegram.network import Network, config_of
from integrations.sandbox.wire import Answer, Request, json_answer

PREFIX = "/telegram/"

_CALL = re.compile(r"/telegram/bot(?P<token>[^/]+)/(?P<method>[A-Za-z]+)")
_FILE = re.compile(r"/telegram/file/bot(?P<token>[^/]+)/files/(?P<file>[\w-]+)")
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]{30,}")


class Telegram(Network):
    """An emulated Telegram."""

    name = "telegram"
    label = "Telegram"

    def serves(self, path: str) -> bool:
        """Tell whether `path` is below `/telegram/`."""
        return path.startswith(PREFIX)

    def settings(self, host: str) -> Mapping[str, str]:
        """Tell which settings point OrderChainer here."""
        return {"TELEGRAM_API_BASE": f"http://{host}/telegram"}

    def introduction(self, host: str) -> Sequence[str]:
        """Tell what to paste to connect the bot."""
        return [
            f"Connect this bot: {json.dumps(config_of(self.bot))}",
            f"Write to it: http://{host}/_control/telegram/",
        ]

    def answer(self, request: Request) -> Answer:
        """Do what Telegram would do."""
        try:
            with self.lock:
                if match := _FILE.fullmatch(request.path):
                    self._bot(match["token"])
                    return self._file(match["file"])
                match = _CALL.fullmatch(request.path)
                if match is None or request.method not in {"GET", "POST"}:
                    raise Refused(404, "Not Found")
                bot = self._bot(match["token"])
                result = api.call(self, bot, match["method"], request)
        except Refused as exc:
            body: dict[str, Any] = {
                "ok": False,
                "error_code": exc.code,
                "description": str(exc),
            }
            if exc.parameters:
                body["parameters"] = exc.parameters
            return json_answer(exc.code, body)
        return json_answer(200, {"ok": True, "result": result})

    def _bot(self, token: str) -> Bot:
        if not _TOKEN.fullmatch(token):
            raise Refused(404, "Not Found")
        if token not in self.bots:
            raise Refused(401, "Unauthorized")
        return self.bots[token]

    def _file(self, file_id: str) -> Answer:
        if file_id not in self.files:
            raise Refused(404, "Not Found")
        headers = {"Content-Type": "application/octet-stream"}
        return Answer(200, self.files[file_id], headers)

    def control(self, method: str, path: str, data: Any) -> Answer | None:
        """Answer the control plane; see the top of this module."""
        parts = path.strip("/").split("/")
        if parts == [""] or parts[0] == "page":
            return page.answer(self, method, parts[1:], data)
        match (method, parts):
            case ("GET", ["bots"]):
                return json_answer(200, [_shown_bot(bot) for bot in self.bots.values()])
            case ("GET", ["messages"]):
                return json_answer(200, [_shown(each) for each in self.messages])
            case ("GET", ["updates"]):
                told = [
                    {**each.body, "answers": each.answers, "is_over": each.is_over}
                    for bot in self.bots.values()
                    for each in bot.updates
                ]
                return json_answer(200, told)
            case ("POST", ["bots"]):
                return json_answer(200, self.make_bot(**data).told)
            case ("POST", ["users"]):
                return json_answer(200, self.make_user(**data).told)
            case ("POST", ["write"]):
                return json_answer(200, self.shown(self.write(**data)))
            case ("POST", ["edit"]):
                self.edit(**data)
            case ("POST", ["press"]):
                return json_answer(200, {"id": self.press(**data)})
            case ("POST", ["block"]):
                self.block(**data)
            case ("POST", ["flood"]):
                self.flood_seconds, self.flood_times = int(data["seconds"]), data.get("times", 1)
            case ("POST", ["move"]):
                self.moved[int(data["chat_id"])] = int(data["to"])
            case ("POST", ["clock"]):
                self.passed += float(data["advance"])
            case ("POST", ["push"]):
                status = self.push(data["update"], secret=data.get("secret"))
                return json_answer(200, {"status": status})
            case ("POST", ["deliver"]):
                self.deliver()
            case _:
                return None
        return Answer(204)


def telegram_for_people(clock: Callable[[], float] = time.time) -> Telegram:
    """Return a Telegram with one bot and one person, to try the service with."""
    return Telegram(is_for_people=True, clock=clock, pace=1)


def _shown_bot(bot: Bot) -> dict[str, Any]:
    return {
        **bot.told,
        "token": bot.token,
        "url": bot.url,
        "secret_token": bot.secret_token,
        "allowed_updates": sorted(bot.allowed_updates),
    }


def _shown(sent: Sent) -> dict[str, Any]:
    return {
        "message_id": sent.id,
        "bot_id": sent.bot_id,
        "chat_id": sent.chat_id,
        "is_inbound": sent.is_inbound,
        "text": sent.text,
        "content": sent.content,
        "entities": list(sent.entities),
        "reply_to": sent.reply_to,
    }
