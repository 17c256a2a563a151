"""The forms of a new product, an existing one and a row of the list. The services decide."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminImageFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from catalog.admin.categories import WithSlug, shelf_choices
from catalog.compared import Compared
from catalog.models import Category, Product, StockMovement
from catalog.queries.inventory import shelves_of
from catalog.services import ProductFields
from catalog.services.products import UPDATABLE
from catalog.services.stock import MAX_NOTE_LENGTH, MAX_STOCK
from orderchainer.core.form_fields import PlainDecimalField, make_currency_optional
from orderchainer.core.money import (
    COLUMN_DECIMALS,
    COLUMN_DIGITS,
    MoneyRefused,
    for_fields,
    require_currency,
    settled,
)
from orderchainer.core.pictures import Picture, PictureRefused

# The uploaded picture: already read, refused, or missing.
Sent = Picture | PictureRefused | None


class PictureField(forms.FileField):
    """A picture, which is read before the transaction that saves the form, because that is slow."""

    widget = UnfoldAdminImageFieldWidget

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        """Let browsers offer pictures, and the theme show the current one."""
        return {**super().widget_attrs(widget), "accept": "image/*"}

    def to_python(self, data: Any) -> Any:
        """Return the uploaded file, or the name of the one that the page showed."""
        return data if isinstance(data, str) else super().to_python(data)


class ProductForm(WithSlug):
    """The fields of a product. `sent` is the uploaded picture."""

    sent: ClassVar[Sent] = None
    called: ClassVar = {"stock": "first_stock"}
    refused_at: ClassVar = {"sku_taken": "sku", "slug_taken": "slug"}

    picture = PictureField(
        required=False,
        help_text="PNG, JPEG, WebP or GIF. It is re-encoded to fit 1024 by 1024 pixels.",
    )

    class Meta:
        model = Product
        fields = ()  # the admin page names them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _write_price(self)

    def clean_currency(self) -> str:
        """Refuse a new currency that does not exist."""
        currency: str = self.cleaned_data["currency"]
        if currency and "currency" in self.changed_data:
            try:
                require_currency(currency)
            except MoneyRefused as exc:
                raise ValidationError(str(exc)) from exc
        return currency

    def clean_picture(self) -> Any:
        """Refuse files that are not pictures."""
        if isinstance(self.sent, PictureRefused):
            raise ValidationError(str(self.sent))
        return self.cleaned_data["picture"]

    def add_error(self, field: str | None, error: Any) -> None:
        """Add an error; also ask for the picture again, because browsers do not keep files."""
        super().add_error(field, error)
        if isinstance(self.sent, Picture) and "picture" not in self.errors:
            super().add_error("picture", "Choose the picture again: it was not kept.")

    def changes(self) -> ProductFields:
        """Return the changed fields for the services."""
        changed = [name for name in self.changed_data if name in UPDATABLE]
        return {name: self.cleaned_data[name] for name in changed}  # type: ignore[return-value]  # by these names


def _write_price(form: Any) -> None:
    """Show the price of an existing product with its currency's decimals."""
    product = form.instance
    if product.pk is not None and "price" in form.fields:
        form.initial["price"] = for_fields(product.price, product.currency)


class NewProductForm(ProductForm):
    """The fields of a new product."""

    # Not called `stock`: the model's own field is not editable.
    first_stock = forms.IntegerField(
        label="Stock",
        min_value=0,
        max_value=MAX_STOCK,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="On hand. It becomes the first row of the ledger.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        make_currency_optional(self)


class ProductChangeForm(Compared, ProductForm):
    """The fields of an existing product, as they were when the page was loaded."""

    category = forms.ModelChoiceField(
        Category.objects.none(), required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "picture" in self.fields:
            self.fields["picture"].initial = self.instance.image
        if "category" in self.fields:
            project = self.instance.project
            field = self.fields["category"]
            field.queryset = project.categories.all()  # type: ignore[attr-defined]  # a choice of rows
            field.choices = shelf_choices(shelves_of(project), "None")  # type: ignore[attr-defined]  # as above


class VersionShown(forms.HiddenInput):
    """The version, hidden and also shown as text."""

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        """Render the input and its value."""
        value = kwargs.get("value", args[1] if len(args) > 1 else "")
        return mark_safe(super().render(*args, **kwargs) + escape(value))  # both are escaped


class RowForm(Compared):
    """A row of the list. A new stock value means that someone counted the product."""

    restless = ("stock",)

    price = PlainDecimalField(
        min_value=0,
        max_digits=COLUMN_DIGITS,
        decimal_places=COLUMN_DECIMALS,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"style": "width: 7rem"}),
    )
    stock = forms.IntegerField(
        min_value=0,
        max_value=MAX_STOCK,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"style": "width: 6rem"}),
    )
    featured = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)
    is_active = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)

    class Meta:
        model = Product
        fields = ("price", "featured", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _write_price(self)
        self.fields["version"].widget = VersionShown()
        self.counted_before = self.instance.stock
        self.fields["stock"].initial = self.instance.stock
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{name} of {self.instance.sku}"

    def clean_price(self) -> Decimal:
        """Refuse an amount that the product's currency does not have."""
        try:
            return settled(self.cleaned_data["price"], self.instance.currency)
        except MoneyRefused as exc:
            raise ValidationError(str(exc)) from exc

    def changes(self) -> ProductFields:
        """Return the changed fields for the service, without the stock."""
        changed = [name for name in self.changed_data if name in UPDATABLE]
        return {name: self.cleaned_data[name] for name in changed}  # type: ignore[return-value]  # by these names

    def stock_change(self) -> int:
        """Return the difference to the stock that was shown."""
        if "stock" not in self.changed_data:
            return 0
        counted: int = self.cleaned_data["stock"]
        return counted - self.counted_before


class Rows(forms.BaseModelFormSet):  # type: ignore[type-arg]  # no generic at run time
    """The rows of the list. Django neither checks nor saves unchanged rows."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Allow every row to stay unchanged."""
        return {**super().get_form_kwargs(index), "empty_permitted": True}


class StockForm(forms.Form):
    """A change of stock by hand: how many more or fewer, and why.

    `seen` is the last change by hand that the page showed. With it, a form sent twice counts once.
    """

    _REASONS = (StockMovement.Reason.RECEIVED, StockMovement.Reason.ADJUSTED)

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    change = forms.IntegerField(
        min_value=-MAX_STOCK,
        max_value=MAX_STOCK,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=(
            "How many to add, or to remove with a minus. Sales made in the meantime do not matter."
        ),
    )
    reason = forms.ChoiceField(
        choices=[(reason.value, reason.label) for reason in _REASONS],
        widget=UnfoldAdminSelectWidget,
    )
    note = forms.CharField(
        required=False, max_length=MAX_NOTE_LENGTH, widget=UnfoldAdminTextInputWidget
    )
