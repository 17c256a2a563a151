"""The API's own documentation: `/openapi.json`, `/docs` (Swagger UI) and `/redoc`."""

import hashlib
from dataclasses import dataclass
from functools import cache as once

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from drf_spectacular.generators import SchemaGenerator

from accounts.api import schema as _schema  # noqa: F401 (describes the credentials)
from orderchainer.core.web.reading import read_only


@dataclass(frozen=True)
class Document:
    """The OpenAPI document in bytes, and its entity tag."""

    body: bytes
    etag: str


@once
def document() -> Document:
    """Return the OpenAPI document. It depends only on the code, so each process builds it once."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    body = orjson.dumps(schema, option=orjson.OPT_NON_STR_KEYS)
    return Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


@read_only
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer with the OpenAPI 3 document of all surfaces."""
    current = document()
    response = HttpResponse(
        current.body,
        content_type="application/json",
        # Browsers store it and revalidate it each time, because a new release changes it.
        headers={"Cache-Control": "no-cache", "ETag": current.etag},
    )
    return get_conditional_response(request, etag=current.etag, response=response) or response


@read_only
def swagger(request: HttpRequest) -> HttpResponse:
    """Show the document with Swagger UI, where people can try each operation."""
    return render(request, "documentation/swagger.html")


@read_only
def redoc(request: HttpRequest) -> HttpResponse:
    """Show the document with Redoc, for reading."""
    return render(request, "documentation/redoc.html")
