"""Waiving a dependency in the back office."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.admin.browsers import TOO_LARGE, shown, staff_who_may
from orders.models import OrderDependency
from orders.tests.admin.pages import page
from orders.tests.admin.stored import history, statuses
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

WHY = "The customer takes it undyed."


def test_waives_a_dependency_for_a_reason(client: Client, ada: User, admin: User) -> None:
    dye = make_order(ada, title="Dye")
    pack = make_order(ada, dye, auto_activate=True)

    asked = shown(client, page("order_waive", pack.pk))
    response = client.post(
        page("order_waive", pack.pk), {"dependency": dye.pk, "reason": WHY}, follow=True
    )

    assert f"#{dye.pk} Dye" in asked
    assert response.redirect_chain == [(page("order_change", pack.pk), 302)]
    text = response.content.decode()
    assert f"No longer waits for #{dye.pk}. It is active." in text
    assert f"by {admin.email}: {WHY}" in text
    assert statuses(pack) == ["active"]
    assert "order_dependency_waived" in history(pack.pk)
    assert OrderDependency.objects.get().waived_by == admin


@pytest.mark.parametrize(
    "typed",
    [
        {"dependency": "{dye}", "reason": ""},
        {"dependency": "{dye}", "reason": "x" * 501},
        {"dependency": "{dye}", "reason": "a\x00b"},
        {"dependency": "999", "reason": WHY},
        {"dependency": "abc", "reason": WHY},
        {"dependency": TOO_LARGE, "reason": WHY},
        {"reason": WHY},
    ],
)
def test_shows_the_typed_values_again_after_a_refusal(
    client: Client, ada: User, typed: dict[str, str]
) -> None:
    dye = make_order(ada)
    pack = make_order(ada, dye)
    typed = {name: value.format(dye=dye.pk) for name, value in typed.items()}

    response = client.post(page("order_waive", pack.pk), typed)

    assert response.status_code == 200
    assert response.context["form"].errors
    assert OrderDependency.objects.get().waived_at is None


def test_those_who_may_only_look_waive_nothing(ada: User) -> None:
    dye = make_order(ada)
    pack = make_order(ada, dye)
    clerk = staff_who_may("view_order")

    response = clerk.post(page("order_waive", pack.pk), {"dependency": dye.pk, "reason": WHY})

    assert response.status_code == 403
    assert OrderDependency.objects.get().waived_at is None


@pytest.mark.parametrize("key", ["999", "abc", TOO_LARGE])
def test_waiving_for_a_missing_order_is_a_404(client: Client, key: str) -> None:
    assert client.get(page("order_waive", key)).status_code == 404
