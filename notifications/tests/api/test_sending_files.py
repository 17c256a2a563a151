"""Files that members send from here, in a form."""

import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import IdempotencyRecord
from accounts.tests.projects import Team
from notifications import files, services
from notifications.channels import FileLimit, Line, NotDelivered
from notifications.models import Attachment, Message, MessageSend
from notifications.models.messages import ContentType
from notifications.tests.api.hub import JOHN, arrive, path
from notifications.tests.pretend import DAY, PRETEND, Pretend, pretending
from notifications.work import fetching, sending

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 an invoice"
TO = '{"phone": "+1234567890", "name": "John Doe"}'
FORM: dict[str, Any] = {
    "recipient": TO,
    "provider": PRETEND,
    "content_type": "document",
    "content": "Your invoice",
}
LIMITS = {
    ContentType.IMAGE: FileLimit(10_000, frozenset({"image/jpeg", "image/png"})),
    ContentType.DOCUMENT: FileLimit(1000, frozenset({"application/pdf", "text/plain"})),
}


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """A provider with limits for files, as WhatsApp has them."""
    with pretending(monkeypatch, window=DAY, file_limits=LIMITS) as provider:
        yield provider


@pytest.fixture
def message(pretend: Pretend, team: Team) -> Message:
    """Return a customer's message, which opens the window."""
    line: Line = pretend.add_line(team.project)
    return arrive(line, "Where is my invoice?", person=JOHN)


@pytest.fixture(autouse=True)
def root(settings: LazySettings, tmp_path: Path) -> Path:
    """Return an empty private directory."""
    settings.PRIVATE_FILES_ROOT = tmp_path / "private"
    settings.PRIVATE_FILES_ROOT.mkdir()
    return tmp_path / "private"


def bill(content: bytes = PDF, name: str = "Bill 1001.pdf", kind: str = "text/html") -> Any:
    """Return a file for a form. We believe neither its name nor its type."""
    return SimpleUploadedFile(name, content, kind)


def picture(form: str = "PNG", size: tuple[int, int] = (3, 2)) -> bytes:
    """Return a picture."""
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, form)
    return out.getvalue()


def post(client: APIClient, team: Team, key: str = "", **fields: Any) -> Any:
    """Send the form with these changes; None leaves a field out."""
    form = {"file": bill(), **FORM, **fields}
    form = {name: value for name, value in form.items() if value is not None}
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(path(team, "send"), form, format="multipart", headers=headers)


def test_a_file_goes_to_the_customer_and_members_can_read_it(
    team: Team, message: Message, agent: APIClient, viewer: APIClient, pretend: Pretend, root: Path
) -> None:
    answer = post(agent, team, file=bill(name="../../Bill 1001.exe"))

    assert answer.status_code == 201, answer.content
    [shown] = answer.json()["attachments"]
    stored = Attachment.objects.get()
    assert shown == {
        "id": str(stored.uuid),
        "filename": "Bill 1001.exe",
        "media_type": "application/pdf",
        "size": len(PDF),
        "status": "stored",
        "error": None,
        "link": None,
        "url": path(team, "attachments", stored.uuid),
    }
    assert answer.json()["recipient"] == {"phone": "+1234567890", "name": "John Doe"}
    sending.send_part(MessageSend.objects.get().pk)
    [asked] = pretend.asked
    assert files.read_file(asked.file) == PDF
    # The customer's program decides by the extension, so it is the one of the content.
    assert (asked.media_type, asked.filename, asked.text, asked.link) == (
        "application/pdf",
        "Bill 1001.pdf",
        "Your invoice",
        "",
    )
    served: Any = viewer.get(shown["url"])
    assert (served.status_code, b"".join(served.streaming_content)) == (200, PDF)
    assert [each.name for each in root.iterdir()] == [asked.file]


def test_a_picture_goes_out_drawn_anew(
    team: Team, message: Message, agent: APIClient, pretend: Pretend
) -> None:
    hidden = picture("GIF") + b"<script>alert(1)</script>"

    answer = post(agent, team, content_type="image", file=bill(hidden, "mug.gif"), content=None)

    assert answer.status_code == 201, answer.content
    assert answer.json()["attachments"][0]["media_type"] == "image/jpeg"
    sending.send_part(MessageSend.objects.get().pk)
    [asked] = pretend.asked
    assert (asked.filename, asked.media_type, asked.text) == ("mug.jpg", "image/jpeg", "")
    assert b"script" not in files.read_file(asked.file)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"file": None}, "file", "No file was submitted."),
        ({"file": "%PDF-1.7"}, "file", "The submitted data was not a file."),
        ({"file": bill(b"")}, "file", "The file is empty."),
        ({"file": bill(b"MZ\x90\0")}, "file", "Files of this kind are not accepted."),
        ({"file": bill(b"%PDF" + b"-" * 1000)}, "file", "Pretend takes at most 1,000 bytes"),
        ({"file": bill(picture())}, "file", "Pretend takes these files as document: application"),
        ({"content_type": "image"}, "file", "This one is application/pdf."),
        ({"content_type": "text"}, "content_type", '"text" is not one of document, image.'),
        ({"content_type": None}, "content_type", "This field is required."),
        ({"content": "x" * 21}, "content", "A caption on Pretend has at most 20 characters."),
        ({"recipient": "{"}, "recipient", "Invalid data."),
        ({"recipient": "[]"}, "recipient", "Invalid data."),
        ({"recipient": '{"phone": 16505551234}'}, "recipient", "Not a valid string."),
        ({"recipient": None}, "recipient", "This field is required."),
        ({"recipient": bill()}, "recipient", "Invalid data."),
        ({"recipient.phone": "+1234567890"}, "recipient.phone", "There is no such field."),
        ({"attachment": "{}"}, "attachment", "There is no such field."),
        ({"template": "{}"}, "template", "There is no such field."),
        ({"order_id": "x"}, "order_id", "Must be a valid UUID."),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_refused_form_leaves_nothing_behind(
    team: Team,
    message: Message,
    agent: APIClient,
    root: Path,
    changes: dict[str, Any],
    field: str,
    words: str,
) -> None:
    for value in changes.values():
        if hasattr(value, "seek"):
            value.seek(0)

    answer = post(agent, team, **changes)

    assert answer.status_code == 422, answer.content
    assert list(answer.json()["errors"]) == [field]
    assert words in str(answer.json()["errors"][field])
    assert not Attachment.objects.exists()
    assert not Message.objects.filter(direction="outbound").exists()
    assert not list(root.iterdir())


def test_who_may_not_send_leaves_no_file(
    team: Team, message: Message, viewer: APIClient, root: Path
) -> None:
    answer = post(viewer, team)

    assert answer.status_code == 403
    assert not list(root.iterdir())


def test_a_key_covers_the_content_and_the_name_of_the_file(
    team: Team, message: Message, agent: APIClient, root: Path
) -> None:
    first = post(agent, team, "k")
    again = post(agent, team, "k")
    other = post(agent, team, "k", file=bill(PDF + b"."))
    renamed = post(agent, team, "k", file=bill(name="Bill 1002.pdf"))
    retold = post(agent, team, "k", content="The invoice")

    statuses = [each.status_code for each in (first, again, other, renamed, retold)]
    assert statuses == [201, 201, 409, 409, 409]
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert MessageSend.objects.count() == 1
    assert len(list(root.iterdir())) == 1


def test_a_picture_that_was_drawn_anew_is_the_same_for_its_key(
    team: Team, message: Message, agent: APIClient
) -> None:
    fields = {"content_type": "image"}

    first = post(agent, team, "k", file=bill(picture("WEBP"), "a"), **fields)
    again = post(agent, team, "k", file=bill(picture("WEBP"), "a"), **fields)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]


def test_a_refusal_with_a_key_leaves_no_file_and_the_key_free(
    team: Team, message: Message, agent: APIClient, root: Path
) -> None:
    refused = post(agent, team, "k", content="x" * 21)
    sent = post(agent, team, "k")

    assert (refused.status_code, sent.status_code) == (422, 201)
    assert IdempotencyRecord.objects.count() == 1
    assert len(list(root.iterdir())) == 1


def test_what_a_crash_left_is_swept_once_it_is_old(
    team: Team, message: Message, agent: APIClient, root: Path
) -> None:
    post(agent, team)
    # The process dies between storing the file and the commit: nothing after this line runs.
    dead = files.stored(files.examine(PDF))
    lost = dead.__enter__()
    assert len(list(root.iterdir())) == 2
    assert fetching.sweep_files() == 0
    long_ago = time.time() - files.LEAST_AGE_SECONDS - 60
    for each in root.iterdir():
        os.utime(each, (long_ago, long_ago))

    assert fetching.sweep_files() == 1

    assert [each.name for each in root.iterdir()] == [Attachment.objects.get().file]
    assert not (root / lost).exists()


def test_the_path_takes_larger_forms_than_others_and_bounds_them_too(
    team: Team, message: Message, agent: APIClient, settings: LazySettings, root: Path
) -> None:
    most = settings.MAX_ATTACHMENT_BYTES
    assert most > settings.MAX_UPLOAD_BYTES

    kept = post(agent, team, file=bill(b"a" * most))
    too_large = post(agent, team, file=bill(b"a" * (most + 1)))
    refused = post(agent, team, file=bill(b"a" * (most + settings.MAX_REQUEST_BODY_BYTES)))
    elsewhere = agent.post(path(team, "contacts"), {"file": bill(b"a" * most)}, format="multipart")

    # The provider takes less, and says so.
    assert kept.json()["errors"] == {"file": ["Pretend takes at most 1,000 bytes as document."]}
    words = f"A file may have at most {most:,} bytes."
    assert too_large.json()["errors"] == {"file": [words]}
    assert (refused.status_code, refused.json()["code"]) == (413, "TOO_LARGE")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (413, "TOO_LARGE")
    assert not list(root.iterdir())


def test_a_failed_file_can_be_sent_again(
    team: Team, message: Message, agent: APIClient, pretend: Pretend
) -> None:
    pretend.script = [NotDelivered("No.")]
    sent = Message.objects.get(uuid=post(agent, team).json()["id"])
    sending.send_part(MessageSend.objects.get().pk)

    services.retry_message(message=sent, by=team.members["agent"])
    sending.send_part(MessageSend.objects.latest("pk").pk)

    assert [files.read_file(each.file) for each in pretend.asked] == [PDF, PDF]
    sent.refresh_from_db()
    assert sent.status == "sent"
