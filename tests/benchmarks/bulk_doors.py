"""How fast calls come in through the bulk doors, beside a bare COPY of the same rows into the same table.

    DATABASE_URL=postgres://… python tests/benchmarks/bulk_doors.py [--door native|jaicp|voicenter|all]
        [--rows 10000] [--rounds 5] [--large 100000]

Real HTTP to one gunicorn sync worker on a free port of the loopback; the database is migrated and filled, so name one
that may be thrown away. Prints for each door rows/s by the clock (median and spread of the rounds) and by the
processor time of the worker, which other work on the machine hardly changes; rows/s of COPY and the ratio to it; the
same of one large request; and the worker's peak memory before and after that. Each door has a worker of its own.
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
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TICKS = os.sysconf("SC_CLK_TCK")


class Door(NamedTuple):
    """Where a vendor's bulk requests go, what an item of theirs holds, and how it is seen that all were taken."""

    path: str
    headers: dict[str, str]
    item: Callable[[int, int], dict[str, Any]]
    wrapped: Callable[[list[dict[str, Any]]], Any]
    is_taken: Callable[[Any], bool]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--door", choices=[*DOORS, "all"], default="all")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", type=int, default=100_000)
    wanted = parser.parse_args()
    key, campaign = prepare()
    for name, make in DOORS.items():
        if wanted.door in (name, "all"):
            measure(name, make(key, campaign), wanted)


def measure(name: str, door: Door, wanted: argparse.Namespace) -> None:
    """Send a door its requests, and print how it fared."""
    with served() as (port, worker):
        send(port, worker, door, rows=100, round_=0)
        rounds, copies = [], []
        for round_ in range(1, wanted.rounds + 1):
            rounds.append(send(port, worker, door, rows=wanted.rows, round_=round_))
            copies.append(wanted.rows / copied_again(wanted.rows))
        before = peak(worker)
        large = send(port, worker, door, rows=wanted.large, round_=wanted.rounds + 1)
        after = peak(worker)
        large_copy = wanted.large / copied_again(wanted.large)
    told(name, wanted.rows, rounds, copies)
    told(name, wanted.large, [large], [large_copy])
    print(f"{name}: peak memory of the worker {before:.0f} MB, after {wanted.large:,} rows {after:.0f} MB", flush=True)


def told(name: str, rows: int, rounds: list[tuple[float, float]], copies: list[float]) -> None:
    """Print the rates of requests of one size."""
    by_clock = [rows / clock for clock, _ in rounds]
    by_processor = [rows / processor for _, processor in rounds]
    print(f"{name}: {rows:,} rows a request: {spread(by_clock)} rows/s, of the worker's time {spread(by_processor)}")
    ratio = statistics.median(by_clock) / statistics.median(copies)
    print(f"{name}: {rows:,} rows by COPY:   {spread(copies)} rows/s, ratio {ratio:.2f}", flush=True)


def spread(values: list[float]) -> str:
    """Return the median, with the least and the most of several."""
    range_ = f" [{min(values):,.0f}-{max(values):,.0f}]" if len(values) > 1 else ""
    return f"{statistics.median(values):,.0f}{range_}"


def prepare() -> tuple[str, Any]:
    """Migrate the database, open an account and a draft campaign; return the account's key and the campaign."""
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
    return secrets["api_key"], campaigns.create_campaign(account=account, now=timezone.now(), **fields)


def native(key: str, campaign: Any) -> Door:
    """Numbers of Rome, an id of the caller's, a little data."""
    return Door(
        path="/api/v1/calls/bulk/",
        headers={"Authorization": f"Bearer {key}"},
        item=lambda round_, row: {
            "number": f"+3906{10_000_000 + row}",
            "external_id": f"{round_}-{row}",
            "priority": row % 3,
            "custom_data": {"name": f"Person {row}", "order": row},
        },
        wrapped=lambda items: {"campaign": campaign.pk, "calls": items},
        is_taken=lambda answer: None not in answer.get("ids", [None]),
    )


def jaicp(key: str, campaign: Any) -> Door:
    """Italian mobiles, each with a payload as a CRM sends it."""
    from campaigns import identifiers

    return Door(
        path=f"/api/calls/campaign/{identifiers.jaicp_token(campaign)}/addPhones",
        headers={},
        item=lambda round_, row: {"phone": f"39312{row:07}", "payload": {"name": f"Person {row}", "lead": row}},
        wrapped=list,
        is_taken=lambda answer: isinstance(answer, list),
    )


def voicenter(key: str, campaign: Any) -> Door:
    """Italian numbers written as at home, each with all that a customer's program usually sends."""
    from campaigns import identifiers

    code = identifiers.voicenter_code(campaign)
    return Door(
        path="/ForwardDialer/Dialer/AddCallsBulk",
        headers={},
        item=lambda round_, row: {
            "Campaign": code,
            "Target": f"05{row:08}",
            "CallerID": "0722776772",
            "CallerName": "Sales",
            "CustomerName": f"Person {row}",
            "Priority": row % 50,
            "CustomData": {"var_lead": row, "var_source": "list"},
        },
        wrapped=list,
        is_taken=lambda answer: answer["ErrorCode"] == 0,
    )


DOORS: dict[str, Callable[[str, Any], Door]] = {"native": native, "jaicp": jaicp, "voicenter": voicenter}


@contextmanager
def served():
    """Run gunicorn with one sync worker; yield its port and the worker's process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--workers", "1", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, "--timeout", "600", "--log-level", "error"], cwd=ROOT)
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
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("gunicorn did not start.")


def send(port: int, worker: int, door: Door, *, rows: int, round_: int) -> tuple[float, float]:
    """Send one request; return the seconds until the whole answer was there, and the worker's processor seconds."""
    content = json.dumps(door.wrapped([door.item(round_, row) for row in range(rows)])).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    spent, start = processor(worker), time.perf_counter()
    connection.request("POST", door.path, content, {"Content-Type": "application/json", **door.headers})
    answer = connection.getresponse().read()
    seconds, spent = time.perf_counter() - start, processor(worker) - spent
    if not door.is_taken(json.loads(answer)):
        sys.exit(f"{door.path}: {answer[:500]!r}")
    return seconds, spent or 1 / TICKS


def processor(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS


def copied_again(count: int) -> float:
    """Take the newest rows out of the table and COPY the very same ones in again; return the seconds of the latter."""
    from django.db import connection, transaction

    newest = f"id IN (SELECT id FROM campaigns_call ORDER BY id DESC LIMIT {count})"
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT * FROM campaigns_call WHERE {newest} ORDER BY id) TO STDOUT") as copy:
            lines = b"".join(bytes(block) for block in copy)
        cursor.execute(f"DELETE FROM campaigns_call WHERE {newest}")
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
