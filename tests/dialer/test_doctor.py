"""`manage.py doctor`: every sentence it can say is made to appear, and it changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import threading

import psycopg
import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from campaigns.models import Account, Call, CallAttempt, Campaign, Suppression
from dialer import clock, credentials, doctor, heartbeats, surroundings, symptoms
from dialer.models import CarrierHealth, Heartbeat
from dialer.symptoms import Level, Moment
from reports.models import AttemptReport, DueReport, HourlySum
from tests.calls import add, number

DAY = dt.timedelta(days=1)


@pytest.fixture
def at_work(world, tmp_path, settings):
    """A world whose engine is well, with a broker that can be reached."""
    settings.VAR_DIR = tmp_path
    for part in ("tick", "report"):
        Heartbeat.objects.create(part=part, beat_at=world.now)
    return world


def _examined(world, **options) -> doctor.Findings:
    found = doctor.examine(Moment(engine=world.now, wall=world.now), **options)
    # On PostgreSQL the virtual clock is years ahead of the database's.
    found.symptoms = [each for each in found.symptoms if each.code != "clock_skewed" or "database" not in each.message]
    return found


def _symptoms(world) -> dict[str, symptoms.Symptom]:
    return {symptom.code: symptom for symptom in _examined(world).symptoms}


def _command(capsys, *argv):
    """Run the command; return its status and what it said."""
    try:
        call_command("doctor", *argv)
        status = 0
    except SystemExit as end:
        status = end.code
    return status, capsys.readouterr().out


# --- The command -------------------------------------------------------------------------------------------------


def test_it_is_well_when_all_is_in_order(at_work):
    campaign = at_work.campaign()
    add(at_work, campaign, number(1, "200"), number(2, "486"))
    at_work.run(minutes=5)
    Heartbeat.objects.update(beat_at=at_work.now)

    found = _examined(at_work, full=True)

    assert (found.status, found.symptoms, found.broken, found.unfinished) == ("ok", [], {}, [])
    assert found.looked > 30


@pytest.fixture
def well(db, tmp_path, settings):
    """An installation on the real clock whose engine has just worked."""
    settings.VAR_DIR = tmp_path
    account = credentials.open_account(name="Acme")["account"]
    for part in ("tick", "report"):
        Heartbeat.objects.create(part=part, beat_at=timezone.now())
    return Account.objects.get(pk=account)


def test_the_command_says_that_it_is_well(well, capsys):
    status, said = _command(capsys)

    assert status == 0
    assert re.fullmatch(
        r"Well: all is in order\. \d\d looks, at attempts since \d{4}-\d\d-\d\d \d\d:\d\d UTC\.\n", said
    )
    told = json.loads(_command(capsys, "--json", "--full")[1])
    assert {name: told[name] for name in ("status", "since", "broken", "symptoms", "unfinished")} == {
        "status": "ok",
        "since": None,
        "broken": {},
        "symptoms": [],
        "unfinished": [],
    }
    assert _command(capsys, "--full")[1].endswith("looks, at everything.\n")


def test_warnings_alone_end_well_and_what_fails_does_not(well, capsys):
    Account.objects.update(allowed_prefixes=[])
    status, said = _command(capsys)
    assert status == 0
    assert said.startswith("WARNING  The account ")
    assert "\nWell, with warnings. " in said

    Heartbeat.objects.filter(part="tick").delete()
    status, said = _command(capsys)
    assert status == 1
    assert said.index("FAILING  The engine has never run here") < said.index("WARNING")
    assert "NOT WELL: 1 thing to mend." in said
    status, said = _command(capsys, "--json")
    told = json.loads(said)
    assert (status, told["status"]) == (1, "failing")
    assert {each["code"] for each in told["symptoms"]} == {"tick_silent", "account_calls_nobody"}


def test_what_must_never_be_is_told_with_its_rows_and_ends_with_1(at_work, capsys):
    campaign = at_work.campaign()
    [call] = add(at_work, campaign, number(1, "200"))
    Call.objects.update(attempts_total=5)
    CallAttempt.objects.create(
        account=at_work.account,
        campaign=campaign,
        call=call,
        n=1,
        carrier="voice",
        destination=call.destination,
        state="claimed",
        claimed_at=at_work.now,
        check_at=at_work.now,
    )

    status, said = _command(capsys)

    assert status == 1
    assert "BROKEN   an open attempt belongs to a call in progress. This must never be" in said
    assert f"\n           attempt {CallAttempt.objects.get().pk}\n" in said
    told = json.loads(_command(capsys, "--json")[1])
    assert told["broken"]["a call's counters equal its attempts"] == [f"call {call.pk}"]


def test_lately_is_looked_at_unless_everything_is_wanted(at_work):
    campaign = at_work.campaign()
    add(at_work, campaign, number(1, "200"))
    at_work.run(minutes=5)
    AttemptReport.objects.all().delete()
    HourlySum.objects.all().delete()
    name = "every ended attempt has its report, or it is due"
    assert name in _examined(at_work).broken
    at_work.move_to(at_work.now + 2 * DAY)
    assert name not in _examined(at_work).broken
    assert name in _examined(at_work, full=True).broken


def test_it_changes_nothing(at_work):
    campaign = at_work.campaign()
    add(at_work, campaign, number(1, "503"), number(2, "200"))
    at_work.run(seconds=2)
    CarrierHealth.objects.create(alias="sms", failures=1, open_until=at_work.now, opened_at=at_work.now)
    kinds = (Call, CallAttempt, Campaign, CarrierHealth, Heartbeat, DueReport)
    before = [list(kind.objects.order_by("pk").values()) for kind in kinds]
    _examined(at_work, full=True)
    assert before == [list(kind.objects.order_by("pk").values()) for kind in kinds]
    # Whoever called it may write again.
    Account.objects.update(name="Still written")


def test_a_look_can_write_nothing(at_work):
    with pytest.raises(DatabaseError), transaction.atomic(), doctor._read_only(5):
        Account.objects.update(name="Written")
    assert Account.objects.get(pk=at_work.account.pk).name == "Acme"


def test_a_look_that_takes_too_long_is_named_and_the_others_go_on(at_work):
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT COUNT(*) FROM n"
    found = doctor.Findings(since=None)
    with doctor._looking("a slow look", found, 0.2), connection.cursor() as cursor:
        cursor.execute(slow)
    assert [each.partition(":")[0] for each in found.unfinished] == ["a slow look"]
    assert found.status == "warning"
    with doctor._looking("a quick look", found, 0.2):
        assert Account.objects.exists()
    assert len(found.unfinished) == 1


# --- The engine --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("tick", "The engine has not run for 45 s: no call is placed."),
        ("report", "The builder of reports has not run for 45 s: ended attempts are missing from reports."),
    ],
)
def test_a_part_that_is_silent(at_work, part, told):
    Heartbeat.objects.filter(part=part).update(beat_at=at_work.now - dt.timedelta(seconds=45))
    [found] = _symptoms(at_work).values()
    assert (found.level, found.code) == (Level.FAILING, f"{part}_silent")
    assert found.message.startswith(told)
    Heartbeat.objects.filter(part=part).delete()
    assert "has never run here" in _symptoms(at_work)[f"{part}_silent"].message


def test_a_carrier_that_takes_no_calls_is_told_with_the_calls_that_failed(at_work):
    campaign = at_work.campaign(capacity=100)
    add(at_work, campaign, *(number(index, "503") for index in range(12)))
    at_work.run(seconds=3)
    Heartbeat.objects.update(beat_at=at_work.now)
    found = _symptoms(at_work)["carrier_down"]
    assert found.level == Level.FAILING
    assert "The carrier voice takes no calls since 2031-03-03 10:00:" in found.message
    assert "it is tried again at 2031-03-03 10:00:" in found.message
    assert "manage.py reset_carrier voice" in found.message
    last = CallAttempt.objects.filter(outcome="congestion").order_by("-pk").first()
    assert any(row.startswith(f"attempt {last.pk}: ") for row in found.rows)
    CarrierHealth.objects.update(open_until=at_work.now)
    assert "it is on trial" in _symptoms(at_work)["carrier_down"].message


def test_a_carrier_that_fails_now_and_then_is_a_warning(at_work):
    CarrierHealth.objects.create(alias="voice", failures=4, changed_at=at_work.now, evidence=[{"attempt": 1}])
    assert _symptoms(at_work) == {}
    CarrierHealth.objects.update(failures=5)
    found = _symptoms(at_work)["carrier_failing"]
    assert (found.level, found.message[:54]) == (
        Level.WARNING,
        "The carrier voice failed the last 5 calls in a row; it",
    )
    CarrierHealth.objects.update(changed_at=at_work.now - DAY)
    assert _symptoms(at_work) == {}


def test_a_queue_that_nobody_serves(at_work):
    campaign = at_work.campaign()
    [call] = add(at_work, campaign, number(1, "200"))
    assert _symptoms(at_work) == {}
    at_work.move_to(at_work.now + dt.timedelta(minutes=5))
    Heartbeat.objects.update(beat_at=at_work.now)
    found = _symptoms(at_work)["queue_old"]
    assert found.level == Level.FAILING
    told = f"Call {call.pk} of campaign {campaign.pk} could have gone 5 min ago, and nobody has claimed a call"
    assert found.message.startswith(told)


def test_a_queue_without_room_is_not_old(at_work):
    campaign = at_work.campaign(capacity=0)
    add(at_work, campaign, number(1, "200"))
    at_work.move_to(at_work.now + dt.timedelta(minutes=5))
    Heartbeat.objects.update(beat_at=at_work.now)
    assert set(_symptoms(at_work)) == {"campaign_stands"}


def test_reports_that_nobody_builds(at_work):
    campaign = at_work.campaign()
    add(at_work, campaign, number(1, "200"))
    at_work.run(minutes=5)
    attempt = CallAttempt.objects.get()
    AttemptReport.objects.all().delete()
    HourlySum.objects.all().delete()
    DueReport.objects.create(attempt=attempt)
    Heartbeat.objects.update(beat_at=at_work.now)
    found = _symptoms(at_work)["reports_old"]
    assert found.level == Level.FAILING
    assert found.message.startswith(f"The report of attempt {attempt.pk} has been due for 4 min, with 1 in all.")


def test_attempts_that_nobody_asks_about(at_work):
    campaign = at_work.campaign(flow={"steps": [{"do": "say", "text": "word " * 900}]})
    add(at_work, campaign, number(1, "200"))
    at_work.run(seconds=10)
    CallAttempt.objects.update(check_at=at_work.now - dt.timedelta(seconds=90))
    Heartbeat.objects.update(beat_at=at_work.now)
    found = _symptoms(at_work)["attempts_late"]
    assert found.message.startswith(
        "1 attempts in progress over voice should have been asked about, the first 90 s ago."
    )
    assert found.rows == (f"attempt {CallAttempt.objects.get().pk}",)


def test_an_account_that_calls_nobody(at_work):
    Account.objects.update(allowed_prefixes=[])
    found = _symptoms(at_work)["account_calls_nobody"]
    assert found.level == Level.WARNING
    assert found.message.startswith(f"The account {at_work.account.pk} “Acme” allows no prefix, so it calls nobody.")
    Account.objects.update(is_active=False)
    assert _symptoms(at_work) == {}


def test_a_running_campaign_in_which_nothing_can_go(at_work):
    campaign = at_work.campaign(capacity=0)
    add(at_work, campaign, number(1, "200"))
    found = _symptoms(at_work)["campaign_stands"]
    assert found.level == Level.WARNING
    assert found.message.startswith(f"Nothing can go in the running campaign {campaign.pk} “Test”: 1 call waiting.")
    assert found.rows == ("capacity: Its capacity is 0, which places no call. Set how many may be in progress.",)


def test_no_more_campaigns_are_looked_at_closely_than_can_be(at_work):
    for _ in range(symptoms.MOST_CAMPAIGNS + 2):
        add(at_work, at_work.campaign(), number(1, "200"), due_at=at_work.now + DAY)
    assert _symptoms(at_work)["campaigns_not_looked_at"].message.startswith(
        "2 more running campaigns place nothing now"
    )


# --- What it stands on -------------------------------------------------------------------------------------------


def test_missing_migrations(at_work):
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("dialer")
    MigrationRecorder(connection).record_unapplied(*newest)
    found = _symptoms(at_work)["migrations_missing"]
    assert found.level == Level.FAILING
    assert "migrations are missing in the database. Run manage.py migrate" in found.message


@pytest.mark.parametrize(("seconds", "level"), [(10, Level.WARNING), (40, Level.FAILING)])
def test_a_heartbeat_from_the_future(at_work, seconds, level):
    Heartbeat.objects.filter(part="tick").update(beat_at=at_work.now + dt.timedelta(seconds=seconds))
    found = _symptoms(at_work)["clock_skewed"]
    assert found.level == level
    assert found.message.startswith(f"The heartbeat of tick lies {seconds} s in the future")


@pytest.mark.parametrize(("off", "way"), [(3.5, "ahead of"), (-3.5, "behind")])
def test_a_worker_whose_clock_is_not_the_databases(at_work, off, way):
    Heartbeat.objects.filter(part="tick").update(detail={"host": "w1", "skew_seconds": off})
    told = [each.message for each in symptoms.clocks_apart(Moment(engine=at_work.now, wall=at_work.now))]
    assert told[0].startswith(f"The clock of w1, which ran tick, is 3.5 s {way} the database's.")


@pytest.mark.postgres
def test_this_machines_clock_is_compared_with_the_databases(db, settings):
    settings.DATABASE_CLOCK = True
    now = clock.wall()
    moment = Moment(engine=now, wall=now)
    assert list(surroundings.clock(moment)) == []
    heartbeats.beat("tick")
    assert abs(Heartbeat.objects.get().detail["skew_seconds"]) < 2

    with time_machine.travel(timezone.now() + dt.timedelta(seconds=40)):
        [found] = surroundings.clock(moment)
        heartbeats.beat("tick")

    assert (found.level, found.code) == (Level.FAILING, "clock_skewed")
    assert "s ahead of the database's." in found.message
    assert 38 < Heartbeat.objects.get().detail["skew_seconds"] < 42


@pytest.mark.parametrize(("megabytes", "level"), [(900, Level.WARNING), (100, Level.FAILING)])
def test_a_disk_that_is_nearly_full(at_work, monkeypatch, megabytes, level):
    usage = shutil.disk_usage(settings.VAR_DIR)._replace(total=9_000_000_000, free=megabytes * 1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    found = _symptoms(at_work)["disk_low"]
    assert found.level == level
    assert f"has {megabytes} MB left of 9,000. Free some." in found.message


def test_a_broker_that_cannot_be_reached(at_work, monkeypatch):
    app = surroundings.current_app
    monkeypatch.setitem(app.conf, "broker_url", "redis://:secret@127.0.0.1:1/0")
    monkeypatch.setitem(app.conf, "broker_write_url", "redis://:secret@127.0.0.1:1/0")
    monkeypatch.setitem(app.conf, "broker_transport", None)
    found = _symptoms(at_work)["broker_unreachable"]
    assert found.level == Level.FAILING
    assert "The broker redis://" in found.message
    assert "secret" not in found.message


@pytest.mark.postgres
def test_a_transaction_that_is_open_for_long(at_work):
    own = connection.settings_dict
    where = {"host": own["HOST"], "port": own["PORT"] or 5432, "user": own["USER"], "password": own["PASSWORD"]}
    with psycopg.connect(dbname=own["NAME"], application_name="forgotten", **where) as other:
        pid = other.execute("SELECT pg_backend_pid()").fetchone()[0]
        moment = Moment(engine=at_work.now, wall=at_work.now)
        [found] = surroundings.long_transactions(moment, longest=0)
        assert list(surroundings.long_transactions(moment)) == []
    assert found.level == Level.WARNING
    assert any(row.startswith(f"pid {pid}: open for 0 s, idle in transaction, forgotten") for row in found.rows)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_tables_that_nobody_tidies(world):
    moment = Moment(engine=world.now, wall=world.now)
    add(world, world.campaign(), *(number(index, "200") for index in range(40)))
    for _ in range(3):
        Call.objects.update(priority=models.F("priority") + 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")

    [found] = surroundings.untidied(moment, least=100)

    assert (found.level, found.code) == (Level.WARNING, "untidied")
    assert [row for row in found.rows if re.fullmatch(r"campaigns_call: \d{3,} rows done with, \d+ others", row)]
    assert list(surroundings.untidied(moment)) == []


def test_a_database_that_cannot_be_used(at_work, capsys, tmp_path):
    wrong = (
        {"NAME": str(tmp_path / "no" / "such" / "folder")}
        if connection.vendor == "sqlite"
        else {"HOST": "127.0.0.1", "PORT": 1}
    )
    raised = []

    def ask():
        # A thread has a connection of its own.
        connections["default"].settings_dict = connection_settings | wrong
        try:
            call_command("doctor")
        except CommandError as error:
            raised.append(str(error))
        finally:
            connections["default"].close()

    connection_settings = dict(connection.settings_dict)
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert raised
    assert raised[0].startswith("The database cannot be used (")
    assert "correct DATABASE_URL" in raised[0]


def test_suppressions_are_looked_at_lately_too(at_work):
    campaign = at_work.campaign()
    add(at_work, campaign, number(1, "200"))
    at_work.run(minutes=2)
    listed = {"destination": Call.objects.get().destination, "created_at": at_work.now - DAY}
    Suppression.objects.create(account=at_work.account, **listed)
    assert "nothing is placed to a suppressed destination" in _examined(at_work).broken
