"""The engine of a rehearsal: the turns of `turning` and `playing` over rows in memory, with the engine's own rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Protocol, cast

from campaigns import hours
from campaigns.models import Campaign
from campaigns.states import CampaignState, Outcome, Reason
from dialer import checking, gates, outcomes, placing, playing
from dialer.carriers import callees
from dialer.rehearsing.copies import AttemptCopy, CallCopy, Copy
from dialer.rehearsing.rooms import Caps, Room
from dialer.rehearsing.rows import Rows
from dialer.rehearsing.serving import Serving

# How many calls one claim takes at most, as in `playing.play`.
LIMIT = 500
# How long a verdict on hours holds: windows open and shut on whole minutes.
MINUTE = dt.timedelta(minutes=1)


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
        self.serving = Serving(copy)
        self.caps = Caps(copy, self.rows, self.serving.talking)
        self.facts = gates.Facts(
            account=copy.account, now=self.now, campaigns=self.rows.campaigns, suppressed=copy.suppressed
        )
        self.tried: dict[str, list[dt.datetime]] = copy.tried
        self.room = Room()
        self._by_minutes = copy.in_whole_minutes()
        self._judged_until = self.now
        self._last_id = 0
        # What the last claim left: when there is room again, when a sweep finds something, and what stands in the way.
        self._again_at: dt.datetime | None = None
        self._sweep_at: dt.datetime | None = None
        self._why = Reason.NONE
        self._has_claimed = False
        # What nothing in a rehearsal opens: what only a person can mend, and zones whose hours do not meet in its time.
        self.held = {Reason.CHANNEL, Reason.PREFIX}
        if until - copy.starts_at <= hours.HORIZON:
            self.held.add(Reason.ZONE)
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
        if self.rows.open:
            moments.append(self.rows.open[0][0])
        return min((moment for moment in moments if moment is not None), default=None)

    def why(self) -> Reason:
        """Return what stands in the way of the campaign's calls at this moment."""
        campaign = self.copy.campaign
        if shut := gates.campaign_shut(campaign, self.now):
            return shut.reason
        held = [lane for lane, count in self.rows.ready_count.items() if count and lane[0] == campaign.pk]
        if held:
            return self.room.limits.get(held[0], Reason.PACE)
        parked = self.rows.reasons[campaign.pk].most_common(1)
        return Reason(parked[0][0]) if parked and parked[0][1] > 0 else Reason.NONE

    def _is_over(self) -> bool:
        """Tell whether nothing is left of the campaign but what no time will bring."""
        pk = self.copy.campaign.pk
        if self.rows.live[pk] or any(count for lane, count in self.rows.ready_count.items() if lane[0] == pk):
            return False
        waiting = self.rows.reasons[pk]
        return not any(count for reason, count in waiting.items() if reason not in self.held)

    def _exhaust(self) -> bool:
        """Turn until nothing more is due at this moment; tell whether anything but open attempts was looked at."""
        looked, ended = self._check()
        if not ended and looked < checking.BATCH and self._would_claim_nothing():
            return False
        while True:
            taken, moved, self._again_at = self._claim()
            if looked < checking.BATCH and not moved and taken < LIMIT:
                return True
            looked, _ = self._check()

    def _would_claim_nothing(self) -> bool:
        """Tell whether a claim would find all as the last one left it: nothing has ended, and no time has come."""
        return self._has_claimed and self._again_at is None and (self._sweep_at is None or self.now < self._sweep_at)

    def _check(self) -> tuple[int, int]:
        due = self.rows.due(self.now, checking.BATCH)
        ended = [attempt for attempt in due if self._has_ended(attempt)]
        for attempt in ended:
            self._settle(attempt)
        if ended:
            self.caps.told(ended, self.now)
        return len(due), len(ended)

    def _has_ended(self, attempt: AttemptCopy) -> bool:
        """Tell whether the end of an attempt is told; else look at it again when there is more news."""
        if attempt.moments[-1] <= self.now:
            return True
        if self.copy.staffed and attempt.connected_at is None and self.serving.wants(attempt):
            self._serve(attempt)
        self._watch(attempt)
        return False

    def _serve(self, attempt: AttemptCopy) -> None:
        """Give an attempt to a member, once it is answered; it lasts as long as their talk then."""
        if attempt.moments[-2] <= self.now and self.serving.answered(attempt, self.now):
            self._dial(attempt)

    def _watch(self, attempt: AttemptCopy) -> None:
        attempt.check_at = min(
            (moment for moment in attempt.moments if moment > self.now), default=self.now + playing.STEP
        )
        self.rows.watch(attempt)

    def _settle(self, attempt: AttemptCopy) -> None:
        call, script = attempt.call, cast(callees.Script, attempt.script)
        campaign = self.rows.campaigns[call.campaign_id]
        if script.answers is not None:
            attempt.answered_at = attempt.placed_at + dt.timedelta(seconds=script.answers)
        attempt.ended_at = max(attempt.moments[-1], attempt.answered_at or attempt.moments[-1])
        attempt.outcome = script.outcome
        fate = outcomes.decide(cast(Any, attempt), cast(Any, call), campaign)
        attempt.counts = fate.counts
        if not fate.counts:
            call.attempts_made = max(0, call.attempts_made - 1)
            if attempt.claimed_at in self.tried.get(call.destination, ()):
                self.tried[call.destination].remove(attempt.claimed_at)
        call.congestions = call.congestions + 1 if attempt.outcome == Outcome.CONGESTION else 0
        self.rows.live[call.campaign_id] -= 1
        if self.copy.staffed and (next_one := self.serving.ended(attempt)) is not None:
            self._serve(next_one)
            self._watch(next_one)
        if fate.done is not None:
            self.rows.close(call, fate.done, fate.reason, attempt.ended_at)
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
        moved = self.rows.sweep(self.now)
        running = [campaign for campaign in before if gates.campaign_shut(campaign, self.now) is None]
        if not running:
            return 0, moved, None
        self.room = self.caps.plan(running, self.now, LIMIT)
        calls = [call for lane, number in self.room.wants.items() for call in self.rows.take(lane, number)]
        taken, shut = self._decide(calls) if calls else (0, 0)
        return taken, moved + shut, self.room.again_at

    def _decide(self, calls: Sequence[CallCopy]) -> tuple[int, int]:
        self._look_around(calls)
        going = []
        for call in calls:
            shut = gates.first_shut(cast(Any, call), self.facts)
            if shut is None:
                going.append(call)
                tried = self.facts.tried.setdefault(call.destination, gates.Tried())
                tried.count, tried.first_at = tried.count + 1, tried.first_at or self.now
            elif shut.outcome:
                self.rows.close(call, shut.outcome, shut.reason, self.now)
            elif shut.reason in self.held:
                self.rows.hold(call, shut.reason)
            else:
                self.rows.park(call, shut.reason, shut.next_look_at or self.now + gates.HELD)
        for call in going:
            self._place(call)
        return len(going), len(calls) - len(going)

    def _look_around(self, calls: Sequence[CallCopy]) -> None:
        """Bring the facts up to this moment."""
        facts = self.facts
        facts.now, facts.tried = self.now, {}
        if self.now >= self._judged_until or not self._by_minutes:
            facts.verdicts.clear()
            self._judged_until = self.now.replace(second=0, microsecond=0) + MINUTE
        if not self.copy.account.attempts_per_number_per_day:
            return
        since = self.now - gates.DAY
        for destination in {call.destination for call in calls}:
            recent = [moment for moment in self.tried.get(destination, ()) if moment > since]
            if recent:
                facts.tried[destination] = gates.Tried(len(recent), min(recent))

    def _place(self, call: CallCopy) -> None:
        call.attempts_made += 1
        call.attempts_total += 1
        call.tries += 1
        self._last_id += 1
        alias = self.caps.aliases[call.channel]
        attempt = AttemptCopy(self._last_id, call, call.attempts_total, alias, self.now, self.now, self.now)
        if self.copy.account.attempts_per_number_per_day:
            self.tried.setdefault(call.destination, []).append(self.now)
        self.caps.opened(attempt)
        self._dial(attempt)
        self.rows.claimed(attempt)
        self._watch(attempt)
        self.watcher.opened(attempt)

    def _dial(self, attempt: AttemptCopy) -> None:
        """Find out what becomes of an attempt."""
        call, model = attempt.call, self.copy.models[attempt.call.channel]
        campaign: Campaign = self.rows.campaigns[call.campaign_id]
        dial = placing.dial_of(
            cast(Any, attempt), cast(Any, call), campaign, staffed=call.campaign_id in self.copy.staffed
        )
        attempt.script = script = callees.script_of(dial, model.seed, model.behaviour)
        attempt.moments = [
            attempt.placed_at + dt.timedelta(seconds=offset)
            for offset in (script.rings, script.answers, script.ends)
            if offset is not None
        ]

    def _take_up(self, attempt: AttemptCopy) -> None:
        """Go on with an attempt that was in progress when the copy was taken."""
        self._dial(attempt)
        self._last_id = max(self._last_id, attempt.id)
        self.caps.live_on[attempt.carrier] += 1
        if attempt.connected_at is not None:
            # Its member was not among the free ones that were counted.
            self.serving.talking[attempt.call.campaign_id] += 1
            self.copy.members[attempt.call.campaign_id] += 1
        self.rows.claimed(attempt)
        self.rows.watch(attempt)
