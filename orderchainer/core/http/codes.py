"""Every `code` that a refusal can have, as each surface writes it."""

from collections.abc import Iterator
from functools import cache as once

from rest_framework import exceptions

from orderchainer.core.errors import DomainError
from orderchainer.core.http.handlers import STATUS_OF_KIND, problem_of
from orderchainer.core.http.surfaces import CHAIN, ENVELOPE, HUB, Problem, Surface

# Refusals that are not domain errors. `problem_of` gives them their codes.
_OTHERS: tuple[exceptions.APIException, ...] = (
    exceptions.ValidationError({}),
    exceptions.ParseError(),
    exceptions.NotAuthenticated(),
    exceptions.MethodNotAllowed("GET"),
    exceptions.NotAcceptable(),
    exceptions.UnsupportedMediaType("text/plain"),
)
_BEFORE_ANY_VIEW = (
    Problem(413, "too_large", ""),
    Problem(500, "internal_error", ""),
)


def chain_codes() -> list[str]:
    """Return the values of `code` on the chain, in alphabetical order."""
    return _codes_of(CHAIN, "code")


def hub_codes() -> list[str]:
    """Return the values of `code` on the hub, in alphabetical order."""
    return _codes_of(HUB, "code")


def envelope_codes() -> list[str]:
    """Return the values of `errorCode` in the envelope, in alphabetical order."""
    return _codes_of(ENVELOPE, "errorCode")


def _codes_of(surface: Surface, field: str) -> list[str]:
    """Let the surface write each problem, and return what it writes as the code."""
    bodies = (surface.body_of(surface.reading(problem)) for problem in _problems())
    return sorted({str(body[field]) for body in bodies if field in body})


@once
def _problems() -> tuple[Problem, ...]:
    others = (problem_of(error) for error in _OTHERS)
    of_errors = (
        # With `is_told_apart`, every surface writes the error's own code.
        Problem(_status_of(kind), kind.code, "", is_told_apart=kind.is_told_apart)
        for kind in sorted(_kinds(DomainError), key=lambda kind: kind.code)
    )
    return (*filter(None, others), *_BEFORE_ANY_VIEW, *of_errors)


def _status_of(kind: type[DomainError]) -> int:
    return next(status for base, status in STATUS_OF_KIND if issubclass(kind, base))


def _kinds(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for each in kind.__subclasses__():
        # Tests define their own errors, and the document must not depend on them.
        if ".tests." not in each.__module__:
            yield each
        yield from _kinds(each)
