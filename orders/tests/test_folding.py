"""What a picture of a long chain shows, and what it folds."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.folding import MAX_DRAWN, Folded, Kind, fold
from orders.layout import lay_out
from orders.lifecycle import Status
from orders.tests.test_layout import Graph, fan, graphs, layered, line

Chain = tuple[dict[int, str], Graph]


@st.composite
def chains(draw: st.DrawFn) -> tuple[dict[int, str], dict[int, list[int]]]:
    edges = draw(graphs())
    status = st.sampled_from([Status.PENDING, Status.ACTIVE, Status.COMPLETED])
    return {node: draw(status) for node in sorted(edges)}, edges


def check(
    folded: Folded, statuses: dict[int, str], edges: dict[int, list[int]], *, limit: int
) -> None:
    """Check what is true of every picture."""
    assert len(folded.nodes) <= limit
    # Each order is in exactly one node, and the counts add up.
    shown = Counter(order for node in folded.nodes.values() for order in node.orders)
    assert shown == Counter(statuses.keys())
    for node in folded.nodes.values():
        assert (node.kind is None) == (len(node.orders) == 1)
        assert node.by_status == Counter(statuses[order] for order in node.orders)
        assert all(folded.node_of[order] == node.id for order in node.orders)
    # Each dependency is within a node, or in exactly one line.
    lines = Counter(
        (folded.node_of[dependency], folded.node_of[order])
        for order, wanted in edges.items()
        for dependency in wanted
        if folded.node_of[dependency] != folded.node_of[order]
    )
    assert lines == {(line.start, line.end): line.count for line in folded.lines}
    # This refuses a cycle.
    lay_out(folded.nodes, folded.dependencies)


@pytest.mark.slow
@given(chains(), st.integers(10, 30), st.integers(0, 4), st.data())
@settings(deadline=None, max_examples=300)
def test_a_picture_is_small_and_leaves_out_nothing(
    chain: Chain, limit: int, depth: int, data: st.DataObject
) -> None:
    statuses, edges = chain
    ids = sorted(statuses)
    focus = data.draw(st.sampled_from(ids))
    opened = data.draw(st.lists(st.sampled_from(ids), max_size=5))
    path = data.draw(st.lists(st.sampled_from(ids), max_size=20, unique=True))
    folded = fold(
        statuses,
        edges,
        focus=focus,
        opened=opened,
        critical_path=path,
        depth=depth,
        limit=limit,
    )
    check(folded, statuses, edges, limit=limit)
    assert folded.node_of[focus] == focus
    if len({focus, *opened}) <= (limit - 2) // 3:
        assert all(folded.node_of[order] == order for order in opened)


@pytest.mark.slow
@given(chains(), st.data())
@settings(deadline=None)
def test_the_same_chain_has_the_same_picture(chain: Chain, data: st.DataObject) -> None:
    statuses, edges = chain
    focus = data.draw(st.sampled_from(sorted(statuses)))
    backwards = dict(reversed(statuses.items()))
    turned = {node: edges[node][::-1] for node in reversed(edges)}
    one, other = (fold(statuses, edges, focus=focus, limit=10) for _ in range(2))
    assert one == other == fold(backwards, turned, focus=focus, limit=10)


def test_a_small_chain_is_not_folded() -> None:
    folded = fold(dict.fromkeys(line(150), "completed"), line(150), focus=150)
    assert all(node.kind is None for node in folded.nodes.values())
    assert len(folded.nodes) == 150


def test_orders_that_are_done_are_folded_first() -> None:
    edges = line(160)
    statuses = {node: "completed" if node <= 140 else "pending" for node in edges}
    folded = fold(statuses, edges, focus=150)
    assert folded.nodes[-1].kind is Kind.DONE
    assert folded.nodes[-1].by_status == {"completed": 140}
    assert len(folded.nodes) == 21


def test_then_rows_of_one_status_are_folded() -> None:
    edges = line(400)
    statuses = {node: "active" if node in {100, 300} else "pending" for node in edges}
    folded = fold(statuses, edges, focus=200)
    rows = {node.orders[-1]: len(node.orders) for node in folded.nodes.values() if node.kind}
    assert {node.kind for node in folded.nodes.values()} == {None, Kind.ROW}
    assert sorted(rows.values()) == [99, 99, 99, 100]
    assert len(folded.nodes) == 7


def test_then_orders_with_the_same_neighbours_are_folded() -> None:
    edges = fan(501)
    statuses = {node: "failed" if node % 100 == 0 else "pending" for node in edges}
    folded = fold(statuses, edges, focus=1, opened=[40])
    alike = [node for node in folded.nodes.values() if node.kind is Kind.ALIKE]
    assert [node.by_status for node in alike] == [{"pending": 494}, {"failed": 5}]
    assert folded.node_of[40] == 40


def test_then_what_is_far_away_is_folded() -> None:
    edges = layered(1_000)
    statuses = dict.fromkeys(edges, "pending")
    focus = next(node for node in range(500, 1_000) if any(node in each for each in edges.values()))
    folded = fold(statuses, edges, focus=focus, depth=0)
    check(folded, statuses, edges, limit=MAX_DRAWN)
    assert {node.kind for node in folded.nodes.values()} >= {Kind.BEFORE, Kind.AFTER}


def test_ways_and_the_critical_path_are_drawn() -> None:
    edges = layered(2_000)
    way = [1_900]
    while edges[way[-1]]:
        way.append(edges[way[-1]][0])
    folded = fold(dict.fromkeys(edges, "pending"), edges, focus=1_900, ways=[way])
    assert all(folded.node_of[order] == order for order in way)


def test_of_a_path_that_is_too_long_the_nearest_is_drawn() -> None:
    edges = line(5_000)
    statuses = dict.fromkeys(edges, "pending")
    way = list(range(2_500, 0, -1))
    folded = fold(statuses, edges, focus=2_500, ways=[way], critical_path=list(edges))
    check(folded, statuses, edges, limit=MAX_DRAWN)
    assert all(folded.node_of[order] == order for order in [1, *range(2_450, 2_501)])


def test_a_line_that_a_longer_way_implies_is_marked() -> None:
    folded = fold({1: "pending", 2: "pending", 3: "pending"}, {2: [1], 3: [1, 2]}, focus=3)
    assert [(line.start, line.end) for line in folded.lines if line.is_implied] == [(1, 3)]


@pytest.mark.parametrize("edges", [line(20_000), fan(20_000), layered(20_000)])
@pytest.mark.parametrize("status", ["completed", "pending"])
def test_the_longest_chains_fit_and_need_no_stack(edges: Graph, status: str) -> None:
    statuses = dict.fromkeys(edges, status)
    folded = fold(statuses, edges, focus=min(edges), critical_path=list(edges))
    check(folded, statuses, edges, limit=MAX_DRAWN)
