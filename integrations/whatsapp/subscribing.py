"""Has Meta send the webhooks of a business account to us.

People can enter the address in Meta's app by hand. With the account's id we set it ourselves, for
this account alone, and restore it when it is gone.
"""

from urllib.parse import urlsplit

from django.conf import settings

from integrations.failures import Failed
from integrations.models import Integration
from integrations.providers import WEBHOOKS
from integrations.whatsapp import client
from integrations.whatsapp.codes import Verdict, sentence_on, verdict_on
from orderchainer.core.outbox import Drop, GiveUp, TryAgain


def receiver() -> str:
    """Return the address at which we take webhooks; empty if Meta cannot reach it."""
    scheme = urlsplit(settings.PUBLIC_URL).scheme
    is_played = urlsplit(client.base()).scheme == "http"
    if scheme != "https" and not is_played:
        return ""
    return f"{settings.PUBLIC_URL}/{WEBHOOKS}whatsapp"


def maintain(integration: Integration) -> None:
    """Subscribe to the webhooks of the business account, unless Meta sends them here already."""
    config = integration.configuration()
    waba_id, url = config.get("waba_id", ""), receiver()
    if not waba_id or not url:
        raise Drop("There is nothing that we could subscribe to.")
    token = config["access_token"]
    try:
        if url not in client.subscribed_addresses(token, waba_id):
            client.subscribe(token, waba_id, url=url, verify_token=config["verify_token"])
    except client.Refused as exc:
        words = sentence_on(exc.code, str(exc))
        if verdict_on(exc.code, exc.status) in {Verdict.WAIT, Verdict.RETRY}:
            raise TryAgain(words) from exc
        raise GiveUp(words) from exc
    except Failed as exc:
        raise TryAgain(str(exc)) from exc
