"""Paths under `/api/cart/`, spelt as the shop document spells them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
