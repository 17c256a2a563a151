"""The shapes of requests and answers."""

from rest_framework import serializers

from benchmarks.control.models import Cart, CartItem, Order, OrderItem, Product


class ListedProductSerializer(serializers.ModelSerializer):
    """A product of a list."""

    category_name = serializers.CharField(source="category.name", default="")
    is_in_stock = serializers.SerializerMethodField()

    class Meta:
        model = Product
        fields = (
            *("id", "name", "price", "currency", "stock", "category_name", "image"),
            *("is_in_stock", "featured"),
        )

    def get_is_in_stock(self, product: Product) -> bool:
        """Tell whether any is left."""
        return product.stock > 0


class ProductSerializer(ListedProductSerializer):
    """A product in full."""

    class Meta(ListedProductSerializer.Meta):
        fields = (
            *ListedProductSerializer.Meta.fields,
            *("sku", "slug", "description", "category_id", "created_at", "updated_at"),
        )


class CartItemSerializer(serializers.ModelSerializer):
    """An item of a cart."""

    product_id = serializers.IntegerField()
    name = serializers.CharField(source="product.name", read_only=True)
    price = serializers.DecimalField(
        source="product.price", max_digits=14, decimal_places=4, read_only=True
    )
    total_price = serializers.SerializerMethodField()

    class Meta:
        model = CartItem
        fields = ("id", "product_id", "name", "price", "quantity", "total_price")

    def get_total_price(self, item: CartItem) -> str:
        """Return price times quantity."""
        return str(item.product.price * item.quantity)


class CartSerializer(serializers.ModelSerializer):
    """A cart with its items."""

    items = CartItemSerializer(many=True)
    total_price = serializers.SerializerMethodField()

    class Meta:
        model = Cart
        fields = ("id", "items", "total_price")

    def get_total_price(self, cart: Cart) -> str:
        """Add up the items."""
        return str(sum(item.product.price * item.quantity for item in cart.items.all()))


class OrderItemSerializer(serializers.ModelSerializer):
    """A line of an order."""

    class Meta:
        model = OrderItem
        fields = ("product_id", "name", "sku", "unit_price", "quantity")


class OrderSerializer(serializers.ModelSerializer):
    """An order with its items. The cart decides everything but where it goes."""

    items = OrderItemSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = (
            *("id", "title", "description", "status", "owner_id", "items", "total_price"),
            *("currency", "customer_name", "customer_email", "customer_phone"),
            *("shipping_address", "phone_number", "notes", "created_at", "updated_at"),
        )
        read_only_fields = ("title", "description", "status", "total_price", "currency")
