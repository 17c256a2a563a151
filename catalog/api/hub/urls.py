"""Paths under `/api/v1/products` and `/api/v1/categories`, spelt as the hub's others are."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
