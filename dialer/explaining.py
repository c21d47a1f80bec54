"""Says in words why a call is not placed now and when it is looked at next: every gate, in the order of asking."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from campaigns.models import Account, Call, CallAttempt, Campaign
from campaigns.states import AttemptState, CallState, Reason
from dialer import facts, gates, lanes, standing

FEW = 5


@dataclass(frozen=True, slots=True)
class GateSaid:
    """What one gate says of a call: is it open, and if not, why and until when."""

    reason: Reason
    is_open: bool
    words: str
    next_look_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a call is not placed: a sentence, every gate, and when the engine looks again."""

    summary: str
    gates: tuple[GateSaid, ...] = ()
    next_look_at: dt.datetime | None = None


def explain(call: Call, *, now: dt.datetime) -> Explanation:
    """Explain a call as it stands now; changes nothing."""
    with transaction.atomic():
        if call.state == CallState.DONE:
            return Explanation(summary=_ended(call))
        if call.state == CallState.LIVE:
            return Explanation(summary=_live(call))
        return _waiting(call, now)


def _ended(call: Call) -> str:
    word = call.get_outcome_display().lower()
    tries = f"{call.attempts_total} tries" if call.attempts_total != 1 else "1 try"
    return f"It is done: {word}, after {tries}. {Reason(call.reason).label}."


def _live(call: Call) -> str:
    attempt = CallAttempt.objects.filter(call=call).exclude(state=AttemptState.ENDED).first()
    if attempt is None:
        return "It is in progress."
    return f"It is in progress: try {attempt.n} over {attempt.carrier}, {attempt.get_state_display().lower()}."


def _waiting(call: Call, now: dt.datetime) -> Explanation:
    campaign = Campaign.objects.select_related("account").get(pk=call.campaign_id)
    account = campaign.account
    said = [_campaign_gate(campaign, now)]
    known = facts.gather(account=account, campaigns=[campaign], calls=[call], now=now)
    for reason, gate in gates.NAMED:
        shut = gate(call, known)
        said.append(_said(reason, shut, call, known))
    said.append(_room(account, campaign, call, now))
    shut_ones = [gate for gate in said if not gate.is_open]
    if not shut_ones:
        return Explanation("Nothing stands in its way: it goes with the next claim.", tuple(said), now)
    first = shut_ones[0]
    return Explanation(first.words, tuple(said), first.next_look_at or call.next_look_at)


def _campaign_gate(campaign: Campaign, now: dt.datetime) -> GateSaid:
    shut = gates.campaign_shut(campaign, now)
    if shut is None:
        return GateSaid(Reason.STATE, True, "The campaign is running and its dates are open.")
    if shut.reason == Reason.DATES:
        when = (
            f"It starts at {standing.at(campaign.starts_at, campaign)}." if shut.next_look_at else "Its end has passed."
        )
        return GateSaid(Reason.DATES, False, f"Outside the campaign's dates. {when}", shut.next_look_at)
    who = f" by {campaign.changed_by}" if campaign.changed_by else ""
    state = "its account is disabled" if not campaign.account.is_active else f"the campaign is {campaign.state}{who}"
    return GateSaid(Reason.STATE, False, f"It cannot go: {state}.")


def _said(reason: Reason, shut: gates.Shut | None, call: Call, known: gates.Facts) -> GateSaid:
    if shut is None:
        return GateSaid(reason, True, OPEN_WORDS.get(reason, "Open."))
    campaign = known.campaigns[call.campaign_id]
    until = f" Looked at again at {standing.at(shut.next_look_at, campaign)}." if shut.next_look_at else ""
    zones = ", ".join((call.zones or campaign.zone_name()).split(",")[:FEW])
    words = {
        Reason.WINDOW: f"Outside the calling window in {zones}.",
        Reason.ZONE: f"No hour suits all the time zones that the number may be in: {zones}.",
        Reason.NUMBER_CAP: f"Tried {known.account.attempts_per_number_per_day} times in the last 24 hours.",
        Reason.PREFIX: f"The account may not call {call.destination}: its prefix is not allowed.",
        Reason.ATTEMPTS: f"All {call.max_attempts or campaign.max_attempts} tries are used.",
    }.get(shut.reason, f"{shut.reason.label}.")
    return GateSaid(shut.reason, False, words + until, shut.next_look_at)


def _room(account: Account, campaign: Campaign, call: Call, now: dt.datetime) -> GateSaid:
    """Say whether caps, pace, carrier and members leave room for the call's lane."""
    lane = (campaign.pk, call.channel)
    plan = lanes.plan(account=account, campaigns=[campaign], ready=[lane], now=now, limit=1, to_claim=False)
    if lane in plan.shut:
        reason = plan.shut[lane].reason
        return GateSaid(reason, False, f"{reason.label}.", plan.again_at)
    return GateSaid(Reason.PACE, True, "There is room within the caps and the pace.")


OPEN_WORDS = {
    Reason.CANCELLED: "Nobody has cancelled it.",
    Reason.LATE: "Its last moment has not passed.",
    Reason.SUPPRESSED: "The destination may be contacted.",
    Reason.DUE: "It is due.",
    Reason.ATTEMPTS: "It has tries left.",
    Reason.CHANNEL: "The channel is on and has something to say.",
    Reason.PREFIX: "The account may call this destination.",
    Reason.WINDOW: "The calling window of the called party is open.",
    Reason.NUMBER_CAP: "The number may be tried today.",
}
