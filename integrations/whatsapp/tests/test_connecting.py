"""Connecting a number: what people paste, what WhatsApp answers, and the webhooks' address."""

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import client_of
from integrations.contracts import CheckRefused
from integrations.errors import ConfigRefused
from integrations.models import Integration
from integrations.sandbox.whatsapp.network import config_of
from integrations.services import change_integration, connect_integration
from integrations.tests.work import work
from integrations.whatsapp.checking import NO_ACCOUNT, NO_ADDRESS, UNKNOWN_NUMBER, check
from integrations.whatsapp.client import FILE_DOMAINS, _may_download
from integrations.whatsapp.tests.pretend import CALLBACK, PretendWhatsApp, make_integration
from orderchainer.core.outbox import TryAgain


def connect(whatsapp: PretendWhatsApp, owner: User, **changes: Any) -> Integration:
    return connect_integration(
        project=owner.personal_project,
        provider="whatsapp",
        config={**config_of(whatsapp.number), **changes},
        by=owner,
    ).integration


def test_a_number_is_connected_and_its_webhooks_come_here(
    whatsapp: PretendWhatsApp, owner: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://testserver"
    whatsapp.number.callback = ""

    integration = connect(whatsapp, owner)
    work()

    integration.refresh_from_db()
    assert (integration.status, integration.account) == ("connected", "106540352242922")
    assert integration.account_name == "+1 555-078-3881 Aurora Workshop"
    path = f"/api/v1/integrations/{owner.personal_project.uuid}/{integration.uuid}"
    shown = client_of(owner).get(path).json()
    assert shown["account_name"] == "+1 555-078-3881 Aurora Workshop"
    assert integration.notes == []
    assert set(integration.config) == {"phone_number_id", "waba_id"}
    assert whatsapp.number.callback == CALLBACK
    assert whatsapp.shake_hands() == (200, "1158201444")


def test_the_upkeep_changes_nothing_that_is_right(
    whatsapp: PretendWhatsApp, owner: User, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://testserver"
    connect(whatsapp, owner)

    work()

    assert [each.method for each in whatsapp.calls("subscribed_apps")] == ["GET"]


@pytest.mark.parametrize("name", ["access_token", "phone_number_id", "app_secret", "verify_token"])
@pytest.mark.django_db
def test_no_number_is_connected_without_its_keys(
    whatsapp: PretendWhatsApp, owner: User, name: str
) -> None:
    with pytest.raises(ConfigRefused) as refused:
        connect(whatsapp, owner, **{name: None})

    assert list(refused.value.errors) == [name]
    assert not Integration.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone_number_id", "+1 555 078 3881"),
        ("phone_number_id", "106540352242922/../x"),
        ("access_token", "two words"),
        ("access_token", "line\nbreak"),
        ("app_secret", "short"),
        ("app_secret", ""),
        ("verify_token", "short"),
        ("verify_token", ""),
        ("waba_id", "me"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(
    whatsapp: PretendWhatsApp, owner: User, name: str, value: str
) -> None:
    with pytest.raises(ConfigRefused) as refused:
        connect(whatsapp, owner, **{name: value})

    assert list(refused.value.errors) == [name]
    assert not Integration.objects.exists()


@pytest.mark.parametrize("name", ["app_secret", "verify_token"])
def test_its_secrets_are_never_taken_away(integration: Integration, name: str) -> None:
    for value in (None, ""):
        with pytest.raises(ConfigRefused):
            change_integration(integration=integration, config={name: value})

    integration.refresh_from_db()
    assert integration.reveal()[name]


# --- The check --------------------------------------------------------------------------------


def test_says_what_is_missing_although_nothing_is_wrong(
    whatsapp: PretendWhatsApp, owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = make_integration(whatsapp, owner, config={"phone_number_id": whatsapp.number.id})

    assert list(check(integration).notes) == [NO_ACCOUNT]

    monkeypatch.setattr("integrations.whatsapp.checking.receiver", lambda: "")
    assert list(check(integration).notes) == [NO_ADDRESS]


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (190, 401, "WhatsApp does not accept the access token. Paste a new one. (190)"),
        (
            10,
            403,
            "The access token lacks a permission. It needs whatsapp_business_messaging. (10)",
        ),
        (100, 400, UNKNOWN_NUMBER),
        (
            131031,
            400,
            "WhatsApp has locked the business account. Look at its state at Meta. (131031)",
        ),
    ],
)
def test_what_no_other_try_changes_is_refused(
    integration: Integration, whatsapp: PretendWhatsApp, code: int, status: int, words: str
) -> None:
    body = f'{{"error": {{"code": {code}, "message": "no"}}}}'
    whatsapp.go_wrong("status", match="v26.0", status=status, body=body)

    with pytest.raises(CheckRefused) as refused:
        check(integration)

    assert str(refused.value) == words


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html", "status": 502},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500, "body": '{"error": {"code": 2}}'},
        {"kind": "truncate"},
        {"kind": "close"},
        {"kind": "html", "status": 200},
    ],
    ids=str,
)
def test_what_another_try_may_change_is_tried_again(
    integration: Integration, whatsapp: PretendWhatsApp, fault: dict[str, Any]
) -> None:
    whatsapp.go_wrong(match="v26.0", **fault)

    with pytest.raises(TryAgain):
        check(integration)


def test_waits_for_an_answer_only_so_long(
    integration: Integration, whatsapp: PretendWhatsApp, settings: Settings
) -> None:
    settings.WHATSAPP_TIMEOUT = 0.2
    whatsapp.go_wrong("hang", match="v26.0")

    with pytest.raises(TryAgain) as slow:
        check(integration)

    assert slow.value.timed_out


def test_a_token_of_somebody_else_is_never_repeated(whatsapp: PretendWhatsApp, owner: User) -> None:
    integration = connect(whatsapp, owner, access_token="EAAwrong0token0that0nobody0knows")

    work()

    integration.refresh_from_db()
    assert integration.status == "error"
    assert "EAAwrong" not in integration.last_error


# --- Addresses and settings -------------------------------------------------------------------


@pytest.mark.parametrize("domain", FILE_DOMAINS)
def test_the_token_goes_to_metas_addresses_only(settings: Settings, domain: str) -> None:
    settings.WHATSAPP_API_BASE = ""

    assert _may_download(f"https://lookaside.{domain}/x?mid=1")
    for url in (
        f"http://lookaside.{domain}/x",
        f"https://lookaside.{domain}.evil.example/x",
        f"https://evil{domain}/x",
        f"https://{domain}@evil.example/x",
        f"https://{domain}:8443/x",
        "https://[::1/x",
        "file:///etc/passwd",
        "",
    ):
        assert not _may_download(url)


@pytest.mark.parametrize(
    ("name", "value", "complaints"),
    [
        ("WHATSAPP_API_BASE", "", []),
        ("WHATSAPP_API_BASE", "http://127.0.0.1:8400/whatsapp", []),
        ("WHATSAPP_API_BASE", "graph.facebook.com", ["whatsapp.E001"]),
        ("WHATSAPP_API_BASE", "https://x.test/?a=b", ["whatsapp.E001"]),
        ("WHATSAPP_API_VERSION", "v26.0", []),
        ("WHATSAPP_API_VERSION", "26.0", ["whatsapp.E002"]),
        ("WHATSAPP_API_VERSION", "v26.0/..", ["whatsapp.E002"]),
        ("WHATSAPP_TIMEOUT", 15, []),
        ("WHATSAPP_TIMEOUT", 0, ["whatsapp.E003"]),
        ("WHATSAPP_TIMEOUT", 16, ["whatsapp.E003"]),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    settings: Settings, name: str, value: Any, complaints: list[str]
) -> None:
    setattr(settings, name, value)

    found = [message.id for message in run_checks()]

    assert [id_ for id_ in found if id_ and id_.startswith("whatsapp.")] == complaints
