"""How fast attempts are exported, against the limit: a bare COPY of the same columns, unordered and as they are.

    DATABASE_URL=postgres://… python tests/benchmarks/export_attempts.py [ATTEMPTS]

Works in a test database of its own; each export is a process of its own. Prints rows per second, ratio and how much
memory each needs beyond a Django that has just started.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from campaigns.models import Campaign  # noqa: E402
from reports import exports, formats  # noqa: E402
from reports.queries import Scope  # noqa: E402
from tests.benchmarks import ledger  # noqa: E402


def bare(target: Path) -> None:
    """Stream a bare COPY to a file."""
    columns = ", ".join(field.column for field in formats.COLUMNS.values())
    statement = f"COPY (SELECT {columns} FROM reports_attemptreport) TO STDOUT (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy, target.open("wb") as file:
        for block in copy:
            file.write(block)


def child(name: str) -> None:
    """Run one export in this process; print its seconds and the growth of its memory in MB."""
    scope = Scope(campaign_id=Campaign.objects.earliest("id").pk)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"attempts.{name}"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        bare(target) if name == "bare" else exports.export(scope, target, form=name)
        elapsed = time.perf_counter() - started
    print(elapsed, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def measured(name: str) -> tuple[float, float]:
    """Return seconds and MB of an export in a process of its own: the middle of three."""
    scratch = connection.settings_dict
    url = f"postgres://{scratch['USER']}:{scratch['PASSWORD']}@{scratch['HOST']}:{scratch['PORT']}/{scratch['NAME']}"
    command = [sys.executable, __file__, "--child", name]
    runs = []
    for _ in range(3):
        told = subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=True, capture_output=True)
        seconds, megabytes = told.stdout.split()
        runs.append((float(seconds), float(megabytes)))
    return sorted(runs)[1]


def main(count: int) -> None:
    with ledger.scratch():
        ledger.reports(count)
        limit, memory = measured("bare")
        print(f"limit, bare COPY   {count / limit:>10,.0f} rows/s   +{memory:.0f} MB")
        for form in exports.WRITERS:
            seconds, memory = measured(form)
            print(f"{form:<18} {count / seconds:>10,.0f} rows/s   +{memory:.0f} MB   ratio {limit / seconds:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
