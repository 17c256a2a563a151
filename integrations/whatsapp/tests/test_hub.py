"""A talk over WhatsApp as members see it on the hub: the same state wherever they look."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of
from integrations.models import Integration
from integrations.whatsapp.tests.pretend import PretendWhatsApp
from integrations.whatsapp.tests.pretend import work as work_on_deliveries
from notifications.models import Conversation, Message
from notifications.work import sending

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(owner: User) -> APIClient:
    return client_of(owner)


def path(owner: User, *parts: object) -> str:
    return "/".join(["/api/v1/messages", str(owner.personal_project.uuid), *map(str, parts)])


def test_a_question_is_answered_once_and_its_state_is_the_same_everywhere(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User, agent: APIClient
) -> None:
    whatsapp.meet("US.90071992547", username="sheena1")
    whatsapp.write("Where is my order?", user_id="US.90071992547")
    [asked] = agent.get(path(owner, "inbox")).json()
    assert (asked["content"], asked["provider"]) == ("Where is my order?", "whatsapp")
    assert asked["sender"]["phone"] is None
    answer = {
        "recipient": {"contact_id": str(Conversation.objects.get().contact.uuid)},
        "content": "On its way",
        "provider": "whatsapp",
        "content_type": "text",
    }

    # A double click.
    first, second = (
        agent.post(path(owner, "send"), answer, headers={"Idempotency-Key": "one-click"})
        for _ in range(2)
    )
    for part_id in sending.due_parts():
        sending.send_part(part_id)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert [each["recipient"] for each in whatsapp.sends()] == ["US.90071992547"]
    sent = whatsapp.emulator.messages[-1]
    whatsapp.emulator.tell(sent, ["read", "delivered", "failed"], error_code=131026)
    work_on_deliveries()

    conversation = Conversation.objects.get().uuid
    thread = agent.get(path(owner, "conversations", conversation, "messages")).json()
    listed = agent.get(path(owner, "inbox") + "?direction=outbound").json()
    figures = agent.get(path(owner, "stats/summary")).json()
    [shown] = [each for each in thread if each["direction"] == "outbound"]
    assert (shown["status"], shown["error_code"]) == ("read", None)
    assert [each["status"] for each in listed] == ["read"]
    assert figures["by_status"]["read"] == 1
    assert figures["by_status"].get("failed", 0) == 0


def test_a_template_goes_out_over_the_hub_and_a_free_text_does_not(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User, agent: APIClient
) -> None:
    message = {"recipient": {"phone": "+16505551234"}, "provider": "whatsapp"}
    template = {
        "name": "order_shipped",
        "language": "en_US",
        "parameters": ["#1001"],
        "button_parameters": ["1001"],
    }

    refused = agent.post(path(owner, "send"), {**message, "content": "Hi", "content_type": "text"})
    wrong = agent.post(
        path(owner, "send"),
        {**message, "content_type": "template", "template": {**template, "parameters": ["a\nb"]}},
    )
    taken = agent.post(
        path(owner, "send"), {**message, "content_type": "template", "template": template}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "WINDOW_CLOSED")
    assert wrong.status_code == 422
    assert taken.status_code == 201
    assert Message.objects.get().details == template
