"""A page for people: what the assistant asked the pretend model, and what that answered."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from integrations.sandbox.gemini.records import Exchange
from integrations.sandbox.gemini.script import MODES

SHOWN = 50
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<title>Sandbox: Gemini</title>
<style>
  body {{ background: #f2f4f8; color: #1b1f27; font: 14px/1.5 sans-serif; margin: 1.5rem; }}
  h1 {{ font-size: 1.3rem; }}
  article {{ background: #fff; border: 1px solid #d5dae3; border-radius: 10px; margin: 0 0 1rem; }}
  article {{ max-width: 60rem; padding: .8rem 1rem; }}
  p {{ margin: .2rem 0; overflow-wrap: anywhere; white-space: pre-wrap; }}
  code {{ background: #eef1f6; border-radius: 4px; overflow-wrap: anywhere; padding: 0 .25rem; }}
  small {{ color: #566; }} .error {{ color: #a21; }}
</style>
<body>
<h1>Gemini <small>key {key}</small></h1>
<p>No model runs here: a few rules answer questions about orders from what OrderChainer's tools
return. Write <code>sandbox:MODE</code> in a question to see how the assistant copes. MODE is one
of {modes}.</p>
{exchanges}
"""


def page(key: str, exchanges: Sequence[Exchange]) -> str:
    """Show the newest exchanges first."""
    newest = list(reversed(exchanges))[:SHOWN]
    return PAGE.format(
        key=escape(key),
        modes=", ".join(MODES),
        exchanges="".join(map(_exchange, newest)) or "<p>Nobody has asked anything yet.</p>",
    )


def _exchange(exchange: Exchange) -> str:
    shown = exchange.shown
    at = f"{datetime.fromtimestamp(exchange.at, UTC):%H:%M:%S}"
    lines = [f"<small>{at} · {escape(shown['model'])} · {shown['tokens']} tokens</small>"]
    lines.append(f"<p><strong>{escape(shown['question'])}</strong></p>")
    lines += [_returned(each["name"], each["response"]) for each in shown["results"]]
    lines += [f"<p>asks {_call(each['name'], each['args'])}</p>" for each in shown["calls"]]
    if shown["text"]:
        kind = ' class="error"' if shown["is_error"] else ""
        lines.append(f"<p{kind}>{escape(shown['text'])}</p>")
    return f"<article>{''.join(lines)}</article>"


def _call(name: str, args: Any) -> str:
    return f"<code>{escape(name)}({escape(json.dumps(args, ensure_ascii=False))})</code>"


def _returned(name: str, response: Any) -> str:
    text = json.dumps(response, ensure_ascii=False)
    return f"<p><small>{escape(name)} returned <code>{escape(text)}</code></small></p>"
