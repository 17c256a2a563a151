"""The emulated Telegram refuses what the real one refuses, and retries as it does."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from integrations.sandbox.server import Sandbox
from integrations.sandbox.telegram import Telegram
from integrations.sandbox.telegram.network import TOKEN

Api = Callable[..., tuple[int, Any]]


class Clock:
    """A clock that stands still."""

    now = 1_763_600_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def telegram(clock: Clock) -> Telegram:
    return Telegram(clock=clock, pace=1)


@pytest.fixture
def api(telegram: Telegram) -> Iterator[Api]:
    sandbox = Sandbox(telegram)
    sandbox.start()

    def call(method: str, token: str = TOKEN, **body: Any) -> tuple[int, Any]:
        url = f"http://{sandbox.host}/telegram/bot{token}/{method}"
        answer = requests.post(url, json=body, timeout=5)
        told = answer.json()
        assert told["ok"] is (answer.status_code == 200)
        if told["ok"]:
            return 200, told["result"]
        assert told["error_code"] == answer.status_code
        return answer.status_code, told["description"]

    yield call
    sandbox.stop()


def test_a_token_opens_its_bot_only(api: Api) -> None:
    assert api("getMe")[1]["username"] == "aurora_workshop_bot"
    assert api("getMe", token="1:AAother-bots-token-with-35-characters") == (401, "Unauthorized")
    assert api("getMe", token="nonsense") == (404, "Not Found")
    assert api("sendMoney") == (404, "Not Found: method not found")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"chat_id": 5, "text": "x"}, "Bad Request: chat not found"),
        ({"text": "x"}, "Bad Request: chat_id is empty"),
        ({"chat_id": 1111, "text": ""}, "Bad Request: message text is empty"),
        ({"chat_id": 1111, "text": " \n"}, "Bad Request: message text is empty"),
        ({"chat_id": 1111, "text": "😀" * 4097}, "Bad Request: message is too long"),
        ({"chat_id": 1111, "text": "x", "txt": "x"}, "Bad Request: unknown parameter txt"),
        (
            {"chat_id": 1111, "text": "a <b", "parse_mode": "HTML"},
            'Bad Request: can\'t parse entities: Unsupported start tag "" at byte offset 2',
        ),
        (
            {"chat_id": 1111, "text": "<b>a", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Can't find end tag corresponding to start tag "
            '"b"',
        ),
        (
            {"chat_id": 1111, "text": "<i>x</i>" * 101, "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Too many entities",
        ),
        (
            {"chat_id": 1111, "text": "x", "reply_parameters": {"message_id": 1}},
            "Bad Request: message to be replied not found",
        ),
        (
            {
                "chat_id": 1111,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "é" * 33}]]},
            },
            "Bad Request: BUTTON_DATA_INVALID",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_telegram_refuses_is_refused(
    api: Api, telegram: Telegram, body: Mapping[str, Any], refusal: str
) -> None:
    telegram.ada.started.add(telegram.bot.id)

    assert api("sendMessage", **body) == (400, refusal)
    assert telegram.messages == []


def test_markup_becomes_entities_and_the_text_that_people_see(api: Api, telegram: Telegram) -> None:
    telegram.ada.started.add(telegram.bot.id)

    api("sendMessage", chat_id=1111, text="😀 <b>1 &lt; 2</b> &amp;amp;", parse_mode="HTML")

    (sent,) = telegram.messages
    assert sent.text == "😀 1 < 2 &amp;"
    assert sent.entities == [{"type": "bold", "offset": 3, "length": 5}]


def test_a_bot_cannot_write_first_nor_to_those_who_left(api: Api, telegram: Telegram) -> None:
    def send() -> tuple[int, Any]:
        status, told = api("sendMessage", chat_id=1111, text="x")
        return status, told if isinstance(told, str) else ""

    assert send() == (403, "Forbidden: bot can't initiate conversation with a user")
    telegram.write(1111, "/start")
    assert send() == (200, "")
    telegram.block()
    assert send() == (403, "Forbidden: bot was blocked by the user")
    telegram.write(1111, "Hello again")
    assert send() == (200, "")
    telegram.ada.is_deactivated = True
    assert send() == (403, "Forbidden: user is deactivated")


def test_a_webhook_is_https_and_keeps_its_kinds(api: Api, telegram: Telegram) -> None:
    for url in ("http://shop.example/x", "https://shop.example:8400/x"):
        status, words = api("setWebhook", url=url)
        assert (status, words[:25]) == (400, "Bad Request: bad webhook:")
    assert api("setWebhook", url="https://shop.example/x", secret_token="a b")[0] == 400
    assert telegram.bot.url == ""

    api("setWebhook", url="https://shop.example/x", allowed_updates=["message"])
    api("setWebhook", url="https://shop.example/y")
    info = api("getWebhookInfo")[1]
    assert (info["url"], info["allowed_updates"]) == ("https://shop.example/y", ["message"])
    assert api("getUpdates")[0] == 409
    api("deleteWebhook")
    assert api("getUpdates") == (200, [])


def test_a_failed_update_holds_its_chat_back_and_is_sent_again(
    telegram: Telegram, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[str] = []
    statuses = [500, 500, 500]

    def call(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, None]:
        text = body.decode().partition('"text": "')[2].partition('"')[0]
        posted.append(text)
        return (statuses.pop(0) if statuses and text == "first" else 200), None

    monkeypatch.setattr("integrations.sandbox.telegram.courier._call", call)
    telegram.bot.url = "https://shop.example/x"
    telegram.make_user(2222, "Bo")

    telegram.write(1111, "first")
    telegram.write(1111, "second")  # which tries the first again, at once
    telegram.write(2222, "of another chat")
    assert posted == ["first", "first", "of another chat"]
    assert telegram.bot.last_error_message == "Wrong response from the webhook: 500"

    for seconds in (1.9, 0.1, 3.9, 0.1):
        clock.now += seconds
        telegram.deliver()
    assert posted[3:] == ["first", "first", "second"]


def test_a_press_is_dropped_after_150_seconds(telegram: Telegram, clock: Clock) -> None:
    sent = telegram.write(1111, "/start")
    telegram.press(sent.id, "x")
    clock.now += 151
    telegram.bot.url = "http://127.0.0.1:9/x"
    telegram.deliver()

    message, press = telegram.bot.updates
    assert (message.answers, press.answers, press.is_over) == ([None], [], True)
