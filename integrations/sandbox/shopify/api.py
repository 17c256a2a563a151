"""The HTTP side of the Admin API: tokens, versions, GraphQL, and the files of bulk operations."""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from integrations.sandbox.shopify.costs import PageWeight, cost_of
from integrations.sandbox.shopify.executing import Execution
from integrations.sandbox.shopify.fields import RESOLVERS
from integrations.sandbox.shopify.plans import Plan, Refused, plan_for, variables_of
from integrations.sandbox.shopify.records import Mishap
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.wire import Answer, Request, json_answer

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
CANDIDATE = "2027-01"
STABLE = "2026-10"
MAX_QUERY_COST = 1000


# --- Tokens ------------------------------------------------------------------------------------


def exchange(shop: Shop, request: Request) -> Answer:
    """Trade the app's credentials for a token that ends after a day."""
    if request.method != "POST":
        return not_found()
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    told: Mapping[str, Any] = {}
    if content_type == "application/json":
        try:
            told = request.json()
        except ValueError:
            return _oauth_error("invalid_request", "The body is not JSON.")
    elif content_type == "application/x-www-form-urlencoded":
        told = {
            key: values[0]
            for key, values in parse_qs(request.body.decode(errors="replace")).items()
        }
    if not isinstance(told, dict) or not told:
        return _oauth_error("invalid_request", "The request is missing its parameters.")
    if told.get("grant_type") != "client_credentials":
        return _oauth_error("unsupported_grant_type", "Use the client credentials grant.")
    if told.get("client_id") != shop.client_id:
        return _oauth_error("application_cannot_be_found", "There is no app with this client id.")
    if told.get("client_secret") != shop.client_secret:
        return _oauth_error("invalid_client", "The client secret is wrong.", status=401)
    if not shop.is_installed:
        return _oauth_error("app_not_installed", "The app is not installed in this shop.")
    token = shop.issue_token()
    return json_answer(
        200,
        {
            "access_token": token.text,
            "scope": ",".join(shop.scopes),
            "expires_in": shop.token_seconds,
        },
    )


# --- GraphQL -----------------------------------------------------------------------------------


def served_version(wanted: str) -> str | None:
    """Return the version that serves a request: the oldest one serves an expired version."""
    if wanted in (*VERSIONS, CANDIDATE, "unstable"):
        return wanted
    if re.fullmatch(r"20[0-9]{2}-(01|04|07|10)", wanted) and wanted < VERSIONS[0]:
        return VERSIONS[0]
    return None


def _refusal_of(shop: Shop, request: Request) -> tuple[int, str] | None:
    if not shop.accepts(request.headers.get("x-shopify-access-token", "")):
        return (
            401,
            "[API] Invalid API key or access token (unrecognized login or wrong password)",
        )
    match shop.trouble:
        case "frozen":
            return 402, "Unavailable Shop"
        case "forbidden":
            return 403, "[API] This action requires merchant approval for read_orders scope."
        case "locked":
            return 423, "Locked"
    return None


def _told(request: Request) -> tuple[str, Mapping[str, Any], str | None]:
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    if content_type == "application/graphql":
        return request.body.decode(), {}, None
    if content_type != "application/json":
        raise ValueError("Required parameter missing or invalid")
    told = request.json()
    if not isinstance(told, dict) or not isinstance(told.get("query"), str):
        raise ValueError("Required parameter missing or invalid")
    variables = told.get("variables") or {}
    if not isinstance(variables, dict):
        raise ValueError("Variables are invalid")
    name = told.get("operationName")
    if name is not None and not isinstance(name, str):
        raise ValueError("Operation name is invalid")
    return told["query"], variables, name


def graphql(
    shop: Shop, request: Request, wanted_version: str, base: str, page_weight: PageWeight
) -> Answer:
    """Answer one GraphQL request. `base` is where the client reached the shop."""
    version = served_version(wanted_version)
    if version is None or request.method != "POST":
        return not_found()
    headers = {
        "X-Request-Id": str(uuid.uuid4()),
        "X-Shopify-API-Version": version,
        "X-ShopId": str(shop.id),
    }
    if shop.deprecated_reason:
        headers["X-Shopify-API-Deprecated-Reason"] = shop.deprecated_reason
    refusal = _refusal_of(shop, request)
    if refusal:
        return json_answer(refusal[0], {"errors": refusal[1]}, headers)
    try:
        query, variables, name = _told(request)
    except ValueError as exc:
        return json_answer(400, {"errors": {"query": str(exc)}}, headers)
    execution = Execution(shop, RESOLVERS, variables, version, base)
    body = _executed(execution, plan_for(query, name), page_weight, shop.mishap_for(query))
    return json_answer(200, body, headers)


def _executed(
    execution: Execution, plan: Plan, page_weight: PageWeight, mishap: Mishap | None
) -> dict[str, Any]:
    shop = execution.shop
    if shop.trouble == "inactive":
        return _errors([Refused("Shop is inactive", "SHOP_INACTIVE")])
    if plan.errors:
        return _errors(plan.errors)
    try:
        execution.variables = variables_of(plan, execution.variables)
    except Refused as exc:
        return _errors([exc])
    requested = cost_of(plan, execution.variables, page_weight)
    if requested > MAX_QUERY_COST:
        return _errors([_too_expensive(requested)])
    shop.bucket.refill(shop.clock())
    cost: dict[str, Any] = {
        "requestedQueryCost": requested,
        "actualQueryCost": None,
        "throttleStatus": shop.bucket.status(),
    }
    if mishap is not None and not mishap.with_data:
        return _gone_wrong(mishap, cost)
    if shop.bucket.level < requested:
        return _gone_wrong(THROTTLED, cost)
    data = execution.run(plan)
    actual = min(requested, cost_of(plan, execution.variables, page_weight, execution.tally))
    shop.bucket.level -= actual
    cost |= {"actualQueryCost": actual, "throttleStatus": shop.bucket.status()}
    extensions: dict[str, Any] = {"cost": cost}
    if execution.searches:
        extensions["search"] = execution.searches
    errors = [*execution.errors, *([_refused(mishap)] if mishap else [])]
    return {"data": data, **(_errors(errors) if errors else {}), "extensions": extensions}


THROTTLED = Mishap("THROTTLED", "Throttled")


def _gone_wrong(mishap: Mishap, cost: Mapping[str, Any]) -> dict[str, Any]:
    shown = cost if mishap.cost is True else mishap.cost
    extensions = {"extensions": {"cost": shown}} if shown else {}
    return {**_errors([_refused(mishap)]), **extensions}


def _refused(mishap: Mishap) -> Refused:
    more: dict[str, Any] = {}
    if mishap.code == "INTERNAL_SERVER_ERROR":
        more = {"requestId": str(uuid.uuid4())}
    if mishap.code == "THROTTLED":
        more = {"documentation": "https://shopify.dev/api/usage/rate-limits"}
    return Refused(mishap.message or mishap.code, mishap.code, **more)


def _errors(errors: Sequence[Refused]) -> dict[str, Any]:
    return {"errors": [error.entry() for error in errors]}


def _too_expensive(cost: int) -> Refused:
    return Refused(
        f"Query cost is {cost}, which exceeds the single query max cost limit "
        f"({MAX_QUERY_COST}).\n\nSee https://shopify.dev/concepts/about-apis/rate-limits for more "
        "information on how the cost of a query is calculated.",
        "MAX_COST_EXCEEDED",
        cost=cost,
        maxCost=MAX_QUERY_COST,
        documentation="https://shopify.dev/api/usage/limits#rate-limits",
    )


# --- Files and what there is not -----------------------------------------------------------------


def bulk_file(shop: Shop, request: Request, id: int) -> Answer:
    """Answer the file of a bulk operation. Its address is signed, so it needs no token."""
    operation = shop.bulk_operations.get(id)
    signature = request.query.get("signature", [""])[0]
    if request.method != "GET" or operation is None or signature != operation.signature:
        return Answer(403, b"<Error><Code>AccessDenied</Code></Error>")
    return Answer(200, operation.file, {"Content-Type": "application/jsonl"})


def not_found() -> Answer:
    return json_answer(404, {"errors": "Not Found"})


def _oauth_error(error: str, description: str, *, status: int = 400) -> Answer:
    return json_answer(status, {"error": error, "error_description": description})
