"""Builds the report of each ended attempt, once, and keeps the hourly sums equal to them.

An attempt that ends is noted as due in the transaction that ends it. Building takes what is due, writes the reports
and adds them to the sums in one transaction: whoever reads sees all of it or nothing, and any number of builders
may work at once. `build` and `rebuild` open one transaction each; `note_ended` requires one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from campaigns import bulk
from reports import measures
from reports.models import DueReport

BATCH = 500


def note_ended(attempt_ids: Iterable[int]) -> None:
    """Note attempts as due for their reports; to be called once for each, in the transaction that ends them."""
    bulk.insert(DueReport, ["attempt_id"], ((pk,) for pk in attempt_ids))


def build(limit: int = BATCH) -> int:
    """Build up to `limit` due reports and return how many were taken; what another builder holds is left to it."""
    if not DueReport.objects.exists():
        return 0
    with transaction.atomic():
        taken = _take(limit)
        _add_to_sums(_report(taken))
    return len(taken)


def build_due(*, seconds: float, limit: int = BATCH) -> int:
    """Build until nothing is due or the seconds are over; return how many were taken."""
    stop_at = time.monotonic() + seconds
    total = taken = build(limit)
    while taken and time.monotonic() < stop_at:
        taken = build(limit)
        total += taken
    return total


@transaction.atomic
def rebuild(campaign_id: int) -> int:
    """Make a campaign's sums anew from its reports, and note as due what has none; return how many that were.

    Builders wait until it is done: what they have not yet added to the sums comes on top of the new ones.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_MISSING, [campaign_id])
        missing = int(cursor.rowcount)
        # Last of the locks, as in build: a builder that waits here holds nothing that is wanted from now on.
        if bulk.is_postgres():
            cursor.execute("LOCK TABLE reports_hourlysum IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM reports_hourlysum WHERE campaign_id = %s", [campaign_id])
        cursor.execute(_sums_of("campaign_id = %s"), [campaign_id])
    return missing


def _take(limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_SKIPPING if bulk.is_postgres() else _TAKE, [limit])
        return sorted(row[0] for row in cursor.fetchall())


def _report(attempt_ids: Sequence[int]) -> list[int]:
    """Write the reports of attempts from the ledger; return those that had none yet."""
    # The attempts first, by their keys: in the join PostgreSQL may go through all of a campaign that it knows as small.
    ring, talk = measures.ring_seconds("a"), measures.talk_seconds("a")
    cells = _CELLS | {"ring_seconds": ring, "talk_seconds": talk}
    statement = f"""
        WITH a AS MATERIALIZED (SELECT * FROM campaigns_callattempt WHERE {bulk.among("id")} AND state = 'ended')
        INSERT INTO reports_attemptreport ({", ".join(cells)})
        SELECT {", ".join(cells.values())}
        FROM a
        JOIN campaigns_call c ON c.id = a.call_id
        JOIN campaigns_campaign p ON p.id = a.campaign_id
        LEFT JOIN campaigns_contact k ON k.id = c.contact_id
        LEFT JOIN campaigns_intake i ON i.id = c.intake_id
        WHERE true
        ON CONFLICT (attempt_id) DO NOTHING
        RETURNING attempt_id
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [bulk.ids(attempt_ids)])
        return [row[0] for row in cursor.fetchall()]


def _add_to_sums(attempt_ids: Sequence[int]) -> None:
    if not attempt_ids:
        return
    # The span keeps PostgreSQL on the index while the table is young and its statistics are of when it was empty.
    statement = _sums_of(f"attempt_id BETWEEN %s AND %s AND {bulk.among('attempt_id')}")
    added = ", ".join(
        f"{name} = {measures.exact(f'reports_hourlysum.{name} + excluded.{name}', name)}" for name in measures.MEASURES
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"{statement} ON CONFLICT ({', '.join(measures.KEYS)}) DO UPDATE SET {added}",
            [min(attempt_ids), max(attempt_ids), bulk.ids(attempt_ids)],
        )


def _sums_of(condition: str) -> str:
    """Return the statement that sums reports. Ordered: builders that meet lock the rows in the same order."""
    keys = ", ".join(measures.KEYS)
    return f"""
        INSERT INTO reports_hourlysum ({keys}, account_id, {", ".join(measures.MEASURES)})
        SELECT campaign_id, {measures.hour("ended_at")} AS hour, channel, outcome, MIN(account_id), {measures.sums()}
        FROM reports_attemptreport WHERE {condition}
        GROUP BY campaign_id, {measures.hour("ended_at")}, channel, outcome ORDER BY {keys}
    """


_TAKE = """
    DELETE FROM reports_duereport WHERE attempt_id IN (
        SELECT attempt_id FROM reports_duereport ORDER BY attempt_id LIMIT %s
    ) RETURNING attempt_id
"""
# ARRAY(…) is computed once; a subquery after IN may run again for each row and take more than the limit.
_TAKE_SKIPPING = """
    DELETE FROM reports_duereport WHERE attempt_id = ANY(ARRAY(
        SELECT attempt_id FROM reports_duereport ORDER BY attempt_id LIMIT %s FOR UPDATE SKIP LOCKED
    )) RETURNING attempt_id
"""
_NOTE_MISSING = """
    INSERT INTO reports_duereport (attempt_id)
    SELECT a.id FROM campaigns_callattempt a
    LEFT JOIN reports_attemptreport r ON r.attempt_id = a.id
    LEFT JOIN reports_duereport d ON d.attempt_id = a.id
    WHERE a.campaign_id = %s AND a.state = 'ended' AND r.attempt_id IS NULL AND d.attempt_id IS NULL
    ON CONFLICT (attempt_id) DO NOTHING
"""
# The columns of a report, read from the attempt `a`, its call `c` and campaign `p`, its contact `k` and intake `i`.
_CELLS = {
    "attempt_id": "a.id",
    "account_id": "a.account_id",
    "campaign_id": "a.campaign_id",
    "call_id": "a.call_id",
    "campaign_name": "p.name",
    "contact_name": "TRIM(COALESCE(k.first_name, '') || ' ' || COALESCE(k.last_name, ''))",
    "external_id": "COALESCE(c.external_id, '')",
    "api": "COALESCE(i.api, '')",
    "number": "c.number",
    **{
        name: f"a.{name}"
        for name in (
            *("channel", "destination", "caller_id", "carrier", "n", "counts", "outcome", "cause"),
            *("claimed_at", "placed_at", "answered_at", "ended_at", "digits", "abandoned", "cost"),
        )
    },
}
