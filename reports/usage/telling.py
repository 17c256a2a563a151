"""Counts of calls as a payload, for the API and for files."""

from uuid import UUID

from orderchainer.core.days import Period, days_of
from reports.payloads import Payload
from reports.usage.figures import Calls


def payload_of(calls: Calls, period: Period) -> Payload:
    """Write the calls of a period, with every day of it."""
    return {
        "period_days": period.day_count,
        "start_date": period.first.isoformat(),
        "end_date": period.last.isoformat(),
        "timezone": period.zone.key,
        "total_calls": calls.total,
        "by_surface": dict(calls.by_surface.most_common()),
        "by_user": [
            {"user_id": _text(each.user_id), "name": each.name, "calls": each.calls}
            for each in calls.by_user
        ],
        "by_token": [
            {
                "token_id": _text(each.token_id),
                "name": each.name,
                "user_id": _text(each.user_id),
                "calls": each.calls,
            }
            for each in calls.by_token
        ],
        "by_day": [
            {"date": day.isoformat(), "calls": calls.by_day[day]} for day in days_of(period)
        ],
    }


def _text(uuid: UUID | None) -> str | None:
    return None if uuid is None else str(uuid)
