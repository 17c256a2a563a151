"""Pictures for tests, drawn by Pillow: normal uploads and harmful ones."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    """Return `image` as the content of a file."""
    out = BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def decoded(content: bytes) -> Image.Image:
    """Return the picture in a file's content, completely decoded."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


def two_halves(width: int = 64, height: int = 32) -> Image.Image:
    """Return a picture with a red left and a blue right half, so that a rotation shows."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def noise(width: int, height: int) -> Image.Image:
    """Return a picture that does not compress."""
    bands = [Image.effect_noise((width, height), 80) for _ in range(3)]
    return Image.merge("RGB", bands)


def photograph(*, orientation: int = 1, **options: Any) -> bytes:
    """Return a JPEG like a phone's, with the place, the phone's name and its orientation."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Acme Phones"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    return encoded(
        two_halves(),
        "JPEG",
        exif=exif,
        comment=b"taken at home",
        icc_profile=b"a profile",
        **options,
    )


def png_that_says(
    width: int, height: int, *, depth: int = 8, colour: int = 2, pixels: bytes = b""
) -> bytes:
    """Return a PNG of a few bytes whose header claims that size."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", head),
            (b"IDAT", zlib.compress(pixels)),
            (b"IEND", b""),
        )
    )


def jpeg_that_says(width: int, height: int) -> bytes:
    """Return a JPEG of a few hundred bytes whose header claims that size."""
    content = encoded(Image.new("RGB", (8, 8), RED), "JPEG")
    size_at = content.index(b"\xff\xc0") + 5
    size = struct.pack(">HH", height, width)
    return content[:size_at] + size + content[size_at + 4 :]


def jpeg_in_passes(more: int) -> bytes:
    """Return a progressive JPEG that repeats its last scan `more` times."""
    content = encoded(Image.new("RGB", (64, 64), RED), "JPEG", progressive=True)
    last_scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last_scan * more + content[-2:]
