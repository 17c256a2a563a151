"""How the surfaces appear in the OpenAPI document, and the words for describing an operation.

A surface's `docs.py` describes its operations, and each handler carries one description, such as
`@docs.PLANT_TREE`. It describes what is special about the operation; this module adds what follows
from its surface. In full:

    PLANT_TREE = extend_schema(
        summary="Plant a tree",
        description="Plants a tree between `neighbours`.",
        request=TreeInput,
        responses={
            201: TreeOutput,
            **errors_of("chain", 400, TooClose([3, 1]), NeighbourFelled([1])),
        },
        parameters=[IDEMPOTENCY_KEY, etag_of_answer(201)],
        examples=[
            request_example("A young oak", {"kind": "oak", "neighbours": [1, 2]}),
            answer_example("The tree", {"id": 3, "kind": "oak"}, status=201),
        ],
    )

- `errors_of(surface, …)` takes statuses, and domain errors where the answer says more than the
  status does. The example bodies are written by the surface itself, so they are what is sent.
- Never name 401, 413, 415, 429 or 500: this module adds them to each operation that can answer
  them. It also adds the headers of the limits, and, unless the operation names its own, a 403 and
  the 400 for an unreadable body.
- On the hub an `Invalid` is documented as a 422, because the hub sends a 422 for it.
- `WINDOW` gives a bare list its `skip` and `limit`, and the headers `X-Total-Count` and `Link`;
  `PAGE_WINDOW` does the same with `page` and `page_size`, as the hub's lists have them.
- `etag_of_answer(200)` documents the `ETag` of an answer. `IF_MATCH` and `IF_NONE_MATCH` document
  the request headers that send it back. `NOT_MODIFIED` is the 304; pass a 412 to `errors_of`.
- The tag comes from the path (`trees/{id}` of the chain is in "chain: trees"); do not set `tags`.
  The app registers what the tag is about, and which facts its refusals show: see `documented.py`.
"""

from collections.abc import Collection, Mapping
from functools import cache as once
from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import is_list_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
)
from rest_framework.exceptions import APIException, ParseError

from orderchainer.core.errors import DomainError
from orderchainer.core.http.documented import GROUPS, THINGS
from orderchainer.core.http.error_bodies import MESSAGES, NAMES_FIELDS, error_bodies
from orderchainer.core.http.handlers import problem_of
from orderchainer.core.http.pagination import (
    DEFAULT_DAYS,
    DEFAULT_LIMIT,
    DEFAULT_PAGE_SIZE,
    MAX_DAYS,
    MAX_LIMIT,
    MAX_PAGE,
    MAX_SKIP,
)
from orderchainer.core.http.surfaces import (
    CHAIN,
    CHAIN_AND_SHOP,
    CHECKOUT,
    ENVELOPE,
    HUB,
    SHOP,
    UNION,
    Problem,
    Surface,
    surface_of,
)

SurfaceName = Literal["chain", "union", "chain_and_shop", "checkout", "hub", "envelope", "shop"]

# The moments in examples. The surface itself would write the current time.
EXAMPLE_MOMENTS = {HUB.name: "2024-01-15T10:30:00Z"}
EXAMPLE_MOMENT = "2025-11-07T13:18:43.934Z"

# --- Refusals ---------------------------------------------------------------------------------

_SURFACES: dict[str, Surface] = {
    surface.name: surface
    for surface in (CHAIN, UNION, CHAIN_AND_SHOP, CHECKOUT, HUB, ENVELOPE, SHOP)
}

# The usual refusal for each status, for examples.
_USUAL: dict[int, Problem] = {
    400: Problem(
        400,
        "invalid",
        "The input is not valid.",
        {"title": ["This field is required."]},
    ),
    401: Problem(401, "unauthenticated", "Could not validate credentials"),
    403: Problem(403, "not_allowed", "Not authorized to perform this action"),
    404: Problem(404, "not_found", "Resource not found"),
    409: Problem(409, "already_exists", "This exists already.", is_duplicate=True),
    412: Problem(
        412,
        "stale",
        "This has changed since you read it. Read it again and repeat the change.",
    ),
    413: Problem(413, "too_large", "The body is larger than 1048576 bytes."),
    415: Problem(415, "unsupported_media_type", 'Unsupported media type "text/plain" in request.'),
    422: Problem(
        422,
        "validation_error",
        "The input is not valid.",
        {"name": ["This field is required."]},
    ),
    429: Problem(429, "rate_limit_exceeded", "Too many requests. Try again in 30 seconds."),
    500: Problem(500, "internal_error", "Internal server error"),
    502: Problem(502, "unusable_answer", "The other service gave an answer that cannot be used."),
    503: Problem(503, "unavailable", "This is not available at the moment."),
}
_UNREADABLE = ParseError("This is not JSON: unexpected end of data.")
_MEANING = {
    400: "The request is malformed; `errors` says what is wrong.",
    401: "The credentials are missing, expired or revoked.",
    403: "You may see this, but you may not do that.",
    404: "It does not exist, or you may not see it.",
    409: "The current state does not allow this.",
    412: "It has changed since the version in `If-Match`.",
    413: "The body is larger than this service accepts.",
    415: "This operation does not read that format.",
    422: "The fields are not valid: `errors` names them.",
    429: "Too many requests; `Retry-After` says when to try again.",
    500: "A defect of the service; it is logged under the answer's `X-Request-ID`.",
    502: "A service that this asks gave no usable answer.",
    503: "Something that this needs is not available; try again later.",
}


def errors_of(
    surface: SurfaceName, *refusals: int | DomainError | APIException
) -> dict[int, OpenApiResponse]:
    """Return the documented error answers of an operation on `surface`, by status.

    A status is shown with its usual refusal, an error with its own answer. Several refusals with
    one status become several examples.
    """
    problems: dict[int, dict[str, Problem]] = {}
    for refusal in refusals:
        problem = _USUAL[refusal] if isinstance(refusal, int) else problem_of(refusal)
        assert problem is not None
        problem = _SURFACES[surface].reading(problem)
        name = problem.code.replace("_", " ").capitalize()
        problems.setdefault(problem.status, {})[name] = problem
    return {
        status: OpenApiResponse(
            response=error_bodies()[surface],
            description=_MEANING[status],
            examples=[
                OpenApiExample(name, value=_example_body(_SURFACES[surface], problem))
                for name, problem in by_name.items()
            ],
        )
        for status, by_name in problems.items()
    }


def errors_of_checkout(
    others: dict[int, OpenApiResponse], *refusals: int | DomainError | APIException
) -> dict[int, OpenApiResponse]:
    """Add the error answers of a checkout to `others`, for an operation that can be either."""
    answers = dict(others)
    for status, answer in errors_of("checkout", *refusals).items():
        of_others = others[status].examples if status in others else []
        answers[status] = OpenApiResponse(
            response=answer.response,
            description=answer.description,
            examples=[
                *of_others,
                *(
                    OpenApiExample(f"Checkout: {each.name}", value=each.value)
                    for each in answer.examples
                ),
            ],
        )
    return answers


def _example_body(surface: Surface, problem: Problem) -> dict[str, Any]:
    body = surface.body_of(problem)
    if "timestamp" in body:
        body["timestamp"] = EXAMPLE_MOMENTS.get(surface.name, EXAMPLE_MOMENT)
    return body


# --- Examples ---------------------------------------------------------------------------------


def request_example(name: str, value: object, *, media_type: str = "") -> OpenApiExample:
    """Return an example of a request's body, named for what it does."""
    return OpenApiExample(name, value=value, request_only=True, media_type=media_type or None)


def answer_example(name: str, value: object, *, status: int = 200) -> OpenApiExample:
    """Return an example of the answer with `status`; for a list, an example of one row."""
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


# --- Parameters and headers -------------------------------------------------------------------

_SKIP = OpenApiParameter(
    "skip",
    {"type": "integer", "minimum": 0, "maximum": MAX_SKIP, "default": 0},
    description="How many rows to skip.",
)
_LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    description="How many rows to return at most.",
)
_PAGE = OpenApiParameter(
    "page",
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1},
    description="Which page to return, counted from 1.",
)
_PAGE_SIZE = OpenApiParameter(
    "page_size",
    {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_LIMIT,
        "default": DEFAULT_PAGE_SIZE,
    },
    description="How many rows a page has at most.",
)
_TOTAL = OpenApiParameter(
    "X-Total-Count",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    description="How many rows there are in all.",
    response=[200],
)
_LINK = OpenApiParameter(
    "Link",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description='Where the next and the previous part is (RFC 8288): `<…>; rel="next"`.',
    response=[200],
)
WINDOW = [_SKIP, _LIMIT, _TOTAL, _LINK]
PAGE_WINDOW = [_PAGE, _PAGE_SIZE, _TOTAL, _LINK]
DAYS = OpenApiParameter(
    "days",
    {"type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": DEFAULT_DAYS},
    description="How many days to look back: the project's calendar days, of which today is the "
    "last.",
)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255},
    OpenApiParameter.HEADER,
    description=(
        "A key of your own for this request. A repeat with the same key and body gets the first "
        "answer again and changes nothing. The same key with another body is refused."
    ),
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "The `ETag` that you read. If it has changed since, the answer is 412 and nothing changes."
    ),
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "The `ETag` that you have. If it is still current, the answer is 304 without a body."
    ),
)
NOT_MODIFIED = {304: OpenApiResponse(description="Unchanged since the version that you have.")}


REQUEST_ID: dict[str, Any] = {
    "name": "X-Request-ID",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"},
    "description": "Your own id for this request. The answer and the log repeat it.",
}

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
UPLOAD = "multipart/form-data"
_NAME_OF = {FORM: "Form", UPLOAD: "Upload"}


def sent_as(body: type, *media_types: str) -> dict[str, type]:
    """Return the request of an operation that reads `body` in several media types.

    Each media type gets its own component. So a generated client has one class for each, and can
    tell from the class of a body which media type to send.
    """
    return {
        media_type: _component(body, _NAME_OF[media_type]) if media_type in _NAME_OF else body
        for media_type in media_types
    }


@once
def _component(body: type, suffix: str) -> type:
    return type(f"{body.__name__}{suffix}", (body,), {"__doc__": body.__doc__})


def etag_of_answer(*statuses: int) -> OpenApiParameter:
    """Document the `ETag` header of the answers with these statuses."""
    return OpenApiParameter(
        "ETag",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description="The version of the answer, for `If-Match` and `If-None-Match`.",
        response=list(statuses),
    )


# --- The document -----------------------------------------------------------------------------

_METHODS = ("get", "post", "put", "patch", "delete")


class SurfaceAutoSchema(AutoSchema):
    """Describes an operation and adds what follows from the surface of its path."""

    def get_tags(self) -> list[str]:
        """Name the surface and the thing: `chain: trees`."""
        surface = surface_of(self.path)
        thing = next(
            (part for part in self.path.strip("/").split("/") if part not in {"api", "v1"}),
            "api",
        )
        return [f"{_group_of(surface)}: {thing}"] if surface else [thing]

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Tell whether the answer is a bare list: only if its serializer says `many`.

        drf-spectacular would wrap the answer of each action called `list` into an array.
        """
        if serializer is None:
            serializer = self.get_response_serializers()
        if isinstance(serializer, dict) and serializer:
            serializer = serializer[min(serializer, key=str)]
        return is_list_serializer(serializer)

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Describe the operation, with the refusals that every operation like it can answer."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        surface = surface_of(self.path)
        if operation is None or surface is None:
            return operation
        if operation.get("security") == [{}]:
            # `[]` means the same. Generators read `[{}]` as if credentials were needed.
            operation["security"] = []
        # True for a `SurfaceView`. We cannot import it: REST framework loads its module after this
        # one.
        is_counted = hasattr(self.view, "limit")
        refusals: list[int | APIException] = [500]
        if is_counted:
            refusals.append(429)
        # An empty entry means that no token is needed. If there are others, a bad token is refused,
        # and so is an API token without the scope.
        if any(operation.get("security", ())):
            refusals += [401, 403]
            if "requestBody" in operation and {} not in operation["security"]:
                # drf-spectacular asks for a body only if one of its fields is required. In a
                # change, none is.
                operation["requestBody"]["required"] = not getattr(
                    self.view, "has_optional_body", False
                )
        if "requestBody" in operation:
            # Every request can have this header. We document it here because
            # openapi-python-client 0.29 generates broken code for an operation with several media
            # types, unless there is an optional parameter besides the body.
            operation.setdefault("parameters", []).append(REQUEST_ID)
            refusals += [_UNREADABLE, 413]
            if self.view.parser_classes:
                refusals.append(415)
            else:
                # It takes the raw bytes of any type, but there have to be some.
                operation["requestBody"]["required"] = True
        answers: dict[str, Any] = operation["responses"]
        for status, answer in errors_of(surface.name, *refusals).items():  # type: ignore[arg-type]
            if str(status) not in answers:
                answers[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    answer, str(status)
                )
        if is_counted:
            counted: Mapping[str, frozenset[str]] = self.view.counted_statuses  # type: ignore[attr-defined]  # as above
            _add_limit_headers(answers, counted.get(self.method))
        operation["responses"] = dict(sorted(answers.items()))
        return operation


# The headers of each answer that is counted under a limit, as the hub's document names them.
_LIMIT_HEADERS: dict[str, dict[str, Any]] = {
    "X-RateLimit-Limit": {
        "description": "How many requests the limit allows.",
        "schema": {"type": "integer"},
        "example": 100,
    },
    "X-RateLimit-Remaining": {
        "description": "How many of them are left.",
        "schema": {"type": "integer"},
        "example": 95,
    },
    "X-RateLimit-Reset": {
        "description": "When all of them are there again, in seconds since 1970.",
        "schema": {"type": "integer"},
        "example": 1673521200,
    },
}
_RETRY_AFTER: dict[str, Any] = {
    "description": "Seconds until it makes sense to come back.",
    "schema": {"type": "integer"},
    "example": 30,
}
# The service refuses these before a view counts them.
_UNCOUNTED = {"413"}


def _add_limit_headers(answers: dict[str, Any], counted: Collection[str] | None) -> None:
    """Document the headers of the limit on every answer that has them. `arrange` describes them.

    `counted` are the statuses of counted answers if not all are.
    """
    for status, answer in answers.items():
        if status in _UNCOUNTED or (counted is not None and status not in counted):
            continue
        names = [*_LIMIT_HEADERS, *(["Retry-After"] if status == "429" else [])]
        headers = answer.setdefault("headers", {})
        for name in names:
            headers[name] = {"$ref": f"#/components/headers/{name}"}


def _group_of(surface: Surface) -> str:
    # Two documents claim these paths. They stand in the group of the older one.
    return CHAIN.name if surface in (UNION, CHAIN_AND_SHOP) else surface.name


def arrange(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Postprocess the document: sort it, group its tags and add the shared headers.

    Every process writes the same document. The groups are for Redoc, one per surface.
    """
    paths = {
        path: {method: item[method] for method in sorted(item, key=_METHODS.index)}
        for path, item in result["paths"].items()
    }
    used = {
        tag
        for path in paths.values()
        for operation in path.values()
        for tag in operation.get("tags", ())
    }
    tags: list[dict[str, str]] = []
    groups: list[dict[str, Any]] = []
    for group, description in GROUPS.items():
        members = sorted((tag for tag in used if tag.startswith(f"{group}: ")), key=_rank)
        if not members:
            continue
        groups.append({"name": group.capitalize(), "tags": members})
        tags += [
            {
                "name": tag,
                "x-displayName": _thing_of(tag).capitalize(),
                "description": THINGS.get(_thing_of(tag), description),
            }
            for tag in members
        ]
    for name in NAMES_FIELDS & result["components"]["schemas"].keys():
        result["components"]["schemas"][name]["additionalProperties"] = MESSAGES
    components = {
        **result["components"],
        "headers": {**_LIMIT_HEADERS, "Retry-After": _RETRY_AFTER},
    }
    return {
        **result,
        "paths": paths,
        "components": components,
        "tags": tags,
        "x-tagGroups": groups,
    }


def _thing_of(tag: str) -> str:
    return tag.rpartition(": ")[2]


def _rank(tag: str) -> tuple[int, str]:
    names = list(THINGS)
    thing = _thing_of(tag)
    return (names.index(thing) if thing in names else len(names), thing)
