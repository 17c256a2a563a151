"""Who may do what in the back office of orders."""

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.tests.admin.browsers import browser_of, shown, staff_who_may
from orders.tests.admin.forms import change, new_form
from orders.tests.admin.pages import LISTS, page, run
from orders.tests.admin.stored import statuses
from orders.tests.factories import make_delivery, make_order

pytestmark = pytest.mark.django_db


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
        panel.title for panel in clerk.get(page("order_change", order.pk)).context["panels"]
    ]
    assert change(clerk, order, title="Mine").status_code == 403
    assert clerk.post(page("order_add"), new_form(ada)).status_code == 403
    assert clerk.post(page("order_delete", order.pk), {"post": "yes"}).status_code == 403
    run(clerk, "move_to_cancelled", order)
    run(clerk, "delete_selected", order, post="yes")
    order.refresh_from_db()
    assert (order.status, order.version, order.title) == ("pending", 1, "An order")


def test_the_permission_to_change_does_not_allow_deleting(ada: User) -> None:
    order = make_order(ada)
    clerk = staff_who_may("view_order", "change_order")

    run(clerk, "move_to_active", order)
    run(clerk, "delete_selected", order, post="yes")

    assert statuses(order) == ["active"]
    assert clerk.post(page("order_delete", order.pk), {"post": "yes"}).status_code == 403
    assert change(clerk, order, notes="Mine").status_code == 302


def test_staff_who_may_only_view_deliveries_cannot_retry_them(ada: User) -> None:
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
