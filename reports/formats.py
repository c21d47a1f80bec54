"""The forms in which attempts leave: CSV, XLSX and JSON lines, all in constant memory.

CSV cells that a spreadsheet would take for a formula are made harmless by a leading apostrophe: those that begin
with = + - @ (also in full width), tab, carriage return or line feed. Phone numbers begin with + and get it as well:
an exception for what looks like a number would let through +1+cmd|…, and a spreadsheet would strip the + off. A text
that begins with an apostrophe gets another, so the way back is the same for every text cell: drop one leading
apostrophe. XLSX stores texts as texts and JSON has no formulas: both are as the ledger has them.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, BinaryIO

import msgspec
import xlsxwriter
import xlsxwriter.exceptions
from django.db import connection
from django.db.models import BooleanField, CharField, DateTimeField, Field, QuerySet
from django.db.models.expressions import RawSQL

from campaigns import bulk
from reports.models import AttemptReport

_HEADER = {"attempt_id": "attempt", "campaign_id": "campaign", "call_id": "call"}
# The header's names, and the columns of the report in the same order.
COLUMNS: dict[str, Field[Any, Any]] = {
    _HEADER.get(field.attname, field.attname): field
    for field in map(
        {field.attname: field for field in AttemptReport._meta.concrete_fields}.__getitem__,
        (
            *("attempt_id", "campaign_id", "campaign_name", "call_id", "n", "external_id", "contact_name", "number"),
            *("destination", "channel", "api", "carrier", "caller_id", "outcome", "cause", "counts", "claimed_at"),
            *("placed_at", "answered_at", "ended_at", "ring_seconds", "talk_seconds", "digits", "abandoned", "cost"),
        ),
    )
}
Rows = Iterator[tuple[Any, ...]]
PAGE = 2000
# A sheet's 1,048,576 rows, less the header.
ROWS_PER_SHEET = 1_048_575
FORMULA_STARTS = "=+-@\t\r\n'＝＋－＠"


def pages(reports: QuerySet[AttemptReport]) -> Rows:
    """Yield the cells of reports by end and attempt, page by page: no snapshot stays open, and no more is held."""
    ordered = reports.order_by("ended_at", "attempt_id").values_list(*(field.attname for field in COLUMNS.values()))
    names = list(COLUMNS)
    end, attempt = names.index("ended_at"), names.index("attempt")
    page = list(ordered[:PAGE])
    while page:
        yield from page
        after = [connection.ops.adapt_datetimefield_value(page[-1][end]), page[-1][attempt]]
        later = RawSQL("(ended_at, attempt_id) > (%s, %s)", after, output_field=BooleanField())
        page = list(ordered.filter(later)[:PAGE]) if len(page) == PAGE else []


# --- CSV ---------------------------------------------------------------------------------------------------------


def write_csv(reports: QuerySet[AttemptReport], file: BinaryIO) -> int:
    """Write RFC 4180 text in UTF-8 with a header; return how many attempts that were."""
    file.write((",".join(COLUMNS) + "\n").encode())
    return _copy(reports, file) if bulk.is_postgres() else write_csv_rows(pages(reports), file)


def write_csv_rows(rows: Rows, file: BinaryIO) -> int:
    """Write rows as CSV, exactly as COPY writes them; return how many."""
    cells = [_CSV_CELL[_kind(field)] for field in COLUMNS.values()]
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007
        line = ",".join(["" if value is None else cell(value) for cell, value in zip(cells, row, strict=True)])
        file.write(f"{line}\n".encode())
    return count


def _copy(reports: QuerySet[AttemptReport], file: BinaryIO) -> int:
    """Let PostgreSQL write the CSV, formulas made harmless in its SQL."""
    chosen = {
        f"cell_{name}": RawSQL(_CSV_SQL[_kind(field)].format(field.column), []) for name, field in COLUMNS.items()
    }
    ordered = reports.order_by("ended_at", "attempt_id").annotate(**chosen).values_list(*chosen)
    statement, params = ordered.query.sql_with_params()
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)", params) as copy:
            for block in copy:
                file.write(block)
        return int(cursor.rowcount)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in _STARTS else text


def _csv_text(text: str) -> str:
    text = harmless(text)
    return f'"{text.replace(_QUOTE, _QUOTE * 2)}"' if _SPECIAL.search(text) else text


def _csv_moment(moment: dt.datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


_QUOTE = '"'
_STARTS = frozenset(FORMULA_STARTS)
_SPECIAL = re.compile(r'[",\r\n]')
_CSV_CELL: Mapping[str, Callable[[Any], str]] = {
    "text": _csv_text,
    "moment": _csv_moment,
    "flag": lambda value: "true" if value else "false",
    "number": str,
}
_CODES = ", ".join(str(ord(sign)) for sign in FORMULA_STARTS)
# An empty text is left out, as nothing is; COPY would put it between quotes.
_CSV_SQL = {
    "text": f"CASE WHEN ascii({{0}}) IN ({_CODES}) THEN '''' || {{0}} ELSE NULLIF({{0}}, '') END",
    "moment": """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "flag": "{0}::text",
    "number": "{0}",
}


# --- JSON lines --------------------------------------------------------------------------------------------------


def write_jsonl(reports: QuerySet[AttemptReport], file: BinaryIO) -> int:
    """Write one JSON object a line, values as the ledger has them; return how many attempts that were."""
    encode = msgspec.json.Encoder(decimal_format="number").encode
    names = list(COLUMNS)
    count = 0
    for count, row in enumerate(pages(reports), start=1):  # noqa: B007
        file.write(encode(dict(zip(names, row, strict=True))) + b"\n")
    return count


# --- XLSX --------------------------------------------------------------------------------------------------------


def write_xlsx(reports: QuerySet[AttemptReport], file: BinaryIO, *, rows_per_sheet: int = ROWS_PER_SHEET) -> int:
    """Write a workbook: texts as texts, moments as dates in UTC; what fits no sheet goes on in the next."""
    rows = pages(reports)
    with tempfile.TemporaryDirectory(prefix="attempts-") as folder:
        book = xlsxwriter.Workbook(file, _XLSX_OPTIONS | {"tmpdir": folder})
        book.use_zip64()
        count = written = _write_sheet(book.add_worksheet("Attempts"), islice(rows, rows_per_sheet))
        while written == rows_per_sheet and (first := next(rows, None)):
            sheet = book.add_worksheet(f"Attempts {len(book.worksheets()) + 1}")
            written = _write_sheet(sheet, chain([first], islice(rows, rows_per_sheet - 1)))
            count += written
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise error.args[0] from error
    return count


def _write_sheet(sheet: Any, rows: Rows) -> int:
    kinds = [_kind(field) for field in COLUMNS.values()]
    writers = [getattr(sheet, _XLSX_WRITER[kind]) for kind in kinds]
    readers = [_XLSX_VALUE[kind] for kind in kinds]
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(COLUMNS):
        sheet.write_string(0, column, name)
    count = 0
    for count, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if value is not None and value != "":
                writers[column](count, column, readers[column](value))
    return count


_XLSX_OPTIONS = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss.000"}
_XLSX_WRITER = {
    "text": "write_string",
    "moment": "write_datetime",
    "flag": "write_boolean",
    "number": "write_number",
}
_XLSX_VALUE: Mapping[str, Callable[[Any], Any]] = {
    "text": str,
    "moment": lambda value: value.replace(tzinfo=None),
    "flag": bool,
    "number": float,
}


def _kind(field: Field[Any, Any]) -> str:
    """Return what a column holds."""
    if isinstance(field, CharField):
        return "text"
    if isinstance(field, DateTimeField):
        return "moment"
    return "flag" if isinstance(field, BooleanField) else "number"
