"""What the Cloud API refuses before anything is sent.

Source of the rules: "Cloud API, Messages" and "Error codes" in Meta's developer documentation.
"""

import re
from collections.abc import Mapping
from typing import Any

MAX_TEXT, MAX_CAPTION, MAX_OPAQUE = 4096, 1024, 512
TYPES = {"text", "template", "image", "document", "video", "audio", "interactive", "reaction"}
KEYS = {
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    *TYPES,
}
_MEBIBYTE = 1024 * 1024
_OFFICE = "application/vnd.openxmlformats-officedocument"
# What may be uploaded, and how large it may be; from "Media", "Supported media types".
MOST_BYTES: Mapping[str, int] = {
    **dict.fromkeys(("image/jpeg", "image/png"), 5 * _MEBIBYTE),
    **dict.fromkeys(("video/mp4", "video/3gpp"), 16 * _MEBIBYTE),
    **dict.fromkeys(
        ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * _MEBIBYTE
    ),
    **dict.fromkeys(
        (
            "application/pdf",
            "text/plain",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            f"{_OFFICE}.wordprocessingml.document",
            f"{_OFFICE}.spreadsheetml.sheet",
            f"{_OFFICE}.presentationml.presentation",
        ),
        100 * _MEBIBYTE,
    ),
}
_BAD_PARAMETER = re.compile(r"[\n\t]| {5,}")


class Refused(Exception):
    """The API answers with an error."""

    def __init__(self, code: int, details: str, status: int = 400) -> None:
        super().__init__(details)
        self.code = code
        self.details = details
        self.status = status


TITLES: Mapping[int, str] = {
    0: "AuthException",
    4: "Application request limit reached",
    100: "Invalid parameter",
    190: "Invalid OAuth access token",
    10: "Application does not have permission for this action",
    130429: "Rate limit hit",
    131000: "Something went wrong",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131053: "Media upload error",
    131056: "Pair rate limit hit",
    131062: "Business-scoped user id is not allowed",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132012: "Parameter format does not match",
}


def error_body(code: int, details: str) -> dict[str, Any]:
    """Return the body of an error answer."""
    return {
        "error": {
            "message": f"(#{code}) {TITLES.get(code, 'Error')}",
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details},
            "fbtrace_id": "AbCdEfGhIjKlMnOp",
        }
    }


def check_file(content: bytes, media_type: str) -> None:
    """Raise `Refused` for a file that cannot be uploaded."""
    if media_type not in MOST_BYTES:
        types = ", ".join(sorted(MOST_BYTES))
        raise Refused(100, f"Param file must be a file with one of the following types: {types}.")
    if not 0 < len(content) <= MOST_BYTES[media_type]:
        raise Refused(100, "The file is empty or too large.")


def check_uploaded(body: Mapping[str, Any], files: Mapping[str, tuple[bytes, str]]) -> None:
    """Raise `Refused` if a message names a file that is not uploaded, or of another kind."""
    kind = str(body["type"])
    id_ = body[kind].get("id") if kind in {"image", "document"} else None
    if id_ is None:
        return
    _content, media_type = files.get(str(id_), (b"", ""))
    if not media_type:
        raise Refused(131009, f"{kind}['id'] is not a valid whatsapp business account media id.")
    if (kind == "image") != media_type.startswith("image/"):
        raise Refused(131053, f"A file of the type {media_type} cannot be sent as {kind}.")


def check_message(body: Any, templates: Mapping[str, int]) -> None:
    """Raise `Refused` for a message that the API does not take."""
    if not isinstance(body, dict):
        raise Refused(100, "The body is no JSON object.")
    if body.get("messaging_product") != "whatsapp":
        raise Refused(100, "The parameter messaging_product is required.")
    if unknown := set(body) - KEYS:
        raise Refused(100, f"Unexpected key {sorted(unknown)[0]!r} on param.")
    if bool(body.get("to")) == bool(body.get("recipient")):
        raise Refused(131008, "Exactly one of to and recipient is required.")
    if len(str(body.get("biz_opaque_callback_data", "")).encode()) > MAX_OPAQUE:
        raise Refused(131009, "biz_opaque_callback_data is too long.")
    kind = body.get("type")
    if kind not in TYPES or not isinstance(body.get(kind), dict):
        raise Refused(131008, f"The parameter {kind!r} is required.")
    context = body.get("context")
    if context is not None and not (isinstance(context, dict) and context.get("message_id")):
        raise Refused(131009, "context needs a message_id.")
    _CHECKS.get(str(kind), _nothing)(body[kind], templates)


def _nothing(told: Mapping[str, Any], templates: Mapping[str, int]) -> None:
    pass


def _check_text(told: Mapping[str, Any], templates: Mapping[str, int]) -> None:
    text = told.get("body")
    if not isinstance(text, str) or not text:
        raise Refused(131008, "The parameter text['body'] is required.")
    if len(text) > MAX_TEXT:
        raise Refused(100, f"text['body'] must be at most {MAX_TEXT} characters long.")


def _check_media(told: Mapping[str, Any], templates: Mapping[str, int]) -> None:
    if bool(told.get("id")) == bool(told.get("link")):
        raise Refused(131009, "Exactly one of id and link is required.")
    if told.get("link") and not str(told["link"]).startswith(("http://", "https://")):
        raise Refused(131009, "link is no URL.")
    if len(str(told.get("caption", ""))) > MAX_CAPTION:
        raise Refused(100, f"caption must be at most {MAX_CAPTION} characters long.")


def _check_template(told: Mapping[str, Any], templates: Mapping[str, int]) -> None:
    language = told.get("language")
    if not isinstance(language, dict) or not language.get("code"):
        raise Refused(131008, "The parameter template['language']['code'] is required.")
    name = str(told.get("name"))
    if name not in templates:
        raise Refused(132001, f"template name ({name}) does not exist in {language['code']}", 404)
    parameters = [
        each
        for component in told.get("components", [])
        if component.get("type") == "body"
        for each in component.get("parameters", [])
    ]
    if len(parameters) != templates[name]:
        raise Refused(
            132000,
            f"body: number of localizable_params ({len(parameters)}) does not match the expected "
            f"number of params ({templates[name]})",
        )
    for each in parameters:
        if _BAD_PARAMETER.search(str(each.get("text", ""))):
            raise Refused(
                132012, "Param text cannot have new-line/tab characters or more than 4 spaces"
            )


_CHECKS = {
    "text": _check_text,
    "template": _check_template,
    "image": _check_media,
    "document": _check_media,
}
