"""Opens a file that somebody sends: its kind, encoding, header and first rows, before anything is taken from it."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from campaigns.imports import delimited, workbook
from campaigns.imports.faults import NotImported
from campaigns.imports.rows import Row

SAMPLE = 20
_BLOCK = 1 << 20
_WORKBOOK = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
# The longer mark first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_NOT_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, kw_only=True)
class Source:
    """An opened file: what it is, its header and its first rows."""

    path: Path
    size: int
    sha256: str
    encoding: str
    delimiter: str = ""
    sheet: str = ""
    header: list[str] = field(default_factory=list)
    header_line: int = 1
    sample: list[Row] = field(default_factory=list)

    def rows(self, progress: Callable[[int], None] | None = None) -> Generator[Row, None, None]:
        """Yield the rows below the header, blank ones left out; tell `progress` how many bytes are read."""
        for row in self._all(progress):
            if row.line > self.header_line and (row.fault or any(map(str.strip, row.cells))):
                yield row

    def _all(self, progress: Callable[[int], None] | None = None) -> Iterator[Row]:
        if self.sheet:
            return workbook.rows(self.path, self.sheet)
        width = len(self.header) or None
        return delimited.rows(self.path, self.encoding, self.delimiter, width, progress)


class _Content(NamedTuple):
    size: int
    sha256: str
    encoding: str


def open_file(path: Path, *, sheet: str = "", has_header: bool = True) -> Source:
    """Find out what a file is. Raises NotImported where it is missing, empty, a directory, binary or has no rows."""
    try:
        content = _examine(path)
    except OSError as error:
        raise NotImported(f"{path}: {_OS_FAULTS.get(type(error), error.strerror or 'it cannot be read')}.") from error
    if content.encoding == "xlsx":
        bare = Source(
            path=path, size=content.size, sha256=content.sha256, encoding="", sheet=workbook.choose(path, sheet)
        )
    elif sheet:
        raise NotImported(f"{path}: it is no workbook, so it has no sheet {sheet!r}.")
    else:
        delimiter = delimited.sniff(path, content.encoding)
        bare = Source(
            path=path, size=content.size, sha256=content.sha256, encoding=content.encoding, delimiter=delimiter
        )
    return _with_header(bare, has_header=has_header)


def _with_header(bare: Source, *, has_header: bool) -> Source:
    found = (row for row in bare._all() if any(map(str.strip, row.cells)) and not delimited.is_declaration(row))
    header = next(found, None)
    # A sheet is held whole as long as its rows are; the next reading has its own.
    found.close()
    if header is None:
        raise NotImported(f"{bare.path}: the file is empty.")
    names = [" ".join(cell.split()) for cell in header.cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    opened = {**bare.__dict__, "header": names, "header_line": header.line}
    if not has_header:
        names = [f"column {number}" for number in range(1, len(names) + 1)]
        opened |= {"header": names, "header_line": header.line - 1}
    rows = Source(**opened).rows()
    sample = list(islice(rows, SAMPLE))
    rows.close()
    if not sample:
        raise NotImported(f"{bare.path}: there is a header and no row below it.")
    return Source(**{**opened, "sample": sample})


def _examine(path: Path) -> _Content:
    """Read a file once: its size, its digest, and the encoding that all of it fits."""
    if path.is_dir():
        raise IsADirectoryError
    digest, size, head = hashlib.sha256(), 0, b""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_cp1252 = True, True
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            head = head or block
            digest.update(block)
            size += len(block)
            is_utf8 = is_utf8 and _fits(utf8, block)
            is_cp1252 = is_cp1252 and not _NOT_IN_CP1252.search(block)
    if not size:
        raise NotImported(f"{path}: the file is empty.")
    return _Content(size, digest.hexdigest(), _encoding(path, head, is_utf8=is_utf8, is_cp1252=is_cp1252))


def _fits(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(path: Path, head: bytes, *, is_utf8: bool, is_cp1252: bool) -> str:
    """Return the encoding of a text, or "xlsx". Raises NotImported for what is neither."""
    if head.startswith(_WORKBOOK):
        return "xlsx"
    if head.startswith(_OLD_WORKBOOK):
        raise NotImported(f"{path}: an old or encrypted Office file; save it as XLSX or CSV, without a password.")
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if wide := _unmarked_utf16(head[:4096]):
        return wide
    if len(_CONTROLS.findall(head)) > max(4, len(head) // 200):
        raise NotImported(f"{path}: a binary file; a CSV or XLSX file is wanted.")
    if is_utf8:
        return "utf-8-sig"
    return "cp1252" if is_cp1252 else "latin-1"


def _unmarked_utf16(head: bytes) -> str:
    """Return the byte order of UTF-16 without a mark: digits and separators have a zero in every second byte."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    few = len(head) // 40
    name = ""
    if odd > few and odd > 20 * even:
        name = "utf-16-le"
    elif even > few and even > 20 * odd:
        name = "utf-16-be"
    # What is no text may have zeros there too, but hardly ends of lines.
    return name if name and re.search("[\r\n]", head.decode(name, errors="replace")) else ""


_OS_FAULTS = {
    FileNotFoundError: "there is no such file",
    IsADirectoryError: "it is a directory; a file is wanted",
    PermissionError: "it may not be read",
}
