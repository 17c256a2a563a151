"""The back office of orders: what it shows, and that it changes things by the services alone."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.services import create_project
from accounts.tests.factories import make_user
from orders.models import EventDelivery, Order, OrderDependency, OrderEvent
from orders.services import ItemDraft, delete_order, move_order, update_order
from orders.tests.factories import make_chain, make_order

pytestmark = pytest.mark.django_db

TOO_LARGE = str(10**30)


@pytest.fixture
def ada() -> User:
    """A customer."""
    return make_user(email="ada@example.com")


@pytest.fixture
def admin() -> User:
    """A superuser."""
    return make_user(email="admin@example.com", is_staff=True, is_superuser=True)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(admin: User) -> Client:
    """A browser in which the superuser is signed in."""
    return browser_of(admin)


def staff_who_may(*permissions: str) -> Client:
    """Return a browser of somebody on the staff with these permissions on orders and no others."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return browser_of(user)


def page(name: str, *args: object) -> str:
    return reverse(f"admin:orders_{name}", args=args)


def shown(client: Client, url: str, **query: str) -> str:
    """Return the page at `url` as text."""
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def run(
    client: Client, action: str, *rows: Any, model: str = "order", **more: str
) -> str:
    """Run a list action on rows and return the page that follows, with its messages."""
    response = client.post(
        page(f"{model}_changelist"),
        {"action": action, "_selected_action": [row.pk for row in rows], **more},
        follow=True,
    )
    assert response.status_code == 200
    return response.content.decode()


def items_form(*lines: dict[str, object]) -> dict[str, object]:
    """Return what a browser posts of these lines; one with an `id` is there already."""
    form: dict[str, object] = {
        "items-TOTAL_FORMS": len(lines),
        "items-INITIAL_FORMS": sum("id" in line for line in lines),
    }
    for number, line in enumerate(lines):
        for name, value in line.items():
            form[f"items-{number}-{name}"] = value
    return form


def new_form(owner: User, /, **fields: object) -> dict[str, object]:
    """Return what a browser posts from the form of a new order."""
    return {
        "owner": owner.pk,
        "title": "Bookshelf",
        "status": "pending",
        "failure_policy": "hold",
        "total_price": "0.00",
        "currency": "EUR",
        "ordered_at_0": "2024-02-14",
        "ordered_at_1": "12:00:00",
        **items_form(),
        **fields,
    }


def form_of(order: Order, /, **fields: object) -> dict[str, object]:
    """Return what a browser posts from the page of an order, with some fields changed."""
    order.refresh_from_db()
    edges = OrderDependency.objects.filter(order=order)
    form: dict[str, object] = {
        "version": order.version,
        "waits_for": list(edges.values_list("depends_on_id", flat=True)),
        "ordered_at_0": order.ordered_at.strftime("%Y-%m-%d"),
        "ordered_at_1": order.ordered_at.strftime("%H:%M:%S"),
        **items_form(
            *(
                {
                    "id": item.pk,
                    "order": order.pk,
                    "name": item.name,
                    "sku": item.sku,
                    "unit_price": item.unit_price,
                    "quantity": item.quantity,
                }
                for item in order.items.order_by("pk")
            )
        ),
    }
    for name in (
        *("title", "status", "failure_policy", "total_price", "currency", "link"),
        *("customer_name", "customer_email", "customer_phone", "phone_number"),
        *("shipping_address", "notes", "description"),
    ):
        # Browsers send each line end as CRLF.
        form[name] = str(getattr(order, name)).replace("\n", "\r\n")
    if order.auto_activate:
        form["auto_activate"] = "on"
    return {**form, **fields}


def change(client: Client, order: Order, /, **fields: object) -> Any:
    """Save an order's page with some fields changed."""
    return client.post(page("order_change", order.pk), form_of(order, **fields))


def errors_in(response: Any) -> dict[str, list[str]]:
    """Return the errors of the form that is shown again."""
    assert response.status_code == 200
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return dict(found)


def history(order_id: int) -> list[str]:
    return list(
        OrderEvent.objects.filter(order_id=order_id)
        .order_by("pk")
        .values_list("type", flat=True)
    )


def statuses(*orders: Order) -> list[str]:
    found = dict(Order.objects.values_list("pk", "status"))
    return [found[order.pk] for order in orders]


def make_delivery(order: Order, state: str = "pending", **fields: Any) -> EventDelivery:
    return EventDelivery.objects.create(
        event=OrderEvent.objects.filter(order=order).latest("pk"),
        order_id=order.pk,
        subscriber=fields.pop("subscriber", "discord"),
        state=state,
        **fields,
    )


# --- lists ------------------------------------------------------------------------------------


def add_order() -> None:
    """Add an order of another owner that waits for one more, with a delivery."""
    owner = make_user()
    make_delivery(make_order(owner, make_order(owner)))


@pytest.mark.parametrize("model", ["order", "orderevent", "eventdelivery"])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    client: Client, model: str
) -> None:
    counts = []
    for number in (2, 10):
        for _ in range(number):
            add_order()
        with CaptureQueriesContext(connection) as queries:
            shown(client, page(f"{model}_changelist"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_page_of_an_order_takes_as_many_queries_with_many_neighbours_as_with_few(
    client: Client, ada: User
) -> None:
    shown(client, page("order_change", make_order(ada).pk))  # content types are kept
    counts = []
    for number in (2, 20):
        middle = make_order(ada, *(make_order(ada) for _ in range(number)))
        for _ in range(number):
            make_order(ada, middle)
        for status in ("draft", "pending") * number:
            move_order(order_id=middle.pk, status=status, by=ada)
        make_delivery(middle)
        with CaptureQueriesContext(connection) as queries:
            shown(client, page("order_change", middle.pk))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_list_tells_status_wait_and_total(client: Client, ada: User) -> None:
    first = make_order(ada, title="First", total_price="12.50", currency="EUR")
    make_order(ada, first, title="Second")

    text = shown(client, page("order_changelist"))

    for words in ("First", "Second", "12.50 EUR", "ada@example.com", "waits", "ready"):
        assert words in text


@pytest.mark.parametrize(
    "term", ["{pk}", "#{pk}", "walnut", "ada@", "shop-77", " #{pk} "]
)
def test_orders_are_found_by_number_title_owner_and_external_id(
    client: Client, ada: User, term: str
) -> None:
    order = make_order(ada, title="Walnut desk")
    Order.objects.filter(pk=order.pk).update(external_id="shop-77")
    make_order(make_user(email="bob@example.com"), title="Oak chair")

    text = shown(client, page("order_changelist"), q=term.format(pk=order.pk))

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
    found = make_order(
        make_user(), title="Sought", status="draft", failure_policy="fail"
    )
    Order.objects.filter(pk=found.pk).update(
        provider="manual", created_at="2024-02-14T23:30:00Z"
    )
    OrderDependency.objects.create(order=found, depends_on=first)
    query = {
        name: value.format(project=found.project_id) for name, value in query.items()
    }

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


# --- a new order ------------------------------------------------------------------------------


def test_makes_an_order_for_somebody(client: Client, ada: User, admin: User) -> None:
    planks = make_order(ada)

    response = client.post(
        page("order_add"),
        new_form(
            ada,
            waits_for=[planks.pk],
            **items_form(
                {"name": "Shelf", "sku": "S-1", "unit_price": "12.5", "quantity": 2},
                {"name": "Screw", "unit_price": "0.10", "quantity": 8},
            ),
        ),
    )

    order = Order.objects.latest("pk")
    event = OrderEvent.objects.get(order=order)
    assert response.status_code == 302
    assert (order.title, order.owner, order.project) == (
        "Bookshelf",
        ada,
        ada.personal_project,
    )
    assert (str(order.total_price), order.currency, order.provider) == (
        "25.80",
        "EUR",
        "manual",
    )
    assert order.ordered_at.isoformat() == "2024-02-14T12:00:00+00:00"
    assert [(i.name, i.sku, i.quantity) for i in order.items.order_by("pk")] == [
        ("Shelf", "S-1", 2),
        ("Screw", "", 8),
    ]
    assert (event.type, event.actor_id, event.owner_id) == (
        "order_created",
        admin.pk,
        ada.pk,
    )
    assert event.data["dependencies"] == [planks.pk]


def test_makes_an_order_in_a_chosen_project(client: Client, ada: User) -> None:
    shop = create_project(owner=make_user(), name="Shop")

    client.post(page("order_add"), new_form(ada, project=shop.pk))

    assert Order.objects.get().project == shop


def test_keeps_what_was_typed_where_the_service_refuses(
    client: Client, ada: User
) -> None:
    strangers = make_order(make_user())

    response = client.post(
        page("order_add"),
        new_form(
            ada,
            waits_for=[strangers.pk],
            **items_form({"name": "Shelf", "unit_price": "5", "quantity": 1}),
        ),
    )

    assert errors_in(response) == {
        "waits_for": [
            f"There is no order #{strangers.pk} that this one could wait for."
        ]
    }
    text = response.content.decode()
    assert 'value="Bookshelf"' in text
    assert 'value="Shelf"' in text
    assert Order.objects.count() == 1


def test_shows_that_a_new_order_cannot_start_while_it_waits(
    client: Client, ada: User
) -> None:
    first = make_order(ada)

    response = client.post(
        page("order_add"), new_form(ada, status="active", waits_for=[first.pk])
    )

    assert errors_in(response) == {
        "__all__": [f"A new order cannot be active while it waits for #{first.pk}."]
    }
    assert Order.objects.count() == 1


WRONG_FIELDS: list[tuple[str, object]] = [
    ("title", ""),
    ("title", "a\x00b"),
    ("title", "x" * 256),
    ("status", "flying"),
    ("failure_policy", "flying"),
    ("currency", "eur"),
    ("currency", "EUR\n€"),
    ("currency", ""),
    ("link", "javascript:alert(1)"),
    ("link", "ftp://example.com"),
    ("link", "https://" + "x" * 3000),
    ("total_price", "NaN"),
    ("total_price", "Infinity"),
    ("total_price", "-1"),
    ("total_price", "1e400"),
    ("total_price", "1.001"),
    ("total_price", ""),
    ("customer_email", "no e-mail"),
    ("ordered_at_0", "yesterday"),
    ("ordered_at_1", "25:00"),
    ("waits_for", ["abc"]),
    ("waits_for", [TOO_LARGE]),
    ("waits_for", ["999"]),
    ("waits_for", ["\x00"]),
    ("items-TOTAL_FORMS", "abc"),
    ("items-TOTAL_FORMS", TOO_LARGE),
    ("items-INITIAL_FORMS", "abc"),
]
WRONG_LINES: list[dict[str, object]] = [
    {"name": "", "unit_price": "1", "quantity": 1},
    {"name": "Shelf", "unit_price": "-1", "quantity": 1},
    {"name": "Shelf", "unit_price": "NaN", "quantity": 1},
    {"name": "Shelf", "unit_price": "1.001", "quantity": 1},
    {"name": "Shelf", "unit_price": "1", "quantity": 0},
    {"name": "Shelf", "unit_price": "1", "quantity": TOO_LARGE},
    {"name": "Shelf", "unit_price": "9999999999.99", "quantity": 2},
    {"name": "She\x00lf", "unit_price": "1", "quantity": 1},
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *WRONG_FIELDS,
        ("owner", ""),
        ("owner", "999"),
        ("owner", "abc"),
        ("owner", TOO_LARGE),
        ("project", "999"),
        ("project", "abc"),
        ("project", TOO_LARGE),
    ],
)
def test_makes_nothing_of_wrong_input(
    client: Client, ada: User, name: str, value: object
) -> None:
    response = client.post(page("order_add"), new_form(ada, **{name: value}))

    assert response.status_code == 200
    assert not Order.objects.exists()
    assert not OrderEvent.objects.exists()


@pytest.mark.parametrize("line", WRONG_LINES)
def test_makes_nothing_of_wrong_items(
    client: Client, ada: User, line: dict[str, object]
) -> None:
    response = client.post(page("order_add"), new_form(ada, **items_form(line)))

    assert response.status_code == 200
    assert not Order.objects.exists()


def test_makes_no_order_for_somebody_deactivated(client: Client) -> None:
    gone = make_user(is_active=False)

    response = client.post(page("order_add"), new_form(gone))

    assert list(errors_in(response)) == ["owner"]


# --- changing ---------------------------------------------------------------------------------


def test_changes_an_order_in_one_go(client: Client, ada: User, admin: User) -> None:
    first, second = make_order(ada), make_order(ada)
    order = make_order(ada, first)

    response = change(
        client, order, title="New", status="draft", waits_for=[second.pk], notes="Soon"
    )

    order.refresh_from_db()
    assert response.status_code == 302
    assert (order.title, order.status, order.notes, order.version) == (
        "New",
        "draft",
        "Soon",
        2,
    )
    assert list(order.dependencies.all()) == [second]
    assert history(order.pk) == [
        "order_created",
        "order_updated",
        "order_status_changed",
    ]
    updated = OrderEvent.objects.get(order=order, type="order_updated")
    assert updated.actor_id == admin.pk
    assert updated.data["changes"] == {
        "title": {"from": "An order", "to": "New"},
        "notes": {"from": "", "to": "Soon"},
        "dependencies": {"from": [first.pk], "to": [second.pk]},
    }


def test_saving_what_is_there_is_no_change_and_no_event(
    client: Client, ada: User
) -> None:
    order = make_order(
        ada,
        make_order(ada),
        description=" Two\nlines, \n",
        notes="Three\n\nlines",
        total_price="9.90",
        auto_activate=True,
        items=[],
    )

    response = change(client, order)

    order.refresh_from_db()
    assert response.status_code == 302
    assert order.version == 1
    assert history(order.pk) == ["order_created"]


def test_completing_an_order_frees_what_waits_for_it(client: Client, ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, auto_activate=True)

    change(client, first, status="completed")

    assert statuses(first, second) == ["completed", "active"]


def test_adds_changes_and_removes_items(client: Client, ada: User) -> None:
    order = make_order(
        ada,
        items=[ItemDraft("Shelf", Decimal(10), 2), ItemDraft("Screw", Decimal(1), 10)],
    )
    shelf, screw = order.items.order_by("pk")
    there = {"sku": "", "order": order.pk}
    lines = items_form(
        {"id": shelf.pk, "name": "Shelf", "unit_price": "12", "quantity": 2, **there},
        {
            "id": screw.pk,
            "name": "Screw",
            "unit_price": "1",
            "quantity": 10,
            "DELETE": "on",
            **there,
        },
        {"name": "Glue", "unit_price": "3.5", "quantity": 1, "order": order.pk},
    )

    response = change(client, order, **lines)

    order.refresh_from_db()
    assert response.status_code == 302
    assert [(i.name, str(i.unit_price)) for i in order.items.order_by("pk")] == [
        ("Shelf", "12.00"),
        ("Glue", "3.50"),
    ]
    assert str(order.total_price) == "27.50"
    assert history(order.pk) == ["order_created", "order_updated"]


def test_a_line_that_names_another_orders_item_leaves_that_alone(
    client: Client, ada: User
) -> None:
    theirs = make_order(ada, items=[ItemDraft("Shelf", Decimal(10), 2)])
    order = make_order(ada)
    line = {"id": theirs.items.get().pk, "order": theirs.pk, "name": "Mine"}

    change(client, order, **items_form({**line, "unit_price": "1", "quantity": 1}))

    assert theirs.items.get().name == "Shelf"


def test_a_total_that_is_not_the_sum_of_the_items_is_refused_at_its_field(
    client: Client, ada: User
) -> None:
    order = make_order(ada, items=[ItemDraft("Shelf", Decimal(10), 2)])

    response = change(client, order, total_price="5.00")

    assert errors_in(response) == {
        "total_price": ["It is the sum of the items; change those."]
    }
    order.refresh_from_db()
    assert str(order.total_price) == "20.00"


def test_offers_the_open_moves_and_no_others(client: Client, ada: User) -> None:
    order = make_order(ada, status="shipped")

    response = client.get(page("order_change", order.pk))

    form = response.context["adminform"].form
    assert [value for value, _ in form.fields["status"].widget.choices] == [
        "shipped",
        "fulfilled",
        "completed",
        "failed",
        "cancelled",
    ]


def test_a_move_that_is_not_open_is_refused_with_those_that_are(
    client: Client, ada: User
) -> None:
    order = make_order(ada, status="fulfilled")

    response = change(client, order, status="draft", title="Changed as well")

    assert errors_in(response) == {
        "__all__": [
            f"Order #{order.pk} cannot move from fulfilled to draft. Open moves: completed."
        ]
    }
    assert 'value="Changed as well"' in response.content.decode()
    order.refresh_from_db()
    assert (order.title, order.status, order.version) == ("An order", "fulfilled", 1)
    assert history(order.pk) == ["order_created"]


def test_a_blocked_move_is_refused_with_what_blocks_it(
    client: Client, ada: User
) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = change(client, second, status="active")

    assert errors_in(response) == {
        "__all__": [
            f"Order #{second.pk} cannot be active while it waits for #{first.pk}."
        ]
    }
    assert statuses(second) == ["pending"]


def test_a_cycle_is_refused_at_the_dependencies_and_named(
    client: Client, ada: User
) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = change(client, first, waits_for=[second.pk], title="Changed as well")

    assert errors_in(response) == {
        "waits_for": [
            "These orders would wait for one another: "
            f"#{first.pk} → #{second.pk} → #{first.pk}."
        ]
    }
    first.refresh_from_db()
    assert first.title == "An order"
    assert not first.dependencies.exists()


@pytest.mark.parametrize("version", ["1", "", "abc", TOO_LARGE])
def test_a_page_that_is_not_of_the_present_version_overwrites_nothing(
    client: Client, ada: User, version: str
) -> None:
    order = make_order(ada)
    update_order(order_id=order.pk, by=ada, fields={"title": "Meanwhile"})

    response = change(client, order, version=version, title="Mine")

    assert errors_in(response) == {
        "__all__": [
            "This has changed since you read it. Read it again and repeat the change."
        ]
    }
    order.refresh_from_db()
    assert (order.title, order.version) == ("Meanwhile", 2)


def test_neither_owner_nor_project_is_changed(client: Client, ada: User) -> None:
    order, other = make_order(ada), make_user()

    change(client, order, owner=other.pk, project=other.personal_project.pk)

    order.refresh_from_db()
    assert (order.owner, order.project) == (ada, ada.personal_project)


# A few of them: the form is the same.
@pytest.mark.parametrize(("name", "value"), WRONG_FIELDS[::4])
def test_changes_nothing_by_wrong_input(
    client: Client, ada: User, name: str, value: object
) -> None:
    order = make_order(ada, items=[ItemDraft("Shelf", Decimal(10), 2)])

    response = change(client, order, **{name: value, "notes": "Changed as well"})

    assert response.status_code == 200
    order.refresh_from_db()
    assert (order.version, order.notes) == (1, "")
    assert history(order.pk) == ["order_created"]


def test_changes_nothing_by_an_empty_post(client: Client, ada: User) -> None:
    order = make_order(ada)

    assert client.post(page("order_change", order.pk), {}).status_code == 200
    order.refresh_from_db()
    assert order.version == 1


# --- the page of an order ---------------------------------------------------------------------


def test_an_order_shows_why_it_waits_its_neighbours_history_and_deliveries(
    client: Client, ada: User
) -> None:
    root = make_order(ada, title="Root cause")
    middle = make_order(ada, root, title="Middle")
    order = make_order(ada, middle, title="This one")
    make_order(ada, order, title="Waiting for it")
    make_delivery(order, "failed", last_error="Discord answered 404.")

    panels = {
        panel.title: panel
        for panel in client.get(page("order_change", order.pk)).context["panels"]
    }

    assert list(panels) == [
        "Why it waits",
        "Waits for",
        "Waited for by",
        "History",
        "Deliveries",
    ]
    waits = {row[0].split("</a> ")[1]: row[4] for row in panels["Why it waits"].rows}
    assert waits == {"Root cause": "the wait begins here", "Middle": ""}
    assert "Waiting for it" in panels["Waited for by"].rows[0][0]
    assert panels["History"].rows[0][1:] == (
        "order_created",
        f"waits for #{middle.pk}",
        "ada@example.com",
    )
    assert panels["Deliveries"].rows[0][-1] == "Discord answered 404."


def test_a_page_shows_a_bounded_number_of_neighbours_and_says_so(
    client: Client, ada: User
) -> None:
    order = make_order(ada)
    waiting = make_chain(ada, 60)
    OrderDependency.objects.filter(order__in=waiting).delete()
    OrderDependency.objects.bulk_create(
        OrderDependency(order=other, depends_on=order) for other in waiting
    )

    text = shown(client, page("order_change", order.pk))

    assert "There are more than these 50." in text


def test_titles_are_shown_and_not_executed(client: Client, ada: User) -> None:
    evil = "<script>alert(1)</script>"
    first = make_order(ada, title=evil)
    second = make_order(ada, first, title=evil, link="https://example.com/?a=b&c")
    make_delivery(second, last_error=evil)

    for url in (
        page("order_changelist"),
        page("order_change", second.pk),
        page("order_chain", second.pk),
        page("order_delete", second.pk),
        page("orderevent_changelist"),
        page("orderevent_change", OrderEvent.objects.latest("pk").pk),
        page("eventdelivery_changelist"),
        page("eventdelivery_change", EventDelivery.objects.get().pk),
    ):
        text = shown(client, url)
        assert evil not in text
        assert "&lt;script&gt;" in text


def test_the_chain_stands_in_an_order_in_which_it_can_be_done(
    client: Client, ada: User
) -> None:
    first = make_order(ada, title="First")
    second = make_order(ada, title="Second")
    update_order(order_id=first.pk, by=ada, fields={}, dependencies=[second.pk])

    response = client.get(page("order_chain", first.pk))

    titles = [row[0].split("</a> ")[1] for row in response.context["table"]["rows"]]
    assert titles == ["Second", "First"]


@pytest.mark.parametrize("order_id", ["0", "999", "abc", TOO_LARGE, "-1"])
def test_an_order_that_is_not_there_has_no_pages(client: Client, order_id: str) -> None:
    assert client.get(f"/admin/orders/order/{order_id}/chain/").status_code == 404
    for name in ("change", "delete", "history"):
        response = client.get(f"/admin/orders/order/{order_id}/{name}/")
        assert (response.status_code, response.get("Location")) == (302, "/admin/")


# --- actions ----------------------------------------------------------------------------------


def test_moves_those_that_can_be_moved_and_tells_of_the_others(
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
    assert "Moved to active: 2." in text
    assert f"cannot be active while it waits for #{first.pk}" in text
    assert f"Order #{ended.pk} cannot move from completed to active" in text
    moved = OrderEvent.objects.filter(type="order_status_changed")
    assert set(moved.values_list("actor_id", flat=True)) == {admin.pk}


def test_tells_of_many_refusals_in_a_few_words(client: Client, ada: User) -> None:
    ended = [make_order(ada, status="completed") for _ in range(14)]

    text = run(client, "move_to_draft", *ended)

    assert text.count("cannot move from completed to draft") == 10
    assert "Refused as well: 4 more." in text


@pytest.mark.parametrize("model", ["order", "orderevent", "eventdelivery"])
def test_acts_on_no_rows_that_cannot_be(client: Client, model: str) -> None:
    for key in ("abc", TOO_LARGE, "", "\x00"):
        response = client.post(
            page(f"{model}_changelist"),
            {"action": "move_to_active", "_selected_action": [key], "index": "abc"},
            follow=True,
        )

        assert response.status_code == 200


def test_refuses_to_act_on_very_many_rows_at_once(client: Client, ada: User) -> None:
    chain = make_chain(ada, 501)

    text = run(client, "move_to_cancelled", chain[0], select_across="1")

    assert "At most 500 rows can be acted on at once" in text
    assert statuses(chain[0], chain[-1]) == ["pending", "pending"]


# --- deleting ---------------------------------------------------------------------------------


def test_deletes_an_order_by_the_service(
    client: Client, ada: User, admin: User
) -> None:
    order = make_order(ada, title="Goes", items=[ItemDraft("Shelf", Decimal(10), 2)])

    asked = shown(client, page("order_delete", order.pk))
    response = client.post(page("order_delete", order.pk), {"post": "yes"})

    assert "Goes" in asked
    assert response.status_code == 302
    assert not Order.objects.exists()
    assert history(order.pk) == ["order_created", "order_deleted"]
    assert OrderEvent.objects.latest("pk").actor_id == admin.pk


def test_says_beforehand_what_keeps_an_order(client: Client, ada: User) -> None:
    first = make_order(ada)
    make_order(ada, first, title="Still needs it")

    text = shown(client, page("order_delete", first.pk))

    assert f"Still needs it waits for #{first.pk}" in text
    assert 'name="post"' not in text


def test_an_order_that_others_wait_for_stays(client: Client, ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    response = client.post(page("order_delete", first.pk), {"post": "yes"}, follow=True)

    assert response.redirect_chain == [(page("order_change", first.pk), 302)]
    assert (
        f"Order #{first.pk} cannot be deleted: #{second.pk} waits for it."
        in response.content.decode()
    )
    assert history(first.pk) == ["order_created"]


def test_deletes_a_chain_from_its_end_and_leaves_what_is_needed(
    client: Client, ada: User
) -> None:
    needed = make_order(ada, title="Needed")
    kept = make_order(ada, needed, title="Kept")
    last = make_order(ada)
    middle = make_order(ada, last)
    update_order(order_id=last.pk, by=ada, fields={}, dependencies=[needed.pk])

    asked = run(client, "delete_selected", needed, last, middle)
    text = run(client, "delete_selected", needed, last, middle, post="yes")

    assert "Are you sure" in asked
    assert "Deleted: 2." in text
    assert f"Order #{needed.pk} cannot be deleted: #{kept.pk} waits for it." in text
    assert set(Order.objects.all()) == {needed, kept}
    assert history(middle.pk) == ["order_created", "order_deleted"]


# --- events -----------------------------------------------------------------------------------


def test_events_of_a_deleted_order_are_still_shown(client: Client, ada: User) -> None:
    order = make_order(ada, title="Gone for good")
    delete_order(order_id=order.pk, by=ada)

    text = shown(client, page("orderevent_changelist"), q=f"#{order.pk}")
    event = OrderEvent.objects.latest("pk")
    event_page = shown(client, page("orderevent_change", event.pk))

    assert "order_created" in text or "Created" in text
    assert text.count("Gone for good") == 2
    assert "Gone for good" in event_page
    assert str(event.event_id) in event_page


def test_an_event_is_found_by_its_id(client: Client, ada: User) -> None:
    make_order(ada, title="Sought")
    sought = OrderEvent.objects.latest("pk")
    make_order(ada, title="Other")

    text = shown(client, page("orderevent_changelist"), q=str(sought.event_id))

    assert "Sought" in text
    assert "Other" not in text


def test_nobody_writes_events(client: Client, ada: User) -> None:
    make_order(ada)
    event = OrderEvent.objects.get()

    for response in (
        client.get(page("orderevent_add")),
        client.post(page("orderevent_add"), {"type": "order_created"}),
        client.post(page("orderevent_change", event.pk), {"type": "order_deleted"}),
        client.post(page("orderevent_delete", event.pk), {"post": "yes"}),
    ):
        assert response.status_code == 403
    run(client, "delete_selected", event, model="orderevent", post="yes")
    event.refresh_from_db()
    assert event.type == "order_created"


# --- deliveries -------------------------------------------------------------------------------


def test_retries_what_was_not_sent_and_leaves_the_rest(
    client: Client, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    failed = make_delivery(make_order(ada), "failed", attempts=10, last_error="No.")
    dropped = make_delivery(make_order(ada), "dropped")
    sent = make_delivery(make_order(ada), "sent", attempts=1)

    with django_capture_on_commit_callbacks() as nudges:
        text = run(client, "retry_now", failed, dropped, sent, model="eventdelivery")

    found = {
        delivery.pk: (delivery.state, delivery.attempts)
        for delivery in EventDelivery.objects.all()
    }
    assert found == {
        failed.pk: ("pending", 0),
        dropped.pk: ("pending", 0),
        sent.pk: ("sent", 1),
    }
    assert len(nudges) == 2
    assert "Due now: 2." in text
    assert "Sent already, left alone: 1." in text


def test_deliveries_show_how_they_stand_and_lead_to_their_order(
    client: Client, ada: User
) -> None:
    order = make_order(ada, title="Walnut desk")
    delivery = make_delivery(order, "failed", attempts=3, last_error="Discord: 404.")

    for url in (
        page("eventdelivery_changelist"),
        page("eventdelivery_change", delivery.pk),
    ):
        text = shown(client, url)
        for words in ("discord", "Walnut desk", "failed", "Discord: 404."):
            assert words in text
        assert f'href="{page("order_change", order.pk)}"' in text


@pytest.mark.parametrize(
    "query",
    [
        {"state__exact": "failed"},
        {"subscriber": "discord"},
        {"event__type__exact": "order_status_changed"},
        {"q": "#{order}"},
        {"q": "unknown webhook"},
    ],
)
def test_deliveries_are_filtered_and_found(
    client: Client, ada: User, query: dict[str, str]
) -> None:
    make_delivery(make_order(ada, title="Plain"), subscriber="elsewhere")
    order = make_order(ada, title="Sought")
    move_order(order_id=order.pk, status="active", by=ada)
    make_delivery(order, "failed", last_error="Unknown webhook")

    text = shown(
        client,
        page("eventdelivery_changelist"),
        **{name: value.format(order=order.pk) for name, value in query.items()},
    )

    assert "Sought" in text
    assert "Plain" not in text


def test_nobody_writes_deliveries(client: Client, ada: User) -> None:
    delivery = make_delivery(make_order(ada), "failed")

    for response in (
        client.get(page("eventdelivery_add")),
        client.post(page("eventdelivery_change", delivery.pk), {"state": "sent"}),
        client.post(page("eventdelivery_delete", delivery.pk), {"post": "yes"}),
    ):
        assert response.status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == "failed"


# --- who may what -----------------------------------------------------------------------------

LISTS = ["order_changelist", "orderevent_changelist", "eventdelivery_changelist"]


def test_staff_without_permissions_see_nothing(ada: User) -> None:
    order = make_order(ada, title="Secret desk")
    clerk = staff_who_may()

    assert "/admin/orders/" not in shown(clerk, reverse("admin:index"))
    for url in (
        *(page(name) for name in LISTS),
        page("order_change", order.pk),
        page("order_delete", order.pk),
        page("order_history", order.pk),
        page("order_add"),
    ):
        response = clerk.get(url)
        assert response.status_code == 403
        assert "Secret desk" not in response.content.decode()
    assert clerk.get(page("order_chain", order.pk)).status_code == 404


def test_those_who_may_only_look_change_nothing(ada: User) -> None:
    first = make_order(ada, title="First")
    order = make_order(ada, first, description="Two\nlines", notes="As it is")
    clerk = staff_who_may("view_order")

    listed = shown(clerk, page("order_changelist"))
    text = shown(clerk, page("order_change", order.pk))
    shown(clerk, page("order_chain", order.pk))

    assert "move_to_active" not in listed
    assert 'name="title"' not in text
    assert 'name="_save"' not in text
    assert "First" in text
    assert "History" not in [
        panel.title
        for panel in clerk.get(page("order_change", order.pk)).context["panels"]
    ]
    assert change(clerk, order, title="Mine").status_code == 403
    assert clerk.post(page("order_add"), new_form(ada)).status_code == 403
    assert (
        clerk.post(page("order_delete", order.pk), {"post": "yes"}).status_code == 403
    )
    run(clerk, "move_to_cancelled", order)
    run(clerk, "delete_selected", order, post="yes")
    order.refresh_from_db()
    assert (order.status, order.version, order.title) == ("pending", 1, "An order")


def test_those_who_may_change_do_not_delete(ada: User) -> None:
    order = make_order(ada)
    clerk = staff_who_may("view_order", "change_order")

    run(clerk, "move_to_active", order)
    run(clerk, "delete_selected", order, post="yes")

    assert statuses(order) == ["active"]
    assert (
        clerk.post(page("order_delete", order.pk), {"post": "yes"}).status_code == 403
    )
    assert change(clerk, order, notes="Mine").status_code == 302


def test_those_who_may_only_look_at_deliveries_retry_none(ada: User) -> None:
    delivery = make_delivery(make_order(ada), "failed")
    clerk = staff_who_may("view_eventdelivery")

    listed = shown(clerk, page("eventdelivery_changelist"))
    run(clerk, "retry_now", delivery, model="eventdelivery")

    assert "retry_now" not in listed
    delivery.refresh_from_db()
    assert delivery.state == "failed"


def test_those_who_may_change_deliveries_retry_them(ada: User) -> None:
    delivery = make_delivery(make_order(ada), "failed")
    clerk = staff_who_may("change_eventdelivery")

    run(clerk, "retry_now", delivery, model="eventdelivery")

    delivery.refresh_from_db()
    assert delivery.state == "pending"


def test_users_who_are_no_staff_are_asked_to_sign_in(ada: User) -> None:
    order = make_order(ada)

    for url in (page("order_changelist"), page("order_chain", order.pk)):
        response = browser_of(ada).get(url)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("admin:login"))


# --- hostile addresses ------------------------------------------------------------------------

HOSTILE = [
    {"q": "a\x00b"},
    {"q": "word " * 1000},
    {"q": TOO_LARGE},
    {"q": "'\"%_\\"},
    {"p": "abc"},
    {"p": TOO_LARGE},
    {"p": "-1"},
    {"o": "999.-5.abc"},
    {"all": "1"},
    {"e": "1"},
    {"id__exact": TOO_LARGE},
    {"id__gt": "abc"},
    {"created_at_from": "no date"},
    {"created_at_from": "0001-01-01", "created_at_to": "9999-12-31"},
    {"created_at__gte": "0001-01-01 00:00:00+23:00"},
]


# In real transactions: PostgreSQL refuses some of these values itself, which would end the test's own.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", LISTS)
def test_a_hostile_address_is_no_defect(client: Client, ada: User, name: str) -> None:
    make_delivery(make_order(ada))

    for query in HOSTILE:
        response = client.get(page(name), query, follow=True)

        assert response.status_code in (200, 400), query


@pytest.mark.parametrize(
    "query",
    [
        {"title__regex": "(a+)+$"},
        {"id__in": TOO_LARGE},
        {"owner__password__startswith": "argon2"},
        {"owner__password__gte": "a"},
    ],
)
def test_an_address_asks_only_what_filters_ask(
    client: Client, query: dict[str, str]
) -> None:
    assert client.get(page("order_changelist"), query).status_code == 400


@pytest.mark.parametrize("value", ["abc", TOO_LARGE, "\x00"])
def test_a_project_that_cannot_be_filters_nothing(client: Client, value: str) -> None:
    response = client.get(
        page("order_changelist"), {"project__id__exact": value}, follow=True
    )

    assert response.status_code == 200


@pytest.mark.parametrize("field", ["dependencies", "owner", "project"])
def test_whatever_is_typed_is_looked_for(client: Client, ada: User, field: str) -> None:
    make_order(ada)

    for term in ("", "a", "#1", TOO_LARGE, "a\x00b", "word " * 1000):
        assert typed(client, field, term).status_code == 200


def typed(client: Client, field: str, term: str) -> Any:
    """Type into a field that finds related rows, and return the answer."""
    query = {"app_label": "orders", "model_name": "order", "field_name": field}
    return client.get(reverse("admin:autocomplete"), {**query, "term": term})


def test_a_dependency_is_found_by_typing(client: Client, ada: User) -> None:
    order = make_order(ada, title="Walnut desk")
    make_order(ada, title="Oak chair")

    response = typed(client, "dependencies", "walnut")

    assert response.json()["results"] == [
        {"id": str(order.pk), "text": f"#{order.pk} Walnut desk"}
    ]


@pytest.mark.parametrize("page_number", ["abc", TOO_LARGE, "-1", "0", "2"])
def test_the_search_for_pages_survives_any_page_number(
    client: Client, page_number: str
) -> None:
    response = client.get(reverse("admin:search"), {"s": "orders", "page": page_number})

    assert response.status_code in (200, 404)


def test_the_sidebar_stands_by_app_and_begins_with_orders(client: Client) -> None:
    response = client.get(reverse("admin:index"))

    sidebar = {
        group["title"]: [page["title"] for page in group["items"]]
        for group in response.context["sidebar_navigation"]
    }
    assert next(iter(sidebar)) == "Orders"
    assert sidebar["Orders"] == ["Orders", "Event deliveries", "Order events"]
    assert sidebar["Accounts"] == ["Users", "Groups", "Projects", "Sessions"]
