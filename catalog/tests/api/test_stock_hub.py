"""`/api/v1/products/…/stock`: what is on hand, and the ledger of its movements."""

from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.tests.projects import Team
from catalog.services import adjust_stock
from catalog.tests.api.products import MOMENT, at, count, everything, refused, shown
from catalog.tests.factories import make_product

pytestmark = pytest.mark.django_db

REQUIRED = ["This field is required."]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(MOMENT, tick=False):
        yield


def test_adjusts_the_stock_and_shows_the_ledger(
    shop: Project, team: Team, manager: APIClient
) -> None:
    lamp = make_product(shop)

    response = manager.post(
        at(lamp, "stock"),
        {"change": 10, "reason": "received", "note": "Delivery of Tuesday"},
    )
    broken = manager.post(at(lamp, "stock"), {"change": -1})

    assert (response.status_code, response.json()["stock"]) == (201, 20)
    assert (broken.status_code, broken.json()) == (
        201,
        shown(lamp, stock=19, version=4),
    )
    assert broken["ETag"] == f'"product-{lamp.pk}-4"'
    ledger = team.client("viewer").get(at(lamp, "stock"))
    movements = list(lamp.movements.order_by("-pk").values_list("pk", flat=True))
    common = {"order_id": None, "created_at": MOMENT}
    by = str(team.members["manager"].uuid)
    assert ledger.json() == [
        {"id": movements[0], "change": -1, "reason": "adjusted", "note": "", "by": by, **common},
        {"id": movements[1], "change": 10, "reason": "received", "note": "Delivery of Tuesday",
         "by": by, **common},
        {"id": movements[2], "change": 10, "reason": "initial", "note": "", "by": None, **common},
    ]  # fmt: skip
    assert ledger["X-Total-Count"] == "3"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"change": REQUIRED}),
        ({"change": 0}, {"change": ["Must be from 1 to 1000000000, up or down."]}),
        ({"change": "many"}, {"change": ["A valid integer is required."]}),
        ({"change": True}, {"change": ["A valid integer is required."]}),
        ({"change": 10**9}, {"change": ["There would be more than 1000000000 in stock."]}),
        ({"change": 10**12},
         {"change": ["Ensure this value is less than or equal to 1000000000."]}),
        ({"change": 1, "reason": "sold"}, {"reason": ['"sold" is not one of received, adjusted.']}),
        ({"change": 1, "reason": "imported"},
         {"reason": ['"imported" is not one of received, adjusted.']}),
        ({"change": 1, "note": "x" * 256},
         {"note": ["Ensure this field has no more than 255 characters."]}),
        ({"change": 1, "note": "\x00"}, {"note": ["Null characters are not allowed."]}),
        ({"change": 1, "order_id": 1}, {"order_id": ["There is no such field."]}),
    ],
)  # fmt: skip
def test_refuses_to_adjust(shop: Project, manager: APIClient, body: Any, errors: object) -> None:
    lamp = make_product(shop)
    before = everything()

    response = manager.post(at(lamp, "stock"), body)

    assert refused(response, 422, "VALIDATION_ERROR") == errors
    assert everything() == before


def test_cannot_take_more_than_there_is(shop: Project, manager: APIClient) -> None:
    lamp = make_product(shop)

    response = manager.post(at(lamp, "stock"), {"change": -11})

    refused(response, 409, "INSUFFICIENT_STOCK")
    assert response.json()["shortages"] == [
        {
            "product_id": lamp.pk,
            "name": "Desk lamp",
            "sku": lamp.sku,
            "requested": 11,
            "available": 10,
        }
    ]


def test_a_repeated_adjustment_counts_once(shop: Project, manager: APIClient) -> None:
    lamp = make_product(shop)
    headers: Any = {"HTTP_IDEMPOTENCY_KEY": "delivery-7"}

    answers = [manager.post(at(lamp, "stock"), {"change": 5}, **headers) for _ in range(3)]

    assert [answer.json()["stock"] for answer in answers] == [15, 15, 15]
    lamp.refresh_from_db()
    assert (lamp.stock, lamp.movements.count()) == (15, 2)


def test_a_ledger_costs_the_same_however_long(
    shop: Project, manager: APIClient, team: Team
) -> None:
    lamp = make_product(shop)
    for _ in range(2):
        adjust_stock(product_id=lamp.pk, change=1, by=team.owner)
    few = count(manager, at(lamp, "stock"), page_size=2)
    for user in team.members.values():
        adjust_stock(product_id=lamp.pk, change=1, by=user)

    assert few == count(manager, at(lamp, "stock"), page_size=2) == 5
