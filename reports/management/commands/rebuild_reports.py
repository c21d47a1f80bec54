"""`manage.py rebuild_reports CAMPAIGN`: makes a campaign's sums anew from detail."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports import building, queries


class Command(BaseCommand):
    help = "Makes a campaign's hourly sums anew from its attempt reports, and the reports that are missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="its id, uuid or name")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = queries.campaign(options["campaign"])
        if campaign is None:
            raise CommandError(f"No single campaign has the id, uuid or name {options['campaign']!r}.")
        missing = building.rebuild(campaign.pk)
        building.build_due(seconds=float("inf"))
        self.stdout.write(f"Rebuilt the sums of {campaign.name}; {missing:,} reports were missing and are there now.")
