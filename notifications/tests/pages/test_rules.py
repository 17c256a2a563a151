"""The pages of the rules that tell customers: written, tried, switched and deleted."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import OutgoingEmail
from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team, make_team
from catalog.tests.pages.scenes import address, fields_on, send, text_of
from notifications.channels import Line
from notifications.models import Message, NotificationRule, RuleOutcome
from notifications.services import change_rule, delete_rule
from notifications.tests.pretend import PRETEND, Pretend
from notifications.tests.rules import make_rule, ship, tell_all
from orders.models import Order
from orders.services import create_order

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)> & \"'"


@pytest.fixture
def team(db: None) -> Team:
    return make_team(name="Tea & Cake")


@pytest.fixture
def manager(team: Team) -> Client:
    """A browser in which a manager of the team has signed in."""
    return browser_of(team.members["manager"])


@pytest.fixture
def ours(pretend: Pretend, team: Team) -> Line:
    """The only line of the team's project."""
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
            "customer_phone": "+12025550123",
        },
        dependencies=[],
    )


SHIPPED: dict[str, Any] = {
    "when": "status_reached:shipped",
    "channel": PRETEND,
    "content": "Order {order_number} is {status}.",
}


# --- The list ---------------------------------------------------------------------------------


def test_the_list_says_when_how_and_what(team: Team, manager: Client, ours: Line) -> None:
    empty = text_of(manager.get(address(team, "rules")))
    assert "No rules yet" in empty
    assert f'href="{address(team, "rules")}" aria-current="page"' in empty
    rule = make_rule(team.project)

    page = text_of(manager.get(address(team, "rules")))

    assert page.count("<h1>") == 1
    assert f'<a href="{address(team, "rules", rule.uuid)}">' in page
    assert "An order becomes shipped" in page
    assert "Order {order_number} is {status}." in page
    assert "Switch off" in page


def test_viewers_see_the_rules_and_change_none(team: Team, ours: Line) -> None:
    rule = make_rule(team.project)

    page = text_of(browser_of(team.members["viewer"]).get(address(team, "rules")))

    assert "An order becomes shipped" in page
    assert str(rule.uuid) not in page
    assert "Create rule" not in page


def test_the_list_says_what_became_of_them(
    team: Team, manager: Client, ours: Line, order: Order
) -> None:
    rule = make_rule(team.project)
    ship(order)
    tell_all()
    assert RuleOutcome.objects.count() == 1
    delete_rule(rule=rule, by=team.owner)

    page = text_of(manager.get(address(team, "rules")))

    assert "Outcomes" in page
    assert f"#{order.pk} Lamp" in page
    Order.objects.all().delete()
    assert "Deleted" in text_of(manager.get(address(team, "rules")))


def test_the_list_takes_as_many_statements_for_one_as_for_many(
    team: Team, manager: Client, ours: Line
) -> None:
    counts = []
    statuses = ["shipped", "active", "fulfilled", "completed", "failed", "cancelled"]
    for some in (statuses[:1], statuses[1:]):
        for status in some:
            make_rule(team.project, occasion="status_reached", status=status)
        with CaptureQueriesContext(connection) as captured:
            manager.get(address(team, "rules"))
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 8


# --- Writing ----------------------------------------------------------------------------------


def test_a_form_creates_a_rule_once(team: Team, manager: Client, ours: Line) -> None:
    path = address(team, "rules", "new")
    sent = {**fields_on(manager.get(path).content.decode()), **SHIPPED}

    for _ in range(2):
        response = manager.post(path, sent)
        assert (response.status_code, response["Location"]) == (303, address(team, "rules"))

    rule = NotificationRule.objects.get()
    assert (rule.occasion, rule.status, rule.channel) == ("status_reached", "shipped", PRETEND)
    assert (rule.content, rule.template, rule.is_active) == (SHIPPED["content"], None, True)


def test_a_rule_can_have_a_template(team: Team, manager: Client) -> None:
    send(
        manager,
        address(team, "rules", "new"),
        when="order_received",
        channel="whatsapp",
        content="Thank you, {customer_name}.",
        template_called="order_received",
        template_language="en_US",
        template_parameters="{order_number}\r\n{total}\n",
    )

    rule = NotificationRule.objects.get()
    assert rule.template == {
        "name": "order_received",
        "language": "en_US",
        "parameters": ["{order_number}", "{total}"],
    }
    sent = fields_on(manager.get(address(team, "rules", rule.uuid)).content.decode())
    assert sent["template_parameters"] == "{order_number}\n{total}"
    assert sent["when"] == "order_received"


def test_what_cannot_be_is_refused_at_its_field(team: Team, manager: Client, ours: Line) -> None:
    path = address(team, "rules", "new")

    for typed, words in (
        ({"content": ""}, "Write a text, or name a template."),
        ({"content": "{order_numbr}"}, "{order_numbr} is no placeholder."),
        ({"when": "status_reached:lost"}, "Select a valid choice."),
        ({"when": "status_reached"}, "Select a valid choice."),
        ({"channel": "pigeon"}, "Select a valid choice."),
        ({"line": "nonsense"}, "Select a valid choice."),
        ({"channel": "any", "line": str(ours.uuid)}, "Only a rule for one provider"),
        ({"subject": "Yours"}, "Only e-mails have a subject."),
        ({"channel": "email", "template_called": "x", "template_language": "en"}, "no templates"),
        ({"content": "x" * 5000}, "at most 4096 characters"),
    ):
        response = send(manager, path, **{**SHIPPED, **typed})
        assert response.status_code == 400, typed
        assert words in text_of(response), typed
    assert not NotificationRule.objects.exists()


def test_a_second_rule_for_the_same_is_refused(team: Team, manager: Client, ours: Line) -> None:
    make_rule(team.project)

    response = send(manager, address(team, "rules", "new"), **SHIPPED)

    assert response.status_code == 400
    assert "There is a rule for this occasion on this channel already." in text_of(response)


def test_a_rule_is_changed(team: Team, manager: Client, ours: Line) -> None:
    rule = make_rule(team.project)
    path = address(team, "rules", rule.uuid)

    response = send(manager, path, content="It is on its way.", line=str(ours.uuid))

    assert response.status_code == 303, text_of(response)
    rule.refresh_from_db()
    assert (rule.content, rule.line) == ("It is on its way.", ours.uuid)
    # A box that nobody ticks is not sent.
    sent = fields_on(manager.get(path).content.decode())
    del sent["is_active"]
    manager.post(path, sent)
    rule.refresh_from_db()
    assert not rule.is_active


def test_no_other_account_replaces_one_that_is_gone_by_itself(
    team: Team, manager: Client, ours: Line, pretend: Pretend
) -> None:
    rule = make_rule(team.project, line=ours.uuid)
    pretend.lines.clear()
    path = address(team, "rules", rule.uuid)
    page = manager.get(path)
    assert "One that is no longer connected" in text_of(page)
    sent = fields_on(page.content.decode())
    assert sent["line"] == str(ours.uuid)

    refused = manager.post(path, {**sent, "content": "It is on its way."})

    assert refused.status_code == 400
    assert "The project has no such line" in text_of(refused)
    assert manager.post(path, {**sent, "line": ""}).status_code == 303
    rule.refresh_from_db()
    assert rule.line is None


def test_a_page_that_was_overtaken_shows_both_values(
    team: Team, manager: Client, ours: Line
) -> None:
    rule = make_rule(team.project)
    path = address(team, "rules", rule.uuid)
    sent = fields_on(manager.get(path).content.decode())
    change_rule(rule=rule, by=team.owner, fields={"content": "Theirs"})

    response = manager.post(path, {**sent, "content": "Mine"})

    assert response.status_code == 412
    page = text_of(response)
    assert "Somebody has changed the rule since you opened this page" in page
    assert "It is now “Theirs”." in page
    rule.refresh_from_db()
    assert rule.content == "Theirs"
    # Saved again, it counts, and twice is the same.
    again = fields_on(response.content.decode())
    assert again["content"] == "Mine"
    for _ in range(2):
        assert manager.post(path, again).status_code == 303
    rule.refresh_from_db()
    assert rule.content == "Mine"


def test_lines_of_a_text_are_no_change_of_somebody_else(
    team: Team, manager: Client, ours: Line
) -> None:
    rule = make_rule(team.project)
    path = address(team, "rules", rule.uuid)
    sent = fields_on(manager.get(path).content.decode())
    # So browsers send lines.
    typed = {**sent, "content": "It is shipped.\r\nThank you."}

    for _ in range(2):
        assert manager.post(path, typed).status_code == 303

    rule.refresh_from_db()
    assert rule.content == "It is shipped.\nThank you."
    # Only what differs is told to somebody who was overtaken.
    change_rule(rule=rule, by=team.owner, fields={"is_active": False})
    response = manager.post(path, typed)
    assert response.status_code == 412
    assert text_of(response).count("It is now") == text_of(response).count("It is now “off”.")


# --- Trying -----------------------------------------------------------------------------------


def test_a_preview_shows_what_the_customer_would_get(
    team: Team, manager: Client, ours: Line, order: Order
) -> None:
    path = address(team, "rules", "new")

    response = send(manager, path, **SHIPPED, order=f"#{order.pk}", preview="yes")

    assert response.status_code == 200
    page = text_of(response)
    assert f"Order #{order.pk} is shipped." in page
    assert "John Doe" in page
    # What was typed is still there, and nothing was saved or sent.
    assert fields_on(response.content.decode())["content"] == SHIPPED["content"]
    assert not NotificationRule.objects.exists()
    assert not Message.objects.exists()
    assert not OutgoingEmail.objects.filter(kind="order_news").exists()


def test_a_preview_takes_the_newest_order_if_none_is_named(
    team: Team, manager: Client, ours: Line, order: Order
) -> None:
    response = send(manager, address(team, "rules", "new"), **SHIPPED, preview="yes")

    assert f"Order #{order.pk} is shipped." in text_of(response)


def test_a_preview_says_why_nothing_would_be_sent(
    team: Team, manager: Client, order: Order
) -> None:
    response = send(
        manager, address(team, "rules", "new"), **{**SHIPPED, "channel": "email"}, preview="yes"
    )

    assert response.status_code == 200
    assert "Nothing would be sent" in text_of(response)


@pytest.mark.parametrize("name", ["#999999", "nonsense", "\x00", "9" * 60])
def test_a_preview_needs_an_order_of_the_project(
    name: str, team: Team, manager: Client, ours: Line, order: Order
) -> None:
    response = send(manager, address(team, "rules", "new"), **SHIPPED, order=name, preview="yes")

    assert response.status_code == 400


def test_a_preview_refuses_what_could_not_be_saved(
    team: Team, manager: Client, ours: Line, order: Order
) -> None:
    typed = {**SHIPPED, "content": "{nothing}"}

    response = send(manager, address(team, "rules", "new"), **typed, preview="yes")

    assert response.status_code == 400
    assert "{nothing} is no placeholder." in text_of(response)


def test_text_of_people_stays_text(team: Team, manager: Client, ours: Line) -> None:
    create_order(
        by=team.owner,
        project=team.project,
        fields={"title": HOSTILE, "customer_name": HOSTILE, "customer_phone": "+12025550123"},
        dependencies=[],
    )
    rule = make_rule(team.project, content=f"{HOSTILE} {{order_title}}")

    pages = [
        text_of(manager.get(address(team, "rules"))),
        text_of(send(manager, address(team, "rules", rule.uuid), preview="yes")),
    ]

    for page in pages:
        assert "onerror" in page
        assert "<img src=x" not in page


# --- Switching and deleting -------------------------------------------------------------------


def test_a_rule_is_switched_off_and_on(team: Team, manager: Client, ours: Line) -> None:
    rule = make_rule(team.project)
    path = address(team, "rules", rule.uuid, "switch")

    for asked, is_active in (("no", False), ("no", False), ("yes", True)):
        assert manager.post(path, {"active": asked}).status_code == 303
        rule.refresh_from_db()
        assert rule.is_active is is_active
    for body in ({}, {"active": "maybe"}):
        assert manager.post(path, body).status_code == 400


def test_a_rule_whose_account_is_gone_is_switched_off_and_not_on(
    team: Team, manager: Client, ours: Line, pretend: Pretend
) -> None:
    rule = make_rule(team.project, line=ours.uuid)
    pretend.lines.clear()
    path = address(team, "rules", rule.uuid, "switch")

    assert manager.post(path, {"active": "no"}).status_code == 303
    rule.refresh_from_db()
    assert not rule.is_active
    refused = manager.post(path, {"active": "yes"})
    assert refused.status_code == 400
    assert "All automatic messages" in text_of(refused)
    rule.refresh_from_db()
    assert not rule.is_active


def test_a_rule_is_deleted(team: Team, manager: Client, ours: Line) -> None:
    rule = make_rule(team.project)
    path = address(team, "rules", rule.uuid, "delete")

    assert manager.post(path).status_code == 303
    assert not NotificationRule.objects.exists()
    # A button that is pressed twice finds it gone.
    assert manager.post(path).status_code == 303
    assert "The rule is no longer there." in text_of(manager.get(address(team, "rules")))


def test_rules_of_other_projects_are_404s(team: Team, manager: Client, ours: Line) -> None:
    theirs = make_rule(team.owner.personal_project, channel="any")

    for name in (theirs.uuid, "0" * 32, "nonsense"):
        path = address(team, "rules", name)
        assert manager.get(path).status_code == 404
        assert manager.post(path, SHIPPED).status_code == 404
        assert manager.post(f"{path}/switch", {"active": "no"}).status_code == 404
        assert manager.post(f"{path}/delete").status_code == 303
    theirs.refresh_from_db()
    assert theirs.is_active
