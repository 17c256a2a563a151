"""The back office of the rules that tell customers: writing them, trying them, and outcomes."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.tests.admin.forms import opened, typed
from accounts.tests.factories import make_staff, make_user
from notifications.channels import Line
from notifications.models import Message, NotificationRule, RuleOutcome
from notifications.models.rules import EMAIL, Occasion
from notifications.tests.pretend import PRETEND
from notifications.tests.rules import ADAS_NUMBER, make_rule, ship, tell_all
from orders.models import Order
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

ADD = "admin:notifications_notificationrule_add"
FORM = "notificationrule_form"


@pytest.fixture
def client(ours: Line) -> Client:
    client = Client()
    client.force_login(make_user(email="admin@example.com", is_staff=True, is_superuser=True))
    return client


def page_of(row: Any) -> str:
    return reverse(f"admin:notifications_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: Any) -> str:
    return reverse(f"admin:notifications_{model._meta.model_name}_changelist")


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def add(client: Client, user: User, **fields: Any) -> Any:
    url = reverse(ADD)
    given = {
        "project": user.personal_project.pk,
        "occasion": "status_reached",
        "status": "shipped",
        "channel": PRETEND,
        "content": "Order {order_number}\r\nis on its way.",
        **fields,
    }
    return client.post(url, typed(opened(client, url, FORM), **given))


def test_a_rule_is_written_by_the_service(client: Client, agent: User) -> None:
    template = '{"name": "order_shipped", "language": "en_US", "parameters": ["{order_number}"]}'

    assert add(client, agent, template=template).status_code == 302

    rule = NotificationRule.objects.get()
    assert rule.content == "Order {order_number}\nis on its way."
    assert rule.template == {
        "name": "order_shipped",
        "language": "en_US",
        "parameters": ["{order_number}"],
    }
    assert (rule.is_active, rule.line) == (True, None)
    url = page_of(rule)
    saved = client.post(url, typed(opened(client, url, FORM), content="Shipped!"))
    assert saved.status_code == 302
    rule.refresh_from_db()
    assert (rule.content, rule.status) == ("Shipped!", "shipped")


def test_a_rule_without_a_template_has_an_empty_box(client: Client, agent: User) -> None:
    assert add(client, agent).status_code == 302
    rule = NotificationRule.objects.get()
    form = opened(client, page_of(rule), FORM)

    assert "".join(typed(form)["template"]).strip() == ""

    assert client.post(page_of(rule), typed(form, content="Shipped!")).status_code == 302
    rule.refresh_from_db()
    assert rule.template is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"content": "Hi {first_name}"}, "{first_name} is no placeholder."),
        ({"content": ""}, "Write a text, or name a template."),
        ({"status": ""}, "Name the status that is reached"),
        ({"occasion": "order_ready"}, "Only the occasion status_reached has a status."),
        ({"template": "[1]"}, "Must have a name, a language, and lists of texts"),
        ({"template": '{"name": 5}'}, "Must have a name, a language, and lists of texts"),
        ({"template": '{"name": "x", "language": "en", "parameters": [{}]}'}, "lists of texts"),
        ({"template": '{"name": "x", "language": "en", "evil": ["{x}"]}'}, "lists of texts"),
        ({"template": "{"}, "Enter a valid JSON."),
        ({"channel": "fax"}, "Select a valid choice."),
        ({"line": "x"}, "Enter a valid UUID."),
        ({"line": "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"}, "no such line on Pretend"),
    ],
    ids=str,
)
def test_a_refused_rule_keeps_what_was_typed(
    client: Client, agent: User, fields: dict[str, Any], words: str
) -> None:
    page = text_of(add(client, agent, **{"subject": "", **fields}))

    assert words in page
    assert NotificationRule.objects.count() == 0
    if "content" not in fields:
        assert "is on its way." in page


def test_a_second_rule_for_the_same_is_refused_at_the_channel(client: Client, agent: User) -> None:
    make_rule(agent.personal_project)

    page = text_of(add(client, agent))

    assert "There is a rule for this occasion on this channel already." in page
    assert NotificationRule.objects.count() == 1


def test_the_page_shows_what_would_be_sent_and_what_was(client: Client, agent: User) -> None:
    rule = make_rule(agent.personal_project, content="Dear {customer_name}: {status}")
    order = make_order(
        agent, status="active", customer_phone=ADAS_NUMBER, customer_name="<b>Ada</b>\u202e"
    )
    ship(order)
    tell_all()
    make_order(agent, title="Next", customer_name="<script>")
    messages = Message.objects.count()

    page = text_of(client.get(page_of(rule)))

    assert "What it would send for the last order" in page
    assert "The order has no phone number with its country&#x27;s code." in page
    assert "queued" in page
    Order.objects.filter(title="Next").update(customer_phone=ADAS_NUMBER)
    page = text_of(client.get(page_of(rule)))
    assert "Dear &lt;script&gt;: shipped" in page
    assert "<script>:" not in page
    assert Message.objects.count() == messages
    shown = text_of(client.get(page_of(RuleOutcome.objects.get())))
    assert reverse("admin:notifications_message_change", args=[Message.objects.get().pk]) in shown


def test_rules_are_switched_and_deleted_by_the_services(client: Client, agent: User) -> None:
    rule = make_rule(agent.personal_project)
    ship(make_order(agent, status="active", customer_phone=ADAS_NUMBER))
    tell_all()

    def act(action: str) -> str:
        posted = {"action": action, "_selected_action": [rule.pk]}
        return text_of(client.post(list_of(NotificationRule), posted, follow=True))

    assert "Switched off: 1" in act("switch_off")
    rule.refresh_from_db()
    assert not rule.is_active
    assert "Switched on: 1" in act("switch_on")
    url = reverse("admin:notifications_notificationrule_delete", args=[rule.pk])
    client.post(url, {"post": "yes"})

    assert NotificationRule.objects.count() == 0
    assert RuleOutcome.objects.count() == 1


def test_staff_who_only_look_change_nothing(ours: Line, agent: User) -> None:
    rule = make_rule(agent.personal_project)
    make_order(agent, status="active", customer_name="Ada Secret", customer_phone=ADAS_NUMBER)
    client = Client()
    client.force_login(make_staff("view_notificationrule"))

    page = text_of(client.get(page_of(rule)))

    # A preview shows a customer's data.
    assert "Ada Secret" not in page
    assert "What it would send" not in page
    assert client.post(page_of(rule), {"is_active": ""}).status_code == 403
    assert client.get(reverse(ADD)).status_code == 403
    assert client.get(list_of(RuleOutcome)).status_code == 403
    rule.refresh_from_db()
    assert rule.is_active


@pytest.mark.parametrize("model", [NotificationRule, RuleOutcome])
def test_a_list_takes_as_many_statements_for_one_row_as_for_many(
    client: Client, agent: User, model: type
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as taken:
            assert client.get(list_of(model)).status_code == 200
        return len(taken)

    make_rule(agent.personal_project)
    ship(make_order(agent, status="active", customer_phone=ADAS_NUMBER))
    tell_all()
    few = statements()
    for status in ("completed", "failed", "cancelled"):
        make_rule(agent.personal_project, occasion=Occasion.STATUS_REACHED, status=status)
    for _ in range(4):
        ship(make_order(agent, status="active", customer_phone=ADAS_NUMBER))
    for _ in range(5):
        tell_all()
    assert RuleOutcome.objects.count() == 5

    assert statements() == few


def test_a_page_takes_as_many_statements_for_one_outcome_as_for_many(
    client: Client, agent: User
) -> None:
    rule = make_rule(agent.personal_project, channel=EMAIL)

    def statements() -> int:
        with CaptureQueriesContext(connection) as taken:
            assert client.get(page_of(rule)).status_code == 200
        return len(taken)

    for size in (1, 5):
        for _ in range(size):
            ship(make_order(agent, status="active", customer_email="ada@example.org"))
            tell_all()
        if size == 1:
            few = statements()

    assert statements() == few


@pytest.mark.parametrize("query", ["q=%00", "q=' OR 1=1", "id=x", "project__id__exact=x", "p=x"])
def test_hostile_addresses_are_harmless(client: Client, agent: User, query: str) -> None:
    make_rule(agent.personal_project)
    for model in (NotificationRule, RuleOutcome):
        assert client.get(f"{list_of(model)}?{query}", follow=True).status_code == 200
