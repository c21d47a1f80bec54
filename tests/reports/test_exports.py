"""Exports: what is written can be read back, does no harm in a spreadsheet, and is there whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from python_calamine import CalamineWorkbook

from reports import building, exports, formats, queries
from reports.queries import Scope
from tests.reports import rows

FORMULAS = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "'quoted",
    "＝1",
    "＋1",
    "－1",
    "＠1",
]


@pytest.fixture
def campaign(db):
    return rows.campaign("Dues, Nov")


def ended(campaign, **fields):
    attempt = rows.attempt(campaign, **fields)
    building.note_ended([attempt.pk])
    building.build()
    return attempt


def written(form, scope=None):
    file = io.BytesIO()
    count = exports.stream(scope or Scope(), file, form=form)
    return count, file.getvalue()


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


def test_csv_has_every_column_in_one_form(campaign):
    attempt = ended(
        campaign, person=("Zoë", 'says "hi"'), call={"number": "06 12345"}, cost="0.5", cause="SIP 200", digits="12"
    )
    count, text = written("csv")
    assert count == 1
    assert text.decode() == (
        "attempt,campaign,campaign_name,call,n,external_id,contact_name,number,destination,channel,api,carrier,"
        "caller_id,outcome,cause,counts,claimed_at,placed_at,answered_at,ended_at,ring_seconds,talk_seconds,digits,"
        "abandoned,cost\n"
        f'{attempt.pk},{campaign.pk},"Dues, Nov",{attempt.call_id},1,,"Zoë says ""hi""",06 12345,'
        "'+390612345200,voice,,voice,,answered,SIP 200,true,2031-03-03T10:00:00.000000Z,2031-03-03T10:00:01.000000Z,"
        "2031-03-03T10:00:05.000000Z,2031-03-03T10:00:30.000000Z,4.000,25.000,12,false,0.50000\n"
    )


def test_copy_and_python_write_the_same_csv(campaign):
    for text in ["", " ", "plain", "a,b", 'a"b', "a\nb", "a\rb", "\\.", "NULL", "ü", *FORMULAS]:
        ended(campaign, person=(text, ""), call={"external_id": text or None}, cause=text, answered_at=None)
    _, text = written("csv")
    by_python = io.BytesIO()
    formats.write_csv_rows(formats.pages(queries.attempts(Scope())), by_python)
    assert text.split(b"\n", 1)[1] == by_python.getvalue()


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_text_cell_of_csv_is_a_formula_and_each_can_be_read_back(campaign, formula):
    campaign.name = formula
    campaign.save()
    ended(
        campaign,
        call={"number": formula, "external_id": formula},
        cause=formula,
        digits=formula,
        caller_id=formula[:32],
    )
    [row] = csv_rows(written("csv")[1])
    assert not [cell for cell in row.values() if cell[:1] and cell[0] in "=+-@\t\r\n＝＋－＠"]
    assert row["number"].removeprefix("'") == row["campaign_name"].removeprefix("'") == formula
    assert row["external_id"] == row["cause"] == row["digits"] == f"'{formula}"


def test_a_phone_number_in_csv_keeps_its_plus_behind_an_apostrophe(campaign):
    ended(campaign)
    [row] = csv_rows(written("csv")[1])
    assert row["destination"] == "'+390612345200"


def test_json_lines_are_as_the_ledger_has_them(campaign):
    attempt = ended(campaign, call={"number": "=1+1"}, cost="0.1", answered_at=None)
    count, text = written("jsonl")
    [line] = text.decode().splitlines()
    shown = json.loads(line)
    assert count == 1
    assert list(shown) == list(formats.COLUMNS)
    assert shown["attempt"] == attempt.pk
    assert (shown["number"], shown["destination"]) == ("=1+1", "+390612345200")
    assert (shown["answered_at"], shown["ended_at"]) == (None, "2031-03-03T10:00:30Z")
    assert (shown["ring_seconds"], shown["cost"], shown["counts"], shown["contact_name"]) == (29, 0.1, True, "")


def test_xlsx_keeps_texts_as_texts_and_moments_as_dates(campaign):
    attempt = ended(campaign, call={"number": "0612", "external_id": "=1+1"}, digits="007", placed_at=None)
    count, content = written("xlsx")
    header, cells = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    row = dict(zip(header, cells, strict=True))
    assert count == 1
    assert header == list(formats.COLUMNS)
    assert (row["number"], row["external_id"], row["digits"], row["destination"]) == (
        "0612",
        "=1+1",
        "007",
        "+390612345200",
    )
    assert row["ended_at"] == dt.datetime(2031, 3, 3, 10, 0, 30)  # noqa: DTZ001
    assert (row["attempt"], row["talk_seconds"], row["counts"], row["placed_at"]) == (attempt.pk, 25, True, "")


@pytest.mark.parametrize(("count", "sheets"), [(0, [0]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_xlsx_goes_on_in_further_sheets(campaign, count, sheets):
    rows.reports(campaign, count)
    file = io.BytesIO()
    assert formats.write_xlsx(queries.attempts(Scope()), file, rows_per_sheet=3) == count
    book = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue()))
    found = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert [len(sheet) - 1 for sheet in found] == sheets
    column = list(formats.COLUMNS).index("external_id")
    assert [row[column] for sheet in found for row in sheet[1:]] == [f"n{n}" for n in range(count)]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_pages_neither_lose_nor_repeat_where_many_end_at_once(campaign, form):
    rows.reports(campaign, formats.PAGE * 2 + 3, apart=0)
    count, text = written(form)
    keys = (
        [json.loads(line)["attempt"] for line in text.splitlines()]
        if form == "jsonl"
        else [int(row["attempt"]) for row in csv_rows(text)]
    )
    assert count == len(keys) == formats.PAGE * 2 + 3
    assert keys == sorted(set(keys))


def test_only_the_scope_is_written_oldest_end_first(campaign):
    late, early = ended(campaign, ended_at=rows.at(90)), ended(campaign, ended_at=rows.at(60))
    ended(campaign, ended_at=rows.at(100))
    ended(campaign, ended_at=rows.at(59))
    ended(rows.campaign("Other"), ended_at=rows.at(60))
    scope = Scope(campaign_id=campaign.pk, since=rows.at(60), until=rows.at(100))
    for form in ("csv", "jsonl"):
        count, text = written(form, scope)
        assert count == 2
        assert [line.lstrip(b'{"attempt:').split(b",")[0] for line in text.splitlines()][-2:] == [
            str(early.pk).encode(),
            str(late.pk).encode(),
        ]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_memory_stays_constant_over_200_000_rows(campaign, form):
    rows.reports(campaign, 200_000)
    exports.stream(Scope(until=rows.at(1)), Nowhere(), form=form)
    # From here on the kernel counts the peak of this process anew.
    Path("/proc/self/clear_refs").write_text("5")
    before = resident_peak()
    assert exports.stream(Scope(), Nowhere(), form=form) == 200_000
    assert resident_peak() - before < 30 * 1024


def test_xlsx_holds_no_more_rows_than_a_page(campaign):
    rows.reports(campaign, 9_000)
    tracemalloc.start()
    try:
        formats.write_xlsx(queries.attempts(Scope()), Nowhere())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * 1024 * 1024


class Nowhere(io.RawIOBase):
    """A file that keeps nothing but its size."""

    size = 0

    def write(self, block):
        self.size += len(block)
        return len(block)

    def tell(self):
        return self.size

    def writable(self):
        return True


def resident_peak():
    """Return the most memory that this process has had, in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def test_xlsx_can_be_written_to_a_pipe(campaign):
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *args):
            raise io.UnsupportedOperation("seek")

    rows.reports(campaign, 2)
    pipe = Pipe()
    formats.write_xlsx(queries.attempts(Scope()), pipe)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(pipe.getvalue())).get_sheet_by_index(0)
    assert len(sheet.to_python()) == 3


# --- Files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.csv", "a.JSONL", "a.xlsx"])
def test_a_file_is_written_in_the_format_of_its_ending(campaign, tmp_path, name):
    rows.reports(campaign, 3)
    assert exports.export(Scope(), tmp_path / name) == 3
    start = {"csv": b"attempt,", "jsonl": b'{"attempt"', "xlsx": b"PK"}[name[2:].lower()]
    assert (tmp_path / name).read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_named_format_is_stronger_than_the_ending(campaign, tmp_path):
    exports.export(Scope(), tmp_path / "a.csv", form="xlsx")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"PK")


def test_an_export_that_breaks_off_leaves_the_file_of_before(campaign, tmp_path):
    rows.reports(campaign, formats.PAGE + 1)
    target = tmp_path / "a.jsonl"
    target.write_text("of before")

    def failing(execute, sql, params, many, context):
        if "(ended_at, attempt_id) >" in sql:
            raise OperationalError("The server went away.")
        return execute(sql, params, many, context)

    with pytest.raises(OperationalError), connection.execute_wrapper(failing):
        exports.export(Scope(), target)
    assert target.read_text() == "of before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_is_followed_and_stays_a_link(campaign, tmp_path):
    (tmp_path / "link.csv").symlink_to(tmp_path / "file.csv")
    exports.export(Scope(), tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "file.csv").read_text().startswith("attempt,")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("missing/a.csv", "There is no folder"),
        ("a.txt", "a.txt ends in none of .csv, .xlsx, .jsonl"),
        ("a", "a ends in none of"),
        ("folder.csv", "is no file"),
        ("/dev/null.csv/a.csv", "There is no folder"),
        ("/proc/a.csv", "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said(campaign, tmp_path, target, words):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(exports.NotExported, match=words):
        exports.export(Scope(), tmp_path / target)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.csv"]


def test_a_device_is_not_replaced(campaign):
    with pytest.raises(exports.NotExported, match="is no file"):
        exports.export(Scope(), Path("/dev/null"), form="csv")
    assert Path("/dev/null").is_char_device()
