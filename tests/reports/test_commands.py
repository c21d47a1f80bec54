"""The commands of reports, as an operator types them."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from reports import building
from reports.models import AttemptReport, HourlySum
from tests.reports import rows


@pytest.fixture
def campaign(db):
    made = rows.campaign()
    # In Rome, where the account is: the 2nd at 23:59, the 3rd at 0:00, 11:00 and 23:59, the 4th at 0:00.
    hours = [-12 + 59 / 60, -11, 0, 13 - 1 / 60, 13]
    building.note_ended(
        rows.attempts(
            made,
            [{"ended_at": rows.at(hour * 3600), "answered_at": None, "digits": str(n)} for n, hour in enumerate(hours)],
        )
    )
    building.build()
    return made


def run(*words):
    out = io.StringIO()
    call_command(*words, stdout=out, no_color=True)
    return out.getvalue()


def test_export_writes_the_file_and_says_how_many(campaign, tmp_path):
    target = tmp_path / "a.csv"
    said = run("export_attempts", str(campaign.pk), "-o", str(target))
    assert said == f"5 attempts of Dues written to {target}\n"
    assert len(target.read_text().splitlines()) == 6


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ([], "01234"),
        (["--since", "2031-03-03"], "1234"),
        (["--until", "2031-03-03"], "0123"),
        (["--since", "2031-03-03", "--until", "2031-03-03"], "123"),
        (["--since", "2031-03-03T11:00"], "234"),
        (["--since", "2031-03-03T11:00Z"], "34"),
        (["--until", "2031-03-03T11:00"], "01"),
    ],
)
def test_export_reads_dates_in_the_campaigns_zone(campaign, tmp_path, span, found):
    target = tmp_path / "a.csv"
    run("export_attempts", "Dues", "-o", str(target), *span)
    header, *lines = [line.split(",") for line in target.read_text().splitlines()]
    assert "".join(line[header.index("digits")] for line in lines) == found


def test_export_to_standard_output_is_the_file_and_nothing_else(campaign, tmp_path, capfdbinary):
    run("export_attempts", str(campaign.uuid), "-o", str(tmp_path / "a.csv"))
    run("export_attempts", str(campaign.uuid), "-o", "-")
    assert capfdbinary.readouterr().out == (tmp_path / "a.csv").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Dues2", "-o", "a.csv"], "No single campaign has the id, uuid or name 'Dues2'"),
        (["Dues", "-o", "a.csv", "--format", "pdf"], "There is no format 'pdf'; there are csv, xlsx, jsonl"),
        (["Dues", "-o", "a.txt"], "a.txt ends in none of"),
        (["Dues", "-o", "missing/a.csv"], "There is no folder"),
        (["Dues", "-o", "a.csv", "--since", "yesterday"], "'yesterday' is no date or moment"),
    ],
)
def test_export_says_what_is_wrong(campaign, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match=message):
        run("export_attempts", *words)
    assert list(tmp_path.iterdir()) == []


def test_check_shows_the_totals_compared(campaign):
    said = run("check_reports", "Dues")
    assert said.splitlines()[1].split() == ["attempts", "5", "5", "5"]
    assert said.endswith("Totals equal detail.\n")
    assert run("check_reports") == said


def test_check_tells_what_is_still_due(campaign):
    building.note_ended(rows.attempts(campaign, [{}, {}]))
    building.note_ended(rows.attempts(rows.campaign("Other"), [{}]))
    assert "2 reports are still due" in run("check_reports", "Dues")
    assert "3 reports are still due" in run("check_reports")


def test_check_prints_each_difference_and_fails_until_rebuilt(campaign):
    HourlySum.objects.filter(hour=rows.START).update(attempts=2)
    AttemptReport.objects.filter(digits="1").delete()
    out = io.StringIO()
    with pytest.raises(CommandError, match="Totals differ from detail in 2 places") as failure:
        call_command("check_reports", "Dues", stdout=out)
    assert failure.value.returncode == 1
    assert "attempts sums 2, reports 1, ledger 1" in out.getvalue()

    assert run("rebuild_reports", "Dues") == ("Rebuilt the sums of Dues; 1 reports were missing and are there now.\n")
    assert run("check_reports", "Dues").endswith("Totals equal detail.\n")


@pytest.mark.parametrize("command", ["check_reports", "rebuild_reports"])
def test_an_unknown_campaign_is_said(db, command):
    with pytest.raises(CommandError, match="No single campaign"):
        run(command, "77")
