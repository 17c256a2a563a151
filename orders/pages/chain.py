"""The chain of an order: why it waits, a map, an overview and a list of all its orders."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone

from accounts.access import Operation
from orderchainer.core.web.looks import LOOKS, UNKNOWN
from orders import queries
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.errors import MoveRefused, OrderNotFound
from orders.lifecycle import Status
from orders.pages.base import OfOrders, known_number
from orders.pages.looking import Looking, depths_of, emphases_of, views_of, what_ifs
from orders.pages.picture import FATES, Drawer, Emphasis, named
from orders.pages.waiting import wait_of, words_of_forecast
from orders.queries import MAX_NAMED, Picture
from orders.services import foresee_move


class ChainPage(OfOrders):
    """The chain of an order. To show what a move would bring takes three statements more."""

    template_name = "orders/chain.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        project, number = self.its_project, self.kwargs["number"]
        looking = Looking.read(self.request.GET, default_view=self._default_view())
        picture = self._picture(looking)
        order = picture.details[number]
        emphasis, refusal = self._emphasis(picture, looking)
        drawer = Drawer(
            project,
            picture,
            emphasis,
            lambda orders: looking.but(opened=(*looking.opened, *orders)).query,
        )
        return self.show(
            {
                "number": number,
                "name": f"#{number} {order.title}",
                "status": order.status,
                "order_url": reverse("order-page", kwargs=self.kwargs),
                "may_handle": self.may(HANDLE_ORDERS),
                "back": f"{self.request.path}{looking.query}",
                "wait": wait_of(project, picture, may_handle=self.may(HANDLE_ORDERS)),
                "forecast": self._forecast(picture),
                "counts": _counts(picture),
                "total": len(picture.nodes),
                "overview": f"Overview of {len(picture.nodes):,} orders",
                "dependents": _dependents(picture),
                "is_cut": picture.chain.is_truncated or picture.chain.has_truncated_edges,
                "what_ifs": what_ifs(order.status),
                "looking": looking,
                "views": views_of(looking),
                "emphases": emphases_of(looking, picture, order.status),
                "refusal": refusal,
                "depths": depths_of(looking, picture),
                "path": self._path(picture),
                "drawing": drawer.draw(),
            }
        )

    def _default_view(self) -> str:
        """Return the view of those who have not chosen one. A map is too wide for a phone."""
        return "list" if "Mobi" in self.request.headers.get("User-Agent", "") else "map"

    def _picture(self, looking: Looking) -> Picture:
        """Return the picture of the order's chain. Raises `OrderNotFound`."""
        number = known_number(self.kwargs["number"])
        picture = queries.picture_for(
            self.person, number, opened=looking.opened, depth=looking.depth
        )
        order = picture.details.get(number)
        if order is None or order.project_id != self.its_project.pk:
            raise OrderNotFound
        return picture

    def _forecast(self, picture: Picture) -> str:
        """Say when the order will likely be done, if it is still to be done."""
        now = timezone.now()
        forecast = queries.forecast_of(self.its_project, picture, now=now)
        return words_of_forecast(forecast, now) if forecast else ""

    def _emphasis(self, picture: Picture, looking: Looking) -> tuple[Emphasis, str]:
        """Return what to emphasise, and why we cannot show what somebody asks for."""
        if looking.show == "waiting":
            return Emphasis(ways=picture.ways), ""
        if looking.show == "critical":
            return Emphasis(), ""
        try:
            impact = foresee_move(self.person, self.kwargs["number"], looking.to or Status.FAILED)
        except MoveRefused as refused:
            return Emphasis(), refused.message
        return Emphasis(fates={pk: fate for fate in FATES for pk in getattr(impact, fate).ids}), ""

    def _path(self, picture: Picture) -> list[tuple[str, str]] | None:
        """Return the orders of the critical path with their addresses; a long one has a gap."""
        path = picture.chain.critical_path
        if len(path) < 2:
            return None
        gap = len(path) - 2 * MAX_NAMED
        first, last = path[:MAX_NAMED], path[-MAX_NAMED:]
        if gap < 2:
            first, last = path, []
        between = [(f"{gap} more", "")] if last else []
        names = [[named(self.its_project, picture, pk) for pk in part] for part in (first, last)]
        return [*names[0], *between, *names[1]]


class ChainOverview(OfOrders):
    """The places of all orders of a chain, for the canvas of the overview.

    `ids`, `levels`, `lanes` and `statuses` have an item for each order, from left to right. A
    status is an index of `words`, which have each status with its hue. `lines` are pairs of places
    in `ids`, one after the other: an order, and one that waits for it.
    """

    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with JSON."""
        number = known_number(self.kwargs["number"])
        queries.numbered_order_in_project(self.its_project, number)
        chain, layout = queries.overview_for(self.person, number)
        nodes = sorted(chain.nodes, key=lambda node: layout.places[node.id])
        at = {node.id: i for i, node in enumerate(nodes)}
        words = {str(status): i for i, status in enumerate(Status)}
        places = [layout.places[node.id] for node in nodes]
        body = {
            "ids": list(at),
            "levels": [place.level for place in places],
            "lanes": [place.lane for place in places],
            "statuses": [words[node.status] for node in nodes],
            "lines": [
                end
                for node in nodes
                for edge in node.edges
                for end in (at[edge.depends_on], at[node.id])
            ],
            "words": [(word, LOOKS.get(word, UNKNOWN).hue) for word in words],
            "focus": at.get(number, -1),
            "size": (layout.levels, layout.lanes),
        }
        return JsonResponse(body)


def _counts(picture: Picture) -> list[tuple[str, int]]:
    """Return how many orders of the chain have each status that occurs."""
    statuses = [node.status for node in picture.nodes.values()]
    return [(str(each), statuses.count(each)) for each in Status if each in statuses]


def _dependents(picture: Picture) -> int:
    """Return how many orders wait for the one in the middle directly, or have waited for it."""
    return sum(
        any(edge.depends_on == picture.focus for edge in node.edges)
        for node in picture.nodes.values()
    )
