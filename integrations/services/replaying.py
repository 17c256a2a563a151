"""Have a worker work on a delivery again."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from integrations.access import MANAGE_INTEGRATIONS
from integrations.errors import DeliveryInFlight, DeliveryNotFound
from integrations.inbound.tasks import work_on_delivery
from integrations.models import InboundDelivery, Integration
from integrations.services.asking import lock_for
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.outbox import make_due


@transaction.atomic
def replay_delivery(
    *, integration: Integration, delivery_id: UUID, by: User | None = None
) -> InboundDelivery:
    """Have a delivery worked on again as if it had just come, and return it.

    It does not matter how it ended. Handlers recognise what they have done before. `delivery_id` is
    its UUID, and `by` the person who asks. Raises `DeliveryNotFound`, `DeliveryInFlight` while a
    worker has it, `IntegrationNotFound` for one that is disconnected, and `RoleNotEnough` if `by`
    may not do it.
    """
    integration = lock_for(integration, by=by, operation=MANAGE_INTEGRATIONS)
    found = InboundDelivery.objects.filter(integration=integration, uuid=delivery_id)
    if not found.exists():
        raise DeliveryNotFound
    due = make_due(found)
    if not due:
        raise DeliveryInFlight
    nudge_on_commit(work_on_delivery, due[0])
    return found.get()
