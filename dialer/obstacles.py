"""What keeps every waiting call of a campaign, or all of one channel, from ever being dialled as things stand.

A few grouped statements, however many calls there are. None of it forbids to start a campaign: calls may be added,
an account enabled, a member may come.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns import content, hours, phones
from campaigns.models import Call, CallAttempt, Campaign, Member, Suppression
from campaigns.models.campaign import Pacing
from campaigns.states import AttemptState, CallState, Channel
from dialer import breaker, carriers, facts, gates, placing, standing

# So many kinds of hours are judged; a campaign with more has one that suits.
MOST_KINDS = 500


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that keeps calls from going: a code, and a sentence that says what to do."""

    code: str
    message: str


def of(campaign: Campaign, *, now: dt.datetime) -> list[Obstacle]:
    """Return what keeps a campaign's calls from being dialled, none where at least one may go. Changes nothing.

    Nothing is looked for while calls are in progress, nor in a campaign that is over.
    """
    open_ones = CallAttempt.objects.filter(account=campaign.account_id, campaign=campaign)
    if not campaign.takes_calls() or open_ones.exclude(state=AttemptState.ENDED).exists():
        return []
    found = [Obstacle(code, message) for code, message in _settings(campaign, now)]
    by_channel = dict(_waiting(campaign).values_list("channel").annotate(Count("id")).order_by("channel"))
    if not by_channel:
        return [*found, _nothing_waits(campaign)]
    for channel, number in by_channel.items():
        found += [Obstacle(code, message) for code, message in _channel(campaign, channel, number, now)]
    return found + [obstacle for check in CALL_CHECKS if (obstacle := check(campaign, now))]


def _waiting(campaign: Campaign) -> QuerySet[Call]:
    return Call.objects.filter(campaign=campaign, state=CallState.WAITING)


def _settings(campaign: Campaign, now: dt.datetime) -> Iterable[tuple[str, str]]:
    account = campaign.account
    if not account.is_active:
        yield "account", f"The account {account.name} is disabled. The platform's staff can enable it."
    if campaign.ends_at is not None and campaign.ends_at <= now:
        yield "ended", f"Its last moment has passed, {standing.at(campaign.ends_at, campaign)}. Set a later one."
    if campaign.capacity == 0:
        yield "capacity", "Its capacity is 0, which places no call. Set how many may be in progress."
    if campaign.calls_per_second == 0:
        yield "speed", "Its speed is 0 calls a second. Set a higher one, or none to go as fast as the account."
    if account.calls_per_second == 0:
        yield "account_speed", f"The account {account.name} has a speed of 0 calls a second. The staff can raise it."
    if campaign.pacing != Pacing.FIXED:
        yield from _members(campaign)


def _members(campaign: Campaign) -> Iterable[tuple[str, str]]:
    there = list(Member.objects.filter(campaign=campaign).values_list("is_available", flat=True)[:1000])
    if not there:
        yield "members", f"Its pacing is {campaign.pacing}, but it has no members to take calls. Add members."
    elif not any(there):
        yield "members_away", "None of its members is available. Calls go when one is back."
    if campaign.pacing == Pacing.PROGRESSIVE and campaign.calls_per_member == 0:
        yield "ratio", "Its calls per member are 0, which starts none. Set 1 or more."


def _nothing_waits(campaign: Campaign) -> Obstacle:
    if Call.objects.filter(campaign=campaign).exists():
        return Obstacle("nothing_waits", "All its calls are over, none waits. Add calls.")
    return Obstacle("no_calls", "It has no calls yet. Add calls; they go as they come in.")


def _channel(campaign: Campaign, channel: str, number: int, now: dt.datetime) -> Iterable[tuple[str, str]]:
    """Yield what keeps all calls of one channel from going."""
    what = f"its {standing.calls(number, str(Channel(channel).label))}"
    if not content.is_open(campaign, channel):
        yield "channel", f"The channel of {what} is switched off. Switch it on in the campaign's channels."
        return
    silent = content.may_be_silent(campaign, channel) or content.text_of(campaign, channel)
    if not silent and not _waiting(campaign).filter(channel=channel).exclude(message="").exists():
        yield "text", f"There is no text for {what}. Give the campaign a message, or the channel a text of its own."
    yield from _carrier(campaign, channel, what, now)


def _carrier(campaign: Campaign, channel: str, what: str, now: dt.datetime) -> Iterable[tuple[str, str]]:
    alias = carriers.alias_for(channel, sandbox=campaign.account.is_sandbox)
    health = breaker.look(alias, hold=False, now=now)
    if health.opens_again_at:
        again = standing.at(health.opens_again_at, campaign)
        yield "carrier_down", f"The carrier {alias} of {what} is not taking calls; it is tried again at {again}."
    # What the campaign itself wants of the carrier; a call with a flow of its own may want less.
    sample = _waiting(campaign).filter(channel=channel, flow__isnull=True).first()
    if sample is not None and (problem := _unable(sample, campaign, alias)):
        yield (
            "carrier",
            f"The carrier {alias} cannot do what is wanted for {what}: {problem}. Change the campaign or the carrier.",
        )


def _unable(call: Call, campaign: Campaign, alias: str) -> str:
    attempt = CallAttempt(key=uuid.UUID(int=0), channel=call.channel, destination=call.destination, n=1, carrier=alias)
    return carriers.get(alias).unable(placing.dial_of(attempt, call, campaign))


def _prefixes(campaign: Campaign, now: dt.datetime) -> Obstacle | None:
    allowed = campaign.account.allowed_prefixes
    dialled = _waiting(campaign).exclude(channel=Channel.EMAIL)
    if not allowed and dialled.exists():
        message = (
            f"The account {campaign.account.name} allows no prefix, so it may call nobody. The staff can list some."
        )
        return Obstacle("no_prefix", message)
    may = Q(channel=Channel.EMAIL)
    for prefix in allowed:
        may |= Q(destination__startswith=prefix)
    denied = Q()
    for prefix in phones.DENIED_PREFIXES:
        denied |= Q(destination__startswith=prefix)
    if not allowed or _waiting(campaign).filter(may).exclude(denied & ~Q(channel=Channel.EMAIL)).exists():
        return None
    return Obstacle(
        "prefix", f"None of its calls goes where the account may call ({', '.join(allowed)}). The staff can allow more."
    )


def _hours(campaign: Campaign, now: dt.datetime) -> Obstacle | None:
    """Judge the hours of each kind of call: its zones and its own windows, from the first moment to the last."""
    first = max(now, campaign.starts_at or now)
    kinds = _waiting(campaign).values_list("zones", "window").annotate(Count("id")).order_by()
    seen: set[str] = set()
    for zones, own, _ in kinds[:MOST_KINDS]:
        names = (zones or campaign.zone_name()).split(",")
        verdict = hours.judge(gates.hours_of(campaign, own), tuple(names), first)
        opens = first if verdict.is_open else verdict.opens_at
        if opens is not None and (campaign.ends_at is None or opens < campaign.ends_at):
            return None
        seen |= set(names)
    few = ", ".join(sorted(seen)[:5])
    end = f"before its end, {standing.at(campaign.ends_at, campaign)}" if campaign.ends_at else "within 60 days"
    message = f"Its windows, holidays and dates leave no hour {end} in the zones of its calls: {few}. Widen them."
    return Obstacle("window", message)


def _late(campaign: Campaign, now: dt.datetime) -> Obstacle | None:
    first = max(now, campaign.starts_at or now)
    if _waiting(campaign).filter(Q(not_after__isnull=True) | Q(not_after__gt=first)).exists():
        return None
    return Obstacle(
        "late", "The last moment (not_after) of each of its calls passes before one may go. Add calls anew."
    )


def _suppressed(campaign: Campaign, now: dt.datetime) -> Obstacle | None:
    listed = Suppression.objects.filter(
        Q(campaign__isnull=True) | Q(campaign=campaign),
        Q(channel="") | Q(channel=OuterRef("channel")),
        account=campaign.account_id,
        destination=OuterRef("destination"),
    )
    if _waiting(campaign).filter(Q(ignores_suppression=True) | ~Exists(listed)).exists():
        return None
    return Obstacle("suppressed", "Every destination of its calls is on the do-not-contact list. Add other calls.")


def _number_cap(campaign: Campaign, now: dt.datetime) -> Obstacle | None:
    cap = campaign.account.attempts_per_number_per_day
    if not cap:
        return None
    tried = CallAttempt.objects.filter(
        account=campaign.account_id, destination=OuterRef("destination"), claimed_at__gt=now - facts.DAY, counts=True
    )
    number = Subquery(
        tried.order_by().values("destination").annotate(n=Count("id")).values("n"), output_field=IntegerField()
    )
    if _waiting(campaign).annotate(tried=Coalesce(number, 0)).filter(tried__lt=cap).exists():
        return None
    return Obstacle(
        "number_cap", f"Each of its numbers was tried as often as the account may in 24 hours ({cap}). They go later."
    )


def _budget(campaign: Campaign, now: dt.datetime) -> Obstacle | None:
    if _waiting(campaign).filter(attempts_made__lt=Coalesce(F("max_attempts"), campaign.max_attempts)).exists():
        return None
    return Obstacle("attempts", "All its waiting calls have used their tries. Raise the number of tries, or add calls.")


Check = Callable[[Campaign, dt.datetime], Obstacle | None]
CALL_CHECKS: tuple[Check, ...] = (_prefixes, _hours, _late, _suppressed, _number_cap, _budget)
