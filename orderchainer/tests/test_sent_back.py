"""Clients can send back what they read, on every surface; that changes nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from accounts.models import Activity, OutgoingEmail, User
from cart.models import CartItem
from catalog.models import Category, Product, StockMovement
from integrations.discord.models import DiscordWebhook
from orderchainer.tests.callers import DISCORD, World
from orders.models import Order
from orders.services import ItemDraft, create_order, update_order
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Thing:
    """Something that can be read and changed. `path` has the names of `World.ids` in braces."""

    path: str
    # Where it is changed, if not where it is read.
    changed_at: str = ""
    methods: tuple[str, ...] = ("patch",)
    # The keys and list positions that lead to it within the answer.
    within: tuple[str | int, ...] = ()
    # A field that never changes and that a request cannot set.
    fixed: str = "id"

    def __str__(self) -> str:
        return self.changed_at or self.path


ORDERS = ["order", "pending", "waiting", "sold", "with_items", "padded"]
THINGS = [
    *(Thing(f"/api/orders/{{{name}}}", methods=("put", "patch")) for name in ORDERS),
    *(Thing(f"/api/order/{{{name}_uuid}}", within=("data",), fixed="orderId") for name in ORDERS),
    *(Thing(f"/api/v1/orders/{{{name}_project}}/{{{name}_uuid}}") for name in ORDERS),
    Thing("/api/discord/", methods=("put", "patch"), fixed="user_id"),
    Thing("/api/cart/", "/api/cart/items/{cart_item}/", within=("items", 0)),
    Thing("/auth/api/profile/"),
    Thing("/api/user/{user}", within=("data",), fixed="userId"),
    Thing("/api/v1/auth/me"),
    Thing("/api/v1/projects/{project}"),
    Thing("/api/v1/reports/{project}/schedules/{report_schedule}"),
    Thing("/api/v1/projects/{project}/notifications", fixed="project_id"),
    Thing(
        "/api/v1/projects/{project}/members",
        "/api/v1/projects/{project}/members/{user}",
        within=(0,),
        fixed="user_id",
    ),
    Thing("/api/v1/products/{project}/{shared_product}"),
    Thing("/api/v1/categories/{project}/{shared_category}"),
    Thing("/api/v1/integrations/{project}/{integration}"),
]
EACH_THING = pytest.mark.parametrize("thing", THINGS, ids=str)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with (
        django_db_blocker.unblock(),
        override_settings(DISCORD_WEBHOOK_HOSTS=[DISCORD], DISCORD_API_BASE=""),
        transaction.atomic(),
    ):
        world = World()
        # A first name of two words. The hub shows first and last name as one text, and would put
        # the second word into the last name if it split that text again.
        User.objects.filter(pk=world.owner.pk).update(first_name="Ada Augusta")
        first = Order.objects.get(uuid=str(world.ids["order_uuid"]))
        lamps = [ItemDraft(name="Lamp", unit_price=Decimal(19), quantity=2)]
        orders = {
            "pending": make_order(world.owner, link="https://example.com/"),
            "waiting": make_order(world.owner, first, status="draft"),
            "with_items": make_order(world.owner, items=lamps, status="shipped"),
            # The back office keeps spaces and line ends in an address.
            "padded": make_order(
                world.owner, shipping_address="1 Main St\n", notes=" \n", title=" A "
            ),
            "sold": _sold(world),
        }
        world.ids = {
            **world.ids,
            "order_uuid": first.uuid,
            "order_project": first.project.uuid,
            **{name: order.pk for name, order in orders.items()},
            **{f"{name}_uuid": order.uuid for name, order in orders.items()},
            **{f"{name}_project": order.project.uuid for name, order in orders.items()},
        }
        yield world
        transaction.set_rollback(True)


def _sold(world: World) -> Order:
    product = Product.objects.get(pk=str(world.ids["product"]))
    item = ItemDraft(name=product.name, unit_price=product.price, quantity=1, product_id=product.pk)
    return create_order(
        by=world.owner,
        project=product.project,
        fields={"title": "Sold", "status": "active"},
        items=[item],
    )


def read(world: World, thing: Thing) -> tuple[Any, str | None]:
    """Return the thing as a GET answers it, and its entity tag."""
    response = world.client.get(
        thing.path.format(**world.ids), HTTP_AUTHORIZATION=f"Bearer {world.session}"
    )
    assert response.status_code == 200
    body = response.json()
    for key in thing.within:
        body = body[key]
    return body, response.get("ETag")


def send(world: World, thing: Thing, method: str, body: Mapping[str, Any]) -> Any:
    path = (thing.changed_at or thing.path).format(**world.ids)
    return getattr(world.client, method)(
        path, body, format="json", HTTP_AUTHORIZATION=f"Bearer {world.session}"
    )


def recorded() -> list[Any]:
    """Everything that a change would leave behind."""
    return [
        *(model.objects.count() for model in (Event, Activity, OutgoingEmail)),
        list(Order.objects.order_by("pk").values()),
        list(Product.objects.order_by("pk").values()),
        list(Category.objects.order_by("pk").values()),
        list(CartItem.objects.order_by("pk").values()),
        list(StockMovement.objects.order_by("pk").values()),
        list(DiscordWebhook.objects.order_by("pk").values("is_active", "updated_at")),
        list(User.objects.order_by("pk").values()),
        list(User.objects.order_by("pk").values("profile__updated_at")),
    ]


@EACH_THING
def test_the_body_can_be_sent_back_as_read_and_changes_nothing(world: World, thing: Thing) -> None:
    body, etag = read(world, thing)
    before = recorded()

    for method in thing.methods:
        response = send(world, thing, method, body)

        assert response.status_code == 200, response.content
        assert read(world, thing) == (body, etag)
        assert recorded() == before


@pytest.mark.slow
@EACH_THING
def test_each_field_that_was_read_can_be_sent_back_alone(world: World, thing: Thing) -> None:
    body, etag = read(world, thing)
    before = recorded()

    for name, value in body.items():
        response = send(world, thing, thing.methods[0], {name: value})

        # Some endpoints refuse a body that has no field to change.
        assert response.status_code in {200, 400, 422}, response.content
        if response.status_code != 200:
            assert "required" in response.content.decode() or "At least one field" in (
                response.content.decode()
            ), (name, response.content)
        assert (read(world, thing), recorded()) == ((body, etag), before), name


@EACH_THING
def test_another_value_of_a_fixed_field_is_refused_as_read_only(world: World, thing: Thing) -> None:
    body, etag = read(world, thing)
    before = recorded()

    for method in thing.methods:
        response = send(world, thing, method, {**body, thing.fixed: "another"})

        assert response.status_code in {400, 422}
        assert thing.fixed in response.content.decode()
        assert "read-only" in response.content.decode()
        assert (read(world, thing), recorded()) == ((body, etag), before)


def test_an_old_value_of_a_field_that_changes_by_itself_is_ignored(
    world: World,
) -> None:
    thing = THINGS[0]
    body, _ = read(world, thing)

    response = send(world, thing, "put", {**body, "updated_at": "2020-01-01T00:00:00"})

    assert response.status_code == 200


# --- Two names for one value ------------------------------------------------------------------


def test_one_value_under_two_names_is_fine(world: World) -> None:
    order = make_order(world.owner)

    response = send(
        world,
        Thing(f"/api/orders/{order.pk}"),
        "put",
        {"price": "5.00", "total_price": "5.00"},
    )

    assert response.json()["total_price"] == "5.00"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"price": "5.00", "total_price": "6.00"}, ["total_price", "price"]),
        ({"price": "5.00", "total_price": "0.00", "id": 0}, ["total_price", "price"]),
    ],
)
def test_two_values_for_one_thing_are_refused_under_both_names(
    world: World, body: dict[str, Any], names: list[str]
) -> None:
    order = make_order(world.owner)
    if "id" in body:
        body = {**body, "id": order.pk}

    response = send(world, Thing(f"/api/orders/{order.pk}"), "put", body)

    words = "`total_price` and `price` are two names for one value, but they differ."
    assert response.status_code == 400
    assert response.json()["errors"] == {name: [words] for name in names}
    order.refresh_from_db()
    assert order.version == 1


def test_an_item_with_two_prices_is_refused_under_both_names(world: World) -> None:
    item = {"name": "Lamp", "unit_price": "1.00", "price": "2.00", "quantity": 1}

    response = send(world, Thing("/api/orders/"), "post", {"title": "A", "items": [item]})

    words = ["`unit_price` and `price` are two names for one value, but they differ."]
    assert response.status_code == 400
    assert response.json()["errors"] == {"items": {"0": {"unit_price": words, "price": words}}}


def test_the_old_total_is_refused_together_with_changed_items(world: World) -> None:
    thing = Thing("/api/orders/{with_items}")
    body, _ = read(world, thing)
    [item] = body["items"]

    response = send(world, thing, "put", {**body, "items": [{**item, "quantity": 3}]})

    assert response.status_code == 400
    assert list(response.json()["errors"]) == ["total_price"]


def test_a_changed_field_among_unchanged_ones_is_changed(world: World) -> None:
    thing = Thing("/api/orders/{padded}")
    body, _ = read(world, thing)

    response = send(world, thing, "put", {**body, "phone_number": "+123"})

    assert response.json() == {
        **body,
        "phone_number": "+123",
        "updated_at": response.json()["updated_at"],
    }
    update_order(
        order_id=body["id"],
        by=world.owner,
        fields={"phone_number": body["phone_number"]},
    )
