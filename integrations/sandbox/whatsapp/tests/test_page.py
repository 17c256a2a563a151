"""The telephone for people, and the control plane, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandbox.server import Sandbox
from integrations.sandbox.shopify import shopify_for_people
from integrations.sandbox.whatsapp import WhatsApp, whatsapp_for_people

KWAME = "US.13491208655302741918"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(whatsapp_for_people()) as sandbox:
        yield sandbox


@pytest.fixture
def whatsapp(sandbox: Sandbox) -> WhatsApp:
    (emulator,) = sandbox.emulators
    assert isinstance(emulator, WhatsApp)
    # Without a pause between a send and its statuses.
    emulator.statuses_first = True
    return emulator


@pytest.fixture
def home(sandbox: Sandbox) -> str:
    return f"http://{sandbox.host}/_control/whatsapp/"


def press(home: str, button: str, **fields: str) -> requests.Response:
    return requests.post(f"{home}page/{button}", data=fields, timeout=5)


def send(sandbox: Sandbox, whatsapp: WhatsApp, **message: Any) -> requests.Response:
    body = {"messaging_product": "whatsapp", "to": "12125550000", **message}
    return requests.post(
        f"http://{sandbox.host}/whatsapp/v26.0/{whatsapp.number.id}/messages",
        json=body,
        headers={"Authorization": f"Bearer {whatsapp.number.access_token}"},
        timeout=5,
    )


def text(body: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": body}}


def test_a_customer_writes_gets_an_answer_and_reads_it(
    sandbox: Sandbox, whatsapp: WhatsApp, home: str
) -> None:
    assert "Kwame Lovelace" in requests.get(home, timeout=5).text
    assert "Only templates until they write." in requests.get(home, timeout=5).text

    whatsapp.write(KWAME, "Where is <b>my</b> order?")
    assert send(sandbox, whatsapp, **text("On its way")).status_code == 200

    chat = requests.get(f"{home}page/chat/{KWAME}", timeout=5).text
    assert "Where is &lt;b&gt;my&lt;/b&gt; order?" in chat
    assert "On its way" in chat
    assert [each.status for each in whatsapp.messages] == ["accepted", "delivered"]
    assert "The business may write freely." in requests.get(home, timeout=5).text


def test_the_customer_has_an_order_in_the_pretend_shop(whatsapp: WhatsApp) -> None:
    first = next(iter(shopify_for_people().shop.orders.values()))
    assert first.customer is not None

    kwame = whatsapp.customers[KWAME]

    assert (first.name, first.financial_status) == ("#1001", "paid")
    assert first.customer.phone == f"+{kwame.wa_id}"
    assert first.customer.display_name == kwame.name


def test_the_window_closes_on_the_page(sandbox: Sandbox, whatsapp: WhatsApp, home: str) -> None:
    whatsapp.write(KWAME, "Hello")

    assert press(home, "close", user_id=KWAME).url == home

    refused = send(sandbox, whatsapp, **text("too late"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, 131047)
    template = {"name": "order_shipped", "language": {"code": "en"}}
    parameters = [{"type": "body", "parameters": [{"type": "text", "text": "#1001"}]}]
    taken = send(
        sandbox, whatsapp, type="template", template={**template, "components": parameters}
    )
    assert taken.status_code == 200
    whatsapp.window = "async"
    assert send(sandbox, whatsapp, **text("fails later")).status_code == 200
    assert whatsapp.messages[-1].status == "failed"
    assert "did not arrive (131047)" in requests.get(f"{home}page/chat/{KWAME}", timeout=5).text


def test_another_customer_can_hide_the_number(whatsapp: WhatsApp, home: str) -> None:
    press(home, "meet", name="Noor Haddad", number="")
    press(home, "callback", url="http://127.0.0.1:9/hook")

    page = requests.get(home, timeout=5).text
    assert "@noor.haddad" in page
    assert "Notifications go to http://127.0.0.1:9/hook." in page


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "text", "text": {}}, 131008),
        ({"type": "text", "text": {"body": "x" * 4097}}, 100),
        ({"type": "text", "text": {"body": "x"}, "surprise": 1}, 100),
        ({"type": "text", "text": {"body": "x"}, "messaging_product": ""}, 100),
        ({"type": "text", "text": {"body": "x"}, "recipient": KWAME}, 131008),
        ({"type": "text", "text": {"body": "x"}, "to": "12"}, 131009),
        ({"type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 131009),
        ({"type": "image", "image": {"link": "https://a.test", "id": "1"}}, 131009),
        ({"type": "template", "template": {"name": "x", "language": {"code": "en"}}}, 132001),
        (
            {"type": "template", "template": {"name": "order_ready", "language": {"code": "en"}}},
            132000,
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_is_as_strict_as_the_real_one(
    sandbox: Sandbox, whatsapp: WhatsApp, message: dict[str, Any], code: int
) -> None:
    whatsapp.write(KWAME, "Hello")

    refused = send(sandbox, whatsapp, **message)

    assert refused.json()["error"]["code"] == code
    assert len(whatsapp.messages) == 1


def test_wants_the_token_and_keeps_the_pair_limit(sandbox: Sandbox, whatsapp: WhatsApp) -> None:
    whatsapp.write(KWAME, "Hello")
    whatsapp.switch("pair_limit", True)
    codes = [send(sandbox, whatsapp, **text("a")).status_code for _ in range(2)]
    whatsapp.passed += 6
    codes.append(send(sandbox, whatsapp, **text("b")).status_code)
    whatsapp.number.access_token = "another"
    assert codes == [200, 400, 200]

    stranger = requests.get(f"http://{sandbox.host}/whatsapp/v26.0/{whatsapp.number.id}", timeout=5)

    assert (stranger.status_code, stranger.json()["error"]["code"]) == (401, 190)


def test_the_control_plane_drives_it(whatsapp: WhatsApp, home: str) -> None:
    requests.post(f"{home}customers", json={"user_id": "US.7", "name": "Bob"}, timeout=5)
    wrote = requests.post(f"{home}write", json={"user_id": "US.7", "text": "Hi"}, timeout=5).json()

    [message] = requests.get(f"{home}messages", timeout=5).json()
    assert (message["id"], message["text"]) == (wrote["id"], "Hi")
    wrong = requests.patch(f"{home}switches", json={"window": 7}, timeout=5)
    assert wrong.status_code == 400
    requests.patch(f"{home}switches", json={"window": "async"}, timeout=5)
    assert whatsapp.window == "async"
    assert requests.get(f"{home}nothing", timeout=5).status_code == 404
