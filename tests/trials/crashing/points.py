"""The points of an operation at which it may break off: each statement, COPY, commit, word on the wire and rename."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import OperationalError, connection

Result = TypeVar("Result")
COMMIT = "COMMIT"
# How a process ends that was killed.
KILLED = 137


class Points:
    """Counts the points that are passed, and breaks off at one of them: before it, or after it."""

    def __init__(self, *, at: int = 0, side: str = "before", mode: str = "die") -> None:
        self.at, self.side, self.mode = at, side, mode
        self.names: list[str] = []

    def through(self, name: str, act: Callable[[], Result], error: type[Exception] = OperationalError) -> Result:
        """Pass a point: do what it is, and break off there if it is the one; by `error` where that is the mode."""
        self.names.append(name)
        strikes = len(self.names) == self.at
        if strikes and self.side == "before":
            self._break_off(error)
        result = act()
        if strikes and self.side == "after":
            self._break_off(error)
        return result

    def _break_off(self, error: type[Exception]) -> None:
        if self.mode == "die":
            os._exit(KILLED)
        raise error("broken off by the trial")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Have this process's connection, renames and wire pass through here. Not to be undone: for a child."""
        connection.ensure_connection()
        connection._commit = self._committing(connection._commit)
        if connection.vendor == "postgresql":
            connection.connection.cursor_factory = self._copying(connection.connection.cursor_factory)
        sys.addaudithook(self._audited)
        current.append(self)
        with connection.execute_wrapper(self._executing):
            yield
        current.remove(self)

    def _executing(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        return self.through(" ".join(sql.split())[:60], lambda: execute(sql, parameters, many, context))

    def _committing(self, commit: Callable[[], None]) -> Callable[[], None]:
        return lambda: self.through(COMMIT, commit)

    def _copying(self, base: Any) -> Any:
        points = self

        @contextmanager
        def copy(cursor: Any, statement: str, *rest: Any, **named: Any) -> Iterator[Any]:
            with base.copy(cursor, statement, *rest, **named) as copying:
                points.through(f"begun {statement[:50]}", lambda: None)
                yield copying
                points.through(f"fed {statement[:50]}", lambda: None)
            points.through(f"done {statement[:50]}", lambda: None)

        return type("Watched", (base,), {"copy": copy})

    def _audited(self, event: str, arguments: Any) -> None:
        if event == "os.rename" and self in current:
            self.through("rename", lambda: None, OSError)


# Those that are watching now, for what has no connection to be found by.
current: list[Points] = []


def wire(name: str, act: Callable[[], Result], error: type[Exception]) -> Result:
    """Pass a point on the wire, where somebody counts."""
    return current[-1].through(f"wire: {name}", act, error) if current else act()
