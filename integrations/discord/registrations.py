"""Registers Discord's path and its area of scopes."""

from accounts.scopes import AREAS
from orderchainer.core.http.surfaces import CHAIN, register_prefixes

register_prefixes(CHAIN, "/api/discord")

AREAS.add("discord", "your Discord integration")
