"""Says whether the system is well."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from dialer import clock, doctor
from dialer.symptoms import Moment


class Command(BaseCommand):
    """Look for what must never be and for what else is not in order; change nothing."""

    help = (
        "Say whether the system is well: what must never be, and what else is not in order. "
        "Status 1: something must never be, or fails; 0: in order, or warnings alone."
    )
    # It tells of missing migrations and broken settings itself.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--full", action="store_true", help="look at everything, however long it takes; else at the last 24 hours"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, say what was found, and end with its status."""
        try:
            moment = Moment(engine=clock.now(), wall=clock.wall(), speed=float(settings.SIMULATOR_SPEED))
            found = doctor.examine(moment, full=options["full"])
        except DatabaseError as error:
            self._unreachable(error, as_json=options["json"])
            raise SystemExit(1) from error
        self.stdout.write(json.dumps(_object(found, moment)) if options["json"] else "\n".join(_lines(found)))
        if found.status == "failing":
            raise SystemExit(1)

    def _unreachable(self, error: Exception, *, as_json: bool) -> None:
        told = str(error).partition("\n")[0]
        message = f"The database cannot be used ({told}). Start it, migrate it, or correct DATABASE_URL."
        if not as_json:
            raise CommandError(message) from error
        symptom = {"level": "failing", "code": "database_unreachable", "message": message, "rows": []}
        self.stdout.write(json.dumps({"status": "failing", "broken": {}, "symptoms": [symptom], "unfinished": []}))


def _object(found: doctor.Findings, moment: Moment) -> dict[str, Any]:
    return {
        "status": found.status,
        "asked_at": moment.wall.isoformat(),
        "since": found.since.isoformat() if found.since else None,
        "looked": found.looked,
        "broken": found.broken,
        "symptoms": [
            {"level": each.level, "code": each.code, "message": each.message, "rows": list(each.rows)}
            for each in found.symptoms
        ],
        "unfinished": found.unfinished,
    }


def _lines(found: doctor.Findings) -> list[str]:
    """Return what was found as a person reads it: the worst first."""
    lines = []
    for name, rows in found.broken.items():
        lines += [f"BROKEN   {name}. This must never be: keep the rows and tell the developers.", *_indented(rows)]
    for level in ("failing", "warning"):
        for each in found.symptoms:
            if each.level == level:
                lines += [f"{level.upper():<8} {each.message}", *_indented(each.rows)]
    for look in found.unfinished:
        lines.append(f"UNSEEN   {look}. It took too long or failed; --full takes as long as it needs.")
    span = f"attempts since {found.since:%Y-%m-%d %H:%M} UTC" if found.since else "everything"
    return [*lines, f"{_verdict(found)} {found.looked} looks, at {span}."]


def _indented(rows: Any) -> list[str]:
    return [f"           {row}" for row in rows]


def _verdict(found: doctor.Findings) -> str:
    worst = len(found.broken) + sum(each.level == "failing" for each in found.symptoms)
    if worst:
        return f"NOT WELL: {worst} {'thing' if worst == 1 else 'things'} to mend."
    return "Well, with warnings." if found.status == "warning" else "Well: all is in order."
