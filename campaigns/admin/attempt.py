"""Attempts: one try over one carrier, told as a timeline."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from campaigns.admin import filters, moments, words
from campaigns.admin.base import HistoryAdmin, column, is_tenant
from campaigns.models import Account, CallAttempt
from campaigns.states import AttemptState

# The moments of a try, in order: column, word.
MOMENTS = (
    ("claimed_at", "Claimed"),
    ("placed_at", "Placed"),
    ("ringing_at", "Ringing"),
    ("answered_at", "Answered"),
    ("connected_at", "Connected to a member"),
    ("hangup_at", "Hang-up asked for"),
    ("ended_at", "Ended"),
)
STEP_WORDS = {
    "say": "Said a text",
    "play": "Played a recording",
    "detect": "Waited for a key",
    "repeat": "Said it again",
    "dial": "Dialled on",
    "hangup": "Hung up",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened in a try: when, how long after the claim, and what."""

    at: dt.datetime
    shown: str
    after: str
    words: str
    detail: str = ""
    kind: str = "moment"


def timeline(attempt: CallAttempt) -> list[Mark]:
    """Return what happened in a try, in order, in the account's zone."""
    marks = [
        _mark(attempt, moment, word, _detail(attempt, name))
        for name, word in MOMENTS
        if (moment := getattr(attempt, name)) is not None
    ]
    if attempt.answered_at is not None:
        marks += [_step(attempt, attempt.answered_at, step) for step in attempt.steps]
    # What is told of the same moment stays in its order: the sort is stable, and "ended" is last.
    return sorted(marks, key=lambda mark: (mark.at, mark.words == "Ended"))


def raw_events(attempt: CallAttempt) -> list[Mark]:
    """Return what the carrier said, in the order in which it came."""
    return [_event(attempt, said) for said in attempt.events]


def _mark(attempt: CallAttempt, at: dt.datetime, said: str, detail: str = "", kind: str = "moment") -> Mark:
    shown = moments.shown(at, attempt.account.timezone)
    return Mark(at=at, shown=shown, after=moments.after(at, attempt.claimed_at), words=said, detail=detail, kind=kind)


def _detail(attempt: CallAttempt, name: str) -> str:
    """Return what else is known of a moment."""
    details = {
        "claimed_at": f"try {attempt.n}, {_gates(attempt)}",
        "placed_at": f"over {attempt.carrier}, key {attempt.key}",
        "connected_at": str(attempt.member or ""),
        "ended_at": ", ".join(filter(None, (attempt.get_outcome_display(), attempt.cause, _counting(attempt)))),
    }
    return details.get(name, "")


def _gates(attempt: CallAttempt) -> str:
    return "all gates were open" if attempt.evidence else "no evidence was kept"


def _counting(attempt: CallAttempt) -> str:
    return "" if attempt.counts else "does not count as a try"


def _step(attempt: CallAttempt, answered: dt.datetime, step: dict[str, Any]) -> Mark:
    said = STEP_WORDS.get(str(step.get("do")), str(step.get("do")))
    rest = {name: value for name, value in step.items() if name not in {"do", "at"} and value not in ("", None)}
    key = rest.pop("key", None)
    detail = ", ".join(filter(None, (f"key {key}" if key else "", *(f"{name} {rest[name]}" for name in rest))))
    at = answered + dt.timedelta(seconds=float(step.get("at", 0)))
    return _mark(attempt, at, said, detail, kind="step")


def _event(attempt: CallAttempt, said: list[Any]) -> Mark:
    moment, kind, cause, *raw = said
    detail = " ".join(filter(None, (str(cause), json.dumps(raw[0], sort_keys=True) if raw else "")))
    return _mark(attempt, dt.datetime.fromisoformat(moment), str(kind), detail, kind="event")


@admin.register(CallAttempt)
class CallAttemptAdmin(HistoryAdmin):
    """Tries: what happened, and when."""

    list_display = (
        "destination",
        "account",
        "campaign",
        "n",
        "channel",
        "carrier",
        "state_badge",
        "outcome_badge",
        "cause",
        "digits",
        "claimed",
        "talk",
    )
    list_filter = (
        ("account", filters.RelatedDropdownFilter),
        filters.CampaignFilter,
        ("state", filters.ChoicesDropdownFilter),
        ("outcome", filters.ChoicesDropdownFilter),
        ("channel", filters.ChoicesDropdownFilter),
        ("claimed_at", filters.PeriodFilter),
    )
    list_select_related = ("account", "campaign")
    list_defer = ("events", "steps", "evidence", "campaign__flow", "campaign__extra")
    search_fields = ("destination",)
    search_help_text = "A whole number, as +390612345678, an email address, or the key that the carrier knows it by."
    change_form_outer_before_template = "admin/campaigns/callattempt/timeline.html"
    fields = (
        ("call", "n"),
        ("campaign", "member"),
        ("destination", "caller_id"),
        ("channel", "carrier"),
        ("state", "outcome"),
        ("cause", "counts"),
        ("digits", "cost"),
        ("key", "abandoned"),
        ("check_at", "hangup_at"),
        "evidence",
    )

    @column("State", badges=words.ATTEMPT_BADGES, ordering="state")
    def state_badge(self, row: CallAttempt) -> tuple[str, str]:
        """Show the state as a badge."""
        return row.state, row.get_state_display()

    @column("Outcome", badges=words.OUTCOME_BADGES)
    def outcome_badge(self, row: CallAttempt) -> tuple[str, str] | str:
        """Show the outcome as a badge."""
        return (row.outcome, row.get_outcome_display()) if row.outcome else ""

    @column("Claimed", ordering="claimed_at")
    def claimed(self, row: CallAttempt) -> str:
        """Show when it was claimed."""
        return moments.brief(row.claimed_at)

    @column("Talk")
    def talk(self, row: CallAttempt) -> str:
        """Show how long it lasted from the answer."""
        if row.answered_at is None or row.ended_at is None:
            return words.NONE
        return moments.clock((row.ended_at - row.answered_at).total_seconds())

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the order that an index gives: of one account by claim, of all by key."""
        owned = is_tenant(request) or "campaign" in request.GET
        return ("-claimed_at", "-pk") if owned else ("-pk",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find tries by whole keys only."""
        if not search_term:
            return queryset, False
        key = search_term.strip().lower().replace("-", "")
        if len(key) == 32 and set(key) <= set("0123456789abcdef"):
            return queryset.filter(key=key), False
        # By account, since that is how the index begins.
        return queryset.filter(account__in=Account.objects.values("pk"), destination=search_term.strip()), False

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show a try: its timeline, then all that is stored of it."""
        attempt = self.get_object(request, object_id)
        if attempt is not None and self.has_view_permission(request, attempt):
            extra_context = {**(extra_context or {}), **self.page(attempt)}
        return super().change_view(request, object_id, form_url, extra_context)

    def page(self, attempt: CallAttempt) -> dict[str, Any]:
        """Return what the try's page shows above its fields."""
        return {
            "timeline": timeline(attempt),
            "events": raw_events(attempt),
            "is_open": attempt.state != AttemptState.ENDED,
            "zone": attempt.account.timezone,
            "state_badge": words.ATTEMPT_BADGES[attempt.state],
            "outcome_badge": words.OUTCOME_BADGES.get(attempt.outcome, ""),
        }
