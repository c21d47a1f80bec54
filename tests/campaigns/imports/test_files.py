"""Files of every kind: encodings, delimiters, workbooks, and what is no list at all."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from campaigns.imports import workbook
from campaigns.models import Call, Contact, Intake
from campaigns.states import CampaignState

LIST = "Nome;Cognome;Telefono\nZoë;Müller;+39 312 342 7359\nÁngel;Ñandú;+39 312 342 7360\n"
TWO = ["+393123427359", "+393123427360"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"]
)
def test_every_usual_encoding_is_found_out(load, encoding):
    found = load(LIST, encoding=encoding)
    assert found.destinations() == TWO
    assert [call.contact.last_name for call in found.calls()] == ["Müller", "Ñandú"]


def test_letters_that_only_windows_knows_are_read(load):
    found = load("name;phone\n“Anna” €;+393123427359\n", encoding="cp1252")
    assert found.calls()[0].contact.first_name == "“Anna” €"


def test_cyrillic_in_utf16_without_a_mark_is_read(load):
    found = load("имя;телефон\nФедот;+39 312 342 7359\nЭмилия;+393123427360\n" * 1, encoding="utf-16-le")
    assert found.calls()[0].contact.first_name == "Федот"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(load, delimiter, ending):
    text = LIST.replace(";", delimiter).replace("\n", ending)
    assert load(text).destinations() == TWO


def test_commas_in_cells_do_not_mislead(load):
    text = "name;phone;note\nAnna;+393123427359;one, two, three, four\nBea;+393123427360;12,5, and, more\n"
    assert load(text).destinations() == TWO


def test_excels_own_first_line_names_the_delimiter(load):
    found = load("sep=|\nname|phone\nAnna|+393123427359\nBea|12\n")
    assert (found.destinations(), list(found.reasons())) == (TWO[:1], [4])


def test_one_column_of_numbers_is_a_list(load):
    assert load("phone\n+393123427359\n+393123427360\n").destinations() == TWO


def test_a_list_without_a_header_is_read_by_column_numbers(load):
    found = load("Anna;+393123427359\nBea;+393123427360\n", "--no-header", "--map", "2=phone")
    assert found.destinations() == TWO
    assert found.calls()[0].contact.attributes == {"column 1": "Anna"}


def sheet(path, rows, *, hidden=False):
    """Write rows into the second sheet of a workbook, from its third line and second column on."""
    book = xlsxwriter.Workbook(str(path))
    first = book.add_worksheet("Cover")
    second = book.add_worksheet("People")
    if hidden:
        second.activate()
        second.set_first_sheet()
        first.hide()
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            args = (cell, moment) if isinstance(cell, dt.datetime) else (cell,)
            second.write(number + 2, place + 1, *args)
    book.close()
    return path


# A sheet's moment has no zone.
NINE_THIRTY = dt.datetime.fromisoformat("2031-03-04T09:30")
PEOPLE = [
    ("Name", "Phone", "Due", "Member since", "VIP", "Score"),
    ("Anna", 393123427359, NINE_THIRTY, 1999, True, 1.5),
    ("Bea", "0039 312 342 7360", "", "", "", ""),
    ("Carl", 3.93e20, "", "", "", ""),
]


def test_a_sheet_of_a_workbook_is_read(load, tmp_path):
    found = load(sheet(tmp_path / "people.xlsx", PEOPLE), "--sheet", "People")
    assert found.destinations() == TWO
    anna = found.calls()[0]
    assert anna.number == "393123427359"
    assert anna.contact.attributes == {"Member since": "1999", "VIP": "true", "Score": "1.5"}
    # A moment of a sheet is in the person's own zone, or here in the account's: Rome has two for its mobiles.
    assert anna.due_at == dt.datetime(2031, 3, 4, 8, 30, tzinfo=dt.UTC)
    assert "scientific notation" in found.reasons()[6]
    assert found.calls()[0].intake.request_id == "people.xlsx"


def test_the_first_sheet_that_is_not_hidden_is_read(load, tmp_path):
    assert load(sheet(tmp_path / "people.xlsx", PEOPLE, hidden=True)).destinations() == TWO


def test_an_unknown_sheet_is_refused_with_those_that_there_are(load, tmp_path):
    path = sheet(tmp_path / "people.xlsx", PEOPLE)
    assert "there is no sheet 'Nobody'; there are Cover, People" in load(path, "--sheet", "Nobody").fault
    assert "the file is empty" in load(path).fault


def test_a_sheet_of_a_text_is_refused(load):
    assert "no workbook" in load(LIST, "--sheet", "People").fault


def test_a_workbook_that_unpacks_to_too_much_is_refused(load, tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (workbook.MAX_UNPACKED + 1))
    assert "save it as CSV" in load(path).fault


def test_a_half_written_or_foreign_workbook_is_refused(load, tmp_path):
    whole = sheet(tmp_path / "whole.xlsx", PEOPLE).read_bytes()
    assert "half-written" in load(whole[: len(whole) // 2], name="half.xlsx").fault
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "no workbook" in load(tmp_path / "other.zip").fault


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "the file is empty"),
        ("\n \n;;\n", "the file is empty"),
        ("name;phone\n", "a header and no row below it"),
        ("name;phone\n\n;\n", "a header and no row below it"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 20, "a binary file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "an old or encrypted Office file"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"\x01\x02\x9c\x00" * 100, "a binary file"),
        ("name;city\nAnna;Rome\n", "No column is known as phone or email"),
        ("Anna;+393123427359\nBea;+393123427360\n", "looks like a row of data: --no-header"),
    ],
)
def test_what_is_no_list_is_refused_by_name(load, content, told):
    found = load(content)
    assert told in found.fault
    assert not Intake.objects.exists()


def test_a_missing_file_a_directory_and_a_closed_one_are_refused(load, tmp_path):
    assert f"{tmp_path / 'nowhere.csv'}: there is no such file" in load(tmp_path / "nowhere.csv").fault
    assert "it is a directory" in load(tmp_path).fault


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (["Nowhere=phone"], "there is no column 'Nowhere'; the columns are 'Nome', 'Cognome', 'Telefono'"),
        (["Nome=shoe_size"], "the fields are phone, email, first_name"),
        (["Nome"], "column=field is wanted"),
        (["9=phone"], "there is no column '9'"),
        (["Nome=phone", "Cognome=phone"], "two columns are to be phone"),
        (["Telefono=ignore"], "No column is known as phone or email"),
    ],
)
def test_a_wrong_mapping_is_refused_with_what_is_known(load, pairs, told):
    assert told in load(LIST, "--map", *pairs).fault


def test_an_unknown_or_finished_campaign_is_refused(world, load, tmp_path):
    load(LIST)
    path = tmp_path / "people.csv"
    for name in ("999999999", "Nobody", "0b5e5c2e-0000-4000-8000-000000000000", "9" * 30):
        with pytest.raises(CommandError, match=f"There is no campaign '{name}'"):
            call_command("import_contacts", name, str(path))
    finished = world.campaign(state=CampaignState.DRAFT)
    finished.state, finished.finished_at = CampaignState.FINISHED, world.now
    finished.save()
    assert "is finished and takes no more calls" in load(LIST, campaign=finished).fault
    assert not Contact.objects.filter(campaign=finished).exists()


def test_a_campaign_is_named_by_id_uuid_or_unique_name(world, load, tmp_path):
    load(LIST)
    path, one = str(tmp_path / "people.csv"), world.campaign(name="Winter dues")
    for name in ("Winter dues", str(one.uuid), str(one.pk)):
        call_command("import_contacts", name, path, duplicates="allow", stdout=io.StringIO())
    assert Call.objects.filter(campaign=one).count() == 6
    other = world.campaign(name="Winter dues")
    with pytest.raises(CommandError, match=f"name one by its id: {one.pk}, {other.pk}"):
        call_command("import_contacts", "Winter dues", path)


def test_a_campaign_of_another_account_is_unknown_where_the_account_is_named(world, load, tmp_path):
    load(LIST)
    other = world.other_account()
    path, mine = str(tmp_path / "people.csv"), str(world.campaign(name="Mine").pk)
    for name in (mine, "Mine"):
        with pytest.raises(CommandError, match=f"no campaign '{name}' in the account 'Other'"):
            call_command("import_contacts", name, path, account=str(other["account"]))
    with pytest.raises(CommandError, match="There is no account 'Nobody'"):
        call_command("import_contacts", mine, path, account="Nobody")
    call_command("import_contacts", "Mine", path, account="Acme", stdout=io.StringIO())
    assert Call.objects.filter(campaign=mine).count() == 2


def test_a_file_of_refused_rows_that_cannot_be_written_stores_nothing(load, tmp_path):
    found = load(LIST, refused=tmp_path / "nowhere" / "refused.csv")
    assert "name another with --refused" in found.fault
    assert found.calls() == []
