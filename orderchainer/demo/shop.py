"""The demo's shop: forty products of a workshop on Lake Constance, taken in as any merchant's are."""

from pathlib import Path

from accounts.models import Membership, Project, User
from accounts.services import create_project
from accounts.services.storefront import set_storefront
from catalog.models import Product, ProductQuerySet
from catalog.services import import_products, set_picture
from orderchainer.demo.drawings import DRAWINGS, drawing_of

NAME = "Aurora Workshop"
# A table as `import_products` takes it.
CATALOGUE = Path(__file__).with_name("catalogue.csv")


def load_shop(merchant: User) -> None:
    """Make a project of `merchant` with the catalogue; it is the storefront unless there is one already."""
    project = create_project(
        owner=merchant,
        name=NAME,
        description="Furniture, lamps, ceramics and textiles, made by the lake.",
        timezone="Europe/Berlin",
    )
    import_products(project=project, content=CATALOGUE.read_bytes(), by=merchant)
    if not Project.objects.filter(is_storefront=True).exists():
        set_storefront(project=project, by=merchant)


def draw_pictures_of(merchant: User) -> None:
    """Give the catalogue's products their pictures. Opens a transaction for each.

    Only to those that nobody has touched since they came, of which their stock made the second version: a
    start that was broken off is made good for, and who took a picture away does not get it back.
    """
    products = products_of(merchant).filter(sku__in=DRAWINGS, image="", version__lte=2)
    for product in products.order_by("pk"):
        set_picture(product=product, picture=drawing_of(product.sku))


def products_of(merchant: User) -> ProductQuerySet:
    """Return all products in the projects that `merchant` owns."""
    return Product.objects.filter(
        project__memberships__user=merchant,
        project__memberships__role=Membership.Role.OWNER,
    )
