"""`/api/v1/integrations` as the hub document has it: its examples, word for word."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from rest_framework.test import APIClient

from accounts.services import set_member
from accounts.tests.factories import client_of, make_user
from accounts.tests.projects import Role, Team, make_team
from integrations.models import InboundDelivery, Integration, SyncRun
from integrations.services import report_trouble
from integrations.tests.factories import connect, make_integration
from integrations.tests.pretend.shop import CONFIG, REFUSED, Shop
from integrations.tests.work import work
from orderchainer.testing.statements import Statements
from orders.stream.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

CONNECTED_AT = datetime(2025, 1, 12, 9, 0, tzinfo=UTC)
SYNCED_AT = datetime(2025, 1, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The time of the document's example, which stands still."""
    with time_machine.travel(CONNECTED_AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def team(clock: time_machine.Traveller, db: None) -> Team:
    return make_team()


@pytest.fixture
def manager(team: Team) -> APIClient:
    return team.client("manager")


def path(team: Team, *parts: object) -> str:
    """Return a path of the project's integrations."""
    return "/".join(["/api/v1/integrations", str(team.project.uuid), *map(str, parts)])


def shown(team: Team, integration: Integration, **changes: object) -> dict[str, Any]:
    """Return the document's example, with the fields of this service beside it."""
    return {
        "id": str(integration.uuid),
        "project_id": str(team.project.uuid),
        "provider": "shopify",
        "status": "connected",
        "config": {"api_key": "your...key", "shop_url": "yourstore.myshopify.com"},
        "last_sync": "2025-01-12T10:00:00Z",
        "created_at": "2025-01-12T09:00:00Z",
        "account": "yourstore.myshopify.com",
        "account_name": None,
        "is_paused": False,
        "is_syncing": False,
        "status_since": "2025-01-12T09:00:00Z",
        "last_error": None,
        "notes": [],
        "connected_by": str(team.owner.uuid),
        "updated_at": "2025-01-12T10:00:00Z",
        **changes,
    }


def example(team: Team, clock: time_machine.Traveller) -> Integration:
    """Make the integration of the document's example, which was synced an hour later."""
    integration = make_integration(team)
    clock.move_to(SYNCED_AT, tick=False)
    team.client("agent").post(path(team, integration.uuid, "sync"))
    work()
    return integration


# --- The document's examples ------------------------------------------------------------------


def test_connect(team: Team, manager: APIClient) -> None:
    answer = manager.post(path(team, "connect"), {"provider": "shopify", "config": CONFIG})

    integration = Integration.objects.get()
    assert answer.status_code == 201
    assert answer["Location"] == path(team, integration.uuid)
    assert answer.json() == shown(
        team,
        integration,
        status="connecting",
        last_sync=None,
        connected_by=str(team.members["manager"].uuid),
        updated_at="2025-01-12T09:00:00Z",
    )
    assert manager.get(answer["Location"])["ETag"] == answer["ETag"]


def test_list(team: Team, clock: time_machine.Traveller) -> None:
    integration = example(team, clock)

    answer = team.client("viewer").get(path(team))

    assert answer.status_code == 200
    assert answer["X-Total-Count"] == "1"
    assert answer.json() == [shown(team, integration)]


def test_sync(team: Team, clock: time_machine.Traveller) -> None:
    integration = make_integration(team)
    agent = team.client("agent")

    first = agent.post(path(team, integration.uuid, "sync"))
    second = agent.post(path(team, integration.uuid, "sync"))

    run = SyncRun.objects.latest("id")
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.json() == {
        "status": "queued",
        "message": "Sync task queued for shopify integration",
        "run_id": str(run.uuid),
    }
    assert run.requested_by == team.members["agent"]


def test_disconnect(team: Team, manager: APIClient) -> None:
    integration = make_integration(team)
    address = path(team, integration.uuid)

    answer = manager.delete(address)

    assert (answer.status_code, answer.content) == (204, b"")
    assert manager.get(path(team)).json() == []
    for method, more in (
        ("get", ""),
        ("patch", ""),
        ("delete", ""),
        ("post", "/sync"),
        ("post", "/test"),
        ("get", "/runs"),
    ):
        refused = getattr(manager, method)(f"{address}{more}")
        assert (refused.status_code, refused.json()["code"]) == (404, "INTEGRATION_NOT_FOUND")


# --- Beside the document ----------------------------------------------------------------------


def test_the_same_account_again_is_answered_with_200_and_the_same_id(
    team: Team, manager: APIClient
) -> None:
    first = manager.post(path(team, "connect"), {"provider": "shopify", "config": CONFIG})

    again = manager.post(
        path(team, "connect"),
        {"provider": "shopify", "config": {**CONFIG, "api_secret": "a-newer-api-secret"}},
    )

    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert "Location" not in again


def test_a_repeated_request_gets_the_first_answer_again(team: Team, manager: APIClient) -> None:
    body = {"provider": "shopify", "config": CONFIG}
    headers = {"Idempotency-Key": "once"}

    first = manager.post(path(team, "connect"), body, headers=headers)
    work()
    again = manager.post(path(team, "connect"), body, headers=headers)
    other = manager.post(
        path(team, "connect"), {**body, "config": {**CONFIG, "label": "x"}}, headers=headers
    )

    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
    assert Integration.objects.get().config_version == 1


def test_get_and_send_back_what_was_read(team: Team, manager: APIClient) -> None:
    integration = make_integration(team)
    address = path(team, integration.uuid)
    read = manager.get(address)
    events = Event.objects.count()

    unchanged = manager.get(address, HTTP_IF_NONE_MATCH=read["ETag"])
    sent_back = manager.patch(address, read.json(), HTTP_IF_MATCH=read["ETag"])

    assert unchanged.status_code == 304
    assert (sent_back.status_code, sent_back.json()) == (200, read.json())
    assert sent_back["ETag"] == read["ETag"]
    assert Event.objects.count() == events
    assert Integration.objects.get().configuration() == CONFIG


def test_a_stale_change_is_refused(
    team: Team, manager: APIClient, clock: time_machine.Traveller
) -> None:
    integration = make_integration(team)
    address = path(team, integration.uuid)
    stale = manager.get(address)["ETag"]
    clock.shift(1)
    report_trouble(integration=integration, reason="The app was uninstalled.")

    changed = manager.patch(address, {"is_paused": True}, HTTP_IF_MATCH=stale)
    deleted = manager.delete(address, HTTP_IF_MATCH=stale)

    assert (changed.status_code, deleted.status_code) == (412, 412)
    integration.refresh_from_db()
    assert (integration.is_paused, integration.status) == (False, "error")


def test_change_pause_and_resume(team: Team, manager: APIClient) -> None:
    integration = make_integration(team)
    address = path(team, integration.uuid)

    changed = manager.patch(address, {"config": {"api_key": "another-api-key", "label": "Mine"}})
    paused = manager.patch(address, {"is_paused": True})
    sync = manager.post(f"{address}/sync")
    resumed = manager.patch(address, {"is_paused": False})

    assert changed.json()["status"] == "connecting"
    assert changed.json()["config"] == {
        "api_key": "anot...key",
        "shop_url": "yourstore.myshopify.com",
        "label": "Mine",
    }
    assert paused.json()["is_paused"] is True
    assert (sync.status_code, sync.json()["code"]) == (409, "CANNOT_SYNC")
    assert (resumed.json()["is_paused"], resumed.json()["is_syncing"]) == (False, True)


def test_test_queues_a_check_whose_result_is_the_status(
    team: Team, manager: APIClient, shop: Shop
) -> None:
    integration = make_integration(team)
    shop.checks = [REFUSED]

    answer = manager.post(path(team, integration.uuid, "test"))
    before = manager.get(path(team, integration.uuid)).json()
    work()
    after = manager.get(path(team, integration.uuid)).json()

    assert (answer.status_code, answer.json()) == (
        202,
        {"status": "queued", "message": "Check queued for shopify integration"},
    )
    assert (before["status"], before["last_error"]) == ("connected", None)
    assert (after["status"], after["last_error"]) == ("error", str(REFUSED))


def test_runs_newest_first_and_one_of_them(team: Team, clock: time_machine.Traveller) -> None:
    integration = example(team, clock)
    viewer = team.client("viewer")

    listed = viewer.get(path(team, integration.uuid, "runs"), {"page_size": 1})

    run = SyncRun.objects.latest("id")
    body = {
        "id": str(run.uuid),
        "integration_id": str(integration.uuid),
        "status": "done",
        "trigger": "person",
        "requested_by": str(team.members["agent"].uuid),
        "since": "2025-01-12T08:50:00Z",
        "seen": 3,
        "created": 0,
        "changed": 0,
        "refused": 0,
        "refusal": None,
        "error": None,
        "created_at": "2025-01-12T10:00:00Z",
        "started_at": "2025-01-12T10:00:00Z",
        "finished_at": "2025-01-12T10:00:00Z",
    }
    assert (listed["X-Total-Count"], listed.json()) == ("2", [body])
    assert "page=2" in listed["Link"]
    assert viewer.get(path(team, integration.uuid, "runs", run.uuid)).json() == body


def test_deliveries_newest_first_and_replayed(team: Team, manager: APIClient) -> None:
    integration = make_integration(team)
    failed, done = (
        InboundDelivery.objects.create(
            integration=integration,
            key=state,
            topic="orders/paid",
            body=b"{}",
            state=state,
            attempts=10,
            last_error="No order." if state == "failed" else "",
            finished_at=CONNECTED_AT,
        )
        for state in ("failed", "done")
    )
    address = path(team, integration.uuid, "deliveries")
    body = {
        "id": str(failed.uuid),
        "integration_id": str(integration.uuid),
        "topic": "orders/paid",
        "status": "failed",
        "attempts": 10,
        "error": "No order.",
        "received_at": "2025-01-12T09:00:00Z",
        "finished_at": "2025-01-12T09:00:00Z",
    }

    listed = manager.get(address)
    filtered = manager.get(address, {"status": ["failed", "received"]})
    wrong = manager.get(address, {"status": "lost"})
    replayed = manager.post(f"{address}/{failed.uuid}/replay")
    unknown = manager.post(f"{address}/{integration.uuid}/replay")
    nonsense = manager.post(f"{address}/x/replay")

    assert [each["id"] for each in listed.json()] == [str(done.uuid), str(failed.uuid)]
    assert (filtered["X-Total-Count"], filtered.json()) == ("1", [body])
    assert (wrong.status_code, wrong.json()["errors"]) == (
        422,
        {"status": ['"lost" is not one of received, done, failed, ignored.']},
    )
    assert (replayed.status_code, replayed.json()) == (
        202,
        {**body, "status": "received", "attempts": 0, "finished_at": None},
    )
    assert {unknown.json()["code"], nonsense.json()["code"]} == {"DELIVERY_NOT_FOUND"}


def test_the_providers_and_their_keys(team: Team) -> None:
    answer = team.client("viewer").get(path(team, "providers"))

    assert answer.json() == [
        {
            "provider": "shopify",
            "config": [
                {"name": name, "is_required": is_required, "is_secret": is_secret, "help": ""}
                for name, is_required, is_secret in (
                    ("api_key", False, True),
                    ("api_secret", True, True),
                    ("shop_url", True, False),
                    ("label", False, False),
                )
            ],
        }
    ]


# --- Refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"provider": ["This field is required."], "config": ["This field is required."]}),
        ({"provider": "shopify", "config": []}, {"config": ["Must be an object."]}),
        ({"provider": 5, "config": CONFIG}, {"provider": ["Not a valid string."]}),
        (
            {"provider": "etsy", "config": CONFIG},
            {"provider": ["There is no such provider. The providers are: shopify."]},
        ),
        (
            {"provider": "x" * 100, "config": CONFIG},
            {"provider": ["Ensure this field has no more than 64 characters."]},
        ),
        (
            {"provider": "shop\x00ify", "config": CONFIG},
            {"provider": ["Null characters are not allowed."]},
        ),
        (
            {"provider": "shopify", "config": {**CONFIG, "shop_url": "x", "api_secret": 5}},
            {
                "config": {
                    "shop_url": ["This is no domain of a shop. Try yourstore.myshopify.com."],
                    "api_secret": ["Must be a text."],
                }
            },
        ),
        (
            {"provider": "shopify", "config": CONFIG, "name": "x"},
            {"name": ["There is no such field."]},
        ),
    ],
)
def test_a_wrong_body_is_a_422_that_names_the_keys(
    team: Team, manager: APIClient, body: dict[str, Any], errors: dict[str, Any]
) -> None:
    answer = manager.post(path(team, "connect"), body)

    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "The input is not valid.",
        "code": "VALIDATION_ERROR",
        "timestamp": "2025-01-12T09:00:00Z",
        "errors": errors,
    }
    assert not Integration.objects.exists()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"config": {"api_secret": None}}, {"config": {"api_secret": ["This key is required."]}}),
        (
            {"config": {"shop_url": "other.myshopify.com"}},
            {"config": {"shop_url": ["This is another account. Connect it as a new integration."]}},
        ),
        ({"config": None}, {"config": ["This field may not be null."]}),
        ({"is_paused": "maybe"}, {"is_paused": ["Must be a valid boolean."]}),
        ({"provider": "telegram"}, {"provider": ["This field is read-only."]}),
        ({"status_": "x"}, {"status_": ["There is no such field."]}),
    ],
)
def test_a_wrong_change_changes_nothing(
    team: Team, manager: APIClient, body: dict[str, Any], errors: dict[str, Any]
) -> None:
    integration = make_integration(team)

    answer = manager.patch(path(team, integration.uuid), body)

    assert (answer.status_code, answer.json()["errors"]) == (422, errors)
    after = Integration.objects.get()
    assert (after.updated_at, after.configuration()) == (integration.updated_at, CONFIG)


@pytest.mark.parametrize(
    "text", ["0", "x", "\x00", "é" * 40, "00000000-0000-0000-0000-000000000000"]
)
def test_ids_of_nothing_are_not_found(team: Team, manager: APIClient, text: str) -> None:
    integration = make_integration(team)

    for address in (path(team, text), path(team, integration.uuid, "runs", text)):
        answer = manager.get(address.replace("\x00", "%00"))
        assert answer.status_code == 404
        assert answer.json()["code"] in {"INTEGRATION_NOT_FOUND", "RUN_NOT_FOUND"}


def test_other_projects_integrations_are_not_found(team: Team, manager: APIClient) -> None:
    integration = make_integration(team)
    stranger = make_user()
    theirs = f"/api/v1/integrations/{stranger.personal_project.uuid}/{integration.uuid}"

    for method, more in (("get", ""), ("patch", ""), ("delete", ""), ("post", "/sync")):
        answer = getattr(client_of(stranger), method)(f"{theirs}{more}")
        assert (answer.status_code, answer.json()["code"]) == (404, "INTEGRATION_NOT_FOUND")
    integration.refresh_from_db()
    assert integration.status == "connected"


def test_a_member_who_left_is_refused_like_a_stranger(team: Team) -> None:
    user = make_user()
    set_member(project=team.project, user=user, role=Role.MANAGER)
    client = client_of(user)
    team.project.memberships.filter(user=user).delete()

    answer = client.post(path(team, "connect"), {"provider": "shopify", "config": CONFIG})

    assert (answer.status_code, answer.json()["code"]) == (404, "PROJECT_NOT_FOUND")


# --- Statements and secrets -------------------------------------------------------------------


def test_lists_take_as_many_statements_for_many_rows(team: Team) -> None:
    viewer = team.client("viewer")

    def statements(*parts: object) -> int:
        viewer.get(path(team, *parts))
        seen = Statements()
        with connection.execute_wrapper(seen):
            assert viewer.get(path(team, *parts)).status_code == 200
        return len(seen.take())

    first = connect(team)
    parts = ((), (first.uuid, "runs"), (first.uuid, "deliveries"))
    with_one = [statements(*each) for each in parts]
    for number in range(5):
        connect(team, shop_url=f"shop{number}.myshopify.com")
        SyncRun.objects.create(
            integration=first, trigger="person", state="done", requested_by=team.owner
        )
        InboundDelivery.objects.create(integration=first, key=str(number), body=b"{}")
    with_many = [statements(*each) for each in parts]

    assert with_many == with_one


def test_no_answer_and_no_event_has_a_secret(team: Team, manager: APIClient, shop: Shop) -> None:
    secrets = {
        "api_key": "key-key-key-0123456789",
        "api_secret": "hidden-hidden-0123456789",
    }
    answers = [
        manager.post(
            path(team, "connect"), {"provider": "shopify", "config": {**CONFIG, **secrets}}
        )
    ]
    work()
    address = path(team, answers[0].json()["id"])
    answers.append(manager.patch(address, {"config": {**secrets, "shop_url": "wrong"}}))
    answers.append(manager.patch(address, {"config": {"label": "x"}}))
    shop.checks = [REFUSED]
    answers.append(manager.post(f"{address}/test"))
    work()
    answers += [manager.get(path(team)), manager.get(address), manager.get(f"{address}/runs")]
    answers.append(manager.delete(address))
    work()

    texts = [answer.content.decode() for answer in answers]
    texts += [str(data) for data in Event.objects.values_list("data", flat=True)]
    assert not [text for text in texts for secret in secrets.values() if secret in text]
    assert shop.goodbyes == [secrets]
