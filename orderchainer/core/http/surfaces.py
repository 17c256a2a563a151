"""The four surfaces, and how each writes a refusal.

A `Problem` is a refusal on its way out: status, words and data, before it has any surface's shape.
Each surface turns it into the body that its document shows. `surface_of` finds the surface of a
path, so that an unknown path, a body over the limit or a crash is answered in that shape as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache as once
from typing import Any

from django.utils import timezone

from orderchainer.core.moments import milliseconds, seconds
from orderchainer.core.registry import Registry

Body = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """A refusal: its status, its words, and the typed data beside them."""

    status: int
    code: str
    message: str
    errors: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    # The request was refused because something exists already. Some documents have one text for
    # all such refusals.
    is_duplicate: bool = False
    # A client must be able to tell this from other refusals with the same status.
    is_told_apart: bool = False


# The caller sent no credentials at all. One document tells this from wrong credentials.
MISSING_AUTHORIZATION = "missing_authorization"


def _as_it_is(problem: Problem) -> Problem:
    return problem


@dataclass(frozen=True)
class Surface:
    """One documented API: its name, and how it writes a refusal."""

    name: str
    body_of: Callable[[Problem], Body]
    # Changes a problem before it is written, where this document has another status for it.
    reading: Callable[[Problem], Problem] = _as_it_is


# --- chain: `detail` carries the documented words, facts stand beside it ----------------------

CHAIN_WORDS = {
    400: "Invalid request data",
    401: "Could not validate credentials",
    403: "Not authorized to perform this action",
    404: "Resource not found",
    500: "Internal server error",
}


def chain_body(problem: Problem) -> Body:
    """Write `{"detail"}` with the document's words; a 400 adds `errors`, a 409 `code` and facts."""
    if problem.is_duplicate:
        detail = "Resource already exists"
    else:
        detail = CHAIN_WORDS.get(problem.status, problem.message)
    body: Body = {"detail": detail}
    if problem.status not in {401, 403, 404, 500} or problem.is_told_apart:
        body["code"] = problem.code
    if problem.errors:
        body["errors"] = dict(problem.errors)
    return {**body, **problem.data}


# --- hub --------------------------------------------------------------------------------------


def hub_reading(problem: Problem) -> Problem:
    """Turn a 400 for wrong fields into a 422; a body that cannot be read stays a 400."""
    if problem.status == 400 and problem.code != "unreadable":
        code = "validation_error" if problem.code == "invalid" else problem.code
        return replace(problem, status=422, code=code)
    return problem


def hub_body(problem: Problem) -> Body:
    """Write `{"detail", "code", "timestamp"}`; a 422 adds `errors` by field."""
    body: Body = {
        "detail": problem.message,
        "code": problem.code.upper(),
        "timestamp": seconds(timezone.now()),
    }
    if problem.errors:
        body["errors"] = dict(problem.errors)
    return {**body, **problem.data}


# --- envelope ---------------------------------------------------------------------------------

ENVELOPE_CODES = {
    "invalid": "VALIDATION_FAILED",
    "unauthenticated": "UNAUTHORIZED",
    MISSING_AUTHORIZATION: "UNAUTHORIZED",
    "unreadable": "VALIDATION_FAILED",
}
MISSING_AUTHORIZATION_HINT = (
    "Authorization header is required. Format: Authorization: Bearer <token>"
)


def envelope_body(problem: Problem) -> Body:
    """Write `{"success": false, "error", "errorCode", "timestamp"}` for the first message."""
    first = first_message(problem.errors)
    # The document has its own code for a missing field; REST framework marks such messages.
    if getattr(first, "code", None) in {"required", "null", "blank"}:
        code = "MISSING_REQUIRED_FIELD"
    else:
        code = ENVELOPE_CODES.get(problem.code, problem.code.upper())
    body: Body = {
        "success": False,
        "error": first or problem.message,
        "errorCode": code,
        "timestamp": milliseconds(timezone.now()),
    }
    if problem.code == MISSING_AUTHORIZATION:
        body |= {
            "error": "Missing authorization",
            "message": MISSING_AUTHORIZATION_HINT,
        }
    return body


# --- shop -------------------------------------------------------------------------------------


def shop_body(problem: Problem) -> Body:
    """Write `{"error"}`, or the messages by field where fields are wrong."""
    if problem.errors:
        return dict(problem.errors)
    return {"error": problem.message, **problem.data}


# --- chain and envelope at once ---------------------------------------------------------------


def union_body(problem: Problem) -> Body:
    """Write the chain's body and the envelope's in one: both documents claim the path."""
    return {**chain_body(problem), **envelope_body(problem)}


# --- chain and shop at once -------------------------------------------------------------------


def chain_and_shop_body(problem: Problem) -> Body:
    """Write the chain's body and beside it the shop's `error`: both documents claim the path."""
    return {**chain_body(problem), "error": problem.message}


def checkout_body(problem: Problem) -> Body:
    """Write `chain_and_shop_body`, and add the shop's messages by field.

    A checkout is a request of the shop, so its clients expect these messages. A field with the same
    name as a key of that body is left out.
    """
    body = chain_and_shop_body(problem)
    return body | {name: problem.errors[name] for name in problem.errors if name not in body}


CHAIN = Surface("chain", chain_body)
UNION = Surface("union", union_body)
CHAIN_AND_SHOP = Surface("chain_and_shop", chain_and_shop_body)
# This surface has no prefix: the view sets it when a request turns out to be a checkout.
CHECKOUT = Surface("checkout", checkout_body)
HUB = Surface("hub", hub_body, hub_reading)
ENVELOPE = Surface("envelope", envelope_body)
SHOP = Surface("shop", shop_body)

# Which surface lives under which prefix. The longest prefix of a path decides.
PREFIXES: Registry[str, Surface] = Registry("prefix")


def register_prefixes(surface: Surface, *prefixes: str) -> None:
    """Register the prefixes of the paths of `surface`, each without a trailing slash."""
    for prefix in prefixes:
        PREFIXES.add(prefix, surface)


@once
def _longest_first() -> tuple[tuple[str, Surface], ...]:
    return tuple(sorted(PREFIXES.items(), key=lambda pair: len(pair[0]), reverse=True))


def surface_of(path: str) -> Surface | None:
    """Return the surface that answers under `path`, or None where no API answers."""
    for prefix, surface in _longest_first():
        if path == prefix or path.startswith(prefix + "/"):
            return surface
    return None


def first_message(errors: Any) -> str:
    """Return the first message in a tree of errors by field, or an empty string."""
    if isinstance(errors, Mapping):
        errors = list(errors.values())
    if isinstance(errors, list | tuple):
        return next(filter(None, map(first_message, errors)), "")
    if isinstance(errors, str):
        return errors
    return str(errors) if errors else ""
