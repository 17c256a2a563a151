"""Which orders of a long chain a picture shows one by one, and which it folds into one node.

It folds step by step until the picture is small enough: orders that are done, then straight rows of
one status, then orders with the same neighbours and status, then what is far from the order that
the reader looks at.

A step may never close a cycle, because every line of the picture leads to the right. `_by_rank`
explains how we avoid that.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from orders import graph
from orders.graph import Edges
from orders.lifecycle import DONE

# The most nodes in a picture. A browser draws more of them too slowly.
MAX_DRAWN = 150
# How many orders are never folded: as many as we can if the picture gets small enough, or else so
# few that it does. See `_limits_of_kept`.
MANY_KEPT = 100
DEFAULT_DEPTH = 3


class Kind(StrEnum):
    """Why orders are folded into one node."""

    DONE = auto()
    # One after the other, with the same status and no other neighbours.
    ROW = auto()
    # They have the same neighbours and the same status.
    ALIKE = auto()
    # Far away: the focus waits for them, they wait for the focus, or neither.
    BEFORE = auto()
    AFTER = auto()
    BESIDE = auto()


@dataclass(frozen=True)
class Node:
    """A node of the picture: one order, or several that are folded.

    `kind` is None for one order. The `id` is the order's, or for several the lowest one with a
    minus before it. The `orders` are sorted by their distance from the focus.
    """

    id: int
    orders: tuple[int, ...]
    kind: Kind | None
    by_status: dict[str, int]


@dataclass(frozen=True)
class Line:
    """A line from a node to one that waits for it.

    It stands for `count` dependencies. It is implied if a longer way leads to the same node.
    """

    start: int
    end: int
    count: int
    is_implied: bool


@dataclass(frozen=True)
class Folded:
    """What a picture shows. `dependencies` are its lines in the form that a layout needs."""

    nodes: dict[int, Node]
    lines: list[Line]
    # In which node each order is.
    node_of: dict[int, int]

    @property
    def dependencies(self) -> dict[int, list[int]]:
        """Return for each node those for which it waits."""
        found: dict[int, list[int]] = {node: [] for node in self.nodes}
        for line in self.lines:
            found[line.end].append(line.start)
        return found


def fold(
    statuses: Mapping[int, str],
    dependencies: Edges,
    *,
    focus: int,
    ways: Sequence[Sequence[int]] = (),
    critical_path: Sequence[int] = (),
    opened: Iterable[int] = (),
    depth: int = DEFAULT_DEPTH,
    limit: int = MAX_DRAWN,
) -> Folded:
    """Return a picture of at most `limit` nodes, which must be at least 10.

    `statuses` has the orders of the chain, `dependencies` what each waits for, within the chain.
    The focus is never folded. Nor are those in `opened`, the last of each of the `ways` (from the
    focus to where a wait begins), the `ways` themselves, and the critical path. If these are too
    many for the picture, the first ones of this list stay, and of each kind the nearest.
    """
    chain = _Chain(statuses, dependencies, focus)
    wanted = _in_turn(chain, opened, ways, critical_path)
    folding = _Folding(chain, frozenset())
    if len(statuses) <= limit:
        return folding.result()
    for most in _limits_of_kept(limit):
        folding = _Folding(chain, frozenset(wanted[:most]))
        for step in folding.steps(max(0, depth)):
            step()
            if len(folding.members) <= limit:
                return folding.result()
    return folding.result()


def _limits_of_kept(limit: int) -> tuple[int, int]:
    """Return how many orders to keep at first, and how many if the picture is too large then.

    With `n` kept orders, there are n + 1 ranks. What is before the focus has a lower rank than what
    is after it, so each rank has at most two folds, and 3n + 2 nodes are enough for everything.
    """
    few = max(1, (limit - 2) // 3)
    return max(few, limit * MANY_KEPT // MAX_DRAWN), few


def _in_turn(
    chain: "_Chain",
    opened: Iterable[int],
    ways: Sequence[Sequence[int]],
    critical_path: Sequence[int],
) -> list[int]:
    """Return the orders that should not be folded, the most important first, each once."""
    turns = [
        [chain.focus],
        list(opened),
        [way[-1] for way in ways if way],
        [order for way in ways for order in way],
        list(critical_path),
    ]
    nearest = (sorted(turn, key=chain.nearness) for turn in turns)
    return list(
        dict.fromkeys(order for turn in nearest for order in turn if order in chain.statuses)
    )


class _Chain:
    """The whole chain, with the distance of each order from the focus."""

    def __init__(self, statuses: Mapping[int, str], dependencies: Edges, focus: int) -> None:
        self.statuses = statuses
        self.focus = focus
        known = sorted(statuses)
        self.dependencies = {node: sorted(set(dependencies.get(node, ()))) for node in known}
        self.dependents: dict[int, list[int]] = {node: [] for node in known}
        for node, wanted in self.dependencies.items():
            for dependency in wanted:
                self.dependents[dependency].append(node)
        self.before = _distances(focus, self.dependencies)
        self.after = _distances(focus, self.dependents)

    def distance(self, order: int) -> int:
        """Return the number of steps between the order and the focus."""
        return self.before.get(order, self.after.get(order, len(self.statuses)))

    def nearness(self, order: int) -> tuple[int, int]:
        """Return a key that sorts the nearest orders first."""
        return self.distance(order), order


def _distances(start: int, neighbours: Mapping[int, Iterable[int]]) -> dict[int, int]:
    found = {start: 0}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for near in neighbours.get(node, ()):
            if near not in found:
                found[near] = found[node] + 1
                queue.append(near)
    return found


class _Folding:
    """Folds a chain step by step. A node is known by the lowest id of its orders."""

    def __init__(self, chain: _Chain, kept: frozenset[int]) -> None:
        self.chain = chain
        self.kept = kept
        self.members: dict[int, list[int]] = {node: [node] for node in chain.statuses}
        self.kinds: dict[int, Kind] = {}
        self.node_of = {order: order for order in chain.statuses}
        self.dependencies, self.dependents = chain.dependencies, chain.dependents

    def steps(self, depth: int) -> Iterable[Callable[[], None]]:
        """Yield the steps, each of which leaves fewer nodes or as many."""
        yield self.fold_done
        yield self.fold_rows
        yield self.fold_alike
        for steps in range(depth, -1, -1):
            yield lambda steps=steps: self.fold_far(steps)  # type: ignore[misc]

    def fold_done(self) -> None:
        """Fold the orders that are done."""
        self._by_rank({node: Kind.DONE for node in self._single() if self._status(node) in DONE})

    def fold_rows(self) -> None:
        """Fold orders of one status that stand in a row, with nothing else at either side."""
        single = self._single()
        follows: dict[int, int] = {}
        for node in single:
            for dependency in self.dependencies[node]:
                if (
                    dependency in single
                    and len(self.dependencies[node]) == 1
                    and len(self.dependents[dependency]) == 1
                    and self._status(dependency) == self._status(node)
                ):
                    follows[dependency] = node
        rows = []
        for first in follows.keys() - set(follows.values()):
            row = [first]
            while row[-1] in follows:
                row.append(follows[row[-1]])
            rows.append((Kind.ROW, row))
        self._merge(rows)

    def fold_alike(self) -> None:
        """Fold orders of one status that wait for the same and that the same wait for."""
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for node in self._single():
            near = tuple(self.dependencies[node]), tuple(self.dependents[node])
            alike[self._status(node), near].append(node)
        self._merge((Kind.ALIKE, nodes) for nodes in alike.values())

    def fold_far(self, depth: int) -> None:
        """Fold everything that is more than `depth` steps away from the focus."""
        focus = self.node_of[self.chain.focus]
        before = _distances(focus, self.dependencies)
        after = _distances(focus, self.dependents)
        far = {}
        for node, orders in self.members.items():
            if node in self.kept or min(map(self.chain.distance, orders)) <= depth:
                continue
            if node in before:
                far[node] = Kind.BEFORE
            else:
                far[node] = Kind.AFTER if node in after else Kind.BESIDE
        self._by_rank(far)

    def result(self) -> Folded:
        """Return the picture as it is now."""
        name = {
            node: node if len(orders) == 1 else -node
            for node, orders in sorted(self.members.items())
        }
        counts: Counter[tuple[int, int]] = Counter()
        for order, wanted in self.chain.dependencies.items():
            end = self.node_of[order]
            for dependency in wanted:
                if (start := self.node_of[dependency]) != end:
                    counts[name[start], name[end]] += 1
        nodes = {
            name[node]: Node(
                name[node],
                tuple(sorted(self.members[node], key=self.chain.nearness)),
                self.kinds.get(node),
                dict(sorted(Counter(map(self._status, self.members[node])).items())),
            )
            for node in name
        }
        implied = _implied(nodes, counts)
        lines = [
            Line(start, end, count, (start, end) in implied)
            for (start, end), count in sorted(counts.items())
        ]
        return Folded(nodes, lines, {order: name[node] for order, node in self.node_of.items()})

    def _status(self, order: int) -> str:
        return str(self.chain.statuses[order])

    def _single(self) -> set[int]:
        """Return the nodes of one order each that may be folded."""
        return {
            node
            for node, orders in self.members.items()
            if len(orders) == 1 and node not in self.kept
        }

    def _by_rank(self, kinds: Mapping[int, Kind]) -> None:
        """Fold those of these nodes that have the same kind and the same rank.

        The rank of a node is the largest number of other nodes, which stay, on a way to it. So no
        way leads from a fold through one of the others back into it: behind the other one, the rank
        is higher. The kinds are before, beside and after the focus, or all the same. No way leads
        from a later one of these to an earlier one, so folds of one rank close no cycle either.
        """
        if len(kinds) < 2:
            return
        rank: dict[int, int] = {}
        groups: dict[tuple[int, Kind], list[int]] = defaultdict(list)
        for node in graph.topological_order(sorted(self.members), self.dependencies):
            before = max((rank[each] for each in self.dependencies[node]), default=0)
            rank[node] = before if node in kinds else before + 1
            if node in kinds:
                groups[rank[node], kinds[node]].append(node)
        self._merge((kind, nodes) for (_, kind), nodes in groups.items())

    def _merge(self, groups: Iterable[tuple[Kind, Sequence[int]]]) -> None:
        into: dict[int, int] = {}
        for kind, nodes in groups:
            if len(nodes) == 1:
                continue
            orders = sorted(order for node in nodes for order in self.members.pop(node))
            for node in nodes:
                self.kinds.pop(node, None)
            self.members[orders[0]] = orders
            self.kinds[orders[0]] = kind
            into |= dict.fromkeys(nodes, orders[0])
            self.node_of |= dict.fromkeys(orders, orders[0])
        if into:
            self._set_edges(
                (into.get(start, start), into.get(end, end))
                for end, wanted in self.dependencies.items()
                for start in wanted
            )

    def _set_edges(self, edges: Iterable[tuple[int, int]]) -> None:
        """Note which node waits for which. Each edge leads to a node that waits for the first."""
        self.dependencies = {node: [] for node in self.members}
        self.dependents = {node: [] for node in self.members}
        for start, end in sorted({edge for edge in edges if edge[0] != edge[1]}):
            self.dependencies[end].append(start)
            self.dependents[start].append(end)


def _implied(nodes: Iterable[int], lines: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the lines whose end can be reached from their start by a longer way too."""
    known = list(nodes)
    dependencies: dict[int, list[int]] = {node: [] for node in known}
    for start, end in lines:
        dependencies[end].append(start)
    # Of each node, all those before it, one bit each.
    bit = {node: 1 << i for i, node in enumerate(known)}
    above: dict[int, int] = {}
    implied = set()
    for node in graph.topological_order(known, dependencies):
        far = 0
        for dependency in dependencies[node]:
            far |= above[dependency]
        implied |= {(start, node) for start in dependencies[node] if bit[start] & far}
        above[node] = far
        for dependency in dependencies[node]:
            above[node] |= bit[dependency]
    return implied
