"""What only Gemini's own protocol has."""

from collections.abc import Callable, Iterator

import pytest
from google.genai import types
from pytest_django import Settings

from integrations.assistant.contracts import Asked, Finish, History
from integrations.assistant.tests.models.pretend import (
    FETCH,
    LIMITS,
    NAME,
    PretendGemini,
    answered,
    asked,
    found,
)
from integrations.gemini.model import GeminiModel
from integrations.gemini.reading import turn_of
from integrations.sandbox.gemini import Gemini
from integrations.sandbox.server import Sandbox

pytestmark = pytest.mark.filterwarnings("ignore:.*is not a valid")


@pytest.fixture
def gemini(settings: Settings) -> Iterator[PretendGemini]:
    """A Gemini at the address that the settings name."""
    with Sandbox(Gemini()) as sandbox:
        pretend = PretendGemini(sandbox)
        settings.GEMINI_API_KEY, settings.GEMINI_API_BASE = pretend.emulator.key, pretend.base
        yield pretend


def test_asks_the_stable_version_to_think_little_and_say_when_to_give_up(
    gemini: PretendGemini,
) -> None:
    GeminiModel(NAME).answer(asked("hello"), [FETCH], LIMITS)

    (call,) = gemini.calls
    assert call.path == f"/gemini/v1/models/{NAME}:generateContent"
    assert call.headers["x-server-timeout"] == "5"
    assert call.json()["generationConfig"] == {
        "maxOutputTokens": 2048,
        "thinkingConfig": {"thinking_level": "LOW"},
    }
    assert call.json()["systemInstruction"]["parts"] == [{"text": "Answer from the tools."}]


def test_an_alias_is_asked_in_the_beta(gemini: PretendGemini) -> None:
    turn = GeminiModel("gemini-flash-latest").answer(asked("hello"), [], LIMITS)
    assert gemini.calls[0].path.startswith("/gemini/v1beta/")
    assert turn.model == NAME


def test_an_older_model_gets_a_budget_to_think(gemini: PretendGemini) -> None:
    turn = GeminiModel("gemini-2.5-flash-lite").answer(asked("hello"), [], LIMITS)
    assert turn.finish is Finish.ANSWERED
    config = gemini.bodies[0]["generationConfig"]
    assert config["thinkingConfig"] == {"thinking_budget": 1024}


def test_names_the_model_to_which_google_routes(gemini: PretendGemini) -> None:
    assert GeminiModel("gemini-3.7-flash").answer(asked("x"), [], LIMITS).model == NAME


def test_results_of_parallel_calls_are_one_content_in_the_order_of_the_calls(
    gemini: PretendGemini,
) -> None:
    history = asked("What of #12 and #13?")
    first = GeminiModel(NAME).answer(history, [FETCH], LIMITS)
    one, two = first.calls
    continued = answered(history, first, found(one), found(two))
    GeminiModel(NAME).answer(continued, [FETCH], LIMITS)

    contents = gemini.bodies[-1]["contents"]
    assert [each["role"] for each in contents] == ["user", "model", "user"]
    results = [part["functionResponse"] for part in contents[-1]["parts"]]
    assert [(each["id"], each["name"]) for each in results] == [
        ("call_1", "fetch_order_details"),
        ("call_2", "fetch_order_details"),
    ]
    assert results[0]["response"] == {"result": found(one).result}


def test_data_beside_a_question_is_a_content_of_its_own(gemini: PretendGemini) -> None:
    history = History("", [Asked("Data"), Asked("hello")])
    GeminiModel(NAME).answer(history, [], LIMITS)
    assert [each["parts"] for each in gemini.bodies[0]["contents"]] == [
        [{"text": "Data"}],
        [{"text": "hello"}],
    ]
    assert "systemInstruction" not in gemini.bodies[0]


def _response(**candidate: object) -> types.GenerateContentResponse:
    return types.GenerateContentResponse.model_validate({"candidates": [candidate]})


@pytest.mark.parametrize(
    ("response", "finish"),
    [
        pytest.param(
            lambda: _response(content={"role": "model", "parts": [{}]}, finishReason="STOP"),
            Finish.EMPTY,
            id="a-part-of-a-kind-that-the-library-does-not-know",
        ),
        pytest.param(
            lambda: _response(content={"parts": [{"text": "Hm.", "thought": True}]}),
            Finish.EMPTY,
            id="only-thoughts",
        ),
        pytest.param(
            lambda: _response(finishReason="SOMETHING_NEW"), Finish.EMPTY, id="a-new-reason"
        ),
        pytest.param(
            lambda: _response(content={"parts": [{"text": "Yes."}]}, finishReason="SOMETHING_NEW"),
            Finish.ANSWERED,
            id="a-new-reason-with-a-text",
        ),
        pytest.param(
            lambda: _response(content={"parts": [{"text": "Yes"}]}, finishReason="CONTINUATION"),
            Finish.CUT,
            id="more-would-come",
        ),
    ],
)
def test_reads_what_nobody_expected(
    response: Callable[[], types.GenerateContentResponse], finish: Finish
) -> None:
    turn = turn_of(response(), NAME)
    assert turn.finish is finish
    assert isinstance(turn.content, types.Content)
    assert types.Part() not in (turn.content.parts or [])
