"""The telephone that people see in the browser."""

from collections.abc import Iterator

import pytest
import requests

from integrations.sandbox.server import Sandbox
from integrations.sandbox.telegram import Telegram


@pytest.fixture
def telegram() -> Telegram:
    return Telegram()


@pytest.fixture
def home(telegram: Telegram) -> Iterator[str]:
    with Sandbox(telegram) as sandbox:
        yield f"http://{sandbox.host}/_control/telegram/"


def test_people_write_start_send_and_block_without_a_script(telegram: Telegram, home: str) -> None:
    def do(change: str, **fields: str) -> None:
        answer = requests.post(
            f"{home}page/{change}", data={"user_id": "1111", **fields}, timeout=5
        )
        assert answer.status_code == 200

    assert "Nobody has connected the bot yet." in requests.get(home, timeout=5).text
    do("open", link="https://t.me/aurora_workshop_bot?start=a-token")
    do("write", text="<b>Where</b> & when?")
    do("write", text="  ")
    do("pass", kind="Photo")
    do("meet", name="Bo", username="@bo")
    do("block")

    assert [each.text for each in telegram.messages] == [
        "/start a-token",
        "<b>Where</b> & when?",
        "It came like this",
    ]
    assert [each.kind for each in telegram.bot.updates] == ["message"] * 3 + ["my_chat_member"]
    (picture,) = telegram.files.values()
    assert picture.startswith(b"\x89PNG")
    page = requests.get(home, timeout=5).text
    assert "@bo" in page
    assert "Unblock the bot" in page
    chat = requests.get(f"{home}page/chat/1111", timeout=5).text
    assert "&lt;b&gt;Where&lt;/b&gt; &amp; when?" in chat
    assert "<script" not in page + chat


def test_a_button_is_shown_and_can_be_pressed(telegram: Telegram, home: str) -> None:
    telegram.write(1111, "/start")
    token = telegram.bot.token
    keyboard = {"inline_keyboard": [[{"text": "Yes & no", "callback_data": 'a"b'}]]}
    body = {"chat_id": 1111, "text": "Cancel?", "reply_markup": keyboard}
    url = f"{home.partition('_control')[0]}telegram/bot{token}/sendMessage"
    sent = requests.post(url, json=body, timeout=5).json()["result"]

    chat = requests.get(f"{home}page/chat/1111", timeout=5).text
    assert 'value="a&quot;b">Yes &amp; no</button>' in chat
    fields = {"user_id": "1111", "message_id": str(sent["message_id"]), "data": 'a"b'}
    requests.post(f"{home}page/press", data=fields, timeout=5)

    update = telegram.bot.updates[-1]
    assert (update.kind, update.content["data"]) == ("callback_query", 'a"b')


def test_people_find_out_what_to_connect(telegram: Telegram) -> None:
    host = "127.0.0.1:8400"
    said = telegram.introduction(host)

    assert telegram.settings(host) == {"TELEGRAM_API_BASE": "http://127.0.0.1:8400/telegram"}
    assert said[0] == f'Connect this bot: {{"bot_token": "{telegram.bot.token}"}}'
