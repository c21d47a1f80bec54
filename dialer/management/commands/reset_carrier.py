"""Closes a carrier's circuit breaker."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dialer import breaker, clock


class Command(BaseCommand):
    """Say that a carrier is well: calls go over it at once."""

    help = "Close a carrier's circuit breaker, because you know that it is well: calls go over it at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("alias", help=f"the carrier: {', '.join(settings.CARRIERS)}")

    def handle(self, *args: Any, alias: str, **options: Any) -> None:
        if alias not in settings.CARRIERS:
            raise CommandError(f"There is no carrier {alias!r}; there are {', '.join(settings.CARRIERS)}.")
        if breaker.reset(alias, now=clock.now()):
            self.stdout.write(f"The carrier {alias} takes calls again. If it fails on, its breaker opens again.")
        else:
            self.stdout.write(f"The carrier {alias} was taking calls already; nothing was done.")
