"""The schema of signing in and out, which three surfaces offer, each in its own form."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema

from accounts.api.bodies import LOGGED_OUT
from accounts.api.schema import EITHER
from accounts.errors import EmailNotVerified
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    SurfaceName,
    answer_example,
    errors_of,
    request_example,
)

REQUIRED = ["This field is required."]

PASSWORD_RULES = (
    "The password needs 8 to 1,024 characters, must not consist of digits only "
    "and must not resemble"
)

# The type that `extend_schema` decorates.
Handler = TypeVar("Handler", bound=Callable[..., Any])


def use_of_tokens(refresh_path: str) -> str:
    """Explain the two tokens of a sign-in."""
    return (
        "The access token goes into the header `Authorization: Bearer …`; before it expires, "
        f"`POST {refresh_path}` exchanges the refresh token for a new pair."
    )


def refresh_operation(
    surface: SurfaceName,
    *,
    request: object,
    answer: type,
    field: str,
    tokens: Mapping[str, object],
    others: tuple[int, ...] = (),
) -> Callable[[Handler], Handler]:
    """Describe exchanging a refresh token, sent in `field`; `tokens` is the example.

    `others` are statuses of this surface beside those that all surfaces have.
    """
    return extend_schema(
        operation_id=f"{surface}_refresh_token",
        summary="Refresh the access token",
        description=(
            "Trades a refresh token for a new pair. Each token works once. If you send it again "
            "within half a minute, it is only refused. Later it ends the whole session, because "
            "somebody may have stolen it."
        ),
        request=request,
        responses={
            200: answer,
            **errors_of(surface, *others, Invalid({field: REQUIRED}), 401, EmailNotVerified()),
        },
        examples=[
            request_example("The refresh token", {field: tokens[field]}),
            answer_example("The new tokens", tokens),
        ],
    )


def logout_operation(
    surface: SurfaceName,
    *,
    request: object,
    answer: type | None,
    field: str,
    tokens: Mapping[str, object],
    more: str = "",
    others: tuple[int, ...] = (),
) -> Callable[[Handler], Handler]:
    """Describe ending a session by its refresh token, sent in `field`, or its access token.

    Without an `answer` the operation returns nothing (204). `more` is added to the description.
    `others` are statuses of this surface beside those that all surfaces have.
    """
    examples = [request_example("The refresh token", {field: tokens[field]})]
    if answer is not None:
        examples.append(answer_example("Done", LOGGED_OUT))
    return extend_schema(
        operation_id=f"{surface}_log_out",
        summary="Log out",
        description=(
            "Ends the session of the refresh token in the body or of the access token in the "
            "header; either is enough. All its tokens become invalid at once, and its WebSockets "
            "close." + more
        ),
        request=request,
        responses={
            204 if answer is None else 200: answer,
            **errors_of(surface, *others, Invalid({field: ["Not a valid string."]}), 401),
        },
        # OpenAPI's own notation: with or without the header.
        auth=[*EITHER, {}],  # type: ignore[list-item]
        examples=examples,
    )
