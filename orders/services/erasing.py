"""Erasing a customer's data from mirrored orders, when the customer's shop asks for it."""

from collections.abc import Callable, Collection, Sequence

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Project
from orderchainer.core.db.among import among
from orderchainer.core.registry import Registry
from orders.lifecycle import EventType
from orders.locks import lock_orders
from orders.models import Order, customer_key_of
from orders.services.outside import fit, is_external_id
from orders.stream.models import Event
from orders.stream.recording import event, record

# What an order knows about its customer.
PERSONAL = (
    *("customer_name", "customer_email", "customer_phone", "shipping_address", "phone_number"),
    "notes",
)
# A change in the history of an order whose values were erased.
ERASED = {"from": None, "to": None}
# How many orders one transaction erases.
BATCH = 500

# What other apps do so that they name no customers of a project whose orders were erased. Each is
# safe to call twice.
FORGETTERS: Registry[str, Callable[[Project], None]] = Registry("forgetter of customers")


def blank_customer(
    *,
    project: Project,
    provider: str,
    external_ids: Collection[str] = (),
    email: str = "",
    phone: str = "",
    link_prefix: str = "",
) -> int:
    """Erase a customer's data from mirrored orders and their history; return from how many.

    They are those that `external_ids` name, and those with this e-mail address or phone number
    whose link begins with `link_prefix`: a project can have several shops of one provider, and only
    one of them asks. The notes are erased too if the source told any, since those are the
    customer's own words. From then on the source cannot bring any of it back.

    Records `order_updated` with the `cause` `{"source": provider, "reason": "erased"}`. Each batch
    of orders is one transaction; after a crash, call it again. When all customers are erased, call
    `forget_erased_customers`.
    """
    who = Q(external_id__in=[one for one in external_ids if is_external_id(one)])
    of_shop = Q(link__startswith=link_prefix)
    if email := fit(email, "customer_email"):
        who |= Q(customer_email__iexact=email) & of_shop
    # The shop may write it in another way in an address.
    if digits := customer_key_of("", fit(phone, "customer_phone")):
        who |= (Q(customer_digits=digits) | Q(phone_number=phone)) & of_shop
    mirrored = Order.objects.filter(project=project, provider=provider)
    ids = list(mirrored.exclude(source_updated_at=None).filter(who).values_list("pk", flat=True))
    return sum(_erase(ids[start : start + BATCH], provider) for start in range(0, len(ids), BATCH))


def forget_erased_customers(project: Project) -> None:
    """Have other apps forget the customers whom the project's orders do not name any more.

    After a crash, call it again.
    """
    for forget in FORGETTERS.values():
        forget(project)


@transaction.atomic
def _erase(ids: Sequence[int], provider: str) -> int:
    cause = {"source": provider, "reason": "erased"}
    named = {order: _personal_in(order) for order in lock_orders(ids).values()}
    events = [
        event(EventType.UPDATED, order, changes=dict.fromkeys(names, ERASED), cause=cause)
        for order, names in named.items()
        if names
    ]
    # Those that have nothing to erase are marked too, and get a new version, so that a source that
    # tells something at this moment begins again and finds the mark.
    to_mark = [
        order.pk for order, names in named.items() if names or order.customer_erased_at is None
    ]
    orders = Order.objects.filter(pk__in=among(to_mark))
    orders.exclude(source_notes="").update(notes="", source_notes="")
    now = timezone.now()
    orders.update(
        **dict.fromkeys(PERSONAL[:-1], ""),
        customer_erased_at=now,
        updated_at=now,
        version=F("version") + 1,
    )
    _erase_from_history(ids)
    record(events)
    return len(events)


def _personal_in(order: Order) -> list[str]:
    """Return the names of what there is to erase."""
    names = [name for name in PERSONAL if getattr(order, name)]
    return names if order.source_notes else [name for name in names if name != "notes"]


def _erase_from_history(ids: Sequence[int]) -> None:
    """Erase the values from what the events of these orders say that changed."""
    touched: list[Event] = []
    for each in Event.objects.filter(order_id__in=among(ids), type=EventType.UPDATED):
        if names := each.data["changes"].keys() & set(PERSONAL):
            each.data["changes"] |= dict.fromkeys(names, ERASED)
            touched.append(each)
    Event.objects.bulk_update(touched, ["data"], batch_size=BATCH)
