"""Anything may happen in any order: after each step, nothing is that must never be; at the end, nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns import locks, phones
from campaigns.models import Account, Call, CallAttempt, Campaign, Member
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import people, suppressions
from campaigns.states import Api, AttemptState, CampaignState, Outcome
from dialer import carriers, checking, claiming, credentials, invariants, outcomes, placing, playing
from dialer.carriers.base import CarrierEvent, EventType
from reports import building, recounts
from tests.witness import CARRIER, Witness

START = dt.datetime(2031, 3, 3, 10, 0, tzinfo=dt.UTC)
SUFFIXES = ("200", "486", "408", "404", "603", "503", "213", "224", "271", "111", "500")
SHUT = [{"days": ["sun"], "start": "03:00", "end": "03:01"}]


class Engine(RuleBasedStateMachine):
    """One account, two campaigns, and all that can befall them."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = START
        self.added: list[int] = []
        self.lost_messages: list[int] = []
        self.used: list[int] = []
        self.numbers = 0
        Witness.originated = Counter()

    @initialize(
        cap=st.integers(1, 4),
        per_day=st.integers(0, 2),
        tries=st.integers(1, 3),
        suffixes=st.lists(st.sampled_from(SUFFIXES), min_size=2, max_size=8),
        pacing=st.sampled_from(["progressive", "predictive"]),
        ratio=st.sampled_from([1, 3]),
    )
    def open(self, cap, per_day, tries, suffixes, pacing, ratio):
        made = credentials.open_account(
            name="Acme", country="IT", timezone="Europe/Rome", max_live_calls=cap, attempts_per_number_per_day=per_day
        )
        self.account = Account.objects.get(pk=made["account"])
        self.campaigns = [
            campaign_operations.create_campaign(
                account=self.account,
                now=self.now,
                start=True,
                name=name,
                message="Hello.",
                capacity=3,
                max_attempts=tries,
                retry_minutes=5,
            ).pk
            for name in ("one", "two")
        ]
        # The second gives its answers to members: one call for each, or more.
        Campaign.objects.filter(pk=self.campaigns[1]).update(pacing=pacing, calls_per_member=ratio, message="")
        self.members = [Member.objects.create(campaign_id=self.campaigns[1], code=code).pk for code in ("a", "b")]
        # Each run leaves some rules out at random; without a call none of the others would mean anything.
        for which in (0, 1):
            self.add_calls(which, suffixes[which::2], priority=0, due=0, last=None, same=False)

    def campaign(self, which) -> Campaign:
        return Campaign.objects.get(pk=self.campaigns[which])

    @rule(
        which=st.integers(0, 1),
        suffixes=st.lists(st.sampled_from(SUFFIXES), min_size=1, max_size=4),
        priority=st.integers(-1, 1),
        due=st.sampled_from([0, 0, 0, -60, 20, 600]),
        last=st.none() | st.integers(60, 3600),
        same=st.booleans(),
    )
    def add_calls(self, which, suffixes, priority, due, last, same):
        campaign = self.campaign(which)
        if not campaign.takes_calls():
            return
        intake = call_operations.take(account=self.account, api=Api.NATIVE, now=self.now)
        wanted = []
        for suffix in suffixes:
            self.numbers += 0 if same else 1
            number = f"+39312{self.numbers:04d}{suffix}"
            wanted.append(
                call_operations.NewCall(
                    campaign=campaign,
                    number=number,
                    destination=phones.normalise(number, "IT"),
                    priority=priority,
                    due_at=self.now + dt.timedelta(seconds=due),
                    not_after=None if last is None else self.now + dt.timedelta(seconds=max(due, 0) + last),
                )
            )
        self.added += call_operations.add_calls(calls=wanted, intake=intake, now=self.now)

    @rule(limit=st.integers(1, 5), fate=st.sampled_from(["placed", "placed twice", "message lost", "died at the wire"]))
    def claim(self, limit, fate):
        ids = claiming.claim(account_id=self.account.pk, now=self.now, limit=limit).attempt_ids
        if fate == "died at the wire" and ids:
            # Marked as placed, and the process dies before the carrier hears of it.
            with transaction.atomic():
                locks.account_shared(self.account.pk)
                placing.mark(self.account.pk, ids, now=self.now)
        elif fate == "message lost":
            self.lost_messages += ids
        else:
            for _ in range(2 if fate == "placed twice" else 1):
                placing.place(ids, now=self.now)
        self.used += ids

    @precondition(lambda self: self.lost_messages)
    @rule()
    def message_comes_after_all(self):
        placing.place([self.lost_messages.pop()], now=self.now)

    @rule(seconds=st.sampled_from([1, 2, 40]))
    def work_for_a_while(self, seconds):
        """What an undisturbed second or more brings."""
        self.claim(limit=5, fate="placed")
        self.now += dt.timedelta(seconds=seconds)
        self.check()

    @rule()
    def check(self):
        _, unplaced = checking.check(now=self.now)
        placing.place(unplaced, now=self.now)

    @precondition(lambda self: self.used)
    @rule(
        data=st.data(),
        type_=st.sampled_from(EventType),
        ago=st.integers(0, 300),
        outcome=st.sampled_from(Outcome.values),
        times=st.integers(1, 3),
    )
    def stray_event(self, data, type_, ago, outcome, times):
        """A carrier says something out of turn of an attempt that it was given."""
        attempt = CallAttempt.objects.get(pk=data.draw(st.sampled_from(self.used)))
        if attempt.placed_at is None:
            return
        event = CarrierEvent(
            key=str(attempt.key),
            type=type_,
            happened_at=max(attempt.placed_at, self.now - dt.timedelta(seconds=ago)),
            outcome=outcome if type_ is EventType.ENDED else "",
        )
        outcomes.apply([event] * times, now=self.now)

    @rule(which=st.integers(0, 1), to=st.sampled_from([CampaignState.PAUSED, CampaignState.RUNNING]))
    def pause_or_resume(self, which, to):
        campaign = self.campaign(which)
        if campaign.state in {CampaignState.PAUSED, CampaignState.RUNNING} and campaign.state != to:
            campaign_operations.move_campaign(campaign=campaign, to=to, now=self.now)

    @rule(which=st.integers(0, 1), windows=st.sampled_from([[], SHUT]))
    def change_windows(self, which, windows):
        campaign_operations.update_campaign(campaign=self.campaign(which), now=self.now, windows=windows)

    @precondition(lambda self: self.added)
    @rule(data=st.data())
    def suppress(self, data):
        call = Call.objects.get(pk=data.draw(st.sampled_from(self.added)))
        suppressions.suppress(account=self.account, destinations=[call.destination], now=self.now)

    @precondition(lambda self: self.added)
    @rule(data=st.data())
    def cancel(self, data):
        pk = data.draw(st.sampled_from(self.added))
        call_operations.cancel_calls(account=self.account, ids=[pk], now=self.now)

    @rule(who=st.integers(0, 1), is_available=st.booleans())
    def take_a_break_or_come_back(self, who, is_available):
        member = Member.objects.filter(pk=self.members[who]).first()
        if member is not None:
            people.change_member(member=member, now=self.now, is_available=is_available)

    @rule(who=st.just(1))
    def leave(self, who):
        campaign_operations.remove_member(campaign=self.campaign(1), code="ab"[who])

    @rule(seconds=st.sampled_from([1, 5, 30, 120, 400, 3600, 90_000]))
    def clock_jumps(self, seconds):
        self.now += dt.timedelta(seconds=seconds)

    @rule(which=st.just(1))
    def finish(self, which):
        campaign = self.campaign(which)
        if campaign.takes_calls():
            campaign_operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=self.now)

    @rule()
    def report(self):
        building.build()

    @invariant()
    def nothing_is_that_must_never_be(self):
        if not hasattr(self, "account"):
            return
        found = invariants.broken(self.now)
        # A clock that jumps an hour leaves attempts unlooked at until the next check: that is no fault of theirs.
        found.pop("every open attempt is looked at in time", None)
        assert found == {}
        assert all(times == 1 for times in Witness.originated.values()), "an attempt was originated twice"

    def teardown(self) -> None:
        try:
            if hasattr(self, "account"):
                self.to_the_end()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def to_the_end(self) -> None:
        for which in (0, 1):
            self.pause_or_resume(which, CampaignState.RUNNING)
            if self.campaign(which).takes_calls():
                self.change_windows(which, [])
        self.take_a_break_or_come_back(0, True)
        playing.play(now=self.now, until=self.now + dt.timedelta(days=400), stop_when_idle=True)
        assert invariants.broken(self.now + dt.timedelta(days=400)) == {}
        assert Call.objects.filter(pk__in=self.added, state="done").count() == len(self.added), "a call was lost"
        assert not CallAttempt.objects.exclude(state=AttemptState.ENDED).exists()
        assert recounts.recount() == []


def examples(configured: int) -> settings:
    return settings(
        max_examples=configured,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.django_db
def test_the_engine_keeps_its_invariants_whatever_happens(request):
    carriers.get.cache_clear()
    try:
        with override_settings(CARRIERS=dict.fromkeys(["voice", "sms", "email", "simulator"], CARRIER)):
            run_state_machine_as_test(Engine, settings=examples(request.config.getoption("--engine-examples")))
    finally:
        carriers.get.cache_clear()
