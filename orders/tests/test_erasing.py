"""A customer's data is erased from mirrored orders, and stays erased."""

from typing import Any

import pytest

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from orders.models import Order
from orders.services import blank_customer, update_order
from orders.stream.models import Event
from orders.tests.factories import make_order
from orders.tests.outside import events_of, mirror

pytestmark = pytest.mark.django_db

PERSONAL = (
    *("customer_name", "customer_email", "customer_phone", "shipping_address", "phone_number"),
    *("notes", "source_notes"),
)


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def shop(ada: User) -> Project:
    return create_project(owner=ada, name="Mugs", currency="EUR")


def erase(shop: Project, *external_ids: str, **customer: str) -> int:
    return blank_customer(project=shop, provider="shopify", external_ids=external_ids, **customer)


def known_of(order: Order) -> set[str]:
    now = Order.objects.get(pk=order.pk)
    return {str(getattr(now, name)) for name in PERSONAL}


def test_erased_data_is_gone_from_the_order_and_from_its_history(shop: Project, ada: User) -> None:
    order = mirror(shop).order
    mirror(shop, 1, customer_name="Ada King", notes="Ring once.")
    update_order(order_id=order.pk, by=ada, fields={"phone_number": "+15550199"})
    before = Order.objects.get(pk=order.pk)

    assert erase(shop, "5940139491234", "unknown") == 1

    now = Order.objects.get(pk=order.pk)
    assert known_of(order) == {""}
    assert now.customer_erased_at is not None
    assert now.version == before.version + 1
    assert (now.title, now.total_price, now.items.count()) == ("#1001", before.total_price, 1)
    gone = {"from": None, "to": None}
    *_, first, second, last = Event.objects.filter(order=order).order_by("pk")
    assert first.data["changes"] == {"customer_name": gone, "notes": gone}
    assert second.data["changes"] == {"phone_number": gone}
    assert last.data["cause"] == {"source": "shopify", "reason": "erased"}
    assert last.data["changes"] == dict.fromkeys([*PERSONAL[:-1]], gone)
    history = str(list(Event.objects.values_list("data", flat=True)))
    assert not [each for each in ("Ada", "ada@", "Ring", "1 Main", "555") if each in history]


def test_a_source_cannot_bring_the_data_back(shop: Project) -> None:
    order = mirror(shop).order
    erase(shop, "5940139491234")

    mirror(shop, 5, title="EN1001", customer_name="Ada King", notes="Ring once.")

    assert known_of(order) == {""}
    assert Order.objects.get(pk=order.pk).title == "EN1001"


def test_an_order_that_has_nothing_about_its_customer_stays_so(shop: Project) -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("customer_name", "customer_email", "customer_phone", "shipping_address", "notes"), ""
    )
    order = mirror(shop, **nothing).order

    assert erase(shop, "5940139491234") == 0
    assert erase(shop, "5940139491234") == 0

    assert len(events_of(order)) == 1
    mirror(shop, 1)
    assert known_of(order) == {""}


def test_only_that_customers_mirrored_orders_are_erased(shop: Project, ada: User) -> None:
    by_email = mirror(shop, external_id="1", customer_email="ADA@example.org").order
    by_phone = mirror(shop, external_id="2", customer_email="", customer_phone="+1 555-0100").order
    others = [
        mirror(shop, external_id="3", customer_email="bob@example.org", customer_phone="").order,
        mirror(create_project(owner=ada, name="Plates")).order,
        make_order(ada, customer_email="ada@example.org"),
        make_order(ada, customer_phone="+15550100"),
    ]
    before = [known_of(each) for each in others]

    assert erase(shop) == 0
    assert erase(shop, email="\x00", phone=" +") == 0
    assert erase(shop, email="ada@example.org", phone="+15550100") == 2

    assert known_of(by_email) | known_of(by_phone) == {""}
    assert [known_of(each) for each in others] == before


def test_another_shop_of_the_project_keeps_its_orders_with_that_address_and_number(
    shop: Project,
) -> None:
    mine = "https://shop.example/admin/orders/"
    here = mirror(shop, external_id="1", link=f"{mine}1").order
    by_number = mirror(shop, external_id="2", link=f"{mine}2", customer_email="").order
    there = mirror(shop, external_id="3", link="https://other.example/admin/orders/3").order
    named_there = mirror(shop, external_id="4", link="https://other.example/admin/orders/4").order
    before = known_of(there)
    customer = {"email": "ada@example.org", "phone": "+15550100"}

    assert erase(shop, "4", **customer, link_prefix=mine) == 3

    assert known_of(here) | known_of(by_number) | known_of(named_there) == {""}
    assert known_of(there) == before
    assert Order.objects.get(pk=there.pk).customer_erased_at is None


def test_notes_that_the_source_did_not_tell_stay(shop: Project, ada: User) -> None:
    order = mirror(shop, notes="").order
    update_order(order_id=order.pk, by=ada, fields={"notes": "Pack with care."})

    erase(shop, "5940139491234")

    assert known_of(order) == {"", "Pack with care."}
