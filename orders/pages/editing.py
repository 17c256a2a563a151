"""Creating an order, and changing one."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.access import Operation
from accounts.services import answer_once, fingerprint_of
from orderchainer.core.errors import Stale
from orderchainer.core.http.fields import fields_named
from orderchainer.core.web.forms import FormPage
from orderchainer.core.web.page import SeeOther
from orders import queries, services
from orders.access import HANDLE_ORDERS
from orders.errors import DependencyCycle
from orders.pages.base import OfOrders, unless_overtaken
from orders.pages.forms import NewOrderForm, OrderChangeForm
from orders.pages.items import MORE, ROWS
from orders.pages.shown import order_address


@contextmanager
def _cycle_in_words() -> Iterator[None]:
    """Say of a refused cycle who would wait for whom."""
    try:
        yield
    except DependencyCycle as exc:
        cycle: Sequence[int] = exc.data["cycle"]  # type: ignore[assignment]  # as it was made
        if len(cycle) > 1:
            way = " waits for ".join(f"#{number}" for number in [*cycle, cycle[0]])
            exc.errors = {"waits_for": [f"That would be a circle: {way}."]}
        raise


class OrderFormPage(OfOrders, FormPage):
    """A page with the form of an order, whose rows for items grow."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": HANDLE_ORDERS, "POST": HANDLE_ORDERS}
    is_live = False

    def post(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Add a row if the button for that was pressed; otherwise do what the form asks for."""
        if MORE not in self.request.POST:
            return super().post(*args, **kwargs)
        form = self.form(data=self.request.POST)
        # Nothing is sent yet, so nothing is wrong yet.
        form.errors.clear()
        posted: Any = form.data
        form.data = {**posted.dict(), ROWS: str(form.rows)}
        return self.show_form(form)

    @abstractmethod
    def form(self, **posted: Any) -> Any:
        """Return the form."""


class NewOrderPage(OrderFormPage):
    """A new order. Sending the form twice creates one order."""

    template_name = "orders/new.html"
    button = "Create order"

    def form(self, **posted: Any) -> NewOrderForm:
        """Return the form."""
        return NewOrderForm(project=self.its_project, **posted)

    def act(self, form: NewOrderForm) -> SeeOther:
        """Create the order, and go to its page."""
        project = self.its_project

        def work() -> int:
            order = services.create_order_in_project(
                by=self.person,
                project=project,
                fields={**form.changes(), "status": form.cleaned_data["status"]},
                dependencies=form.cleaned_data["waits_for"],
                items=form.drafts(),
            )
            return order.pk

        sent = {name: self.request.POST.getlist(name) for name in form.fields}
        with fields_named(dependencies="waits_for"):
            number = answer_once(
                user=self.person,
                key=form.cleaned_data["key"],
                fingerprint=fingerprint_of([self.request.path, sent]),
                work=work,
            ).value
        messages.success(self.request, f"Order #{number} is created.")
        return SeeOther(order_address(project, number))


class EditOrderPage(OrderFormPage):
    """Changes an order. Nobody overwrites a change that they have not seen."""

    template_name = "orders/edit.html"

    def form(self, **posted: Any) -> OrderChangeForm:
        """Return the form, with the order as it is now."""
        order = queries.numbered_order_in_project(self.its_project, self.kwargs["number"])
        # The form writes what was typed into its order.
        self.name = str(order)
        return OrderChangeForm(instance=order, project=self.its_project, **posted)

    def act(self, form: OrderChangeForm) -> HttpResponse | None:
        """Save what was changed, unless a form that was sent twice has saved it already."""
        if form.is_saved:
            return None
        try:
            with fields_named(dependencies="waits_for"), _cycle_in_words():
                services.update_order(
                    order_id=form.instance.pk,
                    by=self.person,
                    fields=form.changes(),
                    dependencies=form.changed_dependencies(),
                    items=form.changed_items(),
                    precondition=unless_overtaken(form.cleaned_data["version"]),
                )
        except Stale:
            # Somebody saved it after we had read it. Reading it again shows what they changed.
            return self.show_form(self.form(data=self.request.POST), status=412)
        messages.success(self.request, "The order is saved.")
        return None

    def done(self) -> str:
        """Go to the order."""
        return order_address(self.its_project, self.kwargs["number"])

    def beside(self, form: BaseForm) -> dict[str, Any]:
        """Return the order's name and address."""
        return {"name": self.name, "order_url": self.done(), "number": self.kwargs["number"]}
