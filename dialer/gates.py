"""The gates that a call must pass before it is placed, in their order, each with its reason.

The claim, the last look before the wire, and `explain` all ask here, so what is explained is what is done. Nothing
here reads or writes a row: the facts are gathered once for a whole batch.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from campaigns import content, hours, phones
from campaigns.models import Account, Call, Campaign
from campaigns.states import CampaignState, Channel, Outcome, Reason
from dialer.plans import Planned

# How often something that only a person can mend is looked at again.
HELD = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


class Candidate(NamedTuple):
    """The columns of a waiting call that gates and claim read; a tuple, as thousands are read in a second."""

    id: int
    campaign_id: int
    channel: str
    destination: str
    zones: str
    priority: int
    due_at: dt.datetime
    not_after: dt.datetime | None
    window: list[dict[str, Any]] | None
    caller_id: str
    message: str
    max_attempts: int | None
    attempts_made: int
    attempts_total: int
    ignores_suppression: bool
    cancel_requested_at: dt.datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Shut:
    """A gate that is shut: why, and when to look again; with an outcome, the call is over."""

    reason: Reason
    next_look_at: dt.datetime | None = None
    outcome: Outcome | None = None


# Gates read the same of a whole row as of the columns alone.
Dialable = Call | Candidate | Planned


@dataclass(slots=True)
class Tried:
    """How often a destination was tried in the last 24 hours, and when the first of these was."""

    count: int = 0
    first_at: dt.datetime | None = None


@dataclass(slots=True)
class Facts:
    """All that the gates of one account's calls need to know at one moment."""

    account: Account
    now: dt.datetime
    campaigns: Mapping[int, Campaign]
    # (campaign id or None for the account, channel or "" for all, destination)
    suppressed: frozenset[tuple[int | None, str, str]] = frozenset()
    tried: dict[str, Tried] = field(default_factory=dict)
    # What was found for windows and zones that many calls share.
    verdicts: dict[Any, hours.Verdict] = field(default_factory=dict)

    def at(self, moment: dt.datetime) -> Facts:
        """Return the same facts for another moment."""
        return replace(self, now=moment, verdicts={})


def first_shut(call: Dialable, facts: Facts, *, claimed: bool = False) -> Shut | None:
    """Return the first of a call's own gates that is shut, or None where it may go.

    A call that is `claimed` already has used one try, and one of the day, for the attempt that is asked about.
    """
    for gate in CLAIMED_GATES if claimed else GATES:
        if shut := gate(call, facts):
            return shut
    return None


def _cancelled(call: Dialable, facts: Facts) -> Shut | None:
    if call.cancel_requested_at is not None:
        return Shut(Reason.CANCELLED, outcome=Outcome.CANCELLED)
    return None


def _late(call: Dialable, facts: Facts) -> Shut | None:
    if call.not_after is not None and call.not_after <= facts.now:
        return Shut(Reason.LATE, outcome=Outcome.EXPIRED)
    return None


def _suppressed(call: Dialable, facts: Facts) -> Shut | None:
    if facts.suppressed and not call.ignores_suppression and is_suppressed(call, facts.suppressed):
        return Shut(Reason.SUPPRESSED, outcome=Outcome.SUPPRESSED)
    return None


def is_suppressed(call: Dialable, listed: frozenset[tuple[int | None, str, str]]) -> bool:
    """Tell whether a destination stands on the account's or the campaign's list, for all channels or for this one."""
    return any(
        (scope, channel, call.destination) in listed
        for scope in (None, call.campaign_id)
        for channel in ("", call.channel)
    )


def _due(call: Dialable, facts: Facts) -> Shut | None:
    if call.due_at > facts.now:
        return Shut(Reason.RETRY if call.attempts_total else Reason.DUE, call.due_at)
    return None


def _attempts(call: Dialable, facts: Facts) -> Shut | None:
    if call.attempts_made >= (call.max_attempts or facts.campaigns[call.campaign_id].max_attempts):
        return Shut(Reason.ATTEMPTS, outcome=Outcome(call.outcome or Outcome.FAILED))
    return None


def _channel(call: Dialable, facts: Facts) -> Shut | None:
    campaign = facts.campaigns[call.campaign_id]
    if not content.is_open(campaign, call.channel):
        return Shut(Reason.CHANNEL, facts.now + HELD)
    if not content.may_be_silent(campaign, call.channel) and not content.text_of(campaign, call.channel, call.message):
        return Shut(Reason.CHANNEL, facts.now + HELD)
    return None


def _prefix(call: Dialable, facts: Facts) -> Shut | None:
    if call.channel != Channel.EMAIL and not phones.may_dial(call.destination, facts.account.allowed_prefixes):
        return Shut(Reason.PREFIX, facts.now + HELD)
    return None


def _window(call: Dialable, facts: Facts) -> Shut | None:
    verdict = hours_verdict(call, facts)
    if verdict.is_open:
        return None
    if verdict.opens_at is None:
        return Shut(Reason.ZONE, facts.now + DAY)
    return Shut(Reason.WINDOW, verdict.opens_at)


def hours_verdict(call: Dialable, facts: Facts) -> hours.Verdict:
    """Return whether the called party may be called at this hour, and when next."""
    campaign = facts.campaigns[call.campaign_id]
    key = (call.campaign_id, call.zones, json.dumps(call.window) if call.window else "")
    if key not in facts.verdicts:
        zones = tuple((call.zones or campaign.zone_name()).split(","))
        facts.verdicts[key] = hours.judge(hours_of(campaign, call.window), zones, facts.now)
    return facts.verdicts[key]


def hours_of(campaign: Campaign, own: list[dict[str, Any]] | None) -> hours.Hours:
    """Return the calling hours of a call: its own windows, else its campaign's; never on the campaign's holidays."""
    return _hours(json.dumps(campaign.windows if own is None else own), json.dumps(campaign.holidays))


@functools.lru_cache(maxsize=4096)
def _hours(windows: str, holidays: str) -> hours.Hours:
    return hours.Hours(hours.parse_windows(json.loads(windows)), hours.parse_holidays(json.loads(holidays)))


def _number_cap(call: Dialable, facts: Facts) -> Shut | None:
    cap = facts.account.attempts_per_number_per_day
    if not cap:
        return None
    tried = facts.tried.get(call.destination)
    if tried and tried.count >= cap and tried.first_at:
        return Shut(Reason.NUMBER_CAP, tried.first_at + DAY)
    return None


# The order in which they are asked, and in which they are explained: what ends a call for good stands first.
NAMED = (
    (Reason.CANCELLED, _cancelled),
    (Reason.LATE, _late),
    (Reason.SUPPRESSED, _suppressed),
    (Reason.DUE, _due),
    (Reason.ATTEMPTS, _attempts),
    (Reason.CHANNEL, _channel),
    (Reason.PREFIX, _prefix),
    (Reason.WINDOW, _window),
    (Reason.NUMBER_CAP, _number_cap),
)
GATES = tuple(gate for _, gate in NAMED)
CLAIMED_GATES = tuple(gate for reason, gate in NAMED if reason not in {Reason.ATTEMPTS, Reason.NUMBER_CAP})


def campaign_shut(campaign: Campaign, now: dt.datetime) -> Shut | None:
    """Return why none of a campaign's calls may go now, whatever they are, or None."""
    if not campaign.takes_calls():
        return Shut(Reason.FINISHED, outcome=Outcome.CANCELLED)
    if campaign.state != CampaignState.RUNNING or not campaign.account.is_active:
        return Shut(Reason.STATE)
    if campaign.starts_at is not None and now < campaign.starts_at:
        return Shut(Reason.DATES, campaign.starts_at)
    if campaign.ends_at is not None and now >= campaign.ends_at:
        return Shut(Reason.DATES)
    return None


def destinations(calls: Iterable[Dialable]) -> list[str]:
    """Return the destinations of calls, each once."""
    return list({call.destination for call in calls})
