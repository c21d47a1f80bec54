"""A messy list goes in, a campaign runs on the simulator in virtual time, and every attempt is in a report."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from campaigns import hours
from campaigns.models import Account, Call, CallAttempt, Contact
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import AttemptState, CampaignState, Channel
from dialer import invariants
from reports import recounts
from reports.models import AttemptReport

DATA = Path(__file__).parent.parent / "data"
COUNTS = json.loads((DATA / "contacts-messy.json").read_text())
GOOD = sum(count for kind, count in COUNTS.items() if kind.startswith("good"))
WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
TWICE_A_DAY = [
    {"days": WORKDAYS, "start": "09:00", "end": "13:00"},
    {"days": WORKDAYS, "start": "15:00", "end": "20:00"},
]


def import_list(campaign, tmp_path) -> str:
    out = io.StringIO()
    refused = str(tmp_path / "refused.csv")
    wanted = [str(campaign.pk), str(DATA / "contacts-messy.csv"), "--refused", refused]
    call_command("import_contacts", *wanted, stdout=out)
    return out.getvalue()


def most_live(attempts) -> int:
    moments = [(attempt.placed_at, 1) for attempt in attempts] + [(attempt.ended_at, -1) for attempt in attempts]
    live = most = 0
    for _, step in sorted(moments):
        live += step
        most = max(most, live)
    return most


@pytest.mark.django_db
def test_a_messy_list_becomes_a_report(world, tmp_path):
    Account.objects.update(max_live_calls=450, calls_per_second=90)
    # A mobile number may be in so many zones that no hour suits them all: its call ends with the campaign.
    campaign = world.campaign(
        windows=TWICE_A_DAY,
        holidays=["2031-03-04"],
        ends_at=world.now + dt.timedelta(days=7),
        capacity=400,
        max_attempts=3,
        retry_minutes=45,
    )
    import_list(campaign, tmp_path)
    assert Call.objects.count() == Contact.objects.count() == GOOD

    world.run_until_idle(days=30)

    assert set(Call.objects.values_list("state", "channel")) == {("done", Channel.VOICE)}
    assert 0 < Call.objects.filter(outcome="expired", attempts_total=0).count() < GOOD / 4
    attempts = list(CallAttempt.objects.select_related("call"))
    assert {attempt.state for attempt in attempts} == {AttemptState.ENDED}
    assert AttemptReport.objects.count() == len(attempts) > GOOD
    assert recounts.recount(campaign_id=campaign.pk) == []
    assert invariants.broken(world.now) == {}
    assert most_live(attempts) <= 400
    in_zone = [
        attempt.placed_at.astimezone(hours.zone(name))
        for attempt in attempts
        for name in (attempt.call.zones or "Europe/Rome").split(",")
    ]
    assert all(local.weekday() < 5 and local.date() != dt.date(2031, 3, 4) for local in in_zone)
    assert all(9 <= local.hour < 13 or 15 <= local.hour < 20 for local in in_zone)
    starts = sorted(attempt.claimed_at for attempt in attempts)
    assert all((later - first).total_seconds() >= 1 for first, later in zip(starts, starts[90:], strict=False))


@pytest.mark.django_db
def test_the_report_comes_out_as_a_file(world, tmp_path):
    campaign = world.campaign(capacity=300)
    import_list(campaign, tmp_path)
    Call.objects.filter(pk__gt=Call.objects.order_by("pk")[60].pk).update(
        state="done", ready=False, outcome="cancelled", done_at=world.now
    )
    world.run_until_idle()
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=world.now)

    target = tmp_path / "attempts.csv"
    call_command("export_attempts", str(campaign.pk), "-o", str(target), stdout=io.StringIO())

    lines = target.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) >= CallAttempt.objects.count() + 1
    out = io.StringIO()
    call_command("check_reports", str(campaign.pk), stdout=out)
    assert "equal" in out.getvalue()
