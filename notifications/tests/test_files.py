"""The files of customers' messages: what we keep of them, where, and who may show them."""

import os
import struct
import time
import tracemalloc
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest
from django.conf import LazySettings
from PIL import Image

from accounts.models import User
from notifications import files, tasks
from notifications.channels import IncomingFile, Line
from notifications.errors import AttachmentNotFound
from notifications.files import FileRefused
from notifications.models import Attachment
from notifications.models.messages import ContentType
from notifications.services import receive_message
from notifications.tests.factories import incoming
from notifications.tests.pretend import Pretend
from notifications.work import fetching
from orderchainer.core.outbox import GiveUp, TryAgain
from orders.stream.models import Event

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 an invoice"


@pytest.fixture(autouse=True)
def root(settings: LazySettings, tmp_path: Path) -> Path:
    """Return an empty private directory."""
    settings.PRIVATE_FILES_ROOT = tmp_path / "private"
    return tmp_path / "private"


def picture(form: str = "PNG") -> bytes:
    """Return a picture with something to hide at its end."""
    out = BytesIO()
    Image.new("RGB", (3, 2), "red").save(out, form)
    return out.getvalue() + b"<script>alert(1)</script>"


def archive(*names: str) -> bytes:
    """Return an archive with these entries, the same one at any time."""
    out = BytesIO()
    with ZipFile(out, "w") as written:
        for name in names:
            written.writestr(ZipInfo(name), "x")
    return out.getvalue()


def receive(ours: Line, *ids: str, filename: str = "") -> list[Attachment]:
    """Receive a message with files."""
    sent = [IncomingFile(each, media_type="image/png", filename=filename) for each in ids]
    receive_message(line=ours, incoming=incoming("", content_type=ContentType.DOCUMENT, files=sent))
    return list(Attachment.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("content", "media_type", "extension"),
    [
        (PDF, "application/pdf", "pdf"),
        (b"OggS\0\2 voice", "audio/ogg", "ogg"),
        (b"\0\0\0\x20ftypisom", "video/mp4", "mp4"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4", "m4a"),
        (b"RIFF\0\0\0\0WAVEfmt", "audio/wav", "wav"),
        ("Grüße".encode(), "text/plain", "txt"),
        # What is a page for a browser is a text for us.
        (b"<html><script>alert(1)</script>", "text/plain", "txt"),
        (
            archive("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "docx",
        ),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, media_type: str, extension: str) -> None:
    known = files.examine(content)

    assert (known.media_type, known.extension, known.content) == (media_type, extension, content)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_only_the_pixels_of_a_picture_are_kept(form: str) -> None:
    known = files.examine(picture(form))

    assert (known.media_type, known.extension) == ("image/jpeg", "jpg")
    assert b"script" not in known.content


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The file is empty."),
        (b"MZ\x90\0 a program", "Files of this kind are not accepted."),
        (archive("virus.exe"), "Files of this kind are not accepted."),
        (b"PK\x03\x04 no archive \xff", "Files of this kind are not accepted."),
        # Archives that are cut off, or whose directory is not where they say.
        (b"PK\x03\x04\xff PK\x05\x06", "Files of this kind are not accepted."),
        (archive("word/document.xml")[:-1], "Files of this kind are not accepted."),
        (archive("word/document.xml")[40:], "Files of this kind are not accepted."),
        (
            b"PK\x03\x04\xff" + archive("word/document.xml"),
            "Files of this kind are not accepted.",
        ),
        (b"\x89PNG\r\n\x1a\n broken", "Upload a PNG, JPEG, WebP or GIF picture."),
        (b"x" * 101, "A file may have at most 100 bytes."),
    ],
)
def test_other_files_are_refused(settings: LazySettings, content: bytes, why: str) -> None:
    if len(content) == 101:
        settings.MAX_ATTACHMENT_BYTES = 100

    with pytest.raises(FileRefused) as refused:
        files.examine(content)

    assert str(refused.value) == why


def test_an_archive_with_many_entries_takes_no_memory() -> None:
    many = archive(*[f"{number}" for number in range(20_000)])
    with_comment = archive(*[f"{number}" for number in range(9_000)], "xl/workbook.xml")[:-2]
    with_comment += struct.pack("<H", 60_000) + b"c" * 60_000

    tracemalloc.start()
    try:
        with pytest.raises(FileRefused):
            files.examine(many)
        known = files.examine(with_comment)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert known.extension == "xlsx"
    # An object for each entry would take 9 MB.
    assert most < 5_000_000


def test_a_file_is_fetched_and_kept_under_a_random_name(
    agent: User, ours: Line, pretend: Pretend, root: Path
) -> None:
    pretend.files = {"media-1": PDF}
    [attachment] = receive(ours, "media-1", filename="../../etc/passwd.exe")

    assert fetching.fetch_file(attachment.pk) is None

    attachment.refresh_from_db()
    assert (attachment.state, attachment.media_type, attachment.size) == (
        "stored",
        "application/pdf",
        len(PDF),
    )
    [kept] = root.rglob("*")
    assert kept.name == attachment.file
    assert "passwd" not in kept.name
    served = files.opened(attachment)
    with served.file:
        assert served.file.read() == PDF
    assert (served.filename, served.is_shown) == ("passwd.pdf", False)
    told = Event.objects.get(type="conversation_changed").data["changes"]
    assert told == {"attachment": {"id": str(attachment.uuid), "status": "stored"}}
    # Nudged once more, it is not fetched again.
    assert fetching.fetch_file(attachment.pk) is None
    assert len(list(root.rglob("*"))) == 1


def test_a_picture_may_be_shown(ours: Line, pretend: Pretend) -> None:
    pretend.files = {"media-1": picture()}
    [attachment] = receive(ours, "media-1")

    fetching.fetch_file(attachment.pk)

    attachment.refresh_from_db()
    served = files.opened(attachment)
    served.file.close()
    assert (served.media_type, served.is_shown, served.filename) == ("image/jpeg", True, "file.jpg")


def test_a_file_that_cannot_be_had_fails_alone(ours: Line, pretend: Pretend, root: Path) -> None:
    pretend.files = {"gone": GiveUp("It is gone."), "bad": b"MZ\x90\0", "good": PDF}
    attachments = receive(ours, "gone", "bad", "good")

    for each in attachments:
        fetching.fetch_file(each.pk)

    gone, bad, good = Attachment.objects.order_by("pk")
    assert (gone.state, gone.last_error) == ("failed", "It is gone.")
    assert (bad.state, bad.last_error) == ("failed", "Files of this kind are not accepted.")
    assert good.state == "stored"
    assert len(list(root.rglob("*"))) == 1
    with pytest.raises(AttachmentNotFound):
        files.opened(gone)


def test_a_provider_that_is_down_is_asked_again(ours: Line, pretend: Pretend) -> None:
    pretend.files = {"media-1": TryAgain("Connection refused", after_seconds=0)}
    [attachment] = receive(ours, "media-1")
    assert fetching.fetch_file(attachment.pk) == 0

    pretend.files = {"media-1": PDF}
    assert fetching.due_files() == [attachment.pk]
    tasks.fetch_attachment(attachment.pk)

    attachment.refresh_from_db()
    assert attachment.state == "stored"


def test_the_sweep_deletes_old_files_that_no_row_names(
    ours: Line, pretend: Pretend, root: Path
) -> None:
    pretend.files = {"media-1": PDF}
    [attachment] = receive(ours, "media-1")
    fetching.fetch_file(attachment.pk)
    for name in ("old.pdf", "young.pdf"):
        (root / name).write_bytes(PDF)
    long_ago = time.time() - files.LEAST_AGE_SECONDS - 60
    attachment.refresh_from_db()
    for name in ("old.pdf", attachment.file):
        os.utime(root / name, (long_ago, long_ago))

    assert fetching.sweep_files() == 1

    assert {each.name for each in root.iterdir()} == {"young.pdf", attachment.file}
