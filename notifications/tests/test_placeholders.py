"""Placeholders: only the named values, once, and nothing of what a value says."""

from decimal import Decimal

import pytest

from accounts.models import User
from notifications.placeholders import (
    PLACEHOLDERS,
    Subject,
    empty_in,
    filled_in,
    problem_with,
    wrong_parts_of,
)
from orders.models import Order
from orders.tests.factories import make_order
from orders.tests.outside import mirror

pytestmark = pytest.mark.django_db


def about(order: Order, status: str = "shipped") -> Subject:
    return Subject(order, order.project, status)


def test_every_placeholder_is_filled_in(agent: User) -> None:
    order = make_order(
        agent,
        title="Lamp",
        customer_name="Ada",
        total_price=Decimal("1234.5"),
        currency="EUR",
        link="https://shop.example/track/7",
    )
    text = " | ".join(f"{{{name}}}" for name in PLACEHOLDERS)

    assert filled_in(text, about(order)) == (
        f"#{order.pk} | Lamp | Ada | shipped | 1234.50 EUR | https://shop.example/track/7 | "
        f"{order.project.name}"
    )


def test_an_order_of_a_shop_has_the_shops_number_and_no_link_into_its_back_office(
    agent: User,
) -> None:
    order = mirror(agent.personal_project).order

    assert filled_in("{order_number}: {link}.", about(order)) == "#1001: ."
    assert empty_in(["{order_number}", "{link}"], about(order)) == ["{link}"]


@pytest.mark.parametrize(
    "text",
    [
        "{order.owner.password}",
        "{order_number.__class__}",
        "{order_number!r}",
        "{order_number:>1000000000}",
        "{0}",
        "{}",
        "{ order_number }",
        "{ORDER_NUMBER}",
        "{settings}",
        "{order_number",
        "order_number}",
        "{{order_number}}",
        "{order_{status}}",
        "{{ order_number }}",
        "{% load static %}{",
    ],
)
def test_anything_else_in_braces_is_refused(text: str) -> None:
    assert wrong_parts_of(text)
    assert "These exist: {order_number}, " in problem_with(text)


@pytest.mark.parametrize("text", ["", "Hello", "{order_number}{status}", "%s $order $"])
def test_plain_texts_and_placeholders_are_fine(text: str) -> None:
    assert problem_with(text) == ""


def test_a_refusal_shows_no_more_than_is_needed() -> None:
    problem = problem_with("".join(f"{{{number}{'x' * 1000}}}" for number in range(50)))

    assert len(problem) < 600


def test_a_value_is_text_and_is_not_searched_again(agent: User) -> None:
    order = make_order(agent, customer_name="{total} {project}", title="{{customer_name}}")

    filled = filled_in("{customer_name}/{order_title}", about(order))

    assert filled == "{total} {project}/{{customer_name}}"


def test_a_value_stays_on_one_line_and_shows_all_that_it_says(agent: User) -> None:
    order = make_order(agent, customer_name="Ada\r\nBcc: eve@example.org\t\u202egnp.exe\x07")

    assert filled_in("{customer_name}", about(order)) == "Ada Bcc: eve@example.org gnp.exe"
