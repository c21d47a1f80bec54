"""Which calls of an account are looked at next: how much room each lane (a campaign's channel) has, and what is first.

Requires the transaction of the claim, which holds the account: what is counted here cannot change before the commit.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count

from campaigns import bulk
from campaigns.models import Account, Call, CallAttempt, Campaign
from campaigns.states import AttemptState, CampaignState, Channel, Reason
from dialer import breaker, carriers, gates, pacing, staffing

Lane = tuple[int, str]
OPEN = (CampaignState.RUNNING, CampaignState.PAUSED)


@dataclass(slots=True)
class Plan:
    """How many calls of each lane to look at, why a lane gets none, and when there will be room again."""

    wants: dict[Lane, int] = field(default_factory=dict)
    shut: dict[Lane, gates.Shut] = field(default_factory=dict)
    again_at: dt.datetime | None = None

    def look_again(self, moment: dt.datetime) -> None:
        """Note a moment at which there is room again; the earliest counts."""
        self.again_at = moment if self.again_at is None else min(self.again_at, moment)


@dataclass(slots=True)
class _Room:
    """What is left of an account's caps while it is divided among its lanes."""

    account: int
    campaigns: dict[int, int]
    aliases: dict[str, int]
    # Campaigns whose members are all taken.
    unstaffed: set[int] = field(default_factory=set)
    # Carriers whose breaker is open.
    down: set[str] = field(default_factory=set)
    # When the speed limits that were reached leave room again.
    pace_again_at: list[dt.datetime] = field(default_factory=list)


def open_campaigns(account: Account) -> list[Campaign]:
    """Return the campaigns of an account that run or are paused."""
    found = list(Campaign.objects.filter(account=account, state__in=OPEN).order_by("id"))
    for campaign in found:
        campaign.account = account
    return found


def plan(*, account: Account, campaigns: Sequence[Campaign], now: dt.datetime, limit: int) -> Plan:
    """Divide the room that all caps leave among the lanes that have calls ready."""
    made = Plan()
    ready = ready_lanes([campaign.pk for campaign in campaigns])
    if not ready:
        return made
    by_id = {campaign.pk: campaign for campaign in campaigns}
    room = _room(account, [by_id[pk] for pk in dict.fromkeys(pk for pk, _ in ready)], limit, now)
    wants: list[int] = []
    for pk, channel in ready:
        alias = carriers.alias_for(channel, sandbox=account.is_sandbox)
        if alias not in room.aliases:
            room.aliases[alias] = _carrier_room(alias, room, made, now)
        most = min(room.campaigns[pk], room.aliases[alias], limit)
        if most <= 0 or room.account <= 0:
            made.shut[(pk, channel)] = gates.Shut(_why(room, pk, alias))
        wants.append(max(0, most))
    if any(taken > 0 for taken in room.aliases.values()):
        for moment in room.pace_again_at:
            made.look_again(moment)
    # The room goes round, so that whoever comes last in a full house is first another time.
    shares = pacing.share(min(limit, room.account), wants, turn=int(now.timestamp() * 10))
    _hold_to_caps(ready, shares, account, room)
    made.wants = {lane: given for lane, given in zip(ready, shares, strict=True) if given > 0}
    return made


def _why(room: _Room, pk: int, alias: str) -> Reason:
    if alias in room.down:
        return Reason.CARRIER_DOWN
    if room.aliases[alias] <= 0:
        return Reason.CARRIER_CAP
    if pk in room.unstaffed:
        return Reason.MEMBER
    return Reason.CAMPAIGN_CAP if room.campaigns[pk] <= 0 else Reason.ACCOUNT_CAP


def _hold_to_caps(ready: Sequence[Lane], shares: list[int], account: Account, room: _Room) -> None:
    """Cut shares where several lanes draw on one campaign's or one carrier's cap."""
    for index, (pk, channel) in enumerate(ready):
        alias = carriers.alias_for(channel, sandbox=account.is_sandbox)
        shares[index] = max(0, min(shares[index], room.campaigns[pk], room.aliases[alias]))
        room.campaigns[pk] -= shares[index]
        room.aliases[alias] -= shares[index]


def _room(account: Account, campaigns: Sequence[Campaign], limit: int, now: dt.datetime) -> _Room:
    """Return what all caps on calls in progress, calls per second and members leave."""
    open_attempts = CallAttempt.objects.filter(account=account).exclude(state=AttemptState.ENDED)
    live = dict(open_attempts.values_list("campaign_id").annotate(Count("id")).order_by())
    by_members = staffing.room(campaigns, now)
    left = _Room(account=pacing.room(cap=account.max_live_calls, used=sum(live.values())), campaigns={}, aliases={})
    for campaign in campaigns:
        free = pacing.room(cap=campaign.capacity, used=live.get(campaign.pk, 0))
        if free > 0 and by_members.get(campaign.pk, free) <= 0:
            left.unstaffed.add(campaign.pk)
        left.campaigns[campaign.pk] = min(free, by_members.get(campaign.pk, free))
    _hold_campaigns_to_pace(account, campaigns, left, limit, now)
    _hold_account_to_pace(account, left, limit, now)
    return left


def _hold_account_to_pace(account: Account, left: _Room, limit: int, now: dt.datetime) -> None:
    calls, seconds = pacing.burst(account.calls_per_second)
    span = dt.timedelta(seconds=seconds)
    recent = CallAttempt.objects.filter(account=account, claimed_at__gt=now - span).count()
    # Speed is worth waking up for only where it is what stands in the way.
    if calls - recent < min(limit, left.account, sum(left.campaigns.values())):
        left.pace_again_at.append(now + span)
    left.account = min(left.account, max(0, calls - recent))


def _hold_campaigns_to_pace(
    account: Account, campaigns: Sequence[Campaign], left: _Room, limit: int, now: dt.datetime
) -> None:
    """Cut the room of each campaign with a speed of its own: one query for each speed."""
    by_speed = defaultdict(list)
    for campaign in campaigns:
        if campaign.calls_per_second is not None:
            by_speed[pacing.burst(campaign.calls_per_second)].append(campaign.pk)
    for (calls, seconds), pks in by_speed.items():
        span = dt.timedelta(seconds=seconds)
        recent = CallAttempt.objects.filter(account=account, claimed_at__gt=now - span, campaign_id__in=pks)
        used = dict(recent.values_list("campaign_id").annotate(Count("id")).order_by())
        for pk in pks:
            pace = max(0, calls - used.get(pk, 0))
            if pace < min(limit, left.campaigns[pk]):
                left.pace_again_at.append(now + span)
            left.campaigns[pk] = min(left.campaigns[pk], pace)


def _carrier_room(alias: str, room: _Room, made: Plan, now: dt.datetime) -> int:
    """Return how many calls a carrier takes now, over all accounts: its breaker and its own cap."""
    carrier = carriers.get(alias)
    health = breaker.look(alias, hold=carrier.max_live is not None, now=now)
    if health.opens_again_at is not None:
        made.look_again(health.opens_again_at)
        room.down.add(alias)
        return 0
    cap = 1 if health.on_trial else carrier.max_live
    if cap is None:
        return 10**9
    live = CallAttempt.objects.filter(carrier=alias).exclude(state=AttemptState.ENDED).count()
    return max(0, cap - live)


def ready_lanes(campaign_ids: Sequence[int]) -> list[Lane]:
    """Return the lanes that have calls ready: one probe of an index for each, in one statement."""
    channels = Channel.values
    if bulk.is_postgres():
        # LATERAL with LIMIT keeps the planner from reading all ready calls for the sake of one of each lane.
        statement = """
            SELECT c.id, h.channel FROM unnest(%s::bigint[]) AS c(id) CROSS JOIN unnest(%s::text[]) AS h(channel)
            CROSS JOIN LATERAL (SELECT 1 FROM campaigns_call k WHERE k.campaign_id = c.id AND k.channel = h.channel
                AND k.state = 'waiting' AND k.ready LIMIT 1) AS found"""
        parameters: list[Any] = [list(campaign_ids), channels]
    else:
        marks = ", ".join(["(%s)"] * len(channels))
        statement = f"""
            WITH h(channel) AS (VALUES {marks}), c(id) AS (SELECT value FROM json_each(%s))
            SELECT c.id, h.channel FROM c CROSS JOIN h WHERE EXISTS (SELECT 1 FROM campaigns_call k
                WHERE k.campaign_id = c.id AND k.channel = h.channel AND k.state = 'waiting' AND k.ready)"""
        parameters = [*channels, str(list(campaign_ids))]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [(pk, channel) for pk, channel in cursor.fetchall()]


def candidates(wants: dict[Lane, int]) -> list[gates.Candidate]:
    """Return the first calls of each lane, in the order in which they go: priority, due time, arrival."""
    picked = _first_of_postgres(wants) if bulk.is_postgres() else _first_of_sqlite(wants)
    rows = Call.objects.filter(pk__in=picked).values_list(*gates.Candidate._fields)
    by_id = {row[0]: gates.Candidate._make(row) for row in rows}
    return [by_id[pk] for pk in picked]


# The same words for both, so that both read the index call_ready in its own order.
_FIRST = """SELECT id FROM campaigns_call WHERE campaign_id = {campaign} AND channel = {channel}
    AND state = 'waiting' AND ready ORDER BY priority DESC, due_at, id LIMIT {n}"""


def _first_of_postgres(wants: dict[Lane, int]) -> list[int]:
    if not wants:
        return []
    inner = _FIRST.format(campaign="w.campaign_id", channel="w.channel", n="w.n")
    statement = f"""SELECT k.id FROM unnest(%s::bigint[], %s::text[], %s::int[]) WITH ORDINALITY
        AS w(campaign_id, channel, n, lane) CROSS JOIN LATERAL ({inner}) AS k"""
    with connection.cursor() as cursor:
        lanes = list(wants)
        cursor.execute(statement, [[pk for pk, _ in lanes], [channel for _, channel in lanes], list(wants.values())])
        return [row[0] for row in cursor.fetchall()]


def _first_of_sqlite(wants: dict[Lane, int]) -> list[int]:
    picked: list[int] = []
    statement = _FIRST.format(campaign="%s", channel="%s", n="%s")
    with connection.cursor() as cursor:
        # In the same process a statement costs microseconds; SQLite has no LATERAL.
        for (pk, channel), n in wants.items():
            cursor.execute(statement, [pk, channel, n])
            picked += [row[0] for row in cursor.fetchall()]
    return picked


def accounts_with_work(now: dt.datetime) -> Iterable[int]:
    """Return the accounts that have a campaign which runs, or whose calls may become too late while it is paused."""
    found = Campaign.objects.filter(state__in=OPEN, account__is_active=True)
    return found.order_by("account_id").values_list("account_id", flat=True).distinct()
