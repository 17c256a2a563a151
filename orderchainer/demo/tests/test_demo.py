"""The demo account, its chain and its shop."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import F, Sum
from PIL import Image

from accounts.models import Project, User
from accounts.services import create_project
from catalog.models import Category, Product, StockMovement
from catalog.services import set_picture, update_product
from catalog.tests.factories import make_product, make_storefront
from integrations.models import Integration
from integrations.services import disconnect_integration
from integrations.work.errands import due_errands
from integrations.work.runs import due_runs
from integrations.work.schedule import schedule_syncs
from orderchainer.core.days import days_up_to_today
from orderchainer.demo import pretend_shop, shop
from orderchainer.demo.loading import EMAIL, load_demo, load_pictures
from orders.figures import summary_of
from orders.models import Order
from orders.services import move_order
from orders.stream.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _pictures_of_this_test(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_the_chain_shows_every_kind_of_waiting() -> None:
    loaded = load_demo(as_staff=False)

    assert [
        (order.title, str(order.status), order.pk in loaded.waiting) for order in loaded.orders[:8]
    ] == [
        ("Oak boards", "completed", False),
        ("Hardware kit", "fulfilled", False),
        ("Steel legs", "active", False),
        ("Plane and glue the top", "pending", False),
        ("Assemble the table", "pending", True),
        ("Hardwax oil", "failed", False),
        ("Finish the surface", "pending", True),
        ("Deliver to Café Aurora", "pending", True),
    ]
    assert Event.objects.filter(type="order_ready").count() == 1
    assert Event.objects.filter(type="order_blocked").count() == 1


def test_loading_it_again_changes_nothing() -> None:
    first = load_demo(as_staff=False)
    move_order(
        order_id=first.orders[3].pk,
        status="completed",
        by=User.objects.get(email=EMAIL),
    )
    events = Event.objects.count()

    again = load_demo(as_staff=True)

    assert again.password is None
    assert [order.pk for order in again.orders] == [order.pk for order in first.orders]
    assert again.orders[3].status == "completed"
    assert Event.objects.count() == events
    assert not User.objects.get(email=EMAIL).is_staff


def test_its_password_is_shown_once_and_works() -> None:
    told, silent = io.StringIO(), io.StringIO()

    call_command("demo", stdout=told)
    call_command("demo", stdout=silent)

    password = told.getvalue().split("password  ")[1].split()[0]
    assert User.objects.get(email=EMAIL).check_password(password)
    assert told.getvalue().endswith(f"  e-mail    {EMAIL}\n  password  {password}\n")
    assert silent.getvalue() == (
        "The demo account demo@example.com is there, with 14 orders and 40 products. "
        "`make demo-password` gives it a new password.\n"
    )


def test_a_new_password_replaces_the_forgotten_one_and_changes_nothing_else() -> None:
    forgotten, made = io.StringIO(), io.StringIO()
    call_command("demo", stdout=forgotten)
    Product.objects.update(image="")

    call_command("demo", new_password=True, stdout=made)

    user = User.objects.get(email=EMAIL)
    assert user.check_password(made.getvalue().split("password  ")[1].split()[0])
    assert not user.check_password(forgotten.getvalue().split("password  ")[1].split()[0])
    assert not Product.objects.exclude(image="").exists()


@pytest.mark.parametrize("as_staff", [True, False])
def test_it_opens_the_admin_only_if_asked_to(as_staff: bool) -> None:
    load_demo(as_staff=as_staff)

    user = User.objects.get(email=EMAIL)
    assert (user.is_staff, user.is_superuser) == (as_staff, as_staff)


def test_an_account_without_orders_gets_a_new_chain() -> None:
    load_demo(as_staff=False)
    Event.objects.all().delete()
    Order.objects.get(title="Oak boards").dependent_edges.all().delete()
    for order in Order.objects.order_by("-pk"):
        order.delete()

    again = load_demo(as_staff=False)

    assert len(again.orders) == 8
    assert again.password is None


# --- The shop ---------------------------------------------------------------------------------


def test_its_shop_is_the_storefront_with_every_kind_of_product() -> None:
    load_demo(as_staff=False)

    products = Product.objects.all()
    assert Project.objects.get(is_storefront=True).name == shop.NAME
    assert products.filter(project__is_storefront=True).count() == 40
    assert products.filter(is_active=False).count() == 2
    assert products.filter(stock=0).count() == 4
    assert products.filter(featured=True).count() == 8
    assert products.filter(category__parent__isnull=False).count() == 27
    assert not products.filter(category=None).exists()
    assert not products.filter(description="").exists()
    tree = Category.objects.values_list("parent__name", "name").order_by("name")
    assert sorted((above or "", name) for above, name in tree) == [
        ("", "Furniture"),
        ("", "Kitchen"),
        ("", "Lighting"),
        ("", "Textiles"),
        ("Furniture", "Seating"),
        ("Furniture", "Tables and shelves"),
        ("Kitchen", "Boards and tools"),
        ("Kitchen", "Ceramics"),
    ]


def test_its_stock_agrees_with_the_ledger() -> None:
    load_demo(as_staff=False)

    in_stock = Product.objects.filter(stock__gt=0)
    agreeing = in_stock.annotate(moved=Sum("movements__change")).filter(moved=F("stock"))
    assert agreeing.count() == in_stock.count() == 36
    assert set(StockMovement.objects.values_list("reason", flat=True)) == {"initial"}


def test_each_product_has_its_own_picture() -> None:
    load_demo(as_staff=False)
    load_pictures()

    names = Product.objects.values_list("image", flat=True)
    contents = set()
    for name in names:
        with default_storage.open(name) as file, Image.open(file) as image:
            assert (image.format, image.size) == ("JPEG", (640, 640))
            contents.add(image.tobytes())
    assert len(contents) == 40


def test_the_catalogue_and_the_pictures_name_the_same_products() -> None:
    with shop.CATALOGUE.open(newline="") as file:
        skus = [row["sku"] for row in csv.DictReader(file)]

    assert sorted(skus) == sorted(shop.PICTURES)


def test_loading_it_again_leaves_the_shop_as_it_is() -> None:
    load_demo(as_staff=False)
    load_pictures()
    changed, without = Product.objects.order_by("pk")[:2]
    update_product(product=changed, changes={"sku": "MINE", "name": "Mine"})
    set_picture(product=without, picture=None)
    before = list(Product.objects.order_by("pk").values())
    files = set(default_storage.listdir("products")[1])

    load_demo(as_staff=False)
    load_pictures()

    assert list(Product.objects.order_by("pk").values()) == before
    assert Project.objects.filter(name=shop.NAME).count() == 1
    assert set(default_storage.listdir("products")[1]) == files


def test_the_next_start_adds_the_pictures_that_an_interrupted_one_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture_of = shop.picture_of

    def break_at_the_third(sku: str) -> object:
        if sku == "SEAT-CHAIR-SPINDLE":
            raise KeyboardInterrupt
        return picture_of(sku)

    told = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(shop, "picture_of", break_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            call_command("demo", stdout=told)
    # The password was shown in spite of the interruption, so its owner can sign in.
    assert "password  " in told.getvalue()
    assert Product.objects.filter(image="").count() == 38

    call_command("demo", stdout=told)

    assert Product.objects.count() == 40
    assert not Product.objects.filter(image="").exists()


def test_an_existing_storefront_stays_the_storefront() -> None:
    storefront = make_storefront()

    load_demo(as_staff=False)

    assert Project.objects.get(is_storefront=True) == storefront
    assert Product.objects.filter(project__name=shop.NAME).count() == 40


def test_a_merchant_with_products_gets_no_demo_products() -> None:
    load_demo(as_staff=False)
    Product.objects.all().update(image="")
    StockMovement.objects.all().delete()
    Product.objects.all().delete()
    make_product(create_project(owner=User.objects.get(email=EMAIL), name="Own"))

    load_demo(as_staff=False)

    assert Product.objects.count() == 1


# --- The pretend shop at Shopify --------------------------------------------------------------


def test_its_shop_is_connected_to_a_pretend_one_that_nobody_calls() -> None:
    load_demo(as_staff=False)

    integration = Integration.objects.get()
    merchant = User.objects.get(email=EMAIL)
    assert (integration.project.name, integration.provider) == (shop.NAME, "shopify")
    assert (integration.status, integration.is_paused) == ("connected", True)
    assert integration.connected_by == merchant
    assert integration.notes == [pretend_shop.NOTE]
    assert set(integration.config) == {"api_key", "shop_url"}
    assert set(integration.reveal()) == {"api_key", "api_secret"}
    assert (due_errands(), due_runs(), list(schedule_syncs().runs)) == ([], [], [])
    run = integration.runs.get()
    assert (run.word, run.seen, run.created) == ("done", 6, 6)


def test_its_orders_from_shopify_show_every_way_to_end() -> None:
    loaded = load_demo(as_staff=False)

    orders = Order.objects.filter(provider="shopify").order_by("pk")
    assert [(order.title, str(order.status), f"{order.total_price:.2f}") for order in orders] == [
        ("#1001", "completed", "83.90"),
        ("#1002", "fulfilled", "136.90"),
        ("#1003", "cancelled", "82.90"),
        ("#1004", "shipped", "137.90"),
        ("#1005", "active", "83.90"),
        ("#1006", "pending", "136.90"),
    ]
    assert loaded.orders[8:] == list(orders)
    assert [order.title for order in orders if order.is_test] == ["#1005"]
    moved = Event.objects.filter(type="order_status_changed", order__in=orders)
    assert {event.data["cause"]["source"] for event in moved} == {"shopify"}
    project = Project.objects.get(is_storefront=True)
    summary = summary_of(project, days_up_to_today(30, ZoneInfo(project.timezone)))
    assert (summary.total_orders, summary.total_revenue) == (6, Decimal("495.60"))


def test_loading_it_again_leaves_the_pretend_shop_as_it_is() -> None:
    load_demo(as_staff=False)
    integration = Integration.objects.get()
    disconnect_integration(integration=integration, by=User.objects.get(email=EMAIL))
    events = Event.objects.count()

    load_demo(as_staff=False)

    assert Integration.objects.get().status == "disconnected"
    assert Order.objects.filter(provider="shopify").count() == 6
    assert Event.objects.count() == events


def test_a_shop_from_before_gets_its_pretend_shop_at_the_next_start() -> None:
    load_demo(as_staff=False)
    Integration.objects.all().delete()
    Event.objects.all().delete()
    for order in Order.objects.filter(provider="shopify"):
        order.delete()

    load_demo(as_staff=False)

    assert Integration.objects.count() == 1
    assert Order.objects.filter(provider="shopify").count() == 6
    assert Order.objects.count() == 14
