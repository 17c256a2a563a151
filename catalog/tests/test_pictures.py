"""The services of products' pictures, and what happens to the files."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import ProductNotFound
from catalog.models import Product
from catalog.services import set_picture, sweep_pictures
from catalog.tasks import sweep_pictures as sweep_pictures_task
from catalog.tests.factories import make_product, make_storefront
from orderchainer.core.errors import Stale
from orderchainer.core.pictures import read_picture
from orderchainer.testing.photographs import photograph

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def make_pictured(**fields: Any) -> Product:
    """Return a product with a picture."""
    product = make_product(make_storefront(), **fields)
    return set_picture(product=product, picture=read_picture(photograph()))


def files(directory: Path) -> set[str]:
    """Return the names of the files that are kept."""
    return {str(file.relative_to(directory)) for file in directory.rglob("*") if not file.is_dir()}


def age(directory: Path) -> None:
    """Make all files two hours older."""
    for file in directory.rglob("*.*"):
        moment = time.time() - 2 * 60 * 60
        os.utime(file, (moment, moment))


def test_a_new_picture_replaces_the_file(tmp_path: Path) -> None:
    lamp = make_pictured()
    old = lamp.image.name

    changed = set_picture(product=lamp, picture=read_picture(photograph()))

    assert changed.image.name != old
    assert files(tmp_path) == {changed.image.name}
    assert changed.version == lamp.version + 1


def test_a_refused_picture_leaves_no_file(tmp_path: Path) -> None:
    lamp = make_pictured()
    new = read_picture(photograph())

    def stale(_product: Product) -> None:
        raise Stale

    with pytest.raises(Stale):
        set_picture(product=lamp, picture=new, precondition=stale)
    with pytest.raises(ProductNotFound):
        set_picture(product=Product(pk=0), picture=new)

    assert files(tmp_path) == {lamp.image.name}


def test_removing_a_missing_picture_is_no_change() -> None:
    lamp = make_product(make_storefront())

    assert set_picture(product=lamp, picture=None).version == lamp.version


@pytest.mark.parametrize(
    "sweep", [sweep_pictures, sweep_pictures_task], ids=["the service", "the task"]
)
def test_the_sweep_deletes_files_left_by_a_crash(tmp_path: Path, sweep: Any) -> None:
    lamp, gone = make_pictured(), make_pictured()
    # The process died before its commit, or after it but before the old file was deleted.
    Product.objects.filter(pk=gone.pk).update(image="")
    age(tmp_path)

    sweep()
    sweep()

    assert files(tmp_path) == {lamp.image.name}
