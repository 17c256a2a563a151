"""Paths under `/api/v1/auth/`, spelt as the hub document spells them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
