"""Paths under `/api/v1/projects` and `/api/v1/invitations`, spelt as the hub document spells them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
