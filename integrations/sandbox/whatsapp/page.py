"""A telephone for people: write as a customer, and see what arrived, with its ticks.

    GET  /                      the telephones; their chats reload every two seconds
    POST /page/write            {"user_id", "text"}: the customer writes
    POST /page/press            {"user_id", "kind"}: the customer sends a picture, a reaction …
    POST /page/read             {"user_id"}: the customer reads what arrived
    POST /page/close            {"user_id"}: 24 hours pass, so that the window closes
    POST /page/meet             {"name", "number"?}: another customer
    POST /page/callback         {"url"}: where notifications go

The forms need no script.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from integrations.sandbox.whatsapp.network import Network
from integrations.sandbox.whatsapp.phones import WINDOW_SECONDS, Customer, Sent
from integrations.sandbox.wire import Answer, html_answer

HOME = "/_control/whatsapp/"
SHOWN = 60
STYLE = """
  body { background: #e6e2dc; color: #1c1e21; font: 14px/1.45 sans-serif; margin: 1.5rem; }
  h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 0; }
  .phones { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
  .phone { background: #efeae2; border: 8px solid #2b2b2b; border-radius: 26px; width: 22rem; }
  .phone header { background: #008069; border-radius: 16px 16px 0 0; color: #fff; }
  .phone header { padding: .6rem 1rem; }
  .chat { display: flex; flex-direction: column-reverse; gap: .3rem; padding: .8rem; }
  .chat { box-sizing: border-box; height: 100vh; overflow-y: auto; }
  .chat p { border-radius: 8px; margin: 0; max-width: 80%; padding: .35rem .6rem; }
  .chat p { overflow-wrap: anywhere; white-space: pre-wrap; }
  .ours { align-self: flex-start; background: #fff; }
  .theirs { align-self: flex-end; background: #d9fdd3; }
  .failed { background: #fdd; } .read { color: #1d8cd6; }
  .phone form { display: flex; gap: .4rem; padding: 0 .8rem .6rem; }
  .phone input { flex: 1; } input, button { border: 1px solid #bbb; border-radius: 14px; }
  input, button { font: inherit; padding: .25rem .7rem; } button { background: #fff; }
  iframe { border: 0; height: 24rem; width: 100%; }
  small { color: #667; } header small { color: #cfe9e2; }
"""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox: WhatsApp</title>
<style>{style}</style>
<body>
<h1>{name} <small>{display}</small></h1>
<p>{callback}</p>
<div class="phones">{phones}</div>
<form method="post" action="{home}page/meet">
  <input name="name" placeholder="Name" aria-label="Name" required>
  <input name="number" placeholder="Number, or empty for somebody who hides it" size="40"
    aria-label="Number">
  <button>Another customer</button>
</form>
<form method="post" action="{home}page/callback">
  <input name="url" size="60" value="{url}" aria-label="Address" placeholder="nowhere">
  <button>Send notifications there</button>
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
TICKS: Mapping[str, str] = {
    "accepted": "🕓",
    "sent": "✓",
    "delivered": "✓✓",
    "read": '<span class="read">✓✓</span>',
}
KINDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Photo": ("image", {"mime_type": "image/png", "caption": "It came like this"}),
    "Place": ("location", {"latitude": 47.55, "longitude": 9.69, "name": "Harbour"}),
    "Poll": ("unsupported", {"type": "poll"}),
}


def answer(
    whatsapp: Network, method: str, rest: Sequence[str], data: Mapping[str, str]
) -> Answer | None:
    """Answer one request for the page, or None if there is nothing there."""
    match (method, rest):
        case ("GET", []):
            return html_answer(200, _page(whatsapp))
        case ("GET", ["chat", user_id]):
            return html_answer(200, _chat(whatsapp, user_id))
        case ("POST", [change]) if change in _CHANGES:
            _CHANGES[change](whatsapp, data)
            return Answer(303, headers={"Location": HOME})
    return None


# --- What people can do -----------------------------------------------------------------------


def _write(whatsapp: Network, data: Mapping[str, str]) -> None:
    text = data.get("text", "").strip()
    if text:
        _beside(lambda: whatsapp.write(data["user_id"], text))


def _press(whatsapp: Network, data: Mapping[str, str]) -> None:
    kind, content = KINDS[data["kind"]]
    _beside(lambda: whatsapp.write(data["user_id"], type=kind, content=content))


def _read(whatsapp: Network, data: Mapping[str, str]) -> None:
    unread = [
        each
        for each in whatsapp.messages
        if each.customer.user_id == data["user_id"]
        and not each.is_inbound
        and each.status in {"accepted", "sent", "delivered"}
    ]

    def read() -> None:
        for each in unread:
            whatsapp.tell(each, ["read"])

    _beside(read)


def _close(whatsapp: Network, data: Mapping[str, str]) -> None:
    customer = whatsapp.customers[data["user_id"]]
    for number in customer.wrote_at:
        customer.wrote_at[number] -= WINDOW_SECONDS


def _meet(whatsapp: Network, data: Mapping[str, str]) -> None:
    number = "".join(sign for sign in data.get("number", "") if sign.isdigit())
    name = data.get("name", "").strip() or "Somebody"
    key = f"US.{1000 + len(whatsapp.customers)}"
    username = "" if number else name.lower().replace(" ", ".")
    whatsapp.customers[key] = Customer(key, number, name, username)


def _callback(whatsapp: Network, data: Mapping[str, str]) -> None:
    whatsapp.number.callback = data.get("url", "").strip()


def _beside(work: Callable[[], object]) -> None:
    """Do something in a thread that waits for the service, so that the page does not wait."""
    threading.Thread(target=work, daemon=True).start()


_CHANGES = {
    "write": _write,
    "press": _press,
    "read": _read,
    "close": _close,
    "meet": _meet,
    "callback": _callback,
}


# --- What it shows ----------------------------------------------------------------------------


def _page(whatsapp: Network) -> str:
    number = whatsapp.number
    to = (
        f"Notifications go to {number.callback}."
        if number.callback
        else ("Nobody gets notifications yet: connect the number, or name an address below.")
    )
    return PAGE.format(
        style=STYLE,
        home=HOME,
        name=escape(number.name),
        display=escape(number.display),
        callback=escape(to),
        url=escape(number.callback),
        phones="".join(_phone(whatsapp, each) for each in whatsapp.customers.values()),
    )


def _phone(whatsapp: Network, customer: Customer) -> str:
    key = escape(customer.user_id)
    hidden = f'<input type="hidden" name="user_id" value="{key}">'
    kinds = "".join(f'<button name="kind" value="{kind}">{kind}</button>' for kind in KINDS)
    is_open = whatsapp.is_open(whatsapp.number, customer)
    window = "The business may write freely." if is_open else "Only templates until they write."
    return f"""
<section class="phone">
  <header><h2>{escape(customer.name or customer.wa_id)}</h2>
    <small>{escape(customer.wa_id or "@" + customer.username)} · {window}</small></header>
  <iframe src="{HOME}page/chat/{key}" title="Chat"></iframe>
  <form method="post" action="{HOME}page/write">{hidden}
    <input name="text" placeholder="Message" aria-label="Message" autocomplete="off">
    <button>Send</button></form>
  <form method="post" action="{HOME}page/press">{hidden}{kinds}</form>
  <form method="post" action="{HOME}page/read">{hidden}<button>Read all</button>
    <button formaction="{HOME}page/close">Let 24 hours pass</button></form>
</section>"""


def _chat(whatsapp: Network, user_id: str) -> str:
    shown = [each for each in whatsapp.messages if each.customer.user_id == user_id][-SHOWN:]
    # The newest message comes first, and the list grows from the bottom up. So the newest one is
    # always in sight.
    bubbles = "".join(_bubble(each) for each in shown[::-1])
    return CHAT.format(style=STYLE, messages=bubbles)


def _bubble(sent: Sent) -> str:
    at = f"{datetime.fromtimestamp(sent.at, UTC):%H:%M}"
    if sent.is_inbound:
        ticks = TICKS["read"] if sent.status == "read" else TICKS["delivered"]
        return f'<p class="theirs">{escape(sent.text)} <small>{at} {ticks}</small></p>'
    if sent.status == "failed":
        return (
            f'<p class="ours failed">{escape(sent.text)} '
            f"<small>{at} did not arrive ({sent.error_code})</small></p>"
        )
    return (
        f'<p class="ours">{escape(sent.text)} <small>{at} {TICKS.get(sent.status, "")}</small></p>'
    )
