"""A list as people send them comes in with exactly the counts of what is in it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from campaigns.models import Call, Contact, Intake
from campaigns.states import Api, ZoneSource

DATA = Path(__file__).parents[2] / "data"
COUNTS = json.loads((DATA / "contacts-messy.json").read_text())
REFUSED = {
    "scientific notation": "scientific notation",
    "name too long": "name too long",
    "two numbers": "two numbers in one cell",
    "duplicate": "duplicate",
    "letters": "letters in the number",
    "too long": "too long",
    "empty phone": "empty phone",
    "too short": "too short",
}
GOOD = sum(count for kind, count in COUNTS.items() if kind.startswith("good"))


@pytest.fixture
def imported(world, tmp_path):
    """Import the messy list; return the campaign, what was told, and the refused rows."""
    campaign = world.campaign()
    out, refused = io.StringIO(), tmp_path / "refused.csv"
    call_command("import_contacts", campaign.pk, DATA / "contacts-messy.csv", refused=refused, stdout=out)
    with refused.open(encoding="utf-8-sig", newline="") as file:
        return campaign, out.getvalue(), list(csv.DictReader(file, delimiter=";"))


def test_each_kind_is_taken_or_refused_as_often_as_it_is_in_the_list(imported):
    campaign, told, _ = imported
    intake = Intake.objects.get(api=Api.IMPORT)
    assert intake.extra["refused"] | {"duplicate": COUNTS["duplicate"]} == {
        words: COUNTS[kind] for kind, words in REFUSED.items()
    }
    assert (intake.extra["read"], intake.extra["taken"]) == (COUNTS["rows"], GOOD)
    assert intake.extra["warned"] == COUNTS["good, zone unknown"]
    assert Call.objects.filter(campaign=campaign, intake=intake).count() == GOOD
    assert Contact.objects.filter(campaign=campaign).count() == GOOD
    assert re.search(rf"refused +{COUNTS['rows'] - GOOD:,}\n", told)


def test_refused_rows_stand_in_a_file_with_line_column_reason_and_their_cells(imported):
    _, _, refused = imported
    assert len(refused) == COUNTS["rows"] - GOOD
    lines = [int(row["refused line"]) for row in refused]
    assert lines == sorted(lines)
    physical = (DATA / "contacts-messy.csv").read_text(encoding="utf-8-sig").split("\n")
    for row in refused:
        assert physical[int(row["refused line"]) - 1].startswith(row["First name"])
        assert row["Last Name"] in physical[int(row["refused line"]) - 1]
    reasons = [row["refused because"] for row in refused if row["refused column"] == "Mobile phone"]
    assert sum("scientific notation" in reason for reason in reasons) == COUNTS["scientific notation"]
    assert sum(reason.startswith("duplicate of line") for reason in reasons) == COUNTS["duplicate"]


def test_people_keep_their_names_notes_and_zones(imported):
    campaign, _, _ = imported
    notes = Contact.objects.filter(campaign=campaign).values_list("attributes__Notes", flat=True)
    assert sum("\n" in (note or "") for note in notes) == COUNTS["good, newline and quotes"]
    assert (
        Contact.objects.filter(campaign=campaign, first_name__startswith="=").count()
        == (COUNTS["good, formula in name"])
    )
    calls = Call.objects.filter(campaign=campaign)
    assert calls.filter(zone_source=ZoneSource.NUMBER).count() == COUNTS["good, zone unknown"]
    assert calls.filter(zone_source=ZoneSource.CONTACT).count() == GOOD - COUNTS["good, zone unknown"]
    sao_paulo = calls.select_related("contact").get(destination="+5511961261033")
    assert (sao_paulo.contact.first_name, sao_paulo.zones) == ("Радислав", "America/Sao_Paulo")
    assert sao_paulo.contact.attributes == {"Amount due": "769.94"}
    assert sao_paulo.number == "+55 11 96126-1033"
    assert sao_paulo.ready


def test_the_refused_file_can_be_imported_after_mending(imported, tmp_path):
    campaign, _, _ = imported
    mended = tmp_path / "mended.csv"
    text = (tmp_path / "refused.csv").read_text(encoding="utf-8-sig")
    header, row = text.splitlines()[0], "9;Mobile phone;empty phone;Ada;Mended;+39 312 999 0001;Europe/Rome;1;\n"
    mended.write_text(f"{header}\n{row}")
    call_command("import_contacts", campaign.pk, mended, stdout=io.StringIO())
    assert Contact.objects.get(campaign=campaign, first_name="Ada").attributes == {"Amount due": "1"}
