"""Which orders of a project people may mean by a name."""

from django.db.models import Case, Value, When

from accounts.models import Project
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import MAX_ID, uuid_in
from orders.models import Order, OrderQuerySet
from orders.models.orders import MAX_EXTERNAL_ID_LENGTH

# More orders than that with one name are not worth telling apart.
MAX_NAMED = 5
_FIELDS = ("id", "uuid", "title", "status", "external_id")


def orders_named(project: Project, name: str) -> list[Row]:
    """Return the project's orders that `name` may mean: `id`, `uuid`, `title` and `status` of each.

    A name is a number with or without `#`, an id at the source of a mirrored order, the title that
    the source gave such an order (shops name their orders `#1001`), or a UUID. The source's names
    come first, since these are what customers know; then the newest. Takes one statement that
    reads indexes only.
    """
    text = name.strip()
    orders = Order.objects.filter(project=project)
    if uuid := uuid_in(text):
        return list(orders.filter(uuid=uuid).values(*_FIELDS))
    bare = text.removeprefix("#").strip()
    if not bare or len(bare) > MAX_EXTERNAL_ID_LENGTH:
        return []
    mirrored = orders.exclude(external_id="")
    # The provider stands before the id in the index.
    found: OrderQuerySet = mirrored.filter(provider__in=Order.Provider.values, external_id=bare)
    lookups = [mirrored.filter(title__in=[bare, f"#{bare}"])]
    if bare.isascii() and bare.isdecimal() and int(bare) <= MAX_ID:
        lookups.append(orders.filter(pk=int(bare)))
    # One statement for each lookup within a union, so that each uses its own index.
    rows = found.values(*_FIELDS).union(*(each.values(*_FIELDS) for each in lookups))
    return sorted(rows, key=lambda row: (not _is_called(row, bare), -row["id"]))[:MAX_NAMED]


def orders_like(project: Project, text: str, *, limit: int) -> list[tuple[int, str, str]]:
    """Return number, title and status of the orders that `text` finds, the newest first.

    Those with the text as their number come before all others. One statement.
    """
    found = Order.objects.filter(project=project).found_by(text) if text.strip() else None
    if found is None:
        return []
    bare = text.strip().removeprefix("#")
    is_it = Case(When(pk=int(bare), then=0), default=1) if _is_number(bare) else Value(1)
    rows = found.order_by(is_it, "-pk").values_list("pk", "title", "status")
    return list(rows[:limit])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= MAX_ID


def _is_called(row: Row, bare: str) -> bool:
    """Tell whether the source of an order calls it that."""
    return bool(row["external_id"]) and bare in {row["external_id"], row["title"].lstrip("#")}
