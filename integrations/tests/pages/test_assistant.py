"""The page of a project's assistant: budget, use and receipts."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.services import create_project
from accounts.tests.projects import Team
from integrations.assistant.models import AssistantCall
from integrations.assistant.pages.usage import usd
from integrations.assistant.preferences import BUDGET, KEEPS_TEXTS
from integrations.tests.pages.scenes import HOSTILE, address, text_of

pytestmark = pytest.mark.django_db


def make_call(team: Team, **fields: Any) -> AssistantCall:
    """Store the receipt of a call that was answered."""
    cost = fields.pop("cost", Decimal("0.0125"))
    given = {
        "project": team.project,
        "user": team.members["agent"],
        "kind": AssistantCall.Kind.QUERY,
        "outcome": AssistantCall.Outcome.ANSWERED,
        "provider": "scripted",
        "model_asked": "gemini-flash",
        "model": "gemini-flash-001",
        "total_tokens": 1_234,
        "cost": cost,
        "known_cost": cost or 0,
        "tool_calls": [{"name": "order_chain", "result_status": "ok", "duration_ms": 3}],
        "duration_ms": 1_500,
        "finished_at": timezone.now(),
        **fields,
    }
    return AssistantCall.objects.create(**given)


def set_budget(team: Team, amount: str | None, **settings: Any) -> None:
    """Set the project's budget."""
    team.project.settings = {BUDGET: amount, **settings}
    team.project.save(update_fields=["settings"])


def test_without_calls_and_budget_it_says_so(team: Team, viewer: Client) -> None:
    page = text_of(viewer.get(address(team, "assistant")))

    assert page.count("<h1>") == 1
    assert "There is no limit." in page
    assert "Nobody has asked it yet" in page
    assert f'<a href="{address(team, "assistant")}" aria-current="page"' in page


def test_each_call_has_a_receipt(team: Team, viewer: Client) -> None:
    make_call(team)
    make_call(
        team,
        kind=AssistantCall.Kind.SENTIMENT,
        user=None,
        outcome=AssistantCall.Outcome.TOO_LATE,
        cost=None,
        model="",
    )

    page = text_of(viewer.get(address(team, "assistant")))

    assert "Question" in page
    assert "agent@example.com" in page
    assert "Looked up: order_chain" in page
    assert "Answered" in page
    assert "1,234" in page
    assert "0.01 USD" in page
    assert "Took too long" in page
    assert "By itself" in page
    assert "unknown" in page
    assert "1.5 s" in page
    assert "1 call</dd>" in page


def test_no_text_is_shown(team: Team, viewer: Client) -> None:
    make_call(team, question="Where is my secret order?", answer="In the attic.")

    page = text_of(viewer.get(address(team, "assistant")))

    assert "secret order" not in page
    assert "attic" not in page


def test_the_budget_says_what_is_left(team: Team, viewer: Client) -> None:
    set_budget(team, "10", **{KEEPS_TEXTS: True})
    make_call(team, cost=Decimal("4"))
    make_call(team, outcome=AssistantCall.Outcome.RUNNING, cost=None, reserved=Decimal("1.5"))

    page = text_of(viewer.get(address(team, "assistant")))

    assert "<strong>4.00 USD</strong> of 10.00 USD spent, 1.50 USD reserved" in page
    assert "4.50 USD left." in page
    assert 'value="55"' in page
    assert "Kept for some days" in page


@pytest.mark.parametrize("amount", ["4", "0", "nonsense"])
def test_a_budget_that_is_spent_stops_the_assistant(
    amount: str, team: Team, viewer: Client
) -> None:
    set_budget(team, amount)
    make_call(team, cost=Decimal("4"))

    page = text_of(viewer.get(address(team, "assistant")))

    assert "The assistant stops until the next budget begins" in page
    assert 'value="100"' in page


def test_only_those_who_may_change_the_settings_are_led_there(
    team: Team, manager: Client, viewer: Client
) -> None:
    settings = f'href="{address(team, "settings")}#id_{BUDGET}"'

    assert settings in text_of(manager.get(address(team, "assistant")))
    assert f'id="id_{BUDGET}"' in text_of(manager.get(address(team, "settings")))
    assert settings not in text_of(viewer.get(address(team, "assistant")))


def test_an_assistant_without_a_model_says_what_is_missing(
    team: Team, viewer: Client, settings: Settings
) -> None:
    settings.ASSISTANT_PROVIDER = "gemini"
    settings.GEMINI_API_KEY = ""

    page = text_of(viewer.get(address(team, "assistant")))

    assert "Nobody can ask it" in page
    assert "The operator has to set GEMINI_API_KEY." in page


def test_calls_of_others_and_of_long_ago_do_not_count(team: Team, viewer: Client) -> None:
    elsewhere = create_project(owner=team.owner, name="Elsewhere")
    make_call(team, project=elsewhere, model="other-model")
    make_call(team, created_at=timezone.now() - timedelta(days=40), model="old-model")

    page = text_of(viewer.get(address(team, "assistant")))

    assert "other-model" not in page
    # Its receipt is there, but it adds nothing to the last days.
    assert "old-model" in page
    assert "<dt>Calls</dt><dd>0</dd>" in page


def test_text_of_others_stays_text(team: Team, viewer: Client) -> None:
    make_call(team, model=HOSTILE, tool_calls=[{"name": HOSTILE}])

    page = text_of(viewer.get(address(team, "assistant")))

    assert "<img src=x" not in page
    assert "{{ 7 }}" in page


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "0.00 USD"),
        ("0.00000001", "0.0001 USD"),
        ("0.0012", "0.0012 USD"),
        ("0.01", "0.01 USD"),
        ("1234.5", "1,234.50 USD"),
    ],
)
def test_no_cost_looks_like_nothing(amount: str, words: str) -> None:
    assert usd(Decimal(amount)) == words


def test_it_takes_as_many_statements_for_few_calls_as_for_many(team: Team, manager: Client) -> None:
    set_budget(team, "10")
    counts = []
    for calls in (1, 40):
        for number in range(calls):
            make_call(team, model=f"model-{number % 3}")
        with CaptureQueriesContext(connection) as captured:
            manager.get(address(team, "assistant"))
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 8
