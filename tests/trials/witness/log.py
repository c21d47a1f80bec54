"""The witness's log: a line of JSON for each thing that happened, on the disk before anybody hears of it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ORIGINATED, REFUSED, REPEATED, ENDED = "originated", "refused", "repeated", "ended"


class Log:
    """An append-only file. Several threads may write to it; a call's lines are whole."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._turn = threading.Lock()

    def write(self, lines: Sequence[dict[str, Any]], *, safely: bool = True) -> None:
        """Append lines; with `safely` they are on the disk when this returns."""
        if not lines:
            return
        raw = "".join(json.dumps(line) + "\n" for line in lines).encode()
        with self._turn:
            os.write(self._file, raw)
        if safely:
            os.fdatasync(self._file)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Return the lines of a log. Only the last may be torn, where the witness itself was killed."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)
