"""What a campaign's page says before its settings: what became of its calls, and what the others wait for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from campaigns import counts, hours, identifiers
from campaigns.admin import forms, moments, words
from campaigns.models import Campaign, Contact, Member
from campaigns.states import CallState, Outcome

# What only those may see who may feed the campaign: whoever has it may add calls.
SECRET = frozenset({"jaicp_token", "voicenter_code"})
NAMES = {
    "go4clients_id": ("Go4clients", "campaign id"),
    "go4clients_unique_id": ("Go4clients", "unique id"),
    "jaicp_token": ("JAICP", "token"),
    "voicenter_code": ("Voicenter", "campaign code"),
    "onc_id": ("ONC", "campaign id"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: words, a number with its share, where its rows are, and when they are looked at next."""

    words: str
    number: int
    share: str
    url: str
    badge: str = "default"
    width: int = 0
    next_look: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows above the settings."""

    state: str
    state_label: str
    badge: str
    changed: str
    counted: counts.Counts
    reached: str
    done_share: str
    parts: tuple[tuple[str, float], ...]
    waits: tuple[Line, ...]
    outcomes: tuple[Line, ...]
    windows: tuple[str, ...]
    hours_now: str
    identifiers: tuple[tuple[str, str, str], ...]
    secrets_hidden: bool
    zone: str


def of(campaign: Campaign, *, now: dt.datetime, with_secrets: bool) -> Overview:
    """Return the overview of a campaign at one moment; its secret identifiers only where they may be seen."""
    counted = counts.of([campaign.pk])[campaign.pk]
    named = identifiers.of(campaign)
    return Overview(
        state=campaign.state,
        state_label=campaign.get_state_display(),
        badge=words.CAMPAIGN_BADGES[campaign.state],
        changed=_changed(campaign),
        counted=counted,
        reached=words.share(counted.outcomes.get(Outcome.ANSWERED, 0), counted.done),
        done_share=words.share(counted.done, counted.total),
        parts=_parts(counted),
        waits=_waits(campaign, counted, now),
        outcomes=_outcomes(campaign, counted),
        windows=tuple(forms.window_line(window) for window in campaign.windows),
        hours_now=_hours_now(campaign, now),
        identifiers=tuple(
            (*NAMES[name], str(value)) for name, value in named.items() if with_secrets or name not in SECRET
        ),
        secrets_hidden=not with_secrets,
        zone=campaign.zone_name(),
    )


def links(campaign: Campaign) -> list[tuple[str, str]]:
    """Return the lists of what belongs to a campaign: (words, address)."""
    return [
        ("Calls", _list("call", campaign=campaign.pk)),
        ("Attempts", _list("callattempt", campaign=campaign.pk)),
        (f"Contacts ({_at_most(Contact.objects.filter(campaign=campaign))})", _list("contact", campaign=campaign.pk)),
        (f"Members ({_at_most(Member.objects.filter(campaign=campaign))})", _list("member", campaign=campaign.pk)),
        ("Suppressions", _list("suppression", campaign=campaign.pk)),
    ]


def _list(model: str, **query: Any) -> str:
    return f"{reverse(f'admin:campaigns_{model}_changelist')}?{urlencode(query)}"


def _at_most(rows: Any, most: int = 10_000) -> str:
    number = rows.order_by()[: most + 1].count()
    return f"{most:,}+" if number > most else f"{number:,}"


def _changed(campaign: Campaign) -> str:
    when = moments.shown(campaign.changed_at, campaign.account.timezone)
    return f"{when} by {campaign.changed_by}" if campaign.changed_by else when


def _parts(counted: counts.Counts) -> tuple[tuple[str, float], ...]:
    """Return the parts of the bar: (name, percent)."""
    if not counted.total:
        return ()
    parts = (("done", counted.done), ("live", counted.live), ("waiting", counted.waiting))
    return tuple((name, round(100 * number / counted.total, 2)) for name, number in parts)


def _waits(campaign: Campaign, counted: counts.Counts, now: dt.datetime) -> tuple[Line, ...]:
    """Return what waiting calls wait for, the most first, with when the engine looks at the next of them."""
    rows = sorted(counted.reasons.items(), key=lambda item: -item[1])
    return tuple(
        Line(
            words=words.WAITS.get(reason, reason),
            number=number,
            share=words.share(number, counted.waiting),
            url=_list("call", campaign=campaign.pk, state__exact=CallState.WAITING, **_lookup(reason)),
            next_look=_next_look(counted.looks.get(reason), campaign, now),
            width=_width(number, counted.waiting),
        )
        for reason, number in rows
    )


def _lookup(reason: str) -> dict[str, Any]:
    return {"ready__exact": 1} if reason == counts.READY else {"reason__exact": reason}


def _next_look(moment: dt.datetime | None, campaign: Campaign, now: dt.datetime) -> str:
    if moment is None:
        return words.NONE
    return f"{moments.shown(moment, campaign.account.timezone)} ({moments.away(moment, now)})"


def _outcomes(campaign: Campaign, counted: counts.Counts) -> tuple[Line, ...]:
    """Return how the done calls ended, in the order: reached, not reached, trouble, not placed."""
    return tuple(
        Line(
            words=Outcome(outcome).label,
            number=counted.outcomes[outcome],
            share=words.share(counted.outcomes[outcome], counted.done),
            url=_list("call", campaign=campaign.pk, state__exact=CallState.DONE, outcome__exact=outcome),
            badge=outcome,
            width=_width(counted.outcomes[outcome], counted.done),
        )
        for outcome in words.OUTCOME_ORDER
        if counted.outcomes.get(outcome)
    )


def _width(part: int, whole: int) -> int:
    return max(1, round(100 * part / whole)) if whole else 0


def _hours_now(campaign: Campaign, now: dt.datetime) -> str:
    """Say whether the windows are open in the campaign's zone, and until or from when."""
    opening = hours.Hours(hours.parse_windows(campaign.windows), hours.parse_holidays(campaign.holidays))
    zone = campaign.zone_name()
    if not opening.windows and not opening.holidays:
        return "At every hour."
    verdict = hours.judge(opening, [zone], now)
    if verdict.is_open:
        return f"Open now, until {moments.shown(hours.shuts_at(opening, [zone], now), zone)}."
    if verdict.opens_at is None:
        return "Shut; it does not open within 60 days."
    return f"Shut now; opens {moments.shown(verdict.opens_at, zone)}."
