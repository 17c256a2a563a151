#!/usr/bin/env python
"""Run Django's management commands for OrderChainer."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderchainer.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # Ctrl-C came before the command could handle it. The user asked for this end.
        sys.exit(130)


if __name__ == "__main__":
    main()
