#!/usr/bin/env python
"""Run Django's management commands for OrderChainer."""

import os
import sys

from django.core.management import execute_from_command_line

from orderchainer.core.starting import read_settings


def main() -> None:
    """Hand the command line to Django. Tell in a sentence if database or Redis do not answer."""
    if sys.argv[1:2] != ["serve"]:
        # One thread needs no pool, which would also try a dead database for ten seconds.
        os.environ.setdefault("DATABASE_POOL_SIZE", "0")
    read_settings()
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # Ctrl-C came before the command could handle it. The user asked for this end.
        sys.exit(130)
    except Exception as exc:
        # This import must wait until the settings have been read.
        from orderchainer.operations.starting import explain

        if (explanation := explain(exc)) is None:
            raise
        sys.exit(explanation)


if __name__ == "__main__":
    main()
