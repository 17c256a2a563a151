"""Asks Telegram whether the token of an integration works, and has its updates sent to us."""

from integrations.contracts import Checked, CheckRefused
from integrations.failures import Failed
from integrations.models import Integration
from integrations.telegram import client
from integrations.telegram.hooking import TAKEN, hook, is_anothers, receiver
from integrations.telegram.troubles import BAD_TOKEN, outcome_of
from orderchainer.core.outbox import GiveUp

NO_ADDRESS = (
    "Telegram cannot send messages to this service: PUBLIC_URL must be https, at port 443, 80, 88 "
    "or 8443. You get no messages until then."
)
LAST_ERROR = "Telegram had trouble with sending messages here: {words}"


def check(integration: Integration) -> Checked:
    """Ask which bot it is, and set its webhook. Raises `CheckRefused`, and `TryAgain`."""
    try:
        return _check(integration)
    except Failed as exc:
        failure = outcome_of(exc)
    if isinstance(failure, GiveUp):
        raise CheckRefused(str(failure))
    raise failure


def _check(integration: Integration) -> Checked:
    token = integration.configuration()["bot_token"]
    bot = client.get_me(token)
    if bot.id != integration.account:
        raise CheckRefused(BAD_TOKEN)
    name = f"@{bot.username}" if bot.username else ""
    url = receiver(integration)
    if not url:
        return Checked((NO_ADDRESS,), name=name)
    # Only an integration that connects takes a bot from another project. A later check does not.
    is_connecting = integration.status == Integration.Status.CONNECTING
    if not is_connecting and is_anothers(integration, client.webhook_info(token).url):
        raise CheckRefused(TAKEN)
    hook(integration, url)
    info = client.webhook_info(token)
    notes = (LAST_ERROR.format(words=info.last_error),) if info.last_error else ()
    return Checked(notes, name=name)
