"""Imports a list of people into a campaign, in steps: open the file, check it, store it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from campaigns import refusals
from campaigns.imports import people, staging
from campaigns.imports.faults import Misfit, NotImported
from campaigns.imports.files import Source
from campaigns.imports.reports import Report, drafted
from campaigns.imports.staging import Refusal
from campaigns.models import Campaign
from campaigns.operations import staged
from campaigns.operations.staged import Staged


class Duplicates(StrEnum):
    """What becomes of a row whose destination stands in an earlier row, or in the campaign already."""

    REFUSE = "refuse"
    SKIP = "skip"
    UPDATE = "update"
    ALLOW = "allow"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to import, and how. `fields` has the field of each column, as `columns.choose` returns them.

    `progress` is told how many bytes are read; `refused` is where the refused rows go, None for nowhere.
    """

    source: Source
    campaign: Campaign
    fields: Sequence[str]
    duplicates: Duplicates = Duplicates.REFUSE
    refused: Path | None = None
    progress: Callable[[int], None] | None = None


def check(wish: Wish) -> Report:
    """Judge every row and store none. Raises NotImported for a campaign that takes no calls."""
    _check_open(wish.campaign)
    with drafted(wish.refused) as draft, staging.tables():
        report, reader = _judge(wish)
        staged.mark_known(campaign=wish.campaign, again=wish.duplicates == Duplicates.ALLOW)
        report.taken = staging.count_marked("of_line IS NULL AND of_call IS NULL")
        if wish.duplicates == Duplicates.UPDATE:
            report.updated = staging.count_marked("of_line IS NULL AND of_call IS NOT NULL AND NOT by_key")
        _settle_duplicates(wish, report)
        if draft:
            draft.write(wish.source, staging.refused(), reader.blame)
    return report


def store(wish: Wish, *, now: dt.datetime) -> Report:
    """Judge every row, then store the good ones by one transaction: all of them or none. Raises NotImported."""
    _check_open(wish.campaign)
    with drafted(wish.refused) as draft, staging.tables():
        report, reader = _judge(wish)
        source = wish.source
        extra = {"file": source.path.name, "size": source.size, "sha256": source.sha256}
        extra |= {"duplicates": wish.duplicates.value, **report.counts(), "refused": staging.counts()}
        try:
            stored = staged.store(
                campaign=wish.campaign,
                now=now,
                name=source.path.name,
                extra=extra,
                update=wish.duplicates == Duplicates.UPDATE,
                again=wish.duplicates == Duplicates.ALLOW,
            )
        except refusals.Refused as refusal:
            raise NotImported(f"Nothing was stored. {refusal.message}") from refusal
        report.taken, report.updated, report.intake = stored.taken, stored.updated, stored.intake
        _settle_duplicates(wish, report)
        if draft:
            draft.write(source, staging.refused(), reader.blame)
    return report


def _check_open(campaign: Campaign) -> None:
    if not campaign.takes_calls():
        raise NotImported(f"The campaign {campaign.name!r} is {campaign.state} and takes no more calls.")


def _judge(wish: Wish) -> tuple[Report, people.Reader]:
    """Read all rows, keep the good and the refused apart, and mark those that repeat another of the file."""
    reader = people.Reader(wish.campaign, wish.source.header, wish.fields)
    report = Report()
    good: list[Staged] = []
    bad: list[Refusal] = []
    for row in wish.source.rows(wish.progress):
        report.read += 1
        try:
            staged_row, warning = reader.read(row)
        except Misfit as misfit:
            bad.append(Refusal(row.line, misfit.kind, misfit.field, misfit.reason, misfit.channel, misfit.destination))
        else:
            good.append(staged_row)
            if warning:
                report.warn(row.line, warning)
        if len(good) + len(bad) >= staging.BATCH:
            _put_aside(good, bad)
    _put_aside(good, bad)
    staging.settle()
    policy = wish.duplicates
    staging.mark_repeats(
        keys_only=policy == Duplicates.ALLOW,
        last_wins=policy == Duplicates.UPDATE,
        of_refused=policy == Duplicates.REFUSE,
    )
    return report, reader


def _put_aside(good: list[Staged], bad: list[Refusal]) -> None:
    staging.keep(good)
    staging.refuse(bad)
    good.clear()
    bad.clear()


def _settle_duplicates(wish: Wish, report: Report) -> None:
    """Refuse what repeats another row or call, or count it as left out, by the policy."""
    if wish.duplicates == Duplicates.SKIP:
        report.skipped = staging.count_marked("of_line IS NOT NULL OR of_call IS NOT NULL")
    elif wish.duplicates == Duplicates.UPDATE:
        report.skipped = staging.count_marked("of_line IS NOT NULL AND NOT by_key")
        staging.refuse_marked(only_keys=True)
    else:
        staging.refuse_marked(only_keys=False)
    report.refused = staging.counts()
