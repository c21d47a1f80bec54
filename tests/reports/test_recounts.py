"""The recount sees every way in which sums, reports and ledger can differ."""

from __future__ import annotations

from decimal import Decimal

import pytest

from campaigns.models import CallAttempt
from reports import building, recounts
from reports.models import AttemptReport, DueReport, HourlySum
from tests.reports import rows


@pytest.fixture
def campaign(db):
    made = rows.campaign()
    wanted = [{}, {"outcome": "busy", "answered_at": None}, {"ended_at": rows.at(5000), "cost": "0.125"}]
    building.note_ended(rows.attempts(made, wanted))
    building.build()
    return made


def test_equal_sources_have_equal_totals_and_no_differences(campaign):
    comparison = recounts.compare(campaign_id=campaign.pk)
    assert comparison.differences == []
    assert set(comparison.totals) == {"sums", "reports", "ledger"}
    assert set(comparison.totals.values()) == {
        recounts.Measures(
            attempts=3,
            originated=3,
            abandoned=0,
            ring_seconds=Decimal("37.000"),
            talk_seconds=Decimal("5020.000"),
            cost=Decimal("0.12500"),
        )
    }


def test_what_is_still_due_is_no_difference(campaign):
    building.note_ended(rows.attempts(campaign, [{}]))
    assert recounts.recount() == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: HourlySum.objects.filter(outcome="busy").update(attempts=2),
        lambda: HourlySum.objects.filter(outcome="busy").update(originated=0),
        lambda: HourlySum.objects.filter(outcome="busy").update(abandoned=1),
        lambda: HourlySum.objects.filter(outcome="busy").update(ring_seconds="29.001"),
        lambda: HourlySum.objects.filter(outcome="busy").update(talk_seconds="0.001"),
        lambda: HourlySum.objects.filter(outcome="busy").update(cost="0.00001"),
        lambda: HourlySum.objects.filter(outcome="busy").delete(),
        lambda: HourlySum.objects.filter(outcome="busy").update(outcome="failed"),
        lambda: AttemptReport.objects.filter(outcome="busy").delete(),
        lambda: AttemptReport.objects.filter(outcome="busy").update(ring_seconds=3),
        lambda: AttemptReport.objects.filter(outcome="busy").update(ended_at=rows.at(90_000)),
        lambda: CallAttempt.objects.filter(outcome="busy").update(outcome="failed"),
        lambda: CallAttempt.objects.filter(outcome="busy").update(state="ringing", outcome="", ended_at=None),
    ],
)
def test_each_difference_is_found(campaign, spoil):
    spoil()
    assert recounts.recount(campaign_id=campaign.pk)
    assert recounts.recount(account_id=campaign.account_id)
    assert recounts.recount()
    assert recounts.recount(campaign_id=campaign.pk + 1) == []


def test_a_difference_says_where_and_what(campaign):
    HourlySum.objects.filter(outcome="busy").update(attempts=2, ring_seconds=30)
    [difference] = recounts.recount(campaign_id=campaign.pk)
    assert str(difference) == (
        f"campaign {campaign.pk}, 2031-03-03 10:00 UTC, voice busy: "
        "attempts sums 2, reports 1, ledger 1; ring_seconds sums 30.000, reports 29.000, ledger 29.000"
    )


def test_a_rebuild_makes_sums_and_missing_reports_anew(campaign):
    other = rows.campaign("Other")
    building.note_ended(rows.attempts(other, [{}]))
    building.build()
    HourlySum.objects.update(attempts=9)
    AttemptReport.objects.filter(campaign=campaign, outcome="busy").delete()

    assert building.rebuild(campaign.pk) == 1
    building.build()

    assert recounts.recount(campaign_id=campaign.pk) == []
    assert DueReport.objects.count() == 0
    assert HourlySum.objects.get(campaign=other).attempts == 9
