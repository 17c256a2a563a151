"""Every provider that the sandbox emulates."""

from collections.abc import Callable, Sequence

from integrations.sandbox.discord import discord_for_people
from integrations.sandbox.gemini import gemini_for_people
from integrations.sandbox.shopify import shopify_for_people
from integrations.sandbox.telegram import telegram_for_people
from integrations.sandbox.whatsapp import whatsapp_for_people
from integrations.sandbox.wire import Emulator

# One line for each provider. Each makes an emulator for people who try the service.
EMULATORS: Sequence[Callable[[], Emulator]] = (
    discord_for_people,
    shopify_for_people,
    whatsapp_for_people,
    telegram_for_people,
    gemini_for_people,
)
