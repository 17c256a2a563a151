"""Who may do what in the back office of the catalogue."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Project
from accounts.tests.admin.browsers import browser_of, shown, staff_who_may
from accounts.tests.factories import make_user
from catalog.models import Category, Product
from catalog.tests.admin.pages import LISTS, change, page, product_form, row_of, rows
from catalog.tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


def test_staff_without_permissions_see_nothing(shop: Project) -> None:
    lamp = make_product(shop, name="Secret lamp", category=make_category(shop))
    clerk = staff_who_may("view_order")

    assert "/admin/catalog/" not in shown(clerk, reverse("admin:index"))
    for url in (
        *(page(name) for name in LISTS),
        page("product_add"),
        page("product_change", lamp.pk),
        page("product_history", lamp.pk),
        page("product_adjust_stock", lamp.pk),
        page("product_import_products"),
        page("product_export_products"),
        page("category_change", lamp.category_id),
        page("stockmovement_change", lamp.movements.get().pk),
        page("stockmovement_prove"),
    ):
        response = clerk.get(url)
        assert response.status_code == 403, url
        assert "Secret lamp" not in response.content.decode()


def test_users_who_are_no_staff_are_asked_to_sign_in(shop: Project) -> None:
    lamp = make_product(shop)
    browser = browser_of(make_user())

    for url in (
        page("product_changelist"),
        page("product_adjust_stock", lamp.pk),
        page("product_import_products"),
        page("stockmovement_prove"),
    ):
        response = browser.get(url)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("admin:login"))


def test_those_who_may_only_look_change_nothing(client: object, shop: Project) -> None:
    category = make_category(shop)
    lamp = make_product(shop, name="Tall lamp", category=category, description="Two\nlines")
    clerk = staff_who_may("view_product", "view_category")

    listed = shown(clerk, page("product_changelist"))
    text = shown(clerk, page("product_change", lamp.pk))
    tree = shown(clerk, page("category_changelist"))

    assert "Tall lamp" in listed
    assert 'name="form-0-price"' not in listed
    assert "Tall lamp" in text
    assert 'name="_save"' not in text
    # The ledger needs a separate permission.
    assert "Ledger" not in text
    assert "formaction" not in tree
    for url, form in (
        (page("product_change", lamp.pk), {"price": "1", "version": "1"}),
        (page("product_adjust_stock", lamp.pk), {"change": "1", "reason": "received"}),
        (page("product_add"), {"name": "Mine"}),
        (page("category_add"), {"name": "Mine"}),
        (page("category_change", category.pk), {"name": "Mine"}),
        (page("category_delete", category.pk), {"post": "yes"}),
        (page("category_up", category.pk), {}),
        (page("product_import_products"), {}),
    ):
        assert clerk.post(url, form).status_code == 403, url
    clerk.post(
        page("product_changelist"),
        {
            "form-TOTAL_FORMS": "1",
            "form-INITIAL_FORMS": "1",
            "form-0-id": str(lamp.pk),
            "form-0-price": "1",
            "_save": "Save",
        },
    )
    assert Product.objects.get().version == lamp.version
    assert Category.objects.get().name == category.name


def test_those_who_may_look_can_export(shop: Project) -> None:
    make_product(shop, sku="LAMP")
    clerk = staff_who_may("view_product")

    response = clerk.get(page("product_export_products"), {"project": shop.pk})

    assert b"LAMP" in response.getvalue()


def test_those_who_may_change_products_can_change_stock_but_not_import(
    shop: Project,
) -> None:
    lamp = make_product(shop)
    clerk = staff_who_may("view_product", "change_product")

    assert change(clerk, lamp, price="5.00").status_code == 302
    form = rows(clerk)
    form[row_of(form, lamp) + "stock"] = ["12"]
    assert clerk.post(page("product_changelist"), {**form, "_save": "Save"}).status_code == 302
    clerk.post(
        page("product_adjust_stock", lamp.pk),
        {
            "change": "1",
            "reason": "received",
            "seen": str(lamp.movements.latest("pk").pk),
        },
    )
    lamp.refresh_from_db()
    assert (f"{lamp.price:.2f}", lamp.stock) == ("5.00", 13)
    assert clerk.get(page("product_import_products")).status_code == 403
    assert clerk.get(page("product_add")).status_code == 403
    listed = shown(clerk, page("product_changelist"))
    assert page("product_import_products") not in listed
    assert page("product_export_products") in listed
    assert product_form(clerk, lamp)


def test_importing_needs_all_three_permissions(shop: Project) -> None:
    file = SimpleUploadedFile("p.csv", b"sku,name,price\nA,A,1\n")
    clerk = staff_who_may("view_product", "add_product", "change_product", "add_category")

    response = clerk.post(
        page("product_import_products"),
        {"project": shop.pk, "file": file, "encoding": ""},
    )

    assert response.context["can_apply"]


def test_the_ledger_needs_a_separate_permission(shop: Project) -> None:
    make_product(shop)
    clerk = staff_who_may("view_stockmovement")

    assert "+10" in shown(clerk, page("stockmovement_changelist"))
    assert "Stock and ledger agree" in shown(clerk, page("stockmovement_prove"))
    assert clerk.get(page("product_changelist")).status_code == 403
