"""Places claimed attempts: a last look at the gates, the mark, then the wire, then what the carrier said.

An attempt is marked as placed before the wire is touched, by a statement that only one process can win, so it is
originated at most once, whatever is repeated or dies. No transaction is open while the carrier is talked to,
unless the carrier is the simulator, which is no network.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from campaigns import bulk, content, flows, locks
from campaigns.models import Account, Call, CallAttempt, Campaign
from campaigns.states import AttemptState, CallState, Channel, Outcome
from dialer import carriers, claiming, facts, gates, outcomes, plans, staffing
from dialer.carriers.base import Carrier, CarrierError, CarrierEvent, Dial, EventType, Placed
from dialer.plans import Planned
from reports import building

logger = logging.getLogger(__name__)

# How soon a carrier is asked about a dial whose reply was lost, in seconds.
DOUBT_SECONDS = 5.0
# A gate that shuts sooner than this is shut for a carrier on a network: the wire takes time after the last look.
MARGIN = dt.timedelta(seconds=2)


def place(attempt_ids: Sequence[int], *, now: dt.datetime) -> int:
    """Place claimed attempts; return how many were handed to a carrier. Repeating it places nothing twice."""
    return place_by(attempt_ids, clock=lambda: now)


def place_by(attempt_ids: Sequence[int], *, clock: Callable[[], dt.datetime]) -> int:
    """Place claimed attempts by a clock that is read once each account is held: to wait for it may outlast a window.

    A carrier on a network gets a few dials at a time, each lot after a last look of its own.
    """
    of_carrier: dict[tuple[int, str], list[int]] = defaultdict(list)
    found = CallAttempt.objects.filter(pk__in=attempt_ids).order_by("id").values_list("id", "account_id", "carrier")
    for pk, account_id, alias in found:
        of_carrier[account_id, alias].append(pk)
    return sum(
        _place_of(account_id, lot, clock)
        for (account_id, alias), ids in sorted(of_carrier.items())
        for lot in _lots(ids, carriers.get(alias))
    )


def _lots(attempt_ids: Sequence[int], carrier: Carrier) -> Iterable[Sequence[int]]:
    size = len(attempt_ids) if carrier.is_virtual else carrier.together
    return [attempt_ids[start : start + size] for start in range(0, len(attempt_ids), size)]


def _place_of(account_id: int, attempt_ids: Sequence[int], clock: Callable[[], dt.datetime]) -> int:
    with transaction.atomic():
        locks.account_shared(account_id)
        now = clock()
        marked = mark(account_id, attempt_ids, now=now)
    for alias, dials in marked.by_carrier.items():
        replies = _hand_over(carriers.get(alias), dials, now)
        with transaction.atomic():
            _record(marked, replies, now)
    return len(marked.ids)


@dataclass(slots=True)
class Marked:
    """The dials that are now this process's to originate, by carrier, and the attempts behind their keys.

    Those of the simulator, which is no network, have been originated by the mark itself: they are among the ids only.
    """

    by_carrier: dict[str, list[Dial]]
    ids: dict[str, int]


def mark(account_id: int, attempt_ids: Sequence[int], *, now: dt.datetime) -> Marked:
    """Mark attempts of an account as placed, those whose gates are still open; withdraw the others.

    Requires a transaction that holds the account shared. Whoever marks an attempt is the only one who may originate it.
    """
    account = Account.objects.get(pk=account_id)
    # By their keys alone: told of the account and the state as well, PostgreSQL may go through all that are open.
    held = CallAttempt.objects.select_for_update(of=("self",)).filter(pk__in=attempt_ids).defer("evidence")
    attempts = [attempt for attempt in held.order_by("id") if attempt.state == AttemptState.CLAIMED]
    planned = plans.of(attempts)
    calls, campaigns = planned.calls, list(planned.campaigns.values())
    known = facts.gather(account=account, campaigns=campaigns, calls=list(calls.values()), now=now, claimed=True)
    soon = known.at(now + MARGIN)
    looks = [(attempt, _last_look(attempt, calls[attempt.call_id], known, soon)) for attempt in attempts]
    _withdraw([(attempt, shut) for attempt, shut in looks if shut], calls, now)
    going = [attempt for attempt, shut in looks if shut is None]
    by_carrier: dict[str, list[Dial]] = defaultdict(list)
    staffed = staffing.staffed(campaigns)
    for attempt in going:
        call = calls[attempt.call_id]
        attempt.wants_member = (
            call.channel == Channel.VOICE and call.campaign_id in staffed and not (call.flow or call.message)
        )
        attempt.placed_at = now
        by_carrier[attempt.carrier].append(dial_of(attempt, call, known.campaigns[attempt.campaign_id]))
    replies = [
        reply for alias in _virtual(by_carrier) for reply in carriers.get(alias).place(by_carrier.pop(alias), now=now)
    ]
    lease = now + dt.timedelta(seconds=settings.ATTEMPT_LEASE_SECONDS)
    looks_at = {reply.key: reply.check_at or lease for reply in replies}
    rows = [
        (attempt.pk, AttemptState.PLACED.value, now, looks_at.get(str(attempt.key), lease), attempt.wants_member)
        for attempt in going
    ]
    bulk.update(CallAttempt, ("id", "state", "placed_at", "check_at", "wants_member"), rows)
    marked = Marked(by_carrier, ids={str(attempt.key): attempt.pk for attempt in going})
    _refuse(marked, replies, now)
    return marked


def _virtual(aliases: Iterable[str]) -> list[str]:
    return [alias for alias in aliases if carriers.get(alias).is_virtual]


def _last_look(attempt: CallAttempt, call: Planned, known: gates.Facts, soon: gates.Facts) -> gates.Shut | None:
    """Return the gate that has shut since the claim, or will before a network is reached, or None."""
    shut = _shut_at(known, call)
    return shut if shut or carriers.get(attempt.carrier).is_virtual else _shut_at(soon, call)


def _shut_at(known: gates.Facts, call: Planned) -> gates.Shut | None:
    # The claim itself has used one try and one of the day.
    campaign = known.campaigns[call.campaign_id]
    campaign.account = known.account
    return gates.campaign_shut(campaign, known.now) or gates.first_shut(call, known, claimed=True)


def _withdraw(withdrawn: Sequence[tuple[CallAttempt, gates.Shut]], calls: dict[int, Planned], now: dt.datetime) -> None:
    """End attempts that never reached the wire; they do not count, and their calls wait again or are closed."""
    if not withdrawn:
        return
    bulk.update(
        CallAttempt,
        ("id", "state", "outcome", "cause", "counts", "ended_at", "member_id"),
        [
            (attempt.pk, AttemptState.ENDED, Outcome.CANCELLED, f"withdrawn: {shut.reason.value}", False, now, None)
            for attempt, shut in withdrawn
        ],
    )
    back = [
        (attempt.call_id, CallState.WAITING, True, calls[attempt.call_id].attempts_made - 1) for attempt, _ in withdrawn
    ]
    bulk.update(Call, ("id", "state", "ready", "attempts_made"), back)
    claiming.park([(attempt.call_id, shut) for attempt, shut in withdrawn], now=now)
    building.note_ended([attempt.pk for attempt, _ in withdrawn])


def dial_of(attempt: CallAttempt, call: Call | Planned, campaign: Campaign, *, member: str = "") -> Dial:
    """Return an attempt as its carrier is given it; `member` is the code of the one who took it."""
    own = content.channel_settings(campaign, call.channel)
    return Dial(
        key=str(attempt.key),
        channel=attempt.channel,
        destination=attempt.destination,
        n=attempt.n,
        caller_id=attempt.caller_id,
        caller_name=call.caller_name or campaign.caller_name,
        flow=_flow_of(attempt, call, campaign),
        text=content.text_of(campaign, call.channel, call.message),
        subject=str(own.get("subject", "")),
        ring_seconds=campaign.ring_seconds,
        detect_machines=campaign.detect_machines,
        variables=call.custom_data,
        placed_at=attempt.placed_at,
        hangup_at=attempt.hangup_at,
        wants_member=attempt.wants_member,
        member=member,
        connected_at=attempt.connected_at,
        released_at=attempt.waits_until if attempt.abandoned else None,
    )


def _flow_of(attempt: CallAttempt, call: Call | Planned, campaign: Campaign) -> flows.Flow:
    """Return what a call walks: with a member nothing, where none came the message."""
    if attempt.abandoned:
        return content.safe_harbour(campaign)
    return {} if attempt.wants_member else content.flow_of(call, campaign)


def _hand_over(carrier: Carrier, dials: Sequence[Dial], now: dt.datetime) -> list[Placed]:
    """Give dials to a carrier; where it cannot be talked to, each is in doubt until it was asked about."""
    unable = {dial.key: problem for dial in dials if (problem := carrier.unable(dial))}
    refused = [Placed(key=key, accepted=False, outcome=Outcome.FAILED, cause=why) for key, why in unable.items()]
    able = [dial for dial in dials if dial.key not in unable]
    if not able:
        return refused
    try:
        return refused + carrier.place(able, now=now)
    except CarrierError as error:
        logger.warning("%s took no dials: %s", type(carrier).__name__, error)
        if error.permanent:
            return refused + [
                Placed(key=dial.key, accepted=False, outcome=Outcome.CONGESTION, cause=str(error)) for dial in able
            ]
        return refused + [Placed(key=dial.key, in_doubt=True, cause=str(error)) for dial in able]


def _record(marked: Marked, replies: Sequence[Placed], now: dt.datetime) -> None:
    """Record what a carrier said to the dials it was given. Requires a transaction."""
    doubt = now + dt.timedelta(seconds=DOUBT_SECONDS)
    # Held together and in one order, as everybody who hears of several at once holds them.
    outcomes.held(reply.key for reply in replies if reply.in_doubt or not reply.accepted or reply.check_at is not None)
    looks = [
        (marked.ids[reply.key], doubt if reply.in_doubt else reply.check_at)
        for reply in replies
        if reply.in_doubt or (reply.accepted and reply.check_at is not None)
    ]
    bulk.update(CallAttempt, ("id", "check_at"), looks, where="t.state <> 'ended'")
    _refuse(marked, replies, now)


def _refuse(marked: Marked, replies: Sequence[Placed], now: dt.datetime) -> None:
    """Record which dials a carrier has refused. Requires a transaction."""
    refused = {
        reply.key: [
            CarrierEvent(key=reply.key, type=EventType.ENDED, happened_at=now, outcome=reply.outcome, cause=reply.cause)
        ]
        for reply in replies
        if not reply.accepted and not reply.in_doubt
    }
    if refused:
        outcomes.record(outcomes.held(refused), refused, now=now)
