"""Render answers."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

from orderchainer.core.money import written


class JSONRenderer(BaseRenderer):
    """Write JSON with orjson. For lists of rows it takes a fifth of the standard library's time."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8 by definition
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        return dumps(data)


def dumps(data: Any) -> bytes:
    """Return `data` as JSON. Decimals become strings; each surface formats its own times."""
    return orjson.dumps(
        data,
        default=_plain,
        option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME,
    )


def number(amount: Decimal, currency: str) -> orjson.Fragment:
    """Return an amount as a JSON number with the decimals that `written` gives it.

    The digits are those of the decimal: a binary float would lose zeros, and cents of large sums.
    """
    return orjson.Fragment(written(amount, currency))


def _plain(value: object) -> object:
    if isinstance(value, Decimal | Promise):
        return str(value)
    if isinstance(value, datetime):
        msg = "Write moments in the surface's own format before rendering."
        raise TypeError(msg)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
