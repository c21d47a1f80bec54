"""Inserts and updates many rows with one statement, on PostgreSQL and on SQLite.

Django's own bulk operations build a statement with a parameter per cell, which is 4 to 20 times slower. Rows here
are tuples in the order of the named columns; what is not named gets the database's default.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection, models

Row = Sequence[Any]
# Some rows, column by column.
Block = Sequence[Sequence[Any]]
_BLOCK = 1000


def is_postgres() -> bool:
    """Tell which of the two databases this is."""
    return connection.vendor == "postgresql"


def stored(moment: dt.datetime) -> Any:
    """Return a moment as the database compares it, for statements of our own."""
    return connection.ops.adapt_datetimefield_value(moment)


def moment(found: dt.datetime | str) -> dt.datetime:
    """Return a moment as a statement of our own gave it; SQLite keeps them as text in UTC."""
    read = dt.datetime.fromisoformat(found) if isinstance(found, str) else found
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


def among(column: str) -> str:
    """Return the SQL of "is one of these ids"; its one parameter is `ids(…)`."""
    return f"{column} = ANY(%s)" if is_postgres() else f"{column} IN (SELECT value FROM json_each(%s))"


def ids(values: Iterable[int | str]) -> list[int | str] | str:
    """Return ids, or other values, as the parameter that `among` takes."""
    return list(values) if is_postgres() else as_json(list(values))


def given(columns: Mapping[str, str], *, alias: str = "v") -> str:
    """Return the SQL of rows that come as one parameter, `as_json` of a list of objects: columns by PostgreSQL type."""
    if is_postgres():
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"jsonb_to_recordset(%s::jsonb) AS {alias}({typed})"
    cells = ", ".join(f"value ->> '{name}' AS {name}" for name in columns)
    return f"(SELECT {cells} FROM json_each(%s)) AS {alias}"


def allocate_ids(model: type[models.Model], count: int) -> list[int]:
    """Reserve primary keys, so that rows can be stored with them and answered in the order of the request.

    Requires a transaction on SQLite, whose single writer keeps the numbers free until the rows are stored.
    """
    if count == 0:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if is_postgres():
            # One row with all of them, and the sequence looked up once: a row each takes five times as long.
            cursor.execute(
                "SELECT array_agg(nextval(sequence)) FROM generate_series(1, %s),"
                " (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence OFFSET 0) AS named",
                [count, table],
            )
            return list(cursor.fetchone()[0])
        cursor.execute("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = %s), 0)", [table])
        last = int(cursor.fetchone()[0])
    return list(range(last + 1, last + count + 1))


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Store rows: by COPY on PostgreSQL, by executemany on SQLite. Raises IntegrityError for the whole batch."""
    _insert(model, columns, (list(zip(*chunk, strict=True)) for chunk in _chunks(rows, _BLOCK)))


def insert_columns(model: type[models.Model], columns: Mapping[str, Sequence[Any]]) -> None:
    """Store rows as `insert` does, given column by column; all columns are equally long."""
    cells = list(columns.values())
    starts = range(0, len(cells[0]), _BLOCK)
    _insert(model, list(columns), ([column[start : start + _BLOCK] for column in cells] for start in starts))


def _insert(model: type[models.Model], columns: Sequence[str], blocks: Iterable[Block]) -> None:
    names = ", ".join(_quoted(model, columns))
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if is_postgres():
            _copy(cursor, f"COPY {table} ({names}) FROM STDIN", blocks)
            return
        marks = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        for block in blocks:
            cursor.executemany(statement, [[_sqlite(cell) for cell in row] for row in zip(*block, strict=True)])


def _copy(cursor: Any, statement: str, blocks: Iterable[Block]) -> None:
    # Django does not turn psycopg's own errors into its own here, as it does for statements.
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        for block in blocks:
            copy.write("\n".join(map("\t".join, zip(*map(_copied, block), strict=True))) + "\n")


def update(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row], *, where: str = "") -> int:
    """Set columns of rows found by `id`, the first column; return how many rows changed.

    `where` narrows what may be changed, in SQL over the table as `t`: the guard of a state machine.
    """
    if not rows:
        return 0
    table = connection.ops.quote_name(model._meta.db_table)
    quoted = _quoted(model, columns)
    sets = ", ".join(f"{name} = v.{name}" for name in quoted[1:])
    guard = f" AND ({where})" if where else ""
    payload = [dict(zip(columns, row, strict=True)) for row in rows]
    # The ids are said once more: from the join alone PostgreSQL may read all of a table it knows as small.
    statement = (
        f"UPDATE {table} AS t SET {sets} FROM {_recordset(model, columns)} WHERE t.id = v.id AND {among('t.id')}{guard}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [as_json(payload), ids(row[0] for row in rows)])
        return int(cursor.rowcount)


def _recordset(model: type[models.Model], columns: Sequence[str]) -> str:
    """Return the SQL of rows `v` that come as one parameter, with the model's own column types."""
    fields = [model._meta.get_field(name.removesuffix("_id") if name != "id" else name) for name in columns]
    return given({name: _type(field) for name, field in zip(columns, fields, strict=True)})


def _type(field: Any) -> str:
    if isinstance(field, models.ForeignKey):
        return "bigint"
    kind = str(field.db_type(connection))
    return "bigint" if isinstance(field, models.AutoField) else kind


def _quoted(model: type[models.Model], columns: Sequence[str]) -> list[str]:
    return [connection.ops.quote_name(name) for name in columns]


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat() if is_postgres() else _sqlite(value)
    if isinstance(value, uuid.UUID):
        return str(value) if is_postgres() else value.hex
    if isinstance(value, decimal.Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored in bulk")


def as_json(value: Any) -> str:
    """Return a value as the JSON that `given` and `among` take, moments and the like as the database reads them."""
    if not is_postgres():
        return _json(value)
    try:
        return _quick_json(value).decode()
    except (OverflowError, TypeError):
        # An integer of more than 64 bits, or a value that only `_plain` can write.
        return _json(value)


# Made once: for many rows the making of encoders would cost more than the writing.
_json = json.JSONEncoder(default=_plain, ensure_ascii=False, separators=(",", ":")).encode
_quick_json = msgspec.json.Encoder().encode
_json_lines = msgspec.json.Encoder().encode_lines


def _copied(cells: Sequence[Any]) -> Iterable[str]:
    """Return a column's cells in the text format of COPY: all at once where they are of one kind, as most are."""
    kinds = set(map(type, cells))
    if kinds == {type(None)}:
        return [r"\N"] * len(cells)
    if all(issubclass(kind, str) for kind in kinds):
        return map(_escaped, cells) if _needs_escapes("".join(cells)) else cells
    if kinds == {int}:
        return map(str, cells)
    if kinds == {dict}:
        return _copied_json(cells)
    if kinds == {dt.datetime}:
        # Most rows share a moment. Equal ones may differ (in the hour that a clock is put back), the same one cannot.
        moments = dict(zip(map(id, cells), cells, strict=True))
        written = {key: moment.isoformat() for key, moment in moments.items()}
        return map(written.__getitem__, map(id, cells))
    return map(_copied_cell, cells)


def _copied_json(cells: Sequence[dict[str, Any]]) -> Iterable[str]:
    try:
        lines = _json_lines(cells).decode()
    except (OverflowError, TypeError):
        # An integer of more than 64 bits, or a value that only `_plain` can write.
        return map(_copied_cell, cells)
    # In JSON line breaks are escaped, so that only the backslash is left to COPY.
    return lines.replace("\\", "\\\\").removesuffix("\n").split("\n")


def _copied_cell(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return _escaped(value)
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, int | decimal.Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return _escaped(_json(value))


def _needs_escapes(text: str) -> bool:
    return "\\" in text or "\t" in text or "\n" in text or "\r" in text


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _sqlite(value: Any) -> Any:
    """Return a cell as Django's SQLite backend stores it."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, dict | list):
        return _json(value)
    return value


def _chunks(rows: Iterable[Row], size: int) -> Iterable[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
