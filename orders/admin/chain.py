"""The page that shows the whole chain of an order."""

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import action

from accounts.callers import caller_of
from orderchainer.core.admin.panels import label
from orderchainer.core.admin.picking import is_key_of
from orderchainer.core.admin.service_admin import ServiceAdmin
from orders import queries
from orders.admin.shown import STATUS_COLOURS, order_link
from orders.errors import numbered
from orders.models import Order

MAX_NODES_SHOWN = 500


class ChainPage(ServiceAdmin):
    """The page of an order's chain, with a link to it from the form."""

    actions_detail: tuple[str, ...] = ("chain",)

    @action(description="Chain", url_path="chain", icon="account_tree")
    def chain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the whole chain of an order, sorted so that it can be done from top to bottom."""
        order = (
            self.get_object(request, object_id)
            if is_key_of(Order, object_id) and self.has_view_permission(request)
            else None
        )
        if order is None:
            raise Http404
        chain = queries.chain_for(caller_of(request), order.pk)
        critical = set(chain.critical_path)
        rows = [
            (
                order_link(node.id, node.title),
                label(node.status, STATUS_COLOURS),
                numbered(node.blockers) if node.blockers else "-",
                numbered([edge.depends_on for edge in node.edges]) if node.edges else "-",
                "●" if node.id in critical else "",
            )
            for node in chain.nodes[:MAX_NODES_SHOWN]
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Chain of {order}",
            "original": order,
            "table": {
                "headers": [
                    "order",
                    "status",
                    "held up by",
                    "waits for",
                    "critical path",
                ],
                "rows": rows,
            },
            "total": len(chain.nodes),
            "shown": len(rows),
            "is_truncated": chain.is_truncated,
            "has_truncated_edges": chain.has_truncated_edges,
            "critical_length": len(chain.critical_path),
        }
        return TemplateResponse(request, "admin/orders/order/chain.html", context)
