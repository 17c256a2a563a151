"""Paths under `/api/v1/auth/`, spelt as the hub document spells them."""

from django.urls import path

from accounts.api.hub.auth import (
    LoginView,
    LogoutView,
    MeView,
    RefreshView,
    RegisterView,
)
from accounts.api.hub.sessions import SessionsView, SessionView
from accounts.api.hub.tokens import TokensView, TokenView

urlpatterns = [
    path("register", RegisterView.as_view(), name="hub-register"),
    path("login", LoginView.as_view(), name="hub-login"),
    path("refresh", RefreshView.as_view(), name="hub-refresh"),
    path("logout", LogoutView.as_view(), name="hub-logout"),
    path("me", MeView.as_view(), name="hub-me"),
    path("sessions", SessionsView.as_view(), name="hub-sessions"),
    path("sessions/<str:session_id>", SessionView.as_view(), name="hub-session"),
    path("tokens", TokensView.as_view(), name="hub-tokens"),
    path("tokens/<str:token_id>", TokenView.as_view(), name="hub-token"),
]
