"""A model may write anything that JSON can express. None of it is a 500."""

import pytest
from pytest_django import Settings

from accounts.tests.projects import Team
from integrations.assistant.models import AssistantCall
from integrations.assistant.tests.api.test_over_http import ask
from integrations.assistant.tests.models.pretend import PretendGemini

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["keeps-texts", "keeps-figures"])
def _keeping(request: pytest.FixtureRequest, team: Team) -> None:
    team.project.settings = {"assistant_keeps_texts": request.param == "keeps-texts"}
    team.project.save(update_fields=["settings"])


@pytest.mark.usefixtures("_keeping")
@pytest.mark.parametrize("odd", ["a\x00b", "a\ud800b"], ids=["null-character", "half-a-pair"])
def test_odd_characters_are_replaced(
    team: Team, either: PretendGemini, settings: Settings, odd: str
) -> None:
    either.says(
        calls=[
            {"name": "find_products", "args": {"search": odd, odd: [odd, {"x": odd}]}},
            {"name": "find_products", "args": {"search": 10**30}},
        ]
    )
    either.says(text=odd, model_version=f"{odd}{'x' * 200}")

    answer = ask(team)

    if settings.ASSISTANT_PROVIDER == "openai" and odd != "a\x00b":
        # There, an answer with half a pair is no JSON.
        assert (answer.status_code, answer.json()["code"]) == (503, "MODEL_UNAVAILABLE")
        return
    assert answer.status_code == 200, answer.content
    assert answer.json()["reply"] == "a�b"
    assert len(answer.json()["model"]) == 100
    called = [each["parameters"] for each in answer.json()["function_calls"]]
    assert called == [{"search": "a�b", "a�b": ["a�b", {"x": "a�b"}]}, {"search": 1e30}]
    assert AssistantCall.objects.get().outcome == AssistantCall.Outcome.ANSWERED


@pytest.mark.usefixtures("_keeping")
def test_a_tool_with_an_odd_name_does_not_exist(team: Team, either: PretendGemini) -> None:
    either.says(calls=[{"name": "a\x00b", "args": {}}])
    either.says(text="Fine.")
    (called,) = ask(team).json()["function_calls"]
    assert (called["name"], called["result_status"]) == ("a�b", "unknown")
