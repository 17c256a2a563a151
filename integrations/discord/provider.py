"""What the app needs to know about Discord."""

from integrations.discord import checks as _checks  # noqa: F401 (registers them)
from integrations.discord import registrations as _registrations  # noqa: F401 (registers)
from integrations.discord.services import reencrypt_credentials
from integrations.discord.subscribers import connect
from integrations.providers import Provider

PROVIDER = Provider(
    name="discord",
    urls={"api/discord/": "integrations.discord.api.chain.urls"},
    connect=connect,
    reencrypt_credentials=reencrypt_credentials,
)
