"""What models are told about the tools."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from accounts.models import Membership, Project, User
from accounts.queries import require_operation
from accounts.tests.factories import make_user
from catalog.tests.factories import make_product
from integrations.assistant.contracts import Asker, Tool
from integrations.assistant.tests.each_tool.making import order_of
from integrations.assistant.tools import TOOLS
from notifications.channels import Person
from notifications.services import receive_message
from notifications.tests.factories import incoming
from notifications.tests.pretend import pretending
from orderchainer.core.errors import DomainError
from orders.tests.outside import MUG, mirror

Role = Membership.Role
# What every model understands. Gemini refuses `additionalProperties` and `minimum`, for example.
PLAIN = {"type", "description", "properties", "required", "items", "enum"}
VIEWING = {
    *("fetch_order_details", "order_chain", "list_orders", "order_statistics"),
    *("search_messages", "find_customer", "find_products"),
}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_schemas_have_plain_keywords_only(tool: Tool) -> None:
    def check(schema: Mapping[str, Any]) -> None:
        assert set(schema) <= PLAIN
        for each in schema.get("properties", {}).values():
            check(each)

    check(tool.parameters)
    assert tool.parameters["type"] == "object"
    assert set(tool.parameters.get("required", [])) <= set(tool.parameters["properties"])
    assert tool.description


def test_names_are_unique_and_proposals_are_marked() -> None:
    assert len({tool.name for tool in TOOLS}) == len(TOOLS)
    assert {tool.name for tool in TOOLS if not tool.proposes} == VIEWING
    assert {tool.name for tool in TOOLS if tool.operation.only_looks} == VIEWING


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_act_get_proposals(shop: Project, role: Role) -> None:
    member = make_user()
    Membership.objects.create(project=shop, user=member, role=role)

    def may_use(tool: Tool, user: User) -> bool:
        try:
            require_operation(user, shop, tool.operation)
        except DomainError:
            return False
        return True

    usable = {tool.name for tool in TOOLS if may_use(tool, member)}
    acts = role != Role.VIEWER
    assert usable == (VIEWING | {"propose_move", "propose_message"} if acts else VIEWING)
    assert not any(may_use(tool, make_user()) for tool in TOOLS)


@pytest.mark.django_db
def test_results_stay_small_enough_for_a_model(
    asker: Asker, shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Four bytes for each character, everywhere.
    wide = "🎈" * 255
    blockers = [order_of(shop, title=wide, notes=wide * 8) for _ in range(12)]
    waiting = order_of(shop, *blockers, title=wide)
    for _ in range(12):
        order_of(shop, waiting, title=wide)
    with pretending(monkeypatch) as provider:
        line = provider.add_line(shop)
        for number in range(21):
            made: dict[str, Any] = {"external_id": str(number), "customer_name": wide}
            mirror(shop, **made, title=wide, items=[replace(MUG, name=wide)] * 40, notes=wide)
            make_product(shop, name=wide, description=wide)
            person = Person(provider_id=str(number), number=f"1650555{number:04}", name=wide)
            receive_message(line=line, incoming=incoming(wide * 4, person=person))
    given: dict[str, dict[str, Any]] = {
        "fetch_order_details": {"order_id": "0"},
        "order_chain": {"order_id": str(waiting.uuid)},
        "list_orders": {"limit": 20, "days": 3650},
        "find_customer": {"search": "🎈"},
    }
    for tool in TOOLS:
        if not tool.proposes:
            found = tool.run(asker, given.get(tool.name, {}))
            assert len(orjson.dumps(found)) < 24_000, tool.name
