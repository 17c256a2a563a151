"""An emulated Telegram Bot API, with a telephone for people."""

from integrations.sandbox.telegram.bots import Bot, Sent, User
from integrations.sandbox.telegram.emulator import Telegram, telegram_for_people

__all__ = ["Bot", "Sent", "Telegram", "User", "telegram_for_people"]
