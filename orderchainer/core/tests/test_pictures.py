"""What happens to uploaded pictures and to their files."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image

from orderchainer.core import pictures
from orderchainer.core.pictures import (
    MAX_JPEG_SCANS,
    Picture,
    PictureRefused,
    delete_after_commit,
    read_picture,
    stored,
    sweep,
)
from orderchainer.testing.photographs import (
    BLUE,
    RED,
    decoded,
    encoded,
    jpeg_in_passes,
    jpeg_that_says,
    noise,
    photograph,
    png_that_says,
    two_halves,
)

NO_PICTURE = "Upload a PNG, JPEG, WebP or GIF picture."
DAMAGED = "The picture is damaged: it cannot be read."
TOO_LONG = "The picture is too wide or too high: at most 16,384 pixels on each side."
TOO_LARGE = "The picture has too many pixels: at most 24 million as a JPEG, 16 million otherwise."


def refusal_of(content: bytes) -> str:
    """Return the message that refuses `content`."""
    with pytest.raises(PictureRefused) as refused:
        read_picture(content)
    return str(refused.value)


def is_about(pixel: Any, colour: tuple[int, ...]) -> bool:
    """Tell whether a pixel has about that colour, as close as a JPEG keeps it."""
    return all(abs(got - wanted) < 30 for got, wanted in zip(pixel, colour, strict=True))


# --- Accepted ---------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "MPO"])
def test_accepts_common_formats(format_: str) -> None:
    picture = read_picture(encoded(two_halves(), format_))

    image = decoded(picture.content)
    assert (picture.extension, image.format, image.size) == ("jpg", "JPEG", (64, 32))
    assert is_about(image.getpixel((10, 16)), RED)
    assert is_about(image.getpixel((54, 16)), BLUE)


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "GIF"])
def test_keeps_transparency(format_: str) -> None:
    sent = two_halves().convert("RGBA")
    sent.putpixel((0, 0), (0, 0, 0, 0))

    picture = read_picture(encoded(sent, format_))

    image = decoded(picture.content)
    assert (picture.extension, image.format, image.mode) == ("png", "PNG", "RGBA")
    assert image.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert image.getpixel((63, 31))[3] == 255  # type: ignore[index]


def test_an_opaque_alpha_channel_does_not_make_a_png() -> None:
    sent = two_halves().convert("RGBA")

    assert read_picture(encoded(sent, "PNG")).extension == "jpg"


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((2000, 1000), (512, 256)),
        ((600, 1800), (171, 512)),
        ((512, 512), (512, 512)),
        ((5000, 1), (512, 1)),
        ((1, 1), (1, 1)),
    ],
)
@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_scales_down_but_never_up(
    format_: str, size: tuple[int, int], kept: tuple[int, int]
) -> None:
    sent = encoded(Image.new("RGB", size, RED), format_)

    assert decoded(read_picture(sent).content).size == kept


def test_the_caller_chooses_the_longest_side() -> None:
    sent = encoded(two_halves(3000, 1500), "JPEG")

    kept = read_picture(sent, longest_side=2000)

    assert decoded(kept.content).size == (2000, 1000)


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG"])
def test_keeps_the_first_frame_of_an_animation(format_: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, BLUE, BLUE)]
    sent = encoded(frames[0], format_, save_all=True, append_images=frames[1:], duration=50)

    image = decoded(read_picture(sent).content)

    assert is_about(image.getpixel((10, 10)), RED)
    assert getattr(image, "n_frames", 1) == 1


def test_converts_cmyk_to_rgb() -> None:
    sent = encoded(two_halves().convert("CMYK"), "JPEG")

    image = decoded(read_picture(sent).content)

    assert image.mode == "RGB"
    assert is_about(image.getpixel((10, 16)), RED)


@pytest.mark.parametrize("grey", [0, 40 * 256, 200 * 256, 65535])
def test_keeps_greys_of_sixteen_bits(grey: int) -> None:
    sent = encoded(Image.new("I;16", (8, 8), grey), "PNG")

    image = decoded(read_picture(sent).content)

    assert is_about(image.getpixel((4, 4)), (grey // 256,) * 3)


def test_keeps_colours_of_sixteen_bits() -> None:
    row = b"\x00" + b"\xc8\x00\x1e\x00\x1e\x00" * 8
    sent = png_that_says(8, 8, depth=16, pixels=row * 8)

    image = decoded(read_picture(sent).content)

    assert is_about(image.getpixel((4, 4)), RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P"])
def test_accepts_every_pixel_format(mode: str) -> None:
    image = two_halves().convert("L").convert(mode)

    assert read_picture(encoded(image, "PNG")).content


# --- Removed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_keeps_only_the_pixels(form: str) -> None:
    told = decoded(photograph())
    sent = encoded(
        told,
        form,
        exif=told.getexif(),
        icc_profile=b"a profile",
        comment=b"taken at home",
    )
    assert b"Acme Phones" in sent

    picture = read_picture(sent)

    image = decoded(picture.content)
    assert not image.getexif()
    # Every JPEG has these: its version and its density.
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)
    for secret in (b"Acme Phones", b"a profile", b"taken at home", b"Exif"):
        assert secret not in picture.content


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (64, 32), (10, 16)),
        (2, (64, 32), (54, 16)),
        (3, (64, 32), (54, 16)),
        (4, (64, 32), (10, 16)),
        (5, (32, 64), (16, 10)),
        (6, (32, 64), (16, 10)),
        (7, (32, 64), (16, 54)),
        (8, (32, 64), (16, 54)),
        (9, (64, 32), (10, 16)),
    ],
)
def test_rotates_a_photograph_upright(
    orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    image = decoded(read_picture(photograph(orientation=orientation)).content)

    assert image.size == size
    assert is_about(image.getpixel(red_at), RED)


@pytest.mark.parametrize(
    "rest",
    [
        b"<script>alert(document.domain)</script>",
        b"PK\x03\x04 an archive behind it",
        b"<?php system($_GET['c']); ?>",
        b"\x00\x00\x00\x18ftypmp42 the film of a moving photograph" + b"\xff\xda" * 999,
    ],
)
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "WEBP"])
def test_removes_everything_appended_to_a_picture(format_: str, rest: bytes) -> None:
    picture = read_picture(encoded(two_halves(), format_) + rest)

    assert rest[:8] not in picture.content


def test_removes_a_script_in_a_comment() -> None:
    sent = encoded(two_halves(), "GIF", comment=b"*/alert(1)/*")
    assert b"alert(1)" in sent

    assert b"alert(1)" not in read_picture(sent).content


# --- Refused ----------------------------------------------------------------------------------

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9"/></svg>'


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b'<?xml version="1.0"?>' + SVG,
        b"<html><img src=x onerror=alert(1)></html>",
        b"%PDF-1.7 " + b"x" * 100,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"MZ" + b"\x00" * 200,
        b"just a text",
        b"\x00",
        b"GIF89a",
        b"\xff\xd8",
        b"\x89PNG\r\n\x1a\n",
        encoded(two_halves(), "BMP"),
        encoded(two_halves(), "TIFF"),
        encoded(two_halves(), "ICO"),
        encoded(two_halves(), "JPEG2000"),
    ],
)
def test_refuses_other_files_and_formats(content: bytes) -> None:
    assert refusal_of(content) == NO_PICTURE


def test_refuses_an_empty_file() -> None:
    assert refusal_of(b"") == "The file is empty."


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_refuses_a_truncated_picture(format_: str, part: float) -> None:
    whole = encoded(noise(64, 64), format_)

    assert refusal_of(whole[: int(len(whole) * part)]) in {DAMAGED, NO_PICTURE}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    "content",
    [
        png_that_says(50_000, 50_000),  # beyond Pillow's own limit
        png_that_says(12_000, 12_000),
        png_that_says(16_000_001, 1),
        jpeg_that_says(6000, 4001),
        b"GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x00;",
    ],
)
def test_refuses_a_bomb_by_its_header(content: bytes) -> None:
    started = time.perf_counter()

    assert refusal_of(content) == TOO_LARGE
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000), (16_385, 900)])
@pytest.mark.parametrize("that_says", [png_that_says, jpeg_that_says])
def test_a_side_is_bounded_as_well_as_the_area(
    that_says: Callable[[int, int], bytes], size: tuple[int, int]
) -> None:
    assert refusal_of(that_says(*size)) == TOO_LONG


def test_accepts_the_longest_allowed_side() -> None:
    sent = encoded(Image.new("RGB", (16_384, 3), RED), "PNG")

    assert decoded(read_picture(sent).content).size == (512, 1)


def test_refuses_a_picture_without_pixels() -> None:
    assert refusal_of(png_that_says(0, 5)) == NO_PICTURE


def test_refuses_a_valid_header_without_a_picture() -> None:
    assert refusal_of(png_that_says(4000, 4000)) == DAMAGED
    assert refusal_of(jpeg_that_says(6000, 4000)[:-200]) == DAMAGED


def test_refuses_a_jpeg_with_many_scans_before_decoding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert refusal_of(jpeg_in_passes(MAX_JPEG_SCANS)) == (
        "The picture is drawn in too many passes."
    )
    assert read_picture(jpeg_in_passes(20)).extension == "jpg"


def test_counts_only_real_scans() -> None:
    """The marker has no meaning inside a segment or after the end of the picture."""
    many = b"\xff\xda" * (MAX_JPEG_SCANS + 1)
    content = encoded(two_halves(), "JPEG", comment=many)

    assert read_picture(content + many).extension == "jpg"


def test_scans_cannot_hide_behind_a_marker_without_a_length() -> None:
    """TEM has no length. A reader that takes the next bytes for one would skip the scans."""
    content = jpeg_in_passes(MAX_JPEG_SCANS)
    head, first, *others = content.split(b"\xff\xda")
    hidden = b"\xff\xda".join([head, b"\xff\x01\xff\xda".join([first, *others])])

    assert refusal_of(hidden) == "The picture is drawn in too many passes."


def test_pictures_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    busy: list[int] = []
    most: list[int] = []
    draw = pictures._drawn_anew

    def watched(image: Image.Image, longest_side: int) -> Image.Image:
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.02)
        busy.pop()
        return draw(image, longest_side)

    monkeypatch.setattr(pictures, "_drawn_anew", watched)
    sent = encoded(two_halves(), "PNG")
    threads = [Thread(target=read_picture, args=[sent]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1, 1, 1, 1]


# --- Files ------------------------------------------------------------------------------------

PICTURE = Picture(b"bytes", "jpg")


def files() -> set[str]:
    """Return the names of all stored files."""
    root = Path(settings.MEDIA_ROOT)
    return {str(file.relative_to(root)) for file in root.rglob("*") if not file.is_dir()}


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_a_file_gets_a_random_name() -> None:
    with stored(PICTURE, "avatars") as name:
        pass

    assert name.startswith("avatars/")
    assert len(name) == len("avatars/") + 32 + len(".jpg")
    assert files() == {name}


@pytest.mark.django_db(transaction=True)
def test_a_rollback_deletes_the_file() -> None:
    def fail() -> None:
        with stored(PICTURE, "avatars"), transaction.atomic(durable=True):
            assert len(files()) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert files() == set()


@pytest.mark.django_db(transaction=True)
def test_an_old_file_is_deleted_after_the_commit_and_not_before() -> None:
    with stored(PICTURE, "avatars") as old:
        pass

    with transaction.atomic():
        delete_after_commit(old)
        transaction.set_rollback(True)
    assert files() == {old}
    with transaction.atomic():
        delete_after_commit(old)
        assert files() == {old}

    assert files() == set()


@pytest.mark.django_db(transaction=True)
def test_a_missing_file_is_no_error() -> None:
    with transaction.atomic():
        delete_after_commit("avatars/gone.jpg")
        delete_after_commit("")
        delete_after_commit(None)


def test_the_sweep_deletes_old_files_that_no_row_names() -> None:
    names = []
    for _ in range(3):
        with stored(PICTURE, "avatars") as name:
            names.append(name)
    kept, orphan, young = names
    long_ago = time.time() - timedelta(hours=2).total_seconds()
    for name in (kept, orphan):
        os.utime(default_storage.path(name), (long_ago, long_ago))

    assert sweep("avatars", in_use=iter([kept])) == 1
    assert files() == {kept, young}


def test_the_sweep_of_an_empty_directory_finds_nothing() -> None:
    assert sweep("avatars", in_use=[]) == 0
