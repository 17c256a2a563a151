"""A talk over WhatsApp as members see it on the hub: the same state wherever they look."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings
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


# --- Files ------------------------------------------------------------------------------------


def noise(side: int) -> bytes:
    """Return a picture of so many pixels that no program can make smaller, with a clear part."""
    out = BytesIO()
    colours = Image.effect_noise((side, side), 100).convert("RGB")
    parts = [Image.effect_noise((side, side), 100) for _ in colours.getbands()]
    picture = Image.merge("RGBA", [*parts, Image.new("L", (side, side), 128)])
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def attach(agent: APIClient, owner: User, kind: str, name: str, content: bytes) -> Any:
    """Send a file to Ada."""
    form = {
        "recipient": '{"phone": "+16505551234"}',
        "provider": "whatsapp",
        "content_type": kind,
        "content": "As you asked",
        "file": SimpleUploadedFile(name, content),
    }
    return agent.post(path(owner, "send"), form, format="multipart")


@pytest.fixture
def root(settings: Settings, tmp_path: Path) -> Path:
    settings.PRIVATE_FILES_ROOT = tmp_path / "private"
    return tmp_path / "private"


def test_files_from_here_reach_whatsapp_byte_for_byte(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User, agent: APIClient, root: Path
) -> None:
    whatsapp.write("Where is my invoice?")
    out = BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "WEBP")

    bill = attach(agent, owner, "document", "Bill 1001.pdf", b"%PDF-1.7 bill\r\n--x")
    mug = attach(agent, owner, "image", "mug.webp", out.getvalue())
    assert (bill.status_code, mug.status_code) == (201, 201), bill.content
    while due := sending.due_parts():
        for part_id in due:
            sending.send_part(part_id)

    document, image = whatsapp.sends()
    (_, (sent, kind)), (_, (drawn, drawn_kind)) = whatsapp.emulator.files.items()
    assert (sent, kind) == (b"%PDF-1.7 bill\r\n--x", "application/pdf")
    assert document["document"]["filename"] == "Bill 1001.pdf"
    assert drawn_kind == "image/jpeg"
    with Image.open(BytesIO(drawn)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (30, 20))
    assert list(whatsapp.emulator.files) == [document["document"]["id"], image["image"]["id"]]
    assert image["image"]["caption"] == "As you asked"
    statuses = Message.objects.filter(direction="outbound").values_list("status", flat=True)
    assert list(statuses) == ["sent", "sent"]


@pytest.mark.slow
def test_a_file_that_whatsapp_would_refuse_is_refused_before(
    whatsapp: PretendWhatsApp, integration: Integration, owner: User, agent: APIClient, root: Path
) -> None:
    whatsapp.write("Where is my invoice?")

    video = attach(agent, owner, "document", "tour.mp4", b"\0\0\0\x20ftypisom")
    page = attach(agent, owner, "image", "page.png", b"<html><script>alert(1)</script>")
    large = attach(agent, owner, "image", "large.png", noise(1400))

    told = [answer.json()["errors"]["file"][0] for answer in (video, page, large)]
    assert [answer.status_code for answer in (video, page, large)] == [422, 422, 422]
    assert told[0].endswith("This one is video/mp4.")
    assert told[1].endswith("This one is text/plain.")
    assert told[2] == "WhatsApp takes at most 5,242,880 bytes as image."
    assert not whatsapp.calls("/media")
    assert not list(root.iterdir())
