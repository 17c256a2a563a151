"""Syncs for tests, worked on as a worker does, without its waits."""

from django.utils import timezone

from integrations.models import Integration, SyncRun
from integrations.shopify.tests.shop import PretendShop
from integrations.work.runs import work_on_run
from orderchainer.core.outbox import PENDING
from orders.models import Order


def work(run: SyncRun) -> float | None:
    """Work on a run for one slice. Return in how many seconds the next one is due, if any."""
    assert work_on_run(run.pk) is not None
    run.refresh_from_db()
    if run.state != PENDING:
        return None
    return max(0.0, (run.next_attempt_at - timezone.now()).total_seconds())


def finish(shop: PretendShop, run: SyncRun, *, most: int = 100) -> list[float]:
    """Work on a run to its end, and let Shopify's time pass instead of waiting.

    Return the waits between slices, in seconds.
    """
    waits: list[float] = []
    while (wait := work(run)) is not None:
        assert len(waits) < most, run.last_error
        waits.append(wait)
        shop.shopify.advance(wait)
        SyncRun.objects.filter(pk=run.pk).update(next_attempt_at=timezone.now())
    return waits


def mirrored(integration: Integration) -> dict[str, str]:
    """Return the status of each order that came from the shop, by its id there."""
    orders = Order.objects.filter(project=integration.project_id, provider="shopify")
    pairs = list(orders.values_list("external_id", "status"))
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)
