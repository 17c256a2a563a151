"""What pages tell people who connect a bot at Telegram."""

from collections.abc import Mapping

from integrations.contracts import Guide, Need


def _pretend() -> Mapping[str, str]:
    # Only here, because a service with the real Telegram needs none of the sandbox.
    from integrations.sandbox.telegram import telegram_for_people

    return {"bot_token": telegram_for_people().bot.token}


GUIDE = Guide(
    gives="What customers write to your bot appears in the inbox, and you answer from here.",
    at_hand="The token of a bot, which @BotFather gives you in a minute.",
    needs=(
        Need(
            "Write /newbot to @BotFather on Telegram, and answer its questions.",
            "https://t.me/BotFather",
        ),
        Need("Copy the token that it shows. We set up the bot's webhook for you."),
    ),
    first_call="Write something to the bot on Telegram.",
    pretend=_pretend,
)
