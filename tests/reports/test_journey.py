"""From a list of numbers to the downloaded report: what the engine did is what is shown, and it adds up."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest
from django.core.management import call_command

from campaigns import phones
from campaigns.models import CallAttempt
from campaigns.operations import calls as call_operations
from campaigns.operations.calls import NewCall
from campaigns.states import Api
from reports import exports, queries, recounts
from reports.models import AttemptReport, DueReport
from reports.queries import Scope

ENDINGS = {"200": "answered", "486": "busy", "404": "invalid_number", "603": "rejected", "408": "no_answer"}


@pytest.fixture
def campaign(world):
    """A campaign that has called ten numbers, two of each ending, and tried again what can be."""
    made = world.campaign(name="Dues", max_attempts=2, retry_minutes=10)
    intake = call_operations.take(account=world.account, api=Api.IMPORT, now=world.now)
    numbers = [f"+39061234{n}{ending}" for n in range(2) for ending in ENDINGS]
    wanted = [NewCall(campaign=made, number=n, destination=phones.read(n, "voice", "IT")) for n in numbers]
    call_operations.add_calls(calls=wanted, intake=intake, now=world.now)
    world.run(minutes=2)
    assert recounts.recount() == []
    world.run_until_idle()
    return made


def test_reports_sums_and_calls_tell_the_same(campaign, world):
    assert DueReport.objects.count() == 0
    assert AttemptReport.objects.count() == CallAttempt.objects.filter(state="ended").count() == 16
    assert recounts.recount(account_id=world.account.pk) == []

    sums = queries.totals(Scope(campaign_id=campaign.pk))
    assert sums.by_outcome == {"answered": 2, "busy": 4, "invalid_number": 2, "rejected": 4, "no_answer": 4}
    assert (sums.originated, sums.answer_rate) == (16, 2 / 16)

    counts = queries.campaign_counts([campaign.pk])[campaign.pk]
    assert counts.outcomes == dict.fromkeys(ENDINGS.values(), 2)
    assert (counts.waiting, counts.live, counts.total) == (0, 0, 10)


def test_the_download_is_the_detail_of_the_totals(campaign):
    file = io.BytesIO()
    exports.stream(Scope(campaign_id=campaign.pk), file, form="csv")
    downloaded = list(csv.DictReader(io.StringIO(file.getvalue().decode())))
    sums = queries.totals(Scope(campaign_id=campaign.pk))
    assert Counter(row["outcome"] for row in downloaded) == sums.by_outcome
    assert {row["api"] for row in downloaded} == {"import"}
    assert f"{sum(float(row['ring_seconds']) for row in downloaded):.3f}" == f"{sums.ring_seconds:.3f}"
    for row in downloaded:
        assert ENDINGS[row["destination"][-3:]] == row["outcome"]
    call_command("check_reports", "Dues", stdout=io.StringIO())
