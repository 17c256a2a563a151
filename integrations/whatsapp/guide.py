"""What pages tell people who connect a phone number at WhatsApp."""

from collections.abc import Mapping

from integrations.contracts import Guide, Need


def _pretend() -> Mapping[str, str]:
    # Only here, because a service with the real WhatsApp needs none of the sandbox.
    from integrations.sandbox.whatsapp import config_of, whatsapp_for_people

    return config_of(whatsapp_for_people().number)


GUIDE = Guide(
    gives="What customers write on WhatsApp appears in the inbox, and you answer from here.",
    at_hand="An app at Meta with your phone number, its access token, its secret and the ids.",
    needs=(
        Need(
            "At Meta for Developers, create an app with the use case “Connect with customers "
            "through WhatsApp”, and add your phone number to it.",
            "https://developers.facebook.com/apps",
        ),
        Need(
            "In the Business settings, make a system user, assign the app and the WhatsApp account "
            "to it, and generate a token that never expires. It needs whatsapp_business_messaging "
            "and whatsapp_business_management."
        ),
        Need(
            "Copy the phone number ID and the WhatsApp Business Account ID from WhatsApp, API "
            "Setup, and the app secret from App settings, Basic."
        ),
    ),
    address_for=(
        "In the app under WhatsApp, Configuration, subscribe to the field messages. If you give us "
        "the WhatsApp Business Account ID, we set the address for you. Otherwise copy this "
        "address and the verify token now, because the token is not shown again, and enter them "
        "there after you have connected the number here."
    ),
    first_call="Write something to the number on WhatsApp.",
    pretend=_pretend,
)
