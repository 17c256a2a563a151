"""What the app needs to know about WhatsApp."""

from integrations.contracts import Connector
from integrations.providers import Provider
from integrations.whatsapp import checks as _checks  # noqa: F401 (registers them)
from integrations.whatsapp import registrations as _registrations  # noqa: F401 (registers)
from integrations.whatsapp.checking import check
from integrations.whatsapp.config import KEYS, account_of
from integrations.whatsapp.guide import GUIDE
from integrations.whatsapp.subscribing import maintain
from integrations.whatsapp.webhook import WEBHOOK

PROVIDER = Provider(
    name="whatsapp",
    label="WhatsApp",
    connector=Connector(
        keys=KEYS, account_of=account_of, check=check, maintain=maintain, guide=GUIDE
    ),
    webhook=WEBHOOK,
)
