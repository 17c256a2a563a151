"""The forms of an order. They check the shape; the services decide."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.validators import URLValidator

from accounts.models import Project
from orderchainer.core.admin.overtaken import Versioned
from orderchainer.core.ids import MAX_ID
from orderchainer.core.money import as_written, for_fields
from orderchainer.core.web.forms import IdempotencyKeyField
from orders.lifecycle import Status
from orders.models import Order, OrderItem
from orders.pages.items import MAX_ROWS, NEW_ROWS, ROWS, WithItems, amount_field, rows_in
from orders.services import ItemDraft, OrderFields
from orders.services.fields import OF_SOURCE

IS_WEB_ADDRESS = URLValidator(["http", "https"])
# How many orders a form can name as those that an order waits for.
MAX_NAMED = 200


class NumbersField(forms.CharField):
    """Orders by their numbers, `#3, #7`: a list of ids."""

    def clean(self, value: Any) -> list[int]:
        """Read the numbers. Raises ValidationError that names the text that is not a number."""
        texts = re.split(r"[\s,;]+", super().clean(value) or "")
        bare = [text.removeprefix("#") for text in texts if text]
        if len(bare) > MAX_NAMED:
            msg = f"Name at most {MAX_NAMED} orders."
            raise forms.ValidationError(msg)
        for text in bare:
            is_number = text.isascii() and text.isdecimal() and len(text) < 20
            if not is_number or not 0 < int(text) <= MAX_ID:
                msg = f"“{text[:50]}” is not the number of an order."
                raise forms.ValidationError(msg)
        return sorted({int(text) for text in bare})


class OrderForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """What people set on an order."""

    total_price = amount_field("Total", required=False)
    link = forms.URLField(
        required=False, max_length=2048, assume_scheme="https", validators=[IS_WEB_ADDRESS]
    )
    # The service calls it `dependencies`. That is a field of the model too, which a ModelForm would
    # save by itself.
    waits_for = NumbersField(
        label="Waits for",
        required=False,
        help_text="The orders that must be done before this one: #3, #7",
        widget=forms.TextInput(attrs={"data-picks": "order", "data-many": ""}),
    )

    class Meta:
        model = Order
        fields = (
            *("title", "description", "waits_for", "auto_activate", "failure_policy"),
            *("customer_name", "customer_email", "customer_phone", "shipping_address"),
            *("total_price", "currency", "link", "notes"),
        )
        labels: ClassVar = {
            "auto_activate": "Start by itself",
            "failure_policy": "If one of them fails",
            "customer_name": "Customer",
            "customer_email": "E-mail",
            "customer_phone": "Phone",
            "shipping_address": "Address",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Django adds a hidden copy for fields with a default; we do not need it.
            field.show_hidden_initial = False
            # What the browser knows about the merchant is not the customer's.
            field.widget.attrs.setdefault("autocomplete", "off")
        for name in ("description", "notes", "shipping_address"):
            self.fields[name].widget.attrs["rows"] = 3

    def changes(self) -> OrderFields:
        """Return the changed fields for the services. An emptied total means nothing."""
        named = OrderFields.__annotations__.keys()
        changed = [name for name in self.changed_data if name in named]
        values = {name: self.cleaned_data[name] for name in changed}
        if values.get("total_price", 0) is None:
            del values["total_price"]
        return values  # type: ignore[return-value]  # by these names


class NewOrderForm(WithItems, OrderForm):
    """A new order, with its items. A row that names a product is sold from stock."""

    field_order = ("title", "status", "description", "waits_for")
    sells = True
    key = IdempotencyKeyField()
    status = forms.ChoiceField(
        choices=[(Status.PENDING, "pending"), (Status.DRAFT, "draft"), (Status.ACTIVE, "active")],
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["title"].required = False
        self.fields["title"].help_text = "Without one, the order is named after its items."
        self.fields["total_price"].help_text = "Without one, it is the sum of the items."
        self.initial = {"currency": project.currency, "total_price": None}
        self.add_rows(rows_in(kwargs.get("data"), NEW_ROWS))

    def clean(self) -> dict[str, Any]:
        """Check the items as well."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.clean_items(cleaned)
        return cleaned


class OrderChangeForm(Versioned, WithItems, OrderForm):
    """The fields of an order, as they were when the page was read.

    What only the source of a mirrored order decides is shown and cannot be typed into. Nor can
    items that were sold from stock.
    """

    # Whether the order has changed since, to just what was typed: the form was sent twice.
    is_saved = False

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        order = self.instance
        self.items_before = items = list(order.items.order_by("pk"))
        self.kept_items = items if self._keeps(items) else []
        if not self.kept_items:
            self.add_rows(rows_in(kwargs.get("data"), len(items) + 1))
            self.fill_in(items, order.currency)
        for name, field in self.fields.items():
            field.show_hidden_initial = name not in {"version", ROWS}
        self.initial["total_price"] = for_fields(order.total_price, order.currency)
        edges = order.dependency_edges.order_by("depends_on_id")
        awaited = edges.values_list("depends_on_id", flat=True)
        self.initial["waits_for"] = ", ".join(f"#{number}" for number in awaited)
        if order.is_mirrored:
            for name in OF_SOURCE:
                if name in self.fields:
                    self.fields[name].disabled = True
                    self.fields[name].help_text = f"{self.source} decides this."

    @property
    def source(self) -> str:
        """The name of the service that an order comes from."""
        return str(self.instance.get_provider_display())

    @property
    def why_items_stay(self) -> str:
        """Say why nobody can change the items here, or nothing if they can."""
        if not self.kept_items:
            return ""
        if self.instance.is_mirrored:
            return f"The items come from {self.source}. Change them there."
        if any(item.product_id for item in self.kept_items):
            return "They were sold from stock, so they stay. Cancel the order and make a new one."
        return f"A form takes at most {MAX_ROWS} items. Use the API for longer orders."

    def _keeps(self, items: Sequence[OrderItem]) -> bool:
        is_sold = any(item.product_id for item in items)
        return bool(items) and (self.instance.is_mirrored or is_sold or len(items) >= MAX_ROWS)

    def clean(self) -> dict[str, Any]:
        """Check the items as well."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.clean_items(cleaned)
        return cleaned

    def _compare(self) -> None:
        """Compare what was typed with the order as it is now."""
        self.is_saved = self._holds_what_was_typed()
        if not self.is_saved:
            super()._compare()

    def _holds_what_was_typed(self) -> bool:
        touched = self.changed_data
        if not touched or self.errors:
            return False
        plain = [name for name in touched if not name.startswith("item_")]
        fields = [(self.fields[name], self[name]) for name in plain]
        if any(field.has_changed(bound.initial, bound.data) for field, bound in fields):
            return False
        return len(plain) == len(touched) or self.drafts() == [
            ItemDraft(
                name=item.name,
                sku=item.sku,
                quantity=item.quantity,
                unit_price=as_written(item.unit_price, self.instance.currency),
            )
            for item in self.items_before
        ]

    def changed_dependencies(self) -> list[int] | None:
        """Return the ids of all orders to wait for, or None if they did not change."""
        if "waits_for" not in self.changed_data:
            return None
        found: list[int] = self.cleaned_data["waits_for"]
        return found

    def changed_items(self) -> list[ItemDraft] | None:
        """Return all items, or None if they did not change."""
        if not self.items_changed():
            return None
        return [each for each in self.drafts() if isinstance(each, ItemDraft)]
