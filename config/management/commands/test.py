"""`manage.py test`: the tests, by pytest; what follows goes to pytest as it is."""

from __future__ import annotations

import os
import sys

from django.conf import settings
from django.core.management import BaseCommand


class Command(BaseCommand):
    help = "Run the tests with pytest; options and paths are pytest's own (python3 manage.py test -k hours -x)."
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Become pytest: Django, which is loaded here already, would be in the way of its own set-up."""
        os.chdir(settings.BASE_DIR)
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *argv[2:]])
