"""Strict parsers for request bodies."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from orderchainer.core.nesting import MAX_DEPTH, is_too_deep


class StrictJSONParser(parsers.BaseParser):
    """Read JSON according to RFC 8259.

    The standard library's parser accepts NaN, lone surrogates and integers of any length, which a
    database then refuses in the middle of a transaction. orjson refuses the first two here and
    reads the third as a float, which no integer field accepts. The depth of nested lists and
    objects is bounded too.
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
            value = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise ParseError(f"This is not JSON: {exc}.") from exc
        # Most bodies have too few brackets to be deep, so we need not walk them.
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_too_deep(value):
            raise ParseError(f"Values are nested deeper than {MAX_DEPTH} levels.")
        return value


class _InUTF8(parsers.BaseParser):
    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = {**(parser_context or {}), "encoding": "utf-8"}
        return super().parse(stream, media_type, context)


class FormParser(_InUTF8, parsers.FormParser):
    """Read a form as UTF-8.

    REST framework decodes by the `charset` of the header, which this format does not have (WHATWG
    URL, section 5.1). Some of Python's codecs are not for text or produce lone surrogates.
    """


class MultiPartParser(_InUTF8, parsers.MultiPartParser):
    """Read a form with files; its texts are UTF-8 whatever the header says (RFC 7578, 5.1.2)."""
