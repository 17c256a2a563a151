"""Pictures that users upload: we check them, scale them down, and store them as new files.

We keep nothing of the upload but its pixels. Each picture is decoded completely and encoded again,
which removes everything else that the file may contain: a script, an archive, or where a photograph
was taken.

    picture = read_picture(uploaded.read())  # outside of a transaction, because it takes time
    with stored(picture, "avatars") as name, transaction.atomic(durable=True):
        old, row.image = row.image, name
        row.save(update_fields=["image"])
        delete_after_commit(old)

The row decides: a file that no row names is garbage, and `sweep` deletes what a crash left behind.
"""

import re
import struct
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

if TYPE_CHECKING:
    # Most processes never see a picture, so only the functions that do import Pillow.
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# Pillow scales a JPEG down while reading it. Other formats are in memory completely first, with
# four bytes for each pixel and up to four copies.
SMALL_AT_ONCE = frozenset({"JPEG", "MPO"})
# Enough for a photograph of 6000 by 4000 pixels, and for a picture of a screen of 5120 by 2880.
MAX_PIXELS_OF_A_JPEG = 24_000_000
MAX_PIXELS = 16_000_000
# Each row and each column costs memory and time, even if it has only a few pixels.
MAX_SIDE = 16_384
# A progressive JPEG needs about ten scans. Each costs us a pass over all pixels and the sender
# about forty bytes, so without a limit 300 kB could cost us half a minute.
MAX_JPEG_SCANS = 64
JPEG_QUALITY = 85

# The form of the file names that we make. The code that serves the files relies on it.
NAME_PATTERN = r"[a-z]+/[0-9a-f]{32}\.(?:jpg|png)"
CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


class PictureRefused(Exception):
    """We do not accept this file as a picture. The message is for the sender."""


@dataclass(frozen=True)
class Picture:
    """An encoded picture and the extension of its file name."""

    content: bytes
    extension: str


# --- Reading ----------------------------------------------------------------------------------

# One at a time in each process: a large picture takes up to 260 MB while it is decoded.
_decoding = Lock()

# Errors that Pillow raises if a file is not what its first bytes say.
_BROKEN = (
    EOFError,
    IndexError,
    KeyError,
    OSError,
    OverflowError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def read_picture(content: bytes, *, longest_side: int = 512) -> Picture:
    """Decode an upload and draw it again, upright and within a square of `longest_side` pixels.

    An animation becomes its first frame. The file's name and type do not matter. The result is a
    PNG if parts are transparent and a JPEG otherwise: every program can show these two. Raises
    `PictureRefused`.
    """
    from PIL import Image, UnidentifiedImageError

    if not content:
        raise PictureRefused("The file is empty.")
    with _decoding:
        try:
            with Image.open(BytesIO(content), formats=FORMATS) as image:
                _check_cost(image, content)
                drawn = _drawn_anew(image, longest_side)
        except UnidentifiedImageError as exc:
            raise PictureRefused("Upload a PNG, JPEG, WebP or GIF picture.") from exc
        except Image.DecompressionBombError as exc:
            raise PictureRefused(_TOO_LARGE) from exc
        except _BROKEN as exc:
            raise PictureRefused("The picture is damaged: it cannot be read.") from exc
        return _encoded(drawn)


_TOO_LARGE = (
    "The picture has too many pixels: "
    f"at most {MAX_PIXELS_OF_A_JPEG // 1_000_000} million as a JPEG, "
    f"{MAX_PIXELS // 1_000_000} million otherwise."
)
_TOO_LONG = f"The picture is too wide or too high: at most {MAX_SIDE:,} pixels on each side."


def _check_cost(image: "Image.Image", content: bytes) -> None:
    """Refuse a picture whose header says that decoding would take too much memory or time."""
    is_jpeg = image.format in SMALL_AT_ONCE
    most = MAX_PIXELS_OF_A_JPEG if is_jpeg else MAX_PIXELS
    if image.width * image.height > most:
        raise PictureRefused(_TOO_LARGE)
    if max(image.size) > MAX_SIDE:
        raise PictureRefused(_TOO_LONG)
    if is_jpeg and _scans_of(content) > MAX_JPEG_SCANS:
        raise PictureRefused("The picture is drawn in too many passes.")


# JPEG markers that begin a segment with a length or end the picture (ITU-T T.81, B.1.1). The others
# stand alone: a stuffed zero, fill bytes, restarts, TEM.
_SEGMENT = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd7])", re.DOTALL)
_END_OF_IMAGE, _START_OF_SCAN = b"\xd9", b"\xda"


def _scans_of(jpeg: bytes) -> int:
    """Count the scans up to the end of the picture; phones store films and second pictures after
    it.
    """
    scans, at = 0, 2
    while found := _SEGMENT.search(jpeg, at):
        if found[1] == _END_OF_IMAGE:
            break
        scans += found[1] == _START_OF_SCAN
        # The length includes its own two bytes.
        at = found.end() + int.from_bytes(jpeg[found.end() : found.end() + 2])
    return scans


def _drawn_anew(image: "Image.Image", longest_side: int) -> "Image.Image":
    """Return only the pixels of the first frame, scaled down and upright."""
    from PIL import ExifTags, Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    turn = turns.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.format not in SMALL_AT_ONCE:
        image = _in_mode(image, mode)
    image.thumbnail((longest_side, longest_side))
    image = _in_mode(image, mode)
    if turn is not None:
        image = image.transpose(turn)
    if mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    # Pillow's copies and conversions keep comments, profiles and EXIF, and its writers write them.
    return Image.frombytes(image.mode, image.size, image.tobytes())


def _in_mode(image: "Image.Image", mode: str) -> "Image.Image":
    if image.mode.startswith("I"):
        # 16-bit greys: a plain conversion would turn everything white that is not almost black.
        image = image.point(lambda grey: grey * (1 / 256)).convert("L")
    return image if image.mode == mode else image.convert(mode)


def _encoded(image: "Image.Image") -> Picture:
    out = BytesIO()
    if image.mode == "RGBA":
        image.save(out, "PNG", optimize=True)
        return Picture(out.getvalue(), "png")
    image.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return Picture(out.getvalue(), "jpg")


# --- Keeping ----------------------------------------------------------------------------------


@contextmanager
def stored(picture: Picture, folder: str) -> Iterator[str]:
    """Write the file and yield its name. If the block fails, delete the file again.

    The block has to commit: open a durable transaction inside it.
    """
    name = default_storage.save(
        f"{folder}/{uuid.uuid4().hex}.{picture.extension}", ContentFile(picture.content)
    )
    try:
        yield name
    except BaseException:
        default_storage.delete(name)
        raise


def delete_after_commit(name: str | None) -> None:
    """Delete the file, if any, once the transaction is committed."""
    if name:
        transaction.on_commit(lambda: default_storage.delete(name), robust=True)


# Longer than any request takes between writing its file and its commit.
LEAST_AGE_SECONDS = 60 * 60


def sweep(folder: str, *, in_use: Iterable[str]) -> int:
    """Delete the files in `folder` whose names are not `in_use`; return how many were deleted.

    We list the files before reading `in_use`. Young files stay, because their row may not be
    committed yet.
    """
    if not default_storage.exists(folder):
        return 0
    oldest_young = time.time() - LEAST_AGE_SECONDS
    _folders, files = default_storage.listdir(folder)
    unused = {f"{folder}/{file}" for file in files}
    unused.difference_update(in_use)
    deleted = 0
    for name in unused:
        # It may have been deleted since we listed it.
        with suppress(FileNotFoundError):
            if default_storage.get_modified_time(name).timestamp() < oldest_young:
                default_storage.delete(name)
                deleted += 1
    return deleted
