"""What a rule may be, and who decides. The constraints back what the services check."""

from typing import Any, cast
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.errors import RoleNotEnough
from accounts.models import User
from accounts.tests.projects import make_team
from notifications.channels import Line
from notifications.errors import RuleExists, RuleNotFound
from notifications.models import NotificationRule, RuleOutcome
from notifications.models.messages import ContentType
from notifications.models.rules import ANY_CHANNEL, EMAIL, Occasion
from notifications.services import RuleFields, change_rule, create_rule, delete_rule
from notifications.tests.pretend import PRETEND, pretending
from notifications.tests.rules import SHIPPED, make_rule, ship, tell_all
from orderchainer.core.errors import Invalid, NothingToChange
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

TEMPLATE: dict[str, Any] = {
    "name": "order_shipped",
    "language": "en_US",
    "parameters": ["{order_number}"],
}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"occasion": "order_lost"}, "occasion"),
        ({"occasion": "status_reached"}, "status"),
        ({"occasion": "status_reached", "status": "lost"}, "status"),
        ({"occasion": "order_ready", "status": "shipped"}, "status"),
        ({"channel": "fax"}, "channel"),
        ({"channel": ""}, "channel"),
        ({"line": uuid4()}, "line"),
        ({"channel": ANY_CHANNEL, "line": uuid4()}, "line"),
        ({"channel": EMAIL, "line": uuid4()}, "line"),
        ({"content": ""}, "content"),
        ({"content": " \n"}, "content"),
        ({"content": "{order_number} {first_name}"}, "content"),
        ({"content": "x" * 101}, "content"),
        ({"channel": EMAIL, "subject": "{nobody}"}, "subject"),
        ({"subject": "News"}, "subject"),
        ({"channel": EMAIL, "template": TEMPLATE}, "template"),
        ({"channel": EMAIL, "template": TEMPLATE, "content": ""}, "content"),
        ({"template": {**TEMPLATE, "parameters": ["{x}"]}}, "template"),
        ({"template": {**TEMPLATE, "header_parameters": ["{order.pk}"]}}, "template"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value,
)
def test_a_wrong_rule_is_refused_by_the_field(
    agent: User, ours: Line, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make_rule(agent.personal_project, **fields)

    assert named in refused.value.errors
    assert NotificationRule.objects.count() == 0


def test_an_unknown_placeholder_is_named_beside_those_that_exist(agent: User, ours: Line) -> None:
    with pytest.raises(Invalid) as refused:
        make_rule(agent.personal_project, content="Hello {first_name}")

    assert refused.value.errors == {
        "content": [
            "{first_name} is no placeholder. These exist: {order_number}, {order_title}, "
            "{customer_name}, {status}, {total}, {link}, {project}."
        ]
    }


def test_a_channel_without_templates_takes_none(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, content_types=frozenset({ContentType.TEXT})) as pretend:
        pretend.add_line(agent.personal_project)
        with pytest.raises(Invalid) as refused:
            make_rule(agent.personal_project, template=TEMPLATE)

    assert refused.value.errors == {"template": ["Pretend has no templates."]}


def test_a_template_is_checked_as_its_provider_does(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(
        monkeypatch, template_errors=lambda details: {"name": [f"No {details['name']}."]}
    ) as pretend:
        pretend.add_line(agent.personal_project)
        with pytest.raises(Invalid) as refused:
            make_rule(agent.personal_project, template=TEMPLATE)

    assert refused.value.errors == {"template": ["name: No order_shipped."]}


def test_there_is_one_rule_for_an_occasion_on_a_channel(agent: User, ours: Line) -> None:
    first = make_rule(agent.personal_project)
    make_rule(agent.personal_project, channel=EMAIL)
    make_rule(agent.personal_project, occasion=Occasion.STATUS_REACHED, status="completed")
    other = make_rule(agent.personal_project, occasion=Occasion.READY)

    with pytest.raises(RuleExists):
        make_rule(agent.personal_project)
    with pytest.raises(RuleExists):
        change_rule(rule=other, by=agent, fields=cast(RuleFields, SHIPPED))

    other.refresh_from_db()
    assert other.occasion == Occasion.READY
    assert first.channel == PRETEND


def test_a_rule_is_changed_as_a_whole(agent: User, ours: Line) -> None:
    rule = make_rule(agent.personal_project, template=TEMPLATE)

    with pytest.raises(NothingToChange):
        change_rule(rule=rule, by=agent, fields={})
    with pytest.raises(Invalid) as refused:
        change_rule(rule=rule, by=agent, fields={"content": "", "template": None})
    changed = change_rule(rule=rule, by=agent, fields={"content": ""})

    assert set(refused.value.errors) == {"content"}
    assert (changed.content, changed.template) == ("", TEMPLATE)
    assert changed.updated_at > rule.created_at


def test_only_managers_decide(ours: Line) -> None:
    team = make_team()
    rule = create_rule(
        project=team.project,
        by=team.members["manager"],
        fields={"occasion": "order_ready", "content": "Ready"},
    )
    for role in ("agent", "viewer"):
        by = team.members[role]
        with pytest.raises(RoleNotEnough):
            create_rule(project=team.project, by=by, fields={})
        with pytest.raises(RoleNotEnough):
            change_rule(rule=rule, by=by, fields={"is_active": False})
        with pytest.raises(RoleNotEnough):
            delete_rule(rule=rule, by=by)

    rule.refresh_from_db()
    assert rule.is_active


def test_what_became_of_a_rule_outlives_it(agent: User, ours: Line) -> None:
    rule = make_rule(agent.personal_project)
    order = make_order(agent, status="active", customer_phone="+16505551234")
    ship(order)
    tell_all()

    delete_rule(rule=rule, by=agent)

    outcome = RuleOutcome.objects.get()
    assert (outcome.rule, outcome.occasion, outcome.status) == (None, "status_reached", "shipped")
    assert outcome.message == order.messages.get()
    with pytest.raises(RuleNotFound):
        delete_rule(rule=NotificationRule(pk=0, project=agent.personal_project), by=agent)


@pytest.mark.parametrize(
    "wrong",
    [
        {"occasion": "order_lost"},
        {"status": ""},
        {"occasion": "order_ready"},
        {"content": ""},
        {"channel": ""},
    ],
    ids=str,
)
def test_the_database_refuses_what_is_no_rule(
    agent: User, ours: Line, wrong: dict[str, Any]
) -> None:
    make_rule(agent.personal_project)

    with pytest.raises(IntegrityError), transaction.atomic():
        NotificationRule.objects.update(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"settled_at": None},
        {"state": "skipped"},
        {"channel": ""},
        {"state": "lost"},
    ],
    ids=str,
)
def test_the_database_refuses_an_outcome_that_contradicts_itself(
    agent: User, ours: Line, wrong: dict[str, Any]
) -> None:
    make_rule(agent.personal_project)
    ship(make_order(agent, status="active", customer_phone="+16505551234"))
    tell_all()

    with pytest.raises(IntegrityError), transaction.atomic():
        RuleOutcome.objects.update(**wrong)
