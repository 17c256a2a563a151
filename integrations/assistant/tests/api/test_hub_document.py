"""The assistant on the hub, with the document's own examples."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import ApiToken
from accounts.services import create_api_token
from accounts.tests.factories import client_of, make_user
from accounts.tests.projects import Team
from integrations.assistant.contracts import Finish, KeyRefused, ModelBusy, ToolCall, Usage
from integrations.assistant.models import AssistantCall
from integrations.assistant.tests.scripted.service import (
    LITE,
    Scripted,
    asked_in,
    calls,
    says,
    stops,
)
from notifications.models import SuggestedReply
from orders.tests.api.hub import place

pytestmark = pytest.mark.django_db

ROOT = "/api/v1/assistant"
MOOD = (
    '{"sentiment": "negative", "urgency": "high", "concerns": ["delivery delay", "order status"], '
    '"recommended_tone": "empathetic and proactive"}'
)


def query(team: Team, **more: Any) -> dict[str, Any]:
    """Return the document's example as a body."""
    return {
        "project_id": str(team.project.uuid),
        "message": "What is the status of order #1234?",
        "use_function_calling": True,
        "context": {},
        **more,
    }


def ask(client: APIClient, body: Any) -> Any:
    """Post a question."""
    return client.post(f"{ROOT}/query", body, format="json")


# --- query ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("simple_tools")
def test_answers_a_question_as_the_document_does(team: Team, model: Scripted) -> None:
    order = place(team.project, title="#1234")
    model.steps = [
        calls(ToolCall("call_1", "echo", {"text": "1234"})),
        says("Order #1234 is currently being prepared for shipment..."),
    ]

    answer = ask(team.client("viewer"), query(team, order_id=str(order.uuid)))

    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert isinstance(body["function_calls"][0].pop("duration_ms"), int)
    assert body == {
        "reply": "Order #1234 is currently being prepared for shipment...",
        "function_calls": [{"name": "echo", "parameters": {"text": "1234"}, "result_status": "ok"}],
        "proposed_actions": [],
        "tokens_used": 300,
        "cost": 0.000525,
        "model": "gemini-3.8-flash",
    }


def test_the_cost_has_exactly_its_digits(team: Team, model: Scripted) -> None:
    usage = Usage(prompt=1000, cached=400, thought=300, answer=100, total=1400)
    model.steps = [says("Hm.", usage=usage)]

    answer = ask(team.client("viewer"), query(team))

    assert b'"tokens_used":1400,"cost":0.00198,' in answer.content


def test_an_unknown_cost_is_null(team: Team, model: Scripted) -> None:
    model.steps = [says("Hm.", usage=Usage())]

    body = ask(team.client("viewer"), query(team)).json()

    assert (body["tokens_used"], body["cost"]) == (0, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"message": ""}, "message", id="empty"),
        pytest.param({"message": "a" * 4001}, "message", id="too-long"),
        pytest.param({"message": 5}, "message", id="no-text"),
        pytest.param({"message": "a\x00b"}, "message", id="null-character"),
        pytest.param({"project_id": "no-uuid"}, "project_id", id="project"),
        pytest.param({"order_id": 1234}, "order_id", id="order"),
        pytest.param({"context": "text"}, "context", id="context-text"),
        pytest.param({"context": {"a": "b" * 20_000}}, "context", id="context-large"),
        pytest.param({"use_function_calling": "perhaps"}, "use_function_calling", id="switch"),
        pytest.param({"temperature": 1}, "temperature", id="unknown-field"),
    ],
)
def test_refuses_a_wrong_field_by_its_name(
    team: Team, model: Scripted, changes: dict[str, Any], field: str
) -> None:
    answer = ask(team.client("viewer"), query(team, **changes))

    assert answer.status_code == 422, answer.content
    assert list(answer.json()["errors"]) == [field]
    assert not model.questions
    assert not AssistantCall.objects.exists()


def test_an_order_of_another_project_does_not_exist(team: Team, model: Scripted) -> None:
    foreign = place(make_user().personal_project, title="#1234")

    answer = ask(team.client("viewer"), query(team, order_id=str(foreign.uuid)))

    assert (answer.status_code, answer.json()["code"]) == (404, "ORDER_NOT_FOUND")
    assert not model.questions


def test_a_stranger_learns_nothing_of_the_project(team: Team, model: Scripted) -> None:
    for path, body in (
        ("query", query(team)),
        ("generate-reply", {"project_id": str(team.project.uuid), "customer_message": "Hi"}),
        ("analyze-sentiment", {"project_id": str(team.project.uuid), "message": "Hi"}),
    ):
        answer = client_of(make_user()).post(f"{ROOT}/{path}", body, format="json")

        assert (answer.status_code, answer.json()["code"]) == (404, "PROJECT_NOT_FOUND")
    assert not model.questions


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("viewer", "query", 200),
        ("viewer", "generate-reply", 403),
        ("viewer", "analyze-sentiment", 403),
        ("agent", "generate-reply", 200),
        ("agent", "analyze-sentiment", 200),
        ("owner", "analyze-sentiment", 200),
    ],
)
def test_each_role_may_ask_for_what_the_roles_page_says(
    team: Team, model: Scripted, role: str, path: str, status: int
) -> None:
    project = {"project_id": str(team.project.uuid)}
    bodies = {
        "query": query(team),
        "generate-reply": {**project, "customer_message": "Where is it?"},
        "analyze-sentiment": {**project, "message": "Where is it?"},
    }
    replies = {
        "query": "Fine.",
        "generate-reply": '{"reply": "Soon.", "language": "en"}',
        "analyze-sentiment": MOOD,
    }
    model.steps = [says(replies[path])]

    answer = team.client(role).post(f"{ROOT}/{path}", bodies[path], format="json")

    assert answer.status_code == status, answer.content


# --- Refusals ---------------------------------------------------------------------------------


def test_without_a_key_it_says_which_variable_to_set(team: Team, model: Scripted) -> None:
    model.missing = ["GEMINI_API_KEY"]

    answer = ask(team.client("viewer"), query(team))

    assert answer.status_code == 503
    body = answer.json()
    assert body["code"] == "ASSISTANT_NOT_CONFIGURED"
    assert body["detail"] == (
        "The assistant is not configured. The operator has to set GEMINI_API_KEY."
    )
    assert not AssistantCall.objects.exists()


def test_an_odd_answer_of_the_model_is_a_502_with_its_reason(team: Team, model: Scripted) -> None:
    model.steps = [stops(Finish.BLOCKED, "PROHIBITED_CONTENT")]

    answer = ask(team.client("viewer"), query(team))

    assert answer.status_code == 502
    body = answer.json()
    assert (body["code"], body["finish_reason"]) == ("ANSWER_BLOCKED", "PROHIBITED_CONTENT")


def test_a_busy_service_says_when_to_come_back(team: Team, model: Scripted) -> None:
    model.steps = [ModelBusy("quota", after_seconds=3600)]

    answer = ask(team.client("viewer"), query(team))

    assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
    assert answer.json()["code"] == "MODEL_BUSY"


def test_a_refused_key_is_not_shown(team: Team, model: Scripted) -> None:
    model.steps = [KeyRefused("API key not valid: AIza-something")]

    answer = ask(team.client("viewer"), query(team))

    assert (answer.status_code, answer.json()["code"]) == (503, "MODEL_KEY_REFUSED")
    assert b"AIza" not in answer.content


def test_the_assistant_has_its_own_limit(team: Team, model: Scripted, settings: Settings) -> None:
    settings.RATE_LIMIT_AI, settings.RATE_LIMIT_STANDARD = "2/m", "100/m"
    client = team.client("viewer")

    answers = [ask(client, query(team)) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0]["X-RateLimit-Limit"] == "2"
    assert answers[2]["X-RateLimit-Remaining"] == "0"
    assert len(model.questions) == 2
    assert client.get(team.path()).status_code == 200


def test_a_token_needs_the_scope_of_the_assistant(team: Team, model: Scripted) -> None:
    def client_with(*scopes: str) -> APIClient:
        _, text = create_api_token(user=team.owner, name="script", scopes=list(scopes))
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        return client

    assert ask(client_with("orders:read"), query(team)).status_code == 403
    assert ask(client_with("assistant:write"), query(team)).status_code == 200
    assert ApiToken.objects.count() == 2


# --- generate-reply ---------------------------------------------------------------------------


def test_suggests_a_reply_from_the_query_string_as_the_document_does(
    team: Team, model: Scripted
) -> None:
    order = place(team.project, title="#1234")
    model.steps = [says('{"reply": "Está a caminho.", "language": "pt-BR"}')]

    answer = team.client("agent").post(
        f"{ROOT}/generate-reply?project_id={team.project.uuid}&order_id={order.uuid}"
        "&customer_message=Onde%20est%C3%A1%3F"
    )

    assert answer.status_code == 200, answer.content
    suggestion = SuggestedReply.objects.get()
    assert answer.json() == {
        "reply": "Está a caminho.",
        "suggestion_id": str(suggestion.uuid),
        "language": "pt-BR",
        "tokens_used": 150,
        "cost": 0.0002625,
        "model": "gemini-3.8-flash",
    }
    assert (suggestion.order, suggestion.suggested_to) == (order, team.members["agent"])
    assert '"customer_message":"Onde está?"' in asked_in(model.questions[0])[0]


def test_suggests_a_reply_from_a_body_too(team: Team, model: Scripted) -> None:
    model.steps = [says('```json\n{"reply": "Soon.", "language": "English, I think"}\n```')]

    answer = team.client("agent").post(
        f"{ROOT}/generate-reply",
        {"project_id": str(team.project.uuid), "customer_message": "Where?"},
        format="json",
    )

    assert answer.status_code == 200, answer.content
    assert (answer.json()["reply"], answer.json()["language"]) == ("Soon.", None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Just words.", id="no-json"),
        pytest.param('{"reply": "", "language": "en"}', id="empty"),
        pytest.param('{"language": "en"}', id="missing"),
        pytest.param('["reply"]', id="list"),
    ],
)
def test_a_suggestion_that_cannot_be_read_is_an_error(
    team: Team, model: Scripted, text: str
) -> None:
    model.steps = [says(text)]

    answer = team.client("agent").post(
        f"{ROOT}/generate-reply",
        {"project_id": str(team.project.uuid), "customer_message": "Where?"},
        format="json",
    )

    assert (answer.status_code, answer.json()["code"]) == (502, "ANSWER_MALFORMED")
    assert not SuggestedReply.objects.exists()
    assert AssistantCall.objects.get().outcome == "malformed"


# --- analyze-sentiment ------------------------------------------------------------------------


def test_judges_a_message_as_the_document_does(team: Team, model: Scripted) -> None:
    model.steps = [says(MOOD, model=LITE)]

    answer = team.client("agent").post(
        f"{ROOT}/analyze-sentiment?project_id={team.project.uuid}&message=Where%20is%20it%3F"
    )

    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "sentiment": "negative",
        "urgency": "high",
        "concerns": ["delivery delay", "order status"],
        "recommended_tone": "empathetic and proactive",
    }
    assert model.names == ["gemini-3.5-flash-lite"]
    assert model.questions[0].schema is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"sentiment":"neg', id="cut"),
        pytest.param(MOOD.replace("negative", "furious"), id="other-mood"),
        pytest.param(MOOD.replace('"high"', "3"), id="urgency-number"),
        pytest.param(MOOD.replace('"high"', "null"), id="urgency-null"),
        pytest.param(MOOD.replace('["delivery delay", "order status"]', '"late"'), id="concerns"),
        pytest.param(MOOD.replace('"delivery delay"', "7"), id="concern-number"),
        pytest.param("{}", id="nothing"),
    ],
)
def test_a_judgement_outside_of_the_words_is_an_error_and_no_default(
    team: Team, model: Scripted, text: str
) -> None:
    model.steps = [says(text)]

    answer = team.client("agent").post(
        f"{ROOT}/analyze-sentiment",
        {"project_id": str(team.project.uuid), "message": "Where is it?"},
        format="json",
    )

    assert (answer.status_code, answer.json()["code"]) == (502, "ANSWER_MALFORMED")


def test_a_judgement_in_a_fence_counts(team: Team, model: Scripted) -> None:
    model.steps = [says(f"```json\n{MOOD}\n```")]

    answer = team.client("agent").post(
        f"{ROOT}/analyze-sentiment",
        {"project_id": str(team.project.uuid), "message": "Where is it?"},
        format="json",
    )

    assert answer.json()["sentiment"] == "negative"


# --- usage ------------------------------------------------------------------------------------

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
ZEROS = {
    "total_api_calls": 0,
    "total_tokens_used": 0,
    "total_cost_usd": 0.0,
    "average_cost_per_call": 0.0,
    "calls_of_unknown_cost": 0,
}


def usage(team: Team, days: int = 30) -> Any:
    """Read the usage."""
    return team.client("viewer").get(f"{ROOT}/usage/{team.project.uuid}?days={days}")


def spend(team: Team, cost: str | None, tokens: int = 0, **fields: Any) -> AssistantCall:
    """Store the receipt of a call that has ended."""
    return AssistantCall.objects.create(
        **{
            "project": team.project,
            "kind": "query",
            "outcome": "answered",
            "provider": "gemini",
            "model_asked": "gemini-3.8-flash",
            "model": "gemini-3.8-flash",
            "cost": None if cost is None else Decimal(cost),
            "known_cost": Decimal(cost or 0),
            "total_tokens": tokens,
            **fields,
        }
    )


def test_a_new_project_has_used_nothing(team: Team) -> None:
    answer = usage(team)

    assert answer.status_code == 200
    assert answer.json() == {
        "period_days": 30, **ZEROS, "by_model": [], "by_kind": [], "budget": None,
    }  # fmt: skip


def test_adds_up_as_the_document_does(team: Team) -> None:
    spend(team, "0.3125", 125_000)
    for _ in range(449):
        spend(team, "0")

    body = usage(team).json()

    assert {name: body[name] for name in ZEROS} == {
        "total_api_calls": 450,
        "total_tokens_used": 125_000,
        "total_cost_usd": 0.3125,
        "average_cost_per_call": 0.000694,
        "calls_of_unknown_cost": 0,
    }


def test_tells_models_and_kinds_apart(team: Team) -> None:
    spend(team, "0.1", 10)
    spend(team, "0.2", 20, kind="sentiment", model=LITE)
    spend(team, None, 5, kind="reply", model="", outcome="unavailable")
    spend(team, None, 9, outcome="running")

    body = usage(team).json()

    assert (body["total_api_calls"], body["total_cost_usd"]) == (3, 0.3)
    assert body["calls_of_unknown_cost"] == 1
    by_model = {row["model"]: row["total_api_calls"] for row in body["by_model"]}
    assert by_model == {"gemini-3.8-flash": 2, LITE: 1}
    by_kind = {row["kind"]: row["total_cost_usd"] for row in body["by_kind"]}
    assert by_kind == {"query": 0.1, "reply": 0.0, "sentiment": 0.2}


def test_counts_the_days_of_the_project(team: Team) -> None:
    team.project.timezone = "Pacific/Kiritimati"
    team.project.save()
    with time_machine.travel(AT, tick=False):
        # Kiritimati is fourteen hours ahead: it is the 29th there, and this was the 28th.
        spend(team, "1", created_at=datetime(2026, 11, 28, 9, 59, tzinfo=UTC))
        spend(team, "2", created_at=datetime(2026, 11, 28, 10, 0, tzinfo=UTC))

        assert usage(team, days=1).json()["total_cost_usd"] == 2.0
        assert usage(team, days=2).json()["total_cost_usd"] == 3.0


def test_later_prices_change_nothing_of_the_past(team: Team, model: Scripted) -> None:
    client = team.client("viewer")
    for year, month in ((2026, 12), (2027, 1)):
        with time_machine.travel(datetime(year, month, 15, 12, tzinfo=UTC), tick=False):
            ask(team.client("viewer"), query(team))

    costs = AssistantCall.objects.order_by("id").values_list("cost", flat=True)
    assert [str(cost) for cost in costs] == ["0.0002625000", "0.0005250000"]
    with time_machine.travel(datetime(2027, 1, 20, 12, tzinfo=UTC), tick=False):
        client = team.client("viewer")
        body = client.get(f"{ROOT}/usage/{team.project.uuid}?days=60").json()
    assert body["total_cost_usd"] == 0.0007875


def test_usage_takes_as_many_statements_for_many_calls(
    team: Team, django_assert_num_queries: Any
) -> None:
    client = team.client("viewer")
    address = f"{ROOT}/usage/{team.project.uuid}"
    spend(team, "0.1")
    with django_assert_num_queries(3):
        client.get(address)
    for number in range(30):
        spend(team, "0.1", model=f"model-{number}")
    with django_assert_num_queries(3):
        assert len(client.get(address).json()["by_model"]) == 31


@pytest.mark.parametrize("days", ["0", "3651", "x"])
def test_refuses_days_out_of_bounds(team: Team, days: str) -> None:
    answer = team.client("viewer").get(f"{ROOT}/usage/{team.project.uuid}?days={days}")

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["days"]
