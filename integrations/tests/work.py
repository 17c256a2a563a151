"""Does the workers' job at once."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from integrations.models import Errand, SyncRun
from integrations.work import errands, runs
from orderchainer.core.outbox import PENDING


def work(*, most: int = 50) -> None:
    """Carry out errands and syncs until nothing is due."""
    for _ in range(most):
        due_errands, due_runs = errands.due_errands(), runs.due_runs()
        if not due_errands and not due_runs:
            return
        for errand_id in due_errands:
            errands.run_errand(errand_id)
        for run_id in due_runs:
            runs.work_on_run(run_id)
    raise AssertionError("There is always something due.")


def skip_waiting() -> None:
    """Let the time pass until everything is due: pauses are over, and leases of the dead too."""
    past = timezone.now() - timedelta(seconds=1)
    for model in (Errand, SyncRun):
        model._default_manager.filter(state=PENDING).update(next_attempt_at=past)


def pass_days(days: int) -> None:
    """Make all work as old as that."""
    for model in (Errand, SyncRun):
        model._default_manager.update(asked_at=F("asked_at") - timedelta(days=days))
