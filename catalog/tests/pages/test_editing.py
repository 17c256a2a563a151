"""The forms that create and change products."""

from decimal import Decimal

import pytest
from django.test import Client

from accounts.services import create_project
from accounts.tests.projects import Team
from catalog.models import Product
from catalog.queries.inventory import movements_of
from catalog.services import adjust_stock, update_product
from catalog.tests.factories import make_category, make_product
from catalog.tests.pages.scenes import address, fields_on, send, text_of

pytestmark = pytest.mark.django_db

LAMP = {"name": "Desk lamp", "sku": "LAMP-1", "price": "19.9"}


def edit(team: Team, product: Product) -> str:
    return address(team, "products", product.uuid, "edit")


# --- New products -----------------------------------------------------------------------------


def test_a_form_creates_a_product(team: Team, manager: Client) -> None:
    category = make_category(team.project)

    response = send(
        manager,
        address(team, "products/new"),
        **LAMP,
        first_stock="4",
        category=str(category.pk),
        description="Oak.\r\nNew.",
    )

    product = Product.objects.get()
    assert (response.status_code, response["Location"]) == (
        303,
        address(team, "products", product.uuid),
    )
    assert (product.name, product.sku, product.slug) == ("Desk lamp", "LAMP-1", "desk-lamp")
    assert (product.price, product.currency) == (Decimal("19.9"), team.project.currency)
    assert (product.category, product.stock, product.is_active) == (category, 4, True)
    first = movements_of(product).get()
    assert (first.reason, first.by) == ("initial", team.members["manager"])
    assert "Desk lamp is created." in text_of(manager.get(response["Location"]))


def test_a_form_that_is_sent_twice_creates_one_product(team: Team, manager: Client) -> None:
    path = address(team, "products/new")
    body = {**fields_on(manager.get(path).content.decode()), **LAMP, "first_stock": "4"}

    answers = [manager.post(path, body) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Product.objects.get().stock == 4


def test_a_box_that_is_not_ticked_means_no(team: Team, manager: Client) -> None:
    path = address(team, "products/new")
    body = {**fields_on(manager.get(path).content.decode()), **LAMP}
    del body["is_active"]

    manager.post(path, body)

    assert not Product.objects.get().is_active


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"sku": "TAKEN"}, "Another product of this project has this SKU."),
        ({"price": "19,90"}, "Enter a number."),
        ({"price": "-1"}, "greater than or equal to 0"),
        ({"price": "NaN"}, "Enter a number."),
        ({"price": "1.999"}, "decimals"),
        ({"currency": "XXY"}, "currency"),
        ({"first_stock": "-1"}, "greater than or equal to 0"),
        ({"first_stock": str(10**10)}, "less than or equal to"),
        ({"name": " "}, "This field is required."),
        ({"name": "x" * 256}, "at most 255 characters"),
        ({"category": "999999"}, "Select a valid choice."),
        ({"category": "x"}, "Select a valid choice."),
        ({"description": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(
    team: Team, manager: Client, typed: dict[str, str], words: str
) -> None:
    make_product(team.project, sku="TAKEN")

    response = send(manager, address(team, "products/new"), **{**LAMP, "first_stock": "1", **typed})

    page = text_of(response)
    assert response.status_code == 400
    (name,) = typed
    assert words in page
    assert f'<a href="#id_{name}">' in page
    # What was typed is still there.
    assert 'value="19.9"' in page or name == "price"
    assert Product.objects.count() == 1


def test_a_category_of_another_project_is_refused(team: Team, manager: Client) -> None:
    elsewhere = create_project(owner=team.members["manager"], name="Elsewhere")
    theirs = make_category(elsewhere)

    response = send(manager, address(team, "products/new"), **LAMP, category=str(theirs.pk))

    assert response.status_code == 400
    assert not Product.objects.exists()


# --- Changes ----------------------------------------------------------------------------------


def test_a_form_changes_what_was_typed_and_nothing_else(team: Team, manager: Client) -> None:
    product = make_product(team.project, sku="LAMP-1", price=Decimal("19.99"), currency="EUR")

    response = send(manager, edit(team, product), name="Floor lamp", price="25", slug="")

    assert response["Location"] == address(team, "products", product.uuid)
    product.refresh_from_db()
    assert (product.name, product.price, product.slug) == ("Floor lamp", Decimal(25), "floor-lamp")
    assert (product.sku, product.version) == ("LAMP-1", 3)


def test_a_price_has_the_decimals_of_its_currency(team: Team, manager: Client) -> None:
    product = make_product(team.project, price=Decimal(1000), currency="JPY")

    assert 'name="price" value="1000"' in text_of(manager.get(edit(team, product)))


def test_sales_overtake_no_form(team: Team, manager: Client) -> None:
    product = make_product(team.project)
    sent = fields_on(manager.get(edit(team, product)).content.decode())
    adjust_stock(product_id=product.pk, change=-1)

    response = manager.post(edit(team, product), {**sent, "name": "Lamp"})

    assert response.status_code == 303
    product.refresh_from_db()
    assert (product.name, product.stock) == ("Lamp", 9)


def test_a_form_that_was_overtaken_shows_both_values(team: Team, manager: Client) -> None:
    product = make_product(team.project, price=Decimal(10))
    sent = fields_on(manager.get(edit(team, product)).content.decode())
    update_product(product=product, changes={"price": Decimal(12), "name": "Lamp"})

    response = manager.post(edit(team, product), {**sent, "price": "15"})

    page = text_of(response)
    assert response.status_code == 412
    assert "Now: 12.00" in page
    assert 'value="15"' in page
    assert 'value="Lamp"' in page
    product.refresh_from_db()
    assert (product.price, product.name) == (Decimal(12), "Lamp")
    # Sent once more, it is a choice between two values that were both in sight.
    again = manager.post(edit(team, product), fields_on(response.content.decode()))
    assert again.status_code == 303
    product.refresh_from_db()
    assert (product.price, product.name) == (Decimal(15), "Lamp")


def test_a_form_that_is_sent_twice_is_saved(team: Team, manager: Client) -> None:
    category = make_category(team.project)
    product = make_product(team.project)
    sent = fields_on(manager.get(edit(team, product)).content.decode())
    typed = {"name": "Lamp", "price": "5", "category": str(category.pk)}

    answers = [manager.post(edit(team, product), {**sent, **typed}) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    product.refresh_from_db()
    assert (product.name, product.version) == ("Lamp", 3)


@pytest.mark.parametrize(
    ("field", "words"),
    [("sku", "has this SKU"), ("slug", "This slug is taken")],
)
def test_a_value_that_is_taken_is_refused_at_its_field(
    team: Team, manager: Client, field: str, words: str
) -> None:
    make_product(team.project, sku="taken", slug="taken")
    product = make_product(team.project)

    response = send(manager, edit(team, product), **{field: "taken"})

    assert response.status_code == 400
    assert words in text_of(response)
    product.refresh_from_db()
    assert product.version == 2
