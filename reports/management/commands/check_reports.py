"""`manage.py check_reports [CAMPAIGN]`: proves that totals equal detail."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports import measures, queries, recounts
from reports.models import DueReport
from reports.recounts import Comparison

_TITLES = {"sums": "hourly sums", "reports": "attempt reports", "ledger": "ledger"}


class Command(BaseCommand):
    help = "Compares the hourly sums with the attempt reports and both with the ledger. Exit code 1: they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", nargs="?", help="its id, uuid or name; default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign_id = _campaign_id(options["campaign"])
        comparison = recounts.compare(campaign_id=campaign_id)
        self._print(comparison)
        owners = {"attempt__campaign": campaign_id} if campaign_id else {}
        if due := DueReport.objects.filter(**owners).count():
            self.stdout.write(f"{due:,} reports are still due; their attempts are in none of these.")
        for difference in comparison.differences:
            self.stdout.write(str(difference))
        if comparison.differences:
            raise CommandError(
                f"Totals differ from detail in {len(comparison.differences):,} places; "
                "manage.py rebuild_reports CAMPAIGN makes the sums anew."
            )
        self.stdout.write(self.style.SUCCESS("Totals equal detail."))

    def _print(self, comparison: Comparison) -> None:
        self.stdout.write(" " * 14 + "".join(f"{_TITLES[source]:>18}" for source in recounts.SOURCES))
        for name in measures.MEASURES:
            values = [getattr(comparison.totals[source], name) for source in recounts.SOURCES]
            self.stdout.write(f"{name:<14}" + "".join(f"{value:>18,}" for value in values))


def _campaign_id(name: str | None) -> int | None:
    if name is None:
        return None
    campaign = queries.campaign(name)
    if campaign is None:
        raise CommandError(f"No single campaign has the id, uuid or name {name!r}.")
    return campaign.pk
