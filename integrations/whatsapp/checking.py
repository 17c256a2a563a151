"""Asks WhatsApp whether the configuration of an integration works."""

from integrations.contracts import Checked, CheckRefused
from integrations.failures import Failed, NoAnswer
from integrations.models import Integration
from integrations.whatsapp import client
from integrations.whatsapp.codes import Verdict, sentence_on, verdict_on
from integrations.whatsapp.subscribing import receiver
from orderchainer.core.outbox import TryAgain

UNKNOWN_NUMBER = (
    "WhatsApp knows no phone number with this phone_number_id, or the access token may not use it."
)
NO_ADDRESS = (
    "Meta cannot send webhooks to this service, because PUBLIC_URL is not https. You can send "
    "messages, and get no answers."
)
NO_ACCOUNT = (
    "Enter the address of the webhook and the verify token in Meta's app by hand, or add waba_id "
    "and we do it."
)


def check(integration: Integration) -> Checked:
    """Ask about the phone number with the token. Raises `CheckRefused`, and `TryAgain`."""
    config = integration.configuration()
    try:
        number = client.phone_number(config["access_token"], integration.account)
    except client.Refused as exc:
        raise _refusal(exc) from exc
    except Failed as exc:
        timed_out = isinstance(exc, NoAnswer) and exc.timed_out
        raise TryAgain(str(exc), timed_out=timed_out) from exc
    if not number.display:
        raise CheckRefused(UNKNOWN_NUMBER)
    notes = []
    if not receiver():
        notes.append(NO_ADDRESS)
    elif not config.get("waba_id"):
        notes.append(NO_ACCOUNT)
    return Checked(tuple(notes), name=f"{number.display} {number.verified_name}".strip())


def _refusal(exc: client.Refused) -> Exception:
    words = sentence_on(exc.code, str(exc))
    match verdict_on(exc.code, exc.status):
        case Verdict.WAIT | Verdict.RETRY:
            return TryAgain(words)
        case Verdict.REFUSED if exc.code == 100 or exc.status == 404:
            return CheckRefused(UNKNOWN_NUMBER)
    return CheckRefused(words)
