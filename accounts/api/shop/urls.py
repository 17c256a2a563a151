"""Paths under `/auth/api/`, spelt as the shop document spells them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
