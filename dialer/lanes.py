"""How many calls of each lane (a campaign's channel) are looked at next: the room that all caps leave, divided.

Requires the transaction of the claim, which holds the account: what is counted here cannot change before the commit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from campaigns.models import Account, CallAttempt, Campaign
from campaigns.states import AttemptState, Reason
from dialer import breaker, carriers, gates, pacing, staffing, usage
from dialer.horizons import Horizon, Lane


@dataclass(slots=True)
class Plan:
    """How many calls of each lane to look at, why a lane gets none, and when there will be room again."""

    wants: dict[Lane, int] = field(default_factory=dict)
    shut: dict[Lane, gates.Shut] = field(default_factory=dict)
    again_at: dt.datetime | None = None
    # What is left of the caps when all is divided; None where no lane had calls ready.
    room: Room | None = None

    def look_again(self, moment: dt.datetime) -> None:
        """Note a moment at which there is room again; the earliest counts."""
        self.again_at = moment if self.again_at is None else min(self.again_at, moment)


@dataclass(frozen=True, slots=True)
class Line:
    """How a carrier stands: its breaker and cap, how many calls it has, and whether one of them is its trial."""

    look: breaker.Look
    cap: int | None = None
    live: int = 0
    is_tried: bool = False


@dataclass(frozen=True, slots=True)
class Stand:
    """All that is counted at one moment of an account and of those campaigns of it that have calls ready."""

    account: Account
    campaigns: Sequence[Campaign]
    used: usage.Usage
    # How many calls may start for the members of campaigns that are paced by them.
    by_members: Mapping[int, int]
    lines: Mapping[str, Line]


@dataclass(slots=True)
class Room:
    """What is left of an account's caps while it is divided among its lanes."""

    account: int
    campaigns: dict[int, int]
    aliases: dict[str, int]
    # Carriers whose breaker is open, or that have their one call on trial.
    down: set[str] = field(default_factory=set)
    # What leaves a campaign (None: the account) the least, where that is not a cap on calls in progress.
    held_by: dict[int | None, Reason] = field(default_factory=dict)
    # When the speed limits that were reached leave room again.
    pace_again_at: list[dt.datetime] = field(default_factory=list)


def plan(
    *,
    account: Account,
    campaigns: Sequence[Campaign],
    ready: Sequence[Lane],
    now: dt.datetime,
    limit: int,
    horizon: Horizon | None = None,
    to_claim: bool = True,
) -> Plan:
    """Divide the room that all caps leave among the lanes that have calls ready.

    Whoever only asks (`to_claim` false) holds nothing, writes nothing and needs no transaction.
    """
    if not ready:
        return Plan()
    by_id, seen = {campaign.pk: campaign for campaign in campaigns}, horizon or Horizon()
    wanting = [by_id[pk] for pk in dict.fromkeys(pk for pk, _ in ready)]
    used = usage.of(account, wanting, now=now, horizon=seen)
    seen.open_since[account.pk] = usage.oldest_open(used, now)
    by_members = staffing.room(wanting, now)
    # In one order everywhere, for each may be held until the transaction ends.
    aliases = sorted({carriers.alias_for(channel, sandbox=account.is_sandbox) for _, channel in ready})
    lines = {alias: _line(alias, now, to_claim=to_claim) for alias in aliases}
    return divide(Stand(account, wanting, used, by_members, lines), ready, now=now, limit=limit)


def divide(stand: Stand, ready: Sequence[Lane], *, now: dt.datetime, limit: int) -> Plan:
    """Divide what is left of all caps among lanes with calls ready. Pure."""
    account = stand.account
    room, made = _room(stand, limit, now), Plan()
    made.room = room
    wants: list[int] = []
    for alias, line in stand.lines.items():
        room.aliases[alias] = _carrier_room(alias, line, room, made)
    for pk, channel in ready:
        alias = carriers.alias_for(channel, sandbox=account.is_sandbox)
        most = min(room.campaigns[pk], room.aliases[alias], limit)
        if most <= 0 or room.account <= 0:
            made.shut[(pk, channel)] = gates.Shut(why(room, pk, alias))
        wants.append(max(0, most))
    if any(taken > 0 for taken in room.aliases.values()):
        for moment in room.pace_again_at:
            made.look_again(moment)
    # The room goes round, so that whoever comes last in a full house is first another time.
    shares = pacing.share(min(limit, room.account), wants, turn=int(now.timestamp() * 10))
    _hold_to_caps(ready, shares, account, room)
    made.wants = {lane: given for lane, given in zip(ready, shares, strict=True) if given > 0}
    return made


def why(room: Room, pk: int, alias: str) -> Reason:
    """Return what leaves a campaign's lane nothing more. Pure."""
    if alias in room.down:
        return Reason.CARRIER_DOWN
    if room.aliases[alias] <= 0:
        return Reason.CARRIER_CAP
    if room.campaigns[pk] <= 0:
        return room.held_by.get(pk, Reason.CAMPAIGN_CAP)
    return room.held_by.get(None, Reason.ACCOUNT_CAP)


def _hold_to_caps(ready: Sequence[Lane], shares: list[int], account: Account, room: Room) -> None:
    """Cut shares where several lanes draw on one campaign's or one carrier's cap."""
    for index, (pk, channel) in enumerate(ready):
        alias = carriers.alias_for(channel, sandbox=account.is_sandbox)
        shares[index] = max(0, min(shares[index], room.campaigns[pk], room.aliases[alias]))
        room.campaigns[pk] -= shares[index]
        room.aliases[alias] -= shares[index]


def _room(stand: Stand, limit: int, now: dt.datetime) -> Room:
    """Return what all caps on calls in progress, calls per second and members leave."""
    account, used = stand.account, stand.used
    most = pacing.room(cap=account.max_live_calls, used=sum(used.live.values()))
    left = Room(account=most, campaigns={}, aliases={})
    for campaign in stand.campaigns:
        free = pacing.room(cap=campaign.capacity, used=used.live.get(campaign.pk, 0))
        left.campaigns[campaign.pk] = min(free, stand.by_members.get(campaign.pk, free))
        if left.campaigns[campaign.pk] < free:
            left.held_by[campaign.pk] = Reason.MEMBER
        if campaign.calls_per_second is not None:
            _hold_campaign_to_pace(campaign, used, left, limit, now)
    _hold_account_to_pace(account, used, left, limit, now)
    return left


def _hold_campaign_to_pace(campaign: Campaign, used: usage.Usage, left: Room, limit: int, now: dt.datetime) -> None:
    calls, seconds = pacing.burst(campaign.calls_per_second or 0)
    pace, before = max(0, calls - used.recent_of.get(campaign.pk, 0)), left.campaigns[campaign.pk]
    # A speed of nothing leaves room at no time.
    if calls and pace < min(limit, before):
        left.pace_again_at.append(now + dt.timedelta(seconds=seconds))
    if pace < before:
        left.held_by[campaign.pk] = Reason.PACE
    left.campaigns[campaign.pk] = min(before, pace)


def _hold_account_to_pace(account: Account, used: usage.Usage, left: Room, limit: int, now: dt.datetime) -> None:
    calls, seconds = pacing.burst(account.calls_per_second)
    pace = max(0, calls - used.recent)
    # Speed is worth waking up for only where it is what stands in the way.
    if calls and pace < min(limit, left.account, sum(left.campaigns.values())):
        left.pace_again_at.append(now + dt.timedelta(seconds=seconds))
    if pace < left.account:
        left.held_by[None] = Reason.PACE
    left.account = min(left.account, pace)


def _line(alias: str, now: dt.datetime, *, to_claim: bool) -> Line:
    """Return how a carrier stands, over all accounts; its calls are counted only where that decides anything."""
    capped = carriers.get(alias).max_live
    if to_claim:
        health = breaker.look_to_claim(alias, capped=capped is not None, now=now)
    else:
        health = breaker.look(alias, hold=False, now=now)
    if health.opens_again_at is not None or (health.trial_since is None and capped is None):
        return Line(health, capped)
    live = CallAttempt.objects.filter(carrier=alias).exclude(state=AttemptState.ENDED)
    # What went before the breaker opened is no trial.
    is_tried = health.trial_since is not None and live.filter(claimed_at__gte=health.trial_since).exists()
    return Line(health, capped, live.count(), is_tried)


def _carrier_room(alias: str, line: Line, room: Room, made: Plan) -> int:
    """Return how many calls a carrier takes now: its breaker and its own cap."""
    if line.look.opens_again_at is not None:
        made.look_again(line.look.opens_again_at)
    if line.look.opens_again_at is not None or line.is_tried:
        room.down.add(alias)
        return 0
    left = pacing.room(cap=line.cap, used=line.live)
    return min(left, 1) if line.look.trial_since else left
