"""Proves that totals equal detail: the hourly sums against the reports, and both against the ledger's attempts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection

from reports import measures

SOURCES = ("sums", "reports", "ledger")


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """What a group of attempts comes to."""

    attempts: int = 0
    originated: int = 0
    abandoned: int = 0
    ring_seconds: Decimal = Decimal(0)
    talk_seconds: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """An hour's outcome of a campaign on which the three sources do not agree."""

    campaign_id: int
    hour: dt.datetime
    channel: str
    outcome: str
    by_source: dict[str, Measures]

    def __str__(self) -> str:
        place = f"campaign {self.campaign_id}, {self.hour:%Y-%m-%d %H:00} UTC, {self.channel} {self.outcome}"
        return f"{place}: {'; '.join(self._unequal())}"

    def _unequal(self) -> list[str]:
        told = []
        for name in measures.MEASURES:
            values = [getattr(self.by_source.get(source, Measures()), name) for source in SOURCES]
            if len(set(values)) > 1:
                each = ", ".join(f"{source} {value}" for source, value in zip(SOURCES, values, strict=True))
                told.append(f"{name} {each}")
        return told


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """All that was compared, as of one moment. Attempts whose reports are still due are in none of the sources."""

    totals: dict[str, Measures] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


def recount(
    *, campaign_id: int | None = None, account_id: int | None = None, since: dt.datetime | None = None
) -> list[Difference]:
    """Return where sums, reports and ledger differ, of a campaign, of an account, or of all: none, or it is a fault."""
    return compare(campaign_id=campaign_id, account_id=account_id, since=since).differences


def compare(
    *, campaign_id: int | None = None, account_id: int | None = None, since: dt.datetime | None = None
) -> Comparison:
    """Return the totals of the three sources and their differences, from one statement and so as of one moment.

    With `since` only of the hours from that one on.
    """
    owners = {"campaign_id": campaign_id, "account_id": account_id}
    wanted: dict[str, Any] = {name: value for name, value in owners.items() if value is not None}
    values = list(wanted.values())
    if since is not None:
        hour = since.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
        values.append(connection.ops.adapt_datetimefield_value(hour))
    with connection.cursor() as cursor:
        cursor.execute(_statement(list(wanted), since=since is not None), values * len(SOURCES))
        rows = cursor.fetchall()
    comparison = Comparison(totals=dict.fromkeys(SOURCES, Measures()))
    groups: dict[tuple[Any, ...], dict[str, Measures]] = defaultdict(dict)
    for *key, source, attempts, originated, abandoned, ring, talk, cost in rows:
        counted = Measures(
            attempts=int(attempts),
            originated=int(originated),
            abandoned=int(abandoned),
            ring_seconds=_decimal(ring, "ring_seconds"),
            talk_seconds=_decimal(talk, "talk_seconds"),
            cost=_decimal(cost, "cost"),
        )
        if key[0] is None:
            comparison.totals[source] = counted
        else:
            groups[tuple(key)][source] = counted
    comparison.differences.extend(_difference(key, groups[key]) for key in sorted(groups, key=str))
    return comparison


def _difference(key: tuple[Any, ...], by_source: dict[str, Measures]) -> Difference:
    campaign_id, hour, channel, outcome = key
    moment = dt.datetime.fromisoformat(hour).replace(tzinfo=dt.UTC) if isinstance(hour, str) else hour
    return Difference(campaign_id=campaign_id, hour=moment, channel=channel, outcome=outcome, by_source=by_source)


def _decimal(value: Any, measure: str) -> Decimal:
    """Return a sum with its places; SQLite answers in floating point."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-measures.PLACES[measure]))


def _statement(columns: list[str], *, since: bool) -> str:
    """Return the statement whose rows are (keys, source, measures): first the totals, whose keys are null."""
    keys, names = ", ".join(measures.KEYS), ", ".join(measures.MEASURES)
    unequal = " OR ".join(f"MIN({name}) <> MAX({name})" for name in measures.MEASURES)
    same = " AND ".join(f"c.{key} = d.{key}" for key in measures.KEYS)
    added = ", ".join(measures.exact(f"SUM({name})", name) for name in measures.MEASURES)
    return f"""
        WITH counted AS ({" UNION ALL ".join(_sources(columns, since=since))}),
        differing AS (
            SELECT {keys} FROM counted GROUP BY {keys} HAVING COUNT(*) <> {len(SOURCES)} OR {unequal}
        )
        SELECT NULL, NULL, NULL, NULL, source, {added} FROM counted GROUP BY source
        UNION ALL
        SELECT {", ".join(f"c.{key}" for key in measures.KEYS)}, source, {names}
        FROM counted c JOIN differing d ON {same}
    """


def _sources(columns: list[str], *, since: bool) -> list[str]:
    names = ", ".join(measures.MEASURES)
    hour = f"{measures.hour('ended_at')} AS hour"
    grouped = f"campaign_id, {measures.hour('ended_at')}, channel, outcome"
    mine = "".join(f" AND {column} = %s" for column in columns)
    from_hour, from_end = (" AND hour >= %s", " AND ended_at >= %s") if since else ("", "")
    from_ledger = measures.sums(measures.ring_seconds("a"), measures.talk_seconds("a"))
    return [
        f"""SELECT {", ".join(measures.KEYS)}, 'sums' AS source, {names}
        FROM reports_hourlysum WHERE 1 = 1{mine}{from_hour}""",
        f"""SELECT campaign_id, {hour}, channel, outcome, 'reports', {measures.sums()}
        FROM reports_attemptreport WHERE 1 = 1{mine}{from_end} GROUP BY {grouped}""",
        f"""SELECT campaign_id, {hour}, channel, outcome, 'ledger', {from_ledger}
        FROM campaigns_callattempt a LEFT JOIN reports_duereport d ON d.attempt_id = a.id
        WHERE a.state = 'ended' AND d.attempt_id IS NULL{mine}{from_end} GROUP BY {grouped}""",
    ]
