"""A stored report names a customer only as long as an order of its project does."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Project
from orders.models import Order, customer_key_of
from reports import payloads
from reports.models import Report

# The type whose payloads name customers, and what it says of each.
NAMES_CUSTOMERS = "sales"
_OF_A_CUSTOMER = ("name", "email", "phone")
# How many reports one transaction reads. A long report has some hundred kilobytes.
BATCH = 20


def forget_customers(project: Project) -> None:
    """Erase the customers whom no order of the project names any more from all stored reports.

    Their figures stay. Each batch is one transaction; after a crash, call it again.
    """
    last, reports = 0, Report.objects.filter(project=project, report_type=NAMES_CUSTOMERS)
    ids = reports.order_by("pk").values_list("pk", flat=True)
    while batch := list(ids.filter(pk__gt=last)[:BATCH]):
        forget_customers_in(project, batch)
        last = batch[-1]


@transaction.atomic
def forget_customers_in(project: Project, report_ids: Sequence[int]) -> None:
    """Do the same in these reports of the project.

    It locks also those that are being generated. So it either waits for the worker that is writing
    one, or that worker calls it afterwards, with its row locked, and then sees the erased orders.
    """
    named = {report: figures for report in _locked(report_ids) if (figures := report.figures)}
    keys = {_key_of(customer) for figures in named.values() for customer in _customers_in(figures)}
    orders = Order.objects.filter(project=project, customer_key__in=keys)
    # Those who are erased already have an empty key.
    known = {"", *orders.values_list("customer_key", flat=True).distinct()}
    for report, figures in named.items():
        unknown = [each for each in _customers_in(figures) if _key_of(each) not in known]
        for customer in unknown:
            customer.update(dict.fromkeys(_OF_A_CUSTOMER, ""))
        if unknown:
            Report.objects.filter(pk=report.pk).update(
                payload=payloads.write(figures), erasures=F("erasures") + 1
            )


def _locked(report_ids: Sequence[int]) -> QuerySet[Report]:
    return Report.objects.filter(pk__in=report_ids).order_by("pk").select_for_update(no_key=True)


def _customers_in(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = figures.get("top_customers", [])
    return found


def _key_of(customer: Mapping[str, Any]) -> str:
    return customer_key_of(customer["email"], customer["phone"])
