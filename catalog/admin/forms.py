"""The forms of products: a new one, one that is there, and a row of the list. They check shape; services decide."""

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

from catalog.admin.categories import shelf_choices
from catalog.models import Category, Product, StockMovement
from catalog.queries.inventory import shelves_of
from catalog.services import ProductFields
from catalog.services.products import UPDATABLE
from catalog.services.stock import MAX_NOTE_LENGTH, MAX_STOCK
from orderchainer.core.admin.overtaken import Versioned
from orderchainer.core.errors import Stale
from orderchainer.core.pictures import Picture, PictureRefused

# What somebody sent as a picture: read already, or refused, or nothing.
Sent = Picture | PictureRefused | None

# What forms compare of a product: all that they show, but for its stock.
_COMPARED = (
    *("sku", "slug", "name", "description", "price", "currency", "category_id"),
    *("image", "featured", "is_active"),
)


class PictureField(forms.FileField):
    """A picture, which is read before the form is: that takes time, and a form is saved in a transaction."""

    widget = UnfoldAdminImageFieldWidget

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        """Let browsers offer pictures, and the theme show the present one."""
        return {**super().widget_attrs(widget), "accept": "image/*"}

    def to_python(self, data: Any) -> Any:
        """Return the file; of what the page showed, its name."""
        return data if isinstance(data, str) else super().to_python(data)


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """What people set on a product. `sent` is the picture that came with the form."""

    sent: ClassVar[Sent] = None
    called: ClassVar = {"stock": "first_stock"}
    refused_at: ClassVar = {"sku_taken": "sku", "slug_taken": "slug"}

    picture = PictureField(
        required=False,
        help_text="PNG, JPEG, WebP or GIF. It is drawn anew, within 1024 by 1024 pixels.",
    )

    class Meta:
        model = Product
        fields = ()  # the page names them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields[
                "slug"
            ].help_text = "Stands in addresses. Made of the name if empty."

    def clean_picture(self) -> Any:
        """Refuse what is no picture."""
        if isinstance(self.sent, PictureRefused):
            raise ValidationError(str(self.sent))
        return self.cleaned_data["picture"]

    def add_error(self, field: str | None, error: Any) -> None:
        """Add an error, and that a picture has to be chosen again: browsers keep no files."""
        super().add_error(field, error)
        if isinstance(self.sent, Picture) and "picture" not in self.errors:
            super().add_error("picture", "Choose the picture again: it was not kept.")

    def _get_validation_exclusions(self) -> set[str]:
        """Leave the constraints that include the project to the service, whose error names the field.

        Django has no public hook for that. Tests that post a taken SKU or slug fail if this one goes.
        """
        return {*super()._get_validation_exclusions(), "project"}  # type: ignore[misc]  # the stubs lack it

    def changes(self) -> ProductFields:
        """Return what was changed, for the services."""
        changed = [name for name in self.changed_data if name in UPDATABLE]
        return {name: self.cleaned_data[name] for name in changed}  # type: ignore[return-value]  # by these names


class NewProductForm(ProductForm):
    """What it takes to make a product."""

    # Of the model's own `stock` Django knows that no form sets it.
    first_stock = forms.IntegerField(
        label="Stock",
        min_value=0,
        max_value=MAX_STOCK,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="On hand; the first row of its ledger.",
    )


class Compared(Versioned):
    """A form of a product that is there. It is stale where something that it shows was changed since."""

    by_fields = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read = _compared(self.instance)
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "version"

    def require_as_read(self, locked: Product) -> None:
        """Raise `Stale` where the product is not what this form was checked against."""
        if _compared(locked) != self._read:
            raise Stale


def _compared(product: Product) -> dict[str, Any]:
    # The instance of a form gets the form's values: these are read before.
    values = {name: getattr(product, name) for name in _COMPARED}
    return {**values, "image": product.image.name or ""}


class ProductChangeForm(Compared, ProductForm):
    """What can be changed about a product, as it was when the page was read."""

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
    """The version, for people to see as well."""

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        """Write the input and what is in it."""
        value = kwargs.get("value", args[1] if len(args) > 1 else "")
        return mark_safe(
            super().render(*args, **kwargs) + escape(value)
        )  # both are escaped


class RowForm(Compared):
    """A product in the list: what can be changed of it there. Whoever changes its stock has counted it."""

    restless = ("stock",)

    price = forms.DecimalField(
        min_value=0,
        max_digits=12,
        decimal_places=2,
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
        self.fields["version"].widget = VersionShown()
        self.counted_before = self.instance.stock
        self.fields["stock"].initial = self.instance.stock
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{name} of {self.instance.sku}"

    def changes(self) -> ProductFields:
        """Return what was changed but for the stock, for the service."""
        changed = [name for name in self.changed_data if name in UPDATABLE]
        return {name: self.cleaned_data[name] for name in changed}  # type: ignore[return-value]  # by these names

    def stock_change(self) -> int:
        """Return how many more or fewer there shall be."""
        if "stock" not in self.changed_data:
            return 0
        counted: int = self.cleaned_data["stock"]
        return counted - self.counted_before


class Rows(forms.BaseModelFormSet):  # type: ignore[type-arg]  # no generic at run time
    """The rows of the list. Django neither checks nor saves a row that nobody changed."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Let every row stay as it is."""
        return {**super().get_form_kwargs(index), "empty_permitted": True}


class StockForm(forms.Form):
    """A change of stock by hand: how many more or fewer, and why.

    `seen` is the last change by hand that the page knew of, so that a form that is sent twice counts once.
    """

    _REASONS = (StockMovement.Reason.RECEIVED, StockMovement.Reason.ADJUSTED)

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    change = forms.IntegerField(
        min_value=-MAX_STOCK,
        max_value=MAX_STOCK,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="How many more, or fewer with a minus. What is sold meanwhile does not matter.",
    )
    reason = forms.ChoiceField(
        choices=[(reason.value, reason.label) for reason in _REASONS],
        widget=UnfoldAdminSelectWidget,
    )
    note = forms.CharField(
        required=False, max_length=MAX_NOTE_LENGTH, widget=UnfoldAdminTextInputWidget
    )
