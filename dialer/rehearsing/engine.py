"""The engine of a rehearsal: the turns of `turning` and `playing` over rows in memory, with the engine's own rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Protocol, cast

from campaigns.models import Campaign
from campaigns.models.campaign import Pacing
from campaigns.states import AttemptState, CampaignState, Outcome, Reason
from dialer import checking, gates, lanes, outcomes, placing, playing, staffing
from dialer.carriers import callees
from dialer.rehearsing.copies import AttemptCopy, CallCopy, Copy
from dialer.rehearsing.judging import Judge
from dialer.rehearsing.loops import Loops
from dialer.rehearsing.rooms import Caps
from dialer.rehearsing.rows import Rows
from dialer.rehearsing.serving import Serving

# How many calls one claim takes at most, as in `playing.play`.
LIMIT = 500


class Watcher(Protocol):
    """Who writes down what happens in a rehearsal."""

    def opened(self, attempt: AttemptCopy) -> None:
        """An attempt was placed."""

    def ended(self, attempt: AttemptCopy) -> None:
        """An attempt has ended."""

    def passed(self, since: dt.datetime, until: dt.datetime, why: Reason) -> None:
        """Time passed in which this stood in the way of the campaign's calls."""


class Engine:
    """Plays a copy from its start until its campaign is done or a moment has come."""

    def __init__(self, copy: Copy, watcher: Watcher, *, until: dt.datetime) -> None:
        self.copy, self.watcher, self.until = copy, watcher, until
        self.now = copy.starts_at
        self.rows = Rows(copy.campaigns)
        for call in copy.calls:
            self.rows.add(call)
        self.serving = Serving(copy, self.rows.campaigns)
        self.loops = Loops(copy)
        self.caps = Caps(copy, self.rows)
        self._paced = [campaign for campaign in copy.campaigns if campaign.pacing != Pacing.FIXED]
        self.judge = Judge(copy, self.rows, until=until)
        self.plan = lanes.Plan()
        self._last_id = 0
        # What the last claim left: when there is room again, when a sweep finds something, and what stands in the way.
        self._again_at: dt.datetime | None = None
        self._sweep_at: dt.datetime | None = None
        self._why = Reason.NONE
        self._has_claimed = False
        for attempt in copy.live:
            self._take_up(attempt)

    def play(self) -> dt.datetime:
        """Play; return the moment at which the campaign's last call was done, or the end."""
        while True:
            if self._exhaust():
                if self._is_over():
                    return self.now
                self._sweep_at, self._why = self.rows.next_sweep(self.now), self.why()
            coming = self._coming()
            if coming is None:
                return self.now
            then = min(self.until, max(coming, self.now + playing.STEP))
            self.watcher.passed(self.now, then, self._why)
            self.now = then
            if then >= self.until:
                self._exhaust()
                return self.until

    def _coming(self) -> dt.datetime | None:
        """Return the next moment at which something is due, or None where time alone brings nothing."""
        moments = [self._sweep_at, self._again_at if any(self.rows.ready_count.values()) else None]
        if any(self._brings_members(campaign) for campaign in self._paced):
            moments.append(self.now + playing.STEP)
        if self.rows.open:
            moments.append(self.rows.open[0][0])
        return min((moment for moment in moments if moment is not None), default=None)

    def _brings_members(self, campaign: Campaign) -> bool:
        """Tell whether the next second may bring room for a campaign by its members alone, as `playing` does."""
        pk = campaign.pk
        if campaign.state != CampaignState.RUNNING or not self.serving.members[pk] or not self.rows.has_ready(pk):
            return False
        rings = campaign.pacing == Pacing.PREDICTIVE and self.serving.is_ringing(pk)
        return rings or self.serving.will_be_free(pk, self.now)

    def why(self) -> Reason:
        """Return what stands in the way of the campaign's calls at this moment."""
        campaign = self.copy.campaign
        if shut := gates.campaign_shut(campaign, self.now):
            return shut.reason
        held = [lane for lane, count in self.rows.ready_count.items() if count and lane[0] == campaign.pk]
        if held and self.plan.room is not None and held[0][0] in self.plan.room.campaigns:
            pk, channel = held[0]
            return lanes.why(self.plan.room, pk, self.caps.aliases[channel])
        if held:
            return Reason.PACE
        parked = self.rows.reasons[campaign.pk].most_common(1)
        return Reason(parked[0][0]) if parked and parked[0][1] > 0 else Reason.NONE

    def _is_over(self) -> bool:
        """Tell whether nothing is left of the campaign but what no time will bring."""
        pk = self.copy.campaign.pk
        if self.rows.live[pk] or self.rows.has_ready(pk):
            return False
        waiting = self.rows.reasons[pk]
        return not any(count for reason, count in waiting.items() if reason not in self.judge.held)

    def _exhaust(self) -> bool:
        """Turn until nothing more is due at this moment; tell whether anything but open attempts was looked at."""
        looked, changed = self._check()
        if not changed and looked < checking.BATCH and self._would_claim_nothing():
            return False
        while True:
            taken, moved, self._again_at = self._claim()
            if looked < checking.BATCH and not moved and taken < LIMIT:
                return True
            looked, _ = self._check()

    def _would_claim_nothing(self) -> bool:
        """Tell whether a claim would find all as the last one left it: nothing has ended, and no time has come."""
        if not self._has_claimed or self._again_at is not None:
            return False
        if self._sweep_at is not None and self._sweep_at <= self.now:
            return False
        # What members leave changes with every second.
        return not any(self.rows.has_ready(campaign.pk) for campaign in self._paced)

    def _check(self) -> tuple[int, bool]:
        """Look at open attempts; return how many, and whether any of them left room."""
        due = self.rows.due(self.now, checking.BATCH)
        ended = [attempt for attempt in due if self._has_ended(attempt)]
        for attempt in ended:
            self._settle(attempt)
        if self.copy.staffed:
            for attempt in self.serving.serve(due, self.now):
                self._dial(attempt)
        for attempt in due:
            if attempt.ended_at is None:
                self.rows.watch(attempt)
        changed = self.caps.told(due, ended, self.now)
        return len(due), changed or bool(ended)

    def _has_ended(self, attempt: AttemptCopy) -> bool:
        """Move an attempt by what is told of it until now; tell whether that is its end."""
        now, script = self.now, cast(callees.Script, attempt.script)
        if attempt.answered_at is None and script.answers is not None and attempt.moments[-2] <= now:
            attempt.answered_at, attempt.state = attempt.moments[-2], AttemptState.ANSWERED
        elif attempt.state == AttemptState.PLACED and script.rings is not None and attempt.moments[0] <= now:
            attempt.state = AttemptState.RINGING
        is_machine = attempt.wants_member and attempt.answered_at is not None and script.outcome == Outcome.MACHINE
        if is_machine:
            self.serving.not_for_members(attempt)
        if attempt.moments[-1] > now:
            self._look_again(attempt)
            # From now on it hears what is said to those who are not for a member.
            if is_machine:
                self._dial(attempt)
            return False
        attempt.state, attempt.outcome = AttemptState.ENDED, script.outcome
        attempt.ended_at = max(attempt.moments[-1], attempt.answered_at or attempt.moments[-1])
        return True

    def _look_again(self, attempt: AttemptCopy) -> None:
        """Have an attempt looked at when there is more news."""
        now = self.now
        for moment in attempt.moments:
            if moment > now:
                attempt.check_at = moment
                return
        attempt.check_at = now + playing.STEP

    def _settle(self, attempt: AttemptCopy) -> None:
        call = attempt.call
        campaign = self.rows.campaigns[call.campaign_id]
        ended_at = cast(dt.datetime, attempt.ended_at)
        fate = outcomes.decide(cast(Any, attempt), cast(Any, call), campaign)
        attempt.counts = fate.counts
        if not fate.counts:
            call.attempts_made = max(0, call.attempts_made - 1)
            self.judge.uncounted(call, attempt.claimed_at)
        call.congestions = call.congestions + 1 if attempt.outcome == Outcome.CONGESTION else 0
        self.rows.live[call.campaign_id] -= 1
        self.serving.ended(attempt)
        self.loops.ended(attempt)
        if fate.done is not None:
            self.rows.close(call, fate.done, fate.reason, ended_at)
        else:
            call.due_at = fate.due_at or self.now
            if call.due_at <= self.now:
                self.rows.make_ready(call)
            else:
                self.rows.park(call, fate.reason, call.due_at)
        self.watcher.ended(attempt)

    def _claim(self) -> tuple[int, int, dt.datetime | None]:
        """Claim once; return how many were claimed, how many calls were moved, and when there is room again."""
        before = [campaign for campaign in self.rows.campaigns.values() if campaign.state == CampaignState.RUNNING]
        self._has_claimed = True
        # Without a call that is ready or due the account has no work, and nothing is measured.
        has_work = any(self.rows.ready_count.values())
        moved = self.rows.sweep(self.now)
        running = [campaign for campaign in before if gates.campaign_shut(campaign, self.now) is None]
        if not running:
            return 0, moved, None
        if self.copy.loops and (has_work or moved):
            self.loops.tune(running, self.now)
        self.plan = self._plan(running)
        calls = [call for lane, number in self.plan.wants.items() for call in self.rows.take(lane, number)]
        taken, shut = self._decide(calls) if calls else (0, 0)
        return taken, moved + shut, self.plan.again_at

    def _plan(self, running: Sequence[Campaign]) -> lanes.Plan:
        """Divide the room among the lanes that have calls ready."""
        by_id = {campaign.pk: campaign for campaign in running}
        ready = [lane for lane, count in self.rows.ready_count.items() if count and lane[0] in by_id]
        if not ready:
            return lanes.Plan()
        wanting = [by_id[pk] for pk in dict.fromkeys(pk for pk, _ in ready)]
        by_members = {
            campaign.pk: staffing.starts(
                campaign, self.serving.crew(campaign.pk, self.now), self.loops.states.get(campaign.pk)
            )
            for campaign in wanting
            if campaign.pacing != Pacing.FIXED
        }
        stand = self.caps.stand(wanting, ready, by_members, self.now)
        return lanes.divide(stand, ready, now=self.now, limit=LIMIT)

    def _decide(self, calls: Sequence[CallCopy]) -> tuple[int, int]:
        """Place those calls that may go; return how many do, and how many not."""
        going = self.judge.may_go(calls, self.now)
        meant = self.serving.meant(going, self.now) if self.copy.staffed else {}
        for call in going:
            self._place(call, meant.get(call.id))
        return len(going), len(calls) - len(going)

    def _place(self, call: CallCopy, member_id: int | None) -> None:
        call.attempts_made += 1
        call.attempts_total += 1
        call.tries += 1
        self._last_id += 1
        alias = self.caps.aliases[call.channel]
        attempt = AttemptCopy(self._last_id, call, call.attempts_total, alias, self.now, self.now, self.now)
        self.judge.claimed(call, self.now)
        attempt.member_id, attempt.wants_member = member_id, self.serving.wants(call)
        self.caps.opened(attempt)
        self._open(attempt)
        self.loops.opened(attempt)
        self._look_again(attempt)
        self.rows.watch(attempt)
        self.watcher.opened(attempt)

    def _dial(self, attempt: AttemptCopy) -> None:
        """Find out what becomes of an attempt."""
        call, model = attempt.call, self.copy.models[attempt.call.channel]
        campaign: Campaign = self.rows.campaigns[call.campaign_id]
        dial = placing.dial_of(cast(Any, attempt), cast(Any, call), campaign)
        attempt.script = script = callees.script_of(dial, model.seed, model.behaviour)
        attempt.moments = [
            attempt.placed_at + dt.timedelta(seconds=offset)
            for offset in (script.rings, script.answers, script.ends)
            if offset is not None
        ]

    def _take_up(self, attempt: AttemptCopy) -> None:
        """Go on with an attempt that was in progress when the copy was taken."""
        self._last_id = max(self._last_id, attempt.id)
        self._open(attempt)
        self.caps.take_up(attempt)
        self.rows.watch(attempt)

    def _open(self, attempt: AttemptCopy) -> None:
        self._dial(attempt)
        self.rows.claimed(attempt)
        self.serving.opened(attempt)
