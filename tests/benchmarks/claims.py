"""How fast calls are claimed, with every gate asked, beside a bare UPDATE … SKIP LOCKED on the same table.

    DATABASE_URL=postgres://… python tests/benchmarks/claims.py [rate growth snapshot many idle] [--calls 200000]
        [--large 5000000] [--rounds 3] [--seconds 4] [--ticks 50]

rate      claims a second in batches of 100, by one worker and by two; the limit beside it
growth    a single claim with 10,000 calls due, and with --large
snapshot  a single claim's 99th percentile while a transaction with an old snapshot stays open
many      1,000 running campaigns claimed in one tick: how many calls, statements, milliseconds
idle      the task of a tick that finds nothing to do, with no finished rows and with many; as many bare round trips

Works in a test database of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psycopg  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from campaigns import locks  # noqa: E402
from campaigns.models import Call  # noqa: E402
from dialer import claiming, clock, tasks, turning  # noqa: E402
from dialer.horizons import Horizon  # noqa: E402
from dialer.models import Heartbeat  # noqa: E402
from tests.benchmarks import ledger, waiting  # noqa: E402

BARE = """
    WITH c AS MATERIALIZED (SELECT id FROM campaigns_call WHERE campaign_id = %s AND channel = 'voice'
        AND state = 'waiting' AND ready ORDER BY priority DESC, due_at, id LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE campaigns_call k SET state = 'live', ready = false FROM c WHERE k.id = c.id RETURNING k.id"""
# Calls end while others are claimed; what ends them is not timed.
MOST_OPEN = 2_000
# How many statements an idle tick needs; `tests/dialer/test_ticks.py` holds it to them.
IDLE_STATEMENTS = 4
# A machine that has rested so long, in seconds, needs longer at first, whatever it does.
REST = 0.5
# A horizon is kept as long as a tick, in seconds.
TICK = tasks.TICK_SECONDS


def claims(database: str, account: int, batch: int, seconds: float, told) -> None:
    """Claim as a worker's ticks do until the time is over; tell how many, and each claim's milliseconds."""
    connection.settings_dict["NAME"] = database
    took, count, open_now, stop_at = [], 0, 0, time.perf_counter() + seconds
    horizon, renew_at = Horizon(), 0.0
    while time.perf_counter() < stop_at:
        if time.perf_counter() >= renew_at:
            horizon, renew_at = Horizon(), time.perf_counter() + TICK
        began = time.perf_counter()
        got = claiming.claim(account_id=account, now=clock.now(), limit=batch, horizon=horizon).attempt_ids
        took.append((time.perf_counter() - began) * 1000)
        count += len(got)
        open_now += len(got)
        if not got:
            sys.exit("The calls ran out before the time did: name more --calls.")
        if open_now >= MOST_OPEN:
            finish(account)
            open_now = 0
    told.put((count, took))


def bare(database: str, account: int, batch: int, seconds: float, told) -> None:
    """Claim by the bare statement, with no gate and no attempt."""
    connection.settings_dict["NAME"] = database
    [campaign] = waiting.campaign_ids(account)
    took, count, stop_at = [], 0, time.perf_counter() + seconds
    with connection.cursor() as cursor:
        while time.perf_counter() < stop_at:
            began = time.perf_counter()
            cursor.execute(BARE, [campaign, batch])
            count += len(cursor.fetchall())
            took.append((time.perf_counter() - began) * 1000)
    told.put((count, took))


def run(work, accounts: list[int], batch: int, seconds: float) -> tuple[float, list[float]]:
    """Let one process for each account work; return claims a second and what each claim took."""
    database = connection.settings_dict["NAME"]
    connections.close_all()
    told = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=work, args=(database, account, batch, seconds, told)) for account in accounts
    ]
    for process in processes:
        process.start()
    heard = [told.get() for _ in processes]
    for process in processes:
        process.join()
    return sum(1000 * count / sum(took) for count, took in heard), sorted(each for _, took in heard for each in took)


def percentile(took: list[float], share: float) -> float:
    """Return a percentile of sorted milliseconds."""
    return took[min(len(took) - 1, int(len(took) * share))]


def described(took: list[float]) -> str:
    """Return sorted milliseconds in words."""
    return f"p50 {percentile(took, 0.5):.2f} ms, p99 {percentile(took, 0.99):.2f} ms, {len(took)} times"


def rate(wanted: argparse.Namespace) -> None:
    """Measure claims a second: bare, by one worker, by two workers of one account, by two of two accounts."""
    print(f"claims in batches of 100, {wanted.rounds} rounds of {wanted.seconds:g} s")
    found = {}
    for name, work, owners, batch in (
        ("bare statement, 2 workers", bare, (0, 1), 100),
        ("all gates, 1 worker", claims, (0,), 100),
        ("all gates, 2 workers, one account", claims, (0, 0), 100),
        (f"the same, {turning.BATCH} as turns claim", claims, (0, 0), turning.BATCH),
        ("all gates, 2 workers, two accounts", claims, (0, 1), 100),
    ):
        rounds = []
        for _ in range(wanted.rounds):
            waiting.empty()
            accounts = waiting.fill(wanted.calls, accounts=2, capacity=10**6)
            rounds.append(run(work, [accounts[owner] for owner in owners], batch, wanted.seconds)[0])
        found[name] = statistics.median(rounds)
        print(f"  {name:36} {ledger.spread(rounds)} a second")
    print(f"  ratio to the bare statement: {found[name] / found['bare statement, 2 workers']:.2f}")


def growth(wanted: argparse.Namespace) -> None:
    """Measure a single claim's median with few calls due and with many."""
    print("a single claim")
    medians = []
    for calls in (10_000, wanted.large):
        waiting.empty()
        [account] = waiting.fill(calls)
        _, took = run(claims, [account], 1, wanted.seconds)
        medians.append(percentile(took, 0.5))
        print(f"  {calls:>9,} calls due: {described(took)}")
    print(f"  ratio of p50: {medians[1] / medians[0]:.2f}")


def snapshot(wanted: argparse.Namespace) -> None:
    """Measure a single claim's p99 fresh, and with 50,000 ended claims behind an old snapshot."""
    print("a single claim while an old snapshot stays open")
    waiting.empty()
    [account] = waiting.fill(wanted.calls, capacity=10**6)
    _, fresh = run(claims, [account], 1, wanted.seconds)
    finish(account)
    old = connections.create_connection("default")
    old.settings_dict["NAME"] = connection.settings_dict["NAME"]
    with old.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT count(*) FROM campaigns_account")
    behind = 0
    while behind < min(50_000, wanted.calls // 2):
        behind += len(claiming.claim(account_id=account, now=clock.now(), limit=500).attempt_ids)
    finish(account)
    _, took = run(claims, [account], 1, wanted.seconds * 2)
    old.close()
    for name, each in (("fresh", fresh), (f"{behind:,} claims behind the snapshot", took)):
        print(f"  {name:36} {described(each)}")
    print(f"  ratio of p99: {percentile(took, 0.99) / percentile(fresh, 0.99):.2f}")


def finish(account: int) -> None:
    """Let all open attempts end, as calls do in production long before so many were claimed."""
    with transaction.atomic(), connection.cursor() as cursor:
        locks.account(account)
        cursor.execute(
            "UPDATE campaigns_callattempt SET state = 'ended', outcome = 'busy', placed_at = claimed_at, "
            "ended_at = now() WHERE account_id = %s AND NOT state = 'ended'",
            [account],
        )
        cursor.execute(
            "UPDATE campaigns_call SET state = 'done', outcome = 'busy', done_at = now() "
            "WHERE account_id = %s AND state = 'live'",
            [account],
        )


def many(wanted: argparse.Namespace) -> None:
    """Claim from 1,000 running campaigns in one tick."""
    waiting.empty()
    [account] = waiting.fill(10_000, campaigns=1_000)
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        done = claiming.claim(account_id=account, now=clock.now(), limit=1_000)
        milliseconds = (time.perf_counter() - began) * 1000
    served = Call.objects.filter(state="live").values("campaign").distinct().count()
    print("1,000 running campaigns of one account, one claim of 1,000")
    print(f"  {len(done.attempt_ids)} calls of {served} campaigns, {len(queries)} statements, {milliseconds:.0f} ms")


def idle(wanted: argparse.Namespace) -> None:
    """Measure a tick that finds nothing to do, with finished rows and without; the limit: bare round trips."""
    print("a tick that finds nothing to do, and bare round trips in turn with it")
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}, autocommit=True) as own:
        for finished in (0, wanted.calls):
            waiting.empty()
            waiting.fill(finished)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE campaigns_call SET state = 'done', ready = false, outcome = 'busy', done_at = %s",
                    [clock.now()],
                )
            ledger.settle()
            print(f"  {finished:,} finished calls")
            for name, rest in (("one after another", 0.0), (f"after {REST:g} s of rest", REST)):
                _told_idle(own, name, rest, wanted.ticks)


def _told_idle(own: psycopg.Connection, name: str, rest: float, ticks: int) -> None:
    ours, limit = [], []
    for _ in range(ticks):
        # A tick that comes sooner after another does nothing at all.
        Heartbeat.objects.update(beat_at=clock.wall() - 2 * tasks.APART)
        ours.append(_rested(rest, tasks.tick))
        limit.append(_rested(rest, lambda: [own.execute("SELECT 1").fetchone() for _ in range(IDLE_STATEMENTS)]))
    print(f"    {name:22} {described(sorted(ours))}")
    print(f"    {IDLE_STATEMENTS} bare round trips     {described(sorted(limit))}")
    print(f"    ratio of p50: {statistics.median(ours) / statistics.median(limit):.1f}")


def _rested(rest: float, work: Callable[[], object]) -> float:
    time.sleep(rest)
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


PARTS = {"rate": rate, "growth": growth, "snapshot": snapshot, "many": many, "idle": idle}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="part", help=", ".join(PARTS))
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--large", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--ticks", type=int, default=50)
    wanted = parser.parse_args()
    with ledger.scratch():
        for part in wanted.parts:
            PARTS[part](wanted)


if __name__ == "__main__":
    main()
