"""Products: making them, changing them, taking them off the shelf."""

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import Project, User
from catalog.errors import SkuTaken, SlugTaken
from catalog.models import Product, StockMovement
from catalog.services.fields import ProductFields, check_row, free_slug, slug_of
from catalog.services.stock import adjust_stock

# How often a slug of our own making may be snatched before we give up.
TRIES = 5


@transaction.atomic
def create_product(
    *, project: Project, fields: ProductFields, stock: int = 0, by: User | None = None
) -> Product:
    """Create a product with `stock` on hand, which the ledger has as its first row.

    Without a slug it gets one of its name. Raises `Invalid`, `SkuTaken` and `SlugTaken`.
    """
    product = Product(project=project, **fields)
    given = bool(product.slug)
    for _ in range(TRIES):
        if not given:
            product.slug = _slug_for(product)
        check_row(product, [*{"sku", "name", "price", "slug", *fields}])
        try:
            with transaction.atomic():
                product.save(force_insert=True)
        except IntegrityError:
            _refuse_taken(product, slug_is_given=given)
        else:
            break
    else:
        raise SlugTaken
    if stock:
        product = adjust_stock(
            product_id=product.pk,
            change=stock,
            reason=StockMovement.Reason.INITIAL,
            by=by,
        )
    return product


def _slug_for(product: Product) -> str:
    base = slug_of(product.name)
    others = Product.objects.filter(project=product.project).exclude(pk=product.pk)
    taken = others.filter(Q(slug=base) | Q(slug__startswith=f"{base[:240]}"))
    return free_slug(base, set(taken.values_list("slug", flat=True)))


def _refuse_taken(product: Product, *, slug_is_given: bool) -> None:
    """Say which of the unique columns somebody else has; nothing where it can be tried again."""
    others = Product.objects.filter(project=product.project).exclude(pk=product.pk)
    if others.filter(sku=product.sku).exists():
        raise SkuTaken
    if slug_is_given:
        raise SlugTaken
