"""A schedule for beat that remembers nothing: every entry is due when beat starts."""

from datetime import timedelta
from typing import Any

from celery.beat import Scheduler

LONGER_THAN_ANY_INTERVAL = timedelta(days=366)


class DueAtStartScheduler(Scheduler):
    """Run every entry once at start and then at its interval; keep no file.

    Celery's own scheduler keeps the times of its last runs in a file, which a `kill -9` may corrupt
    and a new container does not have. Without that file it would wait a whole interval after each
    start, and a service that restarts every day would never run its daily tasks. All scheduled
    tasks here are sweeps, which are safe to repeat, and a sweep at start finds what a crash left
    behind.
    """

    def setup_schedule(self) -> None:
        """Load the schedule from the settings and make every entry due now."""
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = entry.default_now() - LONGER_THAN_ANY_INTERVAL

    def schedules_equal(self, *args: Any, **kwargs: Any) -> bool:
        """Tell that the schedule is still the same: it comes from the settings.

        Celery compares all entries before each of them, which takes longer than sending its task.
        """
        return True
