"""Having a delivery worked on again: by whom, and when not."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.access import MANAGERS
from accounts.errors import ProjectNotFound, RoleNotEnough
from accounts.models import Membership, User
from accounts.tests.factories import make_staff, make_user
from accounts.tests.projects import make_team
from integrations.errors import DeliveryInFlight, DeliveryNotFound, IntegrationNotFound
from integrations.inbound.tests.factories import make_delivery, make_integration
from integrations.inbound.tests.pretend.provider import Handler
from integrations.inbound.working import due_deliveries, work_on
from integrations.models import InboundDelivery, Integration
from integrations.services import replay_delivery

pytestmark = pytest.mark.django_db

State = InboundDelivery.State
OVER = [State.DONE, State.FAILED, State.IGNORED]


def as_it_is(delivery: InboundDelivery) -> dict[str, Any]:
    """Return what the row says now."""
    return dict(InboundDelivery.objects.filter(pk=delivery.pk).values()[0])


@pytest.mark.parametrize("state", [*OVER, State.RECEIVED])
def test_a_delivery_is_worked_on_again_with_all_attempts_ahead(
    pretend: Handler,
    state: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    delivery = make_delivery(state=state, attempts=9, last_error="No.", next_attempt_at=later)

    with django_capture_on_commit_callbacks() as nudges:
        replayed = replay_delivery(integration=delivery.integration, delivery_id=delivery.uuid)

    assert (replayed.state, replayed.attempts) == (State.RECEIVED, 0)
    assert len(nudges) == 1
    assert due_deliveries() == [delivery.pk]
    work_on(delivery.pk)
    assert pretend.got == [delivery.pk]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.last_error) == (State.DONE, 1, "")


def test_one_that_a_worker_has_is_refused(pretend: Handler) -> None:
    delivery = make_delivery()

    def handle(row: InboundDelivery) -> None:
        before = as_it_is(row)
        with pytest.raises(DeliveryInFlight):
            replay_delivery(integration=row.integration, delivery_id=row.uuid)
        assert as_it_is(row) == before

    pretend.does = handle
    work_on(delivery.pk)

    assert as_it_is(delivery)["state"] == State.DONE


def test_one_of_a_disconnected_integration_is_refused() -> None:
    delivery = make_delivery(state=State.FAILED)
    Integration.objects.update(status=Integration.Status.DISCONNECTED, secrets=None)
    before = as_it_is(delivery)

    with pytest.raises(IntegrationNotFound):
        replay_delivery(integration=delivery.integration, delivery_id=delivery.uuid)

    assert as_it_is(delivery) == before


def test_another_integrations_delivery_is_not_found() -> None:
    delivery = make_delivery(state=State.FAILED)
    other = make_integration()

    for delivery_id in (delivery.uuid, uuid4()):
        with pytest.raises(DeliveryNotFound):
            replay_delivery(integration=other, delivery_id=delivery_id)

    assert as_it_is(delivery)["state"] == State.FAILED


def test_managers_and_staff_may_and_others_may_not() -> None:
    team = make_team()
    delivery = make_delivery(make_integration(project=team.project), state=State.FAILED)

    def may(user: User) -> bool:
        InboundDelivery.objects.update(state=State.FAILED)
        try:
            replay_delivery(integration=delivery.integration, delivery_id=delivery.uuid, by=user)
        except (RoleNotEnough, ProjectNotFound):
            assert as_it_is(delivery)["state"] == State.FAILED
            return False
        return True

    for role in Membership.Role:
        assert may(team.members[role]) is (role in MANAGERS), role
    assert may(make_staff("change_integration"))
    assert not may(make_staff("view_integration"))
    assert not may(make_user())
