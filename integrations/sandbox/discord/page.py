"""The channel as a page, which shows the messages as Discord would."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

PAGE = """<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Sandbox: Discord</title>
<style>
  body {{ background: #313338; color: #dbdee1; font: 15px/1.4 sans-serif; }}
  body {{ margin: 2rem auto; max-width: 42rem; }}
  article {{ margin: 1.2rem 0; }}
  .embed {{ background: #2b2d31; border-left: 4px solid; border-radius: 4px; }}
  .embed {{ margin-top: .3rem; padding: .6rem 1rem; }}
  .fields {{ display: grid; gap: .6rem; grid-template-columns: repeat(3, 1fr); margin: .6rem 0; }}
  .wide {{ grid-column: 1 / -1; }}
  a {{ color: #00a8fc; }} small {{ color: #949ba4; }}
  p {{ margin: .3rem 0; white-space: pre-line; overflow-wrap: anywhere; }}
</style>
<h1>#orders</h1>
{messages}
"""
NOTHING = "<p>Nothing has been posted yet. This page looks again every two seconds.</p>"

_BOLD = re.compile(r"\*\*((?:\\.|[^*])*)\*\*")
_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")


def page_of(messages: Iterable[Mapping[str, Any]]) -> str:
    """Return the page, newest message first."""
    return PAGE.format(messages="".join(map(_message, messages)) or NOTHING)


def _message(message: Mapping[str, Any]) -> str:
    name = escape(message["author"]["username"])
    embeds = "".join(map(_embed, message["embeds"]))
    content = f"<p>{_markdown(message['content'])}</p>" if message["content"] else ""
    return f"<article><strong>{name}</strong> <small>bot</small>{content}{embeds}</article>"


def _embed(embed: Mapping[str, Any]) -> str:
    title = _markdown(embed.get("title", ""))
    if embed.get("url"):
        title = f'<a href="{escape(embed["url"])}">{title}</a>'
    fields = "".join(
        f'<div class="{"" if field.get("inline") else "wide"}">'
        f"<strong>{_markdown(field['name'])}</strong><p>{_markdown(field['value'])}</p></div>"
        for field in embed.get("fields", [])
    )
    ending = [embed.get("footer", {}).get("text", ""), embed.get("timestamp", "")]
    return (
        f'<div class="embed" style="border-color: #{embed.get("color", 0):06x}">'
        f"<strong>{title}</strong><p>{_markdown(embed.get('description', ''))}</p>"
        f'<div class="fields">{fields}</div>'
        f"<small>{escape(' · '.join(filter(None, ending)))}</small></div>"
    )


def _markdown(text: str) -> str:
    """Show bold text and escapes as Discord does. We send no other Markdown."""
    bold = _BOLD.sub(r"<strong>\1</strong>", escape(text, quote=False))
    return _ESCAPE.sub(r"\1", bold)
