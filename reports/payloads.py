"""Payloads: what a builder makes, and how it is kept.

A payload is a dictionary of texts, numbers, None, lists and dictionaries. Amounts of money are
`Decimal` with as many decimals as they are written with. Durations are floats in seconds. Dates
are texts such as `2025-01-31`.
"""

import json
from decimal import Decimal
from typing import Any

import orjson

Payload = dict[str, Any]


def write(payload: Payload) -> str:
    """Return a payload as JSON. An amount becomes a number with exactly its decimals."""
    return orjson.dumps(payload, default=_number).decode()


def read(text: str) -> Payload:
    """Return the payload that was written as `text`, with every number that has a point as
    Decimal.
    """
    payload: Payload = json.loads(text, parse_float=Decimal)
    return payload


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    raise TypeError(f"A payload has no {type(value).__name__}.")
