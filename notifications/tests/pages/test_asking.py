"""The card on a customer's order that leads to a chat with the shop."""

import re
from collections.abc import Iterator

import pytest

from accounts.models import User
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from catalog.tests.factories import make_product, make_storefront
from notifications.channels import Person
from notifications.models import ChatInvitation
from notifications.services import accept_invitation
from notifications.tests.pretend import Pretend, pretending
from orderchainer.core.outbox import GiveUp
from orders.models import Order
from orders.tests.shopping import buy

pytestmark = pytest.mark.django_db

ASK = re.compile(r'href="https://chat\.example/([\w-]+)" rel="noopener noreferrer"')


@pytest.fixture
def inviting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """A provider whose lines invite customers by a link."""
    links = {"invitation": lambda line, token: f"https://chat.example/{token}"}
    with pretending(monkeypatch, **links) as provider:
        yield provider


@pytest.fixture
def customer() -> User:
    return make_user()


@pytest.fixture
def order(customer: User) -> Order:
    return buy(customer, {make_product(make_storefront()): 1})


def page_of(customer: User, order: Order) -> str:
    response = browser_of(customer).get(f"/shop/orders/{order.pk}")
    assert response.status_code == 200
    return response.content.decode()


def test_the_link_opens_a_chat_as_the_customer_of_the_order(
    inviting: Pretend, customer: User, order: Order
) -> None:
    broken = inviting.add_line(order.project, trouble="It is paused.")
    line = inviting.add_line(order.project)
    inviting.add_line(order.project, name="another number")

    html = page_of(customer, order)

    (token,) = ASK.findall(html)
    assert "Ask about this order on Pretend" in html
    ada = Person(provider_id="1111", name="ada")
    assert not accept_invitation(line=broken, token=token, person=ada)
    assert accept_invitation(line=line, token=token, person=ada)
    assert ChatInvitation.objects.get().order == order


def test_a_shop_without_a_channel_offers_none(
    inviting: Pretend, customer: User, order: Order
) -> None:
    inviting.add_line(customer.personal_project)
    inviting.add_line(order.project, trouble="It is paused.")

    assert "Ask about this order" not in page_of(customer, order)


def test_a_line_that_is_disconnected_just_now_is_left_out(
    monkeypatch: pytest.MonkeyPatch, customer: User, order: Order
) -> None:
    def gone(line: object, token: str) -> str:
        raise GiveUp("Our line is disconnected.")

    with pretending(monkeypatch, invitation=gone) as provider:
        provider.add_line(order.project)

        assert "Ask about this order" not in page_of(customer, order)
