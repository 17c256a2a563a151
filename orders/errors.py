"""The ways in which orders refuse."""

from collections.abc import Iterable, Sequence

from orderchainer.core.errors import Conflict, Invalid, NotAllowed, NotFound


class OrderNotFound(NotFound):
    """There is no such order for this caller."""

    code = "order_not_found"
    default_message = "Order not found"


class OrderNotYours(NotAllowed):
    """The caller may read the order and not change it."""

    code = "order_not_changeable"
    default_message = (
        "Your role in this project lets you read orders and not change them."
    )


class MoveRefused(Conflict):
    """The lifecycle has no such move. `open_moves` are the statuses that it has from here."""

    code = "move_refused"

    def __init__(
        self, order_id: int, current: str, wanted: str, moves: Sequence[str]
    ) -> None:
        ways = ", ".join(moves) if moves else "none, its life ends here"
        super().__init__(
            f"Order #{order_id} cannot move from {current} to {wanted}. Open moves: {ways}.",
            open_moves=[str(move) for move in moves],
        )


class OrderBlocked(Conflict):
    """Dependencies hold the order up. `blockers` are their ids, `open_moves` what it can be meanwhile."""

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


class OrderHasDependents(Conflict):
    """Others wait for the order, so it cannot go. `dependents` are their ids."""

    code = "order_has_dependents"

    def __init__(self, order_id: int, dependents: Sequence[int]) -> None:
        verb = "waits" if len(dependents) == 1 else "wait"
        super().__init__(
            f"Order #{order_id} cannot be deleted: {numbered(dependents)} {verb} for it.",
            dependents=list(dependents),
        )


class GoodsGone(Conflict):
    """What was sold from stock has left, and only who handles the order can say that it is back."""

    code = "goods_gone"

    def __init__(self, order_id: int, status: str) -> None:
        super().__init__(
            f"Order #{order_id} is {status}: what it was sold from stock has left. Whoever sold it can cancel "
            "or delete it once it is back."
        )


class ItemsFrozen(Conflict):
    """The order was bought from stock: what it holds is what its lines say, as they were sold."""

    code = "items_frozen"

    def __init__(self, order_id: int) -> None:
        super().__init__(
            f"Order #{order_id} was bought from stock, so its items and its currency stay as they were sold. "
            "Cancel it and order anew."
        )


class SeveralCurrencies(Conflict):
    """What is in the cart is not all paid in one currency. `currencies` are those that are asked for."""

    code = "several_currencies"

    def __init__(self, currencies: Sequence[str]) -> None:
        listed = " and ".join([", ".join(currencies[:-1]), currencies[-1]])
        super().__init__(
            f"What is in your cart is sold in {listed}. Order what is paid in one currency at a time.",
            currencies=list(currencies),
        )


class UnknownDependencies(Invalid):
    """Ids among the dependencies that are no orders in the caller's reach."""

    code = "unknown_dependencies"

    def __init__(self, ids: Iterable[int]) -> None:
        super().__init__(
            {
                "dependencies": [
                    f"There is no order #{id_} that this one could wait for."
                    for id_ in ids
                ]
            }
        )


class DependencyCycle(Invalid):
    """The orders would wait for one another. `cycle` are their ids, each waiting for the next."""

    code = "dependency_cycle"

    def __init__(self, cycle: Sequence[int]) -> None:
        if len(cycle) == 1:
            words = f"Order #{cycle[0]} cannot wait for itself."
        else:
            way = " → ".join(f"#{id_}" for id_ in [*cycle, cycle[0]])
            words = f"These orders would wait for one another: {way}."
        super().__init__({"dependencies": [words]}, cycle=list(cycle))


def numbered(ids: Sequence[int], most: int = 10) -> str:
    """Write ids for people: `#1, #2 and #5`, at most `most` of them."""
    shown = [f"#{id_}" for id_ in ids[:most]]
    if len(ids) > most:
        return f"{', '.join(shown)} and {len(ids) - most} more"
    return (
        " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
        if shown
        else "nothing"
    )
