"""Whole addresses of orders, for e-mails and chats."""

from django.conf import settings
from django.urls import reverse


def short_link(number: int) -> str:
    """Return the short address of an order, which leads each reader to their page of it."""
    return f"{settings.PUBLIC_URL}{reverse('short-order', kwargs={'number': number})}"
