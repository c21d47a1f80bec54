"""Claims waiting calls in batches: one transaction that holds the account, asks every gate, and commits the attempts.

All that changes a waiting call or its gates holds the account too, so nothing can come between the asking and the
commit. New calls may come in meanwhile; the next claim sees them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from campaigns import bulk, locks
from campaigns.models import Account, Call, CallAttempt, CallerId, Campaign
from campaigns.states import AttemptState, CallState
from dialer import carriers, facts, gates, lanes, numbers, serving, sweeping, tuning

# How long a claimed attempt waits for the task that places it, before another is told to; in seconds.
PLACE_GRACE = 3.0


@dataclass(slots=True)
class Claimed:
    """What one claim did: the attempts to place now, how many calls it closed or parked, and when room comes again."""

    attempt_ids: list[int] = field(default_factory=list)
    moved: int = 0
    again_at: dt.datetime | None = None

    def did_something(self) -> bool:
        return bool(self.attempt_ids) or self.moved > 0


@transaction.atomic
def claim(*, account_id: int, now: dt.datetime, limit: int = 100) -> Claimed:
    """Claim up to `limit` calls of an account for which every gate is open; open their attempts.

    What is due is swept first. Calls whose gate is shut are parked with the reason until the gate is worth another
    look, or closed. Opens one transaction, in which the account is held.
    """
    locks.account(account_id)
    account = Account.objects.get(pk=account_id)
    if not account.is_active:
        return Claimed()
    campaigns = lanes.open_campaigns(account)
    claimed = Claimed(moved=sweeping.sweep(campaigns, now=now))
    running = [campaign for campaign in campaigns if gates.campaign_shut(campaign, now) is None]
    if not running:
        return claimed
    tuning.tune(running, now=now)
    plan = lanes.plan(account=account, campaigns=running, now=now, limit=limit)
    claimed.again_at = plan.again_at
    calls = lanes.candidates(plan.wants)
    if calls:
        _decide(account, running, calls, claimed, now)
    return claimed


def _decide(
    account: Account, running: Sequence[Campaign], calls: Sequence[gates.Candidate], claimed: Claimed, now: dt.datetime
) -> None:
    known = facts.gather(account=account, campaigns=running, calls=calls, now=now)
    going: list[gates.Candidate] = []
    shut: list[tuple[gates.Candidate, gates.Shut]] = []
    for call in calls:
        reason = gates.first_shut(call, known)
        if reason is None:
            going.append(call)
            # Two calls to one number in one batch must not pass its cap together.
            tried = known.tried.setdefault(call.destination, gates.Tried())
            tried.count, tried.first_at = tried.count + 1, tried.first_at or now
        else:
            shut.append((call, reason))
    park([(call.id, reason) for call, reason in shut], now=now)
    claimed.moved += len(shut)
    claimed.attempt_ids = _open_attempts(account, known, going, now)


def park(shut: Sequence[tuple[int, gates.Shut]], *, now: dt.datetime) -> None:
    """Park waiting calls until their gate is worth another look, or close them. Requires the account held."""
    parked = [(pk, False, gate.reason, gate.next_look_at or now + gates.HELD) for pk, gate in shut if not gate.outcome]
    closed = [(pk, CallState.DONE, False, gate.outcome, gate.reason, None, now) for pk, gate in shut if gate.outcome]
    waiting = "t.state = 'waiting'"
    bulk.update(Call, ("id", "ready", "reason", "next_look_at"), parked, where=waiting)
    bulk.update(Call, ("id", "state", "ready", "outcome", "reason", "next_look_at", "done_at"), closed, where=waiting)


def _open_attempts(
    account: Account, known: gates.Facts, going: Sequence[gates.Candidate], now: dt.datetime
) -> list[int]:
    """Take calls and open their attempts, with the keys that the carriers will know them by."""
    if not going:
        return []
    listed = list(CallerId.objects.filter(account=account).order_by("id"))
    meant = serving.meant(going, known.campaigns, now)
    check_at = now + dt.timedelta(seconds=PLACE_GRACE)
    ids = bulk.allocate_ids(CallAttempt, len(going))
    rows = []
    for pk, call in zip(ids, going, strict=True):
        campaign, member = known.campaigns[call.campaign_id], meant.get(call.id)
        rows.append(
            (
                pk,
                uuid.uuid4(),
                account.pk,
                call.campaign_id,
                call.id,
                call.attempts_total + 1,
                call.channel,
                carriers.alias_for(call.channel, sandbox=account.is_sandbox),
                call.destination,
                numbers.shown(call, campaign, listed, member_code=member.code if member else ""),
                member.pk if member else None,
                AttemptState.CLAIMED.value,
                now,
                check_at,
                {"zones": call.zones or campaign.zone_name()},
            )
        )
    bulk.insert(CallAttempt, _ATTEMPT_COLUMNS, rows)
    bulk.update(
        Call,
        ("id", "state", "ready", "reason", "next_look_at", "attempts_made", "attempts_total"),
        [(call.id, CallState.LIVE, False, "", None, call.attempts_made + 1, call.attempts_total + 1) for call in going],
        where="t.state = 'waiting'",
    )
    return ids


_ATTEMPT_COLUMNS = (
    "id",
    "key",
    "account_id",
    "campaign_id",
    "call_id",
    "n",
    "channel",
    "carrier",
    "destination",
    "caller_id",
    "member_id",
    "state",
    "claimed_at",
    "check_at",
    "evidence",
)
