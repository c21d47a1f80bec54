"""A crash in the middle of an import stores nothing, and the import can be repeated."""

from __future__ import annotations

import io
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from campaigns import bulk
from campaigns.imports import columns, contacts, files
from campaigns.imports.faults import NotImported
from campaigns.models import Call, Contact, Intake
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 500


@pytest.fixture
def people(transactional_db, tmp_path):
    """Return a campaign and a list of people for it."""
    path = tmp_path / "people.csv"
    path.write_text("name,phone\n" + "".join(f"P{n},+3931234{n:05}\n" for n in range(ROWS)))
    with World.at("2031-03-03T10:00:00+00:00") as world:
        yield world.campaign(), path


def run(campaign, path):
    """Import the list."""
    call_command("import_contacts", str(campaign.pk), str(path), stdout=io.StringIO())


def assert_nothing_stored():
    """Assert that no part of the import is in the ledger, nor a draft of its refused rows."""
    assert not Call.objects.exists()
    assert not Contact.objects.exists()
    assert not Intake.objects.exists()


def execute(*statements):
    """Run statements of our own."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


BREAK_SQLITE = [
    """CREATE TRIGGER broken BEFORE INSERT ON campaigns_call WHEN NEW.destination = '+393123400300'
    BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END"""
]
BREAK_POSTGRES = [
    """CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.destination = '+393123400300' THEN {fault}; END IF; RETURN NEW; END $$""",
    "CREATE TRIGGER broken BEFORE INSERT ON campaigns_call FOR EACH ROW EXECUTE FUNCTION broken()",
]
MEND_POSTGRES = ["DROP TRIGGER broken ON campaigns_call", "DROP FUNCTION broken()"]


def test_a_database_that_fails_in_the_middle_keeps_nothing_and_a_repeat_takes_all(people):
    postgres = bulk.is_postgres()
    raised = [sql.format(fault="RAISE EXCEPTION 'the disk is gone'") for sql in BREAK_POSTGRES]
    execute(*(raised if postgres else BREAK_SQLITE))
    try:
        with pytest.raises(CommandError, match="Nothing was stored"):
            run(*people)
    finally:
        execute(*(MEND_POSTGRES if postgres else ["DROP TRIGGER broken"]))
    assert_nothing_stored()
    run(*people)
    assert Call.objects.count() == Contact.objects.count() == ROWS
    assert sorted(people[1].parent.iterdir()) == [people[1]]


@pytest.mark.postgres
def test_a_connection_that_breaks_in_the_middle_keeps_nothing_and_a_repeat_takes_all(people):
    execute(*[sql.format(fault="PERFORM pg_terminate_backend(pg_backend_pid())") for sql in BREAK_POSTGRES])
    try:
        with pytest.raises(CommandError, match="Nothing was stored"):
            run(*people)
        connection.close()
    finally:
        execute(*MEND_POSTGRES)
    assert_nothing_stored()
    run(*people)
    assert Call.objects.count() == Contact.objects.count() == ROWS


def test_a_campaign_that_is_finished_meanwhile_takes_nothing(people):
    campaign, path = people
    stale = type(campaign).objects.get(pk=campaign.pk)
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=campaign.created_at)
    source = files.open_file(path)
    wish = contacts.Wish(source=source, campaign=stale, fields=columns.choose(source.header, []))
    with pytest.raises(NotImported, match="finished and takes no more calls"):
        contacts.store(wish, now=campaign.created_at)
    assert_nothing_stored()


@pytest.mark.postgres
def test_the_ledger_can_be_written_while_a_file_is_judged(people):
    """Judging waits for nobody who writes, and nobody for it."""
    campaign, path = people
    with transaction.atomic():
        execute("LOCK TABLE campaigns_call IN SHARE MODE")
        fault = in_thread(lambda: call_command("import_contacts", str(campaign.pk), str(path), dry_run=True))
    assert fault is None


@pytest.mark.postgres
def test_two_imports_of_one_file_at_once_take_each_person_once(people):
    campaign, path = people
    faults = []
    threads = [threading.Thread(target=lambda: faults.append(in_thread(lambda: run(campaign, path)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(fault is None for fault in faults) == [False, True]
    assert Call.objects.count() == Contact.objects.count() == ROWS


def in_thread(work):
    """Do something on a connection of its own; return what it raised."""
    faults: list[BaseException | None] = [None]

    def target():
        try:
            work()
        except BaseException as fault:
            faults[0] = fault
        finally:
            connections.close_all()

    thread = threading.Thread(target=target)
    thread.start()
    thread.join(60)
    return faults[0]
