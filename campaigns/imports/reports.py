"""What came of an import, and the file of rows that were refused."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from campaigns.imports.columns import REFUSED_HEADER
from campaigns.imports.faults import NotImported
from campaigns.imports.files import Source
from campaigns.imports.rows import Row
from campaigns.imports.staging import Refusal

WARNINGS_SHOWN = 20


@dataclass(slots=True, kw_only=True)
class Report:
    """How many rows were read, taken, changed, left out and refused; `warnings` has the first of them in words.

    `refused` counts by kind. In a dry run `taken` and `updated` are what would be.
    """

    read: int = 0
    taken: int = 0
    updated: int = 0
    skipped: int = 0
    warned: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    intake: int | None = None

    def warn(self, line: int, told: str) -> None:
        """Count a warning, and keep the first ones."""
        self.warned += 1
        if len(self.warnings) < WARNINGS_SHOWN:
            self.warnings.append(f"line {line}: {told}")

    def counts(self) -> dict[str, Any]:
        """Return the counts as they are kept with the intake."""
        told = asdict(self)
        return {name: told[name] for name in ("read", "skipped", "warned", "refused")}


@contextmanager
def drafted(path: Path | None) -> Iterator[RefusedFile | None]:
    """Have the file of refused rows at a path, if one is wanted. Raises NotImported where it cannot be written."""
    if path is None:
        yield None
        return
    draft = RefusedFile(path)
    try:
        yield draft
    finally:
        draft.close()


class RefusedFile:
    """The file of refused rows beside the input: it appears whole, at the end, or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            os.close(handle)
        except OSError as error:
            raise NotImported(
                f"{path}: the file of refused rows cannot be written: {error.strerror}; name another with --refused."
            ) from error
        self._draft = Path(name)

    def write(self, source: Source, refused: Iterator[Refusal], blame: Callable[[str], str]) -> bool:
        """Write the refused rows with their original cells, in the order of lines; tell whether there were any."""
        first = next(refused, None)
        if first is None:
            return False
        with self._draft.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=source.delimiter or ",")
            writer.writerow([*REFUSED_HEADER, *source.header])
            for row, refusal in _paired(source, chain([first], refused)):
                writer.writerow([row.line, blame(refusal.field), refusal.reason, *row.cells])
        self._draft.chmod(0o640)
        self._draft.replace(self._path)
        return True

    def close(self) -> None:
        """Leave no draft behind."""
        with suppress(FileNotFoundError):
            self._draft.unlink()


def _paired(source: Source, refused: Iterator[Refusal]) -> Iterator[tuple[Row, Refusal]]:
    """Yield refused rows as they stand in the file; both come in the order of lines."""
    rows = source.rows()
    for refusal in refused:
        row = next((row for row in rows if row.line == refusal.line), None)
        # Somebody may have cut the file short since it was judged.
        if row is not None:
            yield row, refusal
