"""The rules of a project on the hub: writing them, trying them, and seeing what became of them."""

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import OutgoingEmail
from accounts.services import create_api_token
from accounts.tests.projects import Team
from notifications.api.hub.rule_docs import NEW_RULE_EXAMPLE, RULE_EXAMPLE
from notifications.channels import Line
from notifications.models import Contact, Message, NotificationRule, RuleOutcome
from notifications.services import receive_message
from notifications.tests.api.hub import JOHN, path
from notifications.tests.factories import incoming
from notifications.tests.pretend import PRETEND, Pretend
from notifications.tests.rules import make_rule, tell_all
from orders.models import Order
from orders.services import create_order, update_order
from orders.stream.models import Event

pytestmark = pytest.mark.django_db

SHIPPED: dict[str, Any] = {
    "occasion": "status_reached",
    "status": "shipped",
    "channel": PRETEND,
    "content": "Order {order_number} is {status}.",
}


@pytest.fixture
def manager(team: Team) -> APIClient:
    return team.client("manager")


@pytest.fixture
def ours(pretend: Pretend, team: Team) -> Line:
    return pretend.add_line(team.project)


@pytest.fixture
def order(team: Team) -> Order:
    return create_order(
        by=team.owner,
        project=team.project,
        fields={
            "title": "Lamp",
            "status": "active",
            "customer_name": "John Doe",
            "customer_phone": "+1234567890",
        },
        dependencies=[],
    )


def test_a_rule_is_created_as_the_schema_shows(manager: APIClient, team: Team, ours: Line) -> None:
    created = manager.post(path(team, "rules"), NEW_RULE_EXAMPLE)

    assert created.status_code == 201, created.content
    body = created.json()
    assert created.headers["Location"] == path(team, "rules", body["id"])
    assert body == {**RULE_EXAMPLE, "id": body["id"], "project_id": str(team.project.uuid)}
    assert manager.get(path(team, "rules")).json() == [body]
    assert manager.get(path(team, "rules", body["id"])).json() == body


def test_a_rule_that_is_sent_back_is_no_change_and_a_new_value_is(
    manager: APIClient, team: Team, ours: Line
) -> None:
    body = manager.post(path(team, "rules"), SHIPPED).json()
    where = path(team, "rules", body["id"])

    changed = manager.patch(where, {**body, "content": "On its way", "integration_id": None})
    off = manager.patch(where, {"is_active": False})
    moved = manager.patch(where, {"occasion": "order_ready"})
    nothing = manager.patch(where, {})
    read_only = manager.patch(where, {"created_at": "2020-01-01T00:00:00Z"})

    assert (changed.status_code, changed.json()["content"]) == (200, "On its way")
    assert off.json()["is_active"] is False
    assert (moved.json()["occasion"], moved.json()["status"]) == ("order_ready", None)
    assert (nothing.status_code, read_only.status_code) == (422, 422)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"occasion": "lost"}, "occasion"),
        ({"occasion": None}, "occasion"),
        ({"status": "lost"}, "status"),
        ({"channel": "fax"}, "channel"),
        ({"content": 5}, "content"),
        ({"content": "{order.owner.password}"}, "content"),
        ({"content": "x" * 4097}, "content"),
        ({"content": "a\x00b"}, "content"),
        ({"integration_id": "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"}, "integration_id"),
        ({"integration_id": "x"}, "integration_id"),
        ({"template": "order_shipped"}, "template"),
        ({"template": {"name": "x"}}, "template"),
        ({"template": {"name": "x", "language": "en", "parameters": ["{x}"]}}, "template"),
        ({"is_active": "perhaps"}, "is_active"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_rule_is_a_422_that_names_the_field(
    manager: APIClient, team: Team, ours: Line, changes: dict[str, Any], field: str
) -> None:
    refused = manager.post(path(team, "rules"), {**SHIPPED, **changes})

    assert refused.status_code == 422, refused.content
    assert field in refused.json()["errors"]
    assert NotificationRule.objects.count() == 0


def test_an_unknown_placeholder_is_named_with_those_that_exist(
    manager: APIClient, team: Team, ours: Line
) -> None:
    refused = manager.post(path(team, "rules"), {**SHIPPED, "content": "Hi {first_name}"})

    [words] = refused.json()["errors"]["content"]
    assert words.startswith("{first_name} is no placeholder. These exist: {order_number}, ")


def test_a_second_rule_for_the_same_is_a_409(manager: APIClient, team: Team, ours: Line) -> None:
    manager.post(path(team, "rules"), SHIPPED)

    refused = manager.post(path(team, "rules"), {**SHIPPED, "content": "Other"})

    assert (refused.status_code, refused.json()["code"]) == (409, "RULE_EXISTS")


def test_the_rules_of_others_are_404(
    manager: APIClient, team: Team, others: Team, ours: Line
) -> None:
    theirs = make_rule(others.project, channel="email")
    calls = [
        manager.get(path(team, "rules", theirs.uuid)),
        manager.patch(path(team, "rules", theirs.uuid), {"is_active": False}),
        manager.delete(path(team, "rules", theirs.uuid)),
        manager.post(path(team, "rules", theirs.uuid, "preview"), {"order_id": str(uuid4())}),
        manager.get(path(team, "rules", "x")),
    ]

    assert {(call.status_code, call.json()["code"]) for call in calls} == {(404, "RULE_NOT_FOUND")}
    for where in ("rules", "rules/outcomes"):
        assert manager.get(path(others, where)).status_code == 404
    theirs.refresh_from_db()
    assert theirs.is_active


def test_agents_see_rules_and_outcomes_and_decide_nothing(
    agent: APIClient, team: Team, ours: Line
) -> None:
    rule = make_rule(team.project)

    assert agent.get(path(team, "rules")).status_code == 200
    assert agent.get(path(team, "rules/outcomes")).status_code == 200
    refused = [
        agent.post(path(team, "rules"), SHIPPED),
        agent.patch(path(team, "rules", rule.uuid), {"is_active": False}),
        agent.delete(path(team, "rules", rule.uuid)),
    ]
    assert {each.status_code for each in refused} == {403}
    assert refused[0].json()["code"] == "ROLE_NOT_ENOUGH"


def test_a_rule_is_deleted(manager: APIClient, team: Team, ours: Line) -> None:
    rule = make_rule(team.project)

    assert manager.delete(path(team, "rules", rule.uuid)).status_code == 204
    assert manager.delete(path(team, "rules", rule.uuid)).status_code == 404


# --- Trying -----------------------------------------------------------------------------------


def test_a_preview_says_what_would_be_sent_and_sends_nothing(
    manager: APIClient, team: Team, ours: Line, order: Order
) -> None:
    rule = make_rule(team.project)
    before = (Event.objects.count(), Contact.objects.count())

    for where, body in (
        (path(team, "rules", rule.uuid, "preview"), {}),
        (path(team, "rules/preview"), SHIPPED),
    ):
        shown = manager.post(where, {**body, "order_id": str(order.uuid)})

        assert shown.status_code == 200, shown.content
        assert shown.json() == {
            "channel": PRETEND,
            "recipient": {"name": "John Doe", "address": "+1234567890"},
            "content": f"Order #{order.pk} is shipped.",
            "subject": None,
            "template": None,
            "reason": None,
        }
    assert Message.objects.count() == 0
    assert (Event.objects.count(), Contact.objects.count()) == before
    assert NotificationRule.objects.count() == 1
    assert RuleOutcome.objects.count() == 0


def test_a_preview_of_an_e_mail_has_its_subject(
    manager: APIClient, team: Team, order: Order
) -> None:
    Order.objects.update(customer_email="john@example.org")
    body = {**SHIPPED, "channel": "email", "order_id": str(order.uuid)}

    shown = manager.post(path(team, "rules/preview"), body).json()

    assert (shown["channel"], shown["subject"]) == ("email", f"Your order #{order.pk}")
    assert shown["recipient"] == {"name": "John Doe", "address": "john@example.org"}
    assert OutgoingEmail.objects.filter(kind="order_news").count() == 0


def test_a_preview_says_why_nothing_would_be_sent(
    manager: APIClient, team: Team, ours: Line, order: Order
) -> None:
    receive_message(line=ours, incoming=incoming("stop", person=JOHN))
    rule = make_rule(team.project)
    where = path(team, "rules", rule.uuid, "preview")

    stopped = manager.post(where, {"order_id": str(order.uuid)}).json()
    Order.objects.update(is_test=True)
    of_a_test = manager.post(where, {"order_id": str(order.uuid)}).json()

    assert stopped["reason"] == "The customer asked for no more messages."
    assert of_a_test["reason"] == "The order is a test."
    assert {stopped[name] for name in ("channel", "recipient", "content", "subject")} == {None}


def test_a_token_that_may_not_read_orders_sees_no_preview(
    manager: APIClient, team: Team, ours: Line, order: Order
) -> None:
    rule = make_rule(team.project)
    saved = path(team, "rules", rule.uuid, "preview")
    trial = {**SHIPPED, "order_id": str(order.uuid)}

    for scopes, status in ((["messages:write"], 403), (["messages:write", "orders:read"], 200)):
        _, text = create_api_token(user=team.owner, name="script", scopes=scopes)
        program = APIClient(headers={"Authorization": f"Bearer {text}"})

        answers = [
            program.post(saved, {"order_id": str(order.uuid)}),
            program.post(path(team, "rules/preview"), trial),
        ]

        assert [answer.status_code for answer in answers] == [status, status]
        if status == 403:
            assert "orders:read" in answers[0].json()["detail"]


def test_a_preview_needs_an_order_of_the_project(
    manager: APIClient, team: Team, others: Team, ours: Line
) -> None:
    theirs = create_order(
        by=others.owner, project=others.project, fields={"title": "x"}, dependencies=[]
    )
    rule = make_rule(team.project)

    for order_id in (str(theirs.uuid), "x", None):
        for where, body in (
            (path(team, "rules", rule.uuid, "preview"), {}),
            (path(team, "rules/preview"), SHIPPED),
        ):
            refused = manager.post(where, {**body, "order_id": order_id})
            assert refused.status_code == 422
            assert list(refused.json()["errors"]) == ["order_id"]


# --- What became of them ----------------------------------------------------------------------


def test_everybody_sees_who_was_told_and_why_others_were_not(
    viewer: APIClient, team: Team, ours: Line, order: Order
) -> None:
    rule = make_rule(team.project)
    other = create_order(
        by=team.owner,
        project=team.project,
        fields={"title": "x", "status": "active"},
        dependencies=[],
    )
    for each in (order, other):
        update_order(order_id=each.pk, by=team.owner, fields={"status": "shipped"})
    tell_all()
    tell_all()

    skipped, queued = viewer.get(path(team, "rules/outcomes")).json()

    assert queued == {
        "id": queued["id"],
        "rule_id": str(rule.uuid),
        "occasion": "status_reached",
        "status": "shipped",
        "order_id": str(order.uuid),
        "state": "queued",
        "reason": None,
        "channel": PRETEND,
        "message_id": str(Message.objects.get().uuid),
        "message_status": "queued",
        "email_status": None,
        "created_at": "2025-01-12T10:00:00Z",
        "settled_at": "2025-01-12T10:00:00Z",
    }
    assert (skipped["state"], skipped["message_id"]) == ("skipped", None)
    assert skipped["reason"] == "The order has no phone number with its country's code."
    for query, expected in (
        (f"order_id={order.uuid}", [queued]),
        ("state=skipped", [skipped]),
        (f"rule_id={rule.uuid}&state=queued&state=skipped", [skipped, queued]),
        (f"rule_id={uuid4()}", []),
    ):
        assert viewer.get(f"{path(team, 'rules/outcomes')}?{query}").json() == expected
    assert viewer.get(f"{path(team, 'rules/outcomes')}?state=lost").status_code == 422


def test_lists_take_as_many_statements_at_any_size(
    viewer: APIClient, team: Team, ours: Line, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lengths = []
    for size in (1, 8):
        for number in range(size):
            order = create_order(
                by=team.owner,
                project=team.project,
                fields={"title": "x", "status": "active", "customer_phone": f"+1650555{number:04}"},
                dependencies=[],
            )
            update_order(order_id=order.pk, by=team.owner, fields={"status": "shipped"})
        if size == 1:
            make_rule(team.project)
        else:
            for status in ("pending", "active", "fulfilled", "completed", "failed"):
                make_rule(team.project, occasion="status_reached", status=status)
        for _ in range(size + 1):
            tell_all()
        for where in ("rules", "rules/outcomes"):
            with django_assert_num_queries(3):
                found = viewer.get(path(team, where))
            lengths.append(len(found.json()))

    assert lengths == [1, 1, 6, 9]
