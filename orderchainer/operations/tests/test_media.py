"""`/media/` shows a picture to everyone who knows its name, and no other files."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from orderchainer.core.pictures import read_picture, stored
from orderchainer.testing.photographs import encoded, two_halves

UNGUESSABLE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def keep(format_: str = "JPEG") -> tuple[str, bytes]:
    """Store a picture; return its name and content."""
    sent = two_halves().convert("RGBA")
    if format_ == "PNG":
        sent.putpixel((0, 0), (0, 0, 0, 0))
    picture = read_picture(encoded(sent, "PNG"))
    with stored(picture, "avatars") as name:
        return name, picture.content


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("format_", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png")]
)
def test_shows_a_picture_to_everybody(
    settings: Any, debug: bool, format_: str, content_type: str
) -> None:
    settings.DEBUG = debug
    name, content = keep(format_)

    response = Client().get(f"/media/{name}")

    assert (response.status_code, response.content) == (200, content)
    assert response["Content-Type"] == content_type
    assert response["Content-Length"] == str(len(content))
    assert response["Content-Disposition"] == "inline"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == ("default-src 'none'; frame-ancestors 'none'")
    assert sorted(response["Cache-Control"].split(", ")) == [
        "immutable",
        "max-age=31536000",
        "public",
    ]
    assert "Set-Cookie" not in response


def test_answers_head_without_the_picture() -> None:
    name, content = keep()

    response = Client().head(f"/media/{name}")

    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(content))


def test_answers_304_for_a_cached_picture() -> None:
    name, _content = keep()
    first = Client().get(f"/media/{name}")

    again = Client().get(f"/media/{name}", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" in again["Cache-Control"]


def test_a_deleted_picture_is_a_404_even_for_cached_copies() -> None:
    response = Client().get(f"/media/avatars/{UNGUESSABLE}.jpg", headers={"If-None-Match": "*"})

    assert response.status_code == 404
    assert "immutable" not in response.get("Cache-Control", "")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_refuses_to_change_a_picture(method: str) -> None:
    name, _content = keep()

    response = getattr(Client(enforce_csrf_checks=True), method)(f"/media/{name}")

    assert response.status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "",
        "avatars",
        "avatars/",
        "secret.txt",
        "avatars/secret.txt",
        "avatars/page.html",
        f"avatars/{UNGUESSABLE}.html",
        f"avatars/{UNGUESSABLE}.svg",
        f"avatars/{UNGUESSABLE}.jpg/",
        f"avatars/{UNGUESSABLE}.jpg%00.png",
        f"avatars/{UNGUESSABLE}.jpg%0a",
        f"avatars/{UNGUESSABLE.upper()}.jpg",
        "../secret.txt",
        "..%2fsecret.txt",
        "avatars/../../secret.txt",
        "avatars/%2e%2e/%2e%2e/secret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "avatars\\..\\..\\secret.txt",
        f"../{UNGUESSABLE}.jpg",
        "\x00",
        "%ff%fe",
    ],
)
def test_nothing_else_is_shown(tmp_path: Path, path: str) -> None:
    root = tmp_path / "media" / "avatars"
    root.mkdir(parents=True)
    for place in (tmp_path, tmp_path / "media", root):
        for name in (
            "secret.txt",
            "page.html",
            f"{UNGUESSABLE}.html",
            f"{UNGUESSABLE}.svg",
        ):
            (place / name).write_text("secret")
    (tmp_path / f"{UNGUESSABLE}.jpg").write_text("secret")

    response = Client().get(f"/media/{path}")

    assert response.status_code == 404
    assert b"secret" not in response.content.replace(b"secret.txt", b"")
