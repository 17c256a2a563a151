"""Start the sandbox and say how to point OrderChainer at it."""

import argparse
import shlex
import signal
import sys
import threading

from integrations.sandbox.emulators import EMULATORS
from integrations.sandbox.server import Sandbox


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8400)
    options = parser.parse_args()
    sandbox = Sandbox(
        *(make_emulator() for make_emulator in EMULATORS),
        port=options.port,
        host=options.host,
    )
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


if __name__ == "__main__":
    main()
