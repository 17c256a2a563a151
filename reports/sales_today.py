"""What was sold today so far, beside the same weekday a week ago at the same time of day."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import Project
from orderchainer.core.days import Period, Stretch, days_earlier, today_in
from orders.figures import Summary, summaries_of

A_WEEK = timedelta(weeks=1)
A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class SalesToday:
    """The figures of today so far, and those of the day a week ago up to the same time."""

    now: Summary
    then: Summary

    @property
    def weekday(self) -> str:
        """The name of the day: `Sunday`."""
        return f"{self.now.period.first:%A}"


def sales_today(project: Project) -> SalesToday:
    """Return the sales of today so far and of a week ago, in one statement."""
    zone, now = project.zone, timezone.now()
    today = today_in(zone)
    before = Period(today - A_WEEK, today - A_WEEK, zone)
    # A stretch is never empty, and never longer than its day.
    least, most = before.start + A_SECOND, before.end
    until = min(max(days_earlier(now, A_WEEK.days, zone), least), most)
    earlier = Stretch(before.start, until, zone)
    return SalesToday(*summaries_of(project, Period(today, today, zone), earlier))
