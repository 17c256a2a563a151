"""The form of a product: it saves through the services and refuses a stale page."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Project, User
from accounts.tests.admin.browsers import TOO_LARGE, browser_of, shown
from accounts.tests.admin.forms import fields_in
from accounts.tests.factories import make_user
from catalog.admin.forms import ProductChangeForm
from catalog.models import Product, StockMovement
from catalog.queries.inventory import stock_differences
from catalog.services import (
    adjust_stock,
    lock_products,
    set_picture,
    take_stock,
    update_product,
)
from catalog.tests.admin.pages import (
    change,
    errors_in,
    ledger,
    new_product,
    page,
    picture_file,
    product_form,
    save,
)
from catalog.tests.factories import make_category, make_product, make_storefront
from orderchainer.core.admin.overtaken import OVERTAKEN
from orderchainer.core.errors import Stale
from orderchainer.core.pictures import read_picture

pytestmark = pytest.mark.django_db


def files() -> list[str]:
    """Return the pictures that are stored."""
    if not default_storage.exists("products"):
        return []
    return sorted(default_storage.listdir("products")[1])


# --- new --------------------------------------------------------------------------------------


def test_makes_a_product_with_its_stock_and_picture(
    client: Client, shop: Project, admin: User
) -> None:
    shelf = make_category(shop)

    response = new_product(
        client,
        category=shelf.pk,
        first_stock="7",
        description="Two\r\nlines",
        picture=picture_file(),
    )

    product = Product.objects.get()
    assert response.status_code == 302
    assert (product.project, product.category, product.slug) == (
        shop,
        shelf,
        "desk-lamp",
    )
    assert (product.stock, ledger(product)) == (7, [(7, "initial")])
    assert (product.description, product.price) == ("Two\nlines", Decimal("19.99"))
    assert [f"products/{name}" for name in files()] == [product.image.name]
    assert StockMovement.objects.get().by == admin
    assert LogEntry.objects.get().object_id == str(product.pk)


@pytest.mark.parametrize(
    ("name", "value", "at"),
    [
        ("name", "", "name"),
        ("sku", "", "sku"),
        ("sku", "TAKEN", "sku"),
        ("slug", "taken", "slug"),
        ("slug", "no slug", "slug"),
        ("price", "-1", "price"),
        ("price", "NaN", "price"),
        ("price", "1_000", "price"),
        ("price", "\u0663", "price"),
        ("price", "", "price"),
        ("currency", "usd", "currency"),
        ("first_stock", "-1", "first_stock"),
        ("first_stock", TOO_LARGE, "first_stock"),
        ("category", TOO_LARGE, "category"),
        ("category", "{theirs}", "category"),
        ("name", "a\x00b", "name"),
        ("project", "abc", "project"),
    ],
)
def test_a_new_product_that_is_wrong_is_refused_at_its_field(
    client: Client, shop: Project, name: str, value: str, at: str
) -> None:
    theirs = make_category(make_storefront())
    Project.objects.update(is_storefront=False)
    Project.objects.filter(pk=shop.pk).update(is_storefront=True)
    make_product(shop, sku="TAKEN", slug="taken")

    response = new_product(
        client, **{"picture": picture_file(), name: value.format(theirs=theirs.pk)}
    )

    assert errors_in(response).keys() == {at, "picture"}
    assert Product.objects.count() == 1
    assert files() == []


def test_a_file_that_is_not_a_picture_is_refused_at_its_field(
    client: Client, shop: Project
) -> None:
    script = SimpleUploadedFile("x.png", b"<script>", content_type="image/png")

    response = new_product(client, picture=script)

    assert errors_in(response) == {"picture": ["Upload a PNG, JPEG, WebP or GIF picture."]}
    assert not Product.objects.exists()


# --- changing ---------------------------------------------------------------------------------


def test_saves_the_typed_values(client: Client, shop: Project) -> None:
    lamp = make_product(shop, description=" Two\nlines\n")
    shelf = make_category(shop)

    response = change(client, lamp, price="24.50", category=shelf.pk, featured="on", is_active=None)

    lamp.refresh_from_db()
    assert response.status_code == 302
    assert (lamp.price, lamp.category, lamp.featured, lamp.is_active) == (
        Decimal("24.50"),
        shelf,
        True,
        False,
    )
    assert lamp.description == " Two\nlines\n"


def test_saving_an_unchanged_form_is_no_change(client: Client, shop: Project) -> None:
    lamp = make_product(shop, description="One\n\ntwo\n", category=make_category(shop))

    response = change(client, lamp)

    assert response.status_code == 302
    assert Product.objects.get().version == lamp.version


def test_an_emptied_slug_is_made_of_the_name(client: Client, shop: Project) -> None:
    lamp = make_product(shop, name="Oak lamp", slug="old")

    change(client, lamp, slug="")

    assert Product.objects.get().slug == "oak-lamp"


@pytest.mark.parametrize(("name", "value"), [("sku", "TAKEN"), ("slug", "taken")])
def test_a_taken_sku_or_slug_is_refused_at_its_field(
    client: Client, shop: Project, name: str, value: str
) -> None:
    make_product(shop, sku="TAKEN", slug="taken")
    lamp = make_product(shop)

    response = change(client, lamp, **{name: value, "name": "Typed"})

    assert errors_in(response).keys() == {name}
    assert 'value="Typed"' in response.content.decode()
    lamp.refresh_from_db()
    assert (lamp.name, lamp.version) == ("Desk lamp", lamp.version)


def test_a_category_of_another_project_cannot_be_chosen(client: Client, shop: Project) -> None:
    lamp = make_product(shop)
    theirs = make_category(make_storefront())

    response = change(client, lamp, category=theirs.pk)

    assert errors_in(response).keys() == {"category"}


def test_neither_project_nor_stock_is_changed_by_the_form(client: Client, shop: Project) -> None:
    lamp = make_product(shop)

    change(client, lamp, project=make_storefront().pk, stock="99", first_stock="99")

    lamp.refresh_from_db()
    assert (lamp.project, lamp.stock) == (shop, 10)


# --- pictures ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_new_picture_takes_the_place_of_the_old_one(client: Client, shop: Project) -> None:
    lamp = make_product(shop)
    change(client, lamp, picture=picture_file("red"))
    first = Product.objects.get().image.name

    response = change(client, lamp, picture=picture_file("blue"), price="5.00")

    product = Product.objects.get()
    assert response.status_code == 302
    assert product.image.name != first
    assert [f"products/{name}" for name in files()] == [product.image.name]
    assert product.image.url in shown(client, page("product_change", lamp.pk))
    assert product.image.url in shown(client, page("product_changelist"))


@pytest.mark.django_db(transaction=True)
def test_a_picture_is_taken_away(client: Client, shop: Project) -> None:
    lamp = make_product(shop)
    change(client, lamp, picture=picture_file())

    response = change(client, lamp, **{"picture-clear": "on"})

    assert response.status_code == 302
    assert (Product.objects.get().image.name, files()) == ("", [])


def test_a_refused_form_keeps_no_file_and_says_so(client: Client, shop: Project) -> None:
    lamp = make_product(shop)

    response = change(client, lamp, picture=picture_file(), price="-1")

    assert errors_in(response)["picture"] == ["Choose the picture again: it was not kept."]
    assert files() == []


def test_a_picture_that_another_user_changed_is_not_overwritten(
    client: Client, shop: Project
) -> None:
    lamp = make_product(shop)
    form = product_form(client, lamp)
    theirs = read_picture(picture_file("red").read())
    set_picture(product=lamp, picture=theirs)
    now = Product.objects.get().image.name

    response = save(client, lamp, form, picture=picture_file("blue"))

    assert OVERTAKEN in errors_in(response)["__all__"]
    assert Product.objects.get().image.name == now
    assert [f"products/{name}" for name in files()] == [now]


# --- two at once ------------------------------------------------------------------------------


def test_the_second_of_two_editors_sees_what_the_first_changed(
    client: Client, shop: Project
) -> None:
    lamp = make_product(shop, description="As it was")
    other = browser_of(make_user(is_staff=True, is_superuser=True))
    first, second = product_form(client, lamp), product_form(other, lamp)
    save(client, lamp, first, price="24.00", name="Tall lamp")

    response = save(other, lamp, second, price="22.00", description="Typed for long")

    assert errors_in(response) == {
        "__all__": [OVERTAKEN],
        "price": ["Now: 24.00."],
        "name": ["Changed in the meantime: this is the current value."],
    }
    lamp.refresh_from_db()
    assert (lamp.price, lamp.name, lamp.description) == (
        Decimal("24.00"),
        "Tall lamp",
        "As it was",
    )
    # The page keeps what was typed, and shows the current value of what the other user changed.
    again = fields_in(response.content.decode(), "product_form")
    assert again["price"] == ["22.00"]
    assert again["description"] == ["Typed for long"]
    assert again["name"] == ["Tall lamp"]
    # The user has now seen both values, so saving again works.
    assert save(other, lamp, again).status_code == 302
    lamp.refresh_from_db()
    assert (lamp.price, lamp.name, lamp.description) == (
        Decimal("22.00"),
        "Tall lamp",
        "Typed for long",
    )


def test_a_page_that_was_shown_again_can_be_stale_too(client: Client, shop: Project) -> None:
    lamp = make_product(shop)
    form = product_form(client, lamp)
    update_product(product=lamp, changes={"price": Decimal(30)})
    refused = save(client, lamp, form, price="22.00")
    again = fields_in(refused.content.decode(), "product_form")
    update_product(product=lamp, changes={"price": Decimal(40)})

    response = save(client, lamp, again)

    assert errors_in(response)["price"] == ["Now: 40.00."]
    assert Product.objects.get().price == Decimal(40)


@pytest.mark.parametrize(
    ("name", "theirs", "mine"),
    [
        ("category", None, None),
        ("featured", True, None),
        ("is_active", False, None),
        ("currency", "EUR", None),
        ("description", "Theirs", None),
    ],
)
def test_any_change_meanwhile_makes_the_page_stale(
    client: Client, shop: Project, name: str, theirs: Any, mine: Any
) -> None:
    lamp = make_product(shop, category=make_category(shop))
    form = product_form(client, lamp)
    update_product(product=lamp, changes={name: theirs})  # type: ignore[misc]  # by its name

    response = save(client, lamp, form, price="22.00")

    assert errors_in(response) == {
        "__all__": [OVERTAKEN],
        name: ["Changed in the meantime: this is the current value."],
    }
    product = Product.objects.get()
    assert (product.price, getattr(product, name)) == (Decimal("19.99"), theirs)


def test_a_sale_does_not_make_an_open_form_stale(client: Client, shop: Project) -> None:
    lamp = make_product(shop)
    form = product_form(client, lamp)
    take_stock(products=lock_products([lamp.pk]), demand={lamp.pk: 3}, order_id=1)
    adjust_stock(product_id=lamp.pk, change=20)

    response = save(client, lamp, form, price="22.00")

    lamp.refresh_from_db()
    assert response.status_code == 302
    assert (lamp.price, lamp.stock) == (Decimal("22.00"), 27)


@pytest.mark.parametrize("version", ["", "abc", TOO_LARGE, "\x00", None])
def test_a_post_without_the_shown_values_overwrites_nothing(
    client: Client, shop: Project, version: str | None
) -> None:
    lamp = make_product(shop)
    form = product_form(client, lamp)
    untold = {name: value for name, value in form.items() if not name.startswith("initial-")}

    response = save(client, lamp, untold, version=version, price="22.00")

    assert response.status_code == 200
    assert Product.objects.get().price == Decimal("19.99")


def test_an_empty_post_changes_nothing(client: Client, shop: Project) -> None:
    lamp = make_product(shop)

    response = client.post(page("product_change", lamp.pk), {})

    assert response.status_code == 200
    assert Product.objects.get().version == lamp.version


def test_a_product_that_changes_between_check_and_lock_is_refused(
    client: Client, shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = make_product(shop)
    form = product_form(client, lamp)
    checked = ProductChangeForm.clean

    def overtaken(self: ProductChangeForm) -> Any:
        cleaned = checked(self)
        Product.objects.filter(pk=lamp.pk, version=lamp.version).update(
            price=50, version=lamp.version + 1
        )
        return cleaned

    monkeypatch.setattr(ProductChangeForm, "clean", overtaken)

    response = save(client, lamp, form, name="Mine")

    assert errors_in(response)["__all__"] == [Stale.default_message]
    # The change that the test made is rolled back together with the refused one.
    assert Product.objects.get().name == "Desk lamp"


# --- stock ------------------------------------------------------------------------------------


def adjust(client: Client, product: Product, **fields: Any) -> Any:
    url = page("product_adjust_stock", product.pk)
    seen = client.get(url).context["form"]["seen"].value()
    return client.post(url, {"seen": seen, "reason": "received", **fields})


def test_adjusts_stock_with_a_reason(client: Client, shop: Project, admin: User) -> None:
    lamp = make_product(shop)

    response = adjust(client, lamp, change="5", note="From the workshop")

    lamp.refresh_from_db()
    assert response.status_code == 302
    assert (lamp.stock, ledger(lamp)) == (15, [(10, "initial"), (5, "received")])
    text = shown(client, page("product_change", lamp.pk))
    assert "From the workshop" in text
    assert admin.email in text
    assert stock_differences() == []


def test_an_adjustment_adds_to_the_current_stock(client: Client, shop: Project) -> None:
    lamp = make_product(shop)
    url = page("product_adjust_stock", lamp.pk)
    seen = client.get(url).context["form"]["seen"].value()
    take_stock(products=lock_products([lamp.pk]), demand={lamp.pk: 3}, order_id=1)

    client.post(url, {"seen": seen, "reason": "adjusted", "change": "-7"})

    lamp.refresh_from_db()
    assert lamp.stock == 0


def test_an_adjustment_that_is_sent_twice_counts_once(client: Client, shop: Project) -> None:
    lamp = make_product(shop)
    url = page("product_adjust_stock", lamp.pk)
    seen = client.get(url).context["form"]["seen"].value()
    posted = {"seen": seen, "reason": "received", "change": "5"}

    first, second = client.post(url, posted), client.post(url, posted)

    lamp.refresh_from_db()
    assert (first.status_code, second.status_code) == (302, 200)
    assert "has changed since you read it" in second.content.decode()
    assert lamp.stock == 15


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"change": "-11"}, "__all__"),
        ({"change": "0"}, "change"),
        ({"change": ""}, "change"),
        ({"change": "1.5"}, "change"),
        ({"change": TOO_LARGE}, "change"),
        ({"change": "1000000000"}, "change"),
        ({"change": "1", "reason": "sold"}, "reason"),
        ({"change": "1", "note": "x" * 256}, "note"),
        ({"change": "1", "note": "a\x00b"}, "note"),
    ],
)
def test_an_impossible_adjustment_is_refused(
    client: Client, shop: Project, fields: dict[str, str], at: str
) -> None:
    lamp = make_product(shop)

    response = adjust(client, lamp, **fields)

    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {at}
    assert ledger(lamp) == [(10, "initial")]


def test_a_product_cannot_be_deleted(client: Client, shop: Project) -> None:
    lamp = make_product(shop)

    response = client.post(page("product_delete", lamp.pk), {"post": "yes"})

    assert response.status_code == 403
    assert Product.objects.exists()
