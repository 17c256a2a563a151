"""Start the sandbox and say how to point OrderChainer at it."""

import argparse
import shlex
import signal
import sys
import threading
from collections.abc import Sequence

from integrations.sandbox.emulators import EMULATORS
from integrations.sandbox.server import Sandbox

MAX_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM. The arguments are those of the command line by default."""
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8400)
    options = parser.parse_args(arguments)
    try:
        sandbox = Sandbox(
            *(make_emulator() for make_emulator in EMULATORS),
            port=options.port,
            host=options.host,
        )
    except OSError as exc:
        parser.error(f"cannot listen on {options.host}:{options.port}: {exc.strerror}")
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    sandbox.start()
    settings = [
        f"{name}={shlex.quote(value)}"
        for emulator in sandbox.emulators
        for name, value in emulator.settings(sandbox.host).items()
    ]
    lines = [f"Sandbox: http://{sandbox.host}", f"Start OrderChainer with: {' '.join(settings)}"]
    for emulator in sandbox.emulators:
        lines += emulator.introduction(sandbox.host)
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    over.wait()
    sandbox.stop()


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= MAX_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; write a number from 1 to {MAX_PORT}")


if __name__ == "__main__":
    main()
