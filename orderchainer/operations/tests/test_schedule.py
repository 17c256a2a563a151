"""When beat sends what."""

from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from celery.beat import ScheduleEntry

from orderchainer.operations.schedule import DueAtStartScheduler


class Beat(DueAtStartScheduler):
    """Notes what it would send."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.sent: list[str] = []
        super().__init__(*args, **options)

    def apply_async(self, entry: Any, *args: Any, **options: Any) -> Any:
        """Note the task."""
        self.sent.append(entry.task)


@pytest.fixture
def beat() -> Beat:
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {
        "often": {"task": "often", "schedule": timedelta(seconds=60)},
        "daily": {"task": "daily", "schedule": timedelta(days=1)},
    }
    return Beat(app)


def ticked(beat: Beat) -> float:
    """Send all that is due now; return how long beat then sleeps."""
    while (seconds := beat.tick()) <= 0:
        assert len(beat.sent) < 100
    return float(seconds)


def test_everything_is_due_at_start_and_then_beat_sleeps_until_the_next_entry(beat: Beat) -> None:
    assert 50 < ticked(beat) <= 60
    assert sorted(beat.sent) == ["daily", "often"]


def test_entries_are_not_compared_before_each_of_them(
    beat: Beat, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[object] = []

    def is_same(entry: object, other: object) -> bool:
        compared.append(entry)
        return True

    ticked(beat)
    monkeypatch.setattr(ScheduleEntry, "editable_fields_equal", is_same)

    ticked(beat)

    assert not compared
