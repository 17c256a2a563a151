"""The lists: what they show, find and do, and that queries do not grow with their size."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.admin.browsers import shown
from accounts.tests.factories import make_user
from orders.models import Order, OrderDependency
from orders.services import delete_order
from orders.stream.models import Event
from orders.tests.admin.pages import page, run
from orders.tests.admin.stored import statuses
from orders.tests.factories import make_chain, make_delivery, make_order
from orders.tests.outside import mirror

pytestmark = pytest.mark.django_db


def add_order() -> None:
    """Add an order of another owner that waits for one more, with a delivery."""
    owner = make_user()
    make_delivery(make_order(owner, make_order(owner)))


@pytest.mark.parametrize("model", ["order", "event", "eventdelivery"])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(client: Client, model: str) -> None:
    counts = []
    for number in (2, 10):
        for _ in range(number):
            add_order()
        with CaptureQueriesContext(connection) as queries:
            shown(client, page(f"{model}_changelist"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_list_tells_status_wait_and_total(client: Client, ada: User) -> None:
    first = make_order(ada, title="First", total_price=Decimal("12.50"), currency="EUR")
    make_order(ada, first, title="Second")

    text = shown(client, page("order_changelist"))

    for words in ("First", "Second", "12.50 EUR", "ada@example.com", "waits", "ready"):
        assert words in text


def test_the_list_tells_where_an_order_came_from(client: Client, ada: User) -> None:
    mirror(ada.personal_project)
    make_order(ada)

    response = client.get(page("order_changelist"))

    assert response.content.decode().count('class="field-provider') == 2
    rows = [order.provider for order in response.context["cl"].result_list]
    assert rows == ["api", "shopify"]


@pytest.mark.parametrize("term", ["{pk}", "#{pk}", "walnut", "ada@", "shop-77", " #{pk} "])
def test_orders_are_found_by_number_title_owner_and_external_id(
    client: Client, ada: User, term: str
) -> None:
    order = make_order(ada, title="Walnut desk")
    Order.objects.filter(pk=order.pk).update(external_id="shop-77")
    make_order(make_user(email="bob@example.com"), title="Oak chair")

    text = shown(client, page("order_changelist"), q=term.format(pk=order.pk))

    assert "Walnut desk" in text
    assert "Oak chair" not in text


@pytest.mark.parametrize("term", ["grace", "HOPPER@", "+43 1"])
def test_orders_are_found_by_their_customer(client: Client, ada: User, term: str) -> None:
    make_order(
        ada,
        title="Walnut desk",
        customer_name="Grace",
        customer_email="hopper@example.com",
        customer_phone="+43 1 234",
    )
    make_order(ada, title="Oak chair")

    text = shown(client, page("order_changelist"), q=term)

    assert "Walnut desk" in text
    assert "Oak chair" not in text


@pytest.mark.parametrize(
    "query",
    [
        {"status__exact": "draft"},
        {"provider__exact": "manual"},
        {"failure_policy__exact": "fail"},
        {"wait": "waits"},
        {"created_at_from": "2024-02-14", "created_at_to": "2024-02-14"},
        {"project__id__exact": "{project}"},
    ],
)
def test_orders_are_filtered(client: Client, ada: User, query: dict[str, str]) -> None:
    first = make_order(ada, title="Plain")
    found = make_order(make_user(), title="Sought", status="draft", failure_policy="fail")
    Order.objects.filter(pk=found.pk).update(provider="manual", created_at="2024-02-14T23:30:00Z")
    OrderDependency.objects.create(order=found, depends_on=first)
    query = {name: value.format(project=found.project_id) for name, value in query.items()}

    text = shown(client, page("order_changelist"), **query)

    assert "Sought" in text
    assert "Plain" not in text


def test_ready_orders_are_found(client: Client, ada: User) -> None:
    first = make_order(ada, title="Ready one")
    make_order(ada, first, title="Still held")
    make_order(ada, title="At work", status="active")

    text = shown(client, page("order_changelist"), wait="ready")

    assert "Ready one" in text
    assert "Still held" not in text
    assert "At work" not in text


# --- actions ----------------------------------------------------------------------------------


def test_moves_the_orders_that_can_move_and_reports_the_others(
    client: Client, ada: User, admin: User
) -> None:
    first, free = make_order(ada), make_order(ada)
    held = make_order(ada, first, title="Held up")
    ended = make_order(ada, status="completed", title="Ended")

    text = run(client, "move_to_active", first, free, held, ended)

    assert statuses(first, free, held, ended) == [
        "active",
        "active",
        "pending",
        "completed",
    ]
    assert f"Moved to active: 2 (#{first.pk} and #{free.pk})." in text
    assert f"cannot be active while it waits for #{first.pk}" in text
    assert f"Order #{ended.pk} cannot move from completed to active" in text
    moved = Event.objects.filter(type="order_status_changed")
    assert set(moved.values_list("actor_id", flat=True)) == {admin.pk}


def test_moves_a_chain_in_its_own_sequence(client: Client, ada: User) -> None:
    last, middle, first = make_order(ada), make_order(ada), make_order(ada)
    for order, dependency in ((last, middle), (middle, first)):
        OrderDependency.objects.create(order=order, depends_on=dependency)

    text = run(client, "move_to_completed", last, middle, first)

    assert statuses(first, middle, last) == ["completed"] * 3
    assert f"Moved to completed: 3 (#{last.pk}, #{middle.pk} and #{first.pk})." in text


def test_cancels_a_chain_from_its_end_so_that_nothing_fails_along(
    client: Client, ada: User
) -> None:
    first = make_order(ada)
    last = make_order(ada, first, failure_policy="fail")

    run(client, "move_to_cancelled", first, last)

    assert statuses(first, last) == ["cancelled", "cancelled"]
    assert not Event.objects.filter(data__new_status="failed").exists()


def test_reports_what_happened_to_each_order(client: Client, ada: User) -> None:
    draft = make_order(ada, status="draft")
    eager = make_order(ada, status="draft", auto_activate=True)
    pending, gone = make_order(ada), make_order(ada)
    delete_order(order_id=gone.pk, by=ada)
    gone.pk = gone.pk or Event.objects.latest("pk").order_id

    text = run(client, "move_to_pending", draft, eager, pending, gone)

    assert f"Moved to pending: 1 (#{draft.pk})." in text
    assert f"Moved to pending, and at once became active: 1 (#{eager.pk})." in text
    assert f"Were pending already: 1 (#{pending.pk})." in text
    assert f"No longer in this list, so nothing was done to them: {gone.pk}." in text


def test_sums_up_many_refusals(client: Client, ada: User) -> None:
    ended = [make_order(ada, status="completed") for _ in range(14)]

    text = run(client, "move_to_draft", *ended)

    assert text.count("cannot move from completed to draft") == 10
    assert "Refused as well: 4 more." in text


def test_refuses_to_act_on_very_many_rows_at_once(client: Client, ada: User) -> None:
    chain = make_chain(ada, 501)

    text = run(client, "move_to_cancelled", chain[0], select_across="1")

    assert "At most 500 rows can be acted on at once" in text
    assert statuses(chain[0], chain[-1]) == ["pending", "pending"]


def test_an_empty_list_says_why_it_is_empty(client: Client, ada: User) -> None:
    none_yet = shown(client, page("order_changelist"))
    make_order(ada)
    none_match = shown(client, page("order_changelist"), q="walnut")

    assert "This list is empty so far." in none_yet
    assert "Nothing matches the search and the filters." in none_match
    assert "Show all" in none_match
