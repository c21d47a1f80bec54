"""A ledger of ended attempts in a scratch database, filled by the database itself."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from campaigns import bulk
from campaigns.models import Account, Campaign

START = dt.datetime(2031, 3, 3, tzinfo=dt.UTC)


@contextmanager
def scratch() -> Iterator[None]:
    """Work in a test database beside the one of DATABASE_URL, which is left alone."""
    if not bulk.is_postgres():
        raise SystemExit("DATABASE_URL must name a PostgreSQL database, such as postgres://postgres@127.0.0.1/bench")
    of_before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(of_before, verbosity=0)


def spread(values: list[float]) -> str:
    """Return the median with the least and the most."""
    return f"{statistics.median(values):,.0f} [{min(values):,.0f}-{max(values):,.0f}]"


def campaigns() -> list[Campaign]:
    """Make four campaigns of one account."""
    account = Account.objects.create(name="Benchmark", country="IT")
    return [Campaign.objects.create(account=account, name=f"Dues {n}", created_at=START) for n in range(4)]


def attempts(count: int) -> list[int]:
    """Make ended attempts of four campaigns over a day, one for each of as many calls; return their ids."""
    made = campaigns()
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, [made[0].account_id, made[0].pk, START, START, START, count])
        cursor.execute(_ATTEMPTS, {"start": START, "step": 86_400 / count})
        cursor.execute("SELECT id FROM campaigns_callattempt ORDER BY id")
        ids = [row[0] for row in cursor.fetchall()]
    settle()
    return ids


def reports(count: int) -> None:
    """Make attempt reports of one campaign."""
    [campaign, *_] = campaigns()
    with connection.cursor() as cursor:
        cursor.execute(
            _REPORTS, {"account": campaign.account_id, "campaign": campaign.pk, "start": START, "count": count}
        )
    settle()


def empty() -> None:
    """Forget all reports."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE reports_attemptreport, reports_hourlysum, reports_duereport")
    settle()


def settle() -> None:
    """Let the database's own housekeeping be done before the clock runs."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


_CALLS = """
    INSERT INTO campaigns_call (account_id, campaign_id, number, destination, zones, due_at, created_at, state,
        outcome, done_at)
    SELECT %s, %s + g %% 4, '06 12' || g, '+390612' || g, 'Europe/Rome', %s, %s, 'done', 'answered', %s
    FROM generate_series(1, %s) g
"""
_ATTEMPTS = """
    INSERT INTO campaigns_callattempt (key, account_id, campaign_id, call_id, n, carrier, destination, state, outcome,
        claimed_at, placed_at, answered_at, ended_at, check_at, cost)
    SELECT gen_random_uuid(), account_id, campaign_id, id, 1, 'voice', destination, 'ended',
        (ARRAY['answered', 'busy', 'no_answer', 'machine'])[1 + id / 4 %% 4],
        at, at, at + interval '4.321 s', at + interval '31.234567 s', at, 0.0125
    FROM (SELECT *, %(start)s + id * %(step)s * interval '1 s' AS at FROM campaigns_call) c ORDER BY id
"""
_REPORTS = """
    INSERT INTO reports_attemptreport (attempt_id, account_id, campaign_id, call_id, campaign_name, contact_name,
        external_id, api, channel, number, destination, caller_id, carrier, n, counts, outcome, cause, claimed_at,
        placed_at, answered_at, ended_at, ring_seconds, talk_seconds, digits, abandoned, cost)
    SELECT g, %(account)s, %(campaign)s, g, 'Dues November', 'Anna Rossi', 'crm-' || g, 'native', 'voice', '06 12' || g,
        '+390612' || g, '390699', 'voice', 1, true, 'answered', 'SIP 200', at, at, at + interval '4.321 s',
        at + interval '31.234567 s', 4.321, 26.914, '2', false, 0.0125
    FROM (SELECT g, %(start)s + g * interval '0.07 s' AS at FROM generate_series(1, %(count)s) g) s
"""
