"""The back office shows, reads and cuts times in the zone of its reader, and names it."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.admin.browsers import shown
from orderchainer.core.admin.readers_zone import COOKIE, MomentField
from orders.models import Order
from orders.tests.admin.forms import change, errors_in, new_form
from orders.tests.admin.pages import page
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

BERLIN = "Europe/Berlin"
# On this night, the clocks of Berlin show the hour from 02:00 to 03:00 twice.
TWICE = datetime(2024, 10, 27, 1, 30, tzinfo=UTC)


def order_at(owner: User, at: datetime, **fields: object) -> Order:
    order = make_order(owner, **fields)
    Order.objects.filter(pk=order.pk).update(ordered_at=at, created_at=at, updated_at=at)
    order.refresh_from_db()
    return order


@pytest.fixture
def berliner(client: Client) -> Client:
    """The superuser's browser, which has named its zone."""
    client.cookies[COOKIE] = BERLIN
    return client


def test_lists_and_pages_show_times_in_the_readers_zone(berliner: Client, ada: User) -> None:
    order = order_at(ada, datetime(2024, 2, 14, 23, 30, tzinfo=UTC))

    for url in (page("order_changelist"), page("order_change", order.pk)):
        text = shown(berliner, url)

        assert "2024-02-15 00:30:00 CET" in text
        assert f"Times and days are in the time zone {BERLIN}." in text


@pytest.mark.parametrize(
    "cookie", ["", "Nowhere/Land", "../../etc/passwd", "localtime", "Europe", "é", "x" * 5000]
)
def test_a_zone_that_does_not_exist_is_utc(client: Client, ada: User, cookie: str) -> None:
    order_at(ada, datetime(2024, 2, 14, 23, 30, tzinfo=UTC))
    client.cookies[COOKIE] = cookie

    text = shown(client, page("order_changelist"))

    assert "2024-02-14 23:30:00 UTC" in text


def test_a_request_does_not_keep_the_zone_of_the_one_before(
    berliner: Client, admin: User, ada: User
) -> None:
    order_at(ada, datetime(2024, 2, 14, 23, 30, tzinfo=UTC))
    shown(berliner, page("order_changelist"))
    del berliner.cookies[COOKIE]

    assert "2024-02-14 23:30:00 UTC" in shown(berliner, page("order_changelist"))


def test_the_filter_by_days_cuts_them_in_the_readers_zone(berliner: Client, ada: User) -> None:
    order_at(ada, datetime(2024, 2, 13, 22, 59, 59, tzinfo=UTC), title="The day before")
    order_at(ada, datetime(2024, 2, 13, 23, 0, tzinfo=UTC), title="First moment")
    order_at(ada, datetime(2024, 2, 14, 22, 59, 59, 999999, tzinfo=UTC), title="Last moment")
    order_at(ada, datetime(2024, 2, 14, 23, 0, tzinfo=UTC), title="The day after")

    text = shown(
        berliner,
        page("order_changelist"),
        ordered_at_from="2024-02-14",
        ordered_at_to="2024-02-14",
    )

    found = [
        title
        for title in ("The day before", "First moment", "Last moment", "The day after")
        if title in text
    ]
    assert found == ["First moment", "Last moment"]
    assert f"By ordered at, {BERLIN}" in " ".join(text.split())


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2024-02-31", "yesterday"])
def test_the_filter_survives_any_day(berliner: Client, day: str) -> None:
    for end in ("from", "to"):
        response = berliner.get(page("order_changelist"), {f"ordered_at_{end}": day})

        assert response.status_code in (200, 302)


def test_a_typed_time_is_in_the_readers_zone(berliner: Client, ada: User) -> None:
    text = shown(berliner, page("order_add"))
    berliner.post(page("order_add"), new_form(ada))

    assert f"In the time zone {BERLIN}." in text
    assert Order.objects.get().ordered_at == datetime(2024, 2, 14, 11, 0, tzinfo=UTC)


def test_an_order_of_an_hour_that_the_clocks_show_twice_can_be_saved(
    berliner: Client, ada: User
) -> None:
    order = order_at(ada, TWICE)

    response = change(
        berliner, order, title="Renamed", ordered_at_0="2024-10-27", ordered_at_1="02:30:00"
    )

    order.refresh_from_db()
    assert response.status_code == 302
    assert (order.title, order.ordered_at) == ("Renamed", TWICE)


def test_a_time_that_the_clocks_skip_is_refused(berliner: Client, ada: User) -> None:
    form = new_form(ada, ordered_at_0="2024-03-31", ordered_at_1="02:30:00")

    response = berliner.post(page("order_add"), form)

    assert list(errors_in(response)) == ["ordered_at"]
    assert not Order.objects.exists()


def test_the_sign_in_page_asks_the_browser_for_its_zone() -> None:
    text = Client().get(reverse("admin:login")).content.decode()

    assert "orderchainer/back-office.js" in text


@pytest.mark.parametrize(
    ("zone", "typed"),
    [
        ("Asia/Tokyo", ["0001-01-01", "00:00:00"]),
        ("America/New_York", ["9999-12-31", "23:59:59"]),
    ],
)
def test_a_time_that_utc_does_not_have_is_refused(zone: str, typed: list[str]) -> None:
    with timezone.override(zone), pytest.raises(ValidationError):
        MomentField().clean(typed)
