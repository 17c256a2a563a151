"""The places of a chain's orders in a picture."""

import random
from collections import defaultdict
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.graph import Edges
from orders.layout import Layout, Place, lay_out

Graph = dict[int, list[int]]


@st.composite
def graphs(draw: st.DrawFn, *, largest: int = 40) -> dict[int, list[int]]:
    """Any graph without a cycle; the ids say nothing about who waits for whom."""
    size = draw(st.integers(1, largest))
    ids = draw(st.permutations(range(1, size + 1)))
    edges: dict[int, list[int]] = {}
    for i, node in enumerate(ids):
        earlier = st.sampled_from(ids[:i]) if i else st.nothing()
        edges[node] = draw(st.lists(earlier, unique=True, max_size=4)) if i else []
    return edges


def line(length: int) -> dict[int, list[int]]:
    return {node: [node - 1] if node > 1 else [] for node in range(1, length + 1)}


def fan(size: int) -> dict[int, list[int]]:
    """Return orders that all wait for the first one."""
    return {node: [1] if node > 1 else [] for node in range(1, size + 1)}


def layered(size: int) -> dict[int, list[int]]:
    """Return a random chain in layers, each order with one or two dependencies."""
    chance = random.Random(7)
    width = round(size**0.5)
    return {
        node: sorted(
            {
                chance.randrange(node - width - (node % width), node - (node % width))
                for _ in range(chance.choice([1, 2]))
            }
        )
        if node >= 2 * width
        else []
        for node in range(width, size + width)
    }


def crossings(layout: Layout, dependencies: Edges) -> int:
    """Count the pairs of lines between the same two levels that cross."""
    lines = defaultdict(list)
    for node, wanted in dependencies.items():
        for dependency in wanted:
            start, end = layout.places[dependency], layout.places[node]
            lines[start.level, end.level].append((start.lane, end.lane))
    return sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0
        for between in lines.values()
        for i, one in enumerate(between)
        for other in between[:i]
    )


@given(graphs())
@settings(deadline=None)
def test_every_line_leads_to_the_right(edges: Graph) -> None:
    places = lay_out(edges, edges).places
    assert all(
        places[dependency].level < places[node].level
        for node, wanted in edges.items()
        for dependency in wanted
    )


@pytest.mark.slow
@given(graphs())
@settings(deadline=None)
def test_each_order_has_a_place_of_its_own(edges: Graph) -> None:
    layout = lay_out(edges, edges)
    assert layout.places.keys() == edges.keys()
    assert len(set(layout.places.values())) == len(edges)
    assert {place.level for place in layout.places.values()} == set(range(layout.levels))
    assert {place.lane for place in layout.places.values()} == set(range(layout.lanes))


@pytest.mark.slow
@given(graphs(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_same_graph_has_the_same_picture(edges: Graph, chance: random.Random) -> None:
    nodes = list(edges)
    chance.shuffle(nodes)
    shuffled = {node: chance.sample(edges[node], len(edges[node])) for node in nodes}
    assert lay_out(nodes, shuffled) == lay_out(edges, edges)


def test_a_line_is_straight() -> None:
    places = lay_out(line(50), line(50)).places
    assert [places[node] for node in range(1, 51)] == [Place(i, 0) for i in range(50)]


def test_what_waits_for_many_stands_in_their_middle() -> None:
    places = lay_out([1, 2, 3, 4], {4: [1, 2, 3]}).places
    assert places[4] == Place(1, 1)
    assert sorted(places[node].lane for node in (1, 2, 3)) == [0, 1, 2]


def test_an_order_stands_just_before_the_first_that_waits_for_it() -> None:
    places = lay_out([1, 2, 3, 4, 9], {2: [1], 3: [2], 4: [3, 9]}).places
    assert places[9].level == 2


def test_separate_chains_do_not_cross() -> None:
    chance = random.Random(3)
    ids = list(range(1, 501))
    chance.shuffle(ids)
    edges = {node: [ids[i - 1]] if i % 5 else [] for i, node in enumerate(ids)}
    assert crossings(lay_out(edges, edges), edges) == 0


def test_no_orders_need_no_places() -> None:
    assert lay_out([], {}) == Layout({}, 0, 0)


def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        lay_out([1, 2], {1: [2], 2: [1]})


@pytest.mark.parametrize("edges", [line(20_000), fan(20_000)])
def test_the_longest_chains_need_no_stack(edges: Graph) -> None:
    assert len(lay_out(edges, edges).places) == len(edges)


def test_the_time_grows_with_the_size() -> None:
    def took(size: int) -> float:
        edges = layered(size)
        best = []
        for _ in range(3):
            before = process_time()
            lay_out(edges, edges)
            best.append(process_time() - before)
        return min(best)

    assert took(5_000) < 25 * took(500)
