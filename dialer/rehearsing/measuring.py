"""Measures how called parties behave, from the attempts of the last 30 days: by bounded look-ups in indexes."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from campaigns.models import Campaign
from campaigns.states import Channel, Outcome
from dialer import carriers
from dialer.carriers import callees
from dialer.carriers.callees import Behaviour
from dialer.carriers.simulator import Simulator
from dialer.rehearsing.copies import CHANNELS, Model
from reports.models import AttemptReport

SPAN = dt.timedelta(days=30)
# The last so many attempts are read; with fewer than FEW of a channel they say nothing.
MOST, FEW = 5000, 100
# Seconds of an outcome are kept as so many of them, in equal steps of their order.
STEPS = 50
# With fewer seconds than this the simulator's own ways are nearer to the truth.
FEW_SECONDS = 20
REACHED = (Outcome.ANSWERED.value, Outcome.MACHINE.value)
DEFAULT_SEED = "1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants the model to be; None leaves it as it is found."""

    seed: str | None = None
    # Where it is taken from: "auto", "measured" or "simulator".
    source: str = "auto"
    # (answered + machine) / ended, and the mean seconds of an answered call.
    answer_rate: float | None = None
    talk_seconds: float | None = None


def models(campaign: Campaign, wanted: Wanted, *, now: dt.datetime) -> dict[str, Model]:
    """Return the model of each channel.

    A channel that the simulator serves goes as the simulator will let it go; of any other it is measured how its
    calls went, of the campaign or, where those are few, of its account; where these are few, the simulator's ways.
    """
    return {channel: _told(_model(campaign, channel, wanted, now), channel, wanted) for channel in CHANNELS}


def _model(campaign: Campaign, channel: str, wanted: Wanted, now: dt.datetime) -> Model:
    carrier = carriers.get(carriers.alias_for(channel, sandbox=campaign.account.is_sandbox))
    if isinstance(carrier, Simulator) and wanted.source != "measured":
        seed = carrier.seed if wanted.seed is None else wanted.seed
        return Model(carrier.behaviour, seed)
    seed = DEFAULT_SEED if wanted.seed is None else wanted.seed
    owners = {"campaign": {"campaign_id": campaign.pk}, "account": {"account_id": campaign.account_id}}
    for source, owner in owners.items() if wanted.source != "simulator" else ():
        rows = _rows(owner, channel, now)
        if len(rows) >= FEW:
            return Model(behaviour_of(rows), seed, source, len(rows))
    return Model(Behaviour(telling=False), seed)


def _rows(owner: dict[str, Any], channel: str, now: dt.datetime) -> list[tuple[str, float, float]]:
    """Return outcome, ring and talk seconds of the last attempts that were on the wire."""
    found = AttemptReport.objects.filter(**owner, ended_at__gte=now - SPAN).order_by("-ended_at", "-attempt_id")
    columns = ("channel", "placed_at", "outcome", "ring_seconds", "talk_seconds")
    return [
        (outcome, float(ring), float(talk))
        for its, placed_at, outcome, ring, talk in found.values_list(*columns)[:MOST]
        if its == channel and placed_at is not None and outcome in callees.CAUSES
    ]


def behaviour_of(rows: Iterable[tuple[str, float, float]]) -> Behaviour:
    """Return how those behave who were called: odds, and the seconds of each outcome. Pure."""
    counts: Counter[str] = Counter()
    rings: dict[str, list[float]] = defaultdict(list)
    talks: dict[str, list[float]] = defaultdict(list)
    for outcome, ring, talk in rows:
        counts[outcome] += 1
        rings[outcome].append(ring)
        if outcome in REACHED:
            talks[outcome].append(talk)
    return Behaviour(
        odds=tuple((outcome, counts[outcome]) for outcome in callees.CAUSES if counts[outcome]),
        rings={outcome: steps(seconds) for outcome, seconds in rings.items() if len(seconds) >= FEW_SECONDS},
        talks={outcome: steps(seconds) for outcome, seconds in talks.items() if len(seconds) >= FEW_SECONDS},
        telling=False,
    )


def steps(seconds: Sequence[float]) -> tuple[float, ...]:
    """Return seconds in rising order, thinned out to equal steps of that order."""
    ordered = sorted(seconds)
    if len(ordered) <= STEPS:
        return tuple(ordered)
    return tuple(ordered[round(place * (len(ordered) - 1) / (STEPS - 1))] for place in range(STEPS))


def _told(model: Model, channel: str, wanted: Wanted) -> Model:
    """Return a model with what somebody has said better; numbers tell nothing then."""
    behaviour = model.behaviour
    if wanted.answer_rate is not None:
        odds = behaviour.odds or (callees.ODDS if channel == Channel.VOICE else (("answered", 1), ("failed", 0)))
        behaviour = replace(behaviour, odds=with_answer_rate(odds, wanted.answer_rate), telling=False)
    if wanted.talk_seconds is not None and channel == Channel.VOICE:
        talks = {outcome: _around(wanted.talk_seconds) for outcome in REACHED}
        behaviour = replace(behaviour, talks=talks, telling=False)
    return model if behaviour is model.behaviour else replace(model, behaviour=behaviour, source="given")


def with_answer_rate(odds: Sequence[tuple[str, float]], rate: float) -> tuple[tuple[str, float], ...]:
    """Return odds under which so many are reached, the others in the proportions they had. Pure."""
    reached = sum(weight for name, weight in odds if name in REACHED)
    missed = sum(weight for name, weight in odds if name not in REACHED)
    known = dict(odds)
    if not reached:
        known |= {"answered": 1.0}
    if not missed:
        known |= {"no_answer": 1.0}
    return tuple(
        (name, weight * rate / (reached or 1) if name in REACHED else weight * (1 - rate) / (missed or 1))
        for name, weight in known.items()
    )


def _around(mean: float) -> tuple[float, ...]:
    """Return seconds spread evenly from nothing to twice their mean."""
    return (0.0, 2 * mean)
