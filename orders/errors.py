"""Every refusal that orders raise, grouped by what it is about."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from orderchainer.core.errors import Conflict, Invalid, NotAllowed, NotFound

# --- Finding and changing an order ------------------------------------------------------------


class OrderNotFound(NotFound):
    """The order does not exist, or this caller may not see it."""

    code = "order_not_found"
    default_message = "Order not found"


class OrderNotYours(NotAllowed):
    """The caller may read the order but not change it."""

    code = "order_not_changeable"
    default_message = "Your role in this project lets you read orders but not change them."


class CustomerMayOnlyCancel(NotAllowed):
    """The caller bought the order in the storefront. `open_moves` are the moves left to them."""

    code = "customer_may_only_cancel"
    is_told_apart = True

    def __init__(self, order_id: int, moves: Sequence[str]) -> None:
        left = (
            "You can cancel it until it is shipped, and nothing else."
            if moves
            else "You can no longer cancel it."
        )
        super().__init__(
            f"You bought order #{order_id} in the shop, so the seller handles it. {left}",
            open_moves=[str(move) for move in moves],
        )


class MayNotCareForOrders(Invalid):
    """Only members who handle a project's orders can care for one of them."""

    code = "may_not_care_for_orders"

    def __init__(self) -> None:
        words = "Must be a member of the project who may handle its orders."
        super().__init__({"assignee": [words]})


# --- Status -----------------------------------------------------------------------------------


class MoveRefused(Conflict):
    """The lifecycle has no such move. `open_moves` are the statuses that the order can take."""

    code = "move_refused"

    def __init__(self, order_id: int, current: str, wanted: str, moves: Sequence[str]) -> None:
        ways = ", ".join(moves) if moves else "none, because this status is final"
        super().__init__(
            f"Order #{order_id} cannot move from {current} to {wanted}. Open moves: {ways}.",
            open_moves=[str(move) for move in moves],
        )


class OrderBlocked(Conflict):
    """Dependencies hold the order up.

    `blockers` are their ids, `open_moves` the statuses that the order can take meanwhile.
    """

    code = "order_blocked"

    def __init__(
        self,
        order_id: int | None,
        wanted: str,
        blockers: Sequence[int],
        moves: Sequence[str],
    ) -> None:
        who = "A new order" if order_id is None else f"Order #{order_id}"
        super().__init__(
            f"{who} cannot be {wanted} while it waits for {numbered(blockers)}.",
            blockers=list(blockers),
            open_moves=[str(move) for move in moves],
        )


# --- Orders from outside ----------------------------------------------------------------------


class OutsideOrderRefused(Invalid):
    """We cannot store an order as its source tells it. `errors` say everything that is wrong."""

    code = "outside_order_refused"

    def __init__(self, external_id: str, errors: Mapping[str, Sequence[str]]) -> None:
        words = "; ".join(f"{field}: {' '.join(each)}" for field, each in errors.items())
        super().__init__(errors, f"The order {external_id} cannot be stored. {words}")


# --- Dependencies -----------------------------------------------------------------------------


class OrderHasDependents(Conflict):
    """Other orders still wait for this one, so it cannot be deleted. `dependents` are their ids."""

    code = "order_has_dependents"

    def __init__(self, order_id: int, dependents: Sequence[int]) -> None:
        verb = "waits" if len(dependents) == 1 else "wait"
        super().__init__(
            f"Order #{order_id} cannot be deleted: {numbered(dependents)} {verb} for it.",
            dependents=list(dependents),
        )


class UnknownDependencies(Invalid):
    """Some of the dependencies are not orders that the caller can reach."""

    code = "unknown_dependencies"

    def __init__(self, ids: Iterable[int | UUID]) -> None:
        super().__init__(
            {
                "dependencies": [
                    f"There is no order {_named(id_)} that this one could wait for." for id_ in ids
                ]
            }
        )


class NotADependency(Invalid):
    """The order does not depend on the one that should be waived."""

    code = "not_a_dependency"

    def __init__(self, order_id: int, dependency_id: int | UUID) -> None:
        name = _named(dependency_id)
        super().__init__({"dependency": [f"Order #{order_id} does not depend on an order {name}."]})


class DependencyCycle(Invalid):
    """The orders would wait for each other. `cycle` are their ids, each waiting for the next."""

    code = "dependency_cycle"

    def __init__(self, cycle: Sequence[int]) -> None:
        if len(cycle) == 1:
            words = f"Order #{cycle[0]} cannot wait for itself."
        else:
            way = " → ".join(f"#{id_}" for id_ in [*cycle, cycle[0]])
            words = f"These orders would wait for one another: {way}."
        super().__init__({"dependencies": [words]}, cycle=list(cycle))


# --- Goods that were sold from stock ----------------------------------------------------------


class SaleNotAllowed(NotAllowed):
    """Only members who handle a project's orders may sell from its stock."""

    code = "sale_not_allowed"
    default_message = "Your role in this project does not let you sell from its stock."


class UnknownProducts(Invalid):
    """The project has none of these products, given by the number of the item in the order."""

    code = "unknown_products"

    def __init__(self, products: Mapping[int, int | UUID]) -> None:
        super().__init__(
            {
                "items": [
                    f"Item {place}: This project has no product {product}."
                    for place, product in products.items()
                ]
            }
        )


class GoodsGone(Conflict):
    """A customer may not cancel a shipped order: only a handler can say that the goods are back."""

    code = "goods_gone"

    def __init__(self, order_id: int, status: str) -> None:
        super().__init__(
            f"Order #{order_id} is {status}, so its goods have left the stock. "
            "The seller can cancel or delete it once they are back."
        )


class ItemsFrozen(Conflict):
    """The order was bought from stock, so its items must keep saying what was sold."""

    code = "items_frozen"

    def __init__(self, order_id: int) -> None:
        super().__init__(
            f"Order #{order_id} was bought from stock, so its items and its currency cannot "
            "change. Cancel it and order again."
        )


# --- Money ------------------------------------------------------------------------------------


class AmountsTooFine(Invalid):
    """Amounts have more decimals than their currency, which has `decimals` of them."""

    def __init__(self, errors: Mapping[str, Sequence[str]], decimals: int) -> None:
        super().__init__(errors)
        self.decimals = decimals


# --- Checkout ---------------------------------------------------------------------------------


class CartEmpty(Invalid):
    """An empty cart cannot be ordered."""

    code = "cart_empty"

    def __init__(self) -> None:
        super().__init__({"cart": ["Your cart is empty."]}, "Your cart is empty.")


class NothingSold(Invalid):
    """Everything in the cart has been taken off sale."""

    code = "nothing_sold"

    def __init__(self) -> None:
        words = "Nothing in your cart is sold any more."
        super().__init__({"cart": [words]}, words)


class SeveralCurrencies(Conflict):
    """The cart mixes products of several currencies, which `currencies` lists."""

    code = "several_currencies"

    def __init__(self, currencies: Sequence[str]) -> None:
        listed = " and ".join([", ".join(currencies[:-1]), currencies[-1]])
        super().__init__(
            f"The products in your cart are sold in {listed}. Order in one currency at a time.",
            currencies=list(currencies),
        )


class TooManyBulkChanges(Conflict):
    """As many bulk changes are running in the project as there may be."""

    code = "too_many_bulk_changes"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most} bulk changes are already running in this project. Wait until one has finished."
        )


# --- Saved views ------------------------------------------------------------------------------


class ViewNotFound(NotFound):
    """The view was deleted, or it belongs to somebody else and is not shared."""

    code = "view_not_found"
    default_message = "There is no such view. Somebody may have deleted it."


class TooManyViews(Conflict):
    """There are as many views as there may be."""

    code = "too_many_views"

    def __init__(self, most: int, *, shared: bool) -> None:
        whose = "This project has" if shared else "You have"
        super().__init__(f"{whose} {most} views, and no more are possible. Delete one first.")


def _named(id_: int | UUID) -> str:
    return f"#{id_}" if isinstance(id_, int) else str(id_)


def numbered(ids: Sequence[int], most: int = 10) -> str:
    """Write ids for people: `#1, #2 and #5`, at most `most` of them."""
    shown = [f"#{id_}" for id_ in ids[:most]]
    if len(ids) > most:
        return f"{', '.join(shown)} and {len(ids) - most} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else "nothing"
