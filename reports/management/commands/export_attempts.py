"""`manage.py export_attempts CAMPAIGN -o FILE`: downloads a campaign's attempts."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.models import Campaign
from reports import exports, queries
from reports.queries import Scope


class Command(BaseCommand):
    help = "Writes a campaign's ended attempts, oldest first, as CSV, XLSX or JSON lines."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="its id, uuid or name")
        parser.add_argument("-o", "--output", required=True, metavar="FILE", help='"-" is the standard output')
        parser.add_argument(
            "--format", metavar="FORMAT", help="csv, xlsx or jsonl; default: by the file's ending, for - csv"
        )
        span = "date or moment in ISO 8601, in the campaign's time zone unless it names its own"
        parser.add_argument("--since", metavar="WHEN", help=f"ended at or after: {span}")
        parser.add_argument("--until", metavar="WHEN", help=f"ended before: {span}; a date alone is included")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = queries.campaign(options["campaign"])
        if campaign is None:
            raise CommandError(f"No single campaign has the id, uuid or name {options['campaign']!r}.")
        if options["format"] not in {None, *exports.WRITERS}:
            raise CommandError(f"There is no format {options['format']!r}; there are {', '.join(exports.WRITERS)}.")
        since, until = _moment(options["since"], campaign), _moment(options["until"], campaign, whole_day=True)
        scope = Scope(account_id=campaign.account_id, campaign_id=campaign.pk, since=since, until=until)
        if options["output"] == "-":
            _stream(scope, options["format"] or "csv")
            return
        try:
            count = exports.export(scope, Path(options["output"]), form=options["format"] or "")
        except exports.NotExported as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{count:,} attempts of {campaign.name} written to {options['output']}")


def _stream(scope: Scope, form: str) -> None:
    try:
        exports.stream(scope, sys.stdout.buffer, form=form)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        # The interpreter flushes once more when it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CommandError("Whoever was reading the output has gone.") from error


def _moment(text: str | None, campaign: Campaign, *, whole_day: bool = False) -> dt.datetime | None:
    """Read a date or moment; a date is its first moment, or with `whole_day` that of the next one."""
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no date or moment; write 2031-03-03 or 2031-03-03T14:30.") from error
    if whole_day and "T" not in text and ":" not in text:
        moment += dt.timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(campaign.zone_name()))
