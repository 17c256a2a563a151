"""Paths under `/auth/api/`, spelled as in the shop document."""

from django.urls import path

from accounts.api.shop.views import (
    ShopLogoutView,
    ShopProfileView,
    ShopRefreshView,
    ShopRegisterView,
    ShopTokenView,
)

urlpatterns = [
    path("register/", ShopRegisterView.as_view(), name="shop-register"),
    path("token/", ShopTokenView.as_view(), name="shop-token"),
    path("token/refresh/", ShopRefreshView.as_view(), name="shop-token-refresh"),
    path("logout/", ShopLogoutView.as_view(), name="shop-logout"),
    path("profile/", ShopProfileView.as_view(), name="shop-profile"),
]
