"""The pictures of products."""

from contextlib import nullcontext

from django.db import transaction

from catalog.errors import ProductNotFound
from catalog.models import Product
from catalog.services.products import Precondition, touch
from catalog.services.stock import lock_products
from orderchainer.core.pictures import Picture, delete_after_commit, stored, sweep

PICTURES = "products"
# Within a square of as many pixels: half the width of a large screen.
MAX_SIDE = 1024


def set_picture(
    *,
    product: Product,
    picture: Picture | None,
    precondition: Precondition | None = None,
) -> Product:
    """Give the product that picture, or none, and return the product as it is then.

    The file is there before the row that names it is committed, and the old one is deleted after that.
    Opens its own transaction, and must not be called in another. `precondition` as in `update_product`.
    Raises `ProductNotFound`.
    """
    with (
        stored(picture, PICTURES) if picture else nullcontext("") as name,
        transaction.atomic(durable=True),
    ):
        return name_picture(product=product, name=name, precondition=precondition)


@transaction.atomic
def name_picture(
    *, product: Product, name: str, precondition: Precondition | None = None
) -> Product:
    """Let the product have the stored file of that `name` as its picture, or none where it is empty.

    For those who have stored it, and delete it if this does not come to be committed. `precondition` as in
    `update_product`. Raises `ProductNotFound`.
    """
    # Of two new pictures at once, one has to find the other's file to delete it.
    locked = lock_products([product.pk]).get(product.pk)
    if locked is None:
        raise ProductNotFound
    if precondition is not None:
        precondition(locked)
    if locked.image.name or name:
        delete_after_commit(locked.image.name)
        locked.image.name = name
        locked.save(update_fields=["image", *touch(locked)])
    return locked


def sweep_pictures() -> int:
    """Delete the files that no product names, and return how many: what died between a file and its row."""
    names = Product.objects.exclude(image="").values_list("image", flat=True)
    return sweep(PICTURES, in_use=names.iterator())
