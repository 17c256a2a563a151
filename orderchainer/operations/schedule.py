"""Beat's memory: none. What is scheduled is due as soon as beat starts."""

from datetime import timedelta

from celery.beat import Scheduler

LONGER_THAN_ANY_INTERVAL = timedelta(days=366)


class DueAtStartScheduler(Scheduler):
    """Run every entry once at start and then by its interval; keep no file.

    Celery's own scheduler keeps its last runs in a file, which a `kill -9` may leave broken and which a
    container forgets. Without the file it would count a day anew from each start, and a service that is
    restarted daily would never do its daily work. Scheduled work here is a sweep, harmless to repeat,
    and at start a welcome one: it picks up what a crash left.
    """

    def setup_schedule(self) -> None:
        """Take the schedule from the settings and make all of it due."""
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = entry.default_now() - LONGER_THAN_ANY_INTERVAL
