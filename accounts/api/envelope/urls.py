"""Paths under `/api/auth/` and `/api/user/`, spelt as the envelope document spells them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
