"""How fast a list comes in through import_contacts, beside a bare COPY of the same rows.

    DATABASE_URL=postgres://… python tests/benchmarks/import_contacts.py [--rows 100000] [--rounds 3]

Works in a test database beside the one named, made and dropped by itself. The list is of several countries, with
names, zones, an amount and a note, as semicolon-separated text. COPY brings the very rows that the import has stored,
contacts and calls, into tables with the same columns and indexes. Prints rows/s of both (median and spread of the
rounds), their ratio, and the peak memory of this process after the imports.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

TABLES = ("campaigns_contact", "campaigns_call")
# Country codes, the digits that follow, how many more there are, and a zone.
NUMBERS = (
    ("+39", "347", 7, "Europe/Rome"),
    ("+39", "06", 8, "Europe/Rome"),
    ("+49", "1512", 7, "Europe/Berlin"),
    ("+33", "612", 6, "Europe/Paris"),
    ("+44", "7400", 6, "Europe/London"),
    ("+1", "201", 7, "America/New_York"),
    ("+7", "912", 7, "Europe/Moscow"),
    ("+55", "11961", 6, "America/Sao_Paulo"),
    ("+91", "81234", 5, "Asia/Kolkata"),
    ("+972", "502", 6, "Asia/Jerusalem"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    import django

    django.setup()
    from tests.benchmarks import ledger

    with ledger.scratch(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write(path, wanted.rows)
        imports = [imported(path, wanted.rows) for _ in range(wanted.rounds)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ledger.settle()
        copies = [copied(wanted.rows) for _ in range(wanted.rounds)]
    print(f"import {wanted.rows:,} rows: {spread(imports)} rows/s")
    print(f"COPY   {wanted.rows:,} rows: {spread(copies)} rows/s")
    print(f"ratio  {statistics.median(imports) / statistics.median(copies):.2f}")
    print(f"peak memory {peak:.0f} MB")


def write(path: Path, rows: int) -> None:
    """Write a list of people, each with a number of its own."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        file.write("First name;Last name;Mobile phone;Time zone;Amount due;Notes\n")
        for row in range(rows):
            code, start, more, zone = NUMBERS[row % len(NUMBERS)]
            number = f"{code}{start}{row // len(NUMBERS):0{more}}"
            given = zone if chance.random() < 0.5 else ""
            file.write(f"Person {row};Façade;{number};{given};{chance.random() * 900:.2f};a note of row {row}\n")


def imported(path: Path, rows: int) -> float:
    """Import the list into a campaign of its own; return the rows a second."""
    from django.core.management import call_command

    from tests.benchmarks import ledger

    campaign = fresh_campaign()
    ledger.settle()
    start = time.perf_counter()
    call_command("import_contacts", str(campaign.pk), str(path), stdout=io.StringIO())
    seconds = time.perf_counter() - start
    if campaign.calls.count() != rows:
        sys.exit(f"{campaign.calls.count()} calls were stored of {rows}.")
    return rows / seconds


def fresh_campaign():
    """Make a draft campaign of a fresh account."""
    from django.utils import timezone

    from campaigns.models import Account
    from campaigns.operations import campaigns

    account = Account.objects.create(name=f"Benchmark {time.time()}", country="IT", timezone="Europe/Rome")
    return campaigns.create_campaign(account=account, now=timezone.now(), name="Benchmark", message="Hello.")


def copied(rows: int) -> float:
    """COPY the rows of the newest campaign into tables of the same shape; return the rows a second."""
    from django.db import connection, transaction

    seconds = 0.0
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            newest = f"SELECT * FROM {table} WHERE campaign_id = (SELECT max(id) FROM campaigns_campaign)"
            with cursor.copy(f"COPY ({newest}) TO STDOUT") as copy:
                lines = b"".join(bytes(block) for block in copy)
            if lines.count(b"\n") != rows:
                sys.exit(f"{table} has another number of rows than {rows}.")
            start = time.perf_counter()
            with transaction.atomic(), cursor.copy(f"COPY bare_{table} FROM STDIN") as copy:
                copy.write(lines)
            seconds += time.perf_counter() - start
    return rows / seconds


def spread(values) -> str:
    """Return the median with the least and the most."""
    return f"{statistics.median(values):,.0f} [{min(values):,.0f}-{max(values):,.0f}]"


if __name__ == "__main__":
    main()
