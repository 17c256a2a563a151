"""What a provider has posted: the list, the body, and the replay."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.projects import Team
from integrations.models import InboundDelivery
from integrations.tests.factories import connect, make_integration
from integrations.tests.pages.scenes import HOSTILE, at, make_delivery, text_of
from integrations.tests.pretend.shop import Shop

pytestmark = pytest.mark.django_db

State = InboundDelivery.State


def test_the_list_shows_what_came_and_what_became_of_it(
    team: Team, viewer: Client, shop: Shop
) -> None:
    integration = connect(team)
    make_delivery(integration, topic="orders/create")
    make_delivery(integration, topic="orders/paid", state=State.FAILED, last_error="No such order.")

    page = text_of(viewer.get(at(team, integration, "deliveries")))

    assert page.index("orders/paid") < page.index("orders/create")
    assert "No such order." in page
    assert "of 2 webhooks" in page
    # Bodies are for those who run the integration.
    assert f"{at(team, integration, 'deliveries')}/" not in page


def test_the_list_is_filtered_by_its_tabs(team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    make_delivery(integration, topic="orders/create")
    make_delivery(integration, topic="orders/paid", state=State.FAILED)
    path = at(team, integration, "deliveries")

    page = text_of(manager.get(f"{path}?status=failed"))

    assert "orders/paid" in page
    assert "orders/create" not in page
    assert f'href="{path}?status=failed" aria-current="page"' in page
    assert "No webhooks match" in text_of(manager.get(f"{path}?status=ignored"))
    wrong = text_of(manager.get(f"{path}?status=lost"))
    assert "“lost” was left out" in wrong
    assert "orders/create" in wrong


def test_an_empty_list_says_so(team: Team, viewer: Client, shop: Shop) -> None:
    assert "No webhooks yet" in text_of(viewer.get(at(team, connect(team), "deliveries")))


def test_a_delivery_shows_its_body_and_headers(team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    delivery = make_delivery(integration, body=b'{"id":1001,"name":"Ada"}')

    response = manager.get(at(team, integration, "deliveries", delivery.uuid))

    html = response.content.decode()
    assert "{\n  &quot;id&quot;: 1001,\n  &quot;name&quot;: &quot;Ada&quot;\n}" in html
    assert "x-shopify-topic: orders/create" in html


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(HOSTILE.encode(), id="markup"),
        pytest.param(b'{"note": "<script>alert(1)</script>"}', id="markup in JSON"),
        pytest.param(b"\xff\xfe\x00\x1b[31m\xe2\x80\xae", id="bytes that are no text"),
        pytest.param(b"[" * 5_000 + b"]" * 5_000, id="deep JSON"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_hostile_body_stays_text(body: bytes, team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    delivery = make_delivery(integration, body=body, topic=HOSTILE[:60], headers={"x": HOSTILE})

    response = manager.get(at(team, integration, "deliveries", delivery.uuid))

    html = response.content.decode()
    assert response.status_code == 200
    assert "<img src=x" not in html
    assert "<script>alert" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_a_long_body_is_cut(team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    delivery = make_delivery(integration, body=b"x" * 200_000)

    page = text_of(manager.get(at(team, integration, "deliveries", delivery.uuid)))

    assert "The beginning of 200,000 bytes:" in page
    assert "x" * 20_000 in page
    assert "x" * 20_001 not in page


def test_an_erased_body_says_so(team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    delivery = make_delivery(integration, body=b"", erased_at=timezone.now())

    page = text_of(manager.get(at(team, integration, "deliveries", delivery.uuid)))

    assert "It was erased" in page
    # Nothing is left to work on.
    assert "/replay" not in page


def test_a_replay_has_it_worked_on_again(team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    delivery = make_delivery(integration, state=State.FAILED, last_error="No such order.")
    path = at(team, integration, "deliveries", delivery.uuid)

    response = manager.post(f"{path}/replay")

    assert (response.status_code, response["Location"]) == (303, path)
    delivery.refresh_from_db()
    assert delivery.word == "received"
    page = text_of(manager.get(path))
    assert "The webhook will be processed again." in page
    assert "data-unsettled" in page


def test_one_that_a_worker_has_is_not_replayed(team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    delivery = make_delivery(
        integration,
        state=State.RECEIVED,
        finished_at=None,
        claimed_until=timezone.now() + timedelta(minutes=1),
    )

    response = manager.post(at(team, integration, "deliveries", delivery.uuid, "replay"))

    assert response.status_code == 409
    assert "being worked on right now" in text_of(response)


def test_deliveries_of_others_are_404s(team: Team, manager: Client, shop: Shop) -> None:
    mine, other = connect(team), connect(team, shop_url="other.myshopify.com")
    theirs = make_delivery(other)

    for name in (theirs.uuid, "0" * 32, "nonsense"):
        path = at(team, mine, "deliveries", name)
        assert manager.get(path).status_code == 404
        assert manager.post(f"{path}/replay").status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == State.DONE


def test_the_list_takes_as_many_statements_for_few_as_for_many(
    team: Team, manager: Client, shop: Shop
) -> None:
    integration = make_integration(team)
    counts = []
    for rows in (1, 60):
        for _ in range(rows):
            make_delivery(integration)
        with CaptureQueriesContext(connection) as captured:
            manager.get(at(team, integration, "deliveries"))
        counts.append(len(captured))
    delivery = make_delivery(integration)
    with CaptureQueriesContext(connection) as captured:
        manager.get(at(team, integration, "deliveries", delivery.uuid))

    assert counts[0] == counts[1] <= 8
    assert len(captured) <= 8
