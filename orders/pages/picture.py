"""The picture of a chain as a page draws it: boxes with names, and lines between them.

All sizes are in the picture's own units, which are CSS pixels as long as nobody zooms.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import Project
from orderchainer.core.web.looks import LOOKS, UNKNOWN, Look
from orders.errors import numbered
from orders.folding import Kind, Line, Node
from orders.layout import Place
from orders.lifecycle import GONE_WRONG, WAITING, ChainState
from orders.pages.shown import order_address
from orders.queries import ChainNode, Picture

WIDTH, HEIGHT = 224, 56
LEVEL_STEP, LANE_STEP = 288, 76
MARGIN = 24
# How much of a title fits into a box. The whole one is in the name of the link.
MAX_TITLE = 22
MAX_WORDS = 28
# How many orders of a fold one click shows, the nearest first. Each makes the address longer.
MAX_UNFOLDED = 12

# The words for a group of `orders.services.foreseeing` in names and in boxes.
FATES = {
    "fail_along": "would fail too",
    "held_up": "would be held up",
    "become_ready": "would be ready",
    "become_active": "would begin",
    "come_back": "would come back",
}
LOOKS_OF_FATES = {
    "fail_along": Look("triangle-alert", "red"),
    "held_up": Look("hourglass", "amber"),
    "become_ready": Look("circle-check", "green"),
    "become_active": Look("play", "blue"),
    "come_back": Look("undo-2", "slate"),
}

_MIXED = Look("ellipsis", "grey")


@dataclass(frozen=True)
class Box:
    """A node as it is drawn: a link with two lines of text, or without a `url` only the text.

    `name` is what a screen reader says. `full` is the first line before it is cut. `place` is the
    order's place on the critical path.
    """

    id: str
    x: int
    y: int
    level: int
    name: str
    url: str
    full: str
    words: str
    look: Look
    place: str = ""
    marks: Sequence[str] = ()

    @property
    def title(self) -> str:
        """As much of the text as fits into the box."""
        return (
            self.full if len(self.full) <= MAX_TITLE else f"{self.full[: MAX_TITLE - 1].rstrip()}…"
        )

    @property
    def place_width(self) -> int:
        """How wide the mark with the place is."""
        return 25 + 6 * len(self.place)


@dataclass(frozen=True)
class Curve:
    """A line from a box to another one. `marks` are its classes."""

    start: str
    end: str
    path: str
    marks: Sequence[str]

    @property
    def id(self) -> str:
        """What tells it from all others."""
        return f"line-{self.start}-{self.end}"

    @property
    def arrow(self) -> str:
        """Which arrow ends it."""
        return next((f"-{mark}" for mark in ("way", "critical") if mark in self.marks), "")


@dataclass(frozen=True)
class Drawing:
    """What a page draws. `levels` are the boxes from left to right, each from above."""

    width: int
    height: int
    boxes: list[Box]
    curves: list[Curve]
    levels: list[list[Box]] = field(default_factory=list)


@dataclass(frozen=True)
class Emphasis:
    """What a drawing emphasises: the ways to where a wait begins, and what a move would bring."""

    ways: Sequence[Sequence[int]] = ()
    fates: Mapping[int, str] = field(default_factory=dict)


class Drawer:
    """Draws a picture. `unfolded` returns the address that shows some more orders one by one."""

    def __init__(
        self,
        project: Project,
        picture: Picture,
        emphasis: Emphasis,
        unfolded: Callable[[Sequence[int]], str],
    ) -> None:
        self.project = project
        self.picture = picture
        self.emphasis = emphasis
        self.unfolded = unfolded
        self.roots = {way[-1] for way in picture.ways}
        path = picture.chain.critical_path
        # A path of one order is no path.
        self.critical = {pk: i for i, pk in enumerate(path, start=1)} if len(path) > 1 else {}
        self.steps = {(way[i + 1], way[i]) for way in emphasis.ways for i in range(len(way) - 1)}

    def draw(self) -> Drawing:
        """Return the drawing."""
        layout = self.picture.layout
        boxes = [
            self._box(node, layout.places[pk]) for pk, node in self.picture.folded.nodes.items()
        ]
        boxes.sort(key=lambda box: (box.level, box.y))
        levels: list[list[Box]] = [[] for _ in range(layout.levels)]
        for box in boxes:
            levels[box.level].append(box)
        return Drawing(
            width=2 * MARGIN + (layout.levels - 1) * LEVEL_STEP + WIDTH,
            height=2 * MARGIN + (layout.lanes - 1) * LANE_STEP + HEIGHT,
            boxes=boxes,
            curves=sorted(map(self._curve, self.picture.folded.lines), key=_lowest_first),
            levels=[level for level in levels if level],
        )

    def _box(self, node: Node, place: Place) -> Box:
        x, y = MARGIN + place.level * LEVEL_STEP, MARGIN + place.lane * LANE_STEP
        if node.kind is not None:
            return self._fold(node, node.kind, x, y, place.level)
        return self._order(self.picture.nodes[node.id], x, y, place.level)

    def _order(self, node: ChainNode, x: int, y: int, level: int) -> Box:
        words, look = state_of(node, self.picture.nodes)
        marks, more = [], []
        if node.id == self.picture.focus:
            marks.append("focus")
            more.append("the order you are looking at")
        if node.id in self.roots:
            marks.append("root")
            more.append("the wait begins here")
        place = ""
        if node.id in self.critical:
            place = f"{self.critical[node.id]} of {len(self.critical)}"
            marks.append("critical")
            more.append(f"critical path, {place}")
        if fate := FATES.get(self.emphasis.fates.get(node.id, "")):
            words, look = fate, LOOKS_OF_FATES[self.emphasis.fates[node.id]]
            marks.append("fate")
            more.append(fate)
        name, url = named(self.project, self.picture, node.id)
        said = ", ".join([name, *said_of(node, self.picture.nodes), *more])
        title = f"#{node.id} {node.title}" if node.title is not None else f"#{node.id} (hidden)"
        return Box(_box_id(node.id), x, y, level, said, url, title, words, look, place, marks)

    def _fold(self, node: Node, kind: Kind, x: int, y: int, level: int) -> Box:
        text = words_of_fold(node, kind)
        statuses = list(node.by_status)
        look = LOOKS.get(statuses[0], UNKNOWN) if len(statuses) == 1 else _MIXED
        counts = ", ".join(f"{count} {status}" for status, count in node.by_status.items())
        words, marks = counts if len(counts) <= MAX_WORDS else "show", ["fold"]
        name = f"{text}, show"
        fates = {self.emphasis.fates.get(pk, "") for pk in node.orders}
        if found := [fate for fate in FATES if fate in fates]:
            words, look = f"some {FATES[found[0]]}", LOOKS_OF_FATES[found[0]]
            name = f"{text}, {words}, show"
            marks.append("fate")
        url = self.unfolded(node.orders[:MAX_UNFOLDED])
        return Box(_box_id(node.id), x, y, level, name, url, text, words, look, marks=marks)

    def _curve(self, line: Line) -> Curve:
        start, end = (self.picture.layout.places[node] for node in (line.start, line.end))
        x, y = MARGIN + start.level * LEVEL_STEP + WIDTH, MARGIN + start.lane * LANE_STEP
        to_x, to_y = MARGIN + end.level * LEVEL_STEP, MARGIN + end.lane * LANE_STEP
        y, to_y = y + HEIGHT // 2, to_y + HEIGHT // 2
        bend = (to_x - x) // 2
        marks = []
        if line.is_implied:
            marks.append("implied")
        if self._is_waived(line):
            marks.append("waived")
        if self.critical.get(line.start, -1) + 1 == self.critical.get(line.end):
            marks.append("critical")
        if (line.start, line.end) in self.steps:
            marks.append("way")
        path = f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x - 5} {to_y}"
        return Curve(_box_id(line.start), _box_id(line.end), path, marks)

    def _is_waived(self, line: Line) -> bool:
        node = self.picture.nodes.get(line.end)
        edges = node.edges if node else []
        return any(edge.depends_on == line.start and edge.is_waived for edge in edges)


def _box_id(node: int) -> str:
    return f"node-{node}" if node > 0 else f"fold-{-node}"


def named(project: Project, picture: Picture, number: int) -> tuple[str, str]:
    """Return the name of an order, and its address if it is in this project."""
    node = picture.nodes[number]
    if node.title is None:
        return f"#{number}, an order that you may not see", ""
    detail = picture.details.get(number)
    is_here = detail is not None and detail.project_id == project.pk
    return f"#{number} {node.title}", order_address(project, number) if is_here else ""


def state_of(node: ChainNode, nodes: Mapping[int, ChainNode]) -> tuple[str, Look]:
    """Return the words of a box about the order, and how they look."""
    words = said_of(node, nodes)
    state = _state_in(node, nodes)
    return " · ".join(words), LOOKS.get(state or node.status, UNKNOWN)


def said_of(node: ChainNode, nodes: Mapping[int, ChainNode]) -> list[str]:
    """Return the status of the order, and what the chain says about it."""
    match _state_in(node, nodes):
        case ChainState.BLOCKED:
            return [node.status, f"blocked by {numbered(_gone_wrong(node, nodes), 1)}"]
        case ChainState.WAITS:
            return [node.status, f"waits for {len(node.blockers)}"]
        case ChainState.READY:
            return [node.status, "ready"]
    return [node.status]


def _state_in(node: ChainNode, nodes: Mapping[int, ChainNode]) -> ChainState | None:
    if node.status not in WAITING:
        return None
    if _gone_wrong(node, nodes):
        return ChainState.BLOCKED
    return ChainState.READY if node.ready else ChainState.WAITS


def _gone_wrong(node: ChainNode, nodes: Mapping[int, ChainNode]) -> list[int]:
    return [pk for pk in node.blockers if pk in nodes and nodes[pk].status in GONE_WRONG]


def words_of_fold(node: Node, kind: Kind) -> str:
    """Say which orders are folded into a node."""
    count = len(node.orders)
    match kind:
        case Kind.DONE:
            return f"{count} done orders"
        case Kind.ROW:
            return f"{count} {next(iter(node.by_status))} in a row"
        case Kind.ALIKE:
            return f"{count} orders like #{min(node.orders)}"
        case Kind.BEFORE:
            return f"{count} more before"
        case Kind.AFTER:
            return f"{count} more after"
        case Kind.BESIDE:
            return f"{count} more beside"


def _lowest_first(curve: Curve) -> int:
    """Sort so that what matters most is drawn last, on top of the others."""
    return ("way" in curve.marks) + 2 * ("critical" in curve.marks)
