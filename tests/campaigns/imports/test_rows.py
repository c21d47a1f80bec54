"""Rows: what becomes of each cell, and that a bad row never loses a good one."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Call, Contact, Intake
from campaigns.states import Api, Channel, Reason, ZoneSource

WHOLE = (
    "First name,Last name,Mobile,Email,Time zone,Priority,Due,External ID,Caller ID,Message,Plan\n"
    "Anna,Rossi,+39 312 342 7359,Anna@Example.com,Europe/Paris,7,2031-03-04 09:30,crm-1,+390612345678,Ciao Anna,gold\n"
)


def test_every_field_finds_its_column(load):
    [call] = load(WHOLE).calls()
    assert (call.number, call.destination, call.channel) == ("+39 312 342 7359", "+393123427359", Channel.VOICE)
    assert (call.zones, call.zone_source) == ("Europe/Paris", ZoneSource.CONTACT)
    assert (call.priority, call.external_id) == (7, "crm-1")
    assert (call.caller_id, call.message) == ("+390612345678", "Ciao Anna")
    assert call.due_at == dt.datetime(2031, 3, 4, 8, 30, tzinfo=dt.UTC)
    assert (call.ready, call.reason, call.next_look_at) == (False, Reason.DUE, call.due_at)
    person = call.contact
    assert (person.first_name, person.last_name, person.timezone) == ("Anna", "Rossi", "Europe/Paris")
    # What is not called over is kept with what no field is for.
    assert person.attributes == {"Plan": "gold", "email": "Anna@Example.com"}
    assert (person.account_id, person.campaign_id) == (call.account_id, call.campaign_id)


def test_a_bare_number_is_due_now_and_ready(world, load):
    [call] = load("phone\n312 342 7359\n").calls()
    assert (call.due_at, call.created_at, call.ready, call.reason) == (world.now, world.now, True, "")
    assert (call.zones, call.zone_source) == ("Europe/Rome,Europe/Vatican", ZoneSource.NUMBER)
    assert call.contact.uuid.version == 4


def test_the_engine_takes_up_what_was_imported(world, load):
    found = load("phone\n+3906123200\n+3906123486\n")
    world.run_until_idle()
    assert [call.outcome for call in found.calls()] == ["answered", "busy"]


def test_the_intake_says_which_file_it_was(world, load):
    found = load("phone,name\n+393123427359,Anna\n12,Bea\n,Carl\n")
    intake = Intake.objects.get()
    assert (intake.api, intake.request_id, intake.account) == (Api.IMPORT, "people.csv", world.account)
    assert intake.created_at == world.now
    assert len(intake.extra.pop("sha256")) == 64
    assert intake.extra == {
        "file": "people.csv",
        "size": 43,
        "duplicates": "refuse",
        "read": 3,
        "taken": 1,
        "updated": 0,
        "skipped": 0,
        "warned": 0,
        "refused": {"empty phone": 1, "too short": 1},
    }
    assert [call.intake_id for call in found.calls()] == [intake.pk]


def test_line_breaks_in_quotes_are_kept_and_counted(load):
    text = 'name,phone,note\nAnna,+393123427359,"one\ntwo ""quoted"", three\r\nfour"\nBea,12,"a\nb"\nCarl,,x\n'
    found = load(text)
    assert found.calls()[0].contact.attributes == {"note": 'one\ntwo "quoted", three\r\nfour'}
    assert list(found.reasons()) == [5, 7]


def test_a_quotation_mark_that_is_never_closed_costs_its_own_row_only(load):
    rows = [f"P{n},+3931234273{n:02}" for n in range(60)]
    rows[7] = '"P7,+393123427307'
    found = load("name,phone\n" + "\n".join(rows) + "\n")
    assert len(found.calls()) == 59
    assert found.reasons() == {9: "a quotation mark is opened and never closed"}


@pytest.mark.parametrize("closing", ['P30,"+393123427330"', '"P30",+393123427330'])
def test_an_unclosed_mark_that_meets_another_one_costs_its_own_row_only(load, closing):
    rows = [f"P{n},+3931234273{n:02}" for n in range(60)]
    rows[7], rows[30] = '"P7,+393123427307', closing
    found = load("name,phone\n" + "\n".join(rows) + "\n")
    assert len(found.calls()) == 59
    assert list(found.reasons()) == [9]


def test_endless_cells_and_lines_are_refused_and_the_next_rows_taken(load):
    text = f"name,phone\n{'x' * 200_000},+393123427359\nBea,+393123427360\n{'y' * 2_500_000}\nCarl,+393123427361\n"
    found = load(text)
    assert found.destinations() == ["+393123427360", "+393123427361"]
    assert found.reasons() == {2: "a cell or line is too long", 4: "a cell or line is too long"}


def test_a_line_of_many_long_cells_is_not_taken_in_part(load):
    header = "phone," + ",".join(f"note {n}" for n in range(12))
    cells = ",".join("x" * 100_000 for _ in range(12))
    found = load(f"{header}\n+393123427359,{cells}\n+393123427360{',y' * 12}\n")
    assert found.destinations() == ["+393123427360"]
    assert found.reasons() == {2: "a cell or line is too long"}


@pytest.mark.parametrize(
    "end", ["Carl,+39312342", 'Carl,"+393123427361,x\n', "Carl", "Carl,+393123427361,Citt\u00e0".encode()[:-1]]
)
def test_a_half_written_last_row_is_refused_and_the_others_taken(load, end):
    head = b"name,phone,city\nAnna,+393123427359,Rome\nBea,+393123427360,Rome\n"
    found = load(head + (end if isinstance(end, bytes) else end.encode()))
    assert found.destinations() == ["+393123427359", "+393123427360"]
    assert found.reasons() == {4: "the last row is half-written"}


def test_a_last_row_without_a_line_break_is_whole(load):
    assert load("name,phone\nAnna,+393123427359").destinations() == ["+393123427359"]


def test_rows_that_lost_their_blank_cells_are_taken_and_longer_ones_refused(load):
    text = "phone,name,city\n+393123427359\n+393123427360,Bea,Rome,,\n+393123427361,Carl,Rome,extra\n+393123427362,D\n"
    found = load(text)
    assert found.destinations() == ["+393123427359", "+393123427360", "+393123427362"]
    assert found.reasons() == {4: "4 cells where the header has 3"}


def test_columns_of_one_name_or_none_are_all_kept(load):
    [call] = load("phone,tag,tag,,tag\n+393123427359,a,b,c,d\n").calls()
    assert call.contact.attributes == {"tag": "a", "tag (2)": "b", "column 4": "c", "tag (3)": "d"}


@pytest.mark.parametrize(
    ("header", "cell", "column", "reason"),
    [
        ("name", "x" * 129, "name", "name too long: 129 characters, at most 128"),
        ("external id", "x" * 201, "external id", "external id too long: 201 characters, at most 200"),
        ("message", "x" * 5001, "message", "message too long: 5001 characters, at most 5000"),
        ("priority", "high", "priority", "'high' is no whole number"),
        ("priority", "99999999999", "priority", "'99999999999' is no whole number"),
        ("priority", "2147483648", "priority", "'2147483648' is no whole number"),
        ("due", "tomorrow", "due", "'tomorrow' is no moment; write it as 2031-03-03 14:30"),
        ("due", "0001-01-01T00:00:00+14:00", "due", "'0001-01-01T00:00:00+14:00' is no moment"),
        ("caller id", "ACME", "caller id", "'ACME': 3 to 15 digits are wanted"),
        ("channel", "pigeon", "channel", "'pigeon' is no channel; voice, sms and email are known"),
        ("note", "a\0b", "", "it holds a NUL character"),
    ],
)
def test_a_wrong_cell_is_refused_by_its_column(load, header, cell, column, reason):
    found = load(f"phone,{header}\n+393123427359,{cell}\n+393123427360,\n")
    assert found.destinations() == ["+393123427360"]
    [row] = found.refused
    assert (row["refused line"], row["refused column"], row["phone"]) == ("2", column, "+393123427359")
    assert row["refused because"].startswith(reason)


def test_an_unknown_zone_is_a_warning_that_says_what_is_used(load):
    text = "phone,time zone\n+33612375310,Mars/Base\n+393123427359,../../etc/passwd\n+80012345678,CET or so\n"
    found = load(text)
    assert [(call.zones, call.zone_source) for call in found.calls()] == [
        ("Europe/Paris", ZoneSource.NUMBER),
        ("Europe/Rome,Europe/Vatican", ZoneSource.NUMBER),
        ("", ZoneSource.ACCOUNT),
    ]
    assert "line 2: unknown time zone 'Mars/Base': the number's is used, Europe/Paris" in found.told
    assert "line 4: unknown time zone 'CET or so': the account's is used, Europe/Rome" in found.told
    assert {call.contact.timezone for call in found.calls()} == {""}


def test_many_warnings_are_counted_and_the_first_ones_shown(load):
    rows = "".join(f"+3931234273{n:02},Nowhere\n" for n in range(30))
    told = load(f"phone,tz\n{rows}").told
    assert told.count("unknown time zone") == 20
    assert "and 10 more" in told


def test_a_moment_is_in_the_persons_zone_the_numbers_or_the_accounts(load):
    text = (
        "phone,due,tz\n+33612375310,2031-07-01T10:00,America/New_York\n+33612375311,2031-07-01T10:00,\n"
        "+393123427359,2031-07-01T10:00,\n+393123427360,2031-07-01T10:00Z,\n+393123427361,2031-07-01,\n"
    )
    assert [call.due_at.strftime("%H:%M") for call in load(text).calls()] == [
        "14:00",
        "08:00",
        "08:00",
        "10:00",
        "22:00",
    ]


def test_a_moment_that_is_past_is_due_at_once(load):
    [call] = load("phone,due\n+33612375310,2030-01-01T10:00\n").calls()
    assert (call.ready, call.reason, call.next_look_at) == (True, "", None)


def test_emails_are_reached_by_email_and_rows_choose_their_channel(load):
    text = (
        "phone;email;channel\n;Anna@Example.com;\n+393123427359;bea@example.com;\n+393123427360;;SMS\n"
        "+393123427361;carl@example.com;e-mail\n+393123427362;;email\n;not an address;\nn/a;-;\n"
    )
    found = load(text)
    assert [(call.channel, call.destination) for call in found.calls()] == [
        ("email", "anna@example.com"),
        ("voice", "+393123427359"),
        ("sms", "+393123427360"),
        ("email", "carl@example.com"),
    ]
    assert found.calls()[3].contact.attributes == {"phone": "+393123427361"}
    assert found.reasons() == {
        6: "there is no email address",
        7: "no email address",
        8: "there is no phone number",
    }


def test_a_campaign_without_voice_reaches_phones_by_text(world, load):
    texts = world.campaign(channels={"voice": {"enabled": False}})
    assert load("phone\n+393123427359\n", campaign=texts).calls()[0].channel == Channel.SMS


def test_a_mapping_overrules_the_guess(load):
    text = "Phone,Home,City\n+393123427359,+390612345678,Rome\n"
    found = load(text, "--map", "home=phone", "3=last_name", "Phone=ignore")
    [call] = found.calls()
    assert (call.destination, call.contact.last_name, call.contact.attributes) == ("+390612345678", "Rome", {})


@pytest.mark.parametrize(
    "header",
    ["Handynummer", "Número de teléfono", "NUMERO CELULAR", "Téléphone", "мобильный телефон", "טלפון", "mobile_phone",
     "PhoneNumber", "Phone 1", "Tel.", "电话号码", "MSISDN"],
)  # fmt: skip
def test_phones_are_known_in_many_languages(load, header):
    assert load(f"{header},Nachname\n+393123427359,Meier\n").calls()[0].contact.last_name == "Meier"


def test_of_two_phone_columns_the_mobile_is_called_and_amounts_are_never_due_times(load):
    [call] = load("Phone,Amount due,Mobile phone\n+390612345678,12.50,+393123427359\n").calls()
    assert call.destination == "+393123427359"
    assert call.contact.attributes == {"Phone": "+390612345678", "Amount due": "12.50"}
    assert call.ready


def test_a_dry_run_tells_the_same_and_stores_nothing(load):
    text = "phone,tz\n+393123427359,Mars\n+39 312 342 7359,\n12,\n+393123427360,\n"
    dry = load(text, "--dry-run")
    for model in (Contact, Call, Intake):
        assert not model.objects.exists()
    assert dry.fault == ""
    assert dry.reasons() == {3: "duplicate of line 2", 4: "too short"}
    real = load(text)
    assert dry.told.replace(" (would be)", "") == real.told


def test_nothing_stored_is_a_failure_that_says_so(load):
    found = load("phone\n12\nabc\n")
    assert found.fault == "Nothing was stored: all of the 2 rows that count were refused."
    assert not Intake.objects.exists()


def test_an_import_takes_no_more_statements_for_more_rows(load, django_assert_max_num_queries):
    rows = "".join(f"+3931234{n:05}\n" for n in range(3000))
    with django_assert_max_num_queries(45):
        load(f"phone\n{rows}")
