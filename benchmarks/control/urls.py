"""The paths of the control."""

from rest_framework.routers import DefaultRouter

from benchmarks.control.views import CartViewSet, OrderViewSet, ProductViewSet

router = DefaultRouter()
router.register("products", ProductViewSet)
router.register("cart", CartViewSet, basename="cart")
router.register("orders", OrderViewSet, basename="order")
urlpatterns = router.urls
