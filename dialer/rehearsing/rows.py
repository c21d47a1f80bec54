"""The ledger of a rehearsal: calls in queues, in the orders in which the engine's statements read them."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections import Counter
from typing import Any

from campaigns.models import Campaign
from campaigns.states import CampaignState, Outcome, Reason
from dialer import sweeping
from dialer.rehearsing.copies import CHANNELS, DONE, LIVE, WAITING, AttemptCopy, CallCopy

Lane = tuple[int, str]


class Rows:
    """Waiting calls by lane and by their next look, open attempts by their next check, and how many there are."""

    def __init__(self, campaigns: list[Campaign]) -> None:
        self.campaigns = {campaign.pk: campaign for campaign in sorted(campaigns, key=lambda campaign: campaign.pk)}
        self.calls: dict[int, list[CallCopy]] = {pk: [] for pk in self.campaigns}
        self.ready: dict[Lane, list[Any]] = {(pk, channel): [] for pk in self.campaigns for channel in CHANNELS}
        self.ready_count: dict[Lane, int] = dict.fromkeys(self.ready, 0)
        self.parked: dict[int, list[Any]] = {pk: [] for pk in self.campaigns}
        # What the waiting calls of each campaign that are not ready wait for.
        self.reasons: dict[int, Counter[str]] = {pk: Counter() for pk in self.campaigns}
        self.expiring: list[Any] = []
        self._expiring_ids: set[int] = set()
        self.open: list[tuple[dt.datetime, int, int, AttemptCopy]] = []
        self._serial = itertools.count()
        self.live: Counter[int] = Counter()

    def add(self, call: CallCopy) -> None:
        """Take in a call as it stands."""
        self.calls[call.campaign_id].append(call)
        if call.state == WAITING:
            if call.ready:
                self.make_ready(call)
            else:
                self.park(call, call.reason, call.next_look_at or call.due_at)

    def has_ready(self, campaign_id: int) -> bool:
        """Tell whether a campaign has calls that the next claim may take."""
        return any(self.ready_count[campaign_id, channel] for channel in CHANNELS)

    def make_ready(self, call: CallCopy) -> None:
        """Put a waiting call among those that the next claim may take."""
        self._wait(call)
        call.ready, call.reason, call.next_look_at = True, "", None
        lane = (call.campaign_id, call.channel)
        heapq.heappush(self.ready[lane], (-call.priority, call.due_at, call.id, call))
        self.ready_count[lane] += 1

    def park(self, call: CallCopy, reason: str, until: dt.datetime) -> None:
        """Let a call wait until a moment; it must not be among the ready."""
        self._wait(call)
        call.ready, call.reason, call.next_look_at = False, reason, until
        heapq.heappush(self.parked[call.campaign_id], (until, call.id, call))
        self.reasons[call.campaign_id][reason] += 1

    def _wait(self, call: CallCopy) -> None:
        call.state = WAITING
        if call.not_after is not None and call.id not in self._expiring_ids:
            self._expiring_ids.add(call.id)
            heapq.heappush(self.expiring, (call.not_after, call.id, call))

    def hold(self, call: CallCopy, reason: str) -> None:
        """Set a call aside that a gate holds which nothing in the rehearsal opens; it may still become too late."""
        self._wait(call)
        call.ready, call.reason, call.held = False, reason, reason
        self.reasons[call.campaign_id][reason] += 1

    def close(self, call: CallCopy, outcome: str, reason: str, now: dt.datetime) -> None:
        """End a call; it must stand in no queue any more, or be `leave`-ing it."""
        call.state, call.ready, call.outcome, call.reason = DONE, False, outcome, reason
        call.next_look_at, call.done_at = None, now

    def leave(self, call: CallCopy) -> None:
        """Count a waiting call out of the queue it stands in; what is left of it there is passed over."""
        if call.ready:
            self.ready_count[call.campaign_id, call.channel] -= 1
        else:
            self.reasons[call.campaign_id][call.reason] -= 1
        call.ready = False

    def take(self, lane: Lane, number: int) -> list[CallCopy]:
        """Take the first calls of a lane: by priority, due time, arrival."""
        queue = self.ready[lane]
        taken: list[CallCopy] = []
        while queue and len(taken) < number:
            call: CallCopy = heapq.heappop(queue)[3]
            if call.ready and call.state == WAITING:
                self.leave(call)
                taken.append(call)
        return taken

    def claimed(self, attempt: AttemptCopy) -> None:
        """Note that a call that was taken is in progress."""
        call = attempt.call
        call.state, call.ready, call.reason, call.next_look_at = LIVE, False, "", None
        self.live[call.campaign_id] += 1

    def watch(self, attempt: AttemptCopy) -> None:
        """Look at an open attempt when its next check is due."""
        heapq.heappush(self.open, (attempt.check_at, attempt.id, next(self._serial), attempt))

    def due(self, now: dt.datetime, limit: int) -> list[AttemptCopy]:
        """Take the open attempts whose check is due."""
        found: list[AttemptCopy] = []
        while self.open and self.open[0][0] <= now and len(found) < limit:
            check_at, _, _, attempt = heapq.heappop(self.open)
            # One that was given to a member meanwhile is watched anew.
            if attempt.check_at == check_at and attempt.ended_at is None:
                found.append(attempt)
        return found

    def sweep(self, now: dt.datetime) -> int:
        """End what is late, campaigns and calls, and make ready what is due; return how many moved."""
        running = [campaign for campaign in self.campaigns.values() if campaign.state == CampaignState.RUNNING]
        over = [campaign for campaign in running if campaign.ends_at is not None and campaign.ends_at <= now]
        for campaign in over:
            self._end(campaign, now)
        still = [campaign.pk for campaign in running if campaign.state == CampaignState.RUNNING]
        return len(over) + self._expire(now) + self._make_ready(still, now)

    def _end(self, campaign: Campaign, now: dt.datetime) -> None:
        campaign.state = CampaignState.FINISHED
        for call in self.calls[campaign.pk]:
            if call.state == WAITING:
                self.leave(call)
                self.close(call, Outcome.EXPIRED, Reason.DATES, now)

    def _expire(self, now: dt.datetime) -> int:
        moved = 0
        while self.expiring and self.expiring[0][0] <= now and moved < sweeping.BATCH:
            call = self._pop_expiring()
            if call.state == WAITING:
                self.leave(call)
                self.close(call, Outcome.EXPIRED, Reason.LATE, now)
                moved += 1
        return moved

    def _pop_expiring(self) -> CallCopy:
        call: CallCopy = heapq.heappop(self.expiring)[2]
        self._expiring_ids.discard(call.id)
        return call

    def _make_ready(self, pks: list[int], now: dt.datetime) -> int:
        moved = 0
        for pk in pks:
            queue = self.parked[pk]
            while queue and queue[0][0] <= now and moved < sweeping.BATCH:
                until, _, call = heapq.heappop(queue)
                if self._is_parked(call, until):
                    self.leave(call)
                    self.make_ready(call)
                    moved += 1
        return moved

    @staticmethod
    def _is_parked(call: CallCopy, until: dt.datetime) -> bool:
        return call.state == WAITING and not call.ready and call.next_look_at == until

    def next_sweep(self, now: dt.datetime) -> dt.datetime | None:
        """Return the next moment at which a call or campaign has to be moved, or None where there is none."""
        while self.expiring and self.expiring[0][2].state != WAITING:
            self._pop_expiring()
        found = [self.expiring[0][0]] if self.expiring else []
        for pk, campaign in self.campaigns.items():
            if campaign.state == CampaignState.RUNNING:
                found += self._moments_of(pk, campaign, now)
        return min(found, default=None)

    def _moments_of(self, pk: int, campaign: Campaign, now: dt.datetime) -> list[dt.datetime]:
        queue = self.parked[pk]
        while queue and not self._is_parked(queue[0][2], queue[0][0]):
            heapq.heappop(queue)
        found = [queue[0][0]] if queue else []
        if campaign.starts_at is not None and campaign.starts_at > now:
            found.append(campaign.starts_at)
        if campaign.ends_at is not None:
            found.append(campaign.ends_at)
        return found
