"""The page of a product: what it shows, its stock and ledger, its picture, taking it off sale."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_project
from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from catalog.models import Product, StockMovement
from catalog.queries.inventory import movements_of, stock_differences
from catalog.services import adjust_stock, lock_products, take_stock
from catalog.tests.factories import make_category, make_product
from catalog.tests.pages.scenes import HOSTILE, address, fields_on, send, text_of
from orderchainer.testing.photographs import jpeg_that_says, photograph

pytestmark = pytest.mark.django_db


def page_of(team: Team, client: Client, product: Product, query: str = "") -> str:
    response = client.get(f"{address(team, 'products', product.uuid)}{query}")
    assert response.status_code == 200
    return text_of(response)


def adjust(team: Team, client: Client, product: Product, **typed: str) -> Any:
    body = {"change": "1", "reason": "received", "key": uuid4().hex, **typed}
    return client.post(address(team, "products", product.uuid, "stock"), body)


def upload(team: Team, client: Client, product: Product, content: bytes) -> Any:
    file = SimpleUploadedFile("lamp.jpg", content, content_type="image/jpeg")
    return client.post(address(team, "products", product.uuid, "picture"), {"picture": file})


# --- What it shows ----------------------------------------------------------------------------


def test_the_page_shows_the_product_and_its_ledger(team: Team, manager: Client) -> None:
    category = make_category(team.project, "Lights")
    product = make_product(
        team.project, name="Lamp", sku="LAMP-1", stock=3, category=category, description="Oak.\nNew"
    )
    adjust_stock(product_id=product.pk, change=40, reason="received", note="Box 7", by=team.owner)
    take_stock(products=lock_products([product.pk]), demand={product.pk: 2}, order_id=12)

    page = page_of(team, manager, product)

    assert "<h1>Lamp</h1>" in page
    for text in ("LAMP-1", "Lights", "19.99", "41 left", "Oak.<br>New", "For sale"):
        assert text in page
    sold, received, first = page.partition('class="table folds ledger"')[2].split("<tr>")[2:]
    assert "-2" in sold
    assert f'<a href="{address(team, "orders", 12)}">Order #12</a>' in sold
    for text in ("+40", "Received", "Box 7", "owner@example.com"):
        assert text in received
    assert "First stock" in first


def test_a_long_ledger_has_pages(team: Team, manager: Client) -> None:
    product = make_product(team.project, stock=0)
    for number in range(21):
        adjust_stock(product_id=product.pk, change=1, note=f"Box {number}.")

    assert "20 of 21 changes" in page_of(team, manager, product)
    assert "Box 0." not in page_of(team, manager, product)
    assert "Box 0." in page_of(team, manager, product, "?page=2")
    page_of(team, manager, product, "?page=x")


def test_members_who_may_not_change_it_have_no_forms(team: Team, viewer: Client) -> None:
    product = make_product(team.project)

    page = page_of(team, viewer, product)

    for words in ("Adjust stock", "Take off sale", "Upload", "/edit"):
        assert words not in page


@pytest.mark.parametrize(
    "name", ["x", "0", "%00", "9" * 40, "00000000-0000-0000-0000-00000000000g"]
)
def test_a_product_that_does_not_exist_is_a_404(team: Team, manager: Client, name: str) -> None:
    for part in ("", "/edit", "/stock", "/picture", "/orders"):
        path = f"{address(team, 'products')}/{name}{part}"
        assert manager.get(path).status_code == 404


def test_products_of_other_projects_are_404s(team: Team, manager: Client) -> None:
    elsewhere = create_project(owner=team.members["manager"], name="Elsewhere")
    product = make_product(elsewhere)

    assert manager.get(address(team, "products", product.uuid)).status_code == 404
    assert adjust(team, manager, product).status_code == 404
    product.refresh_from_db()
    assert product.stock == 10


def test_text_of_people_stays_text(team: Team, manager: Client) -> None:
    product = make_product(team.project, name=HOSTILE, sku=HOSTILE[:60], description=HOSTILE)
    adjust_stock(product_id=product.pk, change=1, note=HOSTILE)

    for part in ("", "/edit", "/stock", "/picture", "/orders"):
        page = text_of(manager.get(f"{address(team, 'products', product.uuid)}{part}"))
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


def test_the_page_takes_equally_many_statements_for_every_product(
    team: Team, manager: Client
) -> None:
    counts = []
    for movements in (1, 60):
        product = make_product(team.project)
        for _ in range(movements):
            adjust_stock(product_id=product.pk, change=1, by=team.owner)
        page_of(team, manager, product)
        with CaptureQueriesContext(connection) as statements:
            page_of(team, manager, product)
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 8


# --- Stock ------------------------------------------------------------------------------------


def test_a_form_changes_the_stock_for_a_reason(team: Team, manager: Client) -> None:
    product = make_product(team.project)

    response = adjust(team, manager, product, change="-3", reason="adjusted", note="Broken")

    path = address(team, "products", product.uuid)
    assert (response.status_code, response["Location"]) == (303, path)
    latest = movements_of(product)[0]
    assert (latest.change, latest.reason, latest.note) == (-3, "adjusted", "Broken")
    assert latest.by == team.members["manager"]
    assert "7 left" in page_of(team, manager, product)


def test_a_form_that_is_sent_twice_changes_the_stock_once(team: Team, manager: Client) -> None:
    product = make_product(team.project)

    answers = [adjust(team, manager, product, change="5", key="once") for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    product.refresh_from_db()
    assert product.stock == 15
    # Another form under the same key is another change, and nobody meant it.
    assert adjust(team, manager, product, change="6", key="once").status_code == 409


def test_a_form_that_is_sent_again_with_other_values_says_what_happened(
    team: Team, manager: Client
) -> None:
    product = make_product(team.project, stock=5)
    path = address(team, "products", product.uuid, "stock")
    sent = fields_on(manager.get(path).content.decode())
    manager.post(path, {**sent, "change": "1"})

    # Somebody went back to the form and changed it.
    again = manager.post(path, {**sent, "change": "2"})

    assert again.status_code == 409
    assert "This form was sent already, with other values." in text_of(again)
    assert 'name="change" value="2"' in text_of(again)
    assert "Idempotency" not in text_of(again)
    product.refresh_from_db()
    assert product.stock == 6


def test_two_people_at_once_both_count(team: Team, manager: Client) -> None:
    product = make_product(team.project)
    other = browser_of(team.owner)
    path = address(team, "products", product.uuid, "stock")
    shown = [client.get(path) for client in (manager, other)]
    assert all("10 left" in text_of(each) for each in shown)

    send(manager, path, change="5")
    send(other, path, change="-2", reason="adjusted")

    product.refresh_from_db()
    assert product.stock == 13
    assert stock_differences() == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"change": "-11"}, "There are only 10."),
        ({"change": "0"}, "Enter how many came or went."),
        ({"change": ""}, "This field is required."),
        ({"change": "many"}, "Enter a whole number."),
        ({"change": "9" * 5000}, "Enter a whole number."),
        ({"change": str(10**9)}, "There would be more than"),
        ({"reason": "sold"}, "Select a valid choice."),
        ({"note": "x" * 256}, "at most 255 characters"),
        ({"note": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_a_wrong_change_is_refused_at_its_field(
    team: Team, manager: Client, typed: dict[str, str], words: str
) -> None:
    product = make_product(team.project)

    response = adjust(team, manager, product, **typed)

    assert response.status_code == 400
    assert words in text_of(response)
    product.refresh_from_db()
    assert product.stock == 10
    assert StockMovement.objects.count() == 1


# --- For sale ---------------------------------------------------------------------------------


def test_a_product_is_taken_off_sale_and_put_back(team: Team, manager: Client) -> None:
    product = make_product(team.project)
    path = address(team, "products", product.uuid, "for-sale")

    for _ in range(2):
        assert manager.post(path, {"for_sale": "no"}).status_code == 303
    product.refresh_from_db()
    assert (product.is_active, product.version) == (False, 3)
    assert "Put on sale" in page_of(team, manager, product)

    manager.post(path, {"for_sale": "yes"})
    product.refresh_from_db()
    assert product.is_active
    assert manager.post(path, {}).status_code == 400


# --- The picture ------------------------------------------------------------------------------


def test_a_picture_is_uploaded_replaced_and_removed(
    team: Team, manager: Client, django_capture_on_commit_callbacks: Any
) -> None:
    product = make_product(team.project)
    names = []
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert upload(team, manager, product, photograph()).status_code == 303
        product.refresh_from_db()
        names.append(product.image.name or "")

    assert not default_storage.exists(names[0])
    assert f'src="/media/{names[1]}"' in page_of(team, manager, product)

    with django_capture_on_commit_callbacks(execute=True):
        response = manager.post(
            address(team, "products", product.uuid, "picture"), {"remove": "yes"}
        )
    assert response.status_code == 303
    product.refresh_from_db()
    assert not product.image.name
    assert not default_storage.exists(names[1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg onload=alert(1)>", "Upload a PNG, JPEG, WebP or GIF picture."),
        (b"", "The submitted file is empty."),
        (jpeg_that_says(30_000, 30_000), "The picture has too many pixels"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_with_what_is_accepted(
    team: Team, manager: Client, content: bytes, words: str
) -> None:
    product = make_product(team.project)

    response = upload(team, manager, product, content)

    assert response.status_code == 400
    assert words in text_of(response)
    assert "at most 5 MB" in text_of(response)
    product.refresh_from_db()
    assert (product.image.name, product.version) == ("", 2)


def test_a_file_that_is_too_large_is_told_plainly(team: Team, manager: Client) -> None:
    product = make_product(team.project)

    file = SimpleUploadedFile("lamp.jpg", b"x" * (6 * 1024 * 1024))

    response = manager.post(
        address(team, "products", product.uuid, "picture"),
        {"picture": file},
        headers={"Accept": "text/html"},
    )

    assert response.status_code == 413
    assert "<h1>This file is too large</h1>" in text_of(response)
    assert "at most 5 MB" in text_of(response)


def test_uploads_are_limited(team: Team, manager: Client, settings: Any) -> None:
    settings.RATE_LIMIT_UPLOADS = "1/m"
    product = make_product(team.project)

    answers = [upload(team, manager, product, photograph()) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 429]
