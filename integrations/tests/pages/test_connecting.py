"""The wizard that connects an account: what you need, paste, test."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.pages.cookies import COOKIE
from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team
from integrations.models import Errand, Integration
from integrations.services import change_integration, connect_integration
from integrations.services.connecting import MAX_INTEGRATIONS
from integrations.tests.factories import connect, make_integration
from integrations.tests.pages.scenes import (
    HOSTILE,
    address,
    at,
    make_delivery,
    send,
    text_of,
)
from integrations.tests.pretend.shop import CONFIG, REFUSED, Shop
from integrations.tests.work import skip_waiting, work
from orderchainer.core.outbox import TryAgain

pytestmark = pytest.mark.django_db

WHATSAPP = {
    "access_token": "EAAB-of-the-system-user",
    "phone_number_id": "106540352242922",
    "app_secret": "5f0e1d2c3b4a59687786958473625140",
    "waba_id": "102290129340398",
}


def agreed_on(response: Any) -> str:
    """Return the verify token that a page suggests."""
    found = re.search(r'id="agreed-verify_token">([0-9a-f]{32})<', text_of(response))
    assert found
    return found[1]


# --- 1. What you need -------------------------------------------------------------------------


def test_says_what_to_do_and_has_our_address_to_copy(team: Team, manager: Client) -> None:
    page = text_of(manager.get(address(team, "integrations", "connect", "whatsapp")))

    assert "<h1>Connect WhatsApp</h1>" in page
    assert 'href="https://developers.facebook.com/apps"' in page
    assert '<code id="webhook">http://localhost:8000/api/v1/webhooks/whatsapp</code>' in page
    assert 'data-copy="webhook"' in page
    assert 'data-copy="agreed-verify_token"' in page
    assert f'href="{address(team, "integrations", "connect", "whatsapp", "keys")}"' in page


def test_a_provider_that_needs_nothing_from_us_gets_nothing(team: Team, manager: Client) -> None:
    page = text_of(manager.get(address(team, "integrations", "connect", "telegram")))

    assert "Write /newbot to @BotFather" in page
    assert "data-copy" not in page


def test_both_steps_suggest_the_same_token_until_it_is_used(team: Team, manager: Client) -> None:
    first = address(team, "integrations", "connect", "whatsapp")
    token = agreed_on(manager.get(first))

    assert agreed_on(manager.get(first)) == token
    assert f'value="{token}"' in text_of(manager.get(f"{first}/keys"))
    # Nobody else gets it.
    assert agreed_on(browser_of(team.owner).get(first)) != token

    assert send(manager, f"{first}/keys", **WHATSAPP).status_code == 303

    assert Integration.objects.get().configuration()["verify_token"] == token
    assert agreed_on(manager.get(first)) != token


@pytest.mark.parametrize("name", ["discord", "gemini", "nobody", "%00", "é"])
def test_what_cannot_be_connected_is_a_404(name: str, team: Team, manager: Client) -> None:
    for path in (name, f"{name}/keys"):
        assert manager.get(address(team, "integrations", "connect", path)).status_code == 404
    assert manager.post(address(team, "integrations", "connect", name, "keys")).status_code == 404


# --- 2. Paste ---------------------------------------------------------------------------------


def test_pasted_keys_connect_the_account_and_lead_to_the_test(
    team: Team, manager: Client, shop: Shop
) -> None:
    path = address(team, "integrations", "connect", "shopify", "keys")

    response = send(manager, path, **CONFIG)

    integration = Integration.objects.get()
    assert response.status_code == 303
    assert response["Location"] == at(team, integration, "test")
    assert integration.configuration() == CONFIG
    assert integration.connected_by == team.members["manager"]
    # The request asked nobody. A worker will.
    assert shop.calls == []
    assert Errand.objects.get().kind == Errand.Kind.CHECK


def test_the_form_sent_twice_connects_once(team: Team, manager: Client, shop: Shop) -> None:
    path = address(team, "integrations", "connect", "shopify", "keys")

    answers = [send(manager, path, **CONFIG), send(manager, path, **CONFIG)]

    assert {answer["Location"] for answer in answers} == {
        at(team, Integration.objects.get(), "test")
    }
    assert Errand.objects.count() == 1


def test_wrong_values_are_refused_at_their_fields(team: Team, manager: Client, shop: Shop) -> None:
    path = address(team, "integrations", "connect", "shopify", "keys")

    for typed, words in (
        ({"shop_url": "example.com"}, "This is no domain of a shop."),
        ({"shop_url": ""}, "This field is required."),
        ({"api_secret": ""}, "This field is required."),
        ({"api_key": ""}, "api_secret needs it."),
        ({"api_secret": "a\u202eb"}, "Must be one line of printable characters."),
        ({"api_secret": "x" * 5000}, "at most 4096 characters"),
    ):
        response = send(manager, path, **{**CONFIG, **typed})
        assert response.status_code == 400
        assert words in text_of(response), typed
    assert not Integration.objects.exists()


def test_a_refused_form_sends_no_secret_back(team: Team, manager: Client, shop: Shop) -> None:
    path = address(team, "integrations", "connect", "shopify", "keys")

    page = text_of(send(manager, path, **{**CONFIG, "shop_url": "example.com", "label": HOSTILE}))

    assert "your-api-key" not in page
    assert "your-api-secret" not in page
    # What is no secret stays, as text.
    assert 'value="example.com"' in page
    assert "<img src=x" not in page


def test_the_browser_keeps_no_form_with_secrets(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    paste = address(team, "integrations", "connect", "shopify", "keys")
    change = at(team, integration, "edit")

    for response in (
        manager.get(paste),
        send(manager, paste, **{**CONFIG, "shop_url": "example.com"}),
        manager.get(change),
        send(manager, change, shop_url="example.com", api_secret="another-secret"),
    ):
        assert response["Cache-Control"] == "no-store"
    # The Back button may show other pages as they were.
    assert manager.get(at(team, integration))["Cache-Control"] == "private, no-cache"


def test_the_same_account_again_gets_the_new_keys(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    path = address(team, "integrations", "connect", "shopify", "keys")

    response = send(manager, path, **{**CONFIG, "api_secret": "another-secret"})

    assert response["Location"] == at(team, integration, "test")
    assert "It was connected already" in text_of(manager.get(response["Location"]))
    integration.refresh_from_db()
    assert integration.configuration()["api_secret"] == "another-secret"


def test_a_full_project_says_so(team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    Integration.objects.bulk_create(
        Integration(
            project=team.project,
            provider="shopify",
            account=f"shop-{number}",
            secrets=integration.secrets,
        )
        for number in range(MAX_INTEGRATIONS - 1)
    )
    path = address(team, "integrations", "connect", "shopify", "keys")

    response = send(manager, path, **{**CONFIG, "shop_url": "one-more.myshopify.com"})

    assert response.status_code == 409
    assert f"at most {MAX_INTEGRATIONS} integrations" in text_of(response)


def test_a_form_of_another_site_connects_nothing(team: Team, shop: Shop) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[COOKIE] = browser_of(team.owner).cookies[COOKIE].value

    response = client.post(address(team, "integrations", "connect", "shopify", "keys"), CONFIG)

    assert response.status_code == 403
    assert not Integration.objects.exists()


# --- The sandbox ------------------------------------------------------------------------------


def test_the_sandbox_fills_in_what_is_left_empty(
    team: Team, manager: Client, settings: Settings
) -> None:
    settings.SANDBOX = True

    for name in ("shopify", "whatsapp", "telegram"):
        first = address(team, "integrations", "connect", name)
        assert "The sandbox plays" in text_of(manager.get(first))
        page = text_of(manager.get(f"{first}/keys"))
        assert "The sandbox fills it in" in page
        assert send(manager, f"{first}/keys").status_code == 303

    accounts = dict(Integration.objects.values_list("provider", "account"))
    assert accounts["shopify"] == "demo-shop.myshopify.com"
    assert accounts.keys() == {"shopify", "whatsapp", "telegram"}


def test_without_the_sandbox_nothing_is_filled_in(team: Team, manager: Client) -> None:
    path = address(team, "integrations", "connect", "telegram", "keys")

    assert "sandbox" not in text_of(manager.get(path))
    assert send(manager, path).status_code == 400


# --- 3. Test ----------------------------------------------------------------------------------


def titles(response: Any) -> list[str]:
    """Return what each check says."""
    _, _, checks = text_of(response).partition('aria-label="Checks"')
    return [title.strip() for title in re.findall(r'<p class="title">([^<]*)', checks)]


def test_each_check_says_its_outcome(team: Team, manager: Client, shop: Shop) -> None:
    integration = connect(team)
    path = at(team, integration, "test")
    response = manager.get(path)
    assert titles(response) == ["Asking Shopify", "Then we look for objects"]
    assert "data-unsettled" in text_of(response)

    work()

    response = manager.get(path)
    assert titles(response) == ["Keys accepted", "3 objects found"]
    assert "data-unsettled" not in text_of(response)


def test_a_refusal_says_what_to_change(team: Team, manager: Client, shop: Shop) -> None:
    shop.checks = [REFUSED]
    integration = make_integration(team)

    page = text_of(manager.get(at(team, integration, "test")))

    assert "<h1>Shopify refuses the keys</h1>" in page
    assert "The shop does not know this API key." in page
    assert f'href="{at(team, integration, "edit")}"' in page
    assert "Then we look for objects" in page


def test_a_provider_that_does_not_answer_is_asked_again(
    team: Team, manager: Client, shop: Shop
) -> None:
    shop.checks = [TryAgain("Shopify does not answer.")]
    integration = connect(team)
    work()

    page = text_of(manager.get(at(team, integration, "test")))

    assert "Asking Shopify" in page
    assert "Shopify does not answer." in page
    assert "data-unsettled" in page


def test_a_provider_that_never_answers_has_not_refused_the_keys(
    team: Team, manager: Client, shop: Shop
) -> None:
    shop.checks = [TryAgain("Shopify does not answer.")]
    integration = connect(team)
    for _ in range(Errand.MAX_ATTEMPTS):
        work()
        skip_waiting()

    response = manager.get(at(team, integration, "test"))

    page = text_of(response)
    assert Integration.objects.get().status == Integration.Status.ERROR
    assert "<h1>Test Shopify</h1>" in page
    assert titles(response)[0] == "Shopify could not be asked"
    assert "Shopify does not answer." in page


def test_a_test_without_an_answer_is_no_success(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    shop.checks = [TryAgain("Shopify does not answer.")]
    manager.post(at(team, integration, "test"))
    for _ in range(Errand.MAX_ATTEMPTS):
        work()
        skip_waiting()

    response = manager.get(at(team, integration, "test"))

    # It is still connected, because nothing is known to be wrong with it.
    assert Integration.objects.get().status == Integration.Status.CONNECTED
    assert titles(response) == ["Shopify could not be asked", "3 objects found"]
    assert "Shopify does not answer." in text_of(response)


def test_while_the_provider_is_asked_again_no_earlier_refusal_is_said(
    team: Team, manager: Client, shop: Shop
) -> None:
    shop.checks = [REFUSED, ()]
    integration = make_integration(team)
    manager.post(at(team, integration, "test"))

    response = manager.get(at(team, integration, "test"))

    page = text_of(response)
    assert titles(response)[0] == "Asking Shopify"
    assert "<h1>Test Shopify</h1>" in page
    assert "The shop does not know this API key." not in page
    work()
    assert titles(manager.get(at(team, integration, "test")))[0] == "Keys accepted"


def test_one_object_is_not_many(team: Team, manager: Client, shop: Shop) -> None:
    shop.pages = [[1]]
    integration = make_integration(team)

    assert titles(manager.get(at(team, integration, "test"))) == [
        "Keys accepted",
        "1 object found",
    ]


def test_a_paused_one_says_so_beside_its_checks(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    assert "It is paused" not in text_of(manager.get(at(team, integration, "test")))
    change_integration(integration=integration, is_paused=True)

    assert "It is paused" in text_of(manager.get(at(team, integration, "test")))


def test_the_part_alone_has_the_checks(team: Team, viewer: Client, shop: Shop) -> None:
    integration = make_integration(team)

    headers = {"HX-Request": "true", "HX-Target": "checks"}
    page = text_of(viewer.get(at(team, integration, "test"), headers=headers))

    assert page.lstrip().startswith('<div class="stack" id="checks"')
    assert "Keys accepted · 3 objects found" in page


def test_again_asks_the_provider_again(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)

    response = manager.post(at(team, integration, "test"))

    assert (response.status_code, response["Location"]) == (303, at(team, integration, "test"))
    assert titles(manager.get(response["Location"]))[0] == "Asking Shopify"
    work()
    assert shop.calls.count("check") == 2


def connect_whatsapp(team: Team, by: User) -> Integration:
    """Connect a number. No worker asks WhatsApp."""
    return connect_integration(
        project=team.project,
        provider="whatsapp",
        config={**WHATSAPP, "verify_token": "our-verify-token"},
        by=by,
    ).integration


@pytest.mark.parametrize(
    ("state", "title"),
    [
        ("pending", "Setting up the webhooks"),
        ("failed", "Webhooks could not be set up"),
        ("sent", "No webhook has come yet"),
        (None, "No webhook has come yet"),
    ],
)
def test_says_how_far_the_webhooks_are(
    state: str | None, title: str, team: Team, manager: Client
) -> None:
    integration = connect_whatsapp(team, team.owner)
    Integration.objects.update(status=Integration.Status.CONNECTED)
    Errand.objects.update(state=Errand.State.SENT)
    if state:
        kind = Errand.Kind.MAINTAIN
        Errand.objects.create(
            integration=integration, kind=kind, state=state, last_error="Meta says no."
        )

    page = manager.get(at(team, integration, "test"))

    assert titles(page) == ["Keys accepted", title]
    assert ("Meta says no." in text_of(page)) == (state in {"pending", "failed"})

    make_delivery(integration, topic="messages")
    assert "Webhook reached us" in text_of(manager.get(at(team, integration, "test")))


def test_an_earlier_webhook_hides_no_upkeep_that_failed_since(team: Team, manager: Client) -> None:
    integration = connect_whatsapp(team, team.owner)
    Integration.objects.update(status=Integration.Status.CONNECTED)
    make_delivery(integration)
    Errand.objects.update(
        kind=Errand.Kind.MAINTAIN,
        state=Errand.State.FAILED,
        last_error="Meta says no.",
        finished_at=timezone.now(),
    )

    response = manager.get(at(team, integration, "test"))

    assert titles(response) == ["Keys accepted", "Webhooks could not be set up"]
    assert "Meta says no." in text_of(response)


def test_a_webhook_from_before_says_nothing_of_the_present_keys(
    team: Team, manager: Client
) -> None:
    integration = connect_whatsapp(team, team.owner)
    make_delivery(integration, created_at=timezone.now() - timedelta(days=1))
    Integration.objects.update(
        status=Integration.Status.CONNECTED, status_since=timezone.now() - timedelta(hours=1)
    )
    Errand.objects.update(state=Errand.State.SENT)

    response = manager.get(at(team, integration, "test"))

    assert titles(response) == ["Keys accepted", "No webhook since it was connected"]
    assert "data-unsettled" in text_of(response)


def test_the_steps_take_few_statements(team: Team, manager: Client, shop: Shop) -> None:
    integration = make_integration(team)
    for _ in range(20):
        make_delivery(integration, created_at=timezone.now() - timedelta(hours=1))

    for path in (
        address(team, "integrations", "connect", "shopify"),
        address(team, "integrations", "connect", "shopify", "keys"),
        at(team, integration, "test"),
    ):
        with CaptureQueriesContext(connection) as captured:
            manager.get(path)
        assert len(captured) <= 8, path
