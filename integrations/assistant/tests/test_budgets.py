"""A project's budget: what is reserved, what is refused, and what a dead process leaves."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Project
from accounts.services import update_project
from accounts.tests.projects import Team
from integrations.assistant import budgets, receipts
from integrations.assistant.budgets import budget_state_of, month_around
from integrations.assistant.contracts import ModelBusy, ModelUnavailable, ToolCall, Turn
from integrations.assistant.errors import BudgetExhausted, ModelBusyNow, ModelNotReached
from integrations.assistant.models import AssistantCall
from integrations.assistant.services import Answer, answer_question
from integrations.assistant.tests.scripted.service import Hanging, Scripted, calls, says
from orderchainer.core.errors import Invalid
from orderchainer.testing.races import Meeting, on_postgresql, race

# What an answer of the scripted model costs, and what it reserves.
COST = Decimal("0.0002625")
RESERVED = Decimal("0.225")


def give_budget(team: Team, usd: object) -> Project:
    """Set the project's budget, and return the project."""
    return update_project(
        project=team.project, changes={"settings": {"assistant_monthly_budget_usd": usd}}
    )


def ask(project: Project, team: Team) -> Answer:
    """Ask in the name of the owner."""
    return answer_question(project=project, by=team.owner, message="Well?")


# --- One after the other ----------------------------------------------------------------------


@pytest.mark.django_db
def test_a_call_reserves_its_largest_cost_and_settles_its_own(team: Team, model: Scripted) -> None:
    project = give_budget(team, 1)
    seen: list[object] = []

    def thinking() -> Turn:
        seen.append(budget_state_of(project))
        return says("Done.")

    model.steps = [thinking]
    with time_machine.travel(datetime(2026, 11, 28, tzinfo=UTC), tick=False):
        ask(project, team)
        after = budget_state_of(project)

    anew = datetime(2026, 12, 1, tzinfo=UTC)
    assert seen == [budgets.BudgetState(Decimal(1), Decimal(0), RESERVED, anew)]
    assert after == budgets.BudgetState(Decimal(1), COST, Decimal(0), anew)


@pytest.mark.django_db
def test_a_used_up_budget_refuses_until_the_projects_next_month(
    team: Team, model: Scripted
) -> None:
    team.project.timezone = "America/New_York"
    team.project.save()
    project = give_budget(team, 0.0001)
    with time_machine.travel(datetime(2026, 11, 30, 12, tzinfo=UTC), tick=False):
        ask(project, team)
        with pytest.raises(BudgetExhausted) as caught:
            ask(project, team)

    # New York is five hours behind.
    assert caught.value.data == {"resets_at": "2026-12-01T05:00:00Z"}
    assert caught.value.retry_after == 17 * 3600 + 1
    assert len(model.questions) == 1
    assert AssistantCall.objects.count() == 1
    with time_machine.travel(datetime(2026, 12, 1, 5, tzinfo=UTC), tick=False):
        ask(project, team)


@pytest.mark.django_db
def test_a_budget_of_nothing_allows_nothing(team: Team, model: Scripted) -> None:
    with pytest.raises(BudgetExhausted):
        ask(give_budget(team, 0), team)

    assert not model.questions


@pytest.mark.django_db
def test_a_budget_has_as_many_decimals_as_a_cost(team: Team) -> None:
    give_budget(team, "1e-999999")

    usage = team.client("manager").get(f"/api/v1/assistant/usage/{team.project.uuid}")

    assert usage.json()["budget"]["monthly_usd"] == 0
    assert len(usage.content) < 1000


@pytest.mark.django_db
def test_a_refused_call_gives_its_reservation_back(team: Team, model: Scripted) -> None:
    project = give_budget(team, 1)
    model.steps = [ModelBusy("quota", after_seconds=3600)]

    with pytest.raises(ModelBusyNow):
        ask(project, team)

    state = budget_state_of(project)
    assert state is not None
    assert (state.spent, state.reserved) == (Decimal(0), Decimal(0))


@pytest.mark.django_db
def test_rounds_with_a_price_count_although_the_last_one_got_no_answer(
    team: Team, model: Scripted
) -> None:
    project = give_budget(team, float(COST * 2))
    model.steps = [calls(ToolCall("1", "nothing", {})), ModelUnavailable("gone")] * 3

    for _ in range(2):
        with pytest.raises(ModelNotReached):
            ask(project, team)
    with pytest.raises(BudgetExhausted):
        ask(project, team)

    state = budget_state_of(project)
    assert state is not None
    assert (state.spent, state.reserved) == (COST * 2, Decimal(0))
    costs = AssistantCall.objects.values_list("cost", "known_cost")
    assert list(costs) == [(None, COST), (None, COST)]


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["much", -1, True, [], 10**7, "NaN"])
def test_a_budget_that_nobody_can_read_is_refused_when_it_is_saved(
    team: Team, wrong: object
) -> None:
    with pytest.raises(Invalid) as caught:
        give_budget(team, wrong)

    assert caught.value.errors == {
        "settings": [
            "assistant_monthly_budget_usd: Must be an amount in USD from 0 to 1000000, or null for "
            "no budget."
        ]
    }


@pytest.mark.django_db
def test_a_budget_that_cannot_be_read_all_the_same_allows_nothing(
    team: Team, model: Scripted
) -> None:
    Project.objects.filter(pk=team.project.pk).update(
        settings={"assistant_monthly_budget_usd": "much"}
    )

    with pytest.raises(BudgetExhausted):
        ask(Project.objects.get(pk=team.project.pk), team)


@pytest.mark.parametrize(
    ("zone", "moment", "start", "end"),
    [
        pytest.param(
            "UTC", "2026-12-31T23:59:59", "2026-12-01T00:00:00", "2027-01-01T00:00:00", id="year"
        ),
        pytest.param(
            "Pacific/Kiritimati",
            "2026-11-30T10:00:00",
            "2026-11-30T10:00:00",
            "2026-12-31T10:00:00",
            id="ahead",
        ),
    ],
)
def test_a_month_is_the_calendar_month_of_the_zone(
    zone: str, moment: str, start: str, end: str
) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert month_around(at(moment), ZoneInfo(zone)) == (at(start), at(end))


# --- A process that died ----------------------------------------------------------------------


@pytest.mark.django_db
def test_what_a_dead_process_had_reserved_is_released(
    team: Team, model: Scripted, settings: Settings
) -> None:
    class Killed(BaseException):
        """The process dies here: nothing is written afterwards."""

    def dies(*_: object, **__: object) -> None:
        raise Killed

    project = give_budget(team, 0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receipts, "settle", dies)
        with pytest.raises(Killed):
            ask(project, team)
    with pytest.raises(BudgetExhausted):
        ask(project, team)

    assert receipts.release_lost() == 0
    with time_machine.travel(timezone.now() + timedelta(seconds=91)):
        assert receipts.release_lost() == 1
        assert receipts.release_lost() == 0
        assert ask(project, team).reply == "Fine."
    lost = AssistantCall.objects.earliest("id")
    assert (lost.outcome, lost.reserved, lost.cost) == ("lost", Decimal(0), None)


@pytest.mark.django_db
def test_a_call_that_was_taken_for_lost_still_settles(team: Team, model: Scripted) -> None:
    def slow() -> Turn:
        with time_machine.travel(timezone.now() + timedelta(hours=1)):
            assert receipts.release_lost() == 1
        return says("Late.")

    model.steps = [slow]
    ask(give_budget(team, 1), team)

    assert (AssistantCall.objects.get().outcome, AssistantCall.objects.get().cost) == (
        "answered",
        COST,
    )


# --- At the same moment -----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_ten_calls_at_once_exceed_a_budget_for_one_by_one_call_at_most(
    team: Team, model: Scripted, settings: Settings
) -> None:
    settings.ASSISTANT_CONCURRENCY = 10
    project = give_budget(team, str(COST))
    hanging = Hanging()
    model.steps = [hanging]

    def call() -> Answer:
        try:
            return ask(project, team)
        except BudgetExhausted:
            # Every refusal comes while the one call still runs.
            assert hanging.reached.wait(10)
            refused.append(1)
            if len(refused) == 9:
                hanging.go_on.set()
            raise

    refused: list[int] = []
    outcomes = race(*[call] * 10)

    assert sum(isinstance(each, Answer) for each in outcomes) == 1
    assert sum(isinstance(each, BudgetExhausted) for each in outcomes) == 9
    [message] = {str(each) for each in outcomes if isinstance(each, BudgetExhausted)}
    assert "set aside for answers that are being written right now" in message
    assert AssistantCall.objects.count() == 1


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "without-the-lock"])
def test_two_calls_cannot_both_see_the_same_sum(
    team: Team,
    model: Scripted,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    is_locked: bool,
) -> None:
    settings.ASSISTANT_CONCURRENCY = 2
    project = give_budget(team, str(COST))
    if not is_locked:
        monkeypatch.setattr(budgets, "lock_project", lambda project: project)
    meeting = Meeting('INSERT INTO "integrations_assistantcall"')

    outcomes = race(*[lambda: ask(project, team)] * 2, meeting=meeting)

    answered = sum(isinstance(each, Answer) for each in outcomes)
    # With the lock the second one sees what the first one reserves, or what it has cost.
    assert (answered, meeting.was_complete) == ((1, False) if is_locked else (2, True))
