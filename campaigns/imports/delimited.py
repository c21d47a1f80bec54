"""Reads delimited text a row at a time, and keeps one broken row from swallowing the good ones below it."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, TextIO, cast

from campaigns.imports.rows import Row

DELIMITERS = ",;\t|"
# A row may hold line breaks inside quotation marks; one that holds more than this has lost its closing mark.
MAX_LINES = 500
MAX_LINE = 1 << 20
UNCLOSED = "a quotation mark is opened and never closed"
HALF_WRITTEN = "the last row is half-written"
TOO_LONG = "a cell or line is too long"
_DECLARATION = re.compile(r"\ufeff?sep=(.?)\s*", re.IGNORECASE)
_STEP = 1000


def is_declaration(row: Row) -> bool:
    """Tell Excel's own first line, such as "sep=;"."""
    return row.line == 1 and _DECLARATION.fullmatch("".join(row.cells)) is not None


def sniff(path: Path, encoding: str) -> str:
    """Return the delimiter that divides the header and the first rows most evenly; a comma where none does."""
    with _open(path, encoding) as stream:
        head = [line for line in islice(iter(lambda: stream.readline(MAX_LINE), ""), 60) if line.strip()]
    declared = _DECLARATION.fullmatch(head[0]) if head else None
    if declared and declared[1]:
        return declared[1]
    scores = {delimiter: _score(head, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0, 0) else ","


def rows(
    path: Path, encoding: str, delimiter: str, width: int | None, progress: Callable[[int], None] | None = None
) -> Iterator[Row]:
    """Yield the rows of a file; `width` is how many cells a whole one has, where that is known."""
    with _open(path, encoding) as stream:
        buffer = cast("IO[bytes]", stream.buffer)
        for count, row in enumerate(_Records(stream, delimiter, width)):
            if progress and count % _STEP == 0:
                progress(buffer.tell())
            yield row


def _open(path: Path, encoding: str) -> TextIO:
    # What stands in no encoding can only be the cut end of a file: the rest was tried when it was opened.
    return path.open(encoding=encoding, errors="replace", newline="")


def _score(head: list[str], delimiter: str) -> tuple[int, int]:
    """Return how many rows are as wide as the header, in tenths, and how wide that is."""
    try:
        found = [cells for cells in csv.reader(head, delimiter=delimiter) if cells]
    except csv.Error:
        return (0, 0)
    width = len(found[0]) if found else 0
    if width < 2:
        return (0, 0)
    even = sum(len(cells) == width for cells in found)
    return (10 * even // len(found), width)


class _Lines:
    """Physical lines for the CSV reader, kept until the row that they make is known to be whole."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._back: deque[str] = deque()
        self.first = 1
        self.taken: list[str] = []
        self.stopped = False
        self.is_long = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES:
            self.stopped = True
            raise StopIteration
        line = self._back.popleft() if self._back else self._stream.readline(MAX_LINE)
        if not line:
            self.stopped = True
            raise StopIteration
        if len(line) == MAX_LINE:
            self._drain(line)
        self.taken.append(line)
        return line

    def _drain(self, line: str) -> None:
        self.is_long = True
        while line and not line.endswith(("\n", "\r")):
            line = self._stream.readline(MAX_LINE)

    def forget(self) -> None:
        """Go on behind the lines taken."""
        self.first += len(self.taken)
        self.taken = []

    def give_back(self) -> None:
        """Go on behind the first of the lines taken."""
        self._back.extendleft(reversed(self.taken[1:]))
        self.first += 1
        self.taken = []
        self.stopped = self.is_long = False


class _Records:
    """Rows made of lines. One whose quotation mark is never closed is given up at its first line, and no more."""

    def __init__(self, stream: TextIO, delimiter: str, width: int | None) -> None:
        self._lines = _Lines(stream)
        self._delimiter = delimiter
        self._width = width
        self._ragged = False

    def __iter__(self) -> Iterator[Row]:
        while True:
            broken = yield from self._whole_rows()
            if not broken:
                return
            yield self._given_up(broken)

    def _whole_rows(self) -> Generator[Row, None, str]:
        """Yield rows until one is broken; return what is wrong with it, nothing at the end of the file."""
        lines, width = self._lines, self._width
        try:
            for cells in csv.reader(lines, delimiter=self._delimiter):
                if lines.stopped or lines.is_long or (len(lines.taken) > 1 and self._has_swallowed(cells)):
                    return self._blame()
                is_cut = lines.taken[-1][-1] not in "\r\n"
                fault = self._misshapen(cells, width, is_cut) if width and (is_cut or len(cells) != width) else ""
                yield Row(lines.first, cells, fault)
                lines.forget()
        except csv.Error:
            return TOO_LONG
        return ""

    def _has_swallowed(self, cells: list[str]) -> bool:
        """Tell whether a row of several lines has an unclosed mark, and rows of their own inside a cell."""
        width, inner = self._width, self._lines.taken[1:]
        if width is None:
            return False
        if len(cells) == width:
            return all(map(self._is_row, inner))
        return len(cells) > width or any(map(self._is_row, inner))

    def _is_row(self, line: str) -> bool:
        """Tell whether a line by itself looks like a row of people: as wide as one, and with a number or address."""
        cells = line.split(self._delimiter)
        return len(cells) == self._width and any(sum(map(str.isdigit, cell)) > 6 or "@" in cell for cell in cells)

    def _blame(self) -> str:
        if self._lines.is_long:
            return TOO_LONG
        is_last = len(self._lines.taken) == 1 and self._lines.stopped
        return HALF_WRITTEN if is_last else UNCLOSED

    def _given_up(self, fault: str) -> Row:
        line = self._lines.taken[0].rstrip("\r\n")
        cells = line.split(self._delimiter) if fault != TOO_LONG else [line[:200]]
        row = Row(self._lines.first, cells, fault)
        self._lines.give_back()
        return row

    def _misshapen(self, cells: list[str], width: int, is_cut: bool) -> str:
        """Tell what is wrong with a row of another width, or with a last one that no line break ends.

        A shorter one may just have lost its blank cells, as spreadsheets leave them out.
        """
        if len(cells) > width:
            blank = not any(map(str.strip, cells[width:]))
            return "" if blank else f"{len(cells)} cells where the header has {width}"
        is_short = 0 < len(cells) < width
        if is_cut and ((is_short and not self._ragged) or cells[-1].endswith("\ufffd")):
            return HALF_WRITTEN
        self._ragged = self._ragged or is_short
        return ""
