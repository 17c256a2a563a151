"""The files of messages: what kind of file each one is, and the private place where we keep them.

We believe nothing that a sender says about a file. We find its type from its content, and refuse
kinds that are not listed here. We draw pictures anew, so that only their pixels remain. Files get
random names in a directory that no URL leads to. Members of the project read them through the API,
with a type from our list. A browser may show only the pictures that we have drawn; everything else
is a download.
"""

import struct
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from notifications.errors import AttachmentNotFound
from notifications.models import Attachment
from notifications.models.messages import FileState
from orderchainer.core.pictures import PictureRefused, read_picture

# Enough to read a photographed document.
LONGEST_SIDE = 2048
# We have drawn every file of these types ourselves, so a browser may show it within a page.
SHOWN = frozenset({"image/jpeg", "image/png"})
# Longer than it ever takes from writing a file to committing its row.
LEAST_AGE_SECONDS = 60 * 60

# What a file is, by its first bytes: the offset, the bytes, the media type and the extension.
_SIGNATURES = (
    (0, b"%PDF-", "application/pdf", "pdf"),
    (0, b"OggS", "audio/ogg", "ogg"),
    (0, b"ID3", "audio/mpeg", "mp3"),
    (0, b"\xff\xfb", "audio/mpeg", "mp3"),
    (0, b"\xff\xf3", "audio/mpeg", "mp3"),
    (0, b"#!AMR", "audio/amr", "amr"),
    (8, b"WAVE", "audio/wav", "wav"),
    (4, b"ftypM4A", "audio/mp4", "m4a"),
    (4, b"ftyp3gp", "video/3gpp", "3gp"),
    (4, b"ftyp", "video/mp4", "mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm", "webm"),
)
_PICTURES = (
    (0, b"\xff\xd8\xff"),
    (0, b"\x89PNG\r\n\x1a\n"),
    (0, b"GIF8"),
    (8, b"WEBP"),
)
# Office documents are ZIP archives. The name of one entry tells which kind a document is.
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ARCHIVES = {
    b"word/document.xml": (f"{_OFFICE}.wordprocessingml.document", "docx"),
    b"xl/workbook.xml": (f"{_OFFICE}.spreadsheetml.sheet", "xlsx"),
    b"ppt/presentation.xml": (f"{_OFFICE}.presentationml.presentation", "pptx"),
}
_TEXT = ("text/plain", "txt")
# The record at the end of an archive (APPNOTE.TXT of PKWARE, 4.3.16), before a comment: how many
# entries the directory has, how long it is, and where it begins.
_END, _END_FIELDS, _END_BYTES = b"PK\x05\x06", struct.Struct("<10xHII"), 22
_MAX_COMMENT_BYTES = 0xFFFF
# An entry of the directory (4.3.12): the lengths of its name and of two fields that follow.
_ENTRY, _ENTRY_FIELDS, _ENTRY_BYTES = b"PK\x01\x02", struct.Struct("<28xHHH"), 46


class FileRefused(Exception):
    """We do not keep this file. The message is for people."""


@dataclass(frozen=True)
class KnownFile:
    """The content of a file, and what it is."""

    content: bytes
    media_type: str
    extension: str


@dataclass(frozen=True)
class ServedFile:
    """A stored file on its way to a member."""

    file: IO[bytes]
    media_type: str
    # A safe name with the extension of its type.
    filename: str
    # Whether a browser may show it. Anything else is only for downloading.
    is_shown: bool
    size: int


# --- What it is -------------------------------------------------------------------------------


def examine(content: bytes) -> KnownFile:
    """Find out what a file is from its content; draw a picture anew. Raises `FileRefused`.

    This takes time and memory, so call it outside of a transaction.
    """
    if not content:
        raise FileRefused("The file is empty.")
    if len(content) > settings.MAX_ATTACHMENT_BYTES:
        raise FileRefused(f"A file may have at most {settings.MAX_ATTACHMENT_BYTES:,} bytes.")
    if any(content.startswith(start, at) for at, start in _PICTURES):
        try:
            picture = read_picture(content, longest_side=LONGEST_SIDE)
        except PictureRefused as exc:
            raise FileRefused(str(exc)) from exc
        kind = "jpeg" if picture.extension == "jpg" else picture.extension
        return KnownFile(picture.content, f"image/{kind}", picture.extension)
    for at, start, media_type, extension in _SIGNATURES:
        if content.startswith(start, at):
            return KnownFile(content, media_type, extension)
    media_type, extension = _archived(content) or _written(content) or ("", "")
    if not media_type:
        raise FileRefused("Files of this kind are not accepted.")
    return KnownFile(content, media_type, extension)


def _archived(content: bytes) -> tuple[str, str] | None:
    if not content.startswith(b"PK\x03\x04"):
        return None
    known = (_ARCHIVES.get(name) for name in _names_in(content))
    return next((kind for kind in known if kind is not None), None)


def _names_in(archive: bytes) -> Iterator[bytes]:
    """Yield the names of an archive's entries, as long as its directory makes sense.

    `zipfile` makes an object for each entry at once: 360,000 of them for a file of 16 MiB that a
    stranger sends, in 190 MB of memory. Here we hold one name at a time, and 65,535 are the most.
    """
    end = archive.rfind(_END, max(0, len(archive) - _END_BYTES - _MAX_COMMENT_BYTES))
    if end < 0 or end + _END_BYTES > len(archive):
        return
    count, _size, at = _END_FIELDS.unpack_from(archive, end)
    for _ in range(count):
        if not archive.startswith(_ENTRY, at) or at + _ENTRY_BYTES > end:
            return
        name_length, *more = _ENTRY_FIELDS.unpack_from(archive, at)
        yield archive[at + _ENTRY_BYTES : at + _ENTRY_BYTES + name_length]
        at += _ENTRY_BYTES + name_length + sum(more)


def _written(content: bytes) -> tuple[str, str] | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else _TEXT


# --- Where it is kept -------------------------------------------------------------------------


def storage() -> FileSystemStorage:
    """Return the private storage. Its files have no URLs, and others on this machine cannot read
    them.
    """
    return FileSystemStorage(
        location=settings.PRIVATE_FILES_ROOT,
        base_url=None,
        file_permissions_mode=0o640,
        directory_permissions_mode=0o750,
    )


@contextmanager
def stored(known: KnownFile) -> Iterator[str]:
    """Write a file and yield its name. If the block fails, delete the file again.

    The block has to commit: open the transaction inside it.
    """
    name = storage().save(f"{uuid.uuid4().hex}.{known.extension}", ContentFile(known.content))
    try:
        yield name
    except BaseException:
        storage().delete(name)
        raise


def read_file(name: str) -> bytes:
    """Return the content of a stored file, to send it to somebody."""
    with storage().open(name) as file:
        content: bytes = file.read()
    return content


def opened(attachment: Attachment) -> ServedFile:
    """Open an attachment's file for a member. Raises `AttachmentNotFound` if none is stored."""
    if attachment.state != FileState.STORED or not attachment.file:
        raise AttachmentNotFound
    try:
        file = storage().open(attachment.file)
    except FileNotFoundError as exc:
        raise AttachmentNotFound from exc
    return ServedFile(
        file=file,
        media_type=attachment.media_type,
        filename=name_of(attachment),
        is_shown=attachment.media_type in SHOWN,
        size=file.size,
    )


def name_of(attachment: Attachment) -> str:
    """Return the sender's name for a file; that of a stored file has the right extension.

    It has no path. The name of a link is as its sender wrote it.
    """
    if not attachment.file:
        return attachment.filename
    extension = PurePath(attachment.file).suffix
    claimed = PurePath(attachment.filename.replace("\\", "/")).name
    stem = "".join(sign for sign in PurePath(claimed).stem if sign.isprintable()).strip(" .")
    return f"{stem or 'file'}{extension}"


def sweep(*, in_use: Iterable[str]) -> int:
    """Delete the stored files whose names are not `in_use`; return how many.

    We list the files before reading `in_use`. Young files stay, because their row may not be
    committed yet.
    """
    if not storage().exists(""):
        return 0
    oldest_young = time.time() - LEAST_AGE_SECONDS
    _folders, names = storage().listdir("")
    unused = set(names)
    unused.difference_update(in_use)
    deleted = 0
    for name in unused:
        if storage().get_modified_time(name).timestamp() < oldest_young:
            storage().delete(name)
            deleted += 1
    return deleted
