"""What the app needs to know about Shopify."""

from integrations.contracts import Connector
from integrations.providers import Provider
from integrations.shopify import checks as _checks  # noqa: F401 (registers them)
from integrations.shopify import registrations as _registrations  # noqa: F401 (registers)
from integrations.shopify.bulk import forget_lines_of_ended_runs
from integrations.shopify.checking import check
from integrations.shopify.config import KEYS, account_of
from integrations.shopify.guide import GUIDE
from integrations.shopify.services import reencrypt_credentials
from integrations.shopify.subscriptions import disconnect, maintain
from integrations.shopify.syncing import sync
from integrations.shopify.webhook import WEBHOOK

PROVIDER = Provider(
    name="shopify",
    reencrypt_credentials=reencrypt_credentials,
    forget=forget_lines_of_ended_runs,
    connector=Connector(
        keys=KEYS,
        account_of=account_of,
        check=check,
        sync=sync,
        maintain=maintain,
        disconnect=disconnect,
        guide=GUIDE,
    ),
    webhook=WEBHOOK,
)
