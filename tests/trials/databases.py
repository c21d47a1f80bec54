"""Scratch databases: beside that of DATABASE_URL on PostgreSQL, a file in a folder of its own on SQLite.

Both are what the product has: a file with its journal and its locks, not SQLite in memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("sqlite", "postgres")
INSIDE = "TRIAL_RUNS_INSIDE"


def is_inside() -> bool:
    """Tell whether this process was started by `run_on` and works on its one database."""
    return INSIDE in os.environ


def run_on(wanted: str, script: str, arguments: Sequence[str], **more: str) -> int:
    """Run a trial's script again in a process of its own for each wanted database; return the worst exit status."""
    worst = 0
    for kind in KINDS if wanted == "both" else (wanted,):
        with tempfile.TemporaryDirectory(prefix="trial-") as folder:
            url = f"sqlite:///{folder}/trial.sqlite3" if kind == "sqlite" else _postgres_url()
            ours = {"DATABASE_URL": url, "TRUNKLINE_VAR": folder, "PYTHONPATH": str(ROOT), INSIDE: kind}
            # A log of every refused dial would hide the tally.
            environment = os.environ | {"LOG_LEVEL": "CRITICAL"} | ours | more
            done = subprocess.run([sys.executable, script, *arguments], env=environment, cwd=ROOT, check=False)
            worst = max(worst, abs(done.returncode))
    return worst


def _postgres_url() -> str:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        raise SystemExit("DATABASE_URL must name a PostgreSQL database, such as postgres://postgres@127.0.0.1/trial")
    return url


@contextmanager
def scratch() -> Iterator[None]:
    """Work in an empty database with every table. Requires Django to be set up."""
    from django.core.management import call_command
    from django.db import connection

    from tests.benchmarks import ledger

    if connection.vendor == "postgresql":
        with ledger.scratch():
            yield
        return
    call_command("migrate", verbosity=0)
    yield


def wipe() -> None:
    """Empty every table of ours, as cheaply as few rows allow."""
    from django.apps import apps
    from django.db import connection, transaction

    ours = [model for model in apps.get_models() if model._meta.app_label in {"campaigns", "reports", "dialer"}]
    # Keys are checked at the end of the transaction.
    with transaction.atomic(), connection.cursor() as cursor:
        for model in ours:
            for table in (model._meta.db_table, *(field.m2m_db_table() for field in model._meta.local_many_to_many)):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
