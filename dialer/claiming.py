"""Claims waiting calls in batches: one transaction that holds the account, asks every gate, and commits the attempts.

All that changes a waiting call or its gates holds the account too, so nothing can come between the asking and the
commit. New calls may come in meanwhile; the next claim sees them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from campaigns import bulk
from campaigns.models import Account, Call, CallerId, Campaign, Member
from campaigns.states import CallState, Channel
from dialer import carriers, facts, gates, lanes, numbers, ready, serving, sweeping, tuning
from dialer.horizons import MARGIN, Horizon

# How long a claimed attempt waits for the task that places it, before another is told to; in seconds.
PLACE_GRACE = 3.0


@dataclass(slots=True)
class Claimed:
    """What one claim did: the attempts to place now, how many calls it closed or parked, and when room comes again."""

    attempt_ids: list[int] = field(default_factory=list)
    moved: int = 0
    # How many of these were swept: moved because their time had come.
    swept: int = 0
    again_at: dt.datetime | None = None

    def did_something(self) -> bool:
        return bool(self.attempt_ids) or self.moved > 0


def claim(*, account_id: int, now: dt.datetime, limit: int = 100, horizon: Horizon | None = None) -> Claimed:
    """Claim up to `limit` calls of an account for which every gate is open; open their attempts.

    What is due is swept first. Calls whose gate is shut are parked with the reason until the gate is worth another
    look, or closed. Opens one transaction, in which the account is held.
    """
    seen = horizon or Horizon()
    with transaction.atomic():
        claimed, calls = _claim(account_id, now, limit, seen)
    # Only what is committed lies behind the horizon.
    seen.positions |= ready.last_of(calls)
    if claimed.swept < sweeping.BATCH:
        seen.swept_until[account_id] = now - MARGIN
    return claimed


def _claim(account_id: int, now: dt.datetime, limit: int, seen: Horizon) -> tuple[Claimed, list[gates.Candidate]]:
    """Claim; return what was done, and the calls that were decided."""
    # Read and held at once, as `locks.account` holds it.
    account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
    if not account.is_active:
        return Claimed(), []
    campaigns = ready.open_campaigns(account)
    found = ready.look(campaigns, now=now, horizon=seen)
    claimed = Claimed()
    if found.is_sweep_due or any(campaign.ends_at and campaign.ends_at <= now for campaign in campaigns):
        claimed.swept = sweeping.sweep(campaigns, now=now, since=seen.swept_since(account_id))
        claimed.moved = claimed.swept
        found = ready.look(campaigns, now=now, horizon=seen) if claimed.swept else found
    running = [campaign for campaign in campaigns if gates.campaign_shut(campaign, now) is None]
    tuning.tune(running, now=now)
    plan = lanes.plan(account=account, campaigns=running, ready=found.lanes, now=now, limit=limit, horizon=seen)
    claimed.again_at = plan.again_at
    calls = ready.candidates(plan.wants, behind=found.positions)
    if calls:
        _decide(account, running, calls, claimed, now)
    return claimed, calls


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
    aliases = {channel: carriers.alias_for(channel, sandbox=account.is_sandbox) for channel in Channel.values}
    meant = serving.meant(going, known.campaigns, now)
    own = [
        {
            "id": call.id,
            "key": uuid.uuid4().hex,
            "carrier": aliases[call.channel],
            "caller_id": _shown(call, known, listed, meant),
            "member_id": meant[call.id].pk if call.id in meant else None,
            "zones": call.zones or known.campaigns[call.campaign_id].zone_name(),
        }
        for call in going
    ]
    check_at = now + dt.timedelta(seconds=PLACE_GRACE)
    opening = _OPEN.format(own=bulk.given(_OWN), evidence=_EVIDENCE[connection.vendor])
    with connection.cursor() as cursor:
        cursor.execute(opening, [bulk.stored(now), bulk.stored(check_at), bulk.as_json(own)])
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(_TAKE + bulk.among("id"), [False, bulk.ids(call.id for call in going)])
    return ids


def _shown(call: gates.Candidate, known: gates.Facts, listed: Sequence[CallerId], meant: Mapping[int, Member]) -> str:
    member = meant.get(call.id)
    return numbers.shown(call, known.campaigns[call.campaign_id], listed, member_code=member.code if member else "")


# What an attempt has of its own; all else it takes over from its call.
_OWN = {"id": "bigint", "key": "uuid", "carrier": "text", "caller_id": "text", "member_id": "bigint", "zones": "text"}
_EVIDENCE = {"postgresql": "jsonb_build_object('zones', v.zones)", "sqlite": "json_object('zones', v.zones)"}
# In the order in which they go, for attempts are placed in that of their ids.
_OPEN = """
    INSERT INTO campaigns_callattempt (key, account_id, campaign_id, call_id, n, channel, carrier, destination,
        caller_id, member_id, state, claimed_at, check_at, evidence)
    SELECT v.key, k.account_id, k.campaign_id, k.id, k.attempts_total + 1, k.channel, v.carrier, k.destination,
        v.caller_id, v.member_id, 'claimed', %s, %s, {evidence}
    FROM {own} JOIN campaigns_call k ON k.id = v.id ORDER BY k.priority DESC, k.due_at, k.id
    RETURNING id"""
_TAKE = """
    UPDATE campaigns_call SET state = 'live', ready = %s, reason = '', next_look_at = NULL,
        attempts_made = attempts_made + 1, attempts_total = attempts_total + 1
    WHERE """
