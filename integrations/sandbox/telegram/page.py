"""A telephone for people: write as a customer, press buttons, and see what arrived.

    GET  /                 the telephones of all people; their chats reload every two seconds
    POST /page/write       {"user_id", "text"}: the person writes
    POST /page/pass        {"user_id", "kind"}: and sends a picture, a place …
    POST /page/open        {"user_id", "link"}: and follows a link like https://t.me/bot?start=…
    POST /page/press       {"user_id", "message_id", "data"}: and presses a button
    POST /page/block       {"user_id"}: and blocks or unblocks the bot
    POST /page/meet        {"name", "username"?}: another person

The forms need no script.
"""

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.sandbox.telegram.bots import Sent, User
from integrations.sandbox.telegram.network import Network
from integrations.sandbox.wire import Answer, html_answer

HOME = "/_control/telegram/"
SHOWN = 60
FIRST_MET_ID = 5000
STYLE = """
  body { background: #dfe7ee; color: #1c1e21; font: 14px/1.45 sans-serif; margin: 1.5rem; }
  h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 0; }
  .phones { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
  .phone { background: #d5e3ee; border: 8px solid #2b2b2b; border-radius: 26px; width: 22rem; }
  .phone header { background: #3a7fb5; border-radius: 16px 16px 0 0; color: #fff; }
  .phone header { padding: .6rem 1rem; }
  .chat { display: flex; flex-direction: column; gap: .3rem; min-height: 20rem; padding: .8rem; }
  .chat p { border-radius: 10px; margin: 0; max-width: 80%; padding: .35rem .6rem; }
  .chat p { overflow-wrap: anywhere; white-space: pre-wrap; }
  .ours { align-self: flex-start; background: #fff; }
  .theirs { align-self: flex-end; background: #e3fbd0; }
  .quote { border-left: 3px solid #3a7fb5; display: block; padding-left: .4rem; }
  form { display: flex; gap: .4rem; margin: 0; padding: 0 .8rem .6rem; }
  .phone input { flex: 1; min-width: 0; }
  input, button { background: #fff; border: 1px solid #9ab; border-radius: 14px; }
  input, button { font: inherit; padding: .25rem .7rem; }
  iframe { border: 0; height: 24rem; width: 100%; }
  small { color: #556; } header small { color: #dcebf7; }
"""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox: Telegram</title>
<style>{style}</style>
<body>
<h1>{name} <small>@{username}</small></h1>
<p>{webhook}</p>
<div class="phones">{phones}</div>
<form method="post" action="{home}page/meet">
  <input name="name" placeholder="Name" aria-label="Name" required>
  <input name="username" placeholder="Username, if any" aria-label="Username">
  <button>Another person</button>
</form>
"""
# A chat has a frame of its own. The frame reloads while the form keeps what is typed.
CHAT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Chat</title>
<style>{style} body {{ background: none; margin: 0; }}</style>
<div class="chat">{messages}</div>
"""


def answer(
    network: Network, method: str, rest: Sequence[str], data: Mapping[str, str]
) -> Answer | None:
    """Answer one request for the page, or None if there is nothing there."""
    match (method, rest):
        case ("GET", []):
            return html_answer(200, _page(network))
        case ("GET", ["chat", user_id]):
            return html_answer(200, _chat(network, int(user_id)))
        case ("POST", [change]) if change in _CHANGES:
            _CHANGES[change](network, data)
            place = f"{HOME}page/chat/{int(data['user_id'])}" if change == "press" else HOME
            return Answer(303, headers={"Location": place})
    return None


# --- What people can do -----------------------------------------------------------------------


def _write(network: Network, data: Mapping[str, str]) -> None:
    if text := data.get("text", "").strip():
        network.write(int(data["user_id"]), text)


def _pass(network: Network, data: Mapping[str, str]) -> None:
    file_id = f"picture-{len(network.files) + 1}"
    file = {"file_id": file_id, "file_unique_id": file_id}
    text = ""
    content: dict[str, Any] = {}
    match data["kind"]:
        case "Photo":
            network.files[file_id] = _picture()
            text, content = "It came like this", {"photo": [{**file, "width": 64, "height": 64}]}
        case "Place":
            content = {"location": {"latitude": 47.55, "longitude": 9.69}}
        case "Dice":
            content = {"dice": {"emoji": "🎲", "value": 4}}
        case _:
            raise ValueError("kind must be Photo, Place or Dice")
    network.write(int(data["user_id"]), text, content=content)


def _open(network: Network, data: Mapping[str, str]) -> None:
    link = data.get("link", "").strip()
    token = parse_qs(urlsplit(link).query).get("start", [""])[0]
    network.write(int(data["user_id"]), f"/start {token}".strip())


def _press(network: Network, data: Mapping[str, str]) -> None:
    network.press(int(data["message_id"]), data["data"], user_id=int(data["user_id"]))


def _block(network: Network, data: Mapping[str, str]) -> None:
    user = network.users[int(data["user_id"])]
    network.block(user.id, is_blocked=network.bot.id not in user.blocked)


def _meet(network: Network, data: Mapping[str, str]) -> None:
    name = data.get("name", "").strip() or "Somebody"
    username = data.get("username", "").strip().removeprefix("@")
    network.make_user(FIRST_MET_ID + len(network.users), name, username)


_CHANGES: Mapping[str, Callable[[Network, Mapping[str, str]], None]] = {
    "write": _write,
    "pass": _pass,
    "open": _open,
    "press": _press,
    "block": _block,
    "meet": _meet,
}


def _picture() -> bytes:
    """Return a small PNG."""
    rows = b"".join(
        b"\x00" + bytes(value for x in range(64) for value in (x * 4, y * 4, 160))
        for y in range(64)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


# --- What it shows ----------------------------------------------------------------------------


def _page(network: Network) -> str:
    bot = network.bot
    waiting = sum(not update.is_over for update in bot.updates)
    webhook = f"Updates go to {bot.url}." if bot.url else "Nobody has connected the bot yet."
    if waiting:
        webhook += f" {waiting} on their way."
    return PAGE.format(
        style=STYLE,
        home=HOME,
        name=escape(bot.name),
        username=escape(bot.username),
        webhook=escape(f"{webhook} {bot.last_error_message}".strip()),
        phones="".join(_phone(network, user) for user in network.users.values()),
    )


def _phone(network: Network, user: User) -> str:
    hidden = f'<input type="hidden" name="user_id" value="{user.id}">'
    kinds = "".join(
        f'<button name="kind" value="{kind}">{kind}</button>' for kind in ("Photo", "Place", "Dice")
    )
    block = "Unblock the bot" if network.bot.id in user.blocked else "Block the bot"
    known = "" if network.bot.id in user.started else " · has not started the bot"
    name = f"@{user.username}" if user.username else str(user.id)
    return f"""
<section class="phone">
  <header><h2>{escape(user.first_name)}</h2><small>{escape(name)}{known}</small></header>
  <iframe src="{HOME}page/chat/{user.id}" title="Chat"></iframe>
  <form method="post" action="{HOME}page/write">{hidden}
    <input name="text" placeholder="Message" aria-label="Message" autocomplete="off">
    <button>Send</button></form>
  <form method="post" action="{HOME}page/pass">{hidden}{kinds}</form>
  <form method="post" action="{HOME}page/open">{hidden}
    <input name="link" placeholder="https://t.me/…?start=…" aria-label="Link">
    <button>Start</button></form>
  <form method="post" action="{HOME}page/block">{hidden}<button>{block}</button></form>
</section>"""


def _chat(network: Network, user_id: int) -> str:
    with network.lock:
        shown = [each for each in network.messages if each.chat_id == user_id][-SHOWN:]
        bubbles = "".join(_bubble(network, each) for each in shown)
    return CHAT.format(style=STYLE, messages=bubbles)


def _bubble(network: Network, sent: Sent) -> str:
    at = f"{datetime.fromtimestamp(sent.at, UTC):%H:%M}"
    side = "theirs" if sent.is_inbound else "ours"
    answered = network.find(sent.chat_id, sent.reply_to) if sent.reply_to else None
    quote = f'<small class="quote">{escape(answered.text)}</small>' if answered else ""
    kind = f"[{sent.kind}] " if sent.kind else ""
    edited = " edited" if sent.edited_at is not None else ""
    text = f"{quote}{escape(kind + sent.text)} <small>{at}{edited}</small>"
    return f'<p class="{side}">{text}</p>{_buttons(sent)}'


def _buttons(sent: Sent) -> str:
    rows: Sequence[Sequence[Mapping[str, Any]]] = (sent.reply_markup or {}).get(
        "inline_keyboard", []
    )
    buttons = "".join(
        f'<button name="data" value="{escape(str(button["callback_data"]))}">'
        f"{escape(str(button['text']))}</button>"
        for row in rows
        for button in row
        if "callback_data" in button
    )
    if not buttons:
        return ""
    return (
        f'<form method="post" action="{HOME}page/press">'
        f'<input type="hidden" name="user_id" value="{sent.chat_id}">'
        f'<input type="hidden" name="message_id" value="{sent.id}">{buttons}</form>'
    )
