"""The matrix of roles and operations for every page of the workspace, future ones included.

We find the pages in the URL resolver. A page fails here if no example call is listed in
`<app>/tests/matrix.py` as one of `PAGES`.
"""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.access import VIEW_PROJECT, Operation
from accounts.pages.workspace import WorkspacePage
from accounts.tests.matrix import Call, Callers, Scene
from accounts.tests.test_matrix import (
    Endpoint,
    calls,
    endpoints,
    expected,
    is_page,
    let_in,
    refused,
    request_of,
)
from orderchainer.testing.statements import Statements

PAGES = [each for each in endpoints(get_resolver()) if is_page(each)]
CALLS = list(calls("PAGES"))
FORMS = frozenset({"POST"})


@pytest.mark.parametrize(
    ("page", "method"),
    [
        pytest.param(each, method, id=f"{method} {each.route}")
        for each in PAGES
        if each.name
        for method in each.view.operations
    ],
)
def test_every_method_of_a_page_has_an_example_call(page: Endpoint, method: str) -> None:
    assert [
        call
        for call in CALLS
        if (call.route, call.method) == (page.name, method)
        and call.operation == page.view.operations[method]
    ]


def test_a_page_cannot_forget_an_operation() -> None:
    with pytest.raises(TypeError, match=r"Forgetful has no operation for \['POST'\]"):

        class Forgetful(WorkspacePage):
            operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_PROJECT}

            def get(self) -> None: ...

            def post(self) -> None: ...


@pytest.mark.django_db
@pytest.mark.parametrize(("call", "name"), let_in(CALLS))
def test_the_matrix_lets_in_to_pages(call: Call, name: str, callers: Callers) -> None:
    caller = callers.named(name, call)
    path, body = request_of(call, Scene(callers.team, caller.user))

    response = getattr(caller.browser(), call.method.lower())(path, body or {})

    # The door of a project leads on to its first page, if the caller may see any.
    leads_on = response.status_code == 302 and response["Location"].startswith(path)
    assert (200 if leads_on else response.status_code) == call.status, response.content


@pytest.mark.django_db
@pytest.mark.parametrize("call", CALLS, ids=str)
def test_everybody_else_is_refused_and_changes_nothing(call: Call, callers: Callers) -> None:
    path, body = request_of(call, Scene(callers.team, callers.team.owner))

    for name in refused(call):
        client = Client() if name == "anonymous" else callers.named(name, call).browser()
        statements = Statements()
        with connection.execute_wrapper(statements):
            response = getattr(client, call.method.lower())(path, body or {})

        status = expected(name, call)
        if name == "anonymous" and call.method not in FORMS:
            address = f"{reverse('sign-in')}?{urlencode({'next': response.wsgi_request.path})}"
            assert (response.status_code, response["Location"]) == (302, address)
        else:
            assert (name, response.status_code) == (name, status), response.content
        assert (name, statements.changes) == (name, [])
        # People do not know what we call our operations.
        assert f"({call.operation.name})" not in response.content.decode()
        # Nobody learns the name of a project that they may not see.
        if status != 403:
            assert callers.team.project.name not in response.content.decode()
