"""The numbers that everybody is shown are what their definitions say."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from reports import building, queries
from reports.models import HourlySum
from reports.queries import Scope
from tests.reports import rows

HALF_HOUR = dt.timezone(dt.timedelta(hours=5, minutes=30))


@pytest.fixture
def campaign(db):
    return rows.campaign()


def ended(campaign, *wanted):
    building.note_ended(rows.attempts(campaign, list(wanted)))
    building.build(limit=10_000)


def waiting(campaign, **fields):
    shared = {"state": "waiting", "outcome": "", "done_at": None}
    call = rows._call(campaign, **shared | fields)
    call.save()
    return call


def test_counts_of_calls_add_up(campaign):
    ended(campaign, {}, {}, {"outcome": "busy"})
    busy = rows.attempt(campaign, call={"outcome": "busy", "reason": "attempts"})
    waiting(campaign, ready=True)
    for reason in ("window", "window", "retry"):
        waiting(campaign, reason=reason, next_look_at=rows.at(3600))
    live = waiting(campaign, state="live")
    rows._attempt(live, state="ringing", outcome="", ended_at=None).save()
    other = rows.campaign("Other")
    rows.attempt(other, call={"outcome": "machine", "reason": "answered"})

    counts = queries.campaign_counts([campaign.pk, other.pk])

    mine = counts[campaign.pk]
    assert (mine.ready, mine.parked, mine.live) == (1, {"window": 2, "retry": 1}, 1)
    assert mine.done == {("answered", ""): 3, ("busy", "attempts"): 1}
    assert (mine.waiting, mine.finished, mine.total) == (4, 4, campaign.calls.count())
    assert mine.outcomes == {"answered": 3, "busy": 1}
    assert mine.reasons == {"": 3, "attempts": 1}
    assert counts[other.pk].outcomes == {"machine": 1}
    assert busy.call.campaign_id == campaign.pk


def test_counts_of_many_campaigns_are_one_query(campaign, django_assert_num_queries):
    others = [rows.campaign(f"n{n}", account=campaign.account) for n in range(5)]
    with django_assert_num_queries(1):
        counts = queries.campaign_counts([other.pk for other in others])
    assert [count.total for count in counts.values()] == [0] * 5


def test_rates_leave_out_what_was_never_on_the_wire(campaign):
    unplaced = {"placed_at": None, "answered_at": None}
    ended(
        campaign,
        *({}, {}, {"outcome": "machine"}, {"outcome": "unknown"}, {"outcome": "busy"}),
        *({"outcome": "suppressed"} | unplaced, {"outcome": "answered"} | unplaced),
    )
    sums = queries.totals(Scope(campaign_id=campaign.pk))
    assert (sums.attempts, sums.originated) == (7, 5)
    assert sums.by_outcome == {"answered": 3, "machine": 1, "unknown": 1, "busy": 1, "suppressed": 1}
    assert (sums.answer_rate, sums.person_rate) == (3 / 5, 2 / 5)
    assert queries.answer_rate(Scope(campaign_id=campaign.pk)) == 3 / 5
    assert queries.by_outcome(Scope(campaign_id=campaign.pk)) == sums.by_outcome


def test_rates_of_nothing_are_none(campaign):
    assert queries.answer_rate(Scope(campaign_id=campaign.pk)) is None
    assert queries.abandon_rate(campaign.pk, now=rows.START) is None
    assert queries.totals(Scope(campaign_id=campaign.pk)) == queries.Totals()


def test_totals_are_of_the_scope_only(campaign):
    other = rows.campaign("Other")
    ended(campaign, {"cost": "0.1"}, {"cost": "0.2", "channel": "sms"})
    ended(other, {"cost": "0.4"})
    cost = [
        queries.totals(scope).cost
        for scope in (
            Scope(),
            Scope(account_id=campaign.account_id),
            Scope(campaign_id=other.pk),
            Scope(campaign_id=other.pk, account_id=campaign.account_id),
            Scope(campaign_id=campaign.pk, channel="sms"),
        )
    ]
    assert cost == [Decimal("0.7"), Decimal("0.3"), Decimal("0.4"), 0, Decimal("0.2")]


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (None, None),
        (0, 7200),
        (1800, 9000),
        (1800, None),
        (None, 1801),
        (600, 601),
        (3600, 3600),
        (3599.5, 3600),
        (3600, 3600.5),
        (600, 4000),
    ],
)
def test_totals_of_any_span_are_those_of_its_rows(campaign, since, until):
    moments = [0, 600, 600.5, 1800, 3599.999999, 3600, 3600.000001, 5400, 7199, 7200, 9000]
    ended(campaign, *({"ended_at": rows.at(moment), "answered_at": rows.at(-5)} for moment in moments))
    lower, upper = (-1 if since is None else since), (10_000 if until is None else until)
    inside = [moment for moment in moments if lower <= moment < upper]
    scope = Scope(
        campaign_id=campaign.pk,
        since=None if since is None else rows.at(since).astimezone(HALF_HOUR),
        until=None if until is None else rows.at(until).astimezone(HALF_HOUR),
    )

    sums = queries.totals(scope)

    assert sums.attempts == len(inside) == queries.attempts(scope).count()
    assert sums.talk_seconds == sum(Decimal(str(round(moment + 5, 3))) for moment in inside)
    hours = queries.by_hour(scope)
    assert list(hours) == sorted({rows.at(moment // 3600 * 3600) for moment in inside})
    assert sum(hour.attempts for hour in hours.values()) == len(inside)


def test_whole_hours_are_read_from_the_sums_alone(campaign, django_assert_num_queries):
    ended(campaign, {})
    HourlySum.objects.update(attempts=7)
    with django_assert_num_queries(1):
        assert queries.totals(Scope(campaign_id=campaign.pk, since=rows.at(0), until=rows.at(3600))).attempts == 7


def test_abandon_rate_is_over_persons_and_thirty_days(campaign):
    month = 30 * 86_400
    quiet = rows.campaign("Quiet", account=campaign.account)
    ended(
        campaign,
        *({"abandoned": True}, {}, {}, {}, {"outcome": "machine"}, {"outcome": "busy"}),
        {"abandoned": True, "ended_at": rows.at(-month), "answered_at": None},
    )
    now = rows.at(3600)
    assert queries.abandon_rate(campaign.pk, now=now) == 1 / 4
    assert queries.abandon_rates([campaign.pk, quiet.pk], now=now) == {campaign.pk: 1 / 4, quiet.pk: None}
    assert queries.abandon_rate(campaign.pk, now=rows.at(month)) == 1 / 4
    assert queries.abandon_rate(campaign.pk, now=rows.at(month + 1)) is None


def test_an_abandoned_attempt_of_another_outcome_counts_as_a_person(campaign):
    ended(campaign, {"abandoned": True, "outcome": "cancelled"}, {})
    assert queries.abandon_rate(campaign.pk, now=rows.at(3600)) == 1 / 2


def test_pace_is_what_was_originated_in_the_last_minute(campaign):
    quiet = rows.campaign("Quiet", account=campaign.account)
    for placed in (0, 0.001, 30, 60, 60.001, None):
        rows.attempt(campaign, placed_at=None if placed is None else rows.at(placed), answered_at=None)
    assert queries.pace([campaign.pk, quiet.pk], now=rows.at(60)) == {campaign.pk: 3, quiet.pk: 0}


def test_a_campaign_is_found_by_what_a_person_has_at_hand(campaign):
    assert queries.campaign(str(campaign.pk)) == campaign
    assert queries.campaign(str(campaign.uuid)) == campaign
    assert queries.campaign("Dues") == campaign
    assert queries.campaign("Nobody's") is None
    rows.campaign("Dues", account=campaign.account)
    assert queries.campaign("Dues") is None
