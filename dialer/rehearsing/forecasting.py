"""What a rehearsal foretells: when it is done, what happens in each hour, what never goes, what sets the speed."""

from __future__ import annotations

import datetime as dt
import gc
from collections import Counter
from dataclasses import dataclass, field

from campaigns import hours
from campaigns.models import Campaign
from campaigns.models.campaign import Pacing
from campaigns.states import CallState, Outcome, Reason
from dialer.rehearsing import copying, engine
from dialer.rehearsing.copies import AttemptCopy, CallCopy, Copy, Model
from dialer.rehearsing.copying import Wish

REACHED = frozenset({Outcome.ANSWERED.value, Outcome.MACHINE.value})
EXAMPLES = 5
QUARTER = 900


@dataclass(slots=True)
class Hour:
    """One hour of the campaign's clock."""

    attempts: int = 0
    answered: int = 0
    # Persons who answered and met no member.
    abandoned: int = 0
    # Calls in progress at most, at any moment of it at which one began.
    most_live: int = 0


@dataclass(frozen=True, slots=True)
class Never:
    """Calls that are not placed once, for one reason: how many, and a few of them as (id, number)."""

    reason: Reason
    words: str
    calls: int
    examples: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Forecast:
    """What a campaign will do, as far as its copy did. Moments are in the campaign's zone."""

    campaign: Campaign
    starts_at: dt.datetime
    until: dt.datetime
    # When the last call was done; None where some still wait at `until`.
    ends_at: dt.datetime | None = None
    calls: int = 0
    # Of the calls: done in the rehearsal, still under way at its end, never placed.
    done: int = 0
    left: int = 0
    left_for: dict[str, int] = field(default_factory=dict)
    never: list[Never] = field(default_factory=list)
    attempts: int = 0
    answered: int = 0
    most_live: int = 0
    hours: dict[dt.datetime, Hour] = field(default_factory=dict)
    # By how the attempts end, and by how the calls are done.
    attempt_outcomes: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    # Shares of the time from the first to the last moment in which each reason stood in the way.
    limits: dict[str, float] = field(default_factory=dict)
    members: int = 0
    # Share of the members' time in which they talked, while calls were in progress; None without members.
    busy: float | None = None
    # Persons who met no member, and their share of the persons who answered; None where none is given to members.
    abandoned: int = 0
    abandon_rate: float | None = None
    models: dict[str, Model] = field(default_factory=dict)
    others: int = 0
    others_waiting: int = 0

    @property
    def days(self) -> dict[dt.date, Hour]:
        """Return the hours summed by day."""
        found: dict[dt.date, Hour] = {}
        for moment, hour in self.hours.items():
            day = found.setdefault(moment.date(), Hour())
            day.attempts += hour.attempts
            day.answered += hour.answered
            day.abandoned += hour.abandoned
            day.most_live = max(day.most_live, hour.most_live)
        return found


def rehearse(campaign: Campaign, wish: Wish, *, now: dt.datetime, days: int) -> Forecast:
    """Rehearse a campaign for so many days at most. Raises NotRehearsed; reads the database and writes nothing."""
    return play(copying.take(campaign, wish, now=now), days=days)


def play(copy: Copy, *, days: int) -> Forecast:
    """Play a copy to its end, or for so many days; return what happened."""
    until = copy.starts_at + dt.timedelta(days=days)
    tally = Tally(copy)
    # The copy's hundred thousands of rows hold no garbage; looking through them again and again is all they would cost.
    gc.freeze()
    try:
        engine.Engine(copy, tally, until=until).play()
    finally:
        gc.unfreeze()
    return _forecast(copy, tally, until)


class Tally:
    """Counts what happens to the campaign's calls while it plays; those of others only take their room."""

    def __init__(self, copy: Copy) -> None:
        self.pk = copy.campaign.pk
        self.zone = hours.zone(copy.campaign.zone_name())
        self.hours: dict[dt.datetime, Hour] = {}
        self.attempts: Counter[str] = Counter()
        self.waits: Counter[Reason] = Counter()
        self.live = sum(attempt.call.campaign_id == self.pk for attempt in copy.live)
        self.most_live = self.live
        # Seconds in which members talked, and in which calls were in progress.
        self.talked = self.active = 0.0
        self._hour_of: dict[int, Hour] = {}

    def opened(self, attempt: AttemptCopy) -> None:
        """Count an attempt that was placed."""
        if attempt.call.campaign_id != self.pk:
            return
        self.live += 1
        self.most_live = max(self.most_live, self.live)
        hour = self._hour(attempt.placed_at)
        hour.attempts += 1
        hour.most_live = max(hour.most_live, self.live)

    def ended(self, attempt: AttemptCopy) -> None:
        """Count an attempt that has ended, in the hour in which it was answered."""
        if attempt.call.campaign_id != self.pk or attempt.ended_at is None:
            return
        self.live -= 1
        self.attempts[attempt.outcome] += 1
        if attempt.outcome in REACHED:
            self._hour(attempt.answered_at or attempt.ended_at).answered += 1
        if attempt.abandoned:
            self._hour(attempt.answered_at or attempt.ended_at).abandoned += 1
        if attempt.connected_at is not None:
            self.talked += (attempt.ended_at - attempt.connected_at).total_seconds()

    def passed(self, since: dt.datetime, until: dt.datetime, why: Reason) -> None:
        """Count the time in which this stood in the way."""
        seconds = (until - since).total_seconds()
        self.waits[why] += seconds  # type: ignore[assignment]
        if self.live:
            self.active += seconds

    def _hour(self, moment: dt.datetime) -> Hour:
        """Return the hour of the campaign's clock that a moment lies in; no zone is off by less than a quarter."""
        quarter = int(moment.timestamp()) // QUARTER
        if quarter not in self._hour_of:
            local = moment.astimezone(self.zone).replace(minute=0, second=0, microsecond=0)
            self._hour_of[quarter] = self.hours.setdefault(local, Hour())
        return self._hour_of[quarter]


def _forecast(copy: Copy, tally: Tally, until: dt.datetime) -> Forecast:
    mine = [call for call in copy.calls if call.campaign_id == copy.campaign.pk]
    never = [call for call in mine if call.tries == 0 and _is_never(call, copy)]
    apart = {call.id for call in never}
    rest = [call for call in mine if call.id not in apart]
    left = [call for call in rest if call.state != CallState.DONE]
    made = Forecast(copy.campaign, copy.starts_at.astimezone(tally.zone), until.astimezone(tally.zone))
    made.calls, made.left, made.done = len(mine), len(left), len(rest) - len(left)
    made.left_for = dict(Counter(_waits_for(call) for call in left).most_common())
    made.never = _grouped(never, copy)
    made.attempts, made.most_live = sum(hour.attempts for hour in tally.hours.values()), tally.most_live
    made.answered = sum(tally.attempts[outcome] for outcome in REACHED)
    made.hours = dict(sorted(tally.hours.items()))
    made.attempt_outcomes = dict(tally.attempts.most_common())
    made.outcomes = dict(Counter(call.outcome for call in rest if call.state == CallState.DONE).most_common())
    made.limits = _shares(tally.waits)
    if not left:
        last = max((call.done_at for call in rest if call.done_at), default=copy.starts_at)
        made.ends_at = max(last, copy.starts_at).astimezone(tally.zone)
    _add_members(made, copy, tally)
    made.models = {channel: copy.models[channel] for channel in sorted({call.channel for call in mine})}
    made.others, made.others_waiting = copy.others, copy.others_waiting
    return made


def _is_never(call: CallCopy, copy: Copy) -> bool:
    """Tell whether a call that was not placed never will be: done without a try, or held by what nothing opens."""
    if call.state == CallState.DONE:
        return call.attempts_total == 0 or bool(call.held)
    return bool(call.held) or _stuck_reason(copy) is not None


def _stuck_reason(copy: Copy) -> Reason | None:
    """Return what lets none of a campaign's calls go, ever: a cap of nothing, or members of whom there is none."""
    campaign = copy.campaign
    if campaign.capacity == 0:
        return Reason.CAMPAIGN_CAP
    if campaign.calls_per_second == 0 or copy.account.calls_per_second == 0:
        return Reason.PACE
    if campaign.pacing != Pacing.FIXED and not copy.crew_of(campaign.pk):
        return Reason.MEMBER
    return None


def _waits_for(call: CallCopy) -> str:
    return call.held or (str(call.reason) if call.state == CallState.WAITING and not call.ready else "")


def _grouped(never: list[CallCopy], copy: Copy) -> list[Never]:
    groups: dict[Reason, list[CallCopy]] = {}
    for call in never:
        stuck = None if call.state == CallState.DONE or call.held else _stuck_reason(copy)
        groups.setdefault(Reason(call.held or stuck or call.reason), []).append(call)
    return [
        Never(reason, _words(reason, copy), len(calls), tuple((call.id, call.number) for call in calls[:EXAMPLES]))
        for reason, calls in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]


def _words(reason: Reason, copy: Copy) -> str:
    if reason == Reason.PACE:
        return "The calls per second of the campaign or its account are 0"
    if reason == Reason.CAMPAIGN_CAP:
        return "The campaign's capacity is 0"
    return NEVER_WORDS.get(reason, reason.label)


NEVER_WORDS = {
    Reason.LATE: "Their last moment (not_after) passes before their turn comes",
    Reason.DATES: "The campaign's end comes before their turn",
    Reason.ZONE: "No hour within 60 days suits all the time zones that the number may be in",
    Reason.PREFIX: "The account may not call this destination: its prefix is not allowed",
    Reason.CHANNEL: "The channel is switched off or has no text",
    Reason.SUPPRESSED: "The destination must not be contacted",
    Reason.MEMBER: "The campaign goes by its members, and none of them is available",
    Reason.ATTEMPTS: "All their attempts are used",
}


def _shares(waits: Counter[Reason]) -> dict[str, float]:
    whole = sum(waits.values())
    return {reason.value: seconds / whole for reason, seconds in waits.most_common()} if whole else {}


def _add_members(made: Forecast, copy: Copy, tally: Tally) -> None:
    """Add how busy the members are, and how many persons meet none of them."""
    if copy.campaign.pk not in copy.staffed:
        return
    made.members = copy.crew_of(copy.campaign.pk)
    made.abandoned = sum(hour.abandoned for hour in tally.hours.values())
    persons = tally.attempts[Outcome.ANSWERED]
    made.abandon_rate = made.abandoned / persons if persons else 0.0
    if made.members:
        made.busy = min(1.0, tally.talked / (made.members * tally.active)) if tally.active else 0.0
