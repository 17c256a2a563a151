"""`/api/v1/products/…/image`: the picture of a product."""

import re
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import Project
from catalog.models import Product
from catalog.tests.api.products import MOMENT, at, refused
from catalog.tests.factories import make_product
from orderchainer.testing.photographs import photograph

pytestmark = pytest.mark.django_db

REQUIRED = ["This field is required."]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(MOMENT, tick=False):
        yield


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    """The directory where pictures are stored."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(client: APIClient, product: Product, content: bytes, **form: Any) -> Any:
    """Send a picture in a form."""
    file = SimpleUploadedFile("../../evil.php", content, "image/png")
    return client.put(at(product, "image"), {"image": file, **form}, format="multipart")


def files(directory: Path) -> set[str]:
    """Return the paths of the stored files."""
    return {str(file.relative_to(directory)) for file in directory.rglob("*") if not file.is_dir()}


def test_a_picture_is_kept_shown_and_replaced(
    shop: Project,
    manager: APIClient,
    media: Path,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    lamp = make_product(shop)

    first = upload(manager, lamp, photograph())
    (file,) = files(media)
    with django_capture_on_commit_callbacks(execute=True):
        second = upload(manager, lamp, photograph(orientation=6))
    (other,) = files(media)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["image"] == f"{settings.PUBLIC_URL}/media/{file}"
    assert re.fullmatch(r"products/[0-9a-f]{32}\.jpg", file)
    assert second.json()["image"].endswith(other)
    assert other != file
    assert (first.json()["version"], second.json()["version"]) == (3, 4)
    shown_picture = APIClient().get(f"/media/{other}")
    assert (shown_picture.status_code, shown_picture["Content-Type"]) == (
        200,
        "image/jpeg",
    )


@pytest.mark.parametrize("way", ["delete", "null"])
def test_a_picture_is_taken_away(
    shop: Project,
    manager: APIClient,
    media: Path,
    way: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    lamp = make_product(shop)
    upload(manager, lamp, photograph())

    with django_capture_on_commit_callbacks(execute=True):
        if way == "delete":
            response = manager.delete(at(lamp, "image"))
        else:
            response = manager.put(at(lamp, "image"), {"image": None})

    assert (response.status_code, response.json()["image"]) == (200, "")
    assert files(media) == set()
    again = manager.delete(at(lamp, "image"))
    assert (again.status_code, again["ETag"]) == (200, response["ETag"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"<svg onload='alert(1)'/>", "Upload a PNG, JPEG, WebP or GIF picture."),
        (photograph()[:200], "The picture is damaged: it cannot be read."),
    ],
)
def test_refuses_a_file_that_is_not_a_picture(
    shop: Project, manager: APIClient, media: Path, content: bytes, message: str
) -> None:
    lamp = make_product(shop)

    response = upload(manager, lamp, content)

    assert refused(response, 422, "VALIDATION_ERROR") == {"image": [message]}
    assert files(media) == set()
    lamp.refresh_from_db()
    assert lamp.version == 2


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"image": REQUIRED}),
        (
            {"image": "http://example.com/x.png"},
            {"image": ["Send the picture as a file, in multipart/form-data."]},
        ),
        ({"image": None, "alt": "x"}, {"alt": ["There is no such field."]}),
    ],
)
def test_refuses_a_missing_picture(
    shop: Project, manager: APIClient, body: Any, errors: object
) -> None:
    response = manager.put(at(make_product(shop), "image"), body)

    assert refused(response, 422, "VALIDATION_ERROR") == errors
