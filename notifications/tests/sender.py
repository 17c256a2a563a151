"""A process that sends one part of a message over a provider behind real HTTP.

    python -m notifications.tests.sender <URL of the provider> <part>

A test kills it while the provider holds the call.
"""

import sys
from urllib.error import URLError
from urllib.request import Request, urlopen

import django

TIMEOUT_SECONDS = 20


def main(url: str, part_id: int) -> None:
    """Register the provider and send the part."""
    django.setup()
    from notifications.channels import CHANNELS, LINES, Accepted, Channel, Line, Outgoing, Uncertain
    from notifications.models import MessageSend
    from notifications.models.messages import ContentType
    from notifications.work import sending

    message = MessageSend.objects.select_related("message").get(pk=part_id).message

    def send(outgoing: Outgoing) -> Accepted:
        request = Request(url, outgoing.text.encode(), method="POST")
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                return Accepted(answer.read().decode())
        except (URLError, OSError) as exc:
            raise Uncertain("No answer.") from exc

    CHANNELS.add(
        message.channel,
        Channel(
            name=message.channel,
            label="Pretend",
            content_types=[ContentType.TEXT],
            max_text=100,
            max_caption=100,
            length_of=len,
            split=None,
            send=send,
            fetch=lambda line, provider_id, most: sys.exit("there are no files"),
        ),
    )
    LINES.add("pretend", lambda project: [Line(message.line, message.channel, project.pk, "ours")])
    sending.send_part(part_id)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
