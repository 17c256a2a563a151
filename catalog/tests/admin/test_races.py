"""Races in the back office: no change is lost, and nothing deadlocks."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import Project
from accounts.tests.admin.browsers import browser_of
from accounts.tests.factories import make_user
from catalog.admin import ProductAdmin
from catalog.models import Product
from catalog.services import adjust_stock, stock
from catalog.tests.admin.pages import product_form, row_of, rows, save, save_rows
from catalog.tests.factories import make_product
from orderchainer.testing.races import Meeting, on_postgresql, race

pytestmark = [
    pytest.mark.services,
    on_postgresql,
    pytest.mark.django_db(transaction=True),
]

Work = Callable[[], Any]


def another_client() -> Client:
    return browser_of(make_user(is_staff=True, is_superuser=True))


def pricing(client: Client, product: Product, price: str) -> Work:
    """Return the saving of a row whose page is open already."""
    form = rows(client)
    return lambda: save_rows(client, form, (product, {"price": price})).status_code


def renaming(client: Client, product: Product, name: str) -> Work:
    """Return the saving of a form that is open already."""
    form = product_form(client, product)
    return lambda: save(client, product, form, name=name).status_code


UPDATE = 'UPDATE "catalog_product"'


@pytest.mark.parametrize("edit", [pricing, renaming])
def test_one_of_two_simultaneous_saves_is_refused_as_stale(
    client: Client, shop: Project, edit: Callable[[Client, Product, str], Work]
) -> None:
    lamp = make_product(shop)
    meeting = Meeting(UPDATE)

    outcomes = race(
        edit(client, lamp, "11.00"),
        edit(another_client(), lamp, "12.00"),
        meeting=meeting,
    )

    assert set(outcomes) == {200, 302}
    assert not meeting.was_complete
    assert Product.objects.get().version == lamp.version + 1


@pytest.mark.parametrize("edit", [pricing, renaming])
def test_without_the_lock_one_save_overwrites_the_other(
    client: Client,
    shop: Project,
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[Client, Product, str], Work],
) -> None:
    lamp = make_product(shop)
    # The same read without the lock.
    monkeypatch.setattr(stock, "_locked_rows", stock._rows_among)
    meeting = Meeting.of_all(UPDATE)

    outcomes = race(
        edit(client, lamp, "11.00"),
        edit(another_client(), lamp, "12.00"),
        meeting=meeting,
    )

    assert meeting.was_complete
    assert outcomes == [302, 302]


def counting(client: Client, *products: Product) -> Work:
    """Return the saving of the list with these products in this order, a price typed into each."""
    shown = rows(client)
    form: dict[str, Any] = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2"}
    for number, product in enumerate(products):
        prefix = row_of(shown, product)
        for name, value in shown.items():
            for start in ("", "initial-"):
                if name.startswith(start + prefix):
                    rest = name.removeprefix(start + prefix)
                    form[f"{start}form-{number}-{rest}"] = value
        form[f"form-{number}-price"] = "5.00"
    return lambda: save_rows(client, form).status_code


LOGGED = 'INSERT INTO "django_admin_log"'


def test_lists_in_opposite_orders_never_deadlock(client: Client, shop: Project) -> None:
    lamp, desk = make_product(shop), make_product(shop)

    outcomes = race(
        counting(client, lamp, desk),
        counting(another_client(), desk, lamp),
        lambda: [adjust_stock(product_id=lamp.pk, change=1).stock for _ in range(20)],
        meeting=Meeting(LOGGED),
    )

    assert set(outcomes[:2]) == {200, 302}
    assert isinstance(outcomes[2], list)


def test_without_sorted_locks_they_deadlock(
    client: Client, shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp, desk = make_product(shop), make_product(shop)
    monkeypatch.setattr(ProductAdmin, "_touched", lambda page, request: [])

    outcomes = race(
        counting(client, lamp, desk),
        counting(another_client(), desk, lamp),
        meeting=Meeting(LOGGED),
    )

    assert [it for it in outcomes if isinstance(it, OperationalError)]
