"""What becomes of the orders of the year: when each is packed, sent, lost or cancelled."""

import random
from datetime import datetime, timedelta

from orderchainer.demo.history.drafts import Draft, Move
from orders.lifecycle import DONE, GONE_WRONG, Status

CANCELLED, LOST = 0.045, 0.012
# How many of the lost ones are sent again.
SENT_AGAIN = 0.6
COMPLETED = 0.66


def live(draft: Draft, chance: random.Random, *, now: datetime) -> None:
    """Decide what becomes of an order, unless that is known, and what it is by now.

    What it waits for must have lived before.
    """
    if not draft.moves:
        draft.moves = _assembled(draft, chance) if _is_service(draft) else _sold(draft, chance)
    order = draft.order
    past = [move for move in draft.moves if move.at <= now]
    order.status = past[-1].status if past else Status.PENDING
    order.status_changed_at = past[-1].at if past else draft.placed_at
    order.created_at, order.updated_at = draft.placed_at, order.status_changed_at
    order.fulfilled_at = next((move.at for move in past if move.status in DONE), None)


def _is_service(draft: Draft) -> bool:
    """Tell whether an order waits for something that a customer ordered."""
    return any(each.order.customer_email for each in draft.waits_for)


def _sold(draft: Draft, chance: random.Random) -> list[Move]:
    """Return the life of something that is packed and sent."""
    ready_at = draft.ready_at
    roll = chance.random()
    if ready_at is None or roll < CANCELLED:
        return [Move(draft.placed_at + _hours(chance, 0.2, 30), Status.CANCELLED)]
    begun = ready_at + timedelta(hours=min(70, chance.lognormvariate(2.1, 0.8)))
    moves = _sent(begun, chance)
    if roll < CANCELLED + LOST:
        lost = moves[1].at + _hours(chance, 40, 120)
        moves = [*moves[:2], Move(lost, Status.FAILED)]
        if chance.random() < SENT_AGAIN:
            again = lost + _hours(chance, 1, 30)
            moves += [Move(again, Status.PENDING), *_sent(again + _hours(chance, 1, 8), chance)]
        return moves
    if chance.random() < COMPLETED:
        moves.append(Move(moves[-1].at + _hours(chance, 12, 200), Status.COMPLETED))
    return moves


def _sent(begun: datetime, chance: random.Random) -> list[Move]:
    packed = begun + timedelta(hours=chance.gammavariate(2, 2))
    arrived = packed + timedelta(hours=chance.gammavariate(4, 11))
    return [
        Move(begun, Status.ACTIVE),
        Move(packed, Status.SHIPPED),
        Move(arrived, Status.FULFILLED),
    ]


def _assembled(draft: Draft, chance: random.Random) -> list[Move]:
    """Return the life of an assembly, which is cancelled if its piece never comes."""
    ready_at = draft.ready_at
    if ready_at is None:
        wrong = [move.at for move in draft.waits_for[0].moves if move.status in GONE_WRONG]
        return [Move(wrong[-1] + _hours(chance, 1, 20), Status.CANCELLED)]
    begun = ready_at + _hours(chance, 20, 110)
    return [
        Move(begun, Status.ACTIVE),
        Move(begun + _hours(chance, 0.5, 2.5), Status.COMPLETED),
    ]


def _hours(chance: random.Random, least: float, most: float) -> timedelta:
    return timedelta(hours=chance.uniform(least, most))
