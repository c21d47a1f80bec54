"""Clears what is done with, where the database's server is set not to: trials are about servers that do.

By the rule of PostgreSQL's own, and no more often than it does by default.
"""

from __future__ import annotations

import contextlib
import threading

import psycopg

ROUND_SECONDS = 60.0
_IS_OFF = "SELECT 1 FROM pg_settings WHERE name = 'autovacuum' AND setting = 'off'"
# A table says how large a share of it may have changed; else it is a fifth.
_DUE = """
    SELECT format('%I', relname) FROM pg_stat_user_tables JOIN pg_class USING (relname)
    WHERE pg_class.oid = relid AND n_dead_tup > 1000 + n_live_tup * coalesce(
        (SELECT option_value::float FROM pg_options_to_table(reloptions)
            WHERE option_name = 'autovacuum_vacuum_scale_factor'), 0.2)"""


class Tidier:
    """Works beside a trial from a connection of its own, until it is ended."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._tidy, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _tidy(self) -> None:
        while not self._is_over.wait(ROUND_SECONDS):
            # The database may be what is being hurt.
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url, autocommit=True) as own:
                if own.execute(_IS_OFF).fetchone():
                    for (table,) in own.execute(_DUE).fetchall():
                        own.execute(f"VACUUM (ANALYZE) {table}")
