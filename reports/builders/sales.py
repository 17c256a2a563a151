"""Sales: orders and revenue, by day, product and customer, beside the period before."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone

from orderchainer.core import days
from orders import figures
from orders.figures import Breakdown, Part, Selection, Summary
from orders.lifecycle import Status
from orders.models import Order
from reports.builders.contracts import Builder, Built, Question
from reports.payloads import Payload
from reports.wording import counted, money, percent, sentences

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def build(question: Question) -> Built:
    """Build the report, in eight statements at most, whatever the project has."""
    project, period, selection = question.project, question.period, selection_of(question)
    breakdown = figures.breakdown_of(project, period, selection)
    summary = breakdown.summary
    currency = summary.currency
    hours = figures.by_hour_of_week(project, period, currency=currency, selection=selection)
    products = figures.top_products(project, period, currency=currency, selection=selection)
    customers = figures.customers_of(project, period, currency=currency, selection=selection)
    chains = figures.completed_chains(project, period, selection)
    now = timezone.now()
    # What has not happened yet is compared with nothing.
    is_running = period.end > now
    earlier = days.part_before(period, now) if is_running else days.before(period)
    trend = _trend(summary, figures.summary_of(project, earlier, selection))
    payload: Payload = {
        **overview_of(breakdown),
        "by_weekday": _named("weekday", WEEKDAYS, figures.by_weekday(hours)),
        "by_hour": _named("hour", range(24), figures.by_hour(hours)),
        "top_products": [
            {
                "name": product.name,
                "sku": product.sku,
                "quantity": product.quantity,
                "total_revenue": product.revenue,
            }
            for product in products
        ],
        "top_customers": [
            {
                "name": customer.name,
                "email": customer.email,
                "phone": customer.phone,
                "total_orders": customer.total_orders,
                "total_revenue": customer.total_revenue,
            }
            for customer in customers.best
        ],
        "customers": {
            "total": customers.total,
            "new": customers.new,
            "returning": customers.returning,
        },
        "trend": {
            "start_date": earlier.first.isoformat(),
            "end_date": earlier.last.isoformat(),
            "until": f"{earlier.end:%Y-%m-%dT%H:%M:%SZ}" if is_running else None,
            **trend,
        },
        "chains_completed": chains,
    }
    return Built(_summary(summary, payload, is_running=is_running), payload)


def overview_of(breakdown: Breakdown) -> Payload:
    """Write the figures of a period and of its parts. Exported statistics have these too."""
    summary = breakdown.summary
    return {
        "total_orders": summary.total_orders,
        "total_revenue": summary.total_revenue,
        "average_order_value": summary.average_order_value,
        "currency": summary.currency,
        "orders_by_status": dict(summary.orders_by_status),
        "by_currency": {
            code: {
                "total_orders": sales.total_orders,
                "total_revenue": sales.total_revenue,
                "average_order_value": sales.average_order_value,
            }
            for code, sales in summary.by_currency.items()
        },
        "by_provider": [
            {"provider": name, **_part(part)} for name, part in breakdown.by_provider.items()
        ],
        "by_day": [
            {
                "date": day.day.isoformat(),
                **_part(day),
                "average_orders_7_days": day.average_orders,
                "average_revenue_7_days": day.average_revenue,
            }
            for day in breakdown.by_day
        ],
    }


def selection_of(question: Question) -> Selection:
    """Return the orders that the question is about."""
    return Selection(
        providers=question.words("provider"),
        statuses=question.words("status"),
        currency=question.text("currency"),
        customer=question.text("customer"),
    )


def _part(part: Part) -> Payload:
    return {"total_orders": part.total_orders, "total_revenue": part.total_revenue}


def _named(
    kind: str, names: Sequence[str] | range, parts: Sequence[Part]
) -> Sequence[Mapping[str, object]]:
    return [{kind: name, **_part(part)} for name, part in zip(names, parts, strict=True)]


def _trend(now: Summary, then: Summary) -> Payload:
    """Return how the figures changed. Revenue is compared in the currency of this period."""
    earlier = then.by_currency.get(now.currency)
    revenue = earlier.total_revenue if earlier else now.total_revenue * 0
    return {
        "total_orders": _change(now.total_orders, then.total_orders),
        "total_revenue": _change(now.total_revenue, revenue),
        "average_order_value": _change(
            now.average_order_value,
            figures.average_of(revenue, then.total_orders, now.currency),
        ),
    }


def _change(now: int | Decimal, then: int | Decimal) -> Payload:
    """Return a change, absolute and in per cent of what was; null if nothing was."""
    part = Decimal(now - then) * 100 / Decimal(then) if then else None
    rounded = None if part is None else part.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return {"before": then, "change": now - then, "change_percent": rounded}


def told(summary: Summary, more: Sequence[str] = ()) -> str:
    """Say in words what the orders earned, and then `more` sentences."""
    currency = summary.currency
    if not summary.total_orders:
        return "Generated no orders."
    revenue = money(summary.total_revenue, currency)
    average = money(summary.average_order_value, currency)
    others = ", ".join(
        money(sales.total_revenue, code)
        for code, sales in summary.by_currency.items()
        if code != currency
    )
    return sentences(
        [
            f"Generated {counted(summary.total_orders, 'order')} with {revenue} in total revenue,"
            f" {average} on average",
            f"Orders in other currencies earned {others}" if others else "",
            *more,
        ]
    )


def _summary(summary: Summary, payload: Payload, *, is_running: bool) -> str:
    best = payload["top_products"][0] if payload["top_products"] else None
    earned = money(best["total_revenue"], summary.currency) if best else ""
    return told(
        summary,
        [
            _against_before(payload["trend"]["total_revenue"], is_running=is_running),
            _who(payload["customers"]),
            f"{best['name']} earned most, {earned}" if best else "",
        ],
    )


def _against_before(change: Payload, *, is_running: bool) -> str:
    before = "the same part of the period before" if is_running else "the period before"
    begin = "So far, revenue" if is_running else "Revenue"
    part = change["change_percent"]
    if part is None:
        return ""
    if not change["change"]:
        return f"{begin} was the same as in {before}"
    # A change can be too small for a per cent with one decimal.
    how_much = percent(abs(part)) if part else "slightly"
    direction = "more" if change["change"] > 0 else "less"
    return f"{begin} was {how_much} {direction} than in {before}"


def _who(customers: Mapping[str, int]) -> str:
    total, new = customers["total"], customers["new"]
    if not total:
        return ""
    return f"{counted(total, 'customer')} bought, {new:,} of them for the first time"


BUILDER = Builder(
    label="Sales performance and revenue analytics",
    schema_version=1,
    build=build,
    providers=Order.Provider.values,
    statuses=Status.values,
)
