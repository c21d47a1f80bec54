"""Reads a sheet of a workbook (XLSX) as rows of text."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import python_calamine

from campaigns.imports.faults import NotImported
from campaigns.imports.rows import Row

# A workbook is read into memory whole, which takes two to three times its unpacked sheets; CSV has no such bound.
MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 48 * 1024 * 1024
# Above this a spreadsheet's number no longer has all its digits.
_EXACT = 10**15


def choose(path: Path, sheet: str) -> str:
    """Return the sheet to read: the one named, or the first that is not hidden. Raises NotImported."""
    book = _book(path)
    if sheet:
        if sheet not in book.sheet_names:
            raise NotImported(f"{path}: there is no sheet {sheet!r}; there are {', '.join(book.sheet_names)}.")
        return sheet
    visible = python_calamine.SheetVisibleEnum.Visible
    names = [found.name for found in book.sheets_metadata if found.visible == visible]
    if not names:
        raise NotImported(f"{path}: the workbook has no sheet to read.")
    return str(names[0])


def rows(path: Path, sheet: str) -> Iterator[Row]:
    """Yield the rows of a sheet; cells are text, whole numbers without a fraction, moments in ISO 8601."""
    try:
        found = _book(path).get_sheet_by_name(sheet)
        if found.start is None:
            return
        for number, cells in enumerate(found.iter_rows(), start=1):
            yield Row(number, [cell if type(cell) is str else _text(cell) for cell in cells])
    except python_calamine.CalamineError as error:
        raise NotImported(f"{path}: the sheet {sheet!r} is damaged and cannot be read.") from error


def _book(path: Path) -> Any:
    _check_size(path)
    try:
        return python_calamine.CalamineWorkbook.from_path(path)
    except python_calamine.CalamineError as error:
        raise NotImported(f"{path}: no workbook, or a damaged one; a CSV or XLSX file is wanted.") from error


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise NotImported(f"{path}: a damaged or half-written workbook.") from error
    if path.stat().st_size > MAX_BYTES or unpacked > MAX_UNPACKED:
        raise NotImported(
            f"{path}: a workbook may have {MAX_BYTES // 2**20} MB, {MAX_UNPACKED // 2**20} MB unpacked;"
            " save it as CSV, which may have any size."
        )


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)
