"""Paths under `/api/products/` and `/api/categories/`, spelt as the shop document spells them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
