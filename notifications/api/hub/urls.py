"""Paths under `/api/v1/messages`, spelt as the hub document spells them."""

from django.urls import path

from notifications.api.hub.views import InboxView

urlpatterns = [
    path("messages/<str:project_id>/inbox", InboxView.as_view(), name="hub-inbox"),
]
