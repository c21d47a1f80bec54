"""`manage.py import_contacts CAMPAIGN FILE`: a list of people into a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from campaigns.imports import columns, contacts, files, places, progress
from campaigns.imports.contacts import Duplicates, Wish
from campaigns.imports.faults import NotImported
from campaigns.imports.reports import Report


class Command(BaseCommand):
    help = "Takes the people of a CSV or XLSX file into a campaign, each with the call that reaches them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="its id, uuid or name")
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--map",
            action="append",
            nargs="+",
            default=[],
            metavar="column=field",
            help=f"what a column is: {', '.join(columns.CONTACT_FIELDS)}, attribute or ignore",
        )
        parser.add_argument("--dry-run", action="store_true", help="judge every row and store none")
        parser.add_argument(
            "--duplicates",
            choices=[policy.value for policy in Duplicates],
            default=Duplicates.REFUSE.value,
            help="rows whose destination stands in an earlier row or in the campaign (refuse)",
        )
        parser.add_argument("--refused", type=Path, metavar="FILE", help="where the refused rows go (FILE.refused.csv)")
        parser.add_argument("--sheet", default="", metavar="NAME", help="which sheet of a workbook (the first)")
        parser.add_argument("--no-header", action="store_true", help="the first line is a row; columns have numbers")
        parser.add_argument("--account", metavar="NAME_OR_ID", help="the account whose campaign it is")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and tell what came of it."""
        try:
            wish, report = _import(options)
        except NotImported as fault:
            raise CommandError(str(fault)) from fault
        except DatabaseError as error:
            raise CommandError(f"Nothing was stored: the database failed ({type(error).__name__}).") from error
        self.stdout.write("\n".join(_told(report, dry_run=options["dry_run"])))
        refused = sum(report.refused.values())
        if refused:
            self.stdout.write(f"the refused rows are in {wish.refused}")
        if refused and not report.taken and not report.updated:
            raise CommandError(f"Nothing was stored: all of the {refused:,} rows that count were refused.")


def _import(options: dict[str, Any]) -> tuple[Wish, Report]:
    within = places.account(options["account"]) if options["account"] else None
    campaign = places.campaign(options["campaign"], within)
    source = files.open_file(options["file"], sheet=options["sheet"], has_header=not options["no_header"])
    with progress.shown(source) as advance:
        wish = Wish(
            source=source,
            campaign=campaign,
            fields=columns.choose(source.header, [pair for pairs in options["map"] for pair in pairs]),
            duplicates=Duplicates(options["duplicates"]),
            refused=options["refused"] or source.path.with_name(f"{source.path.name}.refused.csv"),
            progress=advance,
        )
        if options["dry_run"]:
            return wish, contacts.check(wish)
        return wish, contacts.store(wish, now=places.now())


def _told(report: Report, *, dry_run: bool) -> list[str]:
    """Return the lines of a report."""
    would = " (would be)" if dry_run else ""
    lines = [f"read     {report.read:>9,}", f"taken    {report.taken:>9,}{would}"]
    if report.updated:
        lines.append(f"updated  {report.updated:>9,}{would}")
    if report.skipped:
        lines.append(f"skipped  {report.skipped:>9,} (duplicates)")
    lines.append(f"warned   {report.warned:>9,}")
    lines += [f"  {warning}" for warning in report.warnings]
    if report.warned > len(report.warnings):
        lines.append(f"  and {report.warned - len(report.warnings):,} more")
    lines.append(f"refused  {sum(report.refused.values()):>9,}")
    lines += [f"  {count:>9,} {kind}" for kind, count in report.refused.items()]
    return lines
