"""How the OpenAPI document describes our credentials."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object

# Both schemes fill the same header. With the first you paste a token; with the second the page gets
# one for your e-mail and password.
BEARER, PASSWORD = "bearer", "password"
EITHER: list[dict[str, list[Any]]] = [{BEARER: []}, {PASSWORD: []}]


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer …` with an access token or an API token."""

    target_class = "accounts.api.authentication.BearerAuthentication"
    name = [BEARER, PASSWORD]  # noqa: RUF012  # as its base has it

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        """Say that one of the two schemes is enough."""
        return [dict(each) for each in EITHER]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        """Return the two schemes as OpenAPI writes them."""
        definition: dict[str, Any] = build_bearer_security_scheme_object(
            header_name="HTTP_AUTHORIZATION", token_prefix="Bearer", bearer_format="JWT"
        )
        definition["description"] = (
            "An access token from `POST /api/auth/token`, or an API token (`oc_…`) from "
            "`POST /api/v1/auth/tokens`."
        )
        password = {
            "type": "oauth2",
            "description": "Sign in with an e-mail (as `username`) and a password.",
            "flows": {
                "password": {
                    "tokenUrl": "/api/auth/token",
                    "refreshUrl": "/api/auth/refresh",
                    "scopes": {},
                }
            },
        }
        return [definition, password]
