"""Says where a campaign stands: what it waits for, what blocks it, or that it is over; with the next look.

For any number of campaigns without a query for each: their counts are given, and only for campaigns that have calls
ready and none in progress is it asked what holds their lanes, once for an account.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import TextChoices

from campaigns import counts, hours
from campaigns.models import Account, Call, Campaign
from campaigns.states import CallState, CampaignState, Reason
from dialer import gates, lanes, ready
from dialer.horizons import Lane


class Standing(TextChoices):
    """Where a campaign stands, where that is none of the reasons for which calls wait."""

    DRAFT = "draft", "Nobody has started it"
    PAUSED = "paused", "It is paused"
    FINISHED = "finished", "It is finished"
    DELETED = "deleted", "It is deleted"
    ACCOUNT = "account", "Its account is disabled"
    RUNNING = "running", "Calls are in progress"
    READY = "ready", "Its next calls go at once"
    EMPTY = "empty", "It has no calls yet"
    DONE = "done", "All its calls are over"


# What the calls of a running campaign may wait for.
WAITS = tuple(
    Reason(value)
    for value in (
        *("dates", "due", "retry", "window", "number_cap", "congestion", "channel", "zone", "prefix"),
        *("account_cap", "campaign_cap", "carrier_cap", "carrier_down", "pace", "member"),
    )
)
CODES = [*Standing.choices, *((reason.value, reason.label) for reason in WAITS)]
# What only a person can mend: it passes with no time.
BLOCKS = {
    Reason.PREFIX: "the account may not call where its calls go",
    Reason.CHANNEL: "its channel is switched off or has no text",
    Reason.ZONE: "no hour within 60 days suits all the time zones that its numbers may be in",
}
UNTIL = {
    Reason.WINDOW: "Waiting for its window until {at}",
    Reason.RETRY: "Waiting for a retry until {at}",
    Reason.DUE: "Waiting until its next call is due, {at}",
    Reason.NUMBER_CAP: "Waiting until its numbers may be tried again, {at}",
    Reason.CONGESTION: "Waiting for the network, which was full, until {at}",
}
HELD = {
    Reason.ACCOUNT_CAP: "Waiting for room: the account's calls in progress are at their cap",
    Reason.CAMPAIGN_CAP: "Waiting for room: its calls in progress are at their cap",
    Reason.CARRIER_CAP: "Waiting for room: the carrier's calls in progress are at their cap",
    Reason.CARRIER_DOWN: "Blocked by its carrier, which is not taking calls",
    Reason.PACE: "Waiting for its turn, as its speed allows",
    Reason.MEMBER: "Waiting for a free member",
}


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a campaign stands: a code, a sentence, and when the engine looks at the next of its calls."""

    code: str
    words: str
    next_look_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What holds calls that are ready, and when there is room again, where anybody knows."""

    reason: Reason
    again_at: dt.datetime | None = None


def of(campaigns: Sequence[Campaign], *, counted: Mapping[int, counts.Counts], now: dt.datetime) -> dict[int, Stands]:
    """Return where campaigns stand, given their counts. Reads their accounts: fetch them along."""
    stalled = [one for one in campaigns if _is_stalled(one, counted[one.pk], now)]
    held = held_lanes(stalled, now=now)
    return {one.pk: _stands(one, counted[one.pk], held, now) for one in campaigns}


def _is_stalled(campaign: Campaign, counted: counts.Counts, now: dt.datetime) -> bool:
    has_ready = counts.READY in counted.reasons and not counted.live
    return has_ready and gates.campaign_shut(campaign, now) is None


def held_lanes(campaigns: Iterable[Campaign], *, now: dt.datetime) -> dict[Lane, Held | None]:
    """Return what holds each lane that has calls ready, None where nothing does. Asks once for an account."""
    by_account: dict[int, list[Campaign]] = defaultdict(list)
    for campaign in campaigns:
        by_account[campaign.account_id].append(campaign)
    found: dict[Lane, Held | None] = {}
    for mine in by_account.values():
        found_ready = ready.look(mine, now=now).lanes
        plan = lanes.plan(
            account=mine[0].account, campaigns=mine, ready=found_ready, now=now, limit=1000, to_claim=False
        )
        found |= dict.fromkeys(plan.wants)
        found |= {lane: Held(shut.reason, plan.again_at) for lane, shut in plan.shut.items()}
    return found


def held_calls(calls: Iterable[Call], *, account: Account, now: dt.datetime) -> dict[int, Held]:
    """Return what holds those of an account's calls that are ready, for all of them in a few statements."""
    wanted = [call for call in calls if call.state == CallState.WAITING and call.ready]
    if not wanted:
        return {}
    campaigns = Campaign.objects.in_bulk({call.campaign_id for call in wanted})
    shut: dict[int, Held] = {}
    for campaign in campaigns.values():
        campaign.account = account
        if gate := gates.campaign_shut(campaign, now):
            shut[campaign.pk] = Held(gate.reason, gate.next_look_at)
    lanes_held = held_lanes([one for one in campaigns.values() if one.pk not in shut], now=now)
    found = {call.pk: shut.get(call.campaign_id) or lanes_held.get((call.campaign_id, call.channel)) for call in wanted}
    return {pk: held for pk, held in found.items() if held is not None}


def _stands(campaign: Campaign, counted: counts.Counts, held: Mapping[Lane, Held | None], now: dt.datetime) -> Stands:
    shut = gates.campaign_shut(campaign, now)
    if shut is not None:
        return _shut(campaign, shut)
    first = min(counted.looks.values(), default=None)
    if counted.live:
        return Stands(Standing.RUNNING, f"Running: {counted.live:,} in progress{_beside(counted)}.", first)
    if counts.READY in counted.reasons:
        mine = [what for (pk, _), what in held.items() if pk == campaign.pk]
        return _ready(campaign, counted, mine, first, now)
    if counted.waiting:
        return _parked(campaign, counted)
    if counted.done:
        return Stands(Standing.DONE, f"All its calls are over, {counted.done:,} in all. It runs on and takes more.")
    return Stands(Standing.EMPTY, "It has no calls yet. What is added goes at once.")


def _shut(campaign: Campaign, shut: gates.Shut) -> Stands:
    by = f" by {campaign.changed_by}" if campaign.changed_by else ""
    since = f"{by} since {at(campaign.changed_at, campaign)}" if campaign.changed_at else by
    if campaign.state == CampaignState.FINISHED:
        return Stands(Standing.FINISHED, f"Finished{by}, {at(campaign.finished_at, campaign)}.")
    if campaign.state == CampaignState.DELETED:
        return Stands(Standing.DELETED, f"Deleted{since}.")
    if campaign.state == CampaignState.PAUSED:
        return Stands(Standing.PAUSED, f"Paused{since}. Nothing goes until it is resumed.")
    if campaign.state == CampaignState.DRAFT:
        return Stands(Standing.DRAFT, "A draft. Nothing goes until it is started.")
    if shut.reason == Reason.DATES and shut.next_look_at:
        return Stands(
            Reason.DATES, f"Waiting for its first moment, {at(campaign.starts_at, campaign)}.", shut.next_look_at
        )
    if shut.reason == Reason.DATES:
        return Stands(Reason.DATES, f"Its last moment has passed, {at(campaign.ends_at, campaign)}. It ends now.")
    return Stands(Standing.ACCOUNT, f"Blocked: the account {campaign.account.name} is disabled.")


def _ready(
    campaign: Campaign, counted: counts.Counts, held: Sequence[Held | None], first: dt.datetime | None, now: dt.datetime
) -> Stands:
    number = counted.reasons[counts.READY]
    if not held or None in held:
        return Stands(Standing.READY, f"{_ready_calls(number)}; the next go at once.", now)
    lane = next(one for one in held if one is not None)
    words = _blocked_for_good(campaign, lane.reason) or HELD.get(lane.reason, lane.reason.label)
    again = f"; tried again at {at(lane.again_at, campaign)}" if lane.again_at else ""
    look = min((moment for moment in (lane.again_at, first) if moment), default=None)
    return Stands(lane.reason, f"{words}{again}. {_ready_calls(number)}.", look)


def _blocked_for_good(campaign: Campaign, reason: Reason) -> str:
    """Name what is set to nothing, for then no waiting helps."""
    if reason == Reason.CAMPAIGN_CAP and campaign.capacity == 0:
        return "Blocked by its capacity of 0"
    if reason == Reason.PACE and campaign.calls_per_second == 0:
        return "Blocked by its speed of 0 calls a second"
    if reason == Reason.PACE and campaign.account.calls_per_second == 0:
        return "Blocked by its account's speed of 0 calls a second"
    return ""


def _parked(campaign: Campaign, counted: counts.Counts) -> Stands:
    """Say what the call waits for that is looked at first; what blocks for good only where all others wait so too."""
    looks = sorted(counted.looks.items(), key=lambda item: (Reason(item[0]) in BLOCKS, item[1]))
    word, look = looks[0]
    reason = Reason(word)
    moment = at(look, campaign)
    if reason in BLOCKS:
        words = f"Blocked: {BLOCKS[reason]}"
        return Stands(reason, f"{words}. {calls(counted.reasons[word])}; looked at again {moment}.", look)
    words = UNTIL.get(reason, f"{reason.label}, until {{at}}").format(at=moment)
    return Stands(reason, f"{words}{_beside(counted)}.", look)


def _beside(counted: counts.Counts) -> str:
    verb = "waits" if counted.waiting == 1 else "wait"
    return f"; {calls(counted.waiting)} {verb}" if counted.waiting else ""


def _ready_calls(number: int) -> str:
    return f"{calls(number)} {'is' if number == 1 else 'are'} ready"


def calls(number: int, kind: str = "") -> str:
    """Return a number of calls, of a kind, in words."""
    return f"{number:,} {kind}{' ' if kind else ''}{'call' if number == 1 else 'calls'}"


def at(moment: dt.datetime | None, campaign: Campaign) -> str:
    """Return a moment in the campaign's zone, as sentences name it."""
    if moment is None:
        return "an unknown time"
    local = moment.astimezone(hours.zone(campaign.zone_name()))
    return f"{local:%a %d %b %H:%M} {campaign.zone_name()}"
