"""What Discord registers with core; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS
from integrations.discord.team import DISCORD
from notifications.ways import WAYS
from orderchainer.core.http.documented import THINGS
from orderchainer.core.http.surfaces import CHAIN, register_prefixes
from orderchainer.core.logs.secrets import hide

register_prefixes(CHAIN, "/api/discord")

AREAS.add("discord", "your Discord integration")

THINGS.add("discord", "News of your orders in a Discord channel.")

hide("webhook", before=r"/webhooks/\d+/", secret=r"[\w.-]+", signs=("/webhooks/",))

WAYS.add(DISCORD.name, DISCORD)
