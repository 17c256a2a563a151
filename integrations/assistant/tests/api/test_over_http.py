"""The assistant with a Gemini over real HTTP: what goes wrong elsewhere does not go wrong here."""

from typing import Any

import pytest
from pytest_django import Settings

from accounts.tests.projects import Team
from integrations.assistant.models import AssistantCall
from integrations.assistant.tests.models.pretend import PretendGemini

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("simple_tools"),
    pytest.mark.filterwarnings("ignore:.*is not a valid"),
]

ECHO = {"name": "echo", "args": {"text": "1234"}}


def ask(team: Team, message: str = "What is the status of order #1234?") -> Any:
    """Ask as a viewer."""
    return team.client("viewer").post(
        "/api/v1/assistant/query",
        {"project_id": str(team.project.uuid), "message": message},
        format="json",
    )


def judge(team: Team) -> Any:
    """Have a message judged."""
    return team.client("agent").post(
        "/api/v1/assistant/analyze-sentiment",
        {"project_id": str(team.project.uuid), "message": "Where is it?"},
        format="json",
    )


def names(answer: Any) -> list[tuple[str, str]]:
    """Return what the model called, and what came of it."""
    assert answer.status_code == 200, answer.content
    return [(each["name"], each["result_status"]) for each in answer.json()["function_calls"]]


# --- Tools ------------------------------------------------------------------------------------


def test_a_call_goes_back_with_its_signature(team: Team, either: PretendGemini) -> None:
    """The emulator refuses a call without one, as Google does on both faces."""
    either.says(calls=[ECHO])
    either.says(text="It is being prepared.")

    answer = ask(team)

    assert names(answer) == [("echo", "ok")]
    assert answer.json()["reply"] == "It is being prepared."
    assert len(either.calls) == 2


def test_parallel_calls_are_answered_in_one_content(team: Team, either: PretendGemini) -> None:
    """The emulator refuses answers that are missing, apart or in another order."""
    either.says(calls=[ECHO, {"name": "launch_rocket", "args": {}}])
    either.says(text="Half of it.")

    assert names(ask(team)) == [("echo", "ok"), ("launch_rocket", "unknown")]


def test_an_endless_loop_ends_and_every_round_counts(team: Team, either: PretendGemini) -> None:
    either.says(calls=[ECHO], times=100)

    answer = ask(team)

    assert (answer.status_code, answer.json()["code"]) == (502, "ANSWER_TOO_LONG")
    assert len(either.calls) == 5
    receipt = AssistantCall.objects.get()
    told = sum(each.counts.total for each in either.emulator.exchanges if each.counts)
    assert (receipt.rounds, receipt.total_tokens) == (5, told)


# --- Odd answers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "code", "reason"),
    [
        ("blocked", "ANSWER_BLOCKED", "OTHER"),
        ("safety", "ANSWER_BLOCKED", "SAFETY"),
        ("recitation", "ANSWER_BLOCKED", "RECITATION"),
        ("empty", "ANSWER_CUT", "MAX_TOKENS"),
        ("cut", "ANSWER_CUT", "MAX_TOKENS"),
        ("malformed_call", "ANSWER_MALFORMED", "MALFORMED_FUNCTION_CALL"),
        ("nothing", "ANSWER_EMPTY", "STOP"),
        ("no_candidates", "ANSWER_EMPTY", None),
    ],
)
def test_an_odd_answer_says_why_and_its_tokens_count(
    team: Team, gemini: PretendGemini, mode: str, code: str, reason: str | None
) -> None:
    gemini.says(mode)

    answer = ask(team)

    assert answer.status_code == 502, answer.content
    body = answer.json()
    assert (body["code"], body.get("finish_reason")) == (code, reason)
    [exchange] = gemini.emulator.exchanges
    assert exchange.counts is not None
    assert AssistantCall.objects.get().total_tokens == exchange.counts.total


# --- Usage ------------------------------------------------------------------------------------


def test_thinking_is_billed_and_cached_tokens_once(team: Team, gemini: PretendGemini) -> None:
    gemini.says(
        text="Fine.",
        usage={
            "promptTokenCount": 1000,
            "cachedContentTokenCount": 400,
            "candidatesTokenCount": 100,
            "thoughtsTokenCount": 300,
            "totalTokenCount": 1400,
        },
    )

    answer = ask(team)

    assert b'"tokens_used":1400,"cost":0.00198,' in answer.content


@pytest.mark.parametrize(("mode", "tokens"), [("no_usage", 0), ("only_total", 67)])
def test_missing_usage_is_no_error_and_no_invented_cost(
    team: Team, gemini: PretendGemini, mode: str, tokens: int
) -> None:
    gemini.says(mode)

    body = ask(team).json()

    assert (body["tokens_used"], body["cost"]) == (tokens, None)


def test_model_and_price_follow_the_model_that_answered(
    team: Team, gemini: PretendGemini, settings: Settings
) -> None:
    settings.ASSISTANT_MODEL = "gemini-2.5-pro"
    gemini.says(
        text="Fine.",
        model_version="gemini-3.8-flash",
        usage={"promptTokenCount": 100, "candidatesTokenCount": 50, "totalTokenCount": 150},
    )

    body = ask(team).json()

    assert (body["model"], body["cost"]) == ("gemini-3.8-flash", 0.0002625)
    assert AssistantCall.objects.get().model_asked == "gemini-2.5-pro"


# --- JSON -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["good_json", "fenced_json"])
def test_a_judgement_has_the_documented_fields(
    team: Team, either: PretendGemini, mode: str
) -> None:
    either.says(mode)

    answer = judge(team)

    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "sentiment": "negative",
        "urgency": "high",
        "concerns": ["delivery delay", "order status"],
        "recommended_tone": "empathetic and proactive",
    }


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("broken_json", "ANSWER_MALFORMED"),
        ("wrong_value", "ANSWER_MALFORMED"),
        ("cut_json", "ANSWER_CUT"),
    ],
)
def test_a_judgement_is_never_a_silent_default(
    team: Team, either: PretendGemini, mode: str, code: str
) -> None:
    either.says(mode)

    answer = judge(team)

    assert (answer.status_code, answer.json()["code"]) == (502, code)


# --- A service in trouble ---------------------------------------------------------------------


@pytest.mark.slow
def test_a_short_delay_is_obeyed_once(team: Team, either: PretendGemini) -> None:
    either.says("quota_by_day_soon")
    either.says(text="Here.")

    assert ask(team).json()["reply"] == "Here."
    assert len(either.calls) == 2


@pytest.mark.slow
def test_an_overloaded_service_is_asked_once_more(team: Team, either: PretendGemini) -> None:
    either.says("unavailable")
    either.says("unavailable")
    either.says(text="Too late.")

    answer = ask(team)

    assert (answer.status_code, answer.json()["code"]) == (503, "MODEL_BUSY")
    assert len(either.calls) == 2


def test_a_daily_quota_fails_at_once_and_says_when_to_come_back(
    team: Team, gemini: PretendGemini
) -> None:
    gemini.says("daily_quota")

    answer = ask(team)

    assert (answer.status_code, answer["Retry-After"]) == (503, "41025")
    assert answer.json()["code"] == "MODEL_BUSY"
    assert len(gemini.calls) == 1


def test_a_retired_model_names_the_setting(
    team: Team, gemini: PretendGemini, settings: Settings
) -> None:
    settings.ASSISTANT_MODEL = "gemini-1.5-pro-latest"

    answer = ask(team)

    assert (answer.status_code, answer.json()["code"]) == (503, "MODEL_UNKNOWN")
    assert "ASSISTANT_MODEL" in answer.json()["detail"]


def test_a_wrong_key_is_told_apart(team: Team, gemini: PretendGemini, settings: Settings) -> None:
    settings.GEMINI_API_KEY = "another-key"

    answer = ask(team)

    assert (answer.status_code, answer.json()["code"]) == (503, "MODEL_KEY_REFUSED")


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["html", "refused"])
def test_no_answer_is_a_503(
    team: Team, gemini: PretendGemini, settings: Settings, trouble: str
) -> None:
    if trouble == "html":
        gemini.says("html", times=2)
    else:
        settings.GEMINI_API_BASE = "http://127.0.0.1:9"

    answer = ask(team)

    assert answer.status_code == 503
    assert answer.json()["code"] in {"MODEL_BUSY", "MODEL_UNAVAILABLE"}


def test_a_slow_model_is_left_when_the_time_is_over(
    team: Team, gemini: PretendGemini, settings: Settings
) -> None:
    settings.ASSISTANT_TIMEOUT = 0.5
    gemini.says("slow")

    answer = ask(team)

    assert (answer.status_code, answer.json()["code"]) == (503, "ASSISTANT_TIMEOUT")
    assert AssistantCall.objects.get().outcome == "too_late"
