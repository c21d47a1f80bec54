"""Imports a list of destinations that must not be reached. What is listed already stays; a repeat does no harm."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaigns import phones, refusals
from campaigns.imports import columns, staging
from campaigns.imports.faults import Misfit
from campaigns.imports.files import Source
from campaigns.imports.people import channel_named, given, number_fault
from campaigns.imports.reports import Report, drafted
from campaigns.imports.rows import Row
from campaigns.imports.staging import Refusal
from campaigns.models import Account, Campaign, Suppression
from campaigns.operations import suppressions as operations
from campaigns.states import Channel

BATCH = 5000
_SOURCE_LENGTH = Suppression._meta.get_field("source").max_length or 0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to list, for whom. `channel` and `source` are those of rows that name none; blank is every channel."""

    source: Source
    account: Account
    fields: Sequence[str]
    campaign: Campaign | None = None
    channel: str = ""
    origin: str = ""
    dry_run: bool = False
    refused: Path | None = None


def store(wish: Wish, *, now: dt.datetime, progress: Callable[[int], None] | None = None) -> Report:
    """List the destinations of a file, a batch at a time; in the report `skipped` are those listed already."""
    named = {field: index for index, field in enumerate(wish.fields) if field in columns.SUPPRESSION_FIELDS}
    report = Report()
    batch: dict[str, dict[str, str]] = defaultdict(dict)
    bad: list[Refusal] = []
    with drafted(wish.refused) as draft, staging.tables():
        for row in wish.source.rows(progress):
            report.read += 1
            try:
                channel, destination, origin = _read(row, named, wish)
            except Misfit as misfit:
                bad.append(Refusal(row.line, misfit.kind, misfit.field, misfit.reason))
            else:
                batch[channel][destination] = origin
            if report.read % BATCH == 0:
                _settle(wish, report, batch, bad, now)
        _settle(wish, report, batch, bad, now)
        report.refused = staging.counts()
        report.skipped = report.read - report.taken - sum(report.refused.values())
        if draft:
            draft.write(wish.source, staging.refused(), lambda field: _header(wish, named, field))
    return report


def _read(row: Row, named: dict[str, int], wish: Wish) -> tuple[str, str, str]:
    """Return channel, destination and source of a row. Raises Misfit."""
    if row.fault:
        raise Misfit(row.fault, "")
    cells = {field: given(row.cells[index]) if index < len(row.cells) else "" for field, index in named.items()}
    channel = channel_named(cells.get("channel", "")) or wish.channel
    phone, email = cells.get("phone", ""), cells.get("email", "")
    origin = cells.get("source", "") or wish.origin
    if len(origin) > _SOURCE_LENGTH:
        raise Misfit("source too long", "source", f"source too long: at most {_SOURCE_LENGTH} characters")
    if not phone and not email:
        raise Misfit("empty destination", "phone", "there is no phone number and no email address")
    # Lists often have one column for both.
    is_email = channel == Channel.EMAIL or not phone or "@" in phone
    text = (email or phone) if is_email else phone
    try:
        found = phones.read(text, Channel.EMAIL if is_email else Channel.VOICE, wish.account.country)
    except refusals.InvalidNumber as refusal:
        raise number_fault(refusal, Channel.EMAIL if is_email else Channel.VOICE) from refusal
    return channel, found.address, origin


def _settle(wish: Wish, report: Report, batch: dict[str, dict[str, str]], bad: list[Refusal], now: dt.datetime) -> None:
    for channel, listed in batch.items():
        if wish.dry_run:
            report.taken += len(listed) - _there(wish, channel, list(listed))
            continue
        report.taken += operations.suppress(
            account=wish.account,
            destinations=listed,
            now=now,
            campaign=wish.campaign,
            channel=channel,
            sources=listed,
        )
    staging.refuse(bad)
    batch.clear()
    bad.clear()


def _there(wish: Wish, channel: str, listed: list[str]) -> int:
    known = Suppression.objects.filter(account=wish.account, campaign=wish.campaign, channel=channel)
    spans = range(0, len(listed), operations.BATCH)
    return sum(known.filter(destination__in=listed[start : start + operations.BATCH]).count() for start in spans)


def _header(wish: Wish, named: dict[str, int], field: str) -> str:
    return wish.source.header[named[field]] if field in named else ""
