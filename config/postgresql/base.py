"""The database's backend: Django's own, over connections that give a silent server up and read moments quickly.

TCP notices a peer that vanished, and a statement's limit one that works too long. Neither helps where the server or
something before it stands still with its connections open: then only the waiting side's own clock does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from typing import Any, Self

import psycopg
from django.db.backends.postgresql import base
from psycopg.types.datetime import TimestamptzLoader

from config import env


class Patient(psycopg.Connection[Any]):
    """A connection on which nothing is waited for longer than `patience`, in seconds; None: for ever."""

    patience: float | None = None

    @classmethod
    def connect(cls, conninfo: str = "", **words: Any) -> Self:
        """Connect with the patience of this process."""
        connection = super().connect(conninfo, **words)
        connection.patience = patience()
        return connection

    def wait(self, gen: Generator[Any, Any, Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server. Raises OperationalError, with the connection closed, where it stays silent."""
        try:
            return super().wait(gen, interval=interval, timeout=timeout or self.patience)
        except psycopg.errors._WaitTimeout as error:
            if timeout:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the server was silent for {self.patience:g} s") from error


class Driver:
    """The driver's module as Django wants it, with our connections."""

    connect = Patient.connect

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class Moments(TimestamptzLoader):
    """Reads moments six times as fast as Django's own loader: of what an attempt costs that was a twentieth."""

    # By this Django sees that its own loader is not needed.
    timezone = dt.UTC

    def load(self, data: Any) -> dt.datetime:
        """Return a moment; our connections always speak of UTC. Raises DataError for one that Python does not know."""
        try:
            return dt.datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            return super().load(data)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's backend over patient connections."""

    Database: Any = Driver()

    def get_connection_params(self) -> dict[str, Any]:
        """Return what a connection is made with."""
        words = super().get_connection_params()
        adapters = psycopg.adapt.AdaptersMap(words["context"])
        adapters.register_loader("timestamptz", Moments)
        return words | {"context": adapters}


def patience() -> float | None:
    """Return how long an answer is waited for: a statement's limit and then some; None where it has no limit."""
    limit = env.number("DATABASE_STATEMENT_SECONDS", 0)
    return limit + env.number("DATABASE_SILENCE_SECONDS", 15) if limit > 0 else None
