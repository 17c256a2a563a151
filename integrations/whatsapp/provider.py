"""What the app needs to know about WhatsApp."""

from integrations.providers import Provider
from integrations.whatsapp.webhook import WEBHOOK

PROVIDER = Provider(name="whatsapp", label="WhatsApp", webhook=WEBHOOK)
