#!/usr/bin/env python3
"""Trunkline's command line. `python3 manage.py up` starts everything on a machine with nothing but Python."""

import os
import sys

from config import bootstrap


def main() -> None:
    """Run a management command, after making sure that this Python and its packages will do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    bootstrap.prepare(sys.argv)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Trunkline cannot start as it is configured: {error}")
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"The database cannot be used: {error}\nIf it was not set up yet: python3 manage.py migrate")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
