"""What the engine does with calls, on the simulator in virtual time."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from django.db import connections

from campaigns import refusals
from campaigns.models import Account, Call, CallAttempt, Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import suppressions
from campaigns.phones import Destination
from campaigns.states import Api, AttemptState, CampaignState, Outcome, Reason
from dialer import claiming, explaining, outcomes, placing, playing
from dialer.carriers.base import CarrierEvent, EventType
from tests.calls import add, number

pytestmark = pytest.mark.django_db


def attempts_of(call):
    return list(CallAttempt.objects.filter(call=call).order_by("n"))


@pytest.mark.parametrize(
    ("suffix", "outcome", "reason", "tries"),
    [
        ("200", "answered", "answered", 1),
        ("486", "busy", "attempts", 3),
        ("408", "no_answer", "attempts", 3),
        ("404", "invalid_number", "invalid", 1),
        ("603", "rejected", "attempts", 3),
        ("500", "failed", "attempts", 3),
        ("271", "machine", "answered", 1),
        ("480", "no_answer", "attempts", 3),
    ],
)
def test_the_number_chooses_the_outcome(world, suffix, outcome, reason, tries):
    campaign = world.campaign(max_attempts=3, retry_minutes=10)
    [call] = add(world, campaign, number(1, suffix))

    world.run_until_idle()

    call.refresh_from_db()
    assert (call.state, call.outcome, call.reason, call.attempts_made) == ("done", outcome, reason, tries)
    assert [attempt.n for attempt in attempts_of(call)] == list(range(1, tries + 1))


def test_a_retry_never_comes_before_its_wait_is_over(world):
    campaign = world.campaign(max_attempts=4, retry_minutes=10, retry_growth=2)
    [call] = add(world, campaign, number(1, "486"))

    world.run_until_idle()

    waits = [later.placed_at - earlier.ended_at for earlier, later in pairwise(attempts_of(call))]
    for wait, minutes in zip(waits, (10, 20, 40), strict=True):
        assert dt.timedelta(minutes=minutes) <= wait <= dt.timedelta(minutes=minutes, seconds=2)


def test_a_rule_for_an_outcome_chooses_the_wait_but_not_the_budget(world):
    campaign = world.campaign(max_attempts=2, retry_minutes=60, retry_rules={"busy": {"minutes": 1}})
    busy, silent = add(world, campaign, number(1, "486"), number(2, "408"))

    world.run_until_idle()

    first, second = attempts_of(busy)
    assert second.placed_at - first.ended_at < dt.timedelta(minutes=2)
    first, second = attempts_of(silent)
    assert second.placed_at - first.ended_at >= dt.timedelta(minutes=60)


def test_a_rule_can_forbid_another_try(world):
    campaign = world.campaign(max_attempts=5, retry_rules={"rejected": {"retry": False}})
    [call] = add(world, campaign, number(1, "603"))

    world.run_until_idle()

    call.refresh_from_db()
    assert (call.outcome, call.attempts_made) == ("rejected", 1)


def test_high_priority_goes_first_then_due_time_then_arrival(world):
    campaign = world.campaign(capacity=1)
    low_first, low_second, early, high = (
        *add(world, campaign, number(1, "200"), number(2, "200")),
        *add(world, campaign, number(3, "200"), due_at=world.now - dt.timedelta(hours=1)),
        *add(world, campaign, number(4, "200"), priority=9),
    )

    world.run_until_idle()

    order = CallAttempt.objects.order_by("placed_at").values_list("call_id", flat=True)
    assert list(order) == [high.pk, early.pk, low_first.pk, low_second.pk]


def most_at_once(attempts) -> int:
    moments = [(attempt.placed_at, 1) for attempt in attempts] + [(attempt.ended_at, -1) for attempt in attempts]
    live = most = 0
    for _, step in sorted(moments):
        live += step
        most = max(most, live)
    return most


def test_capacity_is_never_exceeded_and_never_wasted(world):
    campaign = world.campaign(capacity=3)
    add(world, campaign, *(number(index, "200") for index in range(20)))

    world.run_until_idle()

    assert most_at_once(CallAttempt.objects.all()) == 3


def test_the_accounts_cap_holds_over_its_campaigns_and_is_shared_fairly(world):
    Account.objects.update(max_live_calls=4)
    campaigns = [world.campaign(name=name, capacity=10) for name in ("one", "two")]
    for index, campaign in enumerate(campaigns):
        add(world, campaign, *(number(index * 100 + each, "200") for each in range(10)))

    world.run(seconds=1)
    shares = [CallAttempt.objects.filter(campaign=campaign).count() for campaign in campaigns]
    world.run_until_idle()

    assert shares == [2, 2]
    assert most_at_once(CallAttempt.objects.all()) == 4


@pytest.mark.parametrize(("speed", "calls", "seconds"), [("0.5", 1, 2), ("3", 3, 1), ("1.5", 2, 4 / 3)])
def test_no_more_calls_start_in_any_span_than_the_speed_allows(world, speed, calls, seconds):
    campaign = world.campaign(calls_per_second=speed, capacity=100)
    add(world, campaign, *(number(index, "200") for index in range(12)))

    world.run_until_idle()

    starts = sorted(CallAttempt.objects.values_list("claimed_at", flat=True))
    for first, later in zip(starts, starts[calls:], strict=False):
        assert (later - first).total_seconds() >= seconds


def test_a_paused_campaign_places_nothing_and_goes_on_when_resumed(world):
    campaign = world.campaign(capacity=1)
    add(world, campaign, number(1, "200"), number(2, "200"))
    world.run(seconds=1)

    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.PAUSED, now=world.now)
    world.run(hours=2)
    assert CallAttempt.objects.count() == 1
    assert CallAttempt.objects.get().state == AttemptState.ENDED

    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.RUNNING, now=world.now)
    world.run_until_idle()
    assert CallAttempt.objects.count() == 2


def test_a_claimed_call_of_a_campaign_paused_before_the_wire_is_withdrawn_without_costing_a_try(world):
    campaign = world.campaign(max_attempts=1)
    [call] = add(world, campaign, number(1, "200"))
    claimed = claiming.claim(account_id=world.account.pk, now=world.now)
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.PAUSED, now=world.now)

    assert placing.place(claimed.attempt_ids, now=world.now) == 0

    call.refresh_from_db()
    [attempt] = attempts_of(call)
    assert (attempt.state, attempt.outcome, attempt.counts, attempt.placed_at) == ("ended", "cancelled", False, None)
    assert (call.state, call.attempts_made, call.reason) == ("waiting", 0, "state")
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.RUNNING, now=world.now)
    world.run_until_idle()
    call.refresh_from_db()
    assert (call.outcome, call.attempts_made) == ("answered", 1)


def test_a_destination_suppressed_between_claim_and_wire_is_not_placed(world):
    campaign = world.campaign()
    [call] = add(world, campaign, number(1, "200"))
    claimed = claiming.claim(account_id=world.account.pk, now=world.now)
    suppressions.suppress(account=world.account, destinations=[call.destination], now=world.now)

    assert placing.place(claimed.attempt_ids, now=world.now) == 0

    call.refresh_from_db()
    assert (call.state, call.outcome) == ("done", "suppressed")


def test_a_window_that_shuts_while_the_account_is_waited_for_is_not_missed(world):
    campaign = world.campaign(timezone="UTC", windows=[{"start": "09:00", "end": "11:00"}])
    [call] = add(world, campaign, number(1, "200"), timezone="UTC")
    claimed = claiming.claim(account_id=world.account.pk, now=world.now)
    moments = iter([world.now + dt.timedelta(hours=1)])

    assert placing.place_by(claimed.attempt_ids, clock=lambda: next(moments)) == 0

    call.refresh_from_db()
    assert (call.state, call.reason) == ("waiting", "window")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_clock_is_read_when_the_account_is_held(world):
    add(world, world.campaign(), number(1, "200"))
    claimed = claiming.claim(account_id=world.account.pk, now=world.now)
    read: list[str] = []

    def look() -> dt.datetime:
        with connections["default"].copy().cursor() as other:
            other.execute("SELECT 1 FROM campaigns_account WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED", [account])
            read.append("held" if other.fetchone() is None else "free")
            other.connection.close()
        return world.now

    account = world.account.pk
    assert placing.place_by(claimed.attempt_ids, clock=look) == 1
    assert read == ["held"]


@pytest.mark.parametrize("scope", ["account", "campaign", "channel", "other campaign", "other channel"])
def test_suppression_is_obeyed_in_its_scope(world, scope):
    campaign, other = world.campaign(), world.campaign(name="other")
    [call] = add(world, campaign, number(1, "200"))
    narrowed = {
        "account": {},
        "campaign": {"campaign": campaign},
        "channel": {"channel": "voice"},
        "other campaign": {"campaign": other},
        "other channel": {"channel": "sms"},
    }[scope]
    suppressions.suppress(account=world.account, destinations=[call.destination], now=world.now, **narrowed)

    world.run_until_idle()

    call.refresh_from_db()
    assert call.outcome == ("answered" if scope.startswith("other") else "suppressed")
    assert CallAttempt.objects.count() == (1 if scope.startswith("other") else 0)


def test_suppression_closes_a_call_that_waits_for_its_retry(world):
    campaign = world.campaign(max_attempts=3, retry_minutes=600)
    [call] = add(world, campaign, number(1, "486"))
    world.run(minutes=1)

    suppressions.suppress(account=world.account, destinations=[call.destination], now=world.now)
    world.run(seconds=5)

    call.refresh_from_db()
    assert (call.state, call.outcome, call.attempts_made) == ("done", "suppressed", 1)


def test_windows_hold_in_the_called_partys_zone(world):
    # 10:00 UTC: 19:00 in Tokyo, 05:00 in New York.
    every_day = [{"start": "09:00", "end": "18:00"}]
    campaign = world.campaign(windows=every_day)
    rome, tokyo, new_york = (
        *add(world, campaign, number(1, "200")),
        *add(world, campaign, "+81312345200"),
        *add(world, campaign, "+12125550200"),
    )

    world.run(seconds=30)
    assert set(CallAttempt.objects.values_list("call_id", flat=True)) == {rome.pk}
    tokyo.refresh_from_db()
    assert (tokyo.reason, tokyo.next_look_at.isoformat()) == ("window", "2031-03-04T00:00:00+00:00")
    assert "Asia/Tokyo" in explaining.explain(tokyo, now=world.now).summary

    world.run_until_idle()
    placed = dict(CallAttempt.objects.values_list("call_id", "placed_at"))
    assert placed[new_york.pk] == dt.datetime(2031, 3, 3, 14, 0, tzinfo=dt.UTC)
    assert placed[tokyo.pk] == dt.datetime(2031, 3, 4, 0, 0, tzinfo=dt.UTC)


def test_a_call_whose_zones_never_open_together_is_held_with_that_reason(world):
    campaign = world.campaign(windows=[{"start": "09:00", "end": "12:00"}])
    [call] = add(world, campaign, number(1, "200"), timezone="Europe/Rome,America/Los_Angeles")

    world.run(hours=30)

    call.refresh_from_db()
    assert (call.state, call.reason, CallAttempt.objects.count()) == ("waiting", "zone", 0)


def test_wider_windows_wake_calls_that_waited_for_the_narrow_ones(world):
    campaign = world.campaign(windows=[{"start": "20:00", "end": "21:00"}])
    [call] = add(world, campaign, number(1, "200"))
    world.run(minutes=5)
    assert CallAttempt.objects.count() == 0

    campaign_operations.update_campaign(campaign=campaign, now=world.now, windows=[])
    world.run(seconds=10)

    call.refresh_from_db()
    assert call.outcome == "answered"


def test_a_number_is_not_tried_more_often_in_24_hours_than_the_account_allows(world):
    Account.objects.update(attempts_per_number_per_day=2)
    campaign = world.campaign(capacity=10)
    add(world, campaign, *[number(1, "200")] * 5)

    world.run_until_idle(days=10)

    starts = sorted(CallAttempt.objects.values_list("claimed_at", flat=True))
    assert len(starts) == 5
    for first, third in zip(starts, starts[2:], strict=False):
        assert third - first >= dt.timedelta(hours=24)


def test_only_allowed_prefixes_are_dialled_and_premium_ones_never(world):
    Account.objects.update(allowed_prefixes=["+39", "+881"])
    campaign = world.campaign()
    home, abroad = add(world, campaign, number(1, "200"), "+12125550200")
    intake = call_operations.take(account=world.account, api=Api.NATIVE, now=world.now)

    satellite = call_operations.NewCall(campaign=campaign, number="x", destination=Destination("+881612345200"))
    call_operations.add_calls(calls=[satellite], intake=intake, now=world.now)

    world.run(hours=5)

    assert list(CallAttempt.objects.values_list("call_id", flat=True)) == [home.pk]
    abroad.refresh_from_db()
    assert (abroad.state, abroad.reason) == ("waiting", "prefix")


def test_a_call_ends_too_late_when_its_last_moment_passes(world):
    campaign = world.campaign(windows=[{"start": "20:00", "end": "21:00"}])
    [call] = add(world, campaign, number(1, "200"), not_after=world.now + dt.timedelta(hours=1))

    world.run(hours=2)

    call.refresh_from_db()
    assert (call.state, call.outcome, call.reason) == ("done", "expired", "late")
    assert call.done_at - world.now == -dt.timedelta(hours=1)


def test_a_retry_that_would_come_too_late_is_not_waited_for(world):
    campaign = world.campaign(max_attempts=3, retry_minutes=30)
    [call] = add(world, campaign, number(1, "486"), not_after=world.now + dt.timedelta(minutes=40))

    world.run(minutes=45)

    call.refresh_from_db()
    assert (call.state, call.outcome, call.reason, call.attempts_made) == ("done", "busy", "late", 2)


def test_the_end_of_a_campaign_finishes_it_and_ends_its_waiting_calls(world):
    campaign = world.campaign(windows=[{"start": "20:00", "end": "21:00"}], ends_at=world.now + dt.timedelta(hours=1))
    [call] = add(world, campaign, number(1, "200"))

    world.run(hours=2)

    campaign.refresh_from_db()
    call.refresh_from_db()
    assert (campaign.state, call.outcome) == ("finished", "expired")
    with pytest.raises(refusals.CampaignClosed):
        add(world, campaign, number(2, "200"))


def test_nothing_is_placed_before_a_campaign_starts(world):
    campaign = world.campaign(starts_at=world.now + dt.timedelta(hours=3))
    add(world, campaign, number(1, "200"))

    world.run_until_idle()

    assert CallAttempt.objects.get().placed_at == dt.datetime(2031, 3, 3, 13, 0, tzinfo=dt.UTC)


def test_cancelling_a_live_call_lets_it_end_and_stops_its_retries(world):
    campaign = world.campaign(max_attempts=5, retry_minutes=1)
    [live, waiting] = add(world, campaign, number(1, "408"), number(2, "200"), due_at=None)
    call_operations.change_waiting(
        account=world.account, ids=[waiting.pk], changes={"due_at": world.now + dt.timedelta(hours=1)}, now=world.now
    )
    world.run(seconds=5)

    changed = call_operations.cancel_calls(account=world.account, ids=[live.pk, waiting.pk], now=world.now)
    world.run_until_idle()

    assert changed == [live.pk, waiting.pk]
    for call in (live, waiting):
        call.refresh_from_db()
        assert (call.state, call.outcome, call.reason) == ("done", "cancelled", "cancelled")
    assert CallAttempt.objects.count() == 1
    assert call_operations.cancel_calls(account=world.account, ids=[live.pk, waiting.pk], now=world.now) == []


def test_finishing_a_campaign_cancels_the_waiting_and_lets_the_live_end(world):
    campaign = world.campaign(capacity=1, max_attempts=3)
    answered, waiting = add(world, campaign, number(1, "200"), number(2, "200"))
    world.run(seconds=1)

    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=world.now)
    world.run_until_idle()

    answered.refresh_from_db()
    waiting.refresh_from_db()
    assert (answered.outcome, waiting.outcome, waiting.reason) == ("answered", "cancelled", "finished")


def test_carrier_trouble_does_not_use_the_budget_and_has_its_own_ceiling(world):
    campaign = world.campaign(max_attempts=2)
    [call] = add(world, campaign, number(1, "503"))

    world.run_until_idle()

    call.refresh_from_db()
    assert (call.state, call.outcome, call.reason, call.attempts_made) == ("done", "congestion", "congestion", 0)
    assert call.attempts_total == 10
    assert not CallAttempt.objects.filter(counts=True).exists()


def test_placing_the_same_attempts_ten_times_places_each_once(world):
    campaign = world.campaign()
    add(world, campaign, number(1, "200"), number(2, "200"))
    claimed = claiming.claim(account_id=world.account.pk, now=world.now)

    assert [placing.place(claimed.attempt_ids, now=world.now) for _ in range(10)] == [2] + [0] * 9


def test_claimed_attempts_that_nobody_placed_are_placed_once_by_the_check(world):
    campaign = world.campaign()
    [call] = add(world, campaign, number(1, "200"))
    claiming.claim(account_id=world.account.pk, now=world.now)

    world.run_until_idle()

    call.refresh_from_db()
    assert (call.outcome, CallAttempt.objects.count()) == ("answered", 1)


def test_events_twice_late_and_in_any_order_change_nothing_after_the_end(world):
    campaign = world.campaign(max_attempts=3, retry_minutes=5)
    [call] = add(world, campaign, number(1, "200"))
    claimed = claiming.claim(account_id=world.account.pk, now=world.now)
    placing.place(claimed.attempt_ids, now=world.now)
    [attempt] = attempts_of(call)
    at = world.now + dt.timedelta(seconds=3)

    def event(type_, seconds, **more):
        return CarrierEvent(key=str(attempt.key), type=type_, happened_at=at + dt.timedelta(seconds=seconds), **more)

    ended = event(EventType.ENDED, 5, outcome="answered", digits="7")
    assert outcomes.apply([ended, event(EventType.ANSWERED, 1)], now=at) == 1
    [before] = CallAttempt.objects.values("state", "outcome", "ended_at", "digits", "answered_at")
    late = [event(EventType.RINGING, 0), ended, event(EventType.ENDED, 6, outcome="busy")]
    assert outcomes.apply(late * 3, now=at) == 0
    [after] = CallAttempt.objects.values("state", "outcome", "ended_at", "digits", "answered_at")
    assert before == after
    call.refresh_from_db()
    assert (call.state, call.outcome) == ("done", "answered")
    assert before["answered_at"] == at + dt.timedelta(seconds=1)


def test_what_the_carrier_does_not_know_ends_as_unknown_and_counts(world, carried_by):
    carried_by("dialer.carriers.simulator.Simulator", loses=1.0)
    campaign = world.campaign(max_attempts=2, retry_minutes=5)
    [call] = add(world, campaign, number(1, "200"))

    world.run_until_idle()

    call.refresh_from_db()
    assert (call.outcome, call.attempts_made, call.state) == ("unknown", 2, "done")
    assert {attempt.outcome for attempt in attempts_of(call)} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("option", ["delays", "repeats", "reorders"])
def test_bad_manners_of_a_carrier_change_no_outcome(world, carried_by, option):
    carried_by("dialer.carriers.simulator.Simulator", **{option: 1.0})
    campaign = world.campaign(max_attempts=2, retry_minutes=5)
    calls = add(world, campaign, number(1, "200"), number(2, "486"), number(3, "213"))

    world.run_until_idle()

    assert [Call.objects.get(pk=call.pk).outcome for call in calls] == ["answered", "busy", "answered"]
    assert CallAttempt.objects.count() == 4
    assert CallAttempt.objects.get(call=calls[2]).digits == "3"


def test_the_same_seed_gives_the_same_attempts(world):
    def played(name):
        campaign = world.campaign(name=name, max_attempts=2, retry_minutes=3)
        start = world.now
        add(world, campaign, *(number(index, "111") for index in range(40)))
        world.run_until_idle()
        rows = CallAttempt.objects.filter(campaign=campaign).order_by("destination", "n")
        return [(a.destination, a.n, a.outcome, a.placed_at - start, a.ended_at - start, a.digits) for a in rows]

    first = played("one")
    assert first == played("two")
    assert len({outcome for _, _, outcome, *_ in first}) >= 4


def test_a_sandbox_account_uses_the_simulator_whatever_is_configured(world):
    Account.objects.update(is_sandbox=True)
    campaign = world.campaign()
    add(world, campaign, number(1, "200"))
    world.run_until_idle()
    assert CallAttempt.objects.get().carrier == "simulator"


def test_a_disabled_account_dials_nothing(world):
    campaign = world.campaign()
    add(world, campaign, number(1, "200"))
    Account.objects.update(is_active=False)
    world.run(hours=1)
    assert CallAttempt.objects.count() == 0


def test_explain_names_every_gate(world):
    campaign = world.campaign(capacity=0)
    [call] = add(world, campaign, number(1, "200"))
    world.run(minutes=1)

    said = explaining.explain(Call.objects.get(pk=call.pk), now=world.now)

    assert [gate.reason for gate in said.gates if not gate.is_open] == [Reason.CAMPAIGN_CAP]
    assert len(said.gates) == 11


def test_virtual_time_is_refused_where_a_carrier_is_real(world, carried_by):
    carried_by("dialer.carriers.base.Carrier", "voice")
    with pytest.raises(playing.NotVirtual, match="voice"):
        world.run(minutes=1)


def test_a_campaign_finished_while_its_call_rings_leaves_no_call_waiting(world):
    campaign = world.campaign(max_attempts=5, retry_minutes=1)
    [call] = add(world, campaign, number(1, "408"))
    world.run(seconds=3)
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=world.now)
    world.run_until_idle()
    call.refresh_from_db()
    assert (call.state, call.outcome, call.reason) == ("done", "cancelled", "finished")
    assert Campaign.objects.get(pk=campaign.pk).state == "finished"
