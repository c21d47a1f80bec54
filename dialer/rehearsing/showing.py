"""Shows a forecast: as lines for a terminal, as one object for programs, as rows for a spreadsheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.states import Outcome, Reason
from dialer import staffing
from dialer.rehearsing.copies import Model
from dialer.rehearsing.forecasting import Forecast, Hour

BAR = 40
# More hours than these are for the file.
MOST_HOURS = 14 * 24


def lines(forecast: Forecast) -> Iterator[str]:
    """Yield a forecast as a person reads it."""
    yield f"“{forecast.campaign}” ({forecast.campaign.pk}), as if started at {_at(forecast, forecast.starts_at)}."
    yield "A rehearsal: nothing was dialled, and nothing was stored."
    yield ""
    yield f"finish     {_finish(forecast)}"
    never = sum(group.calls for group in forecast.never)
    yield f"calls      {forecast.calls:,}: {forecast.done:,} done, {never:,} never placed, {forecast.left:,} left"
    yield f"attempts   {forecast.attempts:,}, {forecast.answered:,} answered{_of(forecast.answered, forecast.attempts)}"
    yield f"at once    {forecast.most_live:,} calls in progress at most"
    yield from _members(forecast)
    yield from _counted("done as", {Outcome(name).label: count for name, count in forecast.outcomes.items()})
    yield from _counted("left for", {_why(name): count for name, count in forecast.left_for.items()})
    yield from _never_placed(forecast)
    yield from _limits(forecast)
    yield from _table(forecast)
    yield ""
    for channel, model in forecast.models.items():
        yield f"{channel}: {_model(model)}"
    if forecast.others:
        yield (
            f"{forecast.others:,} other running campaigns of the account share its caps, with "
            f"{forecast.others_waiting:,} calls waiting; --with-others counts them in."
        )


def _at(forecast: Forecast, moment: dt.datetime) -> str:
    return f"{moment:%a %d %b %Y %H:%M:%S} {forecast.campaign.zone_name()}"


def _finish(forecast: Forecast) -> str:
    if forecast.ends_at is not None:
        return f"{_at(forecast, forecast.ends_at)}, {span(forecast.ends_at - forecast.starts_at)} after the start"
    return f"not by {_at(forecast, forecast.until)}: {forecast.left:,} calls are left then"


def span(lasts: dt.timedelta) -> str:
    """Return a span in its two largest units. Pure."""
    minutes, seconds = divmod(int(lasts.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((index for index, (count, _) in enumerate(units) if count), 3)
    return " ".join(f"{count} {unit}" for count, unit in units[first : first + 2])


def _of(part: int, whole: int) -> str:
    return f" ({part / whole:.0%})" if whole else ""


def _members(forecast: Forecast) -> Iterator[str]:
    if forecast.busy is not None:
        yield f"members    {forecast.members:,} available, talking {forecast.busy:.0%} of the time with calls"
    if forecast.abandon_rate is not None:
        cap = (
            f"; at most {float(forecast.campaign.max_abandon_rate):.2%} are allowed"
            if staffing.over_dials(forecast.campaign)
            else ""
        )
        yield f"abandoned  {forecast.abandoned:,} persons met no member ({forecast.abandon_rate:.2%}{cap})"


def _counted(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    if counts:
        yield f"{title:<10} " + ", ".join(f"{word} {count:,}" for word, count in counts.items())


def _never_placed(forecast: Forecast) -> Iterator[str]:
    if forecast.never:
        yield ""
        yield "Never placed:"
    for group in forecast.never:
        few = ", ".join(f"{number} (call {pk})" for pk, number in group.examples)
        yield f"  {group.calls:>9,}  {group.words}: {few}{', …' if group.calls > len(group.examples) else ''}"


def _limits(forecast: Forecast) -> Iterator[str]:
    if forecast.limits:
        yield ""
        yield "What stood in the way, by share of the time:"
    for reason, share in forecast.limits.items():
        yield f"  {share:>6.1%}  {_why(reason)}"


def _why(reason: str) -> str:
    if reason == Reason.PACE:
        return "The calls per second of the campaign or its account"
    return Reason(reason).label if reason else "Nothing: the calls in progress come to their end"


def _table(forecast: Forecast) -> Iterator[str]:
    most = max((hour.attempts for hour in forecast.hours.values()), default=0)
    if not most:
        return
    yield ""
    yield f"{'':<16}{'attempts':>10}{'answered':>10}{'at once':>9}"
    if len(forecast.hours) > MOST_HOURS:
        most = max(day.attempts for day in forecast.days.values())
        for date, day in forecast.days.items():
            yield _row(f"{date:%a %d %b %Y}", day, most)
        yield f"{len(forecast.hours):,} hours are too many for here; --csv FILE has each."
        return
    for date, day in forecast.days.items():
        yield _row(f"{date:%a %d %b %Y}", day, 0)
        for moment, hour in forecast.hours.items():
            if moment.date() == date:
                yield _row(f"  {moment:%H:%M}", hour, most)


def _row(title: str, hour: Hour, most: int) -> str:
    bar = "█" * round(BAR * hour.attempts / most) if most else ""
    return f"{title:<16}{hour.attempts:>10,}{hour.answered:>10,}{hour.most_live:>9,}  {bar}".rstrip()


def _model(model: Model) -> str:
    seed = f', seed "{model.seed}"' if model.seed else ""
    match model.source:
        case "simulator":
            return f"called parties behave as the simulator's do{seed}."
        case "given":
            return f"called parties behave as you have said{seed}."
    whose = "this campaign" if model.source == "campaign" else "the account"
    return f"called parties behave as in the last {model.measured:,} attempts of {whose}{seed}."


def fields(forecast: Forecast) -> dict[str, Any]:
    """Return a forecast as one object of plain values."""
    return {
        "campaign": forecast.campaign.pk,
        "name": forecast.campaign.name,
        "timezone": forecast.campaign.zone_name(),
        "starts_at": forecast.starts_at.isoformat(),
        "ends_at": forecast.ends_at.isoformat() if forecast.ends_at else None,
        "until": forecast.until.isoformat(),
        "calls": forecast.calls,
        "done": forecast.done,
        "left": forecast.left,
        "left_for": forecast.left_for,
        "never": [
            {
                "reason": group.reason.value,
                "words": group.words,
                "calls": group.calls,
                "examples": [{"call": pk, "number": number} for pk, number in group.examples],
            }
            for group in forecast.never
        ],
        "attempts": forecast.attempts,
        "answered": forecast.answered,
        "most_at_once": forecast.most_live,
        "attempt_outcomes": forecast.attempt_outcomes,
        "outcomes": forecast.outcomes,
        "limits": {reason or "none": round(share, 4) for reason, share in forecast.limits.items()},
        "members": forecast.members,
        "members_busy": None if forecast.busy is None else round(forecast.busy, 4),
        "abandoned": forecast.abandoned,
        "abandon_rate": None if forecast.abandon_rate is None else round(forecast.abandon_rate, 4),
        "days": [_cells(date.isoformat(), day) for date, day in forecast.days.items()],
        "hours": [_cells(moment.isoformat(), hour) for moment, hour in forecast.hours.items()],
        "models": {
            channel: {"source": model.source, "seed": model.seed, "measured": model.measured}
            for channel, model in forecast.models.items()
        },
        "other_campaigns": {"running": forecast.others, "waiting": forecast.others_waiting},
    }


def _cells(begins: str, hour: Hour) -> dict[str, Any]:
    return {
        "begins": begins,
        "attempts": hour.attempts,
        "answered": hour.answered,
        "abandoned": hour.abandoned,
        "most_at_once": hour.most_live,
    }


def rows(forecast: Forecast) -> list[list[Any]]:
    """Return the hours as rows with their header."""
    header = ["begins", "attempts", "answered", "abandoned", "most_at_once"]
    return [header, *(list(_cells(moment.isoformat(), hour).values()) for moment, hour in forecast.hours.items())]
