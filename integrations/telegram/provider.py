"""What the app needs to know about Telegram."""

from integrations.contracts import Connector
from integrations.providers import Provider
from integrations.telegram import checks as _checks  # noqa: F401 (registers them)
from integrations.telegram import registrations as _registrations  # noqa: F401 (registers)
from integrations.telegram.checking import check
from integrations.telegram.config import KEYS, account_of
from integrations.telegram.guide import GUIDE
from integrations.telegram.hooking import disconnect, maintain
from integrations.telegram.webhook import WEBHOOK

PROVIDER = Provider(
    name="telegram",
    connector=Connector(
        keys=KEYS,
        account_of=account_of,
        check=check,
        maintain=maintain,
        disconnect=disconnect,
        guide=GUIDE,
    ),
    webhook=WEBHOOK,
)
