"""The suggested reply above the field for answers of a conversation."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from integrations.assistant.contracts import ModelBusy, Turn
from integrations.assistant.models import AssistantCall
from integrations.assistant.tests.scripted.service import Scripted, says
from notifications.channels import Line
from notifications.models import Message, SuggestedReply
from notifications.tests.factories import make_line
from notifications.tests.pages.scenes import HOSTILE, address, page_of, somebody, text_of, write
from orders.tests.pages.scenes import place

SUGGESTED = '{"reply": "It is on its way.", "language": "en"}'


@pytest.fixture
def agent(team: Team) -> Client:
    """A browser in which an agent of the team has signed in."""
    return browser_of(team.members["agent"])


@pytest.fixture
def line(team: Team) -> Line:
    return make_line(team.project)


def panel(client: Client, team: Team, message: Message) -> Any:
    return client.get(page_of(team, message, "suggestion"), headers={"HX-Request": "true"})


def suggest(client: Client, team: Team, message: Message, *, is_part: bool = True) -> Any:
    headers = {"HX-Request": "true"} if is_part else {}
    return client.post(page_of(team, message, "suggestion"), headers=headers)


def test_the_conversation_has_the_panel_for_those_who_may_answer(
    team: Team, agent: Client, line: Line, model: Scripted
) -> None:
    message = write(line)
    path = page_of(team, message, "suggestion")

    assert f'hx-get="{path}"' in text_of(agent.get(page_of(team, message)))
    viewer = browser_of(team.members["viewer"])
    assert f'hx-get="{path}"' not in text_of(viewer.get(page_of(team, message)))
    html = text_of(panel(agent, team, message))
    assert "<html" not in html
    assert "Suggest a reply" in html
    # Looking asks nobody.
    assert model.questions == []


def test_a_suggestion_says_what_it_looked_at_and_what_it_cost(
    team: Team, agent: Client, line: Line, model: Scripted
) -> None:
    anna, order = somebody("Anna"), place(team, title=HOSTILE)
    first = write(line, "I mean my table", person=anna)
    first.order = order
    first.save()
    message = write(line, "Where is it?", person=anna)
    write(line, "A secret of somebody else")
    model.steps = [says(SUGGESTED)]

    html = text_of(suggest(agent, team, message))

    assert "It is on its way.</textarea>" in html
    assert f"#{order.pk} &lt;img" in html
    assert "<img src=x" not in html
    assert "gemini-3.8-flash, 0.0003 USD" in html
    suggestion = SuggestedReply.objects.get()
    assert f'name="suggestion" value="{suggestion.uuid}"' in html
    assert f'action="{page_of(team, message, "draft")}"' in html
    words = model.questions[0].words
    assert "Where is it?" in words
    assert "I mean my table" in words
    assert "A secret of somebody else" not in words
    # Nothing was sent.
    assert not Message.objects.filter(direction="outbound").exists()


def test_a_suggestion_is_outdated_if_the_customer_went_on_while_the_model_thought(
    team: Team, agent: Client, line: Line, model: Scripted
) -> None:
    anna = somebody("Anna")
    message = write(line, "Where is it?", person=anna)

    def slowly() -> Turn:
        write(line, "Forget it.", person=anna)
        return says(SUGGESTED)

    model.steps = [slowly, says(SUGGESTED)]
    first, second = (text_of(suggest(agent, team, message)) for _ in range(2))

    assert "data-outdated>" in first
    assert "data-anew>" in first
    assert "data-outdated hidden>" in second
    assert "data-anew hidden>" in second


def test_without_scripts_it_is_a_page_and_use_fills_the_draft(
    team: Team, agent: Client, line: Line, model: Scripted
) -> None:
    message = write(line)
    model.steps = [says(f'{{"reply": "Hi {HOSTILE[:20]}", "language": "en"}}')]

    page = text_of(suggest(agent, team, message, is_part=False))

    assert "<html" in page
    assert "<img src=x" not in page
    assert "at no order" in page
    fields = {"insert": "Hi", "suggestion": str(SuggestedReply.objects.get().uuid)}
    used = agent.post(page_of(team, message, "draft"), fields)
    assert used["Location"] == page_of(team, message)
    assert "Hi</textarea>" in text_of(agent.get(used["Location"]))


@pytest.mark.slow
def test_a_model_that_is_busy_is_told_and_can_be_asked_again(
    team: Team, agent: Client, line: Line, model: Scripted
) -> None:
    message = write(line)
    model.steps = [ModelBusy("busy")]

    part, page = suggest(agent, team, message), suggest(agent, team, message, is_part=False)

    assert (part.status_code, page.status_code) == (200, 503)
    for response in (part, page):
        html = text_of(response)
        assert 'role="alert"' in html
        assert "takes no more questions at the moment" in html
        assert "Suggest a reply" in html


def test_without_a_model_or_a_budget_the_button_says_why(
    team: Team, agent: Client, line: Line, model: Scripted, settings: Settings
) -> None:
    message = write(line)
    team.project.settings = {"assistant_monthly_budget_usd": 1}
    team.project.save()
    AssistantCall.objects.create(
        project=team.project,
        kind="reply",
        outcome="answered",
        provider="scripted",
        model_asked="x",
        known_cost=Decimal(1),
    )
    assert "used up the budget" in text_of(panel(agent, team, message))
    assert suggest(agent, team, message, is_part=False).status_code == 409
    settings.ASSISTANT_PROVIDER = "nobody"

    html = text_of(panel(agent, team, message))

    assert 'aria-disabled="true" aria-describedby="why-no-suggestion"' in html
    assert "The assistant is not configured." in html
    assert model.questions == []


def test_a_customer_who_sent_only_a_picture_is_not_answered_by_a_model(
    team: Team, agent: Client, line: Line, model: Scripted
) -> None:
    message = write(line, "")

    assert "has not written a text yet" in text_of(panel(agent, team, message))
    assert suggest(agent, team, message, is_part=False).status_code == 409
    assert model.questions == []
    assert agent.get(address(team, "inbox/x/suggestion")).status_code == 404


def test_the_panel_takes_few_statements(
    team: Team, agent: Client, line: Line, model: Scripted
) -> None:
    message = write(line)
    panel(agent, team, message)
    with CaptureQueriesContext(connection) as statements:
        panel(agent, team, message)

    assert len(statements) <= 5
