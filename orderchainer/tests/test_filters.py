"""Filters, pages and orderings in query strings, on every list of every surface."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.tests.factories import make_user
from orderchainer.operations.documentation import document
from orderchainer.tests.callers import DISCORD, World

pytestmark = pytest.mark.django_db

SCHEMA: dict[str, Any] = json.loads(document().body)
# The name in `World.ids` for each id in a path.
IDS = {
    "project_id": "project",
    "product_id": "shared_product",
    "order_id": "order",
    "integration_id": "integration",
    "conversation_id": "conversation",
    "report_id": "ready_report",
}
# Within a project, an order goes by its UUID.
IDS_IN_PROJECTS = {**IDS, "order_id": "shared_order"}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with (
        django_db_blocker.unblock(),
        override_settings(DISCORD_WEBHOOK_HOSTS=[DISCORD], DISCORD_API_BASE=""),
        transaction.atomic(),
    ):
        yield World()
        transaction.set_rollback(True)


def parameters() -> Iterator[tuple[str, str]]:
    """Every parameter in a query string, with the path that takes it.

    The question of a provider whether an address is ours is no list.
    """
    for path, item in SCHEMA["paths"].items():
        if path.startswith("/api/v1/webhooks/"):
            continue
        for parameter in item.get("get", {}).get("parameters", ()):
            if parameter["in"] == "query":
                yield path, parameter["name"]


def read(world: World, path: str, query: str) -> tuple[int, bytes, str | None]:
    ids = IDS_IN_PROJECTS if "{project_id}" in path else IDS
    for name, what in ids.items():
        path = path.replace(f"{{{name}}}", str(world.ids[what]))
    response = world.client.get(f"{path}?{query}", HTTP_AUTHORIZATION=f"Bearer {world.session}")
    content = b"".join(response) if response.streaming else response.content
    # A page of results links to itself, so the query appears in it.
    return response.status_code, content, response.get("X-Total-Count")


@pytest.mark.parametrize("path", list(dict.fromkeys(path for path, _ in parameters())))
def test_a_parameter_without_a_value_is_ignored(world: World, path: str) -> None:
    names = [name for listed, name in parameters() if listed == path]
    blanks = [
        *(f"{name}={blank}" for name in names for blank in ("", "%20")),
        "&".join(f"{name}=&{name}=" for name in names),
    ]
    # Some answers say when they were made.
    with time_machine.travel(timezone.now(), tick=False):
        whole = read(world, path, "")
        answers = {query: read(world, path, query) for query in blanks}

    assert whole[0] == 200
    assert answers == dict.fromkeys(blanks, whole)


ORDERED = [path for path, name in parameters() if name == "ordering"]


@pytest.mark.parametrize("path", ORDERED)
def test_an_ordering_drops_repeats_and_empty_terms(world: World, path: str) -> None:
    term = "number" if path.startswith("/api/v1/orders/") else "id"
    plain = read(world, path, f"ordering=-{term}")

    assert plain[0] == 200
    assert read(world, path, f"ordering=-{term},,-{term}, {term},") == plain


@pytest.mark.parametrize("path", ORDERED)
@pytest.mark.parametrize("count", [11, 2000])
def test_an_ordering_of_more_than_ten_terms_is_refused(world: World, path: str, count: int) -> None:
    status, content, _ = read(world, path, "ordering=" + ",".join(["id"] * count))

    assert status in {400, 422}
    assert b"An ordering has at most 10 terms." in content


def test_an_ordering_may_have_ten_terms(world: World) -> None:
    status, _, _ = read(world, "/api/orders/", "ordering=" + ",".join(["id"] * 10))

    assert status == 200


def filters_of(page: Any) -> Iterator[str]:
    """Every filter parameter of a list in the back office."""
    for each in page.list_filter:
        field = each[0] if isinstance(each, tuple) else each
        if isinstance(field, str):
            yield from (f"{field}__exact", f"{field}__id__exact")
        else:
            yield str(field.parameter_name)
    yield "q"


@pytest.mark.slow
@pytest.mark.parametrize("page", admin.site._registry.values(), ids=lambda page: str(page.opts))
def test_a_back_office_filter_without_a_value_is_no_filter(world: World, page: Any) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    url = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    whole = client.get(url)

    for parameter in filters_of(page):
        response = client.get(url, {parameter: ""})

        assert response.status_code == 200, parameter
        found, expected = response.context["cl"], whole.context["cl"]
        assert found.result_count == expected.result_count, parameter
