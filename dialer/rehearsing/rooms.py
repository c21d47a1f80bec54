"""How much room the caps of a rehearsal leave, and which of them stood in the way: `lanes.plan` over rows in memory."""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from campaigns.models import Campaign
from campaigns.models.campaign import Pacing
from campaigns.states import Outcome, Reason
from dialer import breaker, carriers, pacing
from dialer.rehearsing.copies import AttemptCopy, Copy, Earlier
from dialer.rehearsing.rows import Lane, Rows

Claim = Earlier | AttemptCopy


@dataclass(slots=True)
class Room:
    """How many calls of each lane to claim, what held each lane back, and when there is room again."""

    wants: dict[Lane, int] = field(default_factory=dict)
    limits: dict[Lane, Reason] = field(default_factory=dict)
    again_at: dt.datetime | None = None


@dataclass(slots=True)
class Health:
    """A carrier's circuit breaker, as `breaker` keeps it."""

    failures: int = 0
    open_until: dt.datetime | None = None
    recent: deque[Claim] = field(default_factory=deque)


@dataclass(slots=True)
class _Left:
    """What is left of each cap, with the reason that is given where nothing is; and when speeds leave room again."""

    account: tuple[int, Reason] = (0, Reason.ACCOUNT_CAP)
    campaigns: dict[int, tuple[int, Reason]] = field(default_factory=dict)
    aliases: dict[str, tuple[int, Reason]] = field(default_factory=dict)
    look_again: list[dt.datetime] = field(default_factory=list)


_free = itemgetter(0)


class Caps:
    """The caps of an account, its campaigns and carriers, with what has used them lately."""

    def __init__(self, copy: Copy, rows: Rows, talking: Counter[int]) -> None:
        self.account, self.rows = copy.account, rows
        sandbox = copy.account.is_sandbox
        self.aliases = {channel: carriers.alias_for(channel, sandbox=sandbox) for channel in copy.models}
        self.max_live = {alias: carriers.get(alias).max_live for alias in self.aliases.values()}
        self.members = copy.members
        self.pace = pacing.burst(copy.account.calls_per_second)
        self.paces = {
            campaign.pk: pacing.burst(campaign.calls_per_second)
            for campaign in copy.campaigns
            if campaign.calls_per_second is not None
        }
        self.recent: deque[dt.datetime] = deque()
        self.recent_of: dict[int, deque[dt.datetime]] = {pk: deque() for pk in self.paces}
        self.health: dict[str, Health] = {}
        self.live_on: Counter[str] = Counter()
        self.talking = talking
        for claim in copy.earlier:
            self._note(claim, claim.campaign_id)

    def opened(self, attempt: AttemptCopy) -> None:
        """Note an attempt that was just claimed."""
        self._note(attempt, attempt.call.campaign_id)
        self.live_on[attempt.carrier] += 1

    def _note(self, claim: Claim, campaign_id: int) -> None:
        self.recent.append(claim.claimed_at)
        if campaign_id in self.recent_of:
            self.recent_of[campaign_id].append(claim.claimed_at)
        self.health.setdefault(claim.carrier, Health()).recent.append(claim)

    def plan(self, running: Sequence[Campaign], now: dt.datetime, limit: int) -> Room:
        """Divide the room that all caps leave among the lanes that have calls ready."""
        made = Room()
        by_id = {campaign.id: campaign for campaign in running}
        ready = [lane for lane, count in self.rows.ready_count.items() if count and lane[0] in by_id]
        if not ready:
            return made
        left = _Left()
        for pk in dict.fromkeys(pk for pk, _ in ready):
            left.campaigns[pk] = self._campaign_room(by_id[pk], now, limit, left.look_again)
        left.account = self._account_room(left, now, limit)
        for _, channel in ready:
            alias = self.aliases[channel]
            if alias not in left.aliases:
                left.aliases[alias] = self._carrier_room(alias, now, made)
        if left.look_again and any(room > 0 for room, _ in left.aliases.values()):
            made.again_at = min([*left.look_again, *filter(None, [made.again_at])])
        self._divide(ready, left, made, now, limit)
        return made

    def _divide(self, ready: Sequence[Lane], left: _Left, made: Room, now: dt.datetime, limit: int) -> None:
        wants = []
        for pk, channel in ready:
            of_carrier, of_campaign = left.aliases[self.aliases[channel]], left.campaigns[pk]
            made.limits[pk, channel] = min(of_carrier, of_campaign, left.account, key=_free)[1]
            wants.append(max(0, min(of_campaign[0], of_carrier[0], limit)))
        shares = pacing.share(min(limit, left.account[0]), wants, turn=int(now.timestamp() * 10))
        campaigns = {pk: room for pk, (room, _) in left.campaigns.items()}
        aliases = {alias: room for alias, (room, _) in left.aliases.items()}
        for (pk, channel), share in zip(ready, shares, strict=True):
            alias = self.aliases[channel]
            given = max(0, min(share, campaigns[pk], aliases[alias]))
            campaigns[pk] -= given
            aliases[alias] -= given
            if given > 0:
                made.wants[pk, channel] = given

    def _campaign_room(
        self, campaign: Campaign, now: dt.datetime, limit: int, look_again: list[dt.datetime]
    ) -> tuple[int, Reason]:
        pk = campaign.id
        free = pacing.room(cap=campaign.capacity, used=self.rows.live[pk]), Reason.CAMPAIGN_CAP
        if campaign.pacing != Pacing.FIXED:
            talking = self.talking[pk]
            by_members = pacing.progressive(
                free_members=self.members.get(pk, 0) - talking, unanswered=self.rows.live[pk] - talking
            )
            free = min(free, (by_members, Reason.MEMBER), key=_free)
        if pk not in self.paces:
            return free
        calls, seconds = self.paces[pk]
        pace = max(0, calls - _within(self.recent_of[pk], now, seconds))
        # A speed of nothing leaves no room however often one looks.
        if pace < min(limit, free[0]) and calls:
            look_again.append(now + dt.timedelta(seconds=seconds))
        return min(free, (pace, Reason.PACE), key=_free)

    def _account_room(self, left: _Left, now: dt.datetime, limit: int) -> tuple[int, Reason]:
        free = pacing.room(cap=self.account.max_live_calls, used=sum(self.rows.live.values()))
        calls, seconds = self.pace
        pace = calls - _within(self.recent, now, seconds)
        if calls and pace < min(limit, free, sum(room for room, _ in left.campaigns.values())):
            left.look_again.append(now + dt.timedelta(seconds=seconds))
        return min((free, Reason.ACCOUNT_CAP), (max(0, pace), Reason.PACE), key=_free)

    def _carrier_room(self, alias: str, now: dt.datetime, made: Room) -> tuple[int, Reason]:
        health = self.health.setdefault(alias, Health())
        if health.open_until is not None and now < health.open_until:
            _look_again(made, health.open_until)
            return 0, Reason.CARRIER_DOWN
        cap = 1 if health.open_until is not None else self.max_live.get(alias)
        if cap is None:
            return 10**9, Reason.CARRIER_CAP
        return max(0, cap - self.live_on[alias]), Reason.CARRIER_CAP

    def told(self, ended: Sequence[AttemptCopy], now: dt.datetime) -> None:
        """Tell the breakers what has ended: carrier trouble counts against a carrier, all else speaks for it."""
        trouble: Counter[str] = Counter()
        for attempt in ended:
            self.live_on[attempt.carrier] -= 1
            if attempt.outcome == Outcome.CONGESTION:
                trouble[attempt.carrier] += 1
        for alias, count in trouble.items():
            self._failed(alias, count, now)
        for alias in {attempt.carrier for attempt in ended} - trouble.keys():
            health = self.health.setdefault(alias, Health())
            if health.failures:
                health.failures, health.open_until = 0, None

    def _failed(self, alias: str, count: int, now: dt.datetime) -> None:
        health = self.health.setdefault(alias, Health())
        health.failures += count
        on_trial = health.open_until is not None and health.open_until <= now
        if on_trial or (health.open_until is None and _mostly_fails(health.recent, now)):
            longer = breaker.FIRST_PAUSE * (1 + health.failures // breaker.FAILURES_TO_OPEN)
            health.open_until = now + min(longer, breaker.LONGEST_PAUSE)


def _look_again(made: Room, moment: dt.datetime) -> None:
    made.again_at = moment if made.again_at is None else min(made.again_at, moment)


def _within(recent: deque[dt.datetime], now: dt.datetime, seconds: float) -> int:
    """Return how many of the claims lie in the last seconds; older ones are forgotten."""
    since = now - dt.timedelta(seconds=seconds)
    while recent and recent[0] <= since:
        recent.popleft()
    return len(recent)


def _mostly_fails(recent: deque[Claim], now: dt.datetime) -> bool:
    since = now - breaker.WINDOW
    while recent and recent[0].claimed_at <= since:
        recent.popleft()
    trouble = sum(claim.outcome == Outcome.CONGESTION for claim in recent)
    return trouble >= breaker.FAILURES_TO_OPEN and trouble * 2 >= len(recent)
