"""`python -m benchmarks`: measure, print the table, leave nothing behind."""

import argparse
import os
import platform
import sys
import time
from pathlib import Path

from benchmarks.workplace import Unusable, workplace

GROUPS = (
    *("create", "get", "list", "chain", "hub", "inbox", "products", "cart"),
    *("checkout", "shop", "webhook", "messages", "limits", "sign-in", "assistant"),
    *("reports", "cycle", "propagation", "relay", "sync", "push", "pages", "footprint"),
)
DEFAULT_REDIS = "redis://127.0.0.1:6379/14"


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--sqlite",
        action="store_true",
        help="measure on SQLite, in the embedded mode's settings, instead of PostgreSQL and Redis",
    )
    parser.add_argument(
        "--redis",
        default=os.environ.get("REDIS_URL") or DEFAULT_REDIS,
        metavar="URL",
        help="a Redis database that nothing else uses (REDIS_URL, or %(default)s)",
    )
    parser.add_argument("--quick", action="store_true", help="measure little")
    parser.add_argument(
        "--only",
        action="append",
        choices=GROUPS,
        metavar="NAME",
        help=f"measure only {', '.join(GROUPS)}; may be repeated",
    )
    options = parser.parse_args()
    groups = options.only or GROUPS
    try:
        with workplace(sqlite=options.sqlite, redis_url=options.redis) as directory:
            return _measure(directory, groups, quick=options.quick)
    except Unusable as exc:
        sys.stderr.write(f"{exc}\n")
        return 2


def _measure(directory: Path, groups: tuple[str, ...], *, quick: bool) -> int:
    """Measure and print the table, also of a run that is stopped; return the exit status."""
    # Import what reads the settings only after the environment is set.
    import django

    django.setup()

    from benchmarks import session, table

    started = time.monotonic()
    rows: list[table.Row] = []
    stopped = False
    try:
        for row in session.measured(directory, groups, quick=quick):
            rows.append(row)  # noqa: PERF402  # those before a Ctrl-C must not get lost
    except KeyboardInterrupt:
        stopped = True
        sys.stderr.write("Stopped. This was measured until then:\n")
    sys.stdout.write(
        f"{table.text_of(rows)}\n\n"
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, {time.monotonic() - started:.0f} s. "
        "Ours and the floor were measured in turn; figures and ratios are medians.\n"
        "Other work on this machine changes the figures, but the ratios not as much.\n"
    )
    return 130 if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
