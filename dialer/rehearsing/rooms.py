"""What is used of the caps of a rehearsal: what `usage` and `breaker` count in tables; `lanes.divide` decides."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from campaigns.models import Campaign
from campaigns.states import Outcome
from dialer import breaker, carriers, lanes, pacing, usage
from dialer.horizons import Lane
from dialer.rehearsing.copies import AttemptCopy, Copy, Earlier
from dialer.rehearsing.rows import Rows

Claim = Earlier | AttemptCopy


@dataclass(slots=True)
class Health:
    """A carrier's circuit breaker, as `breaker` keeps it, and what it was given lately."""

    failures: int = 0
    open_until: dt.datetime | None = None
    recent: deque[Claim] = field(default_factory=deque)
    # Its open attempts.
    live: dict[int, AttemptCopy] = field(default_factory=dict)


class Caps:
    """The caps of an account, its campaigns and carriers, with what has used them lately."""

    def __init__(self, copy: Copy, rows: Rows) -> None:
        self.account, self.rows = copy.account, rows
        sandbox = copy.account.is_sandbox
        self.aliases = {channel: carriers.alias_for(channel, sandbox=sandbox) for channel in copy.models}
        self.max_live = {alias: carriers.get(alias).max_live for alias in self.aliases.values()}
        _, self.seconds = pacing.burst(copy.account.calls_per_second)
        self.seconds_of = {
            campaign.pk: pacing.burst(campaign.calls_per_second)[1]
            for campaign in copy.campaigns
            if campaign.calls_per_second is not None
        }
        self.recent: deque[dt.datetime] = deque()
        self.recent_of: dict[int, deque[dt.datetime]] = {pk: deque() for pk in self.seconds_of}
        self.health: dict[str, Health] = defaultdict(Health)
        for alias, (failures, open_until) in copy.health.items():
            self.health[alias] = Health(failures, open_until)
        for claim in copy.earlier:
            self._note(claim, claim.campaign_id)

    def opened(self, attempt: AttemptCopy) -> None:
        """Note an attempt that was just claimed."""
        self._note(attempt, attempt.call.campaign_id)
        self.take_up(attempt)

    def take_up(self, attempt: AttemptCopy) -> None:
        """Note an attempt that is open; when it was claimed is known already."""
        self.health[attempt.carrier].live[attempt.id] = attempt

    def _note(self, claim: Claim, campaign_id: int) -> None:
        self.recent.append(claim.claimed_at)
        if campaign_id in self.recent_of:
            self.recent_of[campaign_id].append(claim.claimed_at)
        self.health[claim.carrier].recent.append(claim)

    def stand(
        self, wanting: Sequence[Campaign], ready: Sequence[Lane], by_members: Mapping[int, int], now: dt.datetime
    ) -> lanes.Stand:
        """Return what is counted at a moment, of the campaigns that have calls ready."""
        used = usage.Usage(self.rows.live, _within(self.recent, now, self.seconds))
        for pk, recent in self.recent_of.items():
            used.recent_of[pk] = _within(recent, now, self.seconds_of[pk])
        lines = {alias: self._line(alias, now) for alias in sorted({self.aliases[channel] for _, channel in ready})}
        return lanes.Stand(self.account, wanting, used, by_members, lines)

    def _line(self, alias: str, now: dt.datetime) -> lanes.Line:
        health = self.health[alias]
        look = breaker.seen(cast(Any, health), now)
        since = look.trial_since
        is_tried = since is not None and any(attempt.claimed_at >= since for attempt in health.live.values())
        return lanes.Line(look, self.max_live[alias], len(health.live), is_tried)

    def told(self, looked: Sequence[AttemptCopy], ended: Sequence[AttemptCopy], now: dt.datetime) -> bool:
        """Tell the breakers what was learnt, as `outcomes` does; return whether one of them has opened or closed."""
        trouble: Counter[str] = Counter()
        for attempt in ended:
            self.health[attempt.carrier].live.pop(attempt.id, None)
            trouble[attempt.carrier] += attempt.outcome == Outcome.CONGESTION
        changed = [self._failed(self.health[alias], count, now) for alias, count in trouble.items() if count]
        for alias, health in self.health.items():
            if health.failures and not trouble[alias]:
                mine = [attempt for attempt in looked if attempt.carrier == alias]
                changed.append(_worked(health, mine))
        return any(changed)

    def _failed(self, health: Health, count: int, now: dt.datetime) -> bool:
        health.failures += count
        on_trial = health.open_until is not None and health.open_until <= now
        opens = on_trial or (health.open_until is None and _mostly_fails(health.recent, now))
        if opens:
            health.open_until = now + breaker.pause(health.failures)
        return opens


def _worked(health: Health, looked: Sequence[AttemptCopy]) -> bool:
    """Close a breaker where a call shows that the carrier works, one claimed since it opened."""
    taken = [attempt.claimed_at for attempt in looked if breaker.was_taken(cast(Any, attempt))]
    if not taken or (health.open_until is not None and health.open_until > max(taken)):
        return False
    health.failures, health.open_until = 0, None
    return True


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
    return breaker.mostly(sum(claim.outcome == Outcome.CONGESTION for claim in recent), len(recent))
