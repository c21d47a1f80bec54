"""`manage.py rehearse CAMPAIGN`: what a campaign will do, before anybody presses Start."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
import os
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns import hours
from campaigns.imports import places
from campaigns.imports.faults import NotImported
from campaigns.models import Campaign
from dialer import clock
from dialer.rehearsing import forecasting, showing
from dialer.rehearsing.copying import NotRehearsed, Wish
from dialer.rehearsing.forecasting import Forecast
from dialer.rehearsing.measuring import Wanted

SOURCES = ("auto", "measured", "simulator")


class Command(BaseCommand):
    help = "Plays a campaign ahead on a copy and tells what it will do: when it is done, what never goes, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="its id, uuid or name")
        parser.add_argument("--start", metavar="WHEN", help="when it is started; default: now")
        parser.add_argument("--days", metavar="N", default="60", help="how far to look ahead (60)")
        parser.add_argument("--with-others", action="store_true", help="let the account's other running campaigns play")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--csv", metavar="FILE", type=Path, help="write the hours into a file")
        what_if = parser.add_argument_group("what if", "changes of the copy alone")
        what_if.add_argument("--end", metavar="WHEN", help="the campaign's last moment")
        what_if.add_argument("--capacity", metavar="N", help="calls in progress at most")
        what_if.add_argument("--calls-per-second", metavar="X")
        what_if.add_argument("--max-attempts", metavar="N", help="tries of a call that has no number of its own")
        model = parser.add_argument_group("the called parties")
        model.add_argument("--seed", metavar="TEXT", help="the same seed gives the same forecast")
        model.add_argument(
            "--model",
            metavar="SOURCE",
            default="auto",
            help="auto (the simulator's channels as it will let them go, others as measured), measured or simulator",
        )
        model.add_argument("--answer-rate", metavar="R", help="share of attempts that are answered, 0 to 1")
        model.add_argument("--talk-seconds", metavar="S", help="mean length of an answered call")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rehearse, and show what came of it."""
        try:
            campaign = places.campaign(options["campaign"])
            now = clock.now()
            wish, days = _wish(campaign, options, now), int(_number("--days", options["days"], 1, 366, whole=True))
            forecast = forecasting.rehearse(campaign, wish, now=now, days=days)
        except (NotImported, NotRehearsed) as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["csv"]:
            _write(options["csv"], forecast)
        shown = json.dumps(showing.fields(forecast)) if options["json"] else "\n".join(showing.lines(forecast))
        try:
            self.stdout.write(shown)
            self.stdout.flush()
        except BrokenPipeError as error:
            # The interpreter flushes once more when it ends, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise CommandError("Whoever was reading the output has gone.") from error


def _wish(campaign: Campaign, options: dict[str, Any], now: dt.datetime) -> Wish:
    starts_at = _moment("--start", options["start"], campaign) or now
    if starts_at < now:
        raise CommandError(f"--start: {options['start']!r} has passed; a moment from now on is wanted.")
    changes = {
        "ends_at": _moment("--end", options["end"], campaign),
        "capacity": _number("--capacity", options["capacity"], 0, 2**31 - 1, whole=True),
        "calls_per_second": _number("--calls-per-second", options["calls_per_second"], 0, 99_999),
        "max_attempts": _number("--max-attempts", options["max_attempts"], 1, 255, whole=True),
    }
    return Wish(
        starts_at=starts_at,
        changes={name: value for name, value in changes.items() if value is not None},
        wanted=_wanted(options),
        with_others=options["with_others"],
    )


def _wanted(options: dict[str, Any]) -> Wanted:
    if options["model"] not in SOURCES:
        raise CommandError(f"--model: {options['model']!r} is none; there are {', '.join(SOURCES)}.")
    rate = _number("--answer-rate", options["answer_rate"], 0, 1)
    talk = _number("--talk-seconds", options["talk_seconds"], 0, 86_400)
    return Wanted(
        seed=options["seed"],
        source=options["model"],
        answer_rate=None if rate is None else float(rate),
        talk_seconds=None if talk is None else float(talk),
    )


def _number(name: str, text: str | None, least: int, most: int, *, whole: bool = False) -> Any:
    """Return an option as a number, or None where it was not given."""
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not (least <= number <= most if number.is_finite() else False) or (whole and number != int(number)):
        kind = "whole number" if whole else "number"
        raise CommandError(f"{name}: {text!r} will not do; a {kind} from {least} to {most} is wanted.")
    return int(number) if whole else number


def _moment(name: str, text: str | None, campaign: Campaign) -> dt.datetime | None:
    """Return an option as a moment; without a zone of its own it is in the campaign's."""
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{name}: {text!r} is no date or moment; write 2031-03-03 or 2031-03-03T14:30.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=hours.zone(campaign.zone_name()))


def _write(path: Path, forecast: Forecast) -> None:
    """Write the hours whole or not at all."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(showing.rows(forecast))
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.write_text(text.getvalue(), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise CommandError(f"--csv: {path} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
