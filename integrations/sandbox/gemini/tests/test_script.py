"""Answers on purpose: the modes, the steps of the control plane, faults, and the page."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from integrations.sandbox.gemini import MODES, gemini_for_people
from integrations.sandbox.gemini.tests.talking import (
    CHAIN,
    FETCH,
    Talk,
    calls_of,
    content_of,
    result_of,
    results,
    text_of,
    user,
)


def reason(answer: requests.Response) -> Any:
    return answer.json()["candidates"][0]["finishReason"]


def test_a_word_in_the_question_chooses_what_it_says(talk: Talk) -> None:
    assert talk.ask(user("please sandbox:blocked")).json()["promptFeedback"] == {
        "blockReason": "OTHER"
    }
    assert "candidates" not in talk.ask(user("sandbox:blocked")).json()
    assert reason(talk.ask(user("sandbox:safety"))) == "SAFETY"
    assert "content" not in talk.ask(user("sandbox:safety")).json()["candidates"][0]
    assert talk.ask(user("sandbox:empty")).json()["candidates"][0]["content"] == {"role": "model"}
    assert "candidates" not in talk.ask(user("sandbox:no_candidates")).json()
    assert text_of(talk.ask(user("sandbox:broken_json"))) == '{"sentiment":"neg'
    assert "usageMetadata" not in talk.ask(user("sandbox:no_usage")).json()
    assert talk.ask(user("sandbox:only_total")).json()["usageMetadata"] == {"totalTokenCount": 67}
    assert talk.ask(user("sandbox:html")).text == "<h1>502 Bad Gateway</h1>"


def test_errors_name_their_kind_and_their_delay(talk: Talk) -> None:
    quota = talk.ask(user("sandbox:quota"))
    assert quota.status_code == 429
    error = quota.json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    assert error["details"][0]["retryDelay"] == "1s"
    daily = talk.ask(user("sandbox:daily_quota")).json()["error"]["details"]
    assert daily[0]["retryDelay"] == "41025s"
    assert "PerDay" in daily[1]["violations"][0]["quotaId"]
    assert talk.ask(user("sandbox:unavailable")).status_code == 503


def test_one_question_gets_its_scripted_calls_once(talk: Talk) -> None:
    asked = user("sandbox:two_calls")
    first = talk.ask(asked, functions=[FETCH, CHAIN])
    assert [each["name"] for each in calls_of(first)] == ["fetch_order_details", "order_chain"]
    answered = results(*(result_of(each, error="Nothing here.") for each in calls_of(first)))
    last = talk.ask(asked, content_of(first), answered, functions=[FETCH, CHAIN])
    assert text_of(last) == "I could not find that: Nothing here."


def test_endless_calls_go_on(talk: Talk) -> None:
    told = [user("sandbox:endless_calls")]
    for _ in range(4):
        answer = talk.ask(*told, functions=[FETCH])
        (call,) = calls_of(answer)
        told += [content_of(answer), results(result_of(call, error="Nothing here."))]


def test_steps_wait_for_their_turn(talk: Talk) -> None:
    talk.control("/script", {"mode": "unavailable", "times": 2})
    talk.control("/script", {"text": "At last.", "model_version": "gemini-9"})

    answers = [talk.ask(user("hello")) for _ in range(4)]

    assert [each.status_code for each in answers] == [503, 503, 200, 200]
    assert text_of(answers[2]) == "At last."
    assert answers[2].json()["modelVersion"] == "gemini-9"
    assert answers[3].json()["modelVersion"] == "gemini-3.8-flash"


def test_a_slow_answer_can_be_let_go(talk: Talk) -> None:
    talk.control("/script", {"mode": "slow", "seconds": 60})
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(talk.ask, user("hello"))
        while not talk.sandbox.requests:
            time.sleep(0.01)
        url = f"http://{talk.sandbox.host}/_control/gemini/script"
        requests.delete(url, timeout=5)
        assert text_of(waiting.result(5)).startswith("Ask me about")


@pytest.mark.parametrize("step", [{"mode": "explode"}, {"colour": "red"}])
def test_refuses_steps_that_it_does_not_know(talk: Talk, step: Any) -> None:
    assert talk.control("/script", step).status_code == 400


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "slow"])
def test_every_mode_is_an_answer(talk: Talk, mode: str) -> None:
    step = MODES[mode]
    answer = talk.ask(user(f"sandbox:{mode}"), functions=[FETCH, CHAIN])
    assert answer.status_code == (step.error_code or step.html_status or 200)


def test_the_settings_that_it_names_lead_to_it(talk: Talk) -> None:
    emulator = gemini_for_people()
    told = emulator.settings(talk.sandbox.host)
    url = f"{told['GEMINI_API_BASE']}/v1/models"
    answer = requests.get(url, headers={"x-goog-api-key": told["GEMINI_API_KEY"]}, timeout=5)
    assert answer.status_code == 200
    page = emulator.introduction(talk.sandbox.host)[-1].split()[-1]
    assert "Nobody has asked anything yet." in requests.get(page, timeout=5).text


def test_faults_of_the_sandbox_hold_here_too(talk: Talk) -> None:
    url = f"http://{talk.sandbox.host}/_control/faults"
    requests.post(url, json={"kind": "truncate", "match": "generateContent"}, timeout=5)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        talk.ask(user("hello"))


def test_shows_what_was_asked_without_scripts(talk: Talk) -> None:
    talk.ask(user("Where is <script>alert(1)</script> #12?"), functions=[FETCH])
    talk.ask(user("sandbox:unavailable"))

    url = f"http://{talk.sandbox.host}/_control/gemini/"
    page = requests.get(url, timeout=5).text
    shown = requests.get(f"{url}answers", timeout=5).json()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "The model is overloaded" in page
    assert shown[0]["calls"] == [{"name": "fetch_order_details", "args": {"order_id": "#12"}}]
    assert shown[1]["is_error"] is True
