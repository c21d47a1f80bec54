"""Calls that wait, in a scratch database: what claims and whole attempts are measured on, filled by the database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import connection

from campaigns.models import Account, Call, Campaign
from dialer import clock
from tests.benchmarks import ledger

WINDOWS = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "23:59"}]


def fill(
    calls: int, *, accounts: int = 1, campaigns: int = 1, suppressed: int = 10_000, capacity: int = 5000
) -> list[int]:
    """Make accounts with running campaigns that have calls due, every gate switched on; return the accounts.

    There is a window, a suppression list, a cap for each number, caps and speeds that are never reached.
    """
    now = clock.now()
    made = []
    for index in range(accounts):
        account = Account.objects.create(
            name=f"Benchmark {index} {now.timestamp()}",
            country="IT",
            timezone="Europe/Rome",
            max_live_calls=1_000_000,
            calls_per_second=Decimal(99_999),
            attempts_per_number_per_day=5,
        )
        made.append(account.pk)
        Campaign.objects.bulk_create(
            Campaign(
                account=account,
                name=f"Due {number}",
                message="Hello.",
                state="running",
                created_at=now,
                started_at=now,
                capacity=capacity,
                windows=WINDOWS,
                timezone="UTC",
            )
            for number in range(campaigns)
        )
    with connection.cursor() as cursor:
        cursor.execute(_SUPPRESSED, {"now": now, "count": suppressed, "accounts": made})
        cursor.execute(_CALLS, {"now": now - dt.timedelta(days=1), "count": calls})
    ledger.settle()
    return made


def campaign_ids(*accounts: int) -> list[int]:
    """Return the campaigns that were made, or those of some accounts."""
    found = Campaign.objects.filter(account__in=accounts) if accounts else Campaign.objects.all()
    return list(found.order_by("pk").values_list("pk", flat=True))


def left() -> int:
    """Return how many calls still wait."""
    return Call.objects.filter(state="waiting").count()


def empty() -> None:
    """Forget all of it."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE campaigns_account, reports_attemptreport, reports_duereport CASCADE")


_SUPPRESSED = """
    INSERT INTO campaigns_suppression (account_id, destination, channel, source, created_at)
    SELECT a, '+3907' || (10000000 + g), '', 'benchmark', %(now)s
    FROM unnest(%(accounts)s::bigint[]) a CROSS JOIN generate_series(1, %(count)s) g"""
_CALLS = """
    INSERT INTO campaigns_call (account_id, campaign_id, number, destination, zones, priority, due_at, created_at,
        ready)
    SELECT c.account_id, c.id, '06 ' || g, '+3906' || (10000000 + g), 'UTC', g %% 3,
        %(now)s + (g::bigint * 104729 %% 80000) * interval '1 second', %(now)s, true
    FROM generate_series(1, %(count)s) g
    JOIN (SELECT id, account_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS many
        FROM campaigns_campaign) c ON c.place = g %% c.many"""
