"""The request bodies of the hub's catalogue, and the answers as the schema shows them."""

from typing import Any, ClassVar, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Project
from catalog.models import Category, Product, StockMovement
from catalog.queries import inventory
from catalog.services import CategoryFields, ProductFields
from catalog.services.pictures import MAX_SIDE
from catalog.services.sheets import ENCODINGS, KNOWN
from catalog.services.stock import MAX_NOTE_LENGTH, MAX_STOCK
from orderchainer.core.http.fields import (
    DECIMALS_WRITTEN,
    AmountField,
    IdField,
    ListedChoiceField,
    StrictCharField,
    StrictSerializer,
)
from orderchainer.core.http.uploads import PictureField

Reason = StockMovement.Reason
# The reasons that a person can give. The service itself sets the others.
REASONS = (Reason.RECEIVED, Reason.ADJUSTED)

# --- Products ---------------------------------------------------------------------------------


class ProductChanges(StrictSerializer):
    """`PATCH /api/v1/products/{project_id}/{product_id}`."""

    ignored: ClassVar = frozenset({"is_in_stock", "version", "updated_at"})
    fixed: ClassVar = frozenset({"id", "product_id", "image", "created_at"})

    sku = StrictCharField(max_length=64, required=False, help_text="Unique in the project.")
    slug = StrictCharField(
        max_length=255,
        allow_blank=True,
        required=False,
        help_text="For URLs; if it is empty, it is made from the name.",
    )
    name = StrictCharField(max_length=255, required=False)
    description = StrictCharField(
        max_length=10_000, allow_blank=True, required=False, trim_whitespace=False
    )
    price = AmountField(required=False, help_text="With no more decimals than its currency has.")
    currency = StrictCharField(
        required=False, help_text="ISO 4217. A new product begins with the project's."
    )
    category_id = IdField(
        allow_null=True, required=False, help_text="A category of the project, or null."
    )
    featured = serializers.BooleanField(required=False)
    is_active = serializers.BooleanField(
        required=False, help_text="Whether it is on sale. Products cannot be deleted."
    )
    stock = serializers.IntegerField(
        required=False, help_text="You may only send it back as you read it."
    )

    def validate_stock(self, value: int) -> int:
        """Refuse another stock, since only a stock movement changes it."""
        assert isinstance(self.instance, Product)
        if value != self.instance.stock:
            msg = (
                f"There are {self.instance.stock}. "
                "Stock is changed by a POST to the product's stock."
            )
            raise serializers.ValidationError(msg)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Leave out the stock, which is unchanged."""
        attrs.pop("stock", None)
        return attrs

    def fields_in(self, project: Project) -> ProductFields:
        """Return what the body sets, with the category of `project` instead of its id.

        Raises `NoSuchCategory`.
        """
        fields: dict[str, Any] = dict(self.validated_data)
        fields.pop("stock", None)
        if "category_id" in fields:
            fields["category"] = inventory.category_named(
                project, fields.pop("category_id"), field="category_id"
            )
        return cast(ProductFields, fields)


class NewProduct(ProductChanges):
    """`POST /api/v1/products/{project_id}`."""

    ignored: ClassVar = frozenset()
    fixed: ClassVar = frozenset()

    sku = StrictCharField(max_length=64)
    name = StrictCharField(max_length=255)
    price = AmountField(help_text="With no more decimals than its currency has.")
    stock = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=MAX_STOCK,
        help_text="How many there are. This becomes the first row of the ledger.",
    )

    def validate_stock(self, value: int) -> int:
        """Accept any: a new product has no stock yet."""
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep every field."""
        return attrs


class NewPicture(StrictSerializer):
    """`PUT /api/v1/products/{project_id}/{product_id}/image`."""

    image = PictureField(
        longest_side=MAX_SIDE,
        help_text="A PNG, JPEG, WebP or GIF file, in a form; null removes the picture.",
    )


class ProductOutput(serializers.Serializer[Product]):
    """A product as the people who run the project see it."""

    id = serializers.UUIDField()
    product_id = serializers.IntegerField(
        help_text="Its number: the id in the storefront, on the chain surface and in refusals."
    )
    sku = serializers.CharField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    price = serializers.CharField(help_text=DECIMALS_WRITTEN)
    currency = serializers.CharField()
    category_id = serializers.IntegerField(allow_null=True)
    image = serializers.CharField(help_text="The picture's URL; empty without one.")
    featured = serializers.BooleanField()
    is_active = serializers.BooleanField()
    stock = serializers.IntegerField()
    is_in_stock = serializers.BooleanField()
    version = serializers.IntegerField(help_text="Increases with every change.")
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    updated_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")


# --- Stock ------------------------------------------------------------------------------------


class StockAdjustment(StrictSerializer):
    """`POST /api/v1/products/{project_id}/{product_id}/stock`."""

    change = serializers.IntegerField(
        min_value=-MAX_STOCK,
        max_value=MAX_STOCK,
        help_text="How many more, or fewer if negative; not 0.",
    )
    reason = ListedChoiceField(
        choices=[(reason.value, reason.label) for reason in REASONS],
        default=Reason.ADJUSTED.value,
    )
    note = StrictCharField(
        max_length=MAX_NOTE_LENGTH, allow_blank=True, default="", help_text="Why."
    )


class MovementOutput(serializers.Serializer[StockMovement]):
    """A row of the ledger. The rows of a product add up to its stock."""

    id = serializers.IntegerField()
    change = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=Reason.choices)
    order_id = serializers.IntegerField(
        allow_null=True, help_text="The order that took it or returned it."
    )
    note = serializers.CharField()
    by = serializers.UUIDField(
        allow_null=True,
        help_text="The user; null for orders and for changes by the service itself.",
    )
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")


# --- Categories -------------------------------------------------------------------------------


class CategoryChanges(StrictSerializer):
    """`PATCH /api/v1/categories/{project_id}/{category_id}`."""

    ignored: ClassVar = frozenset({"level", "path", "product_count", "updated_at"})
    fixed: ClassVar = frozenset({"id", "created_at"})

    name = StrictCharField(max_length=255, required=False)
    slug = StrictCharField(
        max_length=255,
        allow_blank=True,
        required=False,
        help_text="For URLs; if it is empty, it is made from the name.",
    )
    parent_id = IdField(
        allow_null=True,
        required=False,
        help_text="The category above it; null for the top.",
    )
    position = serializers.IntegerField(
        min_value=0,
        max_value=2**31 - 1,
        required=False,
        help_text="Its position among its siblings; equal positions are sorted by name.",
    )

    def fields_in(self, project: Project) -> CategoryFields:
        """Return what the body sets, with the parent in `project` instead of its id.

        Raises `NoSuchCategory`.
        """
        fields: dict[str, Any] = dict(self.validated_data)
        if "parent_id" in fields:
            fields["parent"] = inventory.category_named(
                project, fields.pop("parent_id"), field="parent_id"
            )
        return cast(CategoryFields, fields)


class NewCategory(CategoryChanges):
    """`POST /api/v1/categories/{project_id}`."""

    ignored: ClassVar = frozenset()
    fixed: ClassVar = frozenset()

    name = StrictCharField(max_length=255)


class CategoryOutput(serializers.Serializer[Category]):
    """A category and its place in the tree."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    slug = serializers.CharField()
    parent_id = serializers.IntegerField(allow_null=True)
    position = serializers.IntegerField()
    level = serializers.IntegerField(help_text="0 at the top.")
    path = serializers.CharField(
        help_text="The names from the top down to its own, as an import reads them."
    )
    product_count = serializers.IntegerField(
        help_text="How many products are directly in it, on sale or not."
    )
    created_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")
    updated_at = serializers.CharField(help_text="UTC, with seconds and `Z`.")


# --- Files ------------------------------------------------------------------------------------


@extend_schema_field(OpenApiTypes.BINARY)
class TableField(serializers.FileField):
    """A file with a table."""


class ImportInput(StrictSerializer):
    """`POST /api/v1/products/{project_id}/import`."""

    file = TableField(
        required=False,
        allow_empty_file=True,
        help_text=f"The CSV file, in a form. Columns: {', '.join(KNOWN)}.",
    )
    csv = StrictCharField(
        required=False,
        trim_whitespace=False,
        help_text="The table as text, instead of a file.",
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Only report what an import would do."
    )
    encoding = ListedChoiceField(
        choices=ENCODINGS,
        required=False,
        help_text="The encoding of the file, unless it is UTF-8 or starts with a byte order mark.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require either a file or a text."""
        if ("file" in attrs) == ("csv" in attrs):
            msg = "Send the table either as a file or as text."
            raise serializers.ValidationError({"file": [msg]})
        return attrs

    @property
    def content(self) -> bytes:
        """The bytes of the table."""
        if "csv" in self.validated_data:
            text: str = self.validated_data["csv"]
            return text.encode()
        content: bytes = self.validated_data["file"].read()
        return content

    @property
    def encoding_of_file(self) -> str:
        """The encoding of the bytes; empty if the bytes themselves show it."""
        if "csv" in self.validated_data:
            return "utf-8"
        encoding: str = self.validated_data.get("encoding", "")
        return encoding


class ShortageOutput(serializers.Serializer[Any]):
    """A product of which there is less than is wanted."""

    product_id = serializers.IntegerField()
    name = serializers.CharField()
    sku = serializers.CharField()
    requested = serializers.IntegerField()
    available = serializers.IntegerField()


class ImportedRowOutput(serializers.Serializer[Any]):
    """The outcome of one row of the file."""

    row = serializers.IntegerField(help_text="The row in the file; the header is row 1.")
    sku = serializers.CharField()
    action = serializers.ChoiceField(choices=["create", "update", "refuse"])
    changes = serializers.DictField(
        child=serializers.ListField(
            child=serializers.CharField(allow_null=True), min_length=2, max_length=2
        ),
        help_text="By column, the old value (null for a new product) and the new one.",
    )
    errors = serializers.DictField(  # type: ignore[assignment]  # a field, and no attribute
        child=serializers.ListField(child=serializers.CharField()),
        help_text="By column, what is wrong.",
    )


class ImportOutput(serializers.Serializer[Any]):
    """What an import did, or would do."""

    dry_run = serializers.BooleanField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField(
        help_text="How many rows are wrong. If there is one, nothing is imported."
    )
    new_categories = serializers.ListField(child=serializers.CharField())
    rows = ImportedRowOutput(
        many=True,
        help_text="The wrong rows and the changes, at most 200 rows.",
    )
