"""`/api/discord/`: the chain document's examples, and everything that can be wrong in a request."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_user
from integrations.discord.models import DiscordWebhook

pytestmark = pytest.mark.django_db

URL = "https://discord.com/api/webhooks/123456789012345678/" + "x" * 68
OTHER_URL = "https://discord.com/api/webhooks/876543210987654321/" + "y" * 68
DOCUMENTED: dict[str, Any] = {
    "webhook": {
        "url": URL,
        "username": "OrderChainer Bot",
        "avatar_url": "https://example.com/avatar.png",
    },
    "notifications": {
        "order_created": True,
        "order_updated": True,
        "order_completed": True,
        "order_failed": True,
    },
}


def connected(client: APIClient) -> dict[str, Any]:
    """Connect as documented and return the answer's body."""
    answer = client.post("/api/discord/", DOCUMENTED)
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


# --- The document's examples ------------------------------------------------------------------


def test_create_integration(client: APIClient, user: User) -> None:
    answer = client.post("/api/discord/", DOCUMENTED)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": DiscordWebhook.objects.get().pk,
        "user_id": user.pk,
        **DOCUMENTED,
        "is_active": True,
    }


def test_get_integration(client: APIClient) -> None:
    created = connected(client)
    answer = client.get("/api/discord/")
    assert (answer.status_code, answer.json()) == (200, created)


def test_update_integration(client: APIClient) -> None:
    created = connected(client)
    answer = client.put(
        "/api/discord/",
        {
            "webhook": {"url": URL, "username": "Updated Bot Name"},
            "notifications": {"order_completed": False},
        },
    )
    assert answer.status_code == 200
    assert answer.json() == {
        **created,
        "webhook": {**created["webhook"], "username": "Updated Bot Name"},
        "notifications": {**created["notifications"], "order_completed": False},
    }


def test_delete_integration(client: APIClient) -> None:
    connected(client)
    answer = client.delete("/api/discord/")
    assert answer.status_code == 200
    assert answer.json() == {"message": "Discord integration deleted successfully"}
    assert not DiscordWebhook.objects.exists()


def test_a_second_integration_is_a_conflict(client: APIClient) -> None:
    connected(client)
    answer = client.post("/api/discord/", {**DOCUMENTED, "webhook": {"url": OTHER_URL}})
    assert answer.status_code == 409
    assert answer.json() == {
        "detail": "Resource already exists",
        "code": "already_exists",
    }
    assert client.get("/api/discord/").json()["webhook"]["url"] == URL


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_without_an_integration_every_method_answers_404(client: APIClient, method: str) -> None:
    answer = getattr(client, method)("/api/discord/", {} if method != "get" else None)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "Resource not found"}


@pytest.mark.parametrize("path", ["/api/discord", "/api/discord/"])
def test_answers_with_and_without_the_slash(client: APIClient, path: str) -> None:
    assert client.post(path, DOCUMENTED).status_code == 201
    assert client.get(path).status_code == 200


# --- Who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/discord/", "/api/discord/test"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_anonymous_callers_are_refused(method: str, path: str) -> None:
    answer = getattr(APIClient(), method)(path)
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Could not validate credentials"}


def test_everybody_has_their_own(client: APIClient) -> None:
    connected(client)
    stranger = client_of(make_user())
    for method, path in (
        ("get", "/api/discord/"),
        ("put", "/api/discord/"),
        ("patch", "/api/discord/"),
        ("delete", "/api/discord/"),
        ("post", "/api/discord/test"),
    ):
        assert getattr(stranger, method)(path).status_code == 404
    assert client.get("/api/discord/").status_code == 200


def test_two_users_may_share_a_channel(client: APIClient) -> None:
    connected(client)
    assert connected(client_of(make_user()))["webhook"]["url"] == URL


# --- Creating ---------------------------------------------------------------------------------


def test_everything_but_the_url_has_a_default(client: APIClient) -> None:
    answer = client.post("/api/discord/", {"webhook": {"url": URL}})
    assert answer.status_code == 201
    assert answer.json()["webhook"] == {
        "url": URL,
        "username": "OrderChainer",
        "avatar_url": "",
    }
    assert answer.json()["notifications"] == DOCUMENTED["notifications"]


def test_what_was_read_can_be_sent_back(client: APIClient) -> None:
    read = connected(client)
    DiscordWebhook.objects.update(
        is_active=False, disabled_reason="Gone.", last_delivery_at="2024-02-14T12:00Z"
    )
    read = client.get("/api/discord/").json()
    assert client.put("/api/discord/", read).status_code == 200
    assert client.delete("/api/discord/").status_code == 200
    assert client.post("/api/discord/", read).status_code == 201


def test_the_form_of_the_url_is_kept(client: APIClient) -> None:
    url = f"https://PTB.discord.com/api/v9/webhooks/123456789012345678/{'x' * 68}/?thread_id=42"
    answer = client.post("/api/discord/", {"webhook": {"url": url}})
    assert answer.json()["webhook"]["url"] == url


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"webhook": ["This field is required."]}),
        ({"webhook": {}}, {"webhook": {"url": ["This field is required."]}}),
        ({"webhook": None}, {"webhook": ["This field may not be null."]}),
        (
            {"webhook": {"url": "http://example.com/hook"}},
            {
                "webhook": {
                    "url": [
                        "Its host must be discord.com, discordapp.com, ptb.discord.com, "
                        "canary.discord.com, ptb.discordapp.com or canary.discordapp.com."
                    ]
                }
            },
        ),
        (
            {"webhook": {"url": URL.replace("https", "http")}},
            {"webhook": {"url": ["At this host it must begin with https://."]}},
        ),
        (
            {"webhook": {"url": URL}, "notifications": {"order_shipped": True}},
            {"notifications": {"order_shipped": ["There is no such field."]}},
        ),
        (
            {"webhook": {"url": URL, "color": 1}, "name": "x"},
            {
                "webhook": {"color": ["There is no such field."]},
                "name": ["There is no such field."],
            },
        ),
        (
            {"webhook": {"url": URL}, "notifications": {"order_created": "maybe"}},
            {"notifications": {"order_created": ["Must be a valid boolean."]}},
        ),
        (
            {"webhook": {"url": URL, "username": "My Discord bot"}},
            {
                "webhook": {
                    "username": ["Discord takes no name that contains “discord” or “clyde”."]
                }
            },
        ),
    ],
)
def test_reports_an_error_at_its_field(
    client: APIClient, body: dict[str, Any], errors: dict[str, Any]
) -> None:
    answer = client.post("/api/discord/", body)
    assert answer.status_code == 400
    assert answer.json() == {
        "detail": "Invalid request data",
        "code": "invalid",
        "errors": errors,
    }
    assert not DiscordWebhook.objects.exists()


@pytest.mark.parametrize(
    "webhook",
    [
        {"url": None},
        {"url": 7},
        {"url": []},
        {"url": {}},
        {"url": True},
        {"url": ""},
        {"url": f"{URL}\x00"},
        {"url": "https://" + "x" * 500_000},
        {"url": "https://discord.com/api/webhooks/..."},
        {"url": "https://169.254.169.254/latest/meta-data"},
        {"url": URL, "username": ""},
        {"url": URL, "username": "   "},
        {"url": URL, "username": None},
        {"url": URL, "username": "x" * 81},
        {"url": URL, "username": "😀" * 41},
        {"url": URL, "username": "CLYDE"},
        {"url": URL, "username": "two\nlines"},
        {"url": URL, "username": "nul\x00"},
        {"url": URL, "username": ["x"]},
        {"url": URL, "avatar_url": "ftp://example.com/a.png"},
        {"url": URL, "avatar_url": "javascript:alert(1)"},
        {"url": URL, "avatar_url": "//example.com/a.png"},
        {"url": URL, "avatar_url": "https://example.com/" + "a" * 2048},
        {"url": URL, "avatar_url": "https://example.com/\x00"},
        {"url": URL, "avatar_url": 7},
        [],
        "text",
        7,
    ],
)
def test_hostile_webhooks_are_refused(client: APIClient, webhook: Any) -> None:
    answer = client.post("/api/discord/", {"webhook": webhook})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["webhook"]
    assert not DiscordWebhook.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"null", 400),
        (b"NaN", 400),
        (b'{"webhook": {"url": "\\ud800"}}', 400),
        (b'{"webhook": {"url": "\xff"}}', 400),
        (b"[" * 100_000, 400),
        (b" " * 2_000_000, 413),
    ],
)
@pytest.mark.parametrize("method", ["post", "put"])
def test_unreadable_bodies_are_refused(
    client: APIClient, method: str, body: bytes, status: int
) -> None:
    if method == "put":
        connected(client)
    answer = getattr(client, method)("/api/discord/", body, content_type="application/json")
    assert answer.status_code == status
    assert DiscordWebhook.objects.count() == (1 if method == "put" else 0)


def test_another_media_type_is_refused(client: APIClient) -> None:
    answer = client.post("/api/discord/", "a=1", content_type="text/plain")
    assert answer.status_code == 415


# --- Changing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    ("body", "place", "value"),
    [
        ({"webhook": {"username": "Other"}}, ("webhook", "username"), "Other"),
        ({"webhook": {"avatar_url": None}}, ("webhook", "avatar_url"), ""),
        ({"webhook": {"url": OTHER_URL}}, ("webhook", "url"), OTHER_URL),
        (
            {"notifications": {"order_failed": False}},
            ("notifications", "order_failed"),
            False,
        ),
        ({}, ("webhook", "username"), "OrderChainer Bot"),
        ({"webhook": {}, "notifications": {}}, ("webhook", "url"), URL),
    ],
)
def test_a_change_leaves_fields_that_are_not_sent(
    client: APIClient, method: str, body: Any, place: tuple[str, str], value: Any
) -> None:
    expected = connected(client)
    outer, inner = place
    expected[outer][inner] = value
    answer = getattr(client, method)("/api/discord/", body)
    assert (answer.status_code, answer.json()) == (200, expected)
    assert client.get("/api/discord/").json() == expected


def test_a_refused_change_changes_nothing(client: APIClient) -> None:
    before = connected(client)
    answer = client.put(
        "/api/discord/",
        {
            "webhook": {"username": "Other", "url": "https://evil.test"},
            "notifications": {"order_failed": False},
        },
    )
    assert answer.status_code == 400
    assert client.get("/api/discord/").json() == before


def test_a_new_url_switches_the_integration_on_and_the_same_url_does_not(
    client: APIClient,
) -> None:
    connected(client)
    DiscordWebhook.objects.update(
        is_active=False,
        disabled_reason="Discord answered 404: Unknown Webhook.",
        last_delivery_at="2024-02-14T12:00:00Z",
        last_status=404,
        last_error="Discord answered 404: Unknown Webhook.",
    )
    off = client.get("/api/discord/").json()
    assert off["is_active"] is False
    assert off["disabled_reason"] == "Discord answered 404: Unknown Webhook."
    assert off["last_delivery"] == {
        "at": "2024-02-14T12:00:00",
        "status": 404,
        "error": "Discord answered 404: Unknown Webhook.",
    }

    same = client.put("/api/discord/", {"webhook": {"url": URL}})
    assert same.json()["is_active"] is False

    new = client.put("/api/discord/", {"webhook": {"url": OTHER_URL}, "is_active": False})
    assert new.json()["is_active"] is True
    body = client.get("/api/discord/").json()
    assert "disabled_reason" not in body
    assert "last_delivery" not in body


def test_its_owner_can_switch_it_off_and_on(client: APIClient) -> None:
    connected(client)
    assert client.put("/api/discord/", {"is_active": False}).json()["is_active"] is False
    body = client.get("/api/discord/").json()
    assert body["disabled_reason"] == "Switched off by its owner."
    assert client.patch("/api/discord/", {"is_active": True}).json()["is_active"] is True
    assert "disabled_reason" not in client.get("/api/discord/").json()


def test_reads_in_two_statements(
    client: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    connected(client)
    with django_assert_num_queries(2):
        client.get("/api/discord/")


# --- The secret -------------------------------------------------------------------------------


def test_the_database_holds_no_token(client: APIClient) -> None:
    connected(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_discordwebhook")
        row = cursor.fetchall()
    assert "x" * 10 not in repr(row)
    assert "123456789012345678" in repr(row)


def test_a_lost_key_is_refused_clearly_and_a_new_url_repairs_it(
    client: APIClient, settings: Settings
) -> None:
    connected(client)
    settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]

    refusal = {
        "detail": "The stored webhook URL can no longer be read. Send it again with PUT.",
        "code": "discord_url_unreadable",
    }
    for answer in (
        client.get("/api/discord/"),
        client.post("/api/discord/test"),
        client.put("/api/discord/", {"webhook": {"username": "Other"}}),
    ):
        assert (answer.status_code, answer.json()) == (409, refusal)
    assert DiscordWebhook.objects.get().username == "OrderChainer Bot"

    healed = client.put("/api/discord/", {"webhook": {"url": URL}})
    assert healed.status_code == 200
    assert client.get("/api/discord/").json()["webhook"]["url"] == URL
