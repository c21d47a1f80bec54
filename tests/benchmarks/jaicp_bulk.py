"""How fast numbers come in through JAICP's addPhones, beside a bare COPY of the same rows into the same table.

    DATABASE_URL=postgres://… python tests/benchmarks/jaicp_bulk.py [--rows 10000] [--rounds 5]

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
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    _, campaign_id = bulk_calls.prepare()
    path = path_of(campaign_id)
    door, copy = [], []
    with bulk_calls.served() as (port, worker):
        send(port, path, body(100))
        for _ in range(wanted.rounds):
            seconds, ids = send(port, path, body(wanted.rows))
            door.append(wanted.rows / seconds)
            copy.append(wanted.rows / bulk_calls.copied_again(ids))
        reached = bulk_calls.peak(worker)
    print(f"door  {wanted.rows:>7,} rows a request: {bulk_calls.spread(door)} rows/s")
    print(f"COPY  {wanted.rows:>7,} rows at once:   {bulk_calls.spread(copy)} rows/s")
    print(f"ratio {statistics.median(door) / statistics.median(copy):.2f}")
    print(f"peak memory of the worker: {reached:.0f} MB")


def path_of(campaign_id: int) -> str:
    """Return the path of the campaign's addPhones."""
    from campaigns import identifiers
    from campaigns.models import Campaign

    token = identifiers.jaicp_token(Campaign.objects.get(pk=campaign_id))
    return f"/api/calls/campaign/{token}/addPhones"


def body(rows: int) -> bytes:
    """Return a request with as many numbers, each with a payload as a CRM sends it."""
    items = [{"phone": f"39312{row:07}", "payload": {"name": f"Person {row}", "lead": row}} for row in range(rows)]
    return json.dumps(items).encode()


def send(port: int, path: str, content: bytes) -> tuple[float, list[int]]:
    """Send one request; return how long it took until the whole answer was there, and the jobs' ids."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    start = time.perf_counter()
    connection.request("POST", path, content, {"Content-Type": "application/json"})
    told = json.loads(connection.getresponse().read())
    seconds = time.perf_counter() - start
    if not isinstance(told, list):
        sys.exit(str(told)[:500])
    return seconds, [int(pk) for pk in told]


if __name__ == "__main__":
    main()
