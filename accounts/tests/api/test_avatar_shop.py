"""`/auth/api/profile/`: the picture of a profile, and the forms that bring it."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from rest_framework.test import APIClient

from accounts.models import Profile, User
from accounts.tests.api.profiles import PATH, avatar_of, change, files, upload
from accounts.tests.factories import client_of, make_user
from orderchainer.core.pictures import MAX_JPEG_SCANS
from orderchainer.testing.photographs import (
    decoded,
    encoded,
    jpeg_in_passes,
    noise,
    photograph,
    png_that_says,
    two_halves,
)

pytestmark = pytest.mark.django_db

NO_PICTURE = "Upload a PNG, JPEG, WebP or GIF picture."
DAMAGED = "The picture is damaged: it cannot be read."
TOO_LARGE = "The picture has too many pixels: at most 24 million as a JPEG, 16 million otherwise."


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.PUBLIC_URL = "https://orders.example.com"


@pytest.fixture
def user() -> User:
    """A customer."""
    return make_user(email="user@example.com", username="testuser", first_name="Test")


@pytest.fixture
def client(user: User) -> APIClient:
    """A client with the customer signed in."""
    return client_of(user)


# --- The picture ------------------------------------------------------------------------------


def test_the_avatars_url_shows_the_picture(client: APIClient, user: User) -> None:
    response = upload(client, photograph(orientation=6), first_name="New")

    assert response.status_code == 200
    assert response.json()["first_name"] == "New"
    url = response.json()["profile"]["avatar"]
    assert url == f"https://orders.example.com/media/{avatar_of(user)}"
    shown = Client().get(url.removeprefix("https://orders.example.com"))
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    image = decoded(shown.content)
    assert image.size == (32, 64)
    assert not image.getexif()


def test_a_new_picture_replaces_the_old_one(
    client: APIClient,
    user: User,
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        upload(client, photograph())
        first = avatar_of(user)
    with django_capture_on_commit_callbacks(execute=True):
        upload(client, encoded(noise(40, 40), "WEBP"))

    second = avatar_of(user)
    assert first != second
    assert files(tmp_path) == {Path(second).name}


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ({"avatar": None}, "json"),
        ({"avatar": ""}, "json"),
        ({"profile": {"avatar": ""}}, "json"),
        ({"avatar": ""}, "multipart"),
    ],
)
def test_removes_the_picture(
    client: APIClient,
    user: User,
    tmp_path: Path,
    body: Mapping[str, object],
    form: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    upload(client, photograph())
    assert len(files(tmp_path)) == 1

    with django_capture_on_commit_callbacks(execute=True):
        response = client.patch(PATH, body, format=form)

    assert (response.status_code, response.json()["profile"]["avatar"]) == (200, "")
    assert files(tmp_path) == set()


def test_other_changes_keep_the_picture(client: APIClient, user: User, tmp_path: Path) -> None:
    upload(client, photograph())
    name = avatar_of(user)

    change(client, preferences={"theme": "dark"})

    assert avatar_of(user) == name
    assert files(tmp_path) == {Path(name).name}


@pytest.mark.parametrize("name", ["me.txt", "me.html", "me.svg", "../../me.png", "x" * 300])
def test_the_name_and_type_of_a_file_do_not_matter(
    client: APIClient, user: User, name: str
) -> None:
    response = upload(client, photograph(), name=name)

    assert response.status_code == 200
    assert avatar_of(user).startswith("avatars/")
    assert avatar_of(user).endswith(".jpg")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (SVG, NO_PICTURE),
        (b"GIF89a<script>alert(1)</script>", NO_PICTURE),
        (encoded(two_halves(), "BMP"), NO_PICTURE),
        (encoded(noise(64, 64), "PNG")[:-4000], DAMAGED),
        (encoded(noise(64, 64), "JPEG")[:-2000], DAMAGED),
        (png_that_says(10_000, 10_000), TOO_LARGE),
        (png_that_says(65_000, 65_000), TOO_LARGE),
        (jpeg_in_passes(MAX_JPEG_SCANS), "The picture is drawn in too many passes."),
    ],
)  # fmt: skip
def test_refuses_a_picture(client: APIClient, tmp_path: Path, content: bytes, message: str) -> None:
    before = client.get(PATH).json()

    response = upload(client, content, first_name="New")

    assert (response.status_code, response.json()) == (400, {"avatar": [message]})
    assert client.get(PATH).json() == before
    assert files(tmp_path) == set()


def test_a_refused_change_keeps_the_picture(client: APIClient, user: User, tmp_path: Path) -> None:
    upload(client, photograph())
    name = avatar_of(user)

    response = upload(client, photograph(), username="two words")

    assert response.status_code == 400
    assert avatar_of(user) == name
    assert files(tmp_path) == {Path(name).name}


@pytest.mark.django_db(transaction=True)
def test_a_change_that_fails_leaves_no_file(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(user)
    client.raise_request_exception = False
    upload(client, photograph())
    kept = avatar_of(user)

    def fail(self: Profile, **_: object) -> None:
        assert len(files(tmp_path)) == 2
        raise RuntimeError

    monkeypatch.setattr(Profile, "save", fail)
    response = upload(client, photograph(), first_name="New")

    assert (response.status_code, response.json()) == (
        500,
        {"error": "Internal server error"},
    )
    assert (avatar_of(user), files(tmp_path)) == (kept, {Path(kept).name})
    assert User.objects.get().first_name == "Test"


def test_pictures_have_a_separate_limit(client: APIClient, user: User, settings: Any) -> None:
    settings.RATE_LIMIT_STANDARD = "100/m"
    settings.RATE_LIMIT_UPLOADS = "2/h"

    taken = [upload(client, photograph()) for _ in range(2)]
    refused = upload(client, photograph())

    assert [response["X-RateLimit-Remaining"] for response in taken] == ["1", "0"]
    assert (refused.status_code, list(refused.json())) == (429, ["error"])
    assert refused["X-RateLimit-Limit"] == "2"
    assert 1 <= int(refused["Retry-After"]) <= 3600
    # Counted by user, and only for requests that may contain a file.
    assert upload(client_of(make_user()), photograph()).status_code == 200
    other = change(client, first_name="New")
    assert (other.status_code, other["X-RateLimit-Limit"]) == (200, "100")


# --- Hostile forms ----------------------------------------------------------------------------


def send(client: APIClient, body: bytes, content_type: str = MULTIPART_CONTENT) -> Any:
    """Send a body as it is."""
    return client.patch(PATH, body, content_type=content_type)


def test_a_form_may_be_larger_than_other_bodies_up_to_its_own_limit(
    client: APIClient, settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 3_000_000

    taken = upload(client, encoded(noise(800, 800), "PNG"))
    refused = upload(client, b"x" * 3_000_001)

    assert taken.status_code == 200
    assert (refused.status_code, refused.json()) == (
        413,
        {"error": "The body is larger than 3000000 bytes."},
    )


def test_the_texts_of_a_form_may_not_be_larger_than_other_bodies(
    client: APIClient,
) -> None:
    response = client.patch(PATH, {"address": "x" * 1_100_000}, format="multipart")

    assert (response.status_code, response.json()) == (
        413,
        {"error": "The body is larger than this service accepts."},
    )


def test_json_has_the_smaller_limit(client: APIClient) -> None:
    assert change(client, address="x" * 1_100_000).status_code == 413


@pytest.mark.parametrize("kind", ["files", "fields"])
def test_a_form_of_many_parts_is_too_large(client: APIClient, kind: str) -> None:
    if kind == "files":
        parts: dict[str, Any] = {f"f{n}": SimpleUploadedFile("x", b"x") for n in range(101)}
    else:
        parts = {f"f{n}": "x" for n in range(5001)}

    response = send(client, encode_multipart(BOUNDARY, parts))

    assert response.status_code == 413


def part(headers: str, content: bytes = b"x") -> bytes:
    """Return a form of one part."""
    return (
        f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode("utf-8", "surrogateescape")
        + content
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", MULTIPART_CONTENT),
        (b"nonsense", MULTIPART_CONTENT),
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary="),
        (b"x", f"multipart/form-data; boundary={'b' * 300}"),
        (part("Content-Disposition: form-data; name=unknown"), MULTIPART_CONTENT),
        (part('Content-Disposition: form-data; name="first_name"', b"a\x00"), MULTIPART_CONTENT),
        (part('Content-Disposition: form-data; name="\udcff"'), MULTIPART_CONTENT),
        (part('Content-Disposition: form-data; name="avatar"; filename="\x00"'), MULTIPART_CONTENT),
        (part('Content-Disposition: form-data; name="avatar"; filename="x"\r\n'
              "Content-Transfer-Encoding: base64", b"&"), MULTIPART_CONTENT),
        (part('Content-Disposition: form-data; name="first_name"; filename="x"', b"a file"),
         MULTIPART_CONTENT),
        (part('Content-Disposition: form-data; name="preferences"; filename="x"', b"{}"),
         MULTIPART_CONTENT),
    ],
)  # fmt: skip
def test_a_broken_form_is_never_a_500(client: APIClient, body: bytes, content_type: str) -> None:
    before = client.get(PATH).json()

    response = send(client, body, content_type)

    assert response.status_code in {200, 400, 415}
    assert client.get(PATH).json() == before


@pytest.mark.parametrize("charset", ["base64", "rot13", "utf-7", "unicode_escape"])
def test_a_form_is_read_as_utf_8_despite_its_charset(client: APIClient, charset: str) -> None:
    body = encode_multipart(BOUNDARY, {"first_name": "Zoë \\ud800"})

    response = send(client, body, f"{MULTIPART_CONTENT}; charset={charset}")

    assert (response.status_code, response.json()["first_name"]) == (200, "Zoë \\ud800")


def test_a_file_that_is_sent_twice_is_used_once(client: APIClient, user: User) -> None:
    sent = [BytesIO(photograph()), BytesIO(encoded(noise(20, 30), "PNG"))]

    response = client.patch(PATH, {"avatar": sent}, format="multipart")

    assert response.status_code == 200
    profile = Profile.objects.get(user=user)
    with profile.avatar.open() as file:
        assert decoded(file.read()).size == (20, 30)
