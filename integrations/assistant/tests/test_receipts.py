"""What a receipt keeps, what the log says, and what staff see."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.services import update_project
from accounts.tests.factories import make_user
from accounts.tests.projects import Team
from integrations.assistant.contracts import ToolCall
from integrations.assistant.models import AssistantCall
from integrations.assistant.services import answer_question
from integrations.assistant.tasks import forget_assistant_texts
from integrations.assistant.tests.scripted.service import Scripted, calls, says
from orderchainer.testing.statements import Statements

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simple_tools")]

LIST = "/admin/integrations/assistantcall/"


def ask(team: Team, model: Scripted, *, keeps_texts: bool = False) -> AssistantCall:
    """Ask a question that takes a tool, and return the receipt."""
    project = update_project(
        project=team.project, changes={"settings": {"assistant_keeps_texts": keeps_texts}}
    )
    model.steps = [calls(ToolCall("call_1", "echo", {"text": "Ada"})), says("She is fine.")]
    answer_question(project=project, by=team.owner, message="How is Ada?")
    return AssistantCall.objects.latest("id")


def test_a_receipt_tells_the_story_without_texts(team: Team, model: Scripted) -> None:
    receipt = ask(team, model)

    [tool] = receipt.tool_calls
    assert isinstance(tool.pop("duration_ms"), int)
    assert tool == {"name": "echo", "result_status": "ok"}
    assert (receipt.question, receipt.answer) == ("", "")
    assert (receipt.user, receipt.rounds, receipt.outcome) == (team.owner, 2, "answered")
    assert (receipt.cost, receipt.reserved) == (Decimal("0.000525"), Decimal(0))
    [price] = receipt.prices
    assert price["prompt"] in {"0.75", "1.50"}
    assert receipt.duration_ms is not None


def test_texts_are_kept_where_the_project_wants_that_and_forgotten_in_time(
    team: Team, model: Scripted
) -> None:
    receipt = ask(team, model, keeps_texts=True)
    assert (receipt.question, receipt.answer) == ("How is Ada?", "She is fine.")
    assert receipt.tool_calls[0]["parameters"] == {"text": "Ada"}

    forget_assistant_texts()
    receipt.refresh_from_db()
    assert receipt.question == "How is Ada?"
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        forget_assistant_texts()

    receipt.refresh_from_db()
    assert (receipt.question, receipt.answer) == ("", "")
    assert "parameters" not in receipt.tool_calls[0]
    assert receipt.cost == Decimal("0.000525")


def test_the_log_has_a_line_for_each_call_and_no_text(
    team: Team, model: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    receipt = ask(team, model, keeps_texts=True)

    [line] = [record for record in caplog.records if "assistant_call" in str(record.msg)]
    assert str(receipt.uuid) in str(line.msg)
    assert "'cost': '0.000525'" in str(line.msg)
    assert "'used': 300" in str(line.msg)
    assert "Ada" not in caplog.text


def test_deleting_a_user_keeps_what_was_spent(team: Team, model: Scripted) -> None:
    receipt = ask(team, model)
    AssistantCall.objects.filter(pk=receipt.pk).update(user=make_user())
    receipt.refresh_from_db()
    assert receipt.user is not None
    receipt.user.delete()

    receipt.refresh_from_db()
    assert receipt.user is None


# --- The back office --------------------------------------------------------------------------


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_staff_see_calls_with_their_story_and_the_cost_of_each_day(
    team: Team, model: Scripted, staff: Client
) -> None:
    receipt = ask(team, model, keeps_texts=True)

    shown = text_of(staff.get(LIST))
    assert "The last 30 days, in UTC" in shown
    assert "0.000525" in shown
    page = text_of(staff.get(reverse("admin:integrations_assistantcall_change", args=[receipt.pk])))
    for part in ("How is Ada?", "She is fine.", "echo", "gemini-3.8-flash"):
        assert part in page


def test_the_list_takes_as_many_statements_for_many_calls(
    team: Team, model: Scripted, staff: Client
) -> None:
    def statements() -> int:
        seen = Statements()
        with connection.execute_wrapper(seen):
            text_of(staff.get(LIST))
        return len(seen.take())

    ask(team, model)
    few = statements()
    for _ in range(10):
        ask(team, model)

    assert statements() == few


def test_staff_without_the_permission_see_no_calls(team: Team) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))

    assert client.get(LIST).status_code == 403


@pytest.mark.parametrize("query", ["kind__exact=nonsense", "project__id__exact=abc", "q=%00"])
def test_hostile_addresses_are_no_error(staff: Client, query: str) -> None:
    assert staff.get(f"{LIST}?{query}", follow=True).status_code in {200, 400}
