"""The demo's shop: forty products of a workshop on Lake Constance, imported like any merchant's."""

from pathlib import Path

from accounts.models import Membership, Project, User
from accounts.services import create_project
from accounts.services.storefront import set_storefront
from catalog.models import Product, ProductQuerySet
from catalog.services import import_products, set_picture
from catalog.services.pictures import MAX_SIDE
from orderchainer.core.pictures import Picture, read_picture

NAME = "Aurora Workshop"
# A table as `import_products` takes it.
CATALOGUE = Path(__file__).with_name("catalogue.csv")
# The picture of each product, by its SKU.
PICTURES = {path.stem: path for path in Path(__file__).with_name("pictures").glob("*.webp")}


def load_shop(merchant: User) -> None:
    """Make a project of `merchant` with the catalogue. Make it the storefront if there is none."""
    project = create_project(
        owner=merchant,
        name=NAME,
        description="Furniture, lamps, ceramics and textiles, made by the lake.",
        timezone="Europe/Berlin",
        currency="EUR",
    )
    import_products(project=project, content=CATALOGUE.read_bytes(), by=merchant)
    if not Project.objects.filter(is_storefront=True).exists():
        set_storefront(project=project, by=merchant)


def load_pictures_of(merchant: User) -> None:
    """Give the catalogue's products their pictures. Opens a transaction for each.

    Skips every product that somebody has changed since it was loaded. Its version shows that: a
    loaded product without its picture has version 2. So a picture that somebody removed does not
    come back. If a start is interrupted, the next one adds the pictures that are still missing.
    """
    products = products_of(merchant).filter(sku__in=PICTURES, image="", version__lte=2)
    for product in products.order_by("pk"):
        set_picture(product=product, picture=picture_of(product.sku))


def picture_of(sku: str) -> Picture:
    """Return the picture of the product with this SKU, prepared as an uploaded one would be."""
    return read_picture(PICTURES[sku].read_bytes(), longest_side=MAX_SIDE)


def shop_of(merchant: User) -> Project | None:
    """Return the project that `load_shop` made, unless `merchant` has renamed it or left it."""
    return Project.objects.filter(
        name=NAME,
        is_active=True,
        memberships__user=merchant,
        memberships__role=Membership.Role.OWNER,
    ).first()


def products_of(merchant: User) -> ProductQuerySet:
    """Return all products in the projects that `merchant` owns."""
    return Product.objects.filter(
        project__memberships__user=merchant,
        project__memberships__role=Membership.Role.OWNER,
    )
