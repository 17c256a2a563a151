"""The matrix of roles and operations, proven for every path within a project, future ones included.

We find the paths in the URL resolver. A path that names a `project_id` fails here if its view is
not a `ProjectView`, or if no example call is listed (`accounts/tests/matrix.py` says where).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from accounts.access import OPERATIONS, VIEW_PROJECT, Operation
from accounts.api.hub.views.base import ProjectView
from accounts.models import Membership
from accounts.pages.workspace import WorkspacePage
from accounts.tests.matrix import Call, Callers, Scene
from orderchainer.testing.statements import Statements

Role = Membership.Role

# --- The paths within a project ---------------------------------------------------------------


@dataclass(frozen=True)
class Endpoint:
    """A path that names a project."""

    name: str
    route: str
    view: Any


def endpoints(
    resolver: URLResolver, before: str = "", named: frozenset[str] = frozenset()
) -> Iterator[Endpoint]:
    """Return every path below `resolver` that names a project."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        names = named | pattern.pattern.converters.keys()
        if isinstance(pattern, URLResolver):
            yield from endpoints(pattern, route, names)
        elif isinstance(pattern, URLPattern) and "project_id" in names:
            callback: Any = pattern.callback
            view = getattr(callback, "cls", getattr(callback, "view_class", callback))
            yield Endpoint(pattern.name or "", route, view)


def is_page(endpoint: Endpoint) -> bool:
    """Tell whether it is a page of the workspace, which `test_page_matrix.py` walks."""
    return isinstance(endpoint.view, type) and issubclass(endpoint.view, WorkspacePage)


ENDPOINTS = [each for each in endpoints(get_resolver()) if not is_page(each)]


def calls(listed: str = "CALLS") -> Iterator[Call]:
    """Return the example calls that all apps list under this name."""
    for config in apps.get_app_configs():
        package = f"{config.name}.tests"
        if (settings.BASE_DIR / package.replace(".", "/")).is_dir() and find_spec(
            f"{package}.matrix"
        ):
            yield from getattr(import_module(f"{package}.matrix"), listed, ())


CALLS = list(calls())


def test_every_path_in_a_project_asks_the_matrix() -> None:
    """A view that is neither a `ProjectView` nor a `WorkspacePage` could forget to."""
    others = [
        each.route
        for each in ENDPOINTS
        if not (isinstance(each.view, type) and issubclass(each.view, ProjectView))
    ]

    assert len(ENDPOINTS) >= 6
    assert others == []


def test_no_path_names_a_project_by_another_name() -> None:
    """The walk above would miss such a path."""

    def names(resolver: URLResolver) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
                yield from names(pattern)
            yield from pattern.pattern.converters

    assert {name for name in names(get_resolver()) if "project" in name} == {"project_id"}


@pytest.mark.parametrize(
    ("endpoint", "method"),
    [
        pytest.param(each, method, id=f"{method} {each.route}")
        for each in ENDPOINTS
        for method in getattr(each.view, "operations", {})
    ],
)
def test_every_method_has_an_example_call(endpoint: Endpoint, method: str) -> None:
    assert [
        call
        for call in CALLS
        if (call.route, call.method) == (endpoint.name, method)
        and call.operation == endpoint.view.operations[method]
    ]


def test_every_operation_has_an_example_call() -> None:
    listed = [*CALLS, *calls("PAGES")]
    assert {call.operation for call in listed} == set(OPERATIONS.values())


def test_a_view_cannot_forget_an_operation() -> None:
    with pytest.raises(TypeError, match=r"Forgetful has no operation for \['PATCH'\]"):

        class Forgetful(ProjectView):
            operations: Mapping[str, Operation] = {"GET": VIEW_PROJECT}  # type: ignore[misc]

            def get(self) -> None: ...

            def patch(self) -> None: ...


# --- Who may what -----------------------------------------------------------------------------


def expected(name: str, call: Call) -> int:
    """Return the status that this caller should get according to the matrix."""
    refusals = {"anonymous": 401, "stranger": 404, "former": 404, "staff": 404}
    if name in refusals:
        return refusals[name]
    if name == "clerk":
        if not call.operation.staff_permissions:
            return 404
        allowed = True
    else:
        allowed = name in call.operation.roles
    return call.status if allowed else 403


CALLERS = ["anonymous", "stranger", "former", "staff", "clerk", *map(str, Role)]
CODES = {401: "MISSING_AUTHORIZATION", 403: "ROLE_NOT_ENOUGH", 404: "PROJECT_NOT_FOUND"}


def let_in(calls_of_some: Iterable[Call]) -> list[Any]:
    """Return every call with each caller who may make it."""
    return [
        pytest.param(call, name, id=f"{call}-{name}")
        for call in calls_of_some
        for name in CALLERS
        if expected(name, call) == call.status
    ]


def refused(call: Call) -> list[str]:
    """Return the callers who may not make this call."""
    return [name for name in CALLERS if expected(name, call) != call.status]


def request_of(call: Call, scene: Scene) -> tuple[str, Any]:
    """Make the rows that a call names, and return its path and body."""
    path = reverse(call.route, kwargs=dict(call.arguments(scene)))
    return path, call.body(scene) if callable(call.body) else call.body


@pytest.mark.django_db
@pytest.mark.parametrize(("call", "name"), let_in(CALLS))
def test_the_matrix_lets_in(call: Call, name: str, callers: Callers) -> None:
    caller = callers.named(name, call)
    path, body = request_of(call, Scene(callers.team, caller.user))

    response = getattr(caller.client(), call.method.lower())(path, body)

    assert response.status_code == call.status, response.content


@pytest.mark.django_db
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_everybody_else_is_refused_and_changes_nothing(call: Call, callers: Callers) -> None:
    path, body = request_of(call, Scene(callers.team, callers.team.owner))

    for name in refused(call):
        client = APIClient() if name == "anonymous" else callers.named(name, call).client()
        statements = Statements()
        with connection.execute_wrapper(statements):
            response = getattr(client, call.method.lower())(path, body)

        status = expected(name, call)
        assert (name, response.status_code) == (name, status), response.content
        assert (name, statements.changes) == (name, [])
        if path.startswith("/api/v1/"):
            assert (name, response.json()["code"]) == (name, CODES[status])


# --- The table --------------------------------------------------------------------------------


def test_the_page_on_roles_has_the_matrix() -> None:
    page = (settings.BASE_DIR / "docs/roles.md").read_text()
    table = page.partition("| operation |")[2].partition("\n\n")[0].splitlines()
    columns = [cell.strip() for cell in table[0].strip("| ").split("|")]
    documented = {}
    for line in table[2:]:
        operation, *cells = [cell.strip(" `") for cell in line.strip().split("|")[1:-1]]
        documented[operation] = dict(zip(columns, cells, strict=True))

    assert documented == {
        operation.name: {
            **{str(role): "yes" if role in operation.roles else "" for role in Role},
            "staff": "` or `".join(operation.staff_permissions),
        }
        for operation in OPERATIONS.values()
    }
