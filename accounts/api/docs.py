"""The schema of registration, login, refresh and logout, which several surfaces offer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from accounts.api.bodies import LOGGED_OUT
from accounts.api.schema import EITHER
from accounts.errors import EmailNotVerified
from orderchainer.core.errors import DomainError, Invalid
from orderchainer.core.http.schema import (
    SurfaceName,
    answer_example,
    errors_of,
    request_example,
)

EMAIL_REFUSED = Invalid({"email": ["Invalid email address"]})
REQUIRED = ["This field is required."]

# The type that `extend_schema` decorates.
Handler = TypeVar("Handler", bound=Callable[..., Any])


def register_operation(
    surface: SurfaceName,
    *,
    request: type,
    answer: type,
    errors: Mapping[int, OpenApiResponse],
    sent: Mapping[str, object],
    created: Mapping[str, object],
    more: str = "",
) -> Callable[[Handler], Handler]:
    """Describe creating a user. `sent` and `created` are the examples of request and answer.

    `more` is added to the description.
    """
    return extend_schema(
        operation_id=f"{surface}_register",
        summary="Register a new user",
        description=(
            "Creates a user with a personal project, and sends an e-mail that asks them to confirm "
            "the address. The password needs 8 to 1,024 characters, must not consist of digits "
            "only and must not resemble the user's e-mail or name." + more
        ),
        request=request,
        responses={201: answer, **errors},
        examples=[
            request_example("A new user", sent),
            answer_example("The user", created, status=201),
        ],
    )


def login_operation(
    surface: SurfaceName,
    name: str,
    *,
    request: object,
    answer: type,
    refresh_path: str,
    refusals: Sequence[int | DomainError],
    sent: Mapping[str, object],
    tokens: Mapping[str, object],
    more: str = "",
    examples: Sequence[OpenApiExample] = (),
) -> Callable[[Handler], Handler]:
    """Describe opening a session. `name` names the operation on its surface.

    `sent` and `tokens` are the examples of request and answer; `examples` are shown beside them.
    `more` is added to the description.
    """
    return extend_schema(
        operation_id=f"{surface}_{name}",
        summary="Log in",
        description=(
            "Opens a session for an e-mail and a password. The access token goes into the header "
            f"`Authorization: Bearer …`. Before it expires, `POST {refresh_path}` exchanges the "
            "refresh token for a new pair." + more
        ),
        request=request,
        responses={200: answer, **errors_of(surface, *refusals, EmailNotVerified())},
        examples=[
            request_example("E-mail and password", sent),
            *examples,
            answer_example("The tokens", tokens),
        ],
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

    `others` are statuses of this surface besides those that all surfaces have.
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
    `others` are statuses of this surface besides those that all surfaces have.
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
