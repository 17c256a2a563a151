"""What the app needs to know about Telegram."""

from integrations.providers import Provider
from integrations.telegram.webhook import WEBHOOK

PROVIDER = Provider(name="telegram", webhook=WEBHOOK)
