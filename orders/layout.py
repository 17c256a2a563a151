"""Where each order of a chain stands in a picture, in levels from left to right.

What an order waits for stands further left, so each line of the picture leads to the right. An
order stands as near as it can to the middle of its neighbours. The time grows with the number of
orders and lines, with no recursion.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from orders import graph
from orders.graph import Edges

# How often we go through all levels. More make no visible difference.
SWEEPS = 6


class Place(NamedTuple):
    """A place in the picture: the level counts from the left, the lane from the top."""

    level: int
    lane: int


@dataclass(frozen=True)
class Layout:
    """Where each node stands, and how many levels and lanes there are in all."""

    places: dict[int, Place]
    levels: int
    lanes: int


def lay_out(nodes: Iterable[int], dependencies: Edges) -> Layout:
    """Return a place of its own for each of `nodes`. The same graph always gets the same places.

    `dependencies` lists what each node waits for, within `nodes`. Raises `ValueError` for a cycle.
    """
    known = sorted(set(nodes))
    # Sorted, because a sum of floats depends on its order.
    dependencies = {node: sorted(dependencies.get(node, ())) for node in known}
    ordered = graph.topological_order(known, dependencies)
    if len(ordered) != len(known):
        msg = "the graph has a cycle"
        raise ValueError(msg)
    dependents: dict[int, list[int]] = defaultdict(list)
    for node in ordered:
        for dependency in dependencies.get(node, ()):
            dependents[dependency].append(node)
    level = _levels(ordered, dependencies, dependents)
    columns: list[list[int]] = [[] for _ in range(1 + max(level.values(), default=-1))]
    for node in ordered:
        columns[level[node]].append(node)
    height = {node: float(i) for column in columns for i, node in enumerate(column)}
    for sweep in range(SWEEPS):
        if sweep % 2 == 0:
            for column in columns[1:]:
                _arrange(column, height, dependencies)
        else:
            for column in columns[-2::-1]:
                _arrange(column, height, dependents)
    # Two nodes of a level are at least 1 apart, so they are also apart when both are rounded.
    rounded = {node: math.floor(height[node] + 0.5) for node in ordered}
    # Leave out the lanes in which nothing stands.
    lanes = {lane: i for i, lane in enumerate(sorted(set(rounded.values())))}
    places = {node: Place(level[node], lanes[rounded[node]]) for node in ordered}
    return Layout(places, len(columns), len(lanes))


def _levels(
    ordered: Sequence[int], dependencies: Edges, dependents: Mapping[int, Sequence[int]]
) -> dict[int, int]:
    """Return for each node the length of the longest way to it.

    A node that waits for nothing stands just before the first node that waits for it.
    """
    level: dict[int, int] = {}
    for node in ordered:
        level[node] = max((level[dep] + 1 for dep in dependencies.get(node, ())), default=0)
    for node in ordered:
        if not dependencies.get(node) and node in dependents:
            level[node] = min(level[dependent] for dependent in dependents[node]) - 1
    return level


def _arrange(column: list[int], height: dict[int, float], neighbours: Edges) -> None:
    """Sort a level by the middle of each node's `neighbours`, and move each as near as it can.

    Nodes that come too close push each other apart, each by the same amount.
    """
    wanted = {}
    for node in column:
        near = neighbours.get(node)
        wanted[node] = sum([height[each] for each in near]) / len(near) if near else height[node]
    if len(column) == 1:
        height[column[0]] = wanted[column[0]]
        return
    column.sort(key=lambda node: (wanted[node], height[node], node))
    # Groups of nodes that touch: the sum of what their first places would be, and their number.
    sums: list[float] = []
    counts: list[int] = []
    for i, node in enumerate(column):
        total, count = wanted[node] - i, 1
        while sums and sums[-1] * count >= total * counts[-1]:
            total += sums.pop()
            count += counts.pop()
        sums.append(total)
        counts.append(count)
    i = 0
    for total, count in zip(sums, counts, strict=True):
        for _ in range(count):
            height[column[i]] = total / count + i
            i += 1
