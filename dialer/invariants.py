"""What must never be, as queries that find it: each must give no row. `doctor` runs them; so do the trials."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Value, Window
from django.db.models.functions import Coalesce, Lag

from campaigns.models import Account, Call, CallAttempt, Campaign, Suppression
from campaigns.states import AttemptState, CallState, CampaignState, Outcome
from dialer import facts, gates
from reports.models import AttemptReport, DueReport

Found = list[str]
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must never be: its name, in words, and what finds it at a moment."""

    name: str
    find: Callable[[dt.datetime], Found]


def broken(now: dt.datetime) -> dict[str, Found]:
    """Return what is broken, by the name of the invariant; empty where all is in order."""
    found = {invariant.name: invariant.find(now) for invariant in INVARIANTS}
    return {name: rows for name, rows in found.items() if rows}


def _rows(found: QuerySet[CallAttempt] | QuerySet[Call], what: str) -> Found:
    return [f"{what} {pk}" for pk in found.order_by("pk").values_list("pk", flat=True)[:SHOWN]]


def _live_without_attempt(now: dt.datetime) -> Found:
    open_attempt = CallAttempt.objects.filter(call=OuterRef("pk")).exclude(state=AttemptState.ENDED)
    return _rows(Call.objects.filter(~Exists(open_attempt), state=CallState.LIVE), "call")


def _attempt_without_live(now: dt.datetime) -> Found:
    open_ones = CallAttempt.objects.exclude(state=AttemptState.ENDED)
    return _rows(open_ones.exclude(call__state=CallState.LIVE), "attempt")


def _forgotten(now: dt.datetime) -> Found:
    """Open attempts that nobody has looked at long after they should have been."""
    open_ones = CallAttempt.objects.exclude(state=AttemptState.ENDED)
    return _rows(open_ones.filter(check_at__lt=now - dt.timedelta(minutes=5)), "attempt")


def _two_open(now: dt.datetime) -> Found:
    open_ones = CallAttempt.objects.exclude(state=AttemptState.ENDED).values("call").annotate(n=Count("id"))
    return [f"call {row['call']} has {row['n']} open attempts" for row in open_ones.filter(n__gt=1)[:SHOWN]]


def _over_budget(now: dt.datetime) -> Found:
    spent = Call.objects.annotate(spent=Count("attempts", filter=Q(attempts__counts=True)))
    over = spent.filter(Q(max_attempts__isnull=False, spent__gt=F("max_attempts")))
    over_campaign = spent.filter(max_attempts__isnull=True, spent__gt=F("campaign__max_attempts"))
    return _rows(over, "call") + _rows(over_campaign, "call")


def _miscounted(now: dt.datetime) -> Found:
    counted = Call.objects.annotate(
        spent=Count("attempts", filter=Q(attempts__counts=True)), all_tries=Count("attempts")
    )
    return _rows(counted.exclude(spent=F("attempts_made"), all_tries=F("attempts_total")), "call")


def _early(now: dt.datetime) -> Found:
    """Tries that began before the one before them had ended."""
    ordered = CallAttempt.objects.annotate(
        before=Window(Lag("ended_at"), partition_by=[F("call_id")], order_by=F("n").asc())
    )
    return [f"attempt {pk}" for pk in ordered.filter(before__gt=F("claimed_at")).values_list("pk", flat=True)[:SHOWN]]


def _over_cap(now: dt.datetime) -> Found:
    live = Q(state__in=[state for state in AttemptState.values if state != AttemptState.ENDED])
    rows = CallAttempt.objects.filter(live).values("account").annotate(n=Count("id"))
    over = rows.filter(n__gt=F("account__max_live_calls"))
    return [f"account {row['account']} has {row['n']} calls in progress" for row in over[:SHOWN]]


def _suppressed_after(now: dt.datetime) -> Found:
    """Attempts placed to a destination after it was listed."""
    listed = Suppression.objects.filter(
        Q(campaign__isnull=True) | Q(campaign=OuterRef("campaign")),
        Q(channel="") | Q(channel=OuterRef("channel")),
        account=OuterRef("account"),
        destination=OuterRef("destination"),
        created_at__lt=OuterRef("placed_at"),
    )
    placed = CallAttempt.objects.filter(Exists(listed), placed_at__isnull=False, call__ignores_suppression=False)
    return _rows(placed, "attempt")


def _waiting_in_closed(now: dt.datetime) -> Found:
    closed = [CampaignState.FINISHED, CampaignState.DELETED]
    return _rows(Call.objects.filter(state=CallState.WAITING, campaign__state__in=closed), "call")


def _unreported(now: dt.datetime) -> Found:
    """Ended attempts that have neither a report nor a note that one is due."""
    ended = CallAttempt.objects.filter(state=AttemptState.ENDED)
    report = AttemptReport.objects.filter(attempt=OuterRef("pk"))
    due = DueReport.objects.filter(attempt=OuterRef("pk"))
    return _rows(ended.filter(~Exists(report), ~Exists(due)), "attempt")


def _outside_window(now: dt.datetime) -> Found:
    """Attempts placed outside their call's window as it stands now; windows changed since are not known any more."""
    found: Found = []
    for campaign in Campaign.objects.select_related("account").exclude(windows=[], holidays=[]):
        known = gates.Facts(account=campaign.account, now=now, campaigns={campaign.pk: campaign})
        placed = CallAttempt.objects.filter(campaign=campaign, placed_at__isnull=False).select_related("call")
        since = campaign.changed_at or campaign.created_at
        for attempt in placed.filter(placed_at__gt=since).order_by("pk").iterator(2000):
            known.now = attempt.placed_at or now
            known.verdicts.clear()
            if not gates.hours_verdict(attempt.call, known).is_open:
                found.append(f"attempt {attempt.pk}")
    return found[:SHOWN]


def _number_cap(now: dt.datetime) -> Found:
    found: Found = []
    for account in Account.objects.filter(attempts_per_number_per_day__gt=0):
        cap = account.attempts_per_number_per_day
        earlier = Window(
            Lag("claimed_at", offset=cap),
            partition_by=[F("destination")],
            order_by=[F("claimed_at").asc(), F("pk").asc()],
        )
        counted = CallAttempt.objects.filter(account=account, counts=True).annotate(earlier=earlier)
        over = counted.filter(earlier__gt=F("claimed_at") - facts.DAY)
        found += [f"attempt {pk}" for pk in over.values_list("pk", flat=True)[:SHOWN]]
    return found


def _reached_twice(now: dt.datetime) -> Found:
    """Calls that were tried again after somebody had answered."""
    answered = CallAttempt.objects.filter(outcome=Outcome.ANSWERED).values("call").annotate(n=Max("n"))
    calls = {row["call"]: row["n"] for row in answered.filter(call__attempts_total__gt=F("n"))[:SHOWN]}
    return [f"call {pk} was tried after try {n} was answered" for pk, n in calls.items()]


def _two_talks(now: dt.datetime) -> Found:
    """Calls that a member was given while the call before was not over."""
    taken = CallAttempt.objects.filter(member__isnull=False, connected_at__isnull=False)
    ordered = taken.annotate(
        ended_before=Window(
            Lag(Coalesce("ended_at", Value(now + facts.DAY))),
            partition_by=[F("member_id")],
            order_by=[F("connected_at").asc(), F("pk").asc()],
        )
    )
    return [
        f"attempt {pk}"
        for pk in ordered.filter(ended_before__gt=F("connected_at")).values_list("pk", flat=True)[:SHOWN]
    ]


def _connected_and_abandoned(now: dt.datetime) -> Found:
    return _rows(CallAttempt.objects.filter(connected_at__isnull=False, abandoned=True), "attempt")


def _abandoned_unanswered(now: dt.datetime) -> Found:
    return _rows(CallAttempt.objects.filter(answered_at__isnull=True, abandoned=True), "attempt")


def _met_nobody(now: dt.datetime) -> Found:
    """Persons who answered a call that was for a member, met none, and are not counted as abandoned."""
    met_nobody = CallAttempt.objects.filter(
        wants_member=True, connected_at__isnull=True, abandoned=False, answered_at__isnull=False
    )
    return _rows(met_nobody.filter(state=AttemptState.ENDED, outcome=Outcome.ANSWERED), "attempt")


def _member_without_talk(now: dt.datetime) -> Found:
    """Ended attempts that name a member who never took them."""
    ended = CallAttempt.objects.filter(state=AttemptState.ENDED, member__isnull=False)
    return _rows(ended.filter(connected_at__isnull=True), "attempt")


INVARIANTS = (
    Invariant("a call in progress has an open attempt", _live_without_attempt),
    Invariant("an open attempt belongs to a call in progress", _attempt_without_live),
    Invariant("no call has two open attempts", _two_open),
    Invariant("every open attempt is looked at in time", _forgotten),
    Invariant("no call is tried more often than its budget", _over_budget),
    Invariant("a call's counters equal its attempts", _miscounted),
    Invariant("no try begins before the last one ended", _early),
    Invariant("no call is tried again after it was answered", _reached_twice),
    Invariant("no account has more calls in progress than its cap", _over_cap),
    Invariant("no number is tried more often in 24 hours than its cap", _number_cap),
    Invariant("nothing is placed to a suppressed destination", _suppressed_after),
    Invariant("nothing is placed outside its window", _outside_window),
    Invariant("no call waits in a campaign that is over", _waiting_in_closed),
    Invariant("no member has two calls", _two_talks),
    Invariant("no call is both taken by a member and abandoned", _connected_and_abandoned),
    Invariant("nobody is abandoned who did not answer", _abandoned_unanswered),
    Invariant("whoever answered for a member met one or counts as abandoned", _met_nobody),
    Invariant("an ended call's member took it", _member_without_talk),
    Invariant("every ended attempt has its report, or it is due", _unreported),
)
