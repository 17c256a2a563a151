"""The page of the bell, the numbers beside the navigation, and what browsers are told."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from integrations.events import EventType as IntegrationEventType
from notifications.channels import Line
from notifications.models import BellMark, NewsKind
from notifications.services import mark_conversation_read
from notifications.services.preferences import change_preferences
from notifications.tests.pages.scenes import HOSTILE, address, somebody, text_of, write
from orders.models import Order
from orders.services import create_order, move_order
from orders.stream.queries import stream_head
from orders.stream.recording import event_about, record
from orders.stream.relay import relay_events

pytestmark = pytest.mark.django_db


def place(team: Team, title: str = "Sails") -> Order:
    """Create an order as the owner."""
    return create_order(by=team.owner, project=team.project, fields={"title": title})


def titles_on(response: object) -> list[str]:
    """Return the titles of the things at the bell, from above."""
    return re.findall(r"<bdi>([^<]*)</bdi></a>", text_of(response))


def new_on(response: object) -> int:
    """Return how many things at the bell are marked as new."""
    return text_of(response).count("data-new")


def break_integration(team: Team, **data: object) -> None:
    """Record that an integration has stopped working."""
    event = event_about(
        IntegrationEventType.STATUS_CHANGED,
        subject_kind="integration",
        subject_uuid=team.project.uuid,
        project_id=team.project.pk,
    )
    event.data = {
        "provider": "shopify",
        "account": "sails.myshopify.com",
        "status": "error",
        "previous_status": "connected",
        "is_paused": False,
        "error": "The token was revoked.",
        **data,
    }
    record([event])
    relay_events()


# --- The page ---------------------------------------------------------------------------------


def test_shows_what_happened_the_newest_first(team: Team, agent: Client, line: Line) -> None:
    order = place(team)
    talk = write(line, person=somebody("Anna")).conversation
    relay_events()

    page = agent.get(address(team, "notifications"))

    assert titles_on(page) == ["Anna", f"#{order.pk} Sails"]
    html = text_of(page)
    assert f'href="{address(team, "inbox", talk.uuid)}"' in html
    assert f'href="{address(team, "orders", order.pk)}"' in html
    assert "1 new message on" in html
    assert "New order" in html
    assert new_on(page) == 2
    assert f'name="until" value="{stream_head()}"' in html


def test_an_empty_bell_says_what_will_be_there(team: Team, agent: Client) -> None:
    assert "when a customer writes" in text_of(agent.get(address(team, "notifications")))
    new = agent.get(address(team, "notifications"), {"show": "new"})
    assert "Nothing is new" in text_of(new)

    change_preferences(
        project=team.project,
        user=team.members["agent"],
        changes={kind: {"socket": False} for kind in NewsKind},
    )
    page = text_of(agent.get(address(team, "notifications")))
    assert "Your notifications are off" in page
    assert f'href="{address(team, "news")}"' in page


def test_what_somebody_has_marked_is_no_longer_new(team: Team, agent: Client) -> None:
    first, second = place(team, "First"), place(team, "Second")
    relay_events()
    seen = address(team, "notifications/seen")

    position = stream_head()
    response = agent.post(seen, {"until": position, "name": f"order-{second.pk}"})

    assert (response.status_code, response["Location"]) == (303, address(team, "notifications"))
    new = agent.get(address(team, "notifications"), {"show": "new"})
    assert titles_on(new) == [f"#{first.pk} First"]
    place(team, "Third")
    relay_events()
    response = agent.post(
        seen, {"until": position, "next": "//evil.example"}, headers={"X-Requested-With": "x"}
    )
    assert (response.status_code, response.content) == (204, b"")
    page = agent.get(address(team, "notifications"))
    assert (len(titles_on(page)), new_on(page)) == (3, 1)


@pytest.mark.parametrize(
    "sent", [{}, {"until": "x"}, {"until": "-1"}, {"until": "1", "name": "<b>"}, {"until": 2**63}]
)
def test_a_form_that_nobody_could_have_sent_is_refused(
    sent: dict[str, object], team: Team, agent: Client
) -> None:
    assert agent.post(address(team, "notifications/seen"), sent).status_code == 400
    assert not BellMark.objects.exists()


def test_a_script_gets_the_list_alone(team: Team, agent: Client) -> None:
    place(team)
    relay_events()

    part = agent.get(
        address(team, "notifications"), headers={"HX-Request": "true", "HX-Target": "bell-list"}
    )

    assert b"<html" not in part.content
    assert len(titles_on(part)) == 1


def test_fifty_things_are_shown_and_marked_with_all_before_them(team: Team, agent: Client) -> None:
    for number in range(52):
        place(team, f"Order {number}")
    relay_events()

    page = agent.get(address(team, "notifications"))
    assert (len(titles_on(page)), page.context["new"]) == (50, 52)
    assert "2 earlier ones are not shown." in text_of(page)

    agent.post(address(team, "notifications/seen"), {"until": page.context["until"]})
    assert agent.get(address(team, "counts")).json()["notifications"] == 0


def test_hostile_names_and_titles_are_text(team: Team, agent: Client, line: Line) -> None:
    place(team, HOSTILE)
    write(line, HOSTILE, person=somebody(HOSTILE))
    relay_events()

    page = agent.get(address(team, "notifications"))

    assert b"<img src=x" not in page.content
    assert len(titles_on(page)) == 2


def test_a_broken_integration_is_news_for_those_who_can_mend_it(team: Team) -> None:
    break_integration(team)

    for role, sees in {"owner": True, "manager": True, "agent": False, "viewer": False}.items():
        html = text_of(browser_of(team.members[role]).get(address(team, "notifications")))
        assert ("The token was revoked." in html) is sees, role
        assert (f'href="{address(team, "integrations", team.project.uuid)}"' in html) is sees

    break_integration(team, status="connected", previous_status="error", error="")
    page = browser_of(team.owner).get(address(team, "notifications"))
    assert titles_on(page) == []


def test_many_things_take_as_many_statements_as_one(team: Team, agent: Client, line: Line) -> None:
    def statements() -> int:
        relay_events()
        with CaptureQueriesContext(connection) as captured:
            assert agent.get(address(team, "notifications")).status_code == 200
        return len(captured)

    place(team)
    write(line)
    statements()
    before = statements()
    for _ in range(10):
        place(team)
        write(line)

    assert before == statements() <= 9


# --- The numbers ------------------------------------------------------------------------------


def test_every_page_names_where_the_numbers_are_and_costs_nothing_for_them(
    team: Team, agent: Client
) -> None:
    html = text_of(agent.get(address(team, "news")))

    assert f'data-counts="{address(team, "counts")}"' in html
    number = '<span class="count" id="count-{}" data-words="{}" aria-hidden="true" hidden></span>'
    assert f"<span>Inbox</span>{number.format('inbox', 'unread')}" in html
    assert f"Notifications</span>{number.format('notifications', 'new')}" in html
    assert f'data-tells="{address(team, "notifications/told")}"' in html
    with CaptureQueriesContext(connection) as captured:
        agent.get(address(team, "news"))
    asked = " ".join(query["sql"] for query in captured)
    assert "orders_event" not in asked
    assert "bellmark" not in asked


def test_the_numbers_say_what_is_unread_and_new(team: Team, agent: Client, line: Line) -> None:
    talk = write(line).conversation
    write(line)
    place(team)
    relay_events()
    assert agent.get(address(team, "counts")).json() == {"inbox": 2, "notifications": 3}

    mark_conversation_read(conversation=talk, by=team.owner)
    agent.post(address(team, "notifications/seen"), {"until": stream_head()})

    assert agent.get(address(team, "counts")).json() == {"inbox": 1, "notifications": 0}
    with CaptureQueriesContext(connection) as captured:
        agent.get(address(team, "counts"))
    assert len(captured) <= 9


# --- What the browser tells -------------------------------------------------------------------


def test_browsers_are_told_neither_names_nor_words_nor_titles(
    team: Team, agent: Client, line: Line
) -> None:
    order = place(team, "Sails for Anna")
    write(line, "My secret", person=somebody("Anna"))
    relay_events()
    move_order(order_id=order.pk, status="failed", by=team.owner)
    relay_events()

    answer = agent.get(address(team, "notifications/told"), {"after": "0"})

    told = answer.json()
    assert told["position"] == stream_head()
    assert [each["title"] for each in told["news"]] == [
        "A customer wrote on Pretend",
        f"#{order.pk}: Failed",
    ]
    assert {each["body"] for each in told["news"]} == {"Tea & Cake"}
    assert [each["url"] for each in told["news"]][1] == address(team, "orders", order.pk)
    assert b"Anna" not in answer.content
    assert b"secret" not in answer.content


def test_browsers_are_told_only_what_is_new_since(team: Team, agent: Client) -> None:
    place(team)
    relay_events()
    before = stream_head()
    path = address(team, "notifications/told")
    assert agent.get(path, {"after": before}).json() == {"position": before, "news": []}
    for after in ("", "x", "-5", "9" * 30):
        assert len(agent.get(path, {"after": after}).json()["news"]) == 1

    for _ in range(6):
        place(team)
    relay_events()
    news = agent.get(path, {"after": before}).json()["news"]
    assert news[0]["title"] == "3 more notifications"
    assert len(news) == 4

    agent.post(address(team, "notifications/seen"), {"until": stream_head()})
    assert agent.get(path, {"after": before}).json()["news"] == []
