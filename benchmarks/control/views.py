"""The API: products, the cart, orders."""

from typing import Any

import django_filters
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, permissions, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.control.models import Cart, CartItem, Order, OrderItem, Product
from benchmarks.control.serializers import (
    CartItemSerializer,
    CartSerializer,
    ListedProductSerializer,
    OrderSerializer,
    ProductSerializer,
)


class ProductFilter(django_filters.FilterSet):
    """Narrow the products by category, price and stock."""

    category = django_filters.NumberFilter(method="within")
    price_min = django_filters.NumberFilter("price", "gte")
    price_max = django_filters.NumberFilter("price", "lte")
    in_stock = django_filters.BooleanFilter(method="available")

    class Meta:
        model = Product
        fields = ("featured",)

    def within(self, products: QuerySet, _name: str, category: Any) -> QuerySet:
        """Keep the products of a category and of those in it."""
        return products.filter(Q(category=category) | Q(category__parent=category))

    def available(self, products: QuerySet, _name: str, wanted: bool) -> QuerySet:
        """Keep the products with stock, or without."""
        return products.filter(stock__gt=0) if wanted else products.filter(stock=0)


class ProductViewSet(viewsets.ReadOnlyModelViewSet):
    """Products on sale."""

    queryset = Product.objects.filter(is_active=True).select_related("category")
    permission_classes = (permissions.AllowAny,)
    filter_backends = (DjangoFilterBackend, SearchFilter, OrderingFilter)
    filterset_class = ProductFilter
    search_fields = ("name", "sku", "description")
    ordering_fields = ("price", "name", "created_at")

    def get_serializer_class(self) -> type[ListedProductSerializer]:
        """Return the short form for lists."""
        return ListedProductSerializer if self.action == "list" else ProductSerializer


class CartViewSet(viewsets.GenericViewSet):
    """The caller's cart."""

    serializer_class = CartSerializer

    @action(detail=False, methods=["post"])
    def items(self, request: Request) -> Response:
        """Add a product."""
        wanted = CartItemSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        quantity = wanted.validated_data["quantity"]
        with transaction.atomic():
            product = Product.objects.filter(
                pk=wanted.validated_data["product_id"], is_active=True
            ).first()
            if product is None:
                raise ValidationError({"product_id": "There is no such product."})
            cart, _ = Cart.objects.get_or_create(user=request.user)
            item, created = CartItem.objects.select_for_update().get_or_create(
                cart=cart, product=product, defaults={"quantity": quantity}
            )
            if not created:
                CartItem.objects.filter(pk=item.pk).update(quantity=F("quantity") + quantity)
                item.refresh_from_db()
            if item.quantity > product.stock:
                raise ValidationError({"quantity": f"Only {product.stock} left."})
        cart = Cart.objects.prefetch_related("items__product").get(pk=cart.pk)
        return Response(CartSerializer(cart).data, status=status.HTTP_201_CREATED)


class OrderViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """The caller's orders; a new one is the contents of the cart."""

    serializer_class = OrderSerializer
    filter_backends = (DjangoFilterBackend, OrderingFilter)
    filterset_fields = ("status",)
    ordering_fields = ("id", "created_at", "total_price")

    def get_queryset(self) -> QuerySet[Order]:
        """Return the caller's orders."""
        return Order.objects.filter(owner=self.request.user).prefetch_related("items")

    @transaction.atomic
    def perform_create(self, serializer: OrderSerializer) -> None:
        """Turn the cart into an order."""
        user = self.request.user
        cart = Cart.objects.select_for_update().filter(user=user).first()
        items = list(cart.items.order_by("pk")) if cart else []
        if not items:
            raise ValidationError("The cart is empty.")
        wanted = [item.product_id for item in items]
        locked = Product.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
        products = {product.pk: product for product in locked}
        for item in items:
            product = products[item.product_id]
            if not product.is_active or product.stock < item.quantity:
                raise ValidationError(f"Only {product.stock} of {product.name} left.")
            product.stock -= item.quantity
        first = products[items[0].product_id]
        order = serializer.save(
            owner=user,
            title=first.name,
            total_price=sum(products[item.product_id].price * item.quantity for item in items),
            currency=first.currency,
            customer_name=user.get_full_name(),
            customer_email=user.email,
        )
        OrderItem.objects.bulk_create(
            OrderItem(
                order=order,
                product=products[item.product_id],
                name=products[item.product_id].name,
                sku=products[item.product_id].sku,
                unit_price=products[item.product_id].price,
                quantity=item.quantity,
            )
            for item in items
        )
        Product.objects.bulk_update(products.values(), ["stock"])
        cart.items.all().delete()
