"""`manage.py import_suppressions ACCOUNT FILE`: a list of destinations that must not be reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from campaigns.imports import columns, files, places, progress, suppressions
from campaigns.imports.faults import NotImported
from campaigns.imports.suppressions import Wish
from campaigns.states import Channel


class Command(BaseCommand):
    help = "Lists the phone numbers and email addresses of a CSV or XLSX file as not to be contacted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", metavar="ACCOUNT", help="its id or name")
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--channel", choices=Channel.values, default="", help="only this channel (every channel)")
        parser.add_argument("--campaign", help="only this campaign: its id, uuid or name (all of the account)")
        parser.add_argument("--source", help="who asked for it, where a row does not say (the file's name)")
        parser.add_argument(
            "--map",
            action="append",
            nargs="+",
            default=[],
            metavar="column=field",
            help=f"what a column is: {', '.join(columns.SUPPRESSION_FIELDS)}, attribute or ignore",
        )
        parser.add_argument("--dry-run", action="store_true", help="judge every row and list none")
        parser.add_argument("--refused", type=Path, metavar="FILE", help="where the refused rows go")
        parser.add_argument("--sheet", default="", metavar="NAME", help="which sheet of a workbook (the first)")
        parser.add_argument("--no-header", action="store_true", help="the first line is a row; columns have numbers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and tell what came of it."""
        try:
            wish = _wish(options)
            with progress.shown(wish.source) as advance:
                report = suppressions.store(wish, now=places.now(), progress=advance)
        except NotImported as fault:
            raise CommandError(str(fault)) from fault
        except DatabaseError as error:
            raise CommandError(
                f"The database failed ({type(error).__name__}); import the file again: nothing is listed twice."
            ) from error
        would = " (would be)" if options["dry_run"] else ""
        refused = sum(report.refused.values())
        self.stdout.write(f"read     {report.read:>9,}\nlisted   {report.taken:>9,}{would}")
        self.stdout.write(f"known    {report.skipped:>9,} (listed already, or twice in the file)")
        self.stdout.write(f"refused  {refused:>9,}")
        self.stdout.writelines(f"  {count:>9,} {kind}" for kind, count in report.refused.items())
        if refused:
            self.stdout.write(f"the refused rows are in {wish.refused}")
        if refused == report.read:
            raise CommandError(f"Nothing was listed: all of the {refused:,} rows were refused.")


def _wish(options: dict[str, Any]) -> Wish:
    account = places.account(options["account"])
    source = files.open_file(options["file"], sheet=options["sheet"], has_header=not options["no_header"])
    pairs = [pair for pairs in options["map"] for pair in pairs]
    return Wish(
        source=source,
        account=account,
        fields=columns.choose(source.header, pairs, columns.SUPPRESSION_FIELDS),
        campaign=places.campaign(options["campaign"], account) if options["campaign"] else None,
        channel=options["channel"],
        origin=options["source"] or source.path.name[:100],
        dry_run=options["dry_run"],
        refused=options["refused"] or source.path.with_name(f"{source.path.name}.refused.csv"),
    )
