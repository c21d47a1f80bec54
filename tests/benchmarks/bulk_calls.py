"""How fast calls come in through the native bulk door, beside a bare COPY of the same rows into the same table.

    DATABASE_URL=postgres://… python tests/benchmarks/bulk_calls.py [--rows 10000] [--rounds 5] [--large 100000]

Real HTTP to one gunicorn sync worker on a free port of the loopback; the database is migrated and filled, so name one
that may be thrown away. Prints rows/s of the door (median and spread of the rounds), of COPY, their ratio, and the
worker's peak memory after the large request.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", type=int, default=100_000)
    wanted = parser.parse_args()
    key, campaign = prepare()
    with served() as (port, worker):
        send(port, key, body(campaign, 100, "warm-up"))
        door, copy = [], []
        for number in range(wanted.rounds):
            seconds, ids = send(port, key, body(campaign, wanted.rows, f"round {number}"))
            door.append(wanted.rows / seconds)
            copy.append(wanted.rows / copied_again(ids))
        before = peak(worker)
        seconds, ids = send(port, key, body(campaign, wanted.large, "large"))
        report(wanted, door, copy, seconds, before, peak(worker))


def report(wanted, door, copy, large_seconds, before, after) -> None:
    """Print the figures."""
    ratio = statistics.median(door) / statistics.median(copy)
    print(f"door  {wanted.rows:>7,} rows a request: {spread(door)} rows/s")
    print(f"COPY  {wanted.rows:>7,} rows at once:   {spread(copy)} rows/s")
    print(f"ratio {ratio:.2f}")
    print(f"door  {wanted.large:>7,} rows a request: {wanted.large / large_seconds:,.0f} rows/s")
    print(f"peak memory of the worker: {before:.0f} MB, after the large request {after:.0f} MB")


def spread(values) -> str:
    """Return the median with the least and the most."""
    return f"{statistics.median(values):,.0f} [{min(values):,.0f}-{max(values):,.0f}]"


def prepare() -> tuple[str, int]:
    """Migrate the database, open an account and a draft campaign; return the key and the campaign's id."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from campaigns import bulk
    from campaigns.models import Account
    from campaigns.operations import campaigns
    from dialer import credentials

    if not bulk.is_postgres():
        sys.exit("DATABASE_URL must name a PostgreSQL database that may be thrown away.")
    call_command("migrate", verbosity=0)
    name = f"benchmark {time.time()}"
    secrets = credentials.open_account(name=name, country="IT", timezone="Europe/Rome")
    account = Account.objects.get(pk=secrets["account"])
    fields = {"name": name, "caller_id": "390612345678", "message": "Hello."}
    return secrets["api_key"], campaigns.create_campaign(account=account, now=timezone.now(), **fields).pk


@contextmanager
def served():
    """Run gunicorn with one sync worker; yield its port and the worker's process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--workers", "1", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, "--timeout", "120", "--log-level", "warning"], cwd=ROOT)
    try:
        wait_for(port)
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        yield port, int(children[0])
    finally:
        server.terminate()
        server.wait(30)


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/api/v1/calls/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("gunicorn did not start.")


def body(campaign: int, rows: int, mark: str) -> bytes:
    """Return a request with as many calls: numbers of Rome, an id of the caller's, a little data."""
    calls = [
        {
            "number": f"+3906{10_000_000 + row}",
            "external_id": f"{mark}-{row}",
            "priority": row % 3,
            "custom_data": {"name": f"Person {row}", "order": row},
        }
        for row in range(rows)
    ]
    return json.dumps({"campaign": campaign, "calls": calls}).encode()


def send(port: int, key: str, content: bytes) -> tuple[float, list[int]]:
    """Send one request; return how long it took until the whole answer was there, and the ids."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    start = time.perf_counter()
    connection.request("POST", "/api/v1/calls/bulk/", content, headers)
    response = connection.getresponse()
    told = response.read()
    seconds = time.perf_counter() - start
    if response.status != 201:
        sys.exit(f"{response.status}: {told[:500]!r}")
    return seconds, json.loads(told)["ids"]


def copied_again(ids: list[int]) -> float:
    """Take rows out of the table and COPY the very same ones in again; return the seconds of the latter."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        chosen = f"SELECT * FROM campaigns_call WHERE id BETWEEN {min(ids)} AND {max(ids)}"
        with cursor.copy(f"COPY ({chosen}) TO STDOUT") as copy:
            lines = b"".join(bytes(block) for block in copy)
        cursor.execute("DELETE FROM campaigns_call WHERE id BETWEEN %s AND %s", [min(ids), max(ids)])
        start = time.perf_counter()
        with transaction.atomic(), cursor.copy("COPY campaigns_call FROM STDIN") as copy:
            copy.write(lines)
        return time.perf_counter() - start


def peak(pid: int) -> float:
    """Return the most memory that a process has held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
