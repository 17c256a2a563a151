"""The forms of a product and its stock. They check the shape; the services decide."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import BoundField

from accounts.models import Project
from catalog.carried import PackedField
from catalog.compared import Compared
from catalog.models import Category, Product, StockMovement
from catalog.queries.inventory import Shelf, tree_of
from catalog.services import ProductFields
from catalog.services.pictures import MAX_SIDE
from catalog.services.products import UPDATABLE
from catalog.services.sheets import ENCODINGS, MAX_BYTES, MAX_ROWS
from catalog.services.stock import MAX_NOTE_LENGTH, MAX_STOCK
from orderchainer.core.form_fields import PictureField, PlainDecimalField
from orderchainer.core.http.bodies import in_megabytes
from orderchainer.core.money import (
    COLUMN_DECIMALS,
    COLUMN_DIGITS,
    MoneyRefused,
    for_fields,
    require_currency,
)
from orderchainer.core.web.forms import IdempotencyKeyField

Reason = StockMovement.Reason
_ABOVE_THE_PRICE = ("name", "sku", "description")


def category_choices(shelves: Iterable[Shelf], none: str) -> list[tuple[Any, str]]:
    """Return the choices of a select of categories, each with its path from the top."""
    return [("", none), *((shelf.category.pk, shelf.path) for shelf in shelves)]


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """What people set on a product."""

    price = PlainDecimalField(
        min_value=Decimal(0),
        max_digits=COLUMN_DIGITS,
        decimal_places=COLUMN_DECIMALS,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    category = forms.ModelChoiceField(Category.objects.none(), required=False)

    class Meta:
        model = Product
        fields: tuple[str, ...] = (
            *("name", "sku", "description", "price", "currency", "category"),
            *("is_active", "featured"),
        )
        labels: ClassVar = {"sku": "SKU", "is_active": "For sale", "slug": "Address"}
        help_texts: ClassVar = {
            "currency": "ISO 4217, such as EUR",
            "is_active": "Customers can order it. Products are never deleted, because orders refer "
            "to them; one that is not for sale stays in your list.",
            "featured": "Shops can show it first.",
        }

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Django adds a hidden copy for fields with a default; we do not need it.
            field.show_hidden_initial = False
            field.widget.attrs.setdefault("autocomplete", "off")
        self.fields["description"].widget.attrs["rows"] = 5
        category = cast("forms.ModelChoiceField[Category]", self.fields["category"])
        category.queryset = project.categories.all()
        category.choices = category_choices(tree_of(project), "None")

    def clean_currency(self) -> str:
        """Refuse a new currency that does not exist."""
        currency: str = self.cleaned_data["currency"]
        if "currency" in self.changed_data:
            try:
                require_currency(currency)
            except MoneyRefused as exc:
                raise ValidationError(str(exc)) from exc
        return currency

    def changes(self) -> ProductFields:
        """Return the changed fields for the services."""
        changed = [name for name in self.changed_data if name in UPDATABLE]
        return {name: self.cleaned_data[name] for name in changed}  # type: ignore[return-value]  # by these names

    # Price and currency stand beside each other.

    def first_fields(self) -> Iterator[BoundField]:
        """Return the fields above the price."""
        return (field for field in self if field.name in _ABOVE_THE_PRICE)

    def last_fields(self) -> Iterator[BoundField]:
        """Return the fields below the price."""
        others = {*_ABOVE_THE_PRICE, "price", "currency"}
        return (field for field in self if field.name not in others)


class NewProductForm(ProductForm):
    """A new product, with its first stock."""

    key = IdempotencyKeyField()
    # Not called `stock`: the model's own field is not editable.
    first_stock = forms.IntegerField(
        label="Stock",
        min_value=0,
        max_value=MAX_STOCK,
        initial=0,
        help_text="How many you have now. It becomes the first row of the ledger.",
    )
    field_order = ("name", "sku", "description", "price", "currency", "category", "first_stock")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, project=project, **kwargs)
        self.initial = {"currency": project.currency, "is_active": True}

    def fields_of_product(self) -> ProductFields:
        """Return all fields for the service, those that nobody changed too."""
        named = [name for name in self.cleaned_data if name in UPDATABLE]
        return {name: self.cleaned_data[name] for name in named}  # type: ignore[return-value]  # by these names


class ProductChangeForm(Compared, ProductForm):
    """The fields of a product, as they were when the page was read."""

    class Meta(ProductForm.Meta):
        fields = (*ProductForm.Meta.fields, "slug")
        help_texts: ClassVar = {
            **ProductForm.Meta.help_texts,
            "slug": "The end of its web address. Leave it empty to make it from the name.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        product = self.instance
        self.initial["price"] = for_fields(product.price, product.currency)

    def _compare(self) -> None:
        # A form that is sent twice finds everything as it asks for.
        if any(not self._is_so(name) for name in self.changed_data):
            super()._compare()

    def _is_so(self, name: str) -> bool:
        """Tell whether the product already has what was typed into the field."""
        typed = self.cleaned_data.get(name)
        if name == "category":
            return bool(self._read["category_id"] == (typed.pk if typed else None))
        return bool(self._read[name] == typed)


class PictureForm(forms.Form):
    """A new picture."""

    picture = PictureField(label="File", longest_side=MAX_SIDE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["picture"].help_text = (
            f"PNG, JPEG, WebP or GIF, at most {in_megabytes(settings.MAX_UPLOAD_BYTES)}. It is "
            f"scaled down to fit {MAX_SIDE} by {MAX_SIDE} pixels."
        )


class StockForm(forms.Form):
    """A change of stock by hand: how many more or fewer, and why."""

    _REASONS = ((Reason.RECEIVED, "Received"), (Reason.ADJUSTED, "Adjusted"))

    key = IdempotencyKeyField()
    change = forms.IntegerField(
        min_value=-MAX_STOCK,
        max_value=MAX_STOCK,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
        help_text="12 adds, -3 removes",
    )
    reason = forms.ChoiceField(choices=_REASONS)
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_change(self) -> int:
        """Refuse a change by nothing."""
        change: int = self.cleaned_data["change"]
        if change == 0:
            raise ValidationError("Enter how many came or went.")
        return change


class CategoryForm(forms.Form):
    """A new category."""

    name = forms.CharField(max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    parent = forms.ModelChoiceField(Category.objects.none(), label="Inside", required=False)

    def __init__(
        self, *args: Any, project: Project, shelves: Iterable[Shelf], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        parent = cast("forms.ModelChoiceField[Category]", self.fields["parent"])
        parent.queryset = project.categories.all()
        parent.choices = category_choices(shelves, "None, at the top")


class CategoryChangeForm(CategoryForm):
    """A category as the page showed it. Only what somebody typed is saved."""

    slug = forms.CharField(
        label="Address",
        max_length=255,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="The end of its web address. Leave it empty to make it from the name.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True


class UploadForm(forms.Form):
    """A file to preview."""

    file = forms.FileField(
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=f"CSV, at most {in_megabytes(MAX_BYTES)} and {MAX_ROWS:,} rows",
    )
    encoding = forms.ChoiceField(
        required=False,
        choices=[("", "UTF-8, or as the file says"), *((it, it) for it in ENCODINGS)],
        help_text="Files from old spreadsheet programs need it.",
    )


class ApplyForm(forms.Form):
    """The same file, a fingerprint of what the preview showed, and the key of the form."""

    packed = PackedField()
    encoding = forms.ChoiceField(
        required=False, choices=[("", ""), *((it, it) for it in ENCODINGS)]
    )
    seen = forms.CharField(max_length=64)
    key = forms.CharField(max_length=64)
