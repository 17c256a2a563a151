"""Checks at the start for settings that would make the first call fail."""

import re

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.checks import base_problems, timeout_problems

_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]", re.ASCII)


@register
def check_whatsapp_api_base(**_: object) -> list[CheckMessage]:
    """Refuse a `WHATSAPP_API_BASE` that is not a URL."""
    return base_problems(
        "WHATSAPP_API_BASE",
        hint="It replaces https://graph.facebook.com; /v26.0/… is added to it.",
        id="whatsapp.E001",
    )


@register
def check_whatsapp_api_version(**_: object) -> list[CheckMessage]:
    """Refuse a `WHATSAPP_API_VERSION` that Meta cannot have."""
    if _VERSION.fullmatch(settings.WHATSAPP_API_VERSION):
        return []
    return [
        Error(
            "WHATSAPP_API_VERSION is not a version of Meta's Graph API.",
            hint="Versions are named like v26.0.",
            id="whatsapp.E002",
        )
    ]


@register
def check_whatsapp_timeout(**_: object) -> list[CheckMessage]:
    """Refuse a `WHATSAPP_TIMEOUT` that lets a call outlast the lease of its worker."""
    return timeout_problems("WHATSAPP_TIMEOUT", id="whatsapp.E003")
