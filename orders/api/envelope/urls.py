"""Paths under `/api/order`, spelt as the envelope document spells them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
