"""An emulated WhatsApp Business Cloud API, with a telephone for people."""

from integrations.sandbox.whatsapp.emulator import WhatsApp, whatsapp_for_people
from integrations.sandbox.whatsapp.network import config_of
from integrations.sandbox.whatsapp.phones import Customer, Number, Sent
from integrations.sandbox.whatsapp.webhooks import signature

__all__ = [
    "Customer",
    "Number",
    "Sent",
    "WhatsApp",
    "config_of",
    "signature",
    "whatsapp_for_people",
]
