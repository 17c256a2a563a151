"""Creating and changing products.

Products are never deleted, because orders and the ledger refer to them. An inactive product is not
sold.
"""

from collections.abc import Callable, Collection

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Project, User
from catalog.errors import NoSuchCategory, ProductNotFound, SkuTaken, SlugTaken
from catalog.models import Category, Product, StockMovement
from catalog.services.fields import ProductFields, Slugs, check_row, slug_of
from catalog.services.stock import MAX_STOCK, adjust_locked, lock_products
from orderchainer.core.errors import Invalid

Precondition = Callable[[Product], None]

# How many slugs we try before we give up, because others may take the one that we made.
TRIES = 5
# A product cannot exist without these.
NEEDED = frozenset({"sku", "slug", "name", "price"})
UPDATABLE = ProductFields.__optional_keys__


@transaction.atomic
def create_product(
    *, project: Project, fields: ProductFields, stock: int = 0, by: User | None = None
) -> Product:
    """Create a product with `stock` on hand, which becomes the first row of its ledger.

    An empty slug is derived from the name; the currency is the project's unless the fields name
    one. Raises `Invalid`, `SkuTaken` and `SlugTaken`.
    """
    if not 0 <= stock <= MAX_STOCK:
        raise Invalid({"stock": [f"Must be from 0 to {MAX_STOCK}."]})
    _hold_category(project.pk, fields.get("category"))
    fields = {"currency": project.currency, **fields}
    product = Product(project=project, **fields)
    makes_slug = not product.slug
    for _ in range(TRIES):
        if makes_slug:
            product.slug = _free_slug(product)
        check_row(product, (NEEDED | fields.keys()) - {"category"})
        refusal = _refusal_of_saving(product)
        if refusal is None:
            break
        if not makes_slug or isinstance(refusal, SkuTaken):
            raise refusal
    else:
        raise SlugTaken
    if stock:
        adjust_locked({product: stock}, reason=StockMovement.Reason.INITIAL, by=by)
        product.refresh_from_db(fields=["stock", "version", "updated_at"])
    return product


@transaction.atomic
def update_product(
    *,
    product: Product,
    changes: ProductFields,
    precondition: Precondition | None = None,
) -> Product:
    """Change the named fields and return the product.

    `precondition` is called with the locked product before anything changes, and may raise. An
    empty slug is derived from the name again. Setting the same value again is no change. Raises
    `ProductNotFound`, `Invalid`, `SkuTaken` and `SlugTaken`.
    """
    if unknown := changes.keys() - UPDATABLE:
        msg = f"update_product changes no {sorted(unknown)}"
        raise TypeError(msg)
    # Like everywhere, lock categories before products.
    _hold_category(product.project_id, changes.get("category"))
    locked = lock_products([product.pk]).get(product.pk)
    if locked is None:
        raise ProductNotFound
    if precondition is not None:
        precondition(locked)
    before = {name: getattr(locked, name) for name in _columns(changes)}
    for name, value in changes.items():
        setattr(locked, name, value)
    if not locked.slug:
        locked.slug = _free_slug(locked)
    changed = [name for name, value in before.items() if getattr(locked, name) != value]
    # Check only what changed: clients may send back a value that was valid when it was stored.
    check_row(locked, set(changed) - {"category_id"})
    if changed and (refusal := _refusal_of_saving(locked, changed)):
        raise refusal
    return locked


def touch(product: Product) -> list[str]:
    """Count a change of a locked product; return the columns to save for it."""
    product.version += 1
    product.updated_at = timezone.now()
    return ["version", "updated_at"]


def _columns(changes: ProductFields) -> list[str]:
    return ["category_id" if name == "category" else name for name in changes]


def _hold_category(project_id: int, category: Category | None) -> None:
    """Keep the category, if there is one, from being deleted until the transaction ends.

    Raises `Invalid` if it is gone or in another project.
    """
    if category is None:
        return
    held = Category.objects.select_for_update(no_key=True).filter(
        pk=category.pk, project=project_id
    )
    if not held:
        raise NoSuchCategory("category")


def _free_slug(product: Product) -> str:
    start = slug_of(product.name)[:240]
    others = Product.objects.filter(project=product.project_id).exclude(pk=product.pk)
    # A number replaces the last characters of a long slug.
    alike = others.filter(slug__startswith=start)
    return Slugs(alike.values_list("slug", flat=True)).new_for(product.name)


def _refusal_of_saving(
    product: Product, changed: Collection[str] | None = None
) -> SkuTaken | SlugTaken | None:
    """Insert the product or update the columns `changed`; return a refusal if a value is taken.

    We do not look beforehand, since two requests at once would both find the value free. The
    constraint decides.
    """
    try:
        with transaction.atomic():
            if changed is None:
                product.save(force_insert=True)
            else:
                product.save(update_fields=[*changed, *touch(product)])
    except IntegrityError:
        others = Product.objects.filter(project=product.project_id)
        others = others.exclude(pk=product.pk)
        if others.filter(sku=product.sku).exists():
            return SkuTaken()
        if others.filter(slug=product.slug).exists():
            return SlugTaken()
        raise
    return None
