"""Records what carriers said: moves attempts forward, and decides what becomes of their calls.

Events may come twice, late and in any order: an attempt moves forward only, and its end is final. Opens one
transaction, in which the accounts' decisions are kept as they are (a campaign cannot be finished meanwhile).
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from campaigns import bulk, locks, retries
from campaigns.models import Call, CallAttempt, Campaign
from campaigns.states import AttemptState, CallState, CampaignState, Outcome, Reason
from dialer import breaker, plans, serving
from dialer.carriers.base import CarrierEvent, EventType
from dialer.plans import Planned
from reports import building

# In the order in which an attempt moves.
ORDER = {state: place for place, state in enumerate(AttemptState.values)}
MOVES = {
    EventType.RINGING: AttemptState.RINGING,
    EventType.ANSWERED: AttemptState.ANSWERED,
    EventType.CONNECTED: AttemptState.ANSWERED,
    EventType.ENDED: AttemptState.ENDED,
}
# More of what a carrier repeats for ever is not kept.
MOST_EVENTS = 50
REACHED = frozenset({Outcome.ANSWERED, Outcome.MACHINE})


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a call after a try: done for a reason, or waiting until a moment."""

    done: Outcome | None = None
    reason: Reason = Reason.NONE
    due_at: dt.datetime | None = None
    # Whether the try counts against the budget.
    counts: bool = True


def apply(events: Iterable[CarrierEvent], *, now: dt.datetime) -> int:
    """Record events; return how many attempts they ended. Unknown keys are ignored: they are not ours."""
    by_key: dict[str, list[CarrierEvent]] = defaultdict(list)
    for event in events:
        by_key[event.key].append(event)
    if not by_key:
        return 0
    with transaction.atomic():
        return record(held(by_key), by_key, now=now)


def held(keys: Iterable[str]) -> list[CallAttempt]:
    """Return attempts by key, locked until the transaction ends, with their accounts' decisions kept as they are."""
    wanted = list(keys)
    if not wanted:
        return []
    accounts = CallAttempt.objects.filter(key__in=wanted).order_by("account_id").values_list("account_id", flat=True)
    locks.accounts_shared(set(accounts.distinct()))
    return list(CallAttempt.objects.select_for_update(of=("self",)).filter(key__in=wanted).order_by("id"))


def record(
    attempts: Sequence[CallAttempt],
    by_key: dict[str, list[CarrierEvent]],
    *,
    now: dt.datetime,
    check_at: dict[str, dt.datetime] | None = None,
    planned: plans.Plans | None = None,
) -> int:
    """Fold events into locked attempts and store what changed; return how many ended. Requires the transaction.

    `planned` are the attempts' calls and campaigns, where they were read in this transaction already.
    """
    changed: list[CallAttempt] = []
    ended: list[CallAttempt] = []
    for attempt in attempts:
        key = str(attempt.key)
        was = attempt.state
        moved = fold(attempt, by_key.get(key, []))
        if check_at and key in check_at:
            attempt.check_at = check_at[key]
            moved = True
        if moved:
            changed.append(attempt)
        if attempt.state == AttemptState.ENDED and was != AttemptState.ENDED:
            ended.append(attempt)
    settle(ended, planned or plans.of(ended), now=now)
    serving.release(ended)
    _store(changed)
    _store(serving.serve(attempts, now=now))
    breaker.hear(changed, ended, now=now)
    building.note_ended([attempt.pk for attempt in ended])
    return len(ended)


def is_to_connect(attempt: CallAttempt) -> bool:
    """Tell whether the carrier still has to be told of a member, or that the wait for one is over."""
    if attempt.state == AttemptState.ENDED or (attempt.connected_at is None and not attempt.abandoned):
        return False
    return all(said[1] != EventType.CONNECTED for said in attempt.events)


def fold(attempt: CallAttempt, events: Iterable[CarrierEvent]) -> bool:
    """Move an attempt by what was said, in the order in which it happened; return whether anything was new."""
    moved = False
    for event in sorted(events, key=lambda event: (event.happened_at, ORDER[MOVES[event.type]])):
        said = [event.happened_at.isoformat(), event.type.value, event.cause]
        if said in attempt.events or len(attempt.events) >= MOST_EVENTS:
            continue
        attempt.events.append(said if not event.raw else [*said, dict(event.raw)])
        _move(attempt, event)
        moved = True
    return moved


def _move(attempt: CallAttempt, event: CarrierEvent) -> None:
    if attempt.state == AttemptState.ENDED:
        return
    if event.type is EventType.RINGING and attempt.ringing_at is None:
        attempt.ringing_at = event.happened_at
    if event.type in {EventType.ANSWERED, EventType.CONNECTED} and attempt.answered_at is None:
        attempt.answered_at = event.happened_at
    if event.type is EventType.ANSWERED and event.outcome == Outcome.MACHINE:
        attempt.wants_member, attempt.member_id = False, None
    if event.type is EventType.ENDED:
        attempt.ended_at = max(event.happened_at, attempt.answered_at or event.happened_at)
        attempt.outcome = event.outcome if event.outcome in Outcome.values else Outcome.UNKNOWN
        attempt.cause = event.cause[:100]
        attempt.digits = event.digits[:100]
        attempt.steps = [dict(step) for step in event.steps]
        attempt.cost = event.cost
    target = MOVES[event.type]
    if ORDER[target] > ORDER[attempt.state]:
        attempt.state = target


def settle(ended: Sequence[CallAttempt], planned: plans.Plans, *, now: dt.datetime) -> None:
    """Decide what becomes of the calls of attempts that have just ended. Requires the transaction."""
    rows = []
    for attempt in ended:
        call = planned.calls[attempt.call_id]
        fate = decide(attempt, call, planned.campaigns[attempt.campaign_id])
        attempt.counts = fate.counts
        rows.append(_call_row(call, fate, attempt, now))
    bulk.update(Call, _CALL_COLUMNS, rows)


def decide(attempt: CallAttempt, call: Planned, campaign: Campaign) -> Fate:
    """Return what becomes of a call whose try has ended so. Pure."""
    outcome = Outcome(attempt.outcome)
    ended_at = attempt.ended_at or attempt.claimed_at
    trouble = outcome == Outcome.CONGESTION
    if outcome in REACHED and not _tried_again(outcome, campaign):
        return Fate(done=outcome, reason=Reason.ANSWERED)
    if call.cancel_requested_at is not None:
        return Fate(done=outcome if outcome in REACHED else Outcome.CANCELLED, reason=Reason.CANCELLED)
    if campaign.state in {CampaignState.FINISHED, CampaignState.DELETED}:
        return Fate(done=Outcome.CANCELLED, reason=Reason.FINISHED, counts=not trouble)
    if outcome == Outcome.INVALID_NUMBER:
        return Fate(done=outcome, reason=Reason.INVALID)
    if trouble:
        again = retries.after_congestion(congestions=call.congestions + 1, ended_at=ended_at)
    else:
        again = policy_of(call, campaign).next_try(outcome=outcome, counted=call.attempts_made, ended_at=ended_at)
    if again is None:
        return Fate(done=outcome, reason=Reason.CONGESTION if trouble else Reason.ATTEMPTS, counts=not trouble)
    if call.not_after is not None and again >= call.not_after:
        return Fate(done=outcome, reason=Reason.LATE, counts=not trouble)
    return Fate(due_at=again, reason=Reason.CONGESTION if trouble else Reason.RETRY, counts=not trouble)


def _tried_again(outcome: Outcome, campaign: Campaign) -> bool:
    rule = _rules_of(campaign).get(outcome)
    return outcome != Outcome.ANSWERED and rule is not None and rule.retry


def policy_of(call: Planned, campaign: Campaign) -> retries.Policy:
    """Return the retry policy of a call: its own numbers, else its campaign's."""
    minutes = campaign.retry_minutes if call.retry_minutes is None else call.retry_minutes
    return retries.Policy(
        max_attempts=call.max_attempts or campaign.max_attempts,
        first_wait=dt.timedelta(minutes=minutes),
        growth=float(campaign.retry_growth),
        rules=_rules_of(campaign),
    )


def _rules_of(campaign: Campaign) -> dict[str, retries.Rule]:
    # Most have none, and to write a value as text takes longer than all else that is decided.
    return _rules(json.dumps(campaign.retry_rules)) if campaign.retry_rules else {}


@functools.lru_cache(maxsize=1024)
def _rules(text: str) -> dict[str, retries.Rule]:
    return retries.parse_rules(json.loads(text))


_CALL_COLUMNS = (
    "id",
    "state",
    "ready",
    "outcome",
    "reason",
    "due_at",
    "next_look_at",
    "attempts_made",
    "congestions",
    "done_at",
)


def _call_row(call: Planned, fate: Fate, attempt: CallAttempt, now: dt.datetime) -> tuple[Any, ...]:
    made = call.attempts_made if fate.counts else max(0, call.attempts_made - 1)
    trouble = attempt.outcome == Outcome.CONGESTION
    congestions = call.congestions + 1 if trouble else 0
    if fate.done is not None:
        done_at = attempt.ended_at or now
        return (call.id, CallState.DONE, False, fate.done, fate.reason, call.due_at, None, made, congestions, done_at)
    due_at = fate.due_at or now
    ready = due_at <= now
    look = None if ready else due_at
    reason = "" if ready else fate.reason
    return (call.id, CallState.WAITING, ready, "", reason, due_at, look, made, congestions, None)


_ATTEMPT_COLUMNS = (
    "id",
    "state",
    "outcome",
    "cause",
    "counts",
    "placed_at",
    "ringing_at",
    "answered_at",
    "ended_at",
    "check_at",
    "hangup_at",
    "wants_member",
    "member_id",
    "waits_until",
    "connected_at",
    "abandoned",
    "digits",
    "steps",
    "events",
    "cost",
)


def _store(attempts: Sequence[CallAttempt]) -> None:
    rows = [tuple(getattr(attempt, column) for column in _ATTEMPT_COLUMNS) for attempt in attempts]
    bulk.update(CallAttempt, _ATTEMPT_COLUMNS, rows)
