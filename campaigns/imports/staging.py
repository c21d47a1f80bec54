"""Keeps a file's rows aside until they are all judged: in temporary tables of the connection, of any size.

Temporary tables lock nothing: on SQLite they stand in a file of their own, on PostgreSQL nobody else sees them. Rows
come in by batches that are a transaction each, so that no long one keeps the database from tidying up meanwhile. The
connection must stay the same from `create` to `drop`: behind a pooler, one that pools sessions.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection

from campaigns import bulk
from campaigns.operations.staged import TABLE, Staged

BATCH = 5000


class Refusal(NamedTuple):
    """A row that is not taken: where, of what kind, which column is to blame, why, and whom it was to reach."""

    line: int
    kind: str
    field: str
    reason: str
    channel: str = ""
    destination: str = ""


@contextmanager
def tables() -> Iterator[None]:
    """Have the empty tables; whatever becomes of the import, they go."""
    _drop()
    _run(_POSTGRES if bulk.is_postgres() else _SQLITE)
    try:
        yield
    finally:
        # A broken connection takes its temporary tables along.
        if connection.connection is not None and connection.is_usable():
            _drop()


def keep(rows: Sequence[Staged]) -> None:
    """Keep rows fit to be stored."""
    _fill(TABLE, Staged._fields, rows)


def refuse(rows: Sequence[Refusal]) -> None:
    """Keep refused rows."""
    _fill("import_refusal", Refusal._fields, rows)


def settle() -> None:
    """Let the database know what the tables hold, so that it plans well."""
    if bulk.is_postgres():
        _run((f"ANALYZE {TABLE}",))


def mark_repeats(*, keys_only: bool, last_wins: bool, of_refused: bool) -> None:
    """Mark rows whose destination, or whose external id, stands in another row: the first wins, or the last.

    With `of_refused` a row also repeats an earlier one that was refused for something else.
    """
    order = {"wins": "MAX", "loses": "<"} if last_wins else {"wins": "MIN", "loses": ">"}
    fit = f"SELECT line, channel, destination FROM {TABLE}"
    rows = f"{fit} UNION ALL {_READABLE}" if of_refused else fit
    if not keys_only:
        _run((_MARK.format(rows=rows, key="channel, destination", by_key="false", **order),))
    keyed = f"SELECT line, external_id FROM {TABLE} WHERE of_line IS NULL AND external_id IS NOT NULL"
    _run((_MARK.format(rows=keyed, key="external_id", by_key="true", **order),))


def refuse_marked(*, only_keys: bool) -> None:
    """Count marked rows among the refused; with `only_keys` those alone whose external id is used."""
    _run([_REFUSE_MARKED.format(which="AND by_key" if only_keys else "")])


def count_marked(where: str) -> int:
    """Return how many rows are marked in a way, given in SQL."""
    return int(_fetch(f"SELECT COUNT(*) FROM {TABLE} WHERE {where}", [])[0][0])


def counts() -> dict[str, int]:
    """Return how many rows are refused, by kind, the most frequent first."""
    found = _fetch("SELECT kind, COUNT(*) FROM import_refusal GROUP BY kind ORDER BY 2 DESC, 1", [])
    return {str(kind): int(count) for kind, count in found}


def refused() -> Iterator[Refusal]:
    """Yield the refused rows in the order of their lines."""
    line = 0
    while rows := _fetch(_REFUSED, [line]):
        for row in rows:
            yield Refusal(*row)
        line = int(rows[-1][0])


def _fill(table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    listed = ", ".join(names)
    if bulk.is_postgres():
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    cells = ", ".join(f"value ->> {index}" for index in range(len(names)))
    content = json.dumps(rows, default=_text, ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({listed}) SELECT {cells} FROM json_each(%s)", [content])


def _text(value: dt.datetime) -> str:
    return str(connection.ops.adapt_datetimefield_value(value))


def _drop() -> None:
    _run((f"DROP TABLE IF EXISTS {TABLE}", "DROP TABLE IF EXISTS import_refusal"))


def _run(statements: Any) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _fetch(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


_REFUSAL = """
    CREATE TEMPORARY TABLE import_refusal (
        line bigint PRIMARY KEY, kind text NOT NULL, field text NOT NULL, reason text NOT NULL,
        channel text, destination text
    )
"""
_POSTGRES = (
    f"""
    CREATE TEMPORARY TABLE {TABLE} (
        line bigint, channel text, number text, destination text, zones text, zone_source text, first_name text,
        last_name text, timezone text, attributes jsonb, priority integer, due_at timestamptz, external_id text,
        caller_id text, message text, of_line bigint, of_call bigint, by_key boolean DEFAULT false,
        contact_id bigint DEFAULT nextval(pg_get_serial_sequence('campaigns_contact', 'id'))
    )
    """,
    _REFUSAL,
)
_SQLITE = (
    f"""
    CREATE TEMPORARY TABLE {TABLE} (
        line integer, channel text, number text, destination text, zones text, zone_source text, first_name text,
        last_name text, timezone text, attributes text, priority integer, due_at text, external_id text,
        caller_id text, message text, of_line integer, of_call integer, by_key boolean DEFAULT false
    )
    """,
    f"CREATE INDEX temp.import_row_line ON {TABLE} (line)",
    _REFUSAL,
)
_READABLE = "SELECT line, channel, destination FROM import_refusal WHERE destination <> ''"
_MARK = f"""
    UPDATE {TABLE} SET of_line = w.winner, by_key = {{by_key}} FROM (
        SELECT line AS loser, winner FROM (
            SELECT line, {{wins}}(line) OVER (PARTITION BY {{key}}) AS winner FROM ({{rows}}) f
        ) r WHERE line {{loses}} winner
    ) w WHERE line = w.loser
"""
_REFUSE_MARKED = f"""
    INSERT INTO import_refusal (line, kind, field, reason)
    SELECT line, 'duplicate', CASE WHEN by_key THEN 'external_id' WHEN channel = 'email' THEN 'email' ELSE 'phone' END,
        CASE WHEN by_key THEN 'external id is a ' ELSE '' END || CASE WHEN of_line IS NOT NULL
            THEN 'duplicate of line ' || of_line ELSE 'duplicate of call ' || of_call || ' of the campaign' END
    FROM {TABLE} WHERE (of_line IS NOT NULL OR of_call IS NOT NULL) {{which}}
"""
_REFUSED = """
    SELECT line, kind, field, reason FROM import_refusal WHERE line > %s ORDER BY line LIMIT 5000
"""
