"""Paths under `/api/auth/`, spelled as in the chain document."""

from django.urls import path

from accounts.api.chain import LogoutView, RefreshView, RegisterView, TokenView

urlpatterns = [
    path("register", RegisterView.as_view(), name="auth-register"),
    path("token", TokenView.as_view(), name="auth-token"),
    path("refresh", RefreshView.as_view(), name="auth-refresh"),
    path("logout", LogoutView.as_view(), name="auth-logout"),
]
