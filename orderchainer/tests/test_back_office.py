"""What all pages of the back office have in common."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingEmail, User
from accounts.tests.factories import make_user
from integrations.discord.models import DiscordWebhook
from integrations.inbound.tests.factories import make_delivery as make_inbound
from integrations.inbound.tests.factories import make_integration
from integrations.models import Errand
from orderchainer.core.admin.readers_zone import COOKIE
from orderchainer.core.encryption import Secret
from orders.stream.models import DeliveryTarget
from orders.tests.factories import make_delivery, make_order
from reports.services import ScheduleFields, create_schedule

pytestmark = pytest.mark.django_db

# A time far ahead, so that what is due then waits.
AT = datetime(2099, 7, 1, 10, 0, tzinfo=UTC)
IN_BERLIN = "2099-07-01 12:00:00 CEST"
RAW = re.compile(r"\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")


@pytest.fixture
def berliner() -> Client:
    """The browser of a superuser, which has named its zone."""
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    client.cookies[COOKIE] = "Europe/Berlin"
    return client


def an_email(ada: User) -> Model:
    return OutgoingEmail.objects.create(
        kind=OutgoingEmail.Kind.RESET_PASSWORD,
        recipient=ada.email,
        next_attempt_at=AT,
        expires_at=timezone.now() + timedelta(hours=1),
    )


def an_errand(ada: User) -> Model:
    return Errand.objects.create(
        integration=make_integration(), kind=Errand.Kind.MAINTAIN, next_attempt_at=AT
    )


def an_inbound_delivery(ada: User) -> Model:
    return make_inbound(next_attempt_at=AT)


def a_delivery(ada: User) -> Model:
    return make_delivery(make_order(ada), next_attempt_at=AT)


def a_delivery_to_a_paused_target(ada: User) -> Model:
    delivery = make_delivery(make_order(ada))
    DeliveryTarget.objects.update(paused_until=AT)
    return delivery


def a_paused_webhook(ada: User) -> Model:
    return DiscordWebhook.objects.create(
        user=ada,
        url=Secret("https://discord.com/api/webhooks/1/token"),
        webhook_id="1",
        host="discord.com",
        paused_until=AT,
    )


@pytest.mark.parametrize(
    "make",
    [
        an_email,
        an_errand,
        an_inbound_delivery,
        a_delivery,
        a_delivery_to_a_paused_target,
        a_paused_webhook,
    ],
)
def test_a_page_says_in_the_readers_zone_until_when_its_row_waits(
    berliner: Client, make: Callable[[User], Any]
) -> None:
    row = make(make_user())
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"

    text = berliner.get(reverse(name, args=[row.pk])).content.decode()

    assert IN_BERLIN in text
    assert RAW.findall(text) == []


def test_the_recipients_of_reports_are_named_by_their_addresses(berliner: Client) -> None:
    owner = make_user(email="owner@example.com")
    schedule = create_schedule(
        project=owner.personal_project,
        by=owner,
        fields=ScheduleFields(report_type="sales", frequency="weekly"),
    )
    schedule.recipients.set(owner.personal_project.memberships.all())
    url = reverse("admin:reports_reportschedule_change", args=[schedule.pk])

    text = berliner.get(url).content.decode()

    assert owner.email in text
    assert f"user {owner.pk} as" not in text
