"""How fast calls come in through Voicenter's AddCallsBulk, beside a bare COPY of the same rows into the same table.

    DATABASE_URL=postgres://… python tests/benchmarks/voicenter_bulk.py [--rows 100000] [--rounds 3]

Real HTTP to one gunicorn sync worker, as in bulk_calls.py; the database is migrated and filled, so name one that may be
thrown away. Prints rows/s of the door and of COPY, their ratio, and the worker's peak memory.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import time

import bulk_calls


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    _, campaign_id = bulk_calls.prepare()
    code = code_of(campaign_id)
    door, copy = [], []
    with bulk_calls.served() as (port, worker):
        send(port, body(code, 100))
        idle = bulk_calls.peak(worker)
        for _ in range(wanted.rounds):
            door.append(wanted.rows / send(port, body(code, wanted.rows)))
            copy.append(wanted.rows / bulk_calls.copied_again(last_ids(wanted.rows)))
        reached = bulk_calls.peak(worker)
    print(f"door  {wanted.rows:>7,} rows a request: {bulk_calls.spread(door)} rows/s")
    print(f"COPY  {wanted.rows:>7,} rows at once:   {bulk_calls.spread(copy)} rows/s")
    print(f"ratio {statistics.median(door) / statistics.median(copy):.2f}")
    print(f"peak memory of the worker: {idle:.0f} MB before, {reached:.0f} MB after")


def code_of(campaign_id: int) -> str:
    """Return the campaign's code."""
    from campaigns import identifiers
    from campaigns.models import Campaign

    return identifiers.voicenter_code(Campaign.objects.get(pk=campaign_id))


def body(code: str, rows: int) -> bytes:
    """Return a request with as many calls, each with all that a customer's program usually sends."""
    items = [
        {
            "Campaign": code,
            "Target": f"05{row:08}",
            "CallerID": "0722776772",
            "CallerName": "Sales",
            "CustomerName": f"Person {row}",
            "Priority": row % 50,
            "CustomData": {"var_lead": row, "var_source": "list"},
        }
        for row in range(rows)
    ]
    return json.dumps(items).encode()


def send(port: int, content: bytes) -> float:
    """Send one request; return how long it took until the whole answer was there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    start = time.perf_counter()
    connection.request("POST", "/ForwardDialer/Dialer/AddCallsBulk", content, {"Content-Type": "application/json"})
    told = json.loads(connection.getresponse().read())
    seconds = time.perf_counter() - start
    if told["ErrorCode"] != 0:
        sys.exit(str(told)[:500])
    return seconds


def last_ids(count: int) -> list[int]:
    """Return the ids of the calls that were stored last."""
    from campaigns.models import Call

    return list(Call.objects.order_by("-id").values_list("id", flat=True)[:count])


if __name__ == "__main__":
    main()
