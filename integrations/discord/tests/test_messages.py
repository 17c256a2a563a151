"""Which messages arrive in the channel, about which orders, in which order."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Project, User
from accounts.services import change_role, create_project, remove_member, set_member
from accounts.services.storefront import set_storefront
from accounts.tests.factories import make_staff, make_user
from cart.tests.factories import make_cart
from catalog.tests.factories import make_product
from integrations.discord.models import DiscordWebhook
from integrations.discord.subscribers import deliver, wants
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.deliveries import states, work
from integrations.discord.tests.factories import make_discord_webhook
from orders.lifecycle import Status
from orders.models import Order
from orders.services import (
    cancel_deleted_order,
    check_out,
    create_order,
    delete_order,
    mirror_order,
    move_order,
    update_order,
)
from orders.stream.models import Event, EventDelivery
from orders.stream.relay import relay_events
from orders.tests.factories import make_order
from orders.tests.outside import mirror, told

pytestmark = pytest.mark.django_db

State = EventDelivery.State


def titles(channel: Channel) -> list[str]:
    """Return the headlines in the channel, oldest first."""
    return [message["embeds"][0]["title"] for message in channel.messages]


def test_the_channel_follows_an_orders_life(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    first = make_order(owner, title="First Order")
    second = make_order(owner, first, title="Second Order")
    move_order(order_id=first.pk, status="active", by=owner)
    move_order(order_id=first.pk, status="completed", by=owner)
    work()

    # The messages about one order keep their order; those of two orders may mix.
    assert sorted(titles(channel)) == sorted(
        [
            f"Order #{first.pk} created",
            f"Order #{second.pk} created",
            f"Order #{first.pk} is active",
            f"Order #{first.pk} completed",
            f"Order #{second.pk} is ready",
        ]
    )
    assert set(states()) == {State.SENT}
    created = next(
        message["embeds"][0]
        for message in channel.messages
        if message["embeds"][0]["title"] == f"Order #{second.pk} created"
    )
    assert created["url"] == f"http://localhost:8000/o/{second.pk}"
    assert [(one["name"], one["value"]) for one in created["fields"]] == [
        ("Order", f"#{second.pk} Second Order"),
        ("Status", "pending"),
        ("Owner", "Ada Lovelace"),
        ("Dependencies", f"#{first.pk} First Order"),
    ]
    assert all(message["allowed_mentions"] == {"parse": []} for message in channel.messages)
    webhook.refresh_from_db()
    assert (webhook.last_status, webhook.last_error) == (200, "")


def test_events_of_one_order_keep_their_order(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    order = make_order(owner)
    for status in ("active", "draft", "pending", "active", "completed"):
        move_order(order_id=order.pk, status=status, by=owner)
    # The first try of the first event fails, and no later event overtakes it.
    channel.go_wrong(kind="html", status=503)
    work()
    assert titles(channel) == []
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        work()
    assert titles(channel) == [
        f"Order #{order.pk} {happened}"
        for happened in (
            "created",
            "is active",
            "is a draft again",
            "is pending",
            "is active",
            "completed",
        )
    ]


@pytest.mark.parametrize(
    ("off", "missing"),
    [
        ("order_created", "created"),
        ("order_updated", "updated"),
        ("order_completed", "completed"),
        ("order_failed", "failed"),
    ],
)
def test_each_toggle_silences_its_own_events(
    owner: User, channel: Channel, off: str, missing: str
) -> None:
    make_discord_webhook(owner, channel, **{off: False})
    good, bad = make_order(owner), make_order(owner)
    update_order(order_id=good.pk, by=owner, fields={"title": "Renamed"})
    move_order(order_id=good.pk, status="completed", by=owner)
    move_order(order_id=bad.pk, status="failed", by=owner)
    work()
    told = {title.split(" ", 2)[2] for title in titles(channel)}
    assert told == {"created", "updated", "completed", "failed"} - {missing}


def test_other_peoples_orders_stay_out_of_the_channel(
    webhook: DiscordWebhook, channel: Channel
) -> None:
    make_order(make_user())
    work()
    assert channel.calls == []
    assert states() == []


@pytest.mark.parametrize("count", [6, 20])
def test_a_whole_batch_needs_four_queries(
    channel: Channel, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for number in range(count):
        user = make_user()
        make_order(user)
        if number % 2:
            make_discord_webhook(user, channel)
    events = list(Event.objects.order_by("pk"))
    with django_assert_num_queries(4):
        wanted = list(wants(events))
    assert [event for event, _ in wanted] == events[1::2]
    webhooks = DiscordWebhook.objects.order_by("pk")
    assert [target for _, target in wanted] == [str(each.pk) for each in webhooks]


def test_titles_of_orders_that_the_owner_may_not_see_are_left_out(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    boss = make_user()
    project = boss.personal_project
    secret = make_order(boss, title="Secret Project")
    set_member(project=project, user=owner, role=Membership.Role.AGENT)
    order = create_order(by=owner, project=project, fields={"title": "x"}, dependencies=[secret.pk])
    remove_member(project=project, user=owner)
    work()
    assert titles(channel) == [f"Order #{order.pk} created"]
    (field,) = [
        one for one in channel.messages[-1]["embeds"][0]["fields"] if one["name"] == "Dependencies"
    ]
    assert field["value"] == f"#{secret.pk}"
    assert "Secret Project" not in json.dumps(channel.messages)


def test_a_blocked_order_is_shown_with_its_blockers(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    first = make_order(owner, title="First Order")
    second = make_order(owner, first)
    move_order(order_id=first.pk, status="failed", by=owner)
    work()
    blocked = next(
        message["embeds"][0]
        for message in channel.messages
        if message["embeds"][0]["title"] == f"Order #{second.pk} is blocked"
    )
    assert blocked["fields"][3] == {
        "name": "Blockers",
        "value": f"#{first.pk} First Order",
        "inline": False,
    }


def test_a_deleted_order_is_shown_without_a_link(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    order = make_order(owner)
    delete_order(order_id=order.pk, by=owner)
    work()
    assert titles(channel) == [
        f"Order #{order.pk} created",
        f"Order #{order.pk} deleted",
    ]
    assert "url" not in channel.messages[1]["embeds"][0]


def test_hostile_titles_arrive_and_ping_nobody(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    make_order(owner, title="@everyone **now** [x](https://evil.test) \u202e" + "😀" * 200)
    work()
    (message,) = channel.messages
    assert states() == [State.SENT]
    assert message["allowed_mentions"] == {"parse": []}
    assert message["embeds"][0]["description"].startswith(
        "**\\@everyone \\*\\*now\\*\\* \\[x\\](https\\://evil.test) 😀"
    )
    assert message["embeds"][0]["description"].endswith("😀…**")


def test_staff_are_led_to_the_back_office(channel: Channel) -> None:
    staff = make_staff("view_order")
    make_discord_webhook(staff, channel)
    order = make_order(staff)
    work()
    assert channel.messages[0]["embeds"][0]["url"] == (
        f"http://localhost:8000/admin/orders/order/{order.pk}/change/"
    )


# --- Merchants --------------------------------------------------------------------------------


@pytest.fixture
def shop(owner: User) -> Project:
    """The storefront of the user whom the channel belongs to."""
    project = create_project(owner=owner, name="Shop")
    set_storefront(project=project)
    return project


def buy(customer: User, shop: Project) -> Order:
    """Check a cart out, as customers do."""
    make_cart(customer, {make_product(shop): 1})
    return check_out(
        by=customer,
        fields={"shipping_address": "1 Harbour Lane", "phone_number": "+1234567890"},
    )


def test_merchants_hear_of_the_orders_of_their_projects(
    webhook: DiscordWebhook, channel: Channel, shop: Project
) -> None:
    customer = make_user(first_name="Grace", last_name="Hopper")
    order = buy(customer, shop)

    work()

    assert titles(channel) == [f"Order #{order.pk} created"]
    (embed,) = channel.messages[0]["embeds"]
    values = {one["name"]: one["value"] for one in embed["fields"]}
    assert values["Owner"] == f"user #{customer.pk}"
    # Many people read a channel, so the message must not say who the customer is.
    text = json.dumps(channel.messages)
    assert "Hopper" not in text
    assert customer.email not in text


def test_customer_and_merchants_hear_once_each(
    owner: User, webhook: DiscordWebhook, channel: Channel, shop: Project
) -> None:
    customer, partner, manager = make_user(), make_user(), make_user()
    set_member(project=shop, user=partner, role=Membership.Role.OWNER)
    set_member(project=shop, user=manager, role=Membership.Role.MANAGER)
    for user in (customer, partner, manager):
        make_discord_webhook(user, channel)
    buy(customer, shop)
    # Here the partner is the owner of the order as well.
    create_order(by=partner, project=shop, fields={"title": "Phoned in"})

    work()

    told = EventDelivery.objects.values_list("event__owner_id", "target")
    target_of = {each.user_id: each.target for each in DiscordWebhook.objects.all()}
    assert sorted(told) == sorted(
        [
            (customer.pk, target_of[customer.pk]),
            (customer.pk, target_of[partner.pk]),
            (customer.pk, target_of[owner.pk]),
            (partner.pk, target_of[partner.pk]),
            (partner.pk, target_of[owner.pk]),
        ]
    )
    assert set(states()) == {State.SENT}
    assert len(channel.messages) == 5


@pytest.mark.parametrize("how", ["removed", "made a manager", "switched off"])
def test_a_former_owner_of_a_project_gets_no_more_news_of_it(
    owner: User, webhook: DiscordWebhook, channel: Channel, shop: Project, how: str
) -> None:
    customer, partner = make_user(), make_user()
    set_member(project=shop, user=partner, role=Membership.Role.OWNER)
    order = buy(customer, shop)
    relay_events()
    own = make_order(owner)
    if how == "removed":
        remove_member(project=shop, user=owner)
    elif how == "made a manager":
        set_member(project=shop, user=owner, role=Membership.Role.MANAGER)
    else:
        Project.objects.filter(pk=shop.pk).update(is_active=False)
    move_order(order_id=order.pk, status="cancelled", by=customer)

    work()

    # The pending message is dropped and no new one is sent. News of the user's own orders goes on.
    assert states() == [State.DROPPED, State.SENT]
    assert titles(channel) == [f"Order #{own.pk} created"]


def test_if_picking_recipients_failed_everybody_who_wants_the_event_is_told(
    webhook: DiscordWebhook, channel: Channel, shop: Project
) -> None:
    customer = make_user()
    make_discord_webhook(customer, channel)
    buy(customer, shop)
    (event,) = Event.objects.all()

    deliver(event, "")

    assert len(channel.messages) == 2


@pytest.mark.parametrize(
    "name",
    ["\u200b", "\u200b\u200d\ufeff", "\u3164", "\u2800 \u2800", "\u202e", "\u0301"],
)
def test_an_owner_whose_name_is_invisible_is_called_by_their_address(
    channel: Channel, name: str
) -> None:
    user = make_user(first_name=name)
    make_discord_webhook(user, channel)
    make_order(user, title=name)

    work()

    assert states() == [State.SENT]
    fields = channel.messages[0]["embeds"][0]["fields"]
    values = {one["name"]: one["value"] for one in fields}
    assert values["Owner"] == user.email.replace("_", "\\_")


# --- Shops outside ----------------------------------------------------------------------------


def in_the_shop(project: Project, seconds: int = 0, **changes: Any) -> Order:
    """Have the shop tell that it got its order #1001 just now, or changed it so much later."""
    ordered_at = changes.pop("ordered_at", timezone.now() - timedelta(minutes=1))
    moment = ordered_at + timedelta(seconds=seconds)
    return mirror(project, updated_at=moment, ordered_at=ordered_at, **changes).order


def test_an_order_of_a_shop_is_told_with_its_number_its_total_and_a_link_to_the_shop(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    order = in_the_shop(owner.personal_project)
    work()

    (embed,) = channel.messages[0]["embeds"]
    assert embed["title"] == "Shopify order #1001 created"
    assert embed["url"] == "https://shop.example/admin/orders/5940139491234"
    assert embed.get("description", "") == ""
    assert [(one["name"], one["value"]) for one in embed["fields"]] == [
        ("Order", f"\\#1001, here #{order.pk}"),
        ("Status", "pending"),
        ("Source", "Shopify"),
        ("Total", "64.88 EUR"),
        ("Dependencies", "none"),
    ]
    assert "Lovelace" not in json.dumps(channel.messages)


def test_a_shops_changes_and_those_made_here_are_told_apart(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    placed = timezone.now() - timedelta(minutes=5)
    shop = owner.personal_project
    order = in_the_shop(shop, ordered_at=placed, is_test=True)
    update_order(order_id=order.pk, by=owner, fields={"title": "For the fair"})
    in_the_shop(shop, 30, ordered_at=placed, is_test=True, status=Status.FULFILLED)
    refunded = {"total": Decimal("4.90"), "details": {"financial_status": "refunded"}}
    in_the_shop(shop, 40, ordered_at=placed, is_test=True, status=Status.FULFILLED, **refunded)
    cancel_deleted_order(
        project=shop,
        provider="shopify",
        external_id=order.external_id,
        at=placed + timedelta(seconds=60),
    )
    work()

    embeds = [message["embeds"][0] for message in channel.messages]
    assert [(embed["title"], embed.get("description", "")) for embed in embeds] == [
        ("Shopify order #1001 created", ""),
        ("Shopify order #1001 updated", "**For the fair**\ntitle: \\#1001 → For the fair"),
        (
            "Shopify order #1001 fulfilled",
            "**For the fair**\npending → fulfilled\nShopify told us so.",
        ),
        (
            "Shopify order #1001 updated",
            "**For the fair**\ntotal price: 64.88 → 4.90\nShopify told us so.",
        ),
        (
            "Shopify order #1001 cancelled",
            "**For the fair**\nfulfilled → cancelled\nShopify deleted the order.",
        ),
    ]
    # Beside its status the source changed details, and when it was fulfilled: no message says so.
    assert Event.objects.filter(type="order_updated").count() == 4
    assert {embed["fields"][2]["value"] for embed in embeds} == {"Shopify, a test order"}


def test_orders_that_a_first_sync_brings_from_the_past_are_no_news(
    owner: User, webhook: DiscordWebhook, channel: Channel
) -> None:
    day = timedelta(days=1)
    shop = owner.personal_project
    in_the_shop(shop, external_id="1", title="#1", ordered_at=timezone.now() - 2 * day)
    old = in_the_shop(shop, external_id="2", title="#2", ordered_at=timezone.now() - 60 * day)
    in_the_shop(shop, external_id="3", title="#3", ordered_at=timezone.now() - day / 2)
    make_order(owner, ordered_at=timezone.now() - 60 * day)
    move_order(order_id=old.pk, status="completed", by=owner)
    work()

    assert sorted(titles(channel)) == [
        f"Order #{Order.objects.latest('pk').pk} created",
        "Shopify order #2 completed",
        "Shopify order #3 created",
    ]


def test_whoever_connected_a_shop_hears_of_its_orders_only_as_an_owner_of_the_project(
    owner: User, channel: Channel
) -> None:
    """A mirrored order belongs to that person, but they have not placed it."""
    connected_by = make_user()
    make_discord_webhook(connected_by, channel)
    project = create_project(owner=owner, name="Shop")
    set_member(project=project, user=connected_by, role=Membership.Role.MANAGER)
    placed = timezone.now() - timedelta(minutes=1)

    def happens(seconds: int, status: Status) -> None:
        mirror_order(
            project=project,
            owner=connected_by,
            provider=Order.Provider.SHOPIFY,
            told=told(
                ordered_at=placed, updated_at=placed + timedelta(seconds=seconds), status=status
            ),
        )

    happens(0, Status.PENDING)
    work()
    assert (titles(channel), states()) == ([], [])
    set_member(project=project, user=connected_by, role=Membership.Role.OWNER)
    happens(1, Status.ACTIVE)
    work()
    assert (titles(channel), states()) == (["Shopify order #1001 is active"], [State.SENT])
    happens(2, Status.FULFILLED)
    relay_events()
    change_role(project=project, user=connected_by, role=Membership.Role.MANAGER)
    happens(3, Status.COMPLETED)
    work()
    assert len(channel.messages) == 1
    assert states() == [State.SENT, State.DROPPED]
