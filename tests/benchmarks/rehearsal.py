"""How fast a campaign of a week is rehearsed.

    python tests/benchmarks/rehearsal.py [--calls 100000] [--hours 4]

Works in a test database beside the one of DATABASE_URL (SQLite in memory by default), made and dropped by itself. The
campaign may call `--hours` a day and up to twice, with a capacity under which it takes about a week. Prints the
CPU seconds of taking the copy, of playing it and of the whole, calls per second, the moment at which the campaign is
done, and the peak memory. Exit code 1: 100,000 calls would take longer than 60 s.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import sys
import time
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from campaigns import phones  # noqa: E402
from campaigns.models import Account, Campaign  # noqa: E402
from campaigns.operations import calls as call_operations  # noqa: E402
from campaigns.operations import campaigns as campaign_operations  # noqa: E402
from campaigns.states import Api  # noqa: E402
from dialer.rehearsing import copying, forecasting, showing  # noqa: E402

START = dt.datetime(2031, 3, 3, 8, tzinfo=dt.UTC)
# For how long a call holds a line, over all its tries, about.
SECONDS_A_CALL = 16.5
DAYS = 7
MOST_SECONDS = 60.0


def prepared(count: int, hours: int) -> Campaign:
    """Make a draft with so many calls."""
    account = Account.objects.create(name="Benchmark", country="IT", timezone="UTC")
    campaign = campaign_operations.create_campaign(
        account=account,
        now=START,
        name="A week",
        caller_id="390612345678",
        message="Your invoice is due. Please call us back.",
        capacity=max(1, round(count * SECONDS_A_CALL / (DAYS * hours * 3600))),
        max_attempts=2,
        retry_minutes=60,
        windows=[{"start": "09:00", "end": f"{9 + hours:02d}:00"}],
    )
    intake = call_operations.take(account=account, api=Api.NATIVE, now=START)
    for first in range(0, count, 10_000):
        numbers = [_number(index) for index in range(first, min(count, first + 10_000))]
        wanted = [
            call_operations.NewCall(campaign=campaign, number=number, destination=phones.normalise(number, "IT"))
            for number in numbers
        ]
        call_operations.add_calls(calls=wanted, intake=intake, now=START)
    return campaign


def _number(index: int) -> str:
    """Return a number. None meets a full network: by those few the carrier's pauses would set the length."""
    return f"+39347{index // 500:04d}{index % 500:03d}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--hours", type=int, default=4)
    wanted = parser.parse_args()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        measure(prepared(wanted.calls, wanted.hours))
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(campaign: Campaign) -> None:
    """Rehearse once, and print."""
    started = time.process_time()
    copy = copying.take(campaign, copying.Wish(starts_at=START), now=START)
    copied = time.process_time()
    forecast = forecasting.play(copy, days=60)
    played = time.process_time()
    print("\n".join(list(showing.lines(forecast))[:8]))
    shown = time.process_time()
    print(f"copy       {copied - started:8.2f} s CPU")
    print(f"play       {played - copied:8.2f} s CPU")
    print(f"forecast   {shown - started:8.2f} s CPU, {forecast.calls / (shown - started):,.0f} calls/s")
    print(f"peak RSS   {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:8,} MB")
    seconds = (shown - started) * max(1.0, 100_000 / forecast.calls)
    if forecast.calls >= 100_000 and seconds > MOST_SECONDS:
        sys.exit(f"{seconds:.0f} s; {MOST_SECONDS:.0f} s are wanted.")


if __name__ == "__main__":
    main()
