"""The pictures of products."""

from contextlib import nullcontext

from django.db import transaction

from catalog.errors import ProductNotFound
from catalog.models import Product
from catalog.services.products import Precondition, touch
from catalog.services.stock import lock_products
from orderchainer.core.pictures import Picture, delete_after_commit, stored, sweep

PICTURES = "products"
# Pictures fit a square of so many pixels: half the width of a large screen.
MAX_SIDE = 1024


def set_picture(
    *,
    product: Product,
    picture: Picture | None,
    precondition: Precondition | None = None,
) -> Product:
    """Set the product's picture, or remove it, and return the product.

    The new file is stored before the row is committed; the old file is deleted after that. Opens
    its own transaction and must not be called inside another. `precondition` as in
    `update_product`. Raises `ProductNotFound`.
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
    """Make the stored file `name` the product's picture; an empty name removes the picture.

    For callers who have stored the file and delete it if this is not committed. `precondition` as
    in `update_product`. Raises `ProductNotFound`.
    """
    # With the lock, the second of two new pictures finds the first one's file and deletes it.
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
    """Delete the files that no product refers to, and return how many.

    A crash leaves them between storing a file and committing its row.
    """
    names = Product.objects.exclude(image="").values_list("image", flat=True)
    return sweep(PICTURES, in_use=names.iterator())
