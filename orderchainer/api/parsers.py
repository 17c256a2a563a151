"""Reading request bodies without mercy and without surprises."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, FormParser

__all__ = ["FormParser", "StrictJSONParser"]


class StrictJSONParser(BaseParser):
    """Read JSON as RFC 8259 has it.

    The standard library's parser takes NaN, lone surrogates and integers of any length, which a
    database then refuses in the middle of a transaction. orjson refuses the first two here and reads
    the third as a float, which no integer field takes.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.MAX_REQUEST_BODY_BYTES
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise ParseError(f"This is not JSON: {exc}.") from exc
