"""Deliveries of providers in the back office."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_staff, make_user
from integrations.inbound.tests.factories import make_delivery, make_integration
from integrations.models import InboundDelivery, Integration

pytestmark = pytest.mark.django_db

LIST = "admin:integrations_inbounddelivery_changelist"
PAGE = "admin:integrations_inbounddelivery_change"
State = InboundDelivery.State


@pytest.fixture
def admin() -> User:
    return make_user(email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def client(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def page_of(client: Client, delivery: InboundDelivery) -> str:
    """Return the text of a delivery's page."""
    response = client.get(reverse(PAGE, args=[delivery.pk]))
    assert response.status_code == 200
    return response.content.decode()


def listed(client: Client, **query: Any) -> set[str]:
    """Return the topics in the list."""
    response = client.get(reverse(LIST), query)
    assert response.status_code == 200, query
    return set(re.findall(r"topic-\w+", response.content.decode()))


def replay(client: Client, *rows: InboundDelivery) -> str:
    """Replay rows and return the text of the page that follows."""
    response = client.post(
        reverse(LIST),
        {"action": "replay", "_selected_action": [row.pk for row in rows]},
        follow=True,
    )
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def test_the_list_reads_no_bodies_and_needs_no_more_queries_for_more_rows(client: Client) -> None:
    counts = []
    for number in (2, 10):
        for _ in range(number):
            make_delivery()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(LIST)).status_code == 200
        counts.append(len(queries))
        assert not any('"body"' in query["sql"] for query in queries)
        assert not any('"secrets"' in query["sql"] for query in queries)

    assert counts[0] == counts[1]


def test_finds_deliveries_by_what_they_are(client: Client) -> None:
    shop = make_integration()
    first = make_delivery(shop, topic="topic-a", key="key-a", second_key="second-a")
    make_delivery(topic="topic-b", key="key-b", state=State.FAILED)
    make_delivery(
        make_integration(provider="whatsapp"),
        topic="topic-c",
        key="key-c",
        created_at=timezone.now() - timedelta(days=9),
    )
    today = timezone.now().date().isoformat()

    assert listed(client) == {"topic-a", "topic-b", "topic-c"}
    assert listed(client, q="key-a") == {"topic-a"}
    assert listed(client, q=" second-a ") == {"topic-a"}
    assert listed(client, q=str(first.uuid)) == {"topic-a"}
    assert listed(client, q="key-") == set()
    for hostile in ("\x00", "é" * 1000, "' OR 1=1 --"):
        listed(client, q=hostile)
    assert listed(client, state__exact=State.FAILED) == {"topic-b"}
    assert listed(client, provider="whatsapp") == {"topic-c"}
    assert listed(client, created_at_from=today) == {"topic-a", "topic-b"}
    assert listed(client, integration__project__id__exact=shop.project_id) == {"topic-a"}


def test_a_page_shows_the_headers_and_the_body_as_text(client: Client) -> None:
    delivery = make_delivery(
        body='<script>alert("x")</script> caf\u00e9 \u202e\x1b[31m'.encode(),
        headers={"x-topic": "<b>orders</b>"},
        last_error="<i>No.</i>",
    )

    page = page_of(client, delivery)

    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; café \\u202e\\u001b[31m" in page
    assert "&lt;b&gt;orders&lt;/b&gt;" in page
    assert "&lt;i&gt;No.&lt;/i&gt;" in page
    for raw in ('alert("x")', "<b>orders", "<i>No.", "\x1b", "\u202e"):
        assert raw not in page


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b""])
def test_any_body_can_be_shown(client: Client, body: bytes) -> None:
    assert page_of(client, make_delivery(body=body))


def test_only_the_beginning_of_a_long_body_is_shown(client: Client) -> None:
    delivery = make_delivery(body=b"a" * 19_999 + b"END" + b"z" * 3_000_000)

    page = page_of(client, delivery)

    assert "The first 20000 characters of 3020002 bytes:" in page
    assert "aE" in page
    assert "END" not in page
    assert len(page) < 200_000


def test_a_page_shows_and_decrypts_no_secret(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = make_delivery()

    def reveal(_: object) -> str:
        raise AssertionError("the back office decrypts nothing")

    monkeypatch.setattr("orderchainer.core.encryption.Secret.reveal", reveal)

    assert page_of(client, delivery)


def test_replays_deliveries_whatever_became_of_them(client: Client) -> None:
    rows = [make_delivery(state=state) for state in (State.DONE, State.FAILED, State.IGNORED)]

    assert "Replayed: 3." in replay(client, *rows)

    assert set(InboundDelivery.objects.values_list("state", flat=True)) == {State.RECEIVED}


def test_says_which_deliveries_it_cannot_replay(client: Client) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    in_flight = make_delivery(claimed_until=soon, next_attempt_at=soon)
    gone = make_delivery(
        make_integration(status=Integration.Status.DISCONNECTED),
        state=State.FAILED,
    )

    page = replay(client, in_flight, gone, make_delivery(state=State.FAILED))

    assert "This delivery is being worked on right now. Try again in a minute." in page
    assert "Integration not found" in page
    assert "Replayed: 1." in page
    gone.refresh_from_db()
    assert gone.state == State.FAILED


def test_staff_may_look_and_replay_only_with_the_permission() -> None:
    delivery = make_delivery(state=State.FAILED)
    client = Client()

    client.force_login(make_staff())
    assert client.get(reverse(LIST)).status_code == 403
    client.force_login(make_staff("view_inbounddelivery"))
    assert "Replayed" not in replay(client, delivery)
    assert InboundDelivery.objects.get().state == State.FAILED
    client.force_login(make_staff("view_inbounddelivery", "change_integration"))
    assert "Replayed: 1." in replay(client, delivery)


@pytest.mark.parametrize("path", ["add", "delete"])
def test_nobody_adds_or_deletes_deliveries(client: Client, path: str) -> None:
    delivery = make_delivery()
    args = [] if path == "add" else [delivery.pk]
    url = reverse(f"admin:integrations_inbounddelivery_{path}", args=args)

    assert client.post(url, {"post": "yes"}).status_code == 403
    assert client.post(reverse(PAGE, args=[delivery.pk]), {}).status_code == 403
    assert InboundDelivery.objects.count() == 1
