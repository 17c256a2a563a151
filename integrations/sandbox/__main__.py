"""Start the sandbox and say how to point OrderChainer at it."""

import argparse
import signal
import sys
import threading

from integrations.sandbox.discord import Bucket, Discord
from integrations.sandbox.server import Sandbox

# Discord's observed rate limit of one webhook.
OBSERVED_BUCKET = Bucket(limit=5, seconds=2)


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m integrations.sandbox", description=__doc__
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8400)
    options = parser.parse_args()
    discord = Discord(bucket=OBSERVED_BUCKET, first_webhook=True)
    (webhook,) = discord.webhooks.values()
    sandbox = Sandbox(discord, port=options.port, host=options.host)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    sandbox.start()
    sys.stdout.write(
        f"Sandbox: http://{sandbox.host}\n"
        f"Start OrderChainer with: DISCORD_WEBHOOK_HOSTS={sandbox.host}\n"
        f"Give it this webhook: http://{sandbox.host}{webhook.path}\n"
        f"See what was posted: http://{sandbox.host}/_control/discord/\n"
    )
    sys.stdout.flush()
    over.wait()
    sandbox.stop()


if __name__ == "__main__":
    main()
