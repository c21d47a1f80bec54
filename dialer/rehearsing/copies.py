"""The rows of a rehearsal, as they are copied from the ledger and then moved in memory."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from campaigns.models import Account, Campaign
from campaigns.states import AttemptState, CallState, Channel
from dialer.carriers.callees import Behaviour, Script
from dialer.models import PacingState

NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True, eq=False)
class CallCopy:
    """A call: the columns that gates and decisions read, named as in the ledger, and what the rehearsal did with it."""

    id: int
    campaign_id: int
    channel: str
    destination: str
    zones: str
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
    number: str
    voice: str
    flow: dict[str, Any] | None
    retry_minutes: int | None
    congestions: int
    state: str
    ready: bool
    reason: str
    next_look_at: dt.datetime | None
    priority: int
    # How many tries the rehearsal made of it, and when it was done.
    tries: int = 0
    done_at: dt.datetime | None = None
    # The gate that nothing in a rehearsal opens, where the call stands before one.
    held: str = ""

    @property
    def caller_name(self) -> str:
        """Return no name: nothing in a rehearsal is shown to anybody."""
        return ""

    @property
    def custom_data(self) -> Mapping[str, Any]:
        """Return nothing: what a caller keeps with a call decides nothing."""
        return NOTHING


# What is read of each call; the rest comes about in the rehearsal.
COLUMNS = tuple(one.name for one in dataclasses.fields(CallCopy) if one.default is dataclasses.MISSING)


@dataclass(slots=True, eq=False)
class AttemptCopy:
    """An attempt: what its dial and the decision about its end read, named as in the ledger; and what comes of it."""

    id: int
    call: CallCopy
    n: int
    carrier: str
    claimed_at: dt.datetime
    placed_at: dt.datetime
    check_at: dt.datetime
    key: str = ""
    caller_id: str = ""
    hangup_at: dt.datetime | None = None
    wants_member: bool = False
    member_id: int | None = None
    waits_until: dt.datetime | None = None
    connected_at: dt.datetime | None = None
    abandoned: bool = False
    state: str = AttemptState.PLACED.value
    outcome: str = ""
    counts: bool = True
    ended_at: dt.datetime | None = None
    answered_at: dt.datetime | None = None
    script: Script | None = None
    # When something is told of it: ringing, the answer, the end.
    moments: Sequence[dt.datetime] = ()

    @property
    def pk(self) -> int:
        """Return its id: the engine's functions know it by that name."""
        return self.id

    @property
    def campaign_id(self) -> int:
        """Return the campaign of its call."""
        return self.call.campaign_id

    @property
    def channel(self) -> str:
        """Return the channel of its call."""
        return self.call.channel

    @property
    def destination(self) -> str:
        """Return the destination of its call."""
        return self.call.destination


@dataclass(slots=True, eq=False)
class MemberCopy:
    """A member who takes calls: when the wrap-up ends, and the open attempt that is theirs."""

    id: int
    campaign_id: int
    busy_until: dt.datetime | None
    attempt: AttemptCopy | None = None

    def is_present(self) -> bool:
        """Tell whether the member is in no call."""
        return self.attempt is None or self.attempt.connected_at is None

    def is_idle(self, now: dt.datetime) -> bool:
        """Tell whether the member can take a call."""
        return self.is_present() and (self.busy_until is None or self.busy_until <= now)


class Past(NamedTuple):
    """An attempt that ended before the rehearsal, and that the pace of its campaign is still measured from."""

    id: int
    claimed_at: dt.datetime
    channel: str
    placed_at: dt.datetime | None
    answered_at: dt.datetime | None
    ended_at: dt.datetime | None
    connected_at: dt.datetime | None
    outcome: str


@dataclass(slots=True)
class Loop:
    """What a campaign that over-dials has measured of itself: its figures, its last attempts, its hourly sums."""

    state: PacingState | None = None
    tries: list[Past | AttemptCopy] = field(default_factory=list)
    # By hour in UTC: persons who answered, and those of them who were abandoned.
    hours: dict[dt.datetime, list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """How a channel's called parties behave, with which seed, and where that is known from."""

    behaviour: Behaviour
    seed: str
    # "simulator" (its own ways), "campaign" or "account" (measured), "given"; and how many attempts were measured.
    source: str = "simulator"
    measured: int = 0


@dataclass(frozen=True, slots=True)
class Earlier:
    """An attempt before the rehearsal that speeds and caps still count."""

    claimed_at: dt.datetime
    campaign_id: int
    carrier: str
    outcome: str


@dataclass(slots=True)
class Copy:
    """All that a rehearsal knows: nothing else is read while it plays."""

    account: Account
    campaign: Campaign
    starts_at: dt.datetime
    # The campaign, and with them the account's other running ones.
    campaigns: list[Campaign]
    calls: list[CallCopy]
    live: list[AttemptCopy]
    suppressed: frozenset[tuple[int | None, str, str]]
    # When each destination was tried in the 24 hours before, where the account caps that.
    tried: dict[str, list[dt.datetime]]
    earlier: list[Earlier]
    models: dict[str, Model]
    # Which campaigns give answered calls to members, and who of them is available.
    staffed: set[int]
    members: list[MemberCopy]
    # Of the campaigns that over-dial.
    loops: dict[int, Loop] = field(default_factory=dict)
    # By carrier: the failures in a row that its breaker has counted, and until when it is open.
    health: dict[str, tuple[int, dt.datetime | None]] = field(default_factory=dict)
    # Of the account's other running campaigns, where they are left out: how many, and how many calls of theirs wait.
    others: int = 0
    others_waiting: int = 0

    def crew_of(self, campaign_id: int) -> int:
        """Return how many members of a campaign are available."""
        return sum(member.campaign_id == campaign_id for member in self.members)

    def in_whole_minutes(self) -> bool:
        """Tell whether every window opens and shuts on a whole minute: zones may be seconds off."""
        zones = {name for call in self.calls for name in call.zones.split(",")}
        zones |= {campaign.zone_name() for campaign in self.campaigns}
        return not any(name.count(":") > 1 for name in zones)


WAITING, LIVE, DONE = CallState.WAITING, CallState.LIVE, CallState.DONE
CHANNELS = tuple(Channel.values)
