"""Reports are built once for each ended attempt, and the sums are exactly theirs."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import CallAttempt
from dialer import tasks
from reports import building, recounts
from reports.models import AttemptReport, DueReport, HourlySum
from tests.reports import rows


def built(*attempts: CallAttempt) -> list[AttemptReport]:
    building.note_ended([attempt.pk for attempt in attempts])
    building.build()
    return [AttemptReport.objects.get(attempt=attempt) for attempt in attempts]


@pytest.mark.django_db
def test_a_report_shows_all_that_the_ledger_knows_of_an_attempt():
    campaign = rows.campaign("Dues Nov")
    call = {"number": "06 12345", "external_id": "crm-7", "intake": rows.intake(campaign, "jaicp")}
    told = {"caller_id": "390699", "cause": "SIP 200", "digits": "12#", "counts": False, "abandoned": True}
    attempt = rows.attempt(campaign, person=("Anna", "Rossi"), call=call, n=2, cost="0.01250", **told)

    [report] = built(attempt)

    shown = {field.attname: getattr(report, field.attname) for field in AttemptReport._meta.concrete_fields}
    assert shown == {
        "attempt_id": attempt.pk,
        "account_id": campaign.account_id,
        "campaign_id": campaign.pk,
        "call_id": attempt.call_id,
        "campaign_name": "Dues Nov",
        "contact_name": "Anna Rossi",
        "external_id": "crm-7",
        "api": "jaicp",
        "channel": "voice",
        "number": "06 12345",
        "destination": "+390612345200",
        "carrier": "voice",
        "n": 2,
        "outcome": "answered",
        "claimed_at": rows.at(0),
        "placed_at": rows.at(1),
        "answered_at": rows.at(5),
        "ended_at": rows.at(30),
        "ring_seconds": Decimal("4.000"),
        "talk_seconds": Decimal("25.000"),
        "cost": Decimal("0.01250"),
        **told,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("times", "ring", "talk"),
    [
        pytest.param({"ringing_at": 3.25, "answered_at": 5, "ended_at": 30}, "1.75", "25", id="from ringing"),
        pytest.param({"answered_at": None, "ended_at": 12.3456}, "11.346", "0", id="never answered"),
        pytest.param({"placed_at": None, "answered_at": None, "ended_at": 9}, "0", "0", id="never placed"),
        pytest.param({"answered_at": 0.5, "ended_at": 0.25}, "0", "0", id="stamped in reverse"),
        pytest.param({"answered_at": 1.0005, "ended_at": 2.001499}, "0.001", "1.001", id="halves go up"),
        pytest.param({"answered_at": 1, "ended_at": 86_400 * 12}, "0", "999999.999", id="longer than the column"),
    ],
)
def test_durations(times, ring, talk):
    moments = {name: None if second is None else rows.at(second) for name, second in times.items()}
    [report] = built(rows.attempt(rows.campaign(), **moments))
    assert (report.ring_seconds, report.talk_seconds) == (Decimal(ring), Decimal(talk))


@pytest.mark.django_db
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_texts_and_emails_neither_ring_nor_talk(channel):
    [report] = built(rows.attempt(rows.campaign(), channel=channel))
    assert (report.ring_seconds, report.talk_seconds) == (0, 0)


@pytest.mark.django_db
def test_a_call_without_contact_intake_or_key_is_reported_with_blanks():
    [report] = built(rows.attempt(rows.campaign()))
    assert (report.contact_name, report.api, report.external_id) == ("", "", "")


@pytest.mark.django_db
def test_an_attempt_noted_twice_is_counted_once():
    attempt = rows.attempt(rows.campaign())
    built(attempt)
    built(attempt)
    assert HourlySum.objects.get().attempts == 1
    assert AttemptReport.objects.count() == 1


@pytest.mark.django_db
def test_a_build_takes_no_more_than_its_limit_and_says_how_many():
    building.note_ended(rows.attempts(rows.campaign(), [{}] * 5))
    assert [building.build(limit=3), building.build(limit=3), building.build(limit=3)] == [3, 2, 0]


@pytest.mark.django_db
def test_sums_of_tenths_are_exact_in_any_batches():
    tenths = {"answered_at": rows.at(1.1), "ended_at": rows.at(1.2), "cost": "0.1"}
    building.note_ended(rows.attempts(rows.campaign(), [tenths] * 1000))
    while building.build(limit=7):
        pass
    assert recounts.recount() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT ring_seconds, talk_seconds, cost FROM reports_hourlysum")
        assert [float(cell) for cell in cursor.fetchone()] == [100, 100, 100]


@pytest.mark.django_db
def test_the_task_builds_until_nothing_is_due():
    building.note_ended(rows.attempts(rows.campaign(), [{}] * 1200))
    tasks.build_reports(from_a_newer_publisher=True)
    assert (DueReport.objects.count(), AttemptReport.objects.count()) == (0, 1200)


@pytest.mark.django_db
def test_building_costs_the_same_number_of_queries_for_one_and_for_many(django_assert_num_queries):
    campaign = rows.campaign()
    building.note_ended(rows.attempts(campaign, [{}]))
    with django_assert_num_queries(6):
        building.build()
    building.note_ended(rows.attempts(campaign, [{}] * 300))
    with django_assert_num_queries(6):
        building.build()


@pytest.mark.django_db
def test_a_crash_at_any_statement_loses_and_doubles_nothing():
    campaign = rows.campaign()
    crashes = 0
    for k in range(1, 100):
        building.note_ended(rows.attempts(campaign, [{}, {"outcome": "busy", "answered_at": None}]))
        try:
            with transaction.atomic(), connection.execute_wrapper(failing_at(k)):
                building.build()
        except OperationalError:
            crashes += 1
            building.build()
        else:
            break
    assert crashes == 6
    assert recounts.recount() == []
    assert sum(HourlySum.objects.values_list("attempts", flat=True)) == 2 * (crashes + 1)


def failing_at(k):
    seen = 0

    def wrapper(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen == k:
            raise OperationalError("The server went away.")
        return execute(sql, params, many, context)

    return wrapper


# --- Any attempts, in any batches, with any repeats ---------------------------------------------------------------

microseconds = st.integers(0, 3 * 3600 * 1_000_000).map(lambda n: rows.START + dt.timedelta(microseconds=n))
ended = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["voice", "voice", "sms"]),
        "outcome": st.sampled_from(["answered", "machine", "busy", "unknown"]),
        "placed_at": st.none() | microseconds,
        "ringing_at": st.none() | microseconds,
        "answered_at": st.none() | microseconds,
        "ended_at": microseconds,
        "abandoned": st.booleans(),
        "cost": st.decimals(0, 100, places=5),
    }
)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.lists(st.tuples(st.integers(0, 1), ended), min_size=1, max_size=12),
    batches=st.lists(st.integers(1, 5), max_size=6),
    repeats=st.lists(st.integers(0, 11), max_size=4),
)
def test_sums_equal_detail_whatever_the_batches_and_repeats(wanted, batches, repeats):
    with transaction.atomic():
        account = rows.campaign().account
        campaigns = [rows.campaign(name, account=account) for name in ("one", "two")]
        for index, campaign in enumerate(campaigns):
            building.note_ended(rows.attempts(campaign, [fields for at, fields in wanted if at == index]))
        for limit in batches:
            building.build(limit=limit)
        again = list(AttemptReport.objects.values_list("attempt_id", flat=True))
        building.note_ended({again[n % len(again)] for n in repeats} if again else [])
        building.build()

        assert DueReport.objects.count() == 0
        assert recounts.recount(account_id=account.pk) == []
        assert stored_sums() == python_sums(campaigns, wanted)
        transaction.set_rollback(True)


def stored_sums():
    return {
        (s.campaign_id, s.hour, s.channel, s.outcome): (
            *(s.attempts, s.originated, s.abandoned, s.ring_seconds, s.talk_seconds, s.cost),
        )
        for s in HourlySum.objects.all()
    }


def python_sums(campaigns, wanted):
    sums = defaultdict(lambda: [0, 0, 0, Decimal(0), Decimal(0), Decimal(0)])
    for index, a in wanted:
        hour = a["ended_at"].replace(minute=0, second=0, microsecond=0)
        group = sums[campaigns[index].pk, hour, a["channel"], a["outcome"]]
        voice = a["channel"] == "voice"
        ring = seconds(a["ringing_at"] or a["placed_at"], a["answered_at"] or a["ended_at"])
        talk = seconds(a["answered_at"], a["ended_at"])
        added = [1, a["placed_at"] is not None, a["abandoned"], ring * voice, talk * voice, a["cost"]]
        group[:] = [have + more for have, more in zip(group, added, strict=True)]
    return {key: tuple(values) for key, values in sums.items()}


def seconds(start, end):
    """Compute a duration as the definition says, in Python and without floating point."""
    if start is None or end < start:
        return Decimal(0)
    whole = Decimal((end - start) // dt.timedelta(microseconds=1)) / 1_000_000
    return whole.quantize(Decimal("0.001"), ROUND_HALF_UP)
